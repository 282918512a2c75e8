// Signed documents (section 2): a body and the Schnorr signatures of those who stand for it.
import { sha512 } from "@noble/hashes/sha2.js";
import { decode, encode_bytes, type Json, type JsonObject } from "./canonical_json.ts";
import { Refused, require_that, within } from "./refused.ts";
import { any_object, array, ascending, by_text, hex_bytes, key, object, text } from "./shape.ts";
import { check_schnorr, type Role, type Transcript } from "./transcript.ts";

const ROLE_OF_TYPE: Record<string, Role> = {
  "ceremony-hello": "draft signature", "ceremony-hash": "draft signature", "ceremony-commitments": "draft signature",
  "ceremony-agreement": "draft signature", "ceremony-possession": "draft signature", "roster": "draft signature",
  "seal": "sealed signature", "event": "sealed signature", "reissue-batch": "sealed signature", "shares": "sealed signature",
  "minutes": "sealed signature",
};

export interface SignedDocument {
  type: string;
  body: JsonObject;
  /** Keys in hexadecimal, each of which has signed well. */
  signers: string[];
}

export function read_signed(bytes: Uint8Array, type: string, transcript: Transcript): SignedDocument {
  return check_signed(decode(bytes), type, transcript);
}

export function check_signed(value: Json, type: string, transcript: Transcript): SignedDocument {
  const document = object(value, ["body", "signatures"]);
  const body = any_object(document.body);
  require_that(text(body.type) === type, `a document of type "${String(body.type)}" where "${type}" belongs`);
  const role = ROLE_OF_TYPE[type];
  if (!role) throw new Refused(`documents of type "${type}" are not signed`);
  const digest = sha512(encode_bytes(body));
  const signers = within("signatures", () => array(document.signatures, (item) => {
    const signature = object(item, ["key", "signature"]);
    const signer = key(signature.key);
    check_schnorr(transcript, role, [digest], signer.bytes, hex_bytes(signature.signature, 64), signer.point);
    return signer.hex;
  }));
  ascending(signers, by_text, "signatures");
  return { type, body, signers };
}

export function require_signers(document: SignedDocument, wanted: string[]): void {
  const expected = [...new Set(wanted)].sort();
  require_that(document.signers.join() === expected.join(), "not signed by those who have to sign, and by them alone");
}
