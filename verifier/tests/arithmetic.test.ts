// What the vectors do not single out: the identity, canonical JSON, sums of many equations.
import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../bytes.ts";
import { decode } from "../canonical_json.ts";
import { BASE, combination, decode_point, decode_point_or_identity, IDENTITY, ORDER, times } from "../group.ts";
import { accepts } from "./vectors.ts";

test("the identity is refused but where it is allowed", () => {
  assert.ok(!accepts(() => decode_point(new Uint8Array(32))));
  assert.ok(decode_point_or_identity(new Uint8Array(32)).equals(IDENTITY));
});

test("a combination is the sum of its terms, whatever their number and size", () => {
  for (const size of [0, 1, 2, 7, 40, 300]) {
    const points = Array.from({ length: size }, (_, i) => times(BigInt(3 * i + 1), BASE));
    const scalars = points.map((_, i) => (i % 3 === 0 ? ORDER - BigInt(i + 1) : i % 3 === 1 ? BigInt(i) : 2n ** 128n - BigInt(i)));
    const expected = points.reduce((total, point, i) => total.add(times(scalars[i]!, point)), IDENTITY);
    assert.ok(combination(points, scalars).equals(expected), `${size} terms`);
  }
});

const JSON_CASES: [string, boolean][] = [
  ['{"a":1,"b":[true,null,"é"]}', true], ['{"b":1,"a":2}', false], ['{"a":1,"a":1}', false], ['{"a": 1}', false],
    ["1.0", false], ["1e2", false],
  ["-0", false], ["9007199254740991", true], ["9007199254740992", false], ["0.5", false], ['"\\u00e9"', false], ['"\\u001f"', true],
  ['"\\u001F"', false], ['"\\ud800"', false], ['"\\/"', false], [`${"[".repeat(32)}${"]".repeat(32)}`, true],
    [`${"[".repeat(33)}${"]".repeat(33)}`, false],
  ["\ufeff1", false], ["1 ", false], ["", false], ['{"__proto__":1}', true],
];
for (const [text, accept] of JSON_CASES) {
  test(`canonical JSON ${text.slice(0, 40)}: ${accept ? "accepted" : "refused"}`,
    () => assert.equal(accepts(() => decode(utf8(text))), accept));
}

test("bytes that are not UTF-8 are no JSON", () => assert.ok(!accepts(() => decode(Uint8Array.of(0x22, 0xff, 0x22)))));
