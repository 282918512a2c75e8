import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const made = (seed) =>
  execFileSync(process.execPath, ["scripts/sample_roll.mjs", "--voters", "2000", "--seed", seed], { encoding: "utf8", maxBuffer: 2 ** 20 });
const roll = readFileSync("portals/academies/roll.csv", "utf8");
const [header, ...rows] = roll.trimEnd().split("\n").map((line) => line.split(";"));
const column = (name) => rows.map((row) => row[header.indexOf(name)]);

test("the roll of portals/academies is what the script makes", () => {
  assert.ok(made("2022") === roll, "scripts/sample_roll.mjs --voters 2000 --seed 2022 writes another roll");
  assert.ok(made("2023") !== roll, "another seed, another roll");
});

test("everybody has one to seven contests, each number occurs, and each contest has its voters", () => {
  const contests = column("scrutins").map((cell) => cell.split("|").map(Number));
  assert.deepEqual([...new Set(contests.map((own) => own.length))].sort(), [1, 2, 3, 4, 5, 6, 7]);
  const declared = readFileSync("portals/academies/portal.toml", "utf8").match(/^\[\[contest\]\]/gm).length;
  assert.deepEqual([...new Set(contests.flat())].sort((a, b) => a - b), Array.from({ length: declared }, (_, i) => i));
  assert.ok(contests.every((own) => own[0] === 0), "the ministry's committee is everybody's");
});

test("nobody is meant: fictional numbers, an address that cannot be, no NUMEN of an academy", () => {
  for (const phone of column("telephone")) assert.match(phone, /^(06 39 98 \d\d \d\d)?$/);
  for (const email of column("courriel")) assert.match(email, /^[a-z0-9-]+\.[a-z0-9-]+@academies\.example$/);
  assert.equal(new Set(column("courriel")).size, 2000);
  const contract = column("scrutins").map((cell) => cell.split("|").includes("12"));
  column("numen").forEach((numen, i) => assert.match(numen, contract[i] ? /^$/ : /^99E\d{7}ZZZ$/));
  const names = column("nom_naissance").map((name, i) => `${name} ${column("prenoms")[i]}`);
  assert.ok(new Set(names).size < 2000, "homonyms occur");
});
