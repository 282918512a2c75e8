// Bytes and their texts: hexadecimal in lower case, base64 of RFC 4648 section 4, integers of four bytes. Reading is strict:
// two spellings of one value are never both accepted.
import { Refused } from "./refused.ts";

export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

export function u32(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new Refused(`${value} does not fit in four bytes`);
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

export function read_u32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}

const encoder = new TextEncoder();
export const utf8 = (text: string): Uint8Array => encoder.encode(text);

export function from_utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refused("not UTF-8");
  }
}

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"));

export function to_hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

export function from_hex(text: string, size?: number): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Refused("not hexadecimal in lower case");
  if (size !== undefined && text.length !== 2 * size) throw new Refused(`${text.length / 2} bytes in hexadecimal where ${size} belong`);
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

export function from_base64(text: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new Refused("not base64");
  }
  // atob forgives white space, missing padding and bits that are not zero at the end.
  if (btoa(binary) !== text) throw new Refused("base64 that is not in its one form");
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function compare(left: Uint8Array, right: Uint8Array): number {
  const shorter = Math.min(left.length, right.length);
  for (let i = 0; i < shorter; i++) {
    if (left[i] !== right[i]) return left[i]! - right[i]!;
  }
  return left.length - right.length;
}

export const equal = (left: Uint8Array, right: Uint8Array): boolean => compare(left, right) === 0;
