// H and Hs of docs/protocol.md section 2: every hash of the protocol names its role, and the role fixes the context.
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, u32, utf8 } from "./bytes.ts";
import { reduce_bytes, type Scalar } from "./group.ts";

const CONTEXT_OF_ROLE = {
  "credential salt": "draft",
  "sign-in key": "draft",
  "ballot key": "draft",
  "roster leaf": "draft",
  "ballot core": "sealed",
  "option proof": "sealed",
  "sum proof": "sealed",
  "ballot signature": "sealed",
  "sign-in proof": "sealed",
  "key possession": "sealed",
  nonce: "none",
} as const;

export type Role = keyof typeof CONTEXT_OF_ROLE;
/** An integer (u32), a text (its NFC form in UTF-8), or bytes (which encoded points and scalars are). */
export type Item = number | string | Uint8Array;

export class Transcript {
  private readonly contexts: Record<"draft" | "sealed" | "none", Uint8Array>;

  /** `election_id`: 16 bytes; `fingerprint`: the 32 bytes of the manifest's SHA-256. */
  constructor(election_id: Uint8Array, fingerprint: Uint8Array) {
    if (election_id.length !== 16 || fingerprint.length !== 32) throw new RangeError("transcript context");
    this.contexts = { draft: election_id, sealed: fingerprint, none: new Uint8Array(0) };
  }

  /** 64 bytes. */
  hash(role: Role, ...items: Item[]): Uint8Array {
    const fields = ["isoloir/1", role, this.contexts[CONTEXT_OF_ROLE[role]], ...items].map(to_bytes);
    return sha512(concat(...fields.flatMap((field) => [u32(field.length), field])));
  }

  scalar(role: Role, ...items: Item[]): Scalar {
    return reduce_bytes(this.hash(role, ...items));
  }
}

function to_bytes(item: Item): Uint8Array {
  if (typeof item === "number") return u32(item);
  return typeof item === "string" ? utf8(item.normalize("NFC")) : item;
}
