// The seal over a manifest, and the seals that were broken before it (section 3).
import { sha256 } from "@noble/hashes/sha2.js";
import { from_hex, to_hex } from "./bytes.ts";
import { encode, type Json, type JsonObject } from "./canonical_json.ts";
import { type BrokenSeal, type Manifest, members_of, read_manifest } from "./manifest.ts";
import { require_that, within } from "./refused.ts";
import { any_object, integer, literal, object } from "./shape.ts";
import { read_signed, require_signers } from "./signed_document.ts";
import { type ExportSource, read_file } from "./source.ts";
import { Transcript } from "./transcript.ts";

interface Seal { sealed_at: number; signers: string[] }

function read_seal(bytes: Uint8Array, fingerprint: Uint8Array, manifest: Manifest): Seal {
  const transcript = new Transcript(from_hex(manifest.election_id), fingerprint);
  const document = read_signed(bytes, "seal", transcript);
  const body = object(document.body, ["type", "fingerprint", "ballots", "sign_offs", "sealed_at"]);
  literal(body.fingerprint, to_hex(fingerprint));
  literal(body.ballots, 0);
  literal(body.sign_offs, 0);
  return { sealed_at: integer(body.sealed_at), signers: document.signers };
}

const member_keys = (manifest: Manifest): string[] => manifest.bureaus.flatMap(members_of).map((member) => member.signing_key.hex);

/** The seal of the election, signed by every member of every bureau. */
export async function check_seal(source: ExportSource, manifest: Manifest, fingerprint: Uint8Array): Promise<void> {
  const bytes = await read_file(source, "seal.json");
  within("seal.json", () => {
    const { signers } = read_seal(bytes, fingerprint, manifest);
    require_signers({ type: "seal", body: {}, signers }, member_keys(manifest));
  });
}

/** What a manifest may not change when a broken seal is made again. */
function unchanging(manifest: Manifest): string {
  const { bureaus, roster, assets, log_origin, broken_seals, keys, ...rest } = manifest.json;
  const { registrar, ...other_keys } = any_object(keys);
  return encode({ ...rest, keys: other_keys as JsonObject });
}

export async function check_broken_seals(source: ExportSource, manifest: Manifest): Promise<void> {
  const broken = manifest.broken_seals;
  const wanted = broken.flatMap((_, n) => [`broken/${n}/manifest.json`, `broken/${n}/seal.json`]).sort();
  const given = source.paths().filter((path) => path.startsWith("broken/")).sort();
  require_that(wanted.join() === given.join(), "broken/ does not hold manifest and seal of each broken seal, and nothing else");
  const origins = new Set([manifest.log_origin]);
  for (const [n, entry] of broken.entries()) {
    const manifest_bytes = await read_file(source, `broken/${n}/manifest.json`);
    const seal_bytes = await read_file(source, `broken/${n}/seal.json`);
    within(`broken/${n}`, () => {
      const origin = check_broken_seal(manifest, n, entry, manifest_bytes, seal_bytes);
      require_that(!origins.has(origin), "two manifests have one log_origin");
      origins.add(origin);
    });
  }
}

function check_broken_seal(standing: Manifest, n: number, entry: BrokenSeal, manifest_bytes: Uint8Array, seal_bytes: Uint8Array): string {
  const fingerprint = sha256(manifest_bytes);
  require_that(to_hex(fingerprint) === entry.fingerprint, "the manifest is not the one that is named");
  require_that(to_hex(sha256(seal_bytes)) === entry.seal, "the seal is not the one that is named");
  const broken = read_manifest(manifest_bytes);
  require_that(unchanging(broken) === unchanging(standing), "the manifest differs in more than a new seal may change");
  const named = (standing.json.broken_seals as Json[]).slice(0, n);
  require_that(encode((broken.json.broken_seals ?? []) as Json) === encode(named),
    "the manifest does not name exactly the seals broken before it");
  const { sealed_at, signers } = read_seal(seal_bytes, fingerprint, broken);
  const members = member_keys(broken);
  require_that(signers.every((signer) => members.includes(signer)), "a signature of somebody who is no member");
  require_that(entry.at >= sealed_at, "broken before it was made");
  require_that(n === 0 || entry.at >= standing.broken_seals[n - 1]!.at, "broken before the one that precedes");
  require_that(entry.at < standing.opens_at, "broken after the opening");
  return broken.log_origin;
}
