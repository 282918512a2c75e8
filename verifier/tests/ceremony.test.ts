// ceremony_vectors.json: a good ceremony, and what of it may not be changed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { from_hex, utf8 } from "../bytes.ts";
import { check_ceremony, type PlannedGroup } from "../ceremony.ts";
import { Transcript } from "../transcript.ts";
import { accepts, vectors } from "./vectors.ts";

interface CeremonyVectors {
  plan: string;
  messages: Record<string, string>;
  result: { transcript: string; key: string; groups: { key: string; share_keys: string[] }[] };
  cases: { what: string; with: Record<string, string>; without: string[]; refused: string | null }[];
}

const ceremony = vectors<CeremonyVectors>("ceremony");
const { election_id, groups } = JSON.parse(ceremony.plan) as { election_id: string; groups: PlannedGroup[] };
const transcript = new Transcript(from_hex(election_id), new Uint8Array(32));

function run(changed: Record<string, string>, without: string[]) {
  const messages = Object.entries({ ...ceremony.messages, ...changed }).filter(([name]) => !without.includes(name));
  return check_ceremony(groups, new Map(messages.map(([name, message]) => [name, utf8(message)])), transcript);
}

test("the keys of the good ceremony", () => {
  const { transcript: agreed, key, groups: keys } = run({}, []);
  assert.deepEqual({ transcript: agreed, key, groups: keys.map((group) => ({ key: group.key, share_keys: group.share_keys })) }, ceremony.result);
});

for (const { what, with: changed, without, refused } of ceremony.cases) {
  // A plan's id is known beforehand; here it is that of the first message, so a first message of elsewhere shows at the second.
  test(`ceremony, ${what}: ${refused ? "refused" : "accepted"}`, () =>
    assert.equal(accepts(() => run(changed, without)), refused === null));
}
