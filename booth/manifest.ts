// The part of the manifest (docs/protocol.md section 3) that the booth needs. Its bytes are trusted for their fingerprint; the
// reading still refuses what would make a later step fail halfway.
import { sha256 } from "@noble/hashes/sha2.js";
import { from_hex, to_hex } from "./bytes.ts";
import { decode_point } from "./group.ts";
import { Refused } from "./refused.ts";

export interface Bilingual {
  en: string;
  fr: string;
}

export type Option =
  | { kind: "list"; name: string; candidates: string[]; common: { name: string; share: number }[]; sigle: boolean }
  | { kind: "candidate"; name: string; substitute: string | null; birth_date: string | null }
  | { kind: "blank" };

export interface Contest {
  name: Bilingual;
  bureau: number;
  seats: number;
  options: Option[];
  districts: { name: string }[];
}

export interface Manifest {
  protocol: string;
  election_id: string;
  title: Bilingual;
  origin: string;
  log_origin: string;
  contests: Contest[];
  bureaus: { name: string; key: string }[];
  keys: { checkpoint: string; witnesses: string[]; witness_threshold: number };
}

/** Throws Refused: fingerprint, origin, manifest, or what makes a key bad. `origin`: of the page that is open. */
export function read_manifest(bytes: Uint8Array, fingerprint: string, origin: string): Manifest {
  if (to_hex(sha256(bytes)) !== fingerprint) throw new Refused("fingerprint");
  const manifest = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Manifest;
  if (manifest.protocol !== "isoloir/1") throw new Refused("manifest");
  if (manifest.origin !== origin) throw new Refused("origin");
  from_hex(manifest.election_id, 16);
  from_hex(manifest.keys.checkpoint, 32);
  for (const bureau of manifest.bureaus) decode_point(from_hex(bureau.key, 32));
  for (const contest of manifest.contests) {
    const blanks = contest.options.filter((option) => option.kind === "blank").length;
    if (!manifest.bureaus[contest.bureau] || blanks !== 1 || contest.districts.length === 0) {
      throw new Refused("manifest");
    }
  }
  return manifest;
}
