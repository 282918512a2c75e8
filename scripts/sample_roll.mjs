// Writes a roll of invented voters for portals/academies to standard output: the same seed, the same bytes.
//
//   scripts/node scripts/sample_roll.mjs --voters 2000 --seed 2022 > portals/academies/roll.csv
//
// docs/roll.md says what the columns are. Nobody bears these names; the addresses end in .example, the telephones are of the
// range that Arcep keeps for fiction (06 39 98), the NUMEN are of no academy.
import { parseArgs } from "node:util";

// The contests of portals/academies/portal.toml, by their numbers there; academies are 0, 1, 2.
const MINISTRY = 0;
const academy = (place) => 1 + place;
const NATIONAL = { schools: 4, certified: 5, aggregate: 6, administrative: 7 };
const local_teachers = (place) => 8 + place;
const LOCAL_ADMINISTRATIVE = 11;
const CONTRACT = 12;
const CENTRAL = 13;

const ACADEMY_SHARES = [[45, 0], [40, 1], [15, 2]];
// Of a hundred voters so many are …, and vote in …
const KINDS = [
  [3, () => [MINISTRY]], // at another ministry's disposal
  [6, (place) => [MINISTRY, academy(place)]], // trainees: no joint committee yet
  [9, (place) => [MINISTRY, academy(place), CONTRACT], "contract"],
  [9, (place) => [MINISTRY, academy(place), NATIONAL.aggregate]],
  [2, () => [MINISTRY, NATIONAL.administrative, CENTRAL]],
  [2, () => [MINISTRY, NATIONAL.aggregate, CENTRAL]], // abroad
  [33, (place) => [MINISTRY, academy(place), NATIONAL.schools, local_teachers(place)]],
  [22, (place) => [MINISTRY, academy(place), NATIONAL.certified, local_teachers(place)]],
  [10, (place) => [MINISTRY, academy(place), NATIONAL.administrative, LOCAL_ADMINISTRATIVE]],
  [2, (place) => [MINISTRY, academy(place), NATIONAL.administrative, LOCAL_ADMINISTRATIVE, CENTRAL]],
  // On secondment one votes in both bodies, the old one and the new one.
  [1.4, (place) => [MINISTRY, academy(place), NATIONAL.schools, local_teachers(place), NATIONAL.administrative, LOCAL_ADMINISTRATIVE]],
  [0.6, (place) => [MINISTRY, academy(place), NATIONAL.certified, local_teachers(place), NATIONAL.administrative, LOCAL_ADMINISTRATIVE, CENTRAL]],
];

const NAMES = [
  "ÉLECTEUR", "VOTANT", "L'URNE", "D'ISOLOIR", "SCRUTIN", "BULLETIN-BLANC", "DÉPOUILLEMENT", "SCRUTATEUR", "PROCURATION",
  "ASSESSEUR", "PARTICIPATION", "QUORUM", "SUFFRAGE", "CANDIDAT", "PRÉSIDENCE", "SECRÉTARIAT", "DÉLÉGATION", "SIÈGE", "MOYENNE",
  "QUOTIENT", "RÉCÉPISSÉ", "PLURALITÉ", "CŒUR DE LISTE", "ÜRNE", "MAJORITÉ", "BALLOTTAGE", "PANNEAU-D'AFFICHAGE", "ÉMARGEMENT",
  "DE L'ÉMARGEMENT", "TÊTE DE LISTE", "PROFESSION DE FOI", "BUREAU-DE-VOTE", "SECOND TOUR", "PREMIER TOUR", "RÉSULTAT", "COLLÈGE",
  "INSCRIPTION", "CODE-DE-VOTE", "TRANSPARENCE", "DEVANT L'URNE",
];
const GIVEN = {
  F: ["Adèle", "Anne-Sophie", "Chloé", "Élodie", "Ève", "Gaëlle", "Hélène", "Inès", "Jeanne", "Lise", "Maëlys", "Nadia", "Océane",
    "Rose", "Thaïs", "Véra", "Yasmine", "Zoé"],
  M: ["Aymeric", "Basile", "Cyril", "Éloi", "Étienne", "Farid", "Gaël", "Hugo", "Jean-François", "Joël", "Karim", "Loïc", "Maël",
    "Noé", "Rémi", "Stéphane", "Théo", "Urbain"],
  both: ["Alix", "Andréa", "Camille", "Charlie", "Claude", "Dominique", "Lou", "Morgane", "Noël", "Sacha", "Yaël"],
};
const COMMUNES = ["75056", "69123", "13055", "2A004", "2B033", "31555", "59350", "29232", "67482", "97411", "97209", "44109", "35238",
  "33063", "34172", "21231", "37261", "80021", "25056", "45234", "06088", "87085"];
const ABROAD = ["99134", "99109"];
const HEADER = "identifiant;civilite;nom_naissance;nom_usage;prenoms;sexe;date_naissance;commune_naissance;pays_naissance;courriel;"
  + "telephone;numen;nir10;scrutins";

// Mulberry32: small, and the same everywhere. Numbers in [0, 1).
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

const digits = (number, width) => String(number).padStart(width, "0");
const ascii = (text) => text.replace(/[Œœ]/g, "oe").normalize("NFD").replace(/[\u0300-\u036f']/g, "").toLowerCase().replace(/ /g, "-");

export function sampleRoll(voters, seed) {
  const random = generator(seed);
  const below = (n) => Math.floor(random() * n);
  const any = (list) => list[below(list.length)];
  const often = (percent) => random() * 100 < percent;
  const weighted = (shares) => {
    let left = random() * shares.reduce((sum, [share]) => sum + share, 0);
    return shares.find(([share]) => (left -= share) < 0) ?? shares.at(-1);
  };
  const namesakes = new Map();
  const lines = [HEADER];
  for (let i = 1; i <= voters; i++) {
    const [, place] = weighted(ACADEMY_SHARES);
    const [, contests, contract] = weighted(KINDS);
    const sex = often(62) ? "F" : "M";
    const first = any([...GIVEN[sex], ...GIVEN.both]);
    const given = often(8) ? `${first} ${any(GIVEN.both.filter((name) => name !== first))}` : first;
    const birth_name = any(NAMES);
    const usage_name = often(sex === "F" ? 25 : 3) ? any(NAMES.filter((name) => name !== birth_name)) : "";
    const [year, month, day] = [1957 + below(44), 1 + below(12), 1 + below(28)];
    const born_abroad = often(4);
    const month_unknown = born_abroad && often(20);
    const commune = born_abroad ? "" : any(COMMUNES);
    const country = born_abroad ? any(ABROAD) : "99100";
    const local_part = ascii(`${given}.${usage_name || birth_name}`);
    const same = (namesakes.get(local_part) ?? 0) + 1;
    namesakes.set(local_part, same);
    const nir_month = month_unknown ? 20 : month; // as the register numbers who knows no month
    lines.push([
      `A${digits(i, 4)}`,
      sex === "F" ? "Mme" : "M.",
      birth_name,
      usage_name,
      given,
      sex,
      month_unknown ? `${year}-00-00` : `${year}-${digits(month, 2)}-${digits(day, 2)}`,
      commune,
      country,
      `${local_part}${same === 1 ? "" : same}@academies.example`,
      often(3) ? "" : `06 39 98 ${digits(i % 10_000, 4).replace(/(..)/, "$1 ")}`,
      contract ? "" : `99E${digits(i, 7)}ZZZ`,
      `${sex === "F" ? 2 : 1}${digits(year % 100, 2)}${digits(nir_month, 2)}${commune || country}`,
      contests(place).sort((a, b) => a - b).join("|"),
    ].join(";"));
  }
  return `${lines.join("\n")}\n`;
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { voters: { type: "string" }, seed: { type: "string" } } });
  const [voters, seed] = [Number(values.voters), Number(values.seed)];
  if (!(Number.isInteger(voters) && voters > 0 && voters <= 9999 && Number.isInteger(seed) && seed >= 0)) {
    console.error("usage: sample_roll.mjs --voters 1…9999 --seed NUMBER");
    process.exit(2);
  }
  process.stdout.write(sampleRoll(voters, seed));
}
