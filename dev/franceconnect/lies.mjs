// What a dishonest or broken provider sends. Each lie goes over the wire for good: tokens are signed anew with the
// provider's own key when the fault is in a claim, with a foreign key when the fault is the key.
import { constants, createCipheriv, createHash, createHmac, createPublicKey, publicEncrypt, generateKeyPairSync, randomBytes } from "node:crypto";
import { CompactEncrypt, CompactSign, importJWK } from "jose";

const encode = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

// `key` is { jwk, alg }, private; `header` overrides, and an undefined member leaves one out.
export async function sign(claims, key, header = {}) {
  const full = JSON.parse(JSON.stringify({ alg: key.alg, kid: key.jwk.kid, ...header }));
  return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader(full).sign(await importJWK(key.jwk, key.alg));
}

const unsigned = (claims) => `${encode({ alg: "none" })}.${encode(claims)}.`;

function mac(claims, kid, secret) {
  const input = `${encode({ alg: "HS256", kid })}.${encode(claims)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

export const publicPart = ({ kty, crv, x, y, n, e, kid, alg, use }) => JSON.parse(JSON.stringify({ kty, crv, x, y, n, e, kid, alg, use }));
const publicPem = (jwk) => createPublicKey({ key: publicPart(jwk), format: "jwk" }).export({ type: "spki", format: "pem" });

const without = (claims, name) => Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
const now = () => Math.floor(Date.now() / 1000);
const other = (text) => [...text].reverse().join("");

// A forger is given { claims, key, foreign, origin, secret, someoneElse } and returns a compact token.
const claim = (change) => (t) => sign({ ...t.claims, ...change(t) }, t.key);
const anyToken = {
  "alg-none": (t) => unsigned(t.claims),
  "hs256": (t) => mac(t.claims, t.key.jwk.kid, t.secret),
  "hs256-public-key": (t) => mac(t.claims, t.key.jwk.kid, publicPem(t.key.jwk)),
  "jku": (t) => sign(t.claims, t.foreign, { jku: `${t.origin}/foreign/jwks` }),
  "jwk": (t) => sign(t.claims, t.foreign, { jwk: publicPart(t.foreign.jwk) }),
  "x5u": (t) => sign(t.claims, t.foreign, { x5u: `${t.origin}/foreign/certificate` }),
  "unknown-kid": (t) => sign(t.claims, t.key, { kid: randomBytes(8).toString("hex") }),
  "no-kid": (t) => sign(t.claims, t.key, { kid: undefined }),
  "wrong-key": (t) => sign(t.claims, t.foreign, { kid: t.key.jwk.kid }),
  "altered-after-signature": async (t) => {
    const [header, , signature] = (await sign(t.claims, t.key)).split(".");
    return [header, encode({ ...t.claims, sub: other(t.claims.sub) }), signature].join(".");
  },
  "aud-other": claim(() => ({ aud: "another-client" })),
  "aud-array-azp": claim((t) => ({ aud: [t.claims.aud, "another-client"], azp: "another-client" })),
  "expired": claim(() => ({ iat: now() - 7200, exp: now() - 3600 })),
  "issued-in-the-future": claim(() => ({ iat: now() + 3600, exp: now() + 7200 })),
  "iss-other": claim((t) => ({ iss: `${t.claims.iss}/other` })),
  "iss-missing": (t) => sign(without(t.claims, "iss"), t.key),
  "sub-missing": (t) => sign(without(t.claims, "sub"), t.key),
  "sub-not-a-string": claim(() => ({ sub: 42 })),
  "times-not-numbers": claim((t) => ({ exp: String(t.claims.exp), iat: [t.claims.iat] })),
};
const idTokenOnly = {
  "exp-missing": (t) => sign(without(t.claims, "exp"), t.key),
  "nonce-other": claim((t) => ({ nonce: other(t.claims.nonce) })),
  "nonce-missing": (t) => sign(without(t.claims, "nonce"), t.key),
  "acr-lower": claim((t) => ({ acr: `eidas${Number(t.claims.acr.at(-1)) - 1}` })),
  "acr-missing": (t) => sign(without(t.claims, "acr"), t.key),
};
const userinfoOnly = {
  "sub-swapped": claim((t) => ({ sub: t.someoneElse.sub })),
  "of-someone-else": claim((t) => t.someoneElse),
  "without-identity": ({ claims: { sub, aud, iss }, key }) => sign({ sub, aud, iss }, key),
  "identity-not-strings": claim(() => ({ family_name: ["X"], given_name: {}, birthdate: 19850228, gender: null, birthplace: 75056 })),
  "unsigned-json": (t) => ({ type: "application/json", body: JSON.stringify(t.claims) }),
};

// Content encryption by hand, for what a sound library refuses to make.
function jwe(header, encryptedKey, contentKey, plaintext) {
  const iv = randomBytes(12);
  const head = encode(header);
  const cipher = createCipheriv("aes-256-gcm", contentKey, iv).setAAD(Buffer.from(head));
  const text = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return [head, encryptedKey.toString("base64url"), iv.toString("base64url"), text.toString("base64url"), cipher.getAuthTag().toString("base64url")].join(".");
}

const clientKey = (client, kty) => client.jwks?.keys.find((jwk) => jwk.kty === kty && jwk.use !== "sig");

// For a client that gave no key, one that nobody holds: it has to refuse before it thinks of opening.
export async function encrypt(plaintext, client) {
  const jwk = clientKey(client, "EC") ?? generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
  const header = JSON.parse(JSON.stringify({ alg: "ECDH-ES", enc: "A256GCM", cty: "JWT", kid: jwk.kid }));
  return new CompactEncrypt(Buffer.from(plaintext)).setProtectedHeader(header).encrypt(await importJWK(publicPart(jwk), "ECDH-ES"));
}

function rsa15(plaintext, client) {
  const jwk = clientKey(client, "RSA") ?? generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
  const contentKey = randomBytes(32);
  const key = createPublicKey({ key: publicPart(jwk), format: "jwk" });
  const wrapped = publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, contentKey);
  return jwe({ alg: "RSA1_5", enc: "A256GCM", cty: "JWT", kid: jwk.kid }, wrapped, contentKey, plaintext);
}

// Each is given the signed token, its claims and the client, and returns what is sent in its place.
const envelopes = {
  "encrypted-unasked": ({ token, client }) => encrypt(token, client),
  "plain-where-encrypted": ({ token }) => token,
  "jwe-dir": ({ token, client }) =>
    jwe({ alg: "dir", enc: "A256GCM", cty: "JWT" }, Buffer.alloc(0), createHash("sha256").update(client.client_secret ?? "").digest(), token),
  "jwe-rsa1_5": ({ token, client }) => rsa15(token, client),
  // A count that would keep a client busy for minutes if it derived the key before it read the algorithm.
  "jwe-pbes2": ({ token }) =>
    jwe({ alg: "PBES2-HS256+A128KW", enc: "A256GCM", p2c: 2 ** 31 - 1, p2s: encode("salt-salt"), cty: "JWT" }, randomBytes(40), randomBytes(32), token),
  "jwe-inner-json": ({ claims, client }) => encrypt(JSON.stringify(claims), client),
  "jwe-inner-alg-none": ({ claims, client }) => encrypt(unsigned(claims), client),
};

const redirect = {
  "redirect-state-other": (q) => q.set("state", other(q.get("state"))),
  "redirect-state-missing": (q) => q.delete("state"),
  "redirect-iss-other": (q) => q.set("iss", `${q.get("iss")}/other`),
  "redirect-iss-missing": (q) => q.delete("iss"),
  "redirect-code-replayed": (q, { usedCode }) => usedCode && q.has("code") && q.set("code", usedCode),
};

// What is wrong in a document of JSON, beside the tokens in it.
const documents = {
  "discovery-iss-other": ["discovery", (document) => ({ ...document, issuer: `${document.issuer}/other` })],
  "jwks-no-keys": ["jwks", () => ({ keys: [] })],
  "token-without-id-token": ["token", (document) => without(document, "id_token")],
};
const broken = ["500", "slow", "garbage", "empty", "oversized", "redirected", "cut"];

const named = (prefix, table, make) => Object.entries(table).map(([name, run]) => [`${prefix}-${name}`, make(run)]);

// name → { place, ... }: at most one lie holds at each place.
export const lies = new Map([
  ...named("id-token", { ...anyToken, ...idTokenOnly }, (forge) => ({ place: "id_token", forge })),
  ...named("id-token", envelopes, (wrap) => ({ place: "id_token", wrap })),
  ...named("userinfo", { ...anyToken, ...userinfoOnly }, (forge) => ({ place: "userinfo", forge })),
  ...named("userinfo", envelopes, (wrap) => ({ place: "userinfo", wrap })),
  ...Object.entries(redirect).map(([name, change]) => [name, { place: "redirect", change }]),
  ...Object.entries(documents).map(([name, [endpoint, change]]) => [name, { place: `${endpoint} document`, change }]),
  ...["discovery", "jwks", "token", "userinfo"].flatMap((endpoint) =>
    broken.map((kind) => [`${endpoint}-${kind}`, { place: `${endpoint} answer`, kind }])),
]);
