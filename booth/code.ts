// Codes (docs/protocol.md section 4): by default 16 characters that carry the key and one that checks them.
import type { Random } from "./bytes.ts";

export const CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const DATA_LENGTH = 16;

/** How many characters a code has, and whether the last of them checks the others. */
export interface CodeForm {
  length: number;
  checked: boolean;
}
const DEFAULT_FORM: CodeForm = { length: DATA_LENGTH + 1, checked: true };

export type CodeReading = { code: string } | { error: "empty" | "length" | "character" | "check" };

/** Reads what a person typed or pasted. A wrong check character is found here, and so costs no try. */
export function read_code(typed: string, { length, checked } = DEFAULT_FORM): CodeReading {
  const code = normalise_code(typed);
  if (code.length === 0) return { error: "empty" };
  const characters = Array.from(code);
  if (characters.some((character) => !CODE_ALPHABET.includes(character))) return { error: "character" };
  if (characters.length !== length) return { error: "length" };
  if (!checked) return { code };
  const expected = check_character(code.slice(0, length - 1));
  return code[length - 1] === expected ? { code } : { error: "check" };
}

/** Form alone; says nothing about length or alphabet. */
export function normalise_code(typed: string): string {
  return typed
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[\p{White_Space}\-\u2010-\u2015\u2212]/gu, "")
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1");
}

/** NUMIC or NUMEL: its 5 to 15 digits, read as generously as a code. */
export function read_consular_number(typed: string): string | undefined {
  const digits = normalise_code(typed.replace(/\./g, ""));
  return /^[0-9]{5,15}$/.test(digits) ? digits : undefined;
}

/** Σ gⁱ⁺¹·dᵢ over GF(32): g has order 31, so the 17 weights 1, g, …, g¹⁶ differ, and one error or one exchange shows. */
export function check_character(data: string): string {
  let sum = 0;
  for (let i = data.length - 1; i >= 0; i--) sum = times_g(sum ^ CODE_ALPHABET.indexOf(data[i]!));
  return CODE_ALPHABET[sum]!;
}

function times_g(element: number): number {
  const shifted = element << 1;
  return shifted & 32 ? shifted ^ 0b100101 : shifted;
}

/** A new code of 80 bits, without its separators. */
export function generate_code(random: Random): string {
  const data = Array.from(random(DATA_LENGTH), (byte) => CODE_ALPHABET[byte & 31]!).join("");
  return data + check_character(data);
}

/** `XXXX-XXXX-XXXX-XXXXX` */
export function group_code(code: string): string {
  return [code.slice(0, 4), code.slice(4, 8), code.slice(8, 12), code.slice(12)].join("-");
}

/** The roll's identifier as it is typed: capitals and digits, without what parts them. Keys are made of it. Undefined for other signs. */
export function read_roll_number(typed: string): string | undefined {
  const number = typed.normalize("NFKC").replace(/[\s\p{Cf}\p{Pd}\u2212._/]/gu, "").toUpperCase();
  return /^[0-9A-Z]{0,64}$/u.test(number) ? number : undefined;
}
