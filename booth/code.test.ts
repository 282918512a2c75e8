import assert from "node:assert/strict";
import { test } from "node:test";
import {
  check_character, CODE_ALPHABET, generate_code, group_code, normalise_code, read_code, read_roll_number,
} from "./code.ts";

// Computed apart, by the definition: multiplication in GF(32) bit by bit.
const CHECKED = ["00000000000000000", "0123456789ABCDEF9", "ZZZZZZZZZZZZZZZZM", "7K3MQ9XTB2WVC5HD2", "10000000000000002"];

const other_characters = (character: string) => CODE_ALPHABET.replace(character, "").split("");

test("check characters are those of the definition", () => {
  for (const code of CHECKED) {
    assert.equal(check_character(code.slice(0, 16)), code[16]);
    assert.deepEqual(read_code(code), { code });
  }
});

test("every single wrong character is caught", () => {
  for (const code of CHECKED) {
    for (let i = 0; i < 17; i++) {
      for (const wrong of other_characters(code[i]!)) {
        assert.deepEqual(read_code(code.slice(0, i) + wrong + code.slice(i + 1)), { error: "check" });
      }
    }
  }
});

test("every exchange of two characters is caught, whatever the two are and wherever they stand", () => {
  const exchange = (code: string, i: number, j: number) => {
    const characters = code.split("");
    [characters[i], characters[j]] = [code[j]!, code[i]!];
    return characters.join("");
  };
  for (const code of CHECKED) {
    for (let i = 0; i < 17; i++) {
      for (let j = i + 1; j < 17; j++) {
        if (code[i] !== code[j]) assert.deepEqual(read_code(exchange(code, i, j)), { error: "check" });
      }
    }
  }
  // All pairs of characters at all pairs of data positions: the check is linear, so zeros elsewhere stand for all codes.
  for (let i = 0; i < 16; i++) {
    for (let j = i + 1; j < 16; j++) {
      for (const a of CODE_ALPHABET) {
        for (const b of other_characters(a)) {
          const data = "0".repeat(i) + a + "0".repeat(j - i - 1) + b + "0".repeat(15 - j);
          assert.notEqual(check_character(exchange(data, i, j)), check_character(data));
        }
      }
    }
  }
});

test("normalisation table", () => {
  const code = "7K3MQ9XTB2WVC5HD2";
  const table: [string, string][] = [
    ["7K3M-Q9XT-B2WV-C5HD2", code],
    [" 7k3m q9xt b2wv c5hd2\n", code],
    ["7K3M\u00a0Q9XT\u202fB2WV\u3000C5HD2", code], // no-break, narrow and wide spaces
    ["7K3M\u2010Q9XT\u2013B2WV\u2212C5HD2", code], // hyphen, dash, minus
    ["7K3M\u2011Q9XT\ufe63B2WV\uff0dC5HD2", code], // what NFKC makes hyphens
    ["\uff17\uff2b\uff13MQ9XTB2WVC5HD2", code], // full-width
    ["oOiIlL", "001111"],
    ["\u2170", "1"], // small roman numeral one
    ["u", "U"],
    ["é", "É"],
  ];
  for (const [typed, expected] of table) assert.equal(normalise_code(typed), expected, typed);
});

test("a number of the roll reads the same however it is typed", () => {
  for (const typed of ["AD-012", " ad-012 ", "Ad–012", "ＡＤ-012", "AD \u2212 012"]) assert.equal(read_roll_number(typed), "AD012");
  assert.equal(read_roll_number("AD.0_1/2\u200b\u00ad"), "AD012");
  assert.equal(read_roll_number("  "), "");
  for (const other of ["N° AD-012", "ADÉ12", "AD'12", "A".repeat(65)]) assert.equal(read_roll_number(other), undefined);
  assert.equal(read_roll_number("O1L"), "O1L"); // no code: letters stay what they are
});

test("errors of form are told apart", () => {
  assert.deepEqual(read_code(" - "), { error: "empty" });
  assert.deepEqual(read_code("7K3MQ9XTB2WVC5HD"), { error: "length" });
  assert.deepEqual(read_code("7K3MQ9XTB2WVC5HD22"), { error: "length" });
  assert.deepEqual(read_code("7K3MQ9XTB2WVC5HU2"), { error: "character" });
  assert.deepEqual(read_code("7K3MQ9XTB2WVC5HD3"), { error: "check" });
});

test("a code generated is read back, and uses every character of the alphabet", () => {
  let byte = 0;
  const seen = new Set<string>();
  for (let i = 0; i < 16; i++) {
    const code = generate_code((size) => Uint8Array.from({ length: size }, () => byte++));
    assert.deepEqual(read_code(group_code(code)), { code });
    assert.match(group_code(code), /^(.{4}-){3}.{5}$/);
    for (const character of code.slice(0, 16)) seen.add(character);
  }
  assert.equal(seen.size, 32);
});
