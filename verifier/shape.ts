// Readers that take a JSON value for what the protocol says it is, and refuse everything else: exactly the fields named.
import { from_hex } from "./bytes.ts";
import type { Json, JsonObject } from "./canonical_json.ts";
import { decode_point, type Point } from "./group.ts";
import { Refused, require_that, within } from "./refused.ts";

export function object(value: Json | undefined, fields: readonly string[]): JsonObject {
  const given = any_object(value);
  const present = Object.keys(given);
  const missing = fields.find((field) => !present.includes(field));
  if (missing !== undefined) throw new Refused(`the field "${missing}" is missing`);
  const surplus = present.find((field) => !fields.includes(field));
  if (surplus !== undefined) throw new Refused(`an unknown field "${surplus}"`);
  return given;
}

export function any_object(value: Json | undefined): JsonObject {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Refused("not a JSON object");
  return value;
}

export function array<T>(value: Json | undefined, read: (item: Json, index: number) => T, most = Infinity): T[] {
  if (!Array.isArray(value)) throw new Refused("not a JSON array");
  require_that(value.length <= most, `${value.length} where there are ${most} at most`);
  return value.map((item, index) => within(`[${index}]`, () => read(item, index)));
}

export function integer(value: Json | undefined, minimum = 0, maximum = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === "number" && value >= minimum && value <= maximum) return value;
  throw new Refused(`not an integer from ${minimum} ${maximum === Number.MAX_SAFE_INTEGER ? "on" : `to ${maximum}`}`);
}

/** An integer that counts or numbers things, which the transcript writes in four bytes. */
export const count = (value: Json | undefined, minimum = 0): number => integer(value, minimum, 0xffffffff);

export function text(value: Json | undefined): string {
  if (typeof value !== "string") throw new Refused("not a text");
  return value;
}

export function boolean(value: Json | undefined): boolean {
  if (typeof value !== "boolean") throw new Refused("neither true nor false");
  return value;
}

export function literal(value: Json | undefined, wanted: Json): void {
  if (value !== wanted) throw new Refused(`${JSON.stringify(value)} where ${JSON.stringify(wanted)} belongs`);
}

export function hex(value: Json | undefined, size: number): string {
  from_hex(text(value), size);
  return value as string;
}

export const hex_bytes = (value: Json | undefined, size: number): Uint8Array => from_hex(text(value), size);

/** A public key: its bytes in hexadecimal, by which it is named, and the point. */
export interface Key { hex: string; bytes: Uint8Array; point: Point }

export function key(value: Json | undefined): Key {
  const bytes = hex_bytes(value, 32);
  return { hex: value as string, bytes, point: decode_point(bytes) };
}

export function ascending<T>(items: T[], compare_items: (left: T, right: T) => number, what: string): void {
  for (let i = 1; i < items.length; i++) {
    require_that(compare_items(items[i - 1]!, items[i]!) < 0, `${what} are not in ascending order, each once`);
  }
}

export const by_text = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
