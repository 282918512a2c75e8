// Makes tests/data/ed25519_vectors.json: the acceptance rule of docs/protocol.md section 8 at its edges, where implementations
// of RFC 8032 differ. Written and found out of date as booth_vectors.json is (see vectors.ts). An array of
// {what, accept, key, message, signature}, bytes in lower-case hex.
//
// T is a point of order 8, "mixed" a point of the large order plus one of small order. What holds only after multiplication by
// the cofactor is refused; what holds exactly is accepted, save for A or R of small order.
import { ed25519, ED25519_TORSION_SUBGROUP } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, from_hex, to_hex, u32, utf8 } from "./bytes.ts";
import { ed25519_accepts } from "./ed25519.ts";
import { encode_scalar, ORDER, reduce, reduce_bytes } from "./group.ts";

type Point = InstanceType<typeof ed25519.Point>;

const BASE = ed25519.Point.BASE;
const ZERO = ed25519.Point.ZERO;
const T = ED25519_TORSION_SUBGROUP.map((hex) => ed25519.Point.fromHex(hex)).find((t) => !t.multiplyUnsafe(4n).is0())!;
const a = reduce_bytes(sha512(utf8("isoloir vectors a")));
const r = reduce_bytes(sha512(utf8("isoloir vectors r")));
const message = utf8("message");

const challenge = (big_r: Uint8Array, key: Uint8Array, text: Uint8Array) => reduce_bytes(sha512(concat(big_r, key, text)));

interface Edge { key: Uint8Array; r: Uint8Array; response: (h: bigint) => bigint; when?: (h: bigint) => boolean }

/** The first message whose challenge is as wanted, signed. */
function edge(what: string, { key, r: big_r, response, when = () => true }: Edge): object {
  for (let i = 0; ; i++) {
    const text = u32(i);
    const h = challenge(big_r, key, text);
    if (when(h)) return judged(what, key, text, concat(big_r, encode_scalar(reduce(response(h)))));
  }
}

function judged(what: string, key: Uint8Array, text: Uint8Array, signature: Uint8Array): object {
  return {
    what, accept: ed25519_accepts(key, text, signature),
    key: to_hex(key), message: to_hex(text), signature: to_hex(signature),
  };
}

export function ed25519_vectors(): object[] {
  const bytes = (point: Point) => point.toBytes();
  const plain = bytes(BASE.multiply(a));
  const mixed = bytes(BASE.multiply(a).add(T));
  const big_r = bytes(BASE.multiply(r));
  const identity = bytes(ZERO);
  const signs = (h: bigint) => r + h * a;
  const without_r = (h: bigint) => h * a;
  const mod8 = (wanted: bigint) => (h: bigint) => h % 8n === wanted;
  return [
    ...known(), ...spoilt(plain, big_r),
    edge("A mixed, h a multiple of 8: holds exactly", { key: mixed, r: big_r, response: signs, when: mod8(0n) }),
    edge("A mixed, h not a multiple of 8: holds with the cofactor alone", { key: mixed, r: big_r, response: signs, when: mod8(3n) }),
    edge("R mixed: holds with the cofactor alone", { key: plain, r: bytes(BASE.multiply(r).add(T)), response: signs }),
    edge("A and R mixed, h = 5 mod 8: holds exactly",
      { key: mixed, r: bytes(BASE.multiply(r).subtract(T.multiplyUnsafe(5n))), response: signs, when: mod8(5n) }),
    edge("R the identity: holds exactly", { key: plain, r: identity, response: without_r }),
    edge("R of order 8, A mixed: holds exactly",
      { key: mixed, r: bytes(T.multiplyUnsafe(7n)), response: without_r, when: mod8(1n) }),
    edge("A the identity: holds exactly", { key: identity, r: big_r, response: () => r }),
    edge("A of order 8: holds exactly", { key: bytes(T), r: big_r, response: () => r, when: mod8(0n) }),
    edge("A the identity with the sign of x: not canonical",
      { key: from_hex(`01${"00".repeat(30)}80`), r: big_r, response: () => r }),
    edge("A the identity as y = p + 1: not canonical",
      { key: from_hex(`ee${"ff".repeat(30)}7f`), r: big_r, response: () => r }),
    edge("R the identity as y = p + 1: not canonical",
      { key: plain, r: from_hex(`ee${"ff".repeat(30)}7f`), response: without_r }),
    edge("A on no curve", { key: from_hex(`02${"00".repeat(31)}`), r: big_r, response: () => r }),
  ];
}

/** RFC 8032 section 7.1, tests 1 to 3; their signatures are in the RFC, and Ed25519 makes one only. */
function known(): object[] {
  const cases: [string, string, string][] = [
    ["RFC 8032, test 1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", ""],
    ["RFC 8032, test 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72"],
    ["RFC 8032, test 3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82"],
  ];
  return cases.map(([what, seed, text]) =>
    judged(what, ed25519.getPublicKey(from_hex(seed)), from_hex(text), ed25519.sign(from_hex(text), from_hex(seed))));
}

function spoilt(key: Uint8Array, big_r: Uint8Array): object[] {
  const s = reduce(r + challenge(big_r, key, message) * a);
  const good = concat(big_r, encode_scalar(s));
  const changed = good.slice();
  changed[0]! ^= 1;
  return [
    judged("good", key, message, good),
    judged("another message", key, utf8("massage"), good),
    judged("R changed", key, message, changed),
    judged("s + 1", key, message, concat(big_r, encode_scalar(reduce(s + 1n)))),
    judged("s + l", key, message, concat(big_r, encode_scalar(s + ORDER))),
    judged("a byte short", key, message, good.subarray(0, 63)),
    judged("a byte long", key, message, concat(good, Uint8Array.of(0))),
  ];
}
