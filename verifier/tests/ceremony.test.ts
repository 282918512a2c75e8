// ceremony_vectors.json: a good ceremony, and what of it may not be changed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { from_hex, utf8 } from "../bytes.ts";
import { check_ceremony, type PlannedGroup } from "../ceremony.ts";
import { Transcript } from "../transcript.ts";
import { refusal, vectors } from "./vectors.ts";

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
  assert.deepEqual({ transcript: agreed, key, groups: keys.map((group) => ({ key: group.key, share_keys: group.share_keys })) },
    ceremony.result);
});

/** What this verifier says for the code of the vectors: a ceremony has to be refused for its own fault. */
const REFUSALS: Record<string, RegExp> = {
  incomplete: /exactly one message/, order: /exactly one message/, replayed: /where "[0-9a-f]{32}" belongs/,
    slot: /where 1 belongs/, identity: /where "Blaise" belongs/,
  duplicate_sender: /another has too/, sender: /where "[0-9a-f]{64}" belongs/, commitment_hash: /than were announced/,
  coefficients: /as many commitments as the threshold/, possession: /proof [01]: the signature is wrong/,
    form: /identity|one share for each|unknown field/,
  transcript: /where "[0-9a-f]{128}" belongs/, share_key: /another share key/, share_possession: /the signature is wrong/,
};

for (const { what, with: changed, without, refused } of ceremony.cases) {
  // A plan's id is known beforehand; here it is that of the first message, so a first message of elsewhere shows at the second.
  test(`ceremony, ${what}: ${refused ? "refused" : "accepted"}`, () => {
    const said = refusal(() => run(changed, without));
    if (refused === null) assert.equal(said, null);
    else assert.match(said ?? "accepted", REFUSALS[refused.replace("ceremony.", "")]!);
  });
}
