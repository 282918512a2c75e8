// A stand-in for FranceConnect, for tests and for the demonstration: a development service on the loopback, whose
// identities are fictional. The engine answers; this file stands before it, refuses what FranceConnect refuses, shows
// the screen where an identity is chosen, keeps what the client sent, and lies when it is told to.
//
//   const provider = await startProvider({ clients: [{ client_id, client_secret, redirect_uris, post_logout_redirect_uris }] });
//   provider.lie("id-token-alg-none");  // until provider.truth()
//
// Further options: plus (FranceConnect+), people (in the place of identities.json), presumed ("00" or "01", see claimsOf),
// keys (a private key set, so that a second start is the same provider), log (a function of one line).
// A client may also have: client_name, scope (what it may ask for), alg ("RS256"), jwks (its public keys: FranceConnect+
// encrypts to the EC one), token_endpoint_auth_method ("private_key_jwt"), aidants (false: not offered to it).
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { decodeJwt } from "jose";

import { another, claimsOf, engine, franceConnect, franceConnectPlus, memory, subject } from "./engine.mjs";
import { encrypt, lies, publicPart, sign } from "./lies.mjs";
import { choicePage, errorPage, headers as pageHeaders } from "./pages.mjs";

export { aidantsConnect, lifetimes } from "./engine.mjs";
export const faults = [...lies.keys()];
export const identities = JSON.parse(readFileSync(new URL("identities.json", import.meta.url), "utf8"));

export const startProvider = (options) => start(options.plus ? franceConnectPlus : franceConnect, options);
export const startOtherProvider = (options) => start(another, options);

const oversize = 10 * 2 ** 20;
const authorizeParameters = new Set([
  "response_type", "client_id", "redirect_uri", "scope", "acr_values", "state", "nonce", "prompt", "claims", "idp_hint", "ui_locales",
]);
const mandatory = ["response_type", "client_id", "redirect_uri", "scope", "acr_values", "state", "nonce"];
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

function freshKey(alg) {
  const { privateKey } = alg === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomBytes(8).toString("hex"), alg, use: "sig" };
}
export const freshKeys = () => [freshKey("ES256"), freshKey("RS256")];

// Why FranceConnect shows its page of error instead of sending the browser back; undefined when it does not.
function refusal(parameters) {
  for (const name of Object.keys(parameters)) if (!authorizeParameters.has(name)) return `${name} is not a parameter of authorize`;
  for (const [name, value] of Object.entries(parameters)) if (Array.isArray(value)) return `${name} comes twice`;
  for (const name of mandatory) if (!parameters[name]) return `${name} is missing`;
  // Its documentation asks for 32 characters of both; its code refuses a nonce under 22 only.
  for (const name of ["state", "nonce"]) if (parameters[name].length < 32) return `${name} is shorter than 32 characters`;
  if (parameters.response_type !== "code") return "response_type is not code";
  if (!(parameters.prompt ?? "").split(" ").filter(Boolean).every((word) => word === "login" || word === "consent")) return "prompt is neither login nor consent";
}

function parsed(query) {
  const parameters = {};
  for (const [name, value] of new URLSearchParams(query)) {
    parameters[name] = name in parameters ? [parameters[name], value].flat() : value;
  }
  return parameters;
}

function clientAuthentication(request, parameters) {
  const authorization = request.headers.authorization ?? "";
  if (/^basic /i.test(authorization)) return "client_secret_basic";
  if (/^bearer /i.test(authorization)) return "bearer";
  if (parameters.client_assertion_type === assertionType) return "private_key_jwt";
  return "client_secret" in parameters ? "client_secret_post" : "none";
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

// Every sign-in stands by itself: the engine would ask about a session of somebody else in the same browser.
function withoutSession(headers) {
  const cookies = (headers.cookie ?? "").split("; ").filter((pair) => !pair.startsWith("_session"));
  return { ...headers, cookie: cookies.join("; ") };
}

// The request once more for the engine, which reads the body itself and knows nothing of the prefix.
function forEngine(request, body, { url, prefix, method = request.method, headers = request.headers }) {
  const copy = Readable.from(body.length ? [body] : [], { objectMode: false });
  return Object.assign(copy, { method, headers, socket: request.socket, httpVersion: "1.1", originalUrl: url, url: url.slice(prefix.length) || "/" });
}

// Holds back what the engine writes, and hands it over to be changed before it leaves.
function held(response, change) {
  const chunks = [];
  const end = response.end.bind(response);
  response.write = (chunk) => chunks.push(Buffer.from(chunk)) > 0;
  response.end = (chunk) => {
    if (chunk) chunks.push(Buffer.from(chunk));
    const answer = { status: response.statusCode, headers: response.getHeaders(), body: Buffer.concat(chunks) };
    Promise.resolve(change(answer)).then(
      ({ status, headers, body }) => {
        response.statusCode = status;
        for (const name of response.getHeaderNames()) if (!(name in headers)) response.removeHeader(name);
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        if (body.length || response.hasHeader("content-length")) response.setHeader("content-length", body.length);
        end(body);
      },
      (error) => {
        console.error(error);
        response.destroy();
      },
    );
    return response;
  };
  return response;
}

async function start(profile, { port = 0, host = "127.0.0.1", clients, plus = false, keys = freshKeys(), people: offered = identities, presumed, log = () => {} }) {
  if (!["127.0.0.1", "::1", "localhost"].includes(host)) throw new Error("a stand-in listens on the loopback only");
  const people = new Map(offered.map((person) => [person.id, person]));
  const registered = new Map(clients.map((client) => [client.client_id, client]));
  // As in FranceConnect: Aidants Connect is no part of FranceConnect+, and a service can have it closed.
  const mayChoose = (person, client) => !person.aidants || (!plus && client.aidants !== false);
  const foreign = { jwk: freshKey(profile.alg), alg: profile.alg };
  const internal = randomBytes(16).toString("hex");
  const store = memory();
  const cookieKeys = [randomBytes(32).toString("hex")];
  const requests = [];
  const lying = new Map();
  let release = deferred();
  let usedCode;
  let lastCode;

  const server = createServer((request, response) =>
    answer(request, response).catch((error) => {
      console.error(error);
      response.destroy();
    }));
  server.listen(port, host);
  await once(server, "listening");
  const bound = server.address().port;
  const origin = `http://${host.includes(":") ? `[${host}]` : host}:${bound}`;
  const issuer = origin + profile.prefix;

  // Two engines over one memory: FranceConnect+ encrypts, and a lie is put in before encryption.
  let published;
  let serving;
  function serve(signingKeys, announced = signingKeys) {
    const build = (encrypted) => {
      const made = engine({ profile, issuer, clients, people, keys: signingKeys, store, cookieKeys, plus, encrypted, presumed });
      return { made, handle: made.callback() };
    };
    const clear = build(false);
    serving = { keys: signingKeys, clear, native: plus ? build(true) : clear };
    published = announced.map(publicPart);
  }
  serve(keys);

  const keyFor = (client) => {
    const alg = client.alg ?? profile.alg;
    return { alg, jwk: serving.keys.find((jwk) => jwk.alg === alg) };
  };

  function endpointOf(path) {
    const local = path.startsWith(`${profile.prefix}/`) ? path.slice(profile.prefix.length) : "";
    if (local === "/.well-known/openid-configuration") return "discovery";
    if (local.startsWith("/interaction/")) return "interaction";
    return Object.keys(profile.routes).find((name) => profile.routes[name] === local) ?? (local.startsWith(profile.routes.authorization) ? "resume" : undefined);
  }

  function keep(request, body, url) {
    const form = (request.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
    const parameters = { ...parsed(url.search), ...(form && parsed(body.toString())) };
    const entry = {
      method: request.method, path: url.pathname, url: request.url, endpoint: endpointOf(url.pathname), parameters,
      authentication: clientAuthentication(request, parameters), accept: request.headers.accept, headers: request.headers,
    };
    requests.push(entry);
    if (requests.length > 1000) requests.shift();
    log(`${entry.method} ${entry.path}`);
    return entry;
  }

  async function answer(request, response) {
    const body = await bodyOf(request);
    const url = new URL(request.url, origin);
    const inner = request.headers["x-stand-in"] === internal;
    const entry = inner ? { endpoint: endpointOf(url.pathname), parameters: {} } : keep(request, body, url);
    if (url.pathname.startsWith("/foreign/")) return send(response, 200, "application/json", JSON.stringify({ keys: [publicPart(foreign.jwk)] }));
    if (url.pathname.startsWith("/elsewhere/")) return send(response, 200, "application/json", "{}");
    if (!entry.endpoint && !url.pathname.startsWith(`${profile.prefix}/`)) return send(response, 404, "text/plain", "nothing here");

    const kind = lying.get(`${entry.endpoint} answer`)?.kind;
    if (kind === "slow") await release.promise;
    else if (kind && kind !== "oversized") return breakdown(response, entry.endpoint, kind);
    if (entry.endpoint === "interaction") return interaction(request, body, response);
    if (entry.endpoint === "end_session" && !inner) return signOut(request, body, response);

    let target = request.url;
    if (entry.endpoint === "authorization") {
      const why = profile.strict && refusal(entry.parameters);
      if (why) return page(response, 400, errorPage({ error: "invalid_request", error_description: why }));
      target = `${url.pathname}?${asked(entry.parameters)}`;
      if (request.method === "POST") return forward(request, Buffer.alloc(0), response, target, { method: "GET" });
    }
    return forward(request, body, response, target, {});
  }

  // As FranceConnect does: everyone signs in anew, and an unknown level is made the service's own.
  function asked(parameters) {
    if (!profile.strict) return new URLSearchParams(parameters);
    const level = parameters.acr_values.split(" ").find((value) => profile.acr.includes(value)) ?? profile.acr[0];
    const { idp_hint, ui_locales, ...rest } = parameters;
    return new URLSearchParams({ ...rest, acr_values: level, prompt: "login consent" });
  }

  function forward(request, body, response, url, { method }) {
    const endpoint = endpointOf(new URL(url, origin).pathname);
    const place = { token: "id_token", userinfo: "userinfo" }[endpoint];
    const lie = place && lying.get(place);
    const needsClear = lie || (endpoint === "userinfo" && lying.has("userinfo answer")) || !profile.strict;
    const { handle } = needsClear ? serving.clear : serving.native;
    const headers = ["authorization", "resume"].includes(endpoint) ? withoutSession(request.headers) : request.headers;
    return handle(forEngine(request, body, { url, prefix: profile.prefix, method, headers }), held(response, (made) => changed(endpoint, made, lie)));
  }

  async function changed(endpoint, made, lie) {
    if (made.headers.location) return { ...made, headers: { ...made.headers, location: redirection(made.headers.location) } };
    if (made.status !== 200) return made;
    const tooBig = lying.get(`${endpoint} answer`)?.kind === "oversized";
    const padding = tooBig ? { padding: "x".repeat(oversize) } : {};
    if (endpoint === "userinfo") {
      if (!lie && !tooBig) return made;
      const sent = await forged(made.body.toString(), lie ?? { forge: (t) => sign({ ...padding, ...t.claims }, t.key) });
      return typeof sent === "string" ? { ...made, body: Buffer.from(sent) }
        : { ...made, headers: { ...made.headers, "content-type": sent.type }, body: Buffer.from(sent.body) };
    }
    // Of a browser that has gone meanwhile the engine writes nothing.
    if (!["token", "discovery", "jwks"].includes(endpoint) || !made.body.length) return made;
    const document = { ...padding, ...JSON.parse(made.body) };
    if (endpoint === "jwks") document.keys = published;
    if (endpoint === "discovery" && !profile.strict) delete document.authorization_response_iss_parameter_supported;
    if (document.id_token && !profile.strict) document.id_token = await withAccessTokenHash(document);
    if (document.id_token && lie) document.id_token = await forged(document.id_token, lie);
    const sent = lying.get(`${endpoint} document`)?.change(document) ?? document;
    return { ...made, body: Buffer.from(JSON.stringify(sent)) };
  }

  function withAccessTokenHash({ id_token: token, access_token: accessToken }) {
    const claims = decodeJwt(token);
    const hash = createHash("sha256").update(accessToken).digest().subarray(0, 16).toString("base64url");
    return sign({ ...claims, at_hash: hash }, keyFor(registered.get(claims.aud)));
  }

  // The token in its new form; FranceConnect+ encrypts the lie as it would have encrypted the truth.
  async function forged(honest, lie) {
    const claims = decodeJwt(honest);
    const client = registered.get(claims.aud);
    if (lie.wrap) return lie.wrap({ token: honest, claims, client });
    const someone = [...people.values()].find((person) => subject(person, claims.aud) !== claims.sub);
    const someoneElse = { sub: subject(someone, claims.aud), ...claimsOf(someone, { plus, presumed }) };
    const told = Object.fromEntries(Object.entries(someoneElse).filter(([name]) => name in claims));
    const made = await lie.forge({ claims, key: keyFor(client), foreign, origin, secret: client.client_secret ?? "", someoneElse: told });
    return plus && typeof made === "string" ? encrypt(made, client) : made;
  }

  // Only the browser's way back to the client is changed, not the steps between.
  function redirection(location) {
    const to = new URL(location, origin);
    if (to.origin === origin || !(to.searchParams.has("code") || to.searchParams.has("error"))) return location;
    if (!profile.strict) to.searchParams.delete("iss");
    if (to.searchParams.has("code")) [usedCode, lastCode] = [lastCode, to.searchParams.get("code")];
    lying.get("redirect")?.change(to.searchParams, { usedCode });
    return to.href;
  }

  function breakdown(response, endpoint, kind) {
    if (kind === "500") return send(response, 500, "text/html", "<h1>Internal Server Error</h1>");
    if (kind === "garbage") return send(response, 200, "application/json", "\u0000{]not json");
    if (kind === "empty") return send(response, 200, "application/json", "");
    if (kind === "redirected") return response.writeHead(302, { location: `${origin}/elsewhere/${endpoint}` }).end();
    response.writeHead(200, { "content-type": "application/json", "content-length": 1000 });
    response.write('{"access_token":"', () => response.destroy());
  }

  function send(response, status, type, text) {
    response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) }).end(text);
  }
  const page = (response, status, html, ...formTargets) => response.writeHead(status, pageHeaders(...formTargets)).end(html);

  async function interaction(request, body, response) {
    const { made } = serving.clear;
    const asEngine = () => forEngine(request, Buffer.alloc(0), { url: request.url, prefix: profile.prefix });
    let details;
    try {
      details = await made.interactionDetails(asEngine(), response);
    } catch {
      return page(response, 400, errorPage({ error: "invalid_request", error_description: "this sign-in is over, or was begun elsewhere" }));
    }
    const client = registered.get(details.params.client_id);
    if (request.method !== "POST") {
      const shown = offered.filter((person) => !plus || mayChoose(person, client)).map((person) => ({ ...person, disabled: !mayChoose(person, client) }));
      const html = choicePage({ service: client.client_name ?? client.client_id, identities: shown, plus });
      return page(response, 200, html, new URL(details.params.redirect_uri).origin);
    }
    const chosen = parsed(body.toString());
    const person = people.get(chosen.identity);
    if (!person || !mayChoose(person, client)) {
      // The words of FranceConnect's own link back to the service.
      return made.interactionFinished(asEngine(), response, { error: "access_denied", error_description: "User auth aborted" });
    }
    const consent = { grantId: await granted(made, person, details.params) };
    const login = { accountId: person.id, acr: details.params.acr_values?.split(" ")[0] ?? profile.acr[0], amr: ["fc", "pwd"], remember: false };
    return made.interactionFinished(asEngine(), response, { login, consent }, { mergeWithLastSubmission: false });
  }

  async function granted(made, person, { client_id: clientId, scope, claims }) {
    const grant = new made.Grant({ accountId: person.id, clientId });
    grant.addOIDCScope(scope);
    const { id_token: wanted = {}, userinfo = {} } = claims ? JSON.parse(claims) : {};
    grant.addOIDCClaims([...Object.keys(wanted), ...Object.keys(userinfo)]);
    return grant.save();
  }

  // FranceConnect closes the session without a question. The engine asks one, in a form: it is answered here.
  async function signOut(request, body, response) {
    const ask = (path, options) => fetch(origin + path, { redirect: "manual", ...options });
    const cookies = new Map((request.headers.cookie ?? "").split("; ").filter(Boolean).map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
    const head = () => ({ "x-stand-in": internal, "content-type": "application/x-www-form-urlencoded", cookie: [...cookies].map((pair) => pair.join("=")).join("; ") });
    const first = await ask(request.url, { method: request.method, headers: head(), ...(request.method === "POST" && { body }) });
    const form = await first.text();
    const xsrf = /name="xsrf" value="(\w+)"/.exec(form)?.[1];
    if (!xsrf) return page(response, first.status, form);
    for (const line of first.headers.getSetCookie()) cookies.set(...line.split(";")[0].split(/=(.*)/s).slice(0, 2));
    const confirm = `${profile.prefix}${profile.routes.end_session}/confirm`;
    const second = await ask(confirm, { method: "POST", headers: head(), body: new URLSearchParams({ xsrf, logout: "yes" }).toString() });
    response.setHeader("set-cookie", second.headers.getSetCookie());
    response.writeHead(303, { location: second.headers.get("location") }).end();
  }

  async function down() {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }

  return {
    origin, issuer, requests, down,
    // Takes one name of `faults`; a second lie at the same place takes the first one's.
    lie(name) {
      const lie = lies.get(name);
      if (!lie) throw new Error(`no lie is called ${name}`);
      lying.set(lie.place, lie);
    },
    truth() {
      lying.clear();
      release.resolve();
      release = deferred();
    },
    // Announced: the new key is published, beside the old one or (overlap: false) in its place. Not announced: the key
    // set goes on showing the old key alone, while tokens are signed with the new one.
    rotateKeys({ announce = true, overlap = true } = {}) {
      const before = serving.keys;
      const fresh = freshKeys();
      // The old ones stay in the engine, which has to know an id_token_hint that they signed.
      serve([...fresh, ...before], !announce ? before : overlap ? [...fresh, ...before] : fresh);
    },
    async up() {
      if (server.listening) return;
      server.listen(bound, host);
      await once(server, "listening");
    },
    async stop() {
      release.resolve();
      await down();
    },
  };
}

function deferred() {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve };
}
