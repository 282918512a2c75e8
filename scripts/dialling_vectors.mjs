// Writes tests/data/dialling_vectors.json: numbers that another implementation (npm `libphonenumber-js`, 13 MB, so no
// dependency of ours) says are somebody's in that country; for tests/courier/dialling_test.cpp. The same each time:
// npm install --no-save --ignore-scripts libphonenumber-js@1.13.16 && scripts/node scripts/dialling_vectors.mjs
import { writeFileSync } from "node:fs";
import { parsePhoneNumberFromString } from "libphonenumber-js/max";
import metadata from "libphonenumber-js/max/metadata";

// Territories that no digit tells from their neighbour, or that share its numbers in all but a few.
const shared = { US: "US/CA", CA: "US/CA", BL: "GP", MF: "GP", GG: "GB", JE: "GB", IM: "GB", VA: "IT", SJ: "NO", CX: "AU",
  CC: "AU", AX: "FI", EH: "MA", TA: "SH" };
// Where the first digits are all that tells the country, chance would seldom hit them.
const areas = { DO: ["809", "829", "849"], RE: ["262", "692", "693", "7092"], YT: ["269", "639", "7093"],
  GP: ["590", "690", "691", "7090"], MQ: ["596", "696", "7091"], GF: ["594", "694", "7093"], PM: ["41", "43", "55", "7084"],
  RU: ["3", "4", "8", "9"], BQ: ["318", "416", "7"], CW: ["9"] };
const wanted = new Set(["MOBILE", "FIXED_LINE", "FIXED_LINE_OR_MOBILE"]);
let state = 1;
const random = (below) => {
  state = (state * 1103515245 + 12345) % 2 ** 31;
  return Math.floor((state / 2 ** 31) * below);
};
const digits = (count) => Array.from({ length: count }, () => random(10)).join("");

const vectors = [];
for (const [code, countries] of Object.entries(metadata.country_calling_codes)) {
  const found = Object.fromEntries(countries.map((country) => [shared[country] ?? country, new Set()]));
  for (const country of countries) {
    const lengths = metadata.countries[country][3];
    const starts = areas[country] ?? String(metadata.countries[country][10] || "").split("|");
    for (let i = 0; i < 20_000 && found[shared[country] ?? country].size < 6; i++) {
      const area = starts[random(starts.length)];
      const number = parsePhoneNumberFromString(`+${code}${area}${digits(lengths[random(lengths.length)] - area.length)}`);
      if (number?.isValid() && wanted.has(number.getType())) found[shared[number.country] ?? number.country].add(number.number);
    }
  }
  for (const [country, numbers] of Object.entries(found)) {
    if (numbers.size === 0) throw new Error(`no number of ${country}`);
    vectors.push({ country, numbers: [...numbers].slice(0, 12) });
  }
}
writeFileSync(new URL("../tests/data/dialling_vectors.json", import.meta.url),
  `[\n${vectors.map((vector) => JSON.stringify(vector)).join(",\n")}\n]\n`);
