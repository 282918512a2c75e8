import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CODE_ALPHABET } from "./code.ts";
import { ShownTime } from "./shown_time.ts";
import { spell } from "./spelling.ts";

const say = { digit: (digit: string) => `chiffre ${digit}`, letter: (letter: string, word: string) => `${letter} comme ${word}` };
const words_of = (language: string) =>
  /msgid "link.words"\nmsgstr "([^"]+)"/.exec(readFileSync(`locale/${language}.po`, "utf8"))![1]!;

test("a code is spelled with one word a letter, in each language", () => {
  assert.equal(spell("7KE0", words_of("fr"), say), "chiffre 7, K comme Kilo, E comme Écho, chiffre 0");
  for (const language of ["fr", "en"]) {
    for (const letter of CODE_ALPHABET.slice(10)) {
      assert.match(spell(letter, words_of(language), say), new RegExp(`^${letter} comme \\S+$`), language);
    }
  }
});

test("the time on the screen: each mark once, lengthened as often as asked (62)", () => {
  let now = 0;
  const time = new ShownTime(120_000, () => now);
  const after = (seconds: number) => ((now += 1000 * seconds), time.mark());
  assert.equal(time.left_s(), 120);
  assert.equal(after(59), undefined);
  assert.equal(after(1), 60);
  assert.equal(after(1), undefined);
  assert.equal(after(29), 30);
  assert.equal(after(30), undefined);
  assert.equal(time.left_s(), 0);
  for (let i = 0; i < 12; i++) {
    time.prolong();
    assert.equal(time.left_s(), 120);
    assert.equal(after(95), 30); // after a sleep the last mark alone
  }
});
