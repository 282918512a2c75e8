// Bytes and their textual forms. Decoders refuse anything but the one encoding that the encoder writes.
export { bytesToHex as to_hex, concatBytes as concat, utf8ToBytes as utf8 } from "@noble/hashes/utils.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { Refused } from "./refused.ts";

/** Lower-case hex only; with `size`, of exactly that many bytes. */
export function from_hex(text: string, size?: number): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Refused("hex");
  if (size !== undefined && text.length !== 2 * size) throw new Refused("hex_length");
  return hexToBytes(text);
}

/** RFC 4648 section 4, with padding. */
export function to_base64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export function from_base64(text: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new Refused("base64");
  }
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  // atob forgives white space, missing padding and stray bits in the last character.
  if (to_base64(bytes) !== text) throw new Refused("base64");
  return bytes;
}

/** 4 bytes, big-endian. */
export function u32(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new RangeError(`not a u32: ${value}`);
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

export function read_u32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);
}

/** For public data: time depends on the content. */
export function same_bytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && bytesToHex(a) === bytesToHex(b);
}

/** `size` bytes that nobody can guess. Injected, so that vectors can be made again. */
export type Random = (size: number) => Uint8Array;

export const system_random: Random = (size) => crypto.getRandomValues(new Uint8Array(size));
