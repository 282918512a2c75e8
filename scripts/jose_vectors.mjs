// Writes tests/data/jose_vectors.json: tokens that another implementation (npm `jose`) makes, good ones and ones that a
// provider, or who plays one, might send; for tests/identity/jose_test.cpp. New keys each time: scripts/node scripts/jose_vectors.mjs
import { createHmac, generateKeyPairSync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { CompactEncrypt, CompactSign, exportJWK, generateKeyPair } from "jose";

const payload = JSON.stringify({ sub: "b6048e95bb134ec5b1d1e1fa69f287172e91722b9354d637a1bcf2ebb0fd2ef5v1", iss: "https://provider.example/api/v2" });
const bytes = (text) => new TextEncoder().encode(text);
const b64 = (value) => Buffer.from(value).toString("base64url");
const pair = (alg, options = {}) => generateKeyPair(alg, { extractable: true, ...options });
const public_jwk = async (key, more) => ({ ...(await exportJWK(key)), ...more });

const es1 = await pair("ES256"), es2 = await pair("ES256"), stranger = await pair("ES256");
const rs1 = await pair("RS256"), es384 = await pair("ES384");
const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
const ours = await pair("ECDH-ES", { crv: "P-256" }), rsa_oaep = await pair("RSA-OAEP-256");

const keys = {
  keys: [
    await public_jwk(es1.publicKey, { kid: "es1", use: "sig", alg: "ES256" }),
    await public_jwk(es2.publicKey, { kid: "es2" }),
    await public_jwk(rs1.publicKey, { kid: "rs1", use: "sig", alg: "RS256" }),
    await public_jwk(es384.publicKey, { kid: "es384", use: "sig", alg: "ES384" }),
    { ...weak.publicKey.export({ format: "jwk" }), kid: "weak", use: "sig", alg: "RS256" },
    await public_jwk(stranger.publicKey, { kid: "enc1", use: "enc", alg: "ES256" }),
    { kty: "oct", kid: "oct1", k: b64(randomBytes(32)), alg: "HS256" },
  ],
};

const sign = (key, header, text = payload) => new CompactSign(bytes(text)).setProtectedHeader(header).sign(key);
const spliced = (token, at, part) => token.split(".").map((own, i) => (i === at ? part : own)).join(".");
const hmac = (header, secret) => {
  const signed = `${b64(JSON.stringify(header))}.${b64(payload)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
};
const good = await sign(es1.privateKey, { alg: "ES256", kid: "es1", typ: "JWT" });
const good_rsa = await sign(rs1.privateKey, { alg: "RS256", kid: "rs1" });
const signature = Buffer.from(good.split(".")[2], "base64url");
const der = (half) => { // as ASN.1 writes a positive integer
  const trimmed = half.subarray(half.findIndex((byte) => byte !== 0));
  const positive = trimmed[0] & 0x80 ? Buffer.concat([Buffer.of(0), trimmed]) : trimmed;
  return Buffer.concat([Buffer.of(2, positive.length), positive]);
};
const der_body = Buffer.concat([der(signature.subarray(0, 32)), der(signature.subarray(32))]);
const own_key = await public_jwk(stranger.publicKey, {});
const flipped = Buffer.from(signature);
flipped[40] ^= 1;

const signed = [
  ["ES256", "ES256", good, "good"],
  ["RS256", "RS256", good_rsa, "good"],
  ["a key without alg", "ES256", await sign(es2.privateKey, { alg: "ES256", kid: "es2" }), "good"],
  ["none", "ES256", `${b64(JSON.stringify({ alg: "none", kid: "es1" }))}.${b64(payload)}.`, "jose.algorithm"],
  ["none in capitals", "ES256", `${b64(JSON.stringify({ alg: "NONE", kid: "es1" }))}.${b64(payload)}.`, "jose.algorithm"],
  ["HS256 with the client's secret", "ES256", hmac({ alg: "HS256", kid: "es1" }, "the client's secret"), "jose.algorithm"],
  ["HS256 with the public key", "RS256", hmac({ alg: "HS256", kid: "rs1" }, JSON.stringify(keys.keys[2])), "jose.algorithm"],
  ["RS256 where ES256 is registered", "ES256", good_rsa, "jose.algorithm"],
  ["ES256 where RS256 is registered", "RS256", good, "jose.algorithm"],
  ["ES384", "ES256", await sign(es384.privateKey, { alg: "ES384", kid: "es384" }), "jose.algorithm"],
  ["no algorithm", "ES256", spliced(good, 0, b64(JSON.stringify({ kid: "es1" }))), "jose.algorithm"],
  ["algorithm as a list", "ES256", spliced(good, 0, b64(JSON.stringify({ alg: ["ES256"], kid: "es1" }))), "jose.algorithm"],
  ["jku", "ES256", await sign(stranger.privateKey, { alg: "ES256", kid: "es1", jku: "https://attacker.example/keys" }), "jose.header"],
  ["jwk", "ES256", await sign(stranger.privateKey, { alg: "ES256", kid: "es1", jwk: own_key }), "jose.header"],
  ["x5u", "ES256", await sign(stranger.privateKey, { alg: "ES256", kid: "es1", x5u: "https://attacker.example/cert" }), "jose.header"],
  ["crit", "ES256", spliced(good, 0, b64(JSON.stringify({ alg: "ES256", kid: "es1", crit: ["exp"], exp: 1 }))), "jose.header"],
  ["b64", "ES256", spliced(good, 0, b64(JSON.stringify({ alg: "ES256", kid: "es1", b64: false }))), "jose.header"],
  ["header twice the same name", "ES256", spliced(good, 0, b64('{"alg":"ES256","kid":"es1","alg":"none"}')), "jose.form"],
  ["header no object", "ES256", spliced(good, 0, b64('["ES256"]')), "jose.form"],
  ["unknown kid", "ES256", await sign(es1.privateKey, { alg: "ES256", kid: "es9" }), "jose.unknown_key"],
  ["no kid", "ES256", await sign(es1.privateKey, { alg: "ES256" }), "jose.unknown_key"],
  ["kid of a key for the other algorithm", "ES256", await sign(es1.privateKey, { alg: "ES256", kid: "rs1" }), "jose.unknown_key"],
  ["kid of a weak key", "RS256", await sign(rs1.privateKey, { alg: "RS256", kid: "weak" }), "jose.unknown_key"],
  ["kid of a key for encryption", "ES256", await sign(stranger.privateKey, { alg: "ES256", kid: "enc1" }), "jose.unknown_key"],
  ["another key under a known kid", "ES256", await sign(stranger.privateKey, { alg: "ES256", kid: "es1" }), "jose.signature"],
  ["payload changed", "ES256", spliced(good, 1, b64(payload.replace("b6048", "c6048"))), "jose.signature"],
  ["header changed", "ES256", spliced(good, 0, b64(JSON.stringify({ alg: "ES256", kid: "es1" }))), "jose.signature"],
  ["signature changed", "ES256", spliced(good, 2, b64(flipped)), "jose.signature"],
  ["signature of zeros", "ES256", spliced(good, 2, b64(Buffer.alloc(64))), "jose.signature"],
  ["signature empty", "ES256", spliced(good, 2, ""), "jose.signature"],
  ["signature in DER", "ES256", spliced(good, 2, b64(Buffer.concat([Buffer.of(0x30, der_body.length), der_body]))), "jose.signature"],
  ["signature with a byte more", "ES256", spliced(good, 2, b64(Buffer.concat([signature, Buffer.of(0)]))), "jose.signature"],
  ["two parts", "ES256", good.split(".").slice(0, 2).join("."), "jose.form"],
  ["four parts", "ES256", `${good}.AAAA`, "jose.form"],
  ["padded", "ES256", spliced(good, 1, `${b64(payload)}==`), "jose.form"],
  ["white space", "ES256", `${good}\n`, "jose.form"],
  ["empty", "ES256", "", "jose.form"],
  ["dots", "ES256", "..", "jose.form"],
].map(([name, algorithm, token, result]) => ({ name, algorithm, token, result }));

const encrypt = (header, key = ours.publicKey, text = good) => new CompactEncrypt(bytes(text)).setProtectedHeader(header).encrypt(key);
const sealed = await encrypt({ alg: "ECDH-ES", enc: "A256GCM", kid: "ours", cty: "JWT" });
const tag = Buffer.from(sealed.split(".")[4], "base64url");
const header_of = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url").toString());
const with_epk = (epk) => spliced(sealed, 0, b64(JSON.stringify({ ...header_of(sealed), epk: { ...header_of(sealed).epk, ...epk } })));
const encrypted = [
  ["ECDH-ES", sealed, "good"],
  ["ECDH-ES for another", await encrypt({ alg: "ECDH-ES", enc: "A256GCM" }, (await pair("ECDH-ES", { crv: "P-256" })).publicKey), "jose.decryption"],
  ["dir", await encrypt({ alg: "dir", enc: "A256GCM" }, randomBytes(32)), "jose.algorithm"],
  ["RSA-OAEP-256", await encrypt({ alg: "RSA-OAEP-256", enc: "A256GCM" }, rsa_oaep.publicKey), "jose.algorithm"],
  ["ECDH-ES with a wrapped key", await encrypt({ alg: "ECDH-ES+A256KW", enc: "A256GCM" }), "jose.algorithm"],
  ["a password", spliced(await encrypt({ alg: "PBES2-HS256+A128KW", enc: "A256GCM" }, bytes("password")), 0,
    b64(JSON.stringify({ alg: "PBES2-HS256+A128KW", enc: "A256GCM", p2c: 2 ** 31 - 1, p2s: "AAAA" }))), "jose.header"],
  ["CBC", await encrypt({ alg: "ECDH-ES", enc: "A128CBC-HS256" }), "jose.algorithm"],
  ["compressed", spliced(sealed, 0, b64(JSON.stringify({ ...header_of(sealed), zip: "DEF" }))), "jose.header"],
  ["a shorter tag", spliced(sealed, 4, b64(tag.subarray(0, 4))), "jose.form"],
  ["a key sent along", spliced(sealed, 1, b64(randomBytes(40))), "jose.form"],
  ["content changed", spliced(sealed, 3, b64(randomBytes(300))), "jose.decryption"],
  ["another tag", spliced(sealed, 4, b64(randomBytes(16))), "jose.decryption"],
  ["a point off the curve", with_epk({ y: header_of(sealed).epk.x }), "jose.decryption"],
  ["a point of another curve", with_epk({ crv: "P-384" }), "jose.form"],
  ["no point", with_epk({ x: 7, y: null }), "jose.form"],
  ["a signed one", good, "jose.form"],
].map(([name, token, result]) => ({ name, token, result }));

const decryption_key = { ...(await exportJWK(ours.privateKey)), kid: "ours" };
writeFileSync(new URL("../tests/data/jose_vectors.json", import.meta.url),
  `${JSON.stringify({ payload, keys, signed, decryption_key, encrypted, inner: good }, null, 1)}\n`);
