// Canonical JSON (section 3): RFC 8785 without fractions. What is read is encoded again and compared, so that one value has one
// text: duplicate keys, other spellings of numbers and escapes, white space all show as a difference.
import { compare, from_utf8, utf8 } from "./bytes.ts";
import { Refused } from "./refused.ts";

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject { [key: string]: Json }

const DEPTH_MAX = 32;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

export function encode(value: Json, depth = 0): string {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Refused("a number in JSON that is no integer below 2^53");
    return JSON.stringify(value);
  }
  if (typeof value === "string") {
    if (LONE_SURROGATE.test(value)) throw new Refused("half a surrogate pair in JSON");
    return JSON.stringify(value);
  }
  if (value === null || typeof value === "boolean") return String(value);
  if (depth === DEPTH_MAX) throw new Refused("JSON nested too deep");
  if (Array.isArray(value)) return `[${value.map((item) => encode(item, depth + 1)).join(",")}]`;
  // The default order of sort is that of UTF-16 code units, which RFC 8785 wants.
  const members = Object.keys(value).sort().map((key) => `${encode(key, depth + 1)}:${encode(value[key]!, depth + 1)}`);
  return `{${members.join(",")}}`;
}

export const encode_bytes = (value: Json): Uint8Array => utf8(encode(value));

export function decode(bytes: Uint8Array): Json {
  const text = from_utf8(bytes);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw new Refused("not JSON");
  }
  if (compare(encode_bytes(value), bytes) !== 0) throw new Refused("JSON that is not canonical");
  return value;
}
