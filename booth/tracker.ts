// The tracker: SHA-256 of the whole ballot, shown as 52 characters in groups of four (docs/protocol.md section 6).
import { sha256 } from "@noble/hashes/sha2.js";
import { CODE_ALPHABET, normalise_code } from "./code.ts";
import { Refused } from "./refused.ts";

const LENGTH = 52;

/** 32 bytes. */
export function tracker_of(ballot: Uint8Array): Uint8Array {
  return sha256(ballot);
}

/** 52 characters, without separators: the form of links. */
export function tracker_text(tracker: Uint8Array): string {
  let bits = "";
  for (const byte of tracker) bits += byte.toString(2).padStart(8, "0");
  bits = bits.padEnd(LENGTH * 5, "0");
  let text = "";
  for (let i = 0; i < bits.length; i += 5) text += CODE_ALPHABET[parseInt(bits.slice(i, i + 5), 2)];
  return text;
}

/** The form of screens and paper. */
export function tracker_groups(tracker: Uint8Array): string {
  return tracker_text(tracker).match(/.{4}/g)!.join(" ");
}

/** What a person typed or a link carried, with or without separators. */
export function read_tracker(typed: string): Uint8Array {
  const text = normalise_code(typed);
  if (text.length !== LENGTH) throw new Refused("tracker_length");
  let bits = "";
  for (const character of text) {
    const value = CODE_ALPHABET.indexOf(character);
    if (value < 0) throw new Refused("tracker_character");
    bits += value.toString(2).padStart(5, "0");
  }
  if (!bits.endsWith("0000")) throw new Refused("tracker_padding");
  return Uint8Array.from({ length: 32 }, (_, i) => parseInt(bits.slice(8 * i, 8 * i + 8), 2));
}
