// The registrar's rosters (sections 4 and 5): the public keys of those who may vote in each contest and district.
import { encode } from "./canonical_json.ts";
import { to_hex } from "./bytes.ts";
import { decode_point } from "./group.ts";
import { type Manifest, read_roster_row } from "./manifest.ts";
import { GrowingTree, leaf_hash } from "./merkle.ts";
import { Refused, require_that, within } from "./refused.ts";
import { array, literal, object } from "./shape.ts";
import { read_signed, require_signers } from "./signed_document.ts";
import { type ExportSource, type Progress, read_file, records } from "./source.ts";
import type { Transcript } from "./transcript.ts";

export interface Place { contest: number; district: number }
export interface KeyList { keys: string[]; root: string }

/** A file of keys, sorted, each once, each a point; and its root with the leaves of the roster. */
export async function read_key_list(source: ExportSource, path: string, { contest, district }: Place, transcript: Transcript,
  progress: Progress): Promise<KeyList> {
  const keys: string[] = [];
  const tree = new GrowingTree();
  const total = source.has(path) ? source.size(path) / 32 : 0;
  for await (const bytes of records(source, path, 32)) {
    const hex = to_hex(bytes);
    within(`${path}, key ${keys.length}`, () => {
      decode_point(bytes);
      if (keys.length > 0 && hex <= keys[keys.length - 1]!) throw new Refused("keys are not sorted, each once");
    });
    keys.push(hex);
    tree.add(leaf_hash(transcript.hash("roster leaf", contest, district, bytes)));
    if (keys.length % 64 === 0) await progress.at("roster", keys.length, total);
  }
  return { keys, root: to_hex(tree.root()) };
}

/** Every key of the registrar's rosters, with its place. */
export async function read_rosters(source: ExportSource, manifest: Manifest, transcript: Transcript,
  progress: Progress): Promise<Map<string, Place>> {
  const bytes = await read_file(source, "roster.json");
  within("roster.json", () => {
    const document = read_signed(bytes, "roster", transcript);
    const body = object(document.body, ["type", "election_id", "rosters"]);
    require_signers(document, [manifest.keys.registrar.hex]);
    literal(body.election_id, manifest.election_id);
    array(body.rosters, read_roster_row);
    require_that(encode(body.rosters!) === encode(manifest.json.roster!), "not the rosters of the manifest");
  });
  const places = new Map<string, Place>();
  const known = new Set(manifest.roster.map(({ contest, district }) => `roster/${contest}-${district}.bin`));
  const unknown = source.paths().find((path) => path.startsWith("roster/") && !known.has(path));
  require_that(unknown === undefined, `${unknown} is the roster of no contest and district`);
  for (const { contest, district, root, size } of manifest.roster) {
    const path = `roster/${contest}-${district}.bin`;
    const list = await read_key_list(source, path, { contest, district }, transcript, progress);
    require_that(list.keys.length === size, `${path} holds ${list.keys.length} keys, not ${size}`);
    require_that(list.root === root, `${path} has another root than the manifest says`);
    for (const key of list.keys) {
      require_that(!places.has(key), `${path}: a key that occurs twice in the election`);
      places.set(key, { contest, district });
    }
  }
  return places;
}
