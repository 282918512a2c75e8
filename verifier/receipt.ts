// Receipts (section 8): C2SP tlog-proof whose extra is the entry that the log has for the voter's ballot.
import { equal, from_base64 } from "./bytes.ts";
import { check_inclusion, leaf_hash } from "./merkle.ts";
import { Refused, require_that } from "./refused.ts";
import { type Checkpoint, type LogPolicy, read_checkpoint, read_decimal } from "./signed_note.ts";

const BALLOT_ENTRY = 1;

export interface Receipt { tracker: Uint8Array; checkpoint: Checkpoint }

/** Reads a receipt and checks what it proves by itself. */
export function read_receipt(receipt: string, policy: LogPolicy): Receipt {
  const split = receipt.indexOf("\n\n");
  require_that(split > 0, "a receipt without a checkpoint");
  const [magic, extra, index_line, ...hashes] = receipt.slice(0, split).split("\n");
  require_that(magic === "c2sp.org/tlog-proof@v1", "not a receipt: its first line is another");
  require_that(extra?.startsWith("extra ") === true && index_line?.startsWith("index ") === true, "a receipt without its entry or index");
  const entry = from_base64(extra.slice(6));
  const index = read_decimal(index_line.slice(6));
  const proof = hashes.map(from_base64);
  require_that(proof.every((hash) => hash.length === 32), "a receipt whose proof is not of hashes");
  require_that(entry.length === 65 && entry[0] === BALLOT_ENTRY, "a receipt whose entry is not that of a ballot");
  const checkpoint = read_checkpoint(receipt.slice(split + 2), policy);
  check_inclusion(leaf_hash(entry), index, checkpoint.size, proof, checkpoint.root);
  return { tracker: entry.slice(33), checkpoint };
}

export function check_receipt_of(receipt: string, tracker: Uint8Array, policy: LogPolicy): void {
  if (!equal(read_receipt(receipt, policy).tracker, tracker)) throw new Refused("a receipt of another ballot");
}
