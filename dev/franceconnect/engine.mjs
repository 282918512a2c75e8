// The engine that FranceConnect itself runs (npm oidc-provider), configured as FranceConnect version 2 is. What it says
// of FranceConnect was read in its public sources (github.com/france-connect/sources, version of 2026-02-24):
//   lifetimes, algorithms, scopes   back/instances/core-fcp-low/src/config/oidc-provider.ts, back/libs/scopes
//   parameters of authorize         back/apps/core-fcp/src/dto/authorize-params.dto.ts
//   presumed dates of birth         back/libs/rnipp/src/services/rnipp-response-parser.service.ts, and the verify handler
import { createHash } from "node:crypto";
import Provider from "oidc-provider";

import { errorPage, signedOutPage } from "./pages.mjs";

// In seconds.
export const lifetimes = { AuthorizationCode: 30, Grant: 30, AccessToken: 60, IdToken: 60, Interaction: 1800, Session: 1800 };

const identity = ["given_name", "given_name_array", "family_name", "birthdate", "gender"];
const scopes = {
  openid: ["sub"],
  profile: [...identity, "preferred_username"],
  birth: ["birthplace", "birthcountry"],
  identite_pivot: [...identity, "birthplace", "birthcountry"],
  given_name: ["given_name", "given_name_array"],
  idp_id: ["idp_id"],
  idp_birthdate: ["idp_birthdate"],
  amr: ["amr"],
  ...Object.fromEntries(["family_name", "birthdate", "gender", "birthplace", "birthcountry", "email", "preferred_username"].map((name) => [name, [name]])),
};

const signing = ["ES256", "RS256", "HS256"];
const encryption = ["ECDH-ES", "RSA-OAEP"];

export const franceConnect = {
  prefix: "/api/v2",
  routes: {
    authorization: "/authorize", token: "/token", userinfo: "/userinfo", jwks: "/jwks", end_session: "/session/end",
    revocation: "/token/revocation",
  },
  alg: "ES256",
  // Refuses what FranceConnect does not list; issuer in the redirection; identity chosen anew at each sign-in.
  strict: true,
  acr: ["eidas1"],
};

export const franceConnectPlus = { ...franceConnect, acr: ["eidas2", "eidas3"] };

// A provider that is not FranceConnect, so that a client which fits only FranceConnect is found out.
export const another = {
  prefix: "/autre/oidc",
  routes: { authorization: "/entree", token: "/jeton", userinfo: "/moi", jwks: "/cles", end_session: "/sortie", revocation: "/oubli" },
  alg: "RS256",
  strict: false,
  acr: ["eidas1"],
};

// FranceConnect computes the identifier from the civil identity and from the service: the same whichever identity
// provider was chosen, another at each service. 64 hexadecimal digits, then "v1".
export function subject(person, clientId) {
  const civil = [person.given_name_array.join(" "), person.family_name, person.gender, person.birthdate, person.birthplace, person.birthcountry];
  return createHash("sha256").update(JSON.stringify([clientId, ...civil])).digest("hex") + "v1";
}

// FranceConnect sends the national register's date, where an unknown month or day was made 01, and what the identity
// provider said (1970-00-00) in idp_birthdate alone. FranceConnect+ sends the identity provider's as it is.
export function claimsOf(person, { plus, presumed = plus ? "00" : "01" }) {
  return {
    given_name: person.given_name_array.join(" "),
    given_name_array: person.given_name_array,
    family_name: person.family_name,
    gender: person.gender,
    birthdate: person.birthdate.replaceAll("-00", `-${presumed}`),
    birthplace: person.birthplace,
    birthcountry: person.birthcountry,
    email: `${person.id.toLowerCase()}@identite.example`,
    amr: ["fc", "pwd"],
    idp_id: identityProvider(person),
    idp_birthdate: person.birthdate,
  };
}

// How a service knows that an aide signed in: by the identity provider's identifier (scope idp_id), Aidants Connect being
// one. FranceConnect keeps the mandate's extent (rep_scope) to itself.
export const aidantsConnect = "aidants-connect-demonstration";
export const identityProvider = (person) => (person.aidants ? aidantsConnect : "fournisseur-d-identite-demonstration");

// What the engine remembers, shared by the engines that follow one another when keys are rotated.
export function memory() {
  const entries = new Map();
  return (kind) => ({
    async upsert(id, payload, expiresIn) {
      entries.set(`${kind}:${id}`, { payload: { ...payload }, until: Date.now() + expiresIn * 1000 });
    },
    async find(id) {
      const entry = entries.get(`${kind}:${id}`);
      return entry && entry.until > Date.now() ? entry.payload : undefined;
    },
    async findByUid(uid) {
      return [...entries.values()].find((entry) => entry.payload.uid === uid && entry.until > Date.now())?.payload;
    },
    async findByUserCode() {},
    async consume(id) {
      entries.get(`${kind}:${id}`).payload.consumed = Math.floor(Date.now() / 1000);
    },
    async destroy(id) {
      entries.delete(`${kind}:${id}`);
    },
    async revokeByGrantId(grantId) {
      for (const [key, { payload }] of entries) if (payload.grantId === grantId) entries.delete(key);
    },
  });
}

function metadata(client, { alg, encrypted }) {
  const signed = client.alg ?? alg;
  return {
    client_id: client.client_id,
    client_secret: client.client_secret,
    client_name: client.client_name ?? client.client_id,
    redirect_uris: client.redirect_uris,
    post_logout_redirect_uris: client.post_logout_redirect_uris ?? [],
    token_endpoint_auth_method: client.token_endpoint_auth_method ?? "client_secret_post",
    token_endpoint_auth_signing_alg: client.token_endpoint_auth_method === "private_key_jwt" ? "ES256" : undefined,
    jwks: client.jwks,
    scope: client.scope,
    id_token_signed_response_alg: signed,
    userinfo_signed_response_alg: signed,
    ...(encrypted && {
      id_token_encrypted_response_alg: "ECDH-ES", id_token_encrypted_response_enc: "A256GCM",
      userinfo_encrypted_response_alg: "ECDH-ES", userinfo_encrypted_response_enc: "A256GCM",
    }),
  };
}

const withoutUndefined = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

export function engine({ profile, issuer, clients, people, keys, store, cookieKeys, plus, encrypted, presumed }) {
  const provider = new Provider(issuer, {
    adapter: store,
    clients: clients.map((client) => withoutUndefined(metadata(client, { alg: profile.alg, encrypted }))),
    jwks: { keys },
    cookies: { keys: cookieKeys },
    routes: profile.routes,
    scopes: ["openid"],
    claims: { ...scopes, rep_scope: null },
    acrValues: profile.acr,
    subjectTypes: ["pairwise"],
    pairwiseIdentifier: (ctx, accountId, client) => subject(people.get(accountId), client.clientId),
    findAccount: (ctx, id) => people.has(id) && { accountId: id, claims: () => ({ sub: id, ...claimsOf(people.get(id), { plus, presumed }) }) },
    ttl: lifetimes,
    issueRefreshToken: () => false,
    allowOmittingSingleRegisteredRedirectUri: false,
    pkce: { required: () => false },
    responseTypes: ["code"],
    clientAuthMethods: ["client_secret_post", "private_key_jwt"],
    clientDefaults: { grant_types: ["authorization_code"], response_types: ["code"], subject_type: "pairwise", require_auth_time: true },
    enabledJWA: {
      clientAuthSigningAlgValues: ["ES256", "RS256"],
      idTokenSigningAlgValues: signing, userinfoSigningAlgValues: signing,
      idTokenEncryptionAlgValues: encryption, idTokenEncryptionEncValues: ["A256GCM"],
      userinfoEncryptionAlgValues: encryption, userinfoEncryptionEncValues: ["A256GCM"],
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      claimsParameter: { enabled: true },
      encryption: { enabled: plus },
      jwtUserinfo: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => void (ctx.body = form),
        postLogoutSuccessSource: (ctx) => void (ctx.body = signedOutPage()),
      },
    },
    interactions: { url: (ctx, interaction) => `${profile.prefix}/interaction/${interaction.uid}` },
    renderError: (ctx, out) => {
      ctx.type = "html";
      ctx.body = errorPage(out);
    },
  });
  // The engine's own word on what went wrong is for whoever reads the log, not for the browser.
  provider.on("server_error", (ctx, error) => console.error(error));
  return provider;
}
