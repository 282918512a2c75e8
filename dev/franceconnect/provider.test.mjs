// A plain client of the stand-in: what an honest sign-in gives, what is refused, and that each lie is told for good.
import assert from "node:assert/strict";
import { createHash, createHmac, generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, beforeEach, mock, test } from "node:test";
import { compactDecrypt, createLocalJWKSet, compactVerify, decodeJwt, decodeProtectedHeader, importJWK, SignJWT } from "jose";

import { aidantsConnect, faults, freshKeys, identities, lifetimes, startOtherProvider, startProvider } from "./provider.mjs";

const secret = randomBytes(32).toString("hex");
const redirectUri = "http://127.0.0.1:8080/france-connect/retour";
const logoutUri = "http://127.0.0.1:8080/france-connect/sortie";
const pair = (type, options, kid, alg) => {
  const keys = generateKeyPairSync(type, options);
  return { private: keys.privateKey, jwk: { ...keys.publicKey.export({ format: "jwk" }), kid, alg, use: "enc" } };
};
const ec = pair("ec", { namedCurve: "P-256" }, "client-ec", "ECDH-ES");
const rsa = pair("rsa", { modulusLength: 2048 }, "client-rsa", "RSA-OAEP");
const assertion = generateKeyPairSync("ec", { namedCurve: "P-256" });
const isoloir = { client_id: "isoloir", client_name: "Élections professionnelles", client_secret: secret, redirect_uris: [redirectUri], post_logout_redirect_uris: [logoutUri] };
const clients = [
  isoloir,
  { ...isoloir, client_id: "neighbour" },
  { ...isoloir, client_id: "rsa", alg: "RS256" },
  { ...isoloir, client_id: "without-aidants", aidants: false },
  {
    ...isoloir, client_id: "assertion", client_secret: undefined, token_endpoint_auth_method: "private_key_jwt",
    jwks: { keys: [{ ...assertion.publicKey.export({ format: "jwk" }), kid: "assertion", alg: "ES256", use: "sig" }] },
  },
];

const low = await startProvider({ clients });
const plus = await startProvider({ plus: true, clients: [{ ...isoloir, jwks: { keys: [ec.jwk, rsa.jwk] } }] });
const another = await startOtherProvider({ clients });
after(() => Promise.all([low, plus, another].map((provider) => provider.stop())));
beforeEach(() => {
  for (const provider of [low, plus, another]) {
    provider.truth();
    provider.requests.length = 0;
  }
});

// A browser: its cookies by name and path, no redirection followed by itself.
function browser() {
  const cookies = new Map();
  return async (url, options = {}) => {
    const { pathname } = new URL(url);
    const cookie = [...cookies.values()].filter(({ path }) => pathname.startsWith(path)).map(({ pair }) => pair).join("; ");
    const response = await fetch(url, { redirect: "manual", ...options, headers: { ...options.headers, ...(cookie && { cookie }) } });
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...rest] = line.split("; ");
      const path = rest.find((word) => word.startsWith("path="))?.slice(5) ?? "/";
      const gone = pair.endsWith("=") && cookies.delete(`${path} ${pair.split("=")[0]}`);
      if (!gone) cookies.set(`${path} ${pair.split("=")[0]}`, { path, pair });
    }
    return response;
  };
}

const known = new Map();
async function discover(provider) {
  if (!known.has(provider)) known.set(provider, await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json());
  return known.get(provider);
}
const random = () => randomBytes(24).toString("hex");
const question = (change = {}) => ({
  response_type: "code", client_id: "isoloir", redirect_uri: redirectUri, scope: "openid identite_pivot", acr_values: "eidas1",
  state: random(), nonce: random(), ...change,
});
const authorize = async (provider, parameters, visit = browser()) =>
  visit(`${(await discover(provider)).authorization_endpoint}?${new URLSearchParams(parameters)}`);

async function choose(provider, visit, response, answer) {
  const page = new URL(response.headers.get("location"), provider.origin).href;
  const html = await (await visit(page)).text();
  let next = await visit(page, { method: "POST", body: new URLSearchParams(answer) });
  while (next.headers.get("location")?.startsWith(provider.origin) || next.headers.get("location")?.startsWith("/")) {
    next = await visit(new URL(next.headers.get("location"), provider.origin).href);
  }
  return { html, next, back: next.headers.get("location") && new URL(next.headers.get("location")) };
}

async function signIn(provider, { identity = "E0001", abandon, visit = browser(), ...change } = {}) {
  const asked = question({ ...(provider === plus && { acr_values: "eidas2" }), ...change });
  const response = await authorize(provider, asked, visit);
  assert.equal(response.status, 303, await response.text());
  const { html, back } = await choose(provider, visit, response, abandon ? { abandon: "1" } : { identity });
  return { asked, html, back, visit, code: back.searchParams.get("code") };
}

async function redeem(provider, code, { asked = question(), authentication = { client_id: asked.client_id, client_secret: secret } } = {}) {
  const body = new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: redirectUri, ...authentication });
  return fetch((await discover(provider)).token_endpoint, { method: "POST", redirect: "manual", body });
}
const userinfo = async (provider, accessToken) =>
  fetch((await discover(provider)).userinfo_endpoint, { redirect: "manual", headers: { authorization: `Bearer ${accessToken}`, accept: "application/jwt" } });

async function whole(provider, options = {}) {
  const began = await signIn(provider, options);
  const tokens = await (await redeem(provider, began.code, began)).json();
  const answer = await userinfo(provider, tokens.access_token);
  return { ...began, tokens, idToken: tokens.id_token, type: answer.headers.get("content-type"), info: await answer.text() };
}

const keySet = async (provider) => (await fetch((await discover(provider)).jwks_uri)).json();
const verify = async (provider, token) => {
  const { payload } = await compactVerify(token, createLocalJWKSet(await keySet(provider)));
  return JSON.parse(new TextDecoder().decode(payload));
};
const opened = async (token) => new TextDecoder().decode((await compactDecrypt(token, ec.private)).plaintext);

test("discovery says what FranceConnect's says", async () => {
  const document = await discover(low);
  assert.equal(document.issuer, `${low.origin}/api/v2`);
  for (const [name, path] of Object.entries({
    authorization_endpoint: "/authorize", token_endpoint: "/token", userinfo_endpoint: "/userinfo", jwks_uri: "/jwks", end_session_endpoint: "/session/end",
  })) assert.equal(document[name], low.issuer + path);
  assert.deepEqual(document.acr_values_supported, ["eidas1"]);
  assert.deepEqual(document.subject_types_supported, ["pairwise"]);
  assert.deepEqual(document.token_endpoint_auth_methods_supported, ["client_secret_post", "private_key_jwt"]);
  assert.deepEqual([...document.id_token_signing_alg_values_supported].sort(), ["ES256", "HS256", "RS256"]);
  assert.equal(document.authorization_response_iss_parameter_supported, true);
  assert.deepEqual((await discover(plus)).acr_values_supported, ["eidas2", "eidas3"]);
  assert.ok((await discover(plus)).id_token_encryption_alg_values_supported.includes("ECDH-ES"));
});

test("an honest sign-in", async () => {
  const { asked, back, idToken, tokens, info, type } = await whole(low);
  assert.equal(back.origin + back.pathname, redirectUri);
  assert.deepEqual([...back.searchParams.keys()].sort(), ["code", "iss", "state"]);
  assert.equal(back.searchParams.get("state"), asked.state);
  assert.equal(back.searchParams.get("iss"), low.issuer);
  assert.equal(tokens.expires_in, 60);
  assert.equal(tokens.refresh_token, undefined);

  const claims = await verify(low, idToken);
  assert.deepEqual(Object.keys(claims).sort(), ["acr", "aud", "auth_time", "exp", "iat", "iss", "nonce", "sub"]);
  assert.equal(decodeProtectedHeader(idToken).alg, "ES256");
  assert.equal(claims.iss, low.issuer);
  assert.equal(claims.aud, "isoloir");
  assert.equal(claims.nonce, asked.nonce);
  assert.equal(claims.acr, "eidas1");
  assert.equal(claims.exp - claims.iat, 60);
  assert.match(claims.sub, /^[0-9a-f]{64}v1$/);

  assert.match(type, /^application\/jwt/);
  const { exp, iat, ...person } = await verify(low, info);
  assert.deepEqual(person, {
    sub: claims.sub, aud: "isoloir", iss: low.issuer, given_name: "Camille", given_name_array: ["Camille"], family_name: "ÉLECTEUR",
    gender: "female", birthdate: "1985-02-28", birthplace: "75056", birthcountry: "99100",
  });
});

test("the other signature, the key of the client, and the pairwise identifier", async () => {
  const signed = await whole(low, { client_id: "rsa" });
  assert.equal(decodeProtectedHeader(signed.idToken).alg, "RS256");
  assert.equal(decodeProtectedHeader(signed.info).alg, "RS256");
  await verify(low, signed.idToken);

  const subs = [];
  for (const client_id of ["isoloir", "neighbour", "isoloir"]) subs.push(decodeJwt((await whole(low, { client_id })).idToken).sub);
  assert.equal(subs[0], subs[2]);
  assert.notEqual(subs[0], subs[1]);

  const began = await signIn(low, { client_id: "assertion" });
  const jwt = await new SignJWT({ jti: random() }).setProtectedHeader({ alg: "ES256", kid: "assertion" })
    .setIssuer("assertion").setSubject("assertion").setAudience(low.issuer).setIssuedAt().setExpirationTime("1m").sign(assertion.privateKey);
  const authentication = { client_id: "assertion", client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", client_assertion: jwt };
  assert.equal((await redeem(low, began.code, { authentication })).status, 200);
  assert.equal(low.requests.at(-1).authentication, "private_key_jwt");
});

test("amr is told to who asks for it", async () => {
  const { idToken } = await whole(low, { claims: JSON.stringify({ id_token: { amr: { essential: true } } }) });
  assert.deepEqual(decodeJwt(idToken).amr, ["fc", "pwd"]);
});

test("FranceConnect+ encrypts to the client's key", async () => {
  const { idToken, info, asked } = await whole(plus);
  for (const token of [idToken, info]) {
    const { alg, enc, kid, cty } = decodeProtectedHeader(token);
    assert.deepEqual({ alg, enc, kid, cty }, { alg: "ECDH-ES", enc: "A256GCM", kid: "client-ec", cty: "JWT" });
  }
  const claims = await verify(plus, await opened(idToken));
  assert.equal(claims.acr, "eidas2");
  assert.equal(claims.nonce, asked.nonce);
  assert.equal((await verify(plus, await opened(info))).family_name, "ÉLECTEUR");
  assert.equal(decodeJwt(await opened((await whole(plus, { acr_values: "eidas3" })).idToken)).acr, "eidas3");
});

test("the page: French, labelled, without scripts, each button found by its name", async () => {
  const response = await authorize(low, question());
  const visit = browser();
  const again = await authorize(low, question(), visit);
  assert.equal(response.status, 303);
  const page = await visit(new URL(again.headers.get("location"), low.origin).href);
  const policy = page.headers.get("content-security-policy");
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /script-src|unsafe/);
  assert.match(policy, /form-action 'self' http:\/\/127\.0\.0\.1:8080/);
  const html = await page.text();
  assert.match(html, /<html lang="fr">/);
  assert.match(html, /FranceConnect — service de démonstration, aucune identité réelle/);
  assert.match(html, /Élections professionnelles/);
  assert.match(html, />Abandonner</);
  assert.doesNotMatch(html, /<script|<img|<svg/);
  const hash = createHash("sha256").update(/<style>(.*)<\/style>/s.exec(html)[1]).digest("base64");
  assert.ok(policy.includes(`'sha256-${hash}'`), "the browser applies the style");
  for (const { label } of identities) {
    assert.equal(identities.filter((one) => one.label.includes(label)).length, 1, `${label} names one button only`);
  }
});

test("abandoning comes back with access_denied", async () => {
  const { back, asked } = await signIn(low, { abandon: true });
  assert.equal(back.searchParams.get("error"), "access_denied");
  assert.equal(back.searchParams.get("error_description"), "User auth aborted");
  assert.equal(back.searchParams.get("state"), asked.state);
  assert.equal(back.searchParams.get("code"), null);
});

test("the identities: those of the roll, and those that are not", async () => {
  const [header, ...rows] = readFileSync("portals/education/roll.csv", "utf8").trimEnd().split("\n").map((line) => line.split(";"));
  const roll = new Map(rows.map((row) => [row[0], Object.fromEntries(header.map((name, i) => [name, row[i]]))]));
  const plain = (text) => text.replace(/œ/gi, "oe").normalize("NFD").replace(/\p{M}/gu, "").toUpperCase();
  const key = (person) => [plain(person.family_name), plain(person.given_name_array.join(" ")), person.gender, person.birthdate, person.birthplace, person.birthcountry].join(";");
  const voters = new Map([...roll.values()].map((voter) => [
    [plain(voter.nom_naissance), plain(voter.prenoms), voter.sexe === "F" ? "female" : "male", voter.date_naissance, voter.commune_naissance, voter.pays_naissance].join(";"),
    voter.identifiant,
  ]));
  for (const person of identities) {
    if (/^E\d+$/.test(person.id)) assert.equal(voters.get(key(person)), person.id);
    else if (person.aidants) assert.equal(voters.get(key(person)), "E0008");
    else assert.equal(voters.get(key(person)), undefined, `${person.id} is no voter`);
  }
});

test("presumed dates and a birth abroad", async () => {
  const scope = "openid identite_pivot idp_birthdate";
  const read = async (provider, identity) => decodeJwt(provider === plus ? await opened((await whole(provider, { identity, scope })).info) : (await whole(provider, { identity, scope })).info);
  const both = await read(low, "E0012");
  assert.deepEqual([both.birthdate, both.idp_birthdate, both.birthplace, both.birthcountry], ["1970-01-01", "1970-00-00", "", "99134"]);
  assert.equal((await read(low, "E0013")).birthdate, "1981-09-01");
  assert.equal((await read(plus, "E0012")).birthdate, "1970-00-00");
  assert.equal((await read(plus, "E0013")).birthdate, "1981-09-00");
});

test("an aide of Aidants Connect is known by idp_id, and a service can do without", async () => {
  const aided = decodeJwt((await whole(low, { identity: "aidants", scope: "openid identite_pivot idp_id" })).info);
  assert.equal(aided.idp_id, aidantsConnect);
  assert.equal(aided.family_name, "SCRUTATEUR");
  assert.notEqual(decodeJwt((await whole(low, { scope: "openid idp_id" })).info).idp_id, aidantsConnect);
  assert.equal(decodeJwt((await whole(low, { identity: "aidants" })).info).idp_id, undefined, "not told when not asked");
  const refused = await signIn(low, { client_id: "without-aidants", identity: "aidants" });
  assert.match(refused.html, /value="aidants" disabled/);
  assert.equal(refused.back.searchParams.get("error"), "access_denied");
  assert.doesNotMatch((await signIn(plus)).html, /Aidants Connect/);
});

test("authorize refuses with a page of error, 400", async () => {
  const refused = async (change) => {
    const asked = question(change);
    for (const name of Object.keys(asked)) if (asked[name] === undefined) delete asked[name];
    const response = await authorize(low, asked);
    assert.equal(response.status, 400, JSON.stringify(change));
    assert.equal(response.headers.get("location"), null);
    assert.match(await response.text(), /Connexion refusée/);
  };
  for (const name of ["response_type", "client_id", "redirect_uri", "scope", "acr_values", "state", "nonce"]) await refused({ [name]: undefined });
  for (const extra of [
    { code_challenge: random(), code_challenge_method: "S256" }, { login_hint: "x" }, { max_age: "0" }, { response_mode: "form_post" }, { request: "x" },
    { display: "page" }, { resource: "https://x.example" }, { id_token_hint: "x" }, { anything: "x" },
  ]) await refused(extra);
  for (const short of ["state", "nonce"]) await refused({ [short]: "x".repeat(31) });
  await refused({ response_type: "token" });
  await refused({ prompt: "none" });
  await refused({ client_id: "unknown" });
  await refused({ redirect_uri: "http://127.0.0.1:8080/other" });
  const twice = await fetch(`${low.issuer}/authorize?${new URLSearchParams(question())}&state=${random()}`, { redirect: "manual" });
  assert.equal(twice.status, 400);
  const posted = await fetch(`${low.issuer}/authorize`, { method: "POST", redirect: "manual", body: new URLSearchParams(question()) });
  assert.equal(posted.status, 303, "by POST too");
  for (const fine of [{ prompt: "login" }, { prompt: "consent login" }, { ui_locales: "fr" }, { idp_hint: "x" }, { acr_values: "eidas9 eidas1" }, { scope: "birth openid profile" }]) {
    assert.equal((await authorize(low, question(fine))).status, 303, JSON.stringify(fine));
  }
});

test("each sign-in chooses its identity anew", async () => {
  const visit = browser();
  const first = decodeJwt((await whole(low, { visit })).idToken);
  const second = decodeJwt((await whole(low, { visit, identity: "E0002" })).idToken);
  assert.notEqual(first.sub, second.sub);
});

test("a code serves once, for 30 seconds, to its client; an access token as long as the consent", async (t) => {
  assert.deepEqual([lifetimes.AuthorizationCode, lifetimes.AccessToken], [30, 60]);
  const once = await signIn(low);
  assert.equal((await redeem(low, once.code)).status, 200);
  const again = await redeem(low, once.code);
  assert.equal(again.status, 400);
  assert.equal((await again.json()).error, "invalid_grant");
  const stolen = await signIn(low);
  assert.equal((await (await redeem(low, stolen.code, { asked: { client_id: "neighbour" } })).json()).error, "invalid_grant");
  const badly = await redeem(low, (await signIn(low)).code, { authentication: { client_id: "isoloir", client_secret: "wrong" } });
  assert.equal(badly.status, 401);
  assert.equal((await badly.json()).error, "invalid_client");

  mock.timers.enable({ apis: ["Date"], now: Date.now() });
  t.after(() => mock.timers.reset());
  const late = await signIn(low);
  const inTime = await signIn(low);
  mock.timers.tick(29_000);
  const { access_token: accessToken } = await (await redeem(low, inTime.code)).json();
  assert.equal((await userinfo(low, accessToken)).status, 200);
  mock.timers.tick(2_000);
  assert.equal((await (await redeem(low, late.code)).json()).error, "invalid_grant");
  // FranceConnect's consent lives 30 seconds, and its end is that of the access token, whatever expires_in says.
  assert.equal((await userinfo(low, accessToken)).status, 401);
});

test("logout comes back with the state and closes the session", async () => {
  const { visit, idToken } = await whole(low);
  const state = random();
  const leave = (change) => visit(`${low.issuer}/session/end?${new URLSearchParams({ id_token_hint: idToken, state, post_logout_redirect_uri: logoutUri, ...change })}`);
  const refused = await leave({ post_logout_redirect_uri: "http://127.0.0.1:8080/other" });
  assert.equal(refused.status, 400);
  const left = await leave();
  assert.equal(left.status, 303);
  assert.equal(left.headers.get("location"), `${logoutUri}?state=${state}`);
  assert.equal((await leave()).headers.get("location"), `${logoutUri}?state=${state}`, "once more, without a session");
});

test("what the client sent is kept", async () => {
  await whole(low);
  const of = (endpoint) => low.requests.find((request) => request.endpoint === endpoint);
  assert.equal(of("authorization").parameters.acr_values, "eidas1");
  assert.ok(!("code_challenge" in of("authorization").parameters));
  assert.deepEqual([of("token").method, of("token").authentication, of("token").parameters.grant_type], ["POST", "client_secret_post", "authorization_code"]);
  assert.deepEqual([of("userinfo").authentication, of("userinfo").accept], ["bearer", "application/jwt"]);
  assert.ok(low.requests.every(({ url }) => !url.includes(secret)));
});

test("keys are rotated: announced, without overlap, not announced", async (t) => {
  const own = await startProvider({ clients: [isoloir] });
  t.after(() => own.stop());
  const before = await keySet(own);
  const { idToken: old, visit } = await whole(own);
  own.rotateKeys({ announce: true });
  const { idToken } = await whole(own);
  await verify(own, idToken);
  await verify(own, old);
  await assert.rejects(compactVerify(idToken, createLocalJWKSet(before)), { code: "ERR_JWKS_NO_MATCHING_KEY" });
  own.rotateKeys({ overlap: false });
  await assert.rejects(verify(own, idToken), { code: "ERR_JWKS_NO_MATCHING_KEY" });
  await verify(own, (await whole(own)).info);
  own.rotateKeys({ announce: false });
  await assert.rejects(verify(own, (await whole(own)).idToken), { code: "ERR_JWKS_NO_MATCHING_KEY" });
  const leave = await visit(`${own.issuer}/session/end?${new URLSearchParams({ id_token_hint: old, state: "x", post_logout_redirect_uri: logoutUri })}`);
  assert.equal(leave.status, 303, "an old token still closes the session");
});

test("down, then up at the same address; a given key set outlives a restart", async (t) => {
  const keys = freshKeys();
  const own = await startProvider({ clients: [isoloir], keys });
  await own.down();
  await assert.rejects(fetch(own.issuer));
  await own.up();
  const { idToken } = await whole(own);
  await own.stop();
  const next = await startProvider({ clients: [isoloir], keys });
  t.after(() => next.stop());
  await verify(next, idToken);
  await assert.rejects(startProvider({ clients, host: "0.0.0.0" }), /loopback/);
});

test("another provider, of other ways", async () => {
  const document = await discover(another);
  assert.equal(document.authorization_response_iss_parameter_supported, undefined);
  const { back, idToken, info, tokens } = await whole(another);
  assert.equal(back.searchParams.get("iss"), null);
  assert.equal(decodeProtectedHeader(idToken).alg, "RS256");
  assert.equal(decodeProtectedHeader(info).alg, "RS256");
  const claims = await verify(another, idToken);
  assert.equal(claims.at_hash, createHash("sha256").update(tokens.access_token).digest().subarray(0, 16).toString("base64url"));
  assert.equal((await verify(another, info)).sub, claims.sub);
  const { code_challenge: challenge, ...rest } = { ...question(), code_challenge: createHash("sha256").update("x".repeat(43)).digest("base64url") };
  assert.equal((await authorize(another, { ...rest, code_challenge: challenge, code_challenge_method: "S256" })).status, 303, "it takes PKCE");
});

// The lies.
const told = new Set();
const lying = async (name, provider = low, options) => {
  told.add(name);
  provider.lie(name);
  const result = await whole(provider, options);
  provider.truth();
  return result;
};
const trusted = async (provider, token) => verify(provider, token).then(() => true, () => false);
const now = () => Date.now() / 1000;

// What is seen in the token: { header, claims }, and whether the provider's published keys vouch for it.
const seen = {
  "alg-none": ({ token, header }) => assert.ok(header.alg === "none" && token.endsWith(".")),
  "hs256": ({ token, header }) => {
    const [head, body, mac] = token.split(".");
    assert.equal(header.alg, "HS256");
    assert.equal(mac, createHmac("sha256", secret).update(`${head}.${body}`).digest("base64url"));
  },
  "hs256-public-key": ({ header }) => assert.equal(header.alg, "HS256"),
  "jku": async ({ token, header }) => {
    assert.ok(header.jku.startsWith(low.origin));
    await compactVerify(token, createLocalJWKSet(await (await fetch(header.jku)).json()));
  },
  "jwk": async ({ token, header }) => compactVerify(token, await importJWK(header.jwk, header.alg)),
  "x5u": ({ header }) => assert.ok(header.x5u),
  "unknown-kid": async ({ header }) => assert.ok(!(await keySet(low)).keys.some(({ kid }) => kid === header.kid)),
  "wrong-key": async ({ header }) => assert.ok((await keySet(low)).keys.some(({ kid }) => kid === header.kid)),
  "altered-after-signature": async ({ header }) => assert.ok((await keySet(low)).keys.some(({ kid }) => kid === header.kid)),
};
// In these the provider's own key vouches for what is false.
const vouched = {
  "no-kid": ({ header }) => assert.ok(!("kid" in header)),
  "aud-other": ({ claims }) => assert.equal(claims.aud, "another-client"),
  "aud-array-azp": ({ claims }) => assert.deepEqual([claims.aud, claims.azp], [["isoloir", "another-client"], "another-client"]),
  "expired": ({ claims }) => assert.ok(claims.exp < now() - 3000),
  "issued-in-the-future": ({ claims }) => assert.ok(claims.iat > now() + 3000),
  "iss-other": ({ claims }) => assert.equal(claims.iss, `${low.issuer}/other`),
  "iss-missing": ({ claims }) => assert.ok(!("iss" in claims)),
  "sub-missing": ({ claims }) => assert.ok(!("sub" in claims)),
  "sub-not-a-string": ({ claims }) => assert.equal(claims.sub, 42),
  "times-not-numbers": ({ claims }) => assert.ok(typeof claims.exp === "string" && Array.isArray(claims.iat)),
};
const vouchedIdToken = {
  "exp-missing": ({ claims }) => assert.ok(!("exp" in claims)),
  "nonce-other": ({ claims, asked }) => assert.ok(claims.nonce && claims.nonce !== asked.nonce),
  "nonce-missing": ({ claims }) => assert.ok(!("nonce" in claims)),
  "acr-lower": ({ claims }) => assert.equal(claims.acr, "eidas0"),
  "acr-missing": ({ claims }) => assert.ok(!("acr" in claims)),
};
const vouchedUserinfo = {
  "sub-swapped": ({ claims, honest }) => assert.ok(claims.sub !== honest.sub && claims.family_name === "ÉLECTEUR"),
  "of-someone-else": ({ claims, honest }) => assert.ok(claims.sub !== honest.sub && claims.family_name === "VOTANT"),
  "without-identity": ({ claims }) => assert.deepEqual(Object.keys(claims), ["sub", "aud", "iss"]),
  "identity-not-strings": ({ claims }) => assert.ok(Array.isArray(claims.family_name)),
};

for (const [place, table, signedByOwn] of [
  ["id-token", seen, false], ["id-token", { ...vouched, ...vouchedIdToken }, true],
  ["userinfo", seen, false], ["userinfo", { ...vouched, ...vouchedUserinfo }, true],
]) {
  test(`lies in the ${place}, ${signedByOwn ? "well signed" : "badly signed"}`, async () => {
    for (const [name, check] of Object.entries(table)) {
      const { asked, idToken, info } = await lying(`${place}-${name}`);
      const [token, beside] = place === "id-token" ? [idToken, info] : [info, idToken];
      const found = { token, asked, header: decodeProtectedHeader(token), claims: decodeJwt(token), honest: decodeJwt(beside) };
      await check(found);
      // A token of an unknown kid is signed with the right key, which nobody can tell from its header.
      assert.equal(await trusted(low, token), signedByOwn, name);
      assert.ok(await trusted(low, beside), "the other token stays honest");
    }
  });
}

test("userinfo unsigned", async () => {
  const { type, info } = await lying("userinfo-unsigned-json");
  assert.equal(type, "application/json");
  assert.equal(JSON.parse(info).family_name, "ÉLECTEUR");
});

test("lies in the envelope", async () => {
  for (const place of ["id-token", "userinfo"]) {
    const tokenOf = async (name, provider) => {
      const result = await lying(`${place}-${name}`, provider);
      return place === "id-token" ? result.idToken : result.info;
    };
    assert.equal((await tokenOf("encrypted-unasked", low)).split(".").length, 5);
    assert.ok(await trusted(plus, await tokenOf("plain-where-encrypted", plus)));
    const headers = {};
    for (const name of ["jwe-dir", "jwe-rsa1_5", "jwe-pbes2"]) headers[name] = decodeProtectedHeader(await tokenOf(name, plus));
    assert.deepEqual(Object.values(headers).map(({ alg }) => alg), ["dir", "RSA1_5", "PBES2-HS256+A128KW"]);
    assert.equal(headers["jwe-pbes2"].p2c, 2 ** 31 - 1);
    const own = createHash("sha256").update(secret).digest();
    const dir = new TextDecoder().decode((await compactDecrypt(await tokenOf("jwe-dir", plus), own)).plaintext);
    assert.ok(await trusted(plus, dir));
    assert.ok(JSON.parse(await opened(await tokenOf("jwe-inner-json", plus))).sub);
    assert.equal(decodeProtectedHeader(await opened(await tokenOf("jwe-inner-alg-none", plus))).alg, "none");
    assert.equal(decodeJwt(await opened(await tokenOf("iss-other", plus))).iss, `${plus.issuer}/other`, "a lie is encrypted as the truth is");
  }
});

test("lies in the redirection", async () => {
  const back = async (name) => {
    told.add(name);
    low.lie(name);
    const result = await signIn(low);
    low.truth();
    return { ...result, query: result.back.searchParams };
  };
  const { query, asked } = await back("redirect-state-other");
  assert.notEqual(query.get("state"), asked.state);
  assert.equal((await back("redirect-state-missing")).query.get("state"), null);
  assert.equal((await back("redirect-iss-other")).query.get("iss"), `${low.issuer}/other`);
  assert.equal((await back("redirect-iss-missing")).query.get("iss"), null);
  const { code } = await signIn(low);
  assert.equal((await redeem(low, code)).status, 200);
  const replayed = await back("redirect-code-replayed");
  assert.equal(replayed.code, code);
  assert.equal((await (await redeem(low, code)).json()).error, "invalid_grant");
});

test("who has gone before the answer is no error of the provider's", async (t) => {
  const said = t.mock.method(console, "error", () => {});
  const document = await discover(low);
  const places = { discovery: `${low.issuer}/.well-known/openid-configuration`, jwks: document.jwks_uri };
  for (const [endpoint, url] of Object.entries(places)) {
    low.lie(`${endpoint}-slow`);
    const before = low.requests.length;
    const gone = new AbortController();
    const answer = fetch(url, { signal: gone.signal });
    while (low.requests.length === before) await new Promise(setImmediate);
    gone.abort();
    await assert.rejects(answer);
    await new Promise(setImmediate);
    low.truth();
    assert.equal((await fetch(url)).status, 200);
  }
  assert.equal(said.mock.callCount(), 0, String(said.mock.calls[0]?.arguments[0]));
});

test("endpoints that break", async () => {
  const document = await discover(low);
  const began = await signIn(low);
  const { access_token: accessToken } = await (await redeem(low, began.code)).json();
  const call = {
    discovery: () => fetch(`${low.issuer}/.well-known/openid-configuration`, { redirect: "manual" }),
    jwks: () => fetch(document.jwks_uri, { redirect: "manual" }),
    token: (code = "x") => fetch(document.token_endpoint, { method: "POST", redirect: "manual", body: new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: redirectUri, client_id: "isoloir", client_secret: secret }) }),
    userinfo: () => fetch(document.userinfo_endpoint, { redirect: "manual", headers: { authorization: `Bearer ${accessToken}` } }),
  };
  for (const endpoint of Object.keys(call)) {
    const broken = (kind) => {
      told.add(`${endpoint}-${kind}`);
      low.lie(`${endpoint}-${kind}`);
      return call[endpoint]();
    };
    assert.equal((await broken("500")).status, 500);
    await assert.rejects(async () => (await broken("garbage")).json(), SyntaxError);
    assert.equal(await (await broken("empty")).text(), "");
    assert.equal((await broken("redirected")).headers.get("location"), `${low.origin}/elsewhere/${endpoint}`);
    await assert.rejects(async () => (await broken("cut")).text());
    const waiting = broken("slow");
    assert.equal(await Promise.race([waiting.then(() => "answered"), new Promise((done) => setTimeout(done, 50, "silent"))]), "silent");
    low.truth();
    assert.ok((await waiting).status < 500, "answers when it is told to");
  }
  for (const endpoint of ["discovery", "jwks", "userinfo"]) {
    told.add(`${endpoint}-oversized`);
    low.lie(`${endpoint}-oversized`);
    assert.ok((await (await call[endpoint]()).text()).length > 10 * 2 ** 20);
    low.truth();
  }
  const fresh = await signIn(low);
  told.add("token-oversized");
  low.lie("token-oversized");
  const text = await (await call.token(fresh.code)).text();
  assert.ok(text.length > 10 * 2 ** 20);
  assert.ok(JSON.parse(text).id_token, "all of it is there, behind the padding");
  low.truth();
  const documentUnder = async (name, answer) => {
    told.add(name);
    low.lie(name);
    return (await answer()).json();
  };
  assert.notEqual((await documentUnder("discovery-iss-other", call.discovery)).issuer, low.issuer);
  assert.deepEqual(await documentUnder("jwks-no-keys", call.jwks), { keys: [] });
  const { code } = await signIn(low);
  const bare = await documentUnder("token-without-id-token", () => call.token(code));
  assert.ok(bare.access_token && !("id_token" in bare));
});

test("every lie was told above, and an unknown name is an error", () => {
  assert.deepEqual(faults.filter((name) => !told.has(name)), []);
  assert.throws(() => low.lie("unheard-of"), /no lie/);
});

test("the program says one line, serves, and ends when it is told to", async () => {
  const program = spawn(process.execPath, ["dev/franceconnect/main.mjs", "--port", "0", "--client-id", "isoloir", "--redirect-uri", redirectUri, "--post-logout-uri", logoutUri], {
    env: { ...process.env, FRANCECONNECT_SECRET: secret }, stdio: ["ignore", "pipe", "ignore"],
  });
  program.stdout.setEncoding("utf8");
  const [line] = await once(program.stdout, "data");
  const issuer = /^FranceConnect \(démonstration, aucune identité réelle\) : (\S+)\n$/.exec(line)[1];
  assert.equal((await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()).issuer, issuer);
  program.kill("SIGTERM");
  assert.deepEqual(await once(program, "exit"), [0, null]);
});
