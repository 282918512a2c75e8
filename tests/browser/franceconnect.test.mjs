// A new voting code by FranceConnect, against a running provider (dev/franceconnect) that tells the truth and every lie we know of.
// Numbers are those of the reissue requirements.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { execFile, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { decodeJwt } from "jose";
import { faults, identities, startOtherProvider, startProvider } from "../../dev/franceconnect/provider.mjs";
import { closePage, newPage, PROGRAM, root, startBrowser, startDemo } from "./harness.mjs";
import { look } from "./look.mjs";
import { freePort } from "./ports.mjs";
import { demoVoters, forgetThrottles, openCodePage, renew, setState, signIn, sqliteRows, typeCode, vote } from "./voter.mjs";

const MINISTRY = "Comité social d’administration ministériel";
const secret = randomBytes(32).toString("base64url");
const folder = mkdtempSync(join(tmpdir(), "isoloir-franceconnect-"));
const secretFile = join(folder, "secret"), keyFile = join(folder, "key");
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwk = { ...privateKey.export({ format: "jwk" }), kid: "ours" };
const { d, ...publicJwk } = jwk;
const label = (id) => identities.find((one) => one.id === id).label;
let browser;

// A portal, registered with a provider of its own.
async function registered(start, { plus = false, edit = (toml) => toml } = {}) {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const client = {
    client_id: "isoloir", client_name: "Portail élections", client_secret: secret, redirect_uris: [`${origin}/franceconnect/retour`],
    post_logout_redirect_uris: [`${origin}/franceconnect/fin`], jwks: { keys: [{ ...publicJwk, use: "enc", alg: "ECDH-ES" }] },
  };
  const provider = await start({ plus, clients: [client] });
  const demo = await startDemo("education", {
    voters: 16, port, edit,
    more: ["--franceconnect", provider.issuer, "--franceconnect-secret", secretFile, "--franceconnect-key", keyFile],
  });
  demo.hosts = [new URL(provider.issuer).host];
  return { provider, demo, stop: () => Promise.all([demo.stop(), provider.stop()]) };
}
let provider, demo, stop;

before(async () => {
  writeFileSync(secretFile, `${secret}\n`);
  writeFileSync(keyFile, JSON.stringify(jwk));
  ({ provider, demo, stop } = await registered(startProvider)); // the portal as it ships, in a demonstration
  browser = await startBrowser();
});
afterEach(async () => { // what failed with the provider down fails alone
  provider.truth();
  await provider.up();
});
after(async () => {
  await browser?.close();
  await stop?.();
  rmSync(folder, { recursive: true, force: true });
});

const flows = (of = demo) => sqliteRows(of, "SELECT state FROM reissue_flow WHERE procedure = 'credential'");
const refusedHeading = (page) => page.getByRole("heading", { name: "Identification par FranceConnect" }).waitFor();

async function signedIn(email, of = demo) {
  const page = await newPage(browser, { hosts: of.hosts });
  await signIn(of, page, demoVoters(of).find((voter) => voter.email.startsWith(email)));
  return page;
}

// To the provider's page; there, one of its identities.
async function identify(page, id, of = demo) {
  await page.goto(`${of.origin}/reissue/franceconnect`);
  await page.getByRole("button", { name: label(id) }).click();
}

const SILENT = "ne répond pas en ce moment";

// Again where the provider, on a slow machine, has not answered within the portal's seconds, unless that is what is looked for.
async function answered(page, once) {
  for (let left = 3; left > 0; left--) {
    await once();
    if (left === 1 || (await page.getByText(SILENT).count()) === 0) return;
  }
}

const alerts = () => demo.output().split("\n").filter((line) => line.startsWith("isoloir: alert:")).length;

async function signOutThere(page, { provider: at, demo: of }) {
  await page.goto(`${of.origin}/franceconnect/deconnexion`);
  await page.getByText("Votre connexion à FranceConnect est terminée").waitFor();
  const { parameters } = at.requests.findLast(({ endpoint }) => endpoint === "end_session");
  assert.ok(parameters.id_token_hint.split(".").length === 3 && parameters.state.length >= 32);
  await page.goto(`${of.origin}/franceconnect/deconnexion`);
  assert.equal(new URL(page.url()).pathname, "/", "there is nothing left to sign out of");
}

// What the program has written since then, once it says so: its pipe is another way than the page's.
async function written(since, words) {
  for (const end = Date.now() + 10_000; Date.now() < end; await new Promise(setImmediate)) {
    const text = demo.output().slice(since);
    if (words.test(text)) return text;
  }
  assert.fail(`nothing like ${words} in: ${demo.output().slice(since)}`);
}

// The address to which the provider sends a browser back, taken from the browser before it follows.
async function answerFor(page, id) {
  const follow = async (answer) => {
    const location = answer.headers().location;
    if (!location) return answer;
    const url = new URL(location, answer.url());
    if (url.pathname === "/franceconnect/retour") return url.href;
    return follow(await page.request.get(url.href, { maxRedirects: 0 }));
  };
  const form = await follow(await page.request.get(`${demo.origin}/reissue/franceconnect`, { maxRedirects: 0 }));
  return follow(await page.request.post(form.url(), { form: { identity: id }, maxRedirects: 0 }));
}

test("nothing is believed of a provider whose description or keys cannot be had, and the voter is told so", async () => {
  const page = await signedIn("camille");
  for (const fault of faults.filter((name) => /^discovery-(?!slow)/.test(name))) {
    provider.lie(fault);
    await page.goto(`${demo.origin}/reissue/franceconnect`);
    await page.getByText("FranceConnect ne répond pas en ce moment").waitFor();
    provider.truth();
    forgetThrottles(demo);
  }
  for (const fault of faults.filter((name) => /^jwks-(?!slow)/.test(name))) {
    provider.lie(fault);
    await identify(page, "E0001");
    await page.getByText("FranceConnect ne répond pas en ce moment").waitFor();
    provider.truth();
    forgetThrottles(demo);
  }
  assert.ok(!provider.requests.some(({ path }) => path.startsWith("/elsewhere")), "no redirection is followed");
  assert.deepEqual(flows(), []);
  await closePage(page);
});

test("identified: no question, no link, the new code at once; then signed out there, and the code votes", async () => {
  const page = await newPage(browser, { hosts: demo.hosts });
  const voter = demoVoters(demo)[0];
  setState(demo, "DELETE FROM identification"); // of those whom the test above sent nowhere
  await signIn(demo, page, voter);
  await openCodePage(page);
  await page.getByRole("link", { name: /obtenir un réassort/ }).first().click();
  await page.getByText("FranceConnect nous transmet vos nom").waitFor();
  const explained = page.getByRole("link", { name: "Qu’est-ce que FranceConnect ?" });
  assert.equal(await explained.getAttribute("href"), "https://franceconnect.gouv.fr/");
  assert.equal(await explained.getAttribute("rel"), "noopener noreferrer");
  await look(page, "franceconnect-choice");
  await page.getByRole("link", { name: "S’identifier avec FranceConnect" }).click();
  await page.getByRole("button", { name: label("E0001") }).click();
  await page.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
  assert.equal(page.url(), `${demo.origin}/r`, "the provider's code is out of the address");
  assert.deepEqual(flows(), ["opened"]);
  await page.getByText("FranceConnect a confirmé que vous êtes Mme ÉLECTEUR").waitFor();
  const code = await renew(page);
  await page.getByRole("button", { name: "J’ai noté mon code" }).press("Enter");
  await page.getByText("Vous êtes encore connecté à FranceConnect").first().waitFor();
  await page.getByRole("link", { name: "Se déconnecter de FranceConnect" }).first().click();
  await page.getByRole("heading", { name: "Déconnexion de FranceConnect" }).waitFor();
  await look(page, "franceconnect-signed-out");
  await page.getByText("Votre connexion à FranceConnect est terminée").waitFor();
  assert.ok(provider.requests.some(({ endpoint }) => endpoint === "end_session"));
  await page.getByRole("link", { name: /saisie du code|Voter|voter/ }).first().click();
  await page.getByRole("heading", { name: "Saisie du code de vote" }).waitFor();
  await typeCode(demo, page, code);
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  await vote(page, MINISTRY, "Vote blanc");
  await closePage(page);

  const sent = provider.requests.filter(({ endpoint }) => endpoint === "authorization").at(-1).parameters;
  assert.deepEqual(Object.keys(sent).sort(), ["acr_values", "client_id", "nonce", "redirect_uri", "response_type", "scope", "state"]);
  assert.ok(sent.state.length >= 32 && sent.nonce.length >= 32);
  assert.ok(provider.requests.every(({ url }) => !url.includes(secret)), "no secret in an address");
  for (const written of [demo.output(), JSON.stringify(sqliteRows(demo, "SELECT * FROM journal"))]) {
    for (const word of [secret, code, sent.state, "1985-02-28"]) assert.ok(!written.includes(word), word);
  }
  assert.deepEqual(sqliteRows(demo, "SELECT COUNT(*) FROM identification"), ["0"]);
  const seen = passed();
  assert.ok(seen.has(sent.nonce) && seen.size >= 7, "all that passed is known here");
  assert.deepEqual(kept(seen), []);
});

// What passed between the provider and the portal for one voter or another, by the provider's record; the birth date that it says
// of Andrea is not the roll's.
function passed() {
  const words = new Set();
  const add = (word) => word && words.add(word);
  for (const { endpoint, parameters, headers } of provider.requests) {
    if (endpoint === "authorization") add(parameters.nonce);
    if (endpoint === "token") add(parameters.code);
    if (endpoint === "userinfo") add((headers.authorization ?? "").replace("Bearer ", ""));
    if (endpoint !== "end_session" || !parameters.id_token_hint) continue;
    add(parameters.id_token_hint);
    add(parameters.id_token_hint.split(".")[1]);
    add(parameters.state);
    add(decodeJwt(parameters.id_token_hint).sub);
  }
  for (const { id } of identities) add(`${id.toLowerCase()}@identite.example`);
  return add("1970-01-01");
}

// Those words that a file of the state folder holds, database and log ahead of it included, or the program's output.
function kept(words) {
  const files = readdirSync(demo.state, { recursive: true }).map((name) => join(demo.state, name)).filter((name) => statSync(name).isFile());
  assert.ok(files.some((name) => name.endsWith(".sqlite")) && files.some((name) => name.endsWith(".sqlite-wal")));
  const texts = [...files.map((name) => readFileSync(name).toString("latin1")), demo.output()];
  return [...words].filter((word) => texts.some((text) => text.includes(word)));
}

test("16, 56: an answer serves once, in the session that asked; others change nothing", async () => {
  forgetThrottles(demo);
  const before = flows();
  const page = await signedIn("dominique"), other = await signedIn("sacha");
  const kept = await answerFor(page, "E0002");
  await other.goto(kept);
  await refusedHeading(other);
  await other.getByText("ne sert plus").waitFor();
  await look(other, "franceconnect-stale");
  await page.goto(kept);
  await page.getByText("ne sert plus").waitFor();
  assert.deepEqual(flows(), before, "it was burnt by whoever brought it first");

  // An answer that was lost on its way is given again to the session that asked, and is one flow.
  forgetThrottles(demo);
  const lost = await answerFor(page, "E0002");
  await page.request.get(lost, { maxRedirects: 0 });
  await page.context().clearCookies({ name: "__Host-reissue" });
  await page.goto(lost);
  await page.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
  assert.equal(flows().length, before.length + 1);

  // Another browser of the same voter is another session.
  forgetThrottles(demo);
  const second = await signedIn("dominique");
  await second.goto(await answerFor(page, "E0002"));
  await second.getByText("ne sert plus").waitFor();
  await closePage(second);

  // Without its cookies, as in a private window, it ends at the sign-in; nothing is spent, and the code is in no address.
  forgetThrottles(demo);
  const bare = await answerFor(page, "E0002");
  const waiting = sqliteRows(demo, "SELECT COUNT(*) FROM identification");
  const led = await fetch(bare, { redirect: "manual" });
  assert.deepEqual([led.status, led.headers.get("location")], [303, "/sign-in?ended=identification&to=/reissue"]);
  assert.deepEqual(sqliteRows(demo, "SELECT COUNT(*) FROM identification"), waiting);
  // A quarter of an hour later.
  setState(demo, "UPDATE identification SET at = at - 900001");
  await page.goto(bare);
  await page.getByText("ne sert plus").waitFor();
  assert.equal(flows().length, before.length + 1);

  for (const query of ["", "?state=x", `?state=${"A".repeat(43)}&code=x`, "?error=access_denied", "?state=a&state=b"]) {
    const answer = await page.goto(`${demo.origin}/franceconnect/retour${query}`);
    if (answer.status() !== 400) await page.getByText("ne sert plus").waitFor();
  }
  await closePage(page);
  await closePage(other);
});

test("given up, not on the roll, a homonym, another voter, an aide: told in words, and nothing has changed", async () => {
  const before = flows();
  const page = await signedIn("claude-marie");
  forgetThrottles(demo);
  await page.goto(`${demo.origin}/reissue/franceconnect`);
  await page.getByRole("button", { name: "Abandonner" }).click();
  await page.getByText("Vous avez quitté FranceConnect sans vous identifier").waitFor();
  await look(page, "franceconnect-aborted");
  // Each sits in a session where the identity would be believed, were it not for what makes it another's.
  const camille = await signedIn("camille"), loic = await signedIn("loic");
  const outcomes = [[camille, "stranger", "mismatch"], [camille, "homonym", "mismatch"], [loic, "aidants", "delegate"], [page, "E0001", "mismatch"]];
  const words = { mismatch: "ne permet pas de vous reconnaître", delegate: "une autre personne peut agir à votre place" };
  for (const [sits, id, reason] of outcomes) {
    assert.equal(alerts(), 0, `nobody of the roll yet, before ${id}`);
    forgetThrottles(demo);
    await identify(sits, id);
    await sits.getByText(words[reason]).waitFor();
    await sits.getByText("Rien n’a changé").waitFor();
    await look(sits, `franceconnect-${reason}`);
  }
  await loic.getByRole("link", { name: "English" }).click();
  await loic.getByText("somebody else may act for you").waitFor();
  await written(0, /alert: a voter was identified as another voter of the roll/);
  assert.equal(alerts(), 1);
  const journal = "SELECT COUNT(*) FROM journal WHERE row LIKE '%identity refused%' AND row LIKE '%\"alert\":true%'";
  assert.deepEqual(sqliteRows(demo, journal), ["1"], "and in the journal");
  assert.deepEqual(flows(), before);
  await closePage(camille);
  await closePage(loic);

  // Presumed dates, several given names, no accents: she is who the roll says.
  for (const [email, id] of [["andrea.quorum", "E0012"], ["anne-sophie", "E0005"]]) {
    const other = await signedIn(email);
    await identify(other, id);
    await other.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
    await closePage(other);
  }
  await closePage(page);
});

test("two voters of the roll whom an identity could be: neither is believed", async () => {
  const before = flows();
  setState(demo, "INSERT INTO voter (id, title, birth_name, usage_name, given_names, gender, birth_date, birth_place, birth_country, email, phone)"
    + " SELECT 'twin', title, birth_name, usage_name, given_names, gender, birth_date, birth_place, birth_country, '', '' FROM voter WHERE id = 'E0007'");
  const page = await signedIn("maelys");
  const voter = identities.find(({ id }) => id === "E0001");
  setState(demo, "UPDATE voter SET birth_name = 'ÉLECTEUR', given_names = 'Camille', birth_date = '1985-02-28', birth_place = '75056' WHERE id IN ('E0007', 'twin')");
  assert.equal(voter.birthdate, "1985-02-28");
  forgetThrottles(demo);
  await identify(page, "E0001");
  await page.getByText("ne permet pas de vous reconnaître").waitFor();
  assert.deepEqual(flows(), before);
  setState(demo, "DELETE FROM voter WHERE id = 'twin'; UPDATE voter SET birth_name = 'DÉPOUILLEMENT' WHERE id = 'E0007'");
  await closePage(page);
});

// Before the lies, some of which name keys that are not known: new ones are asked for once a minute.
test("a provider that has new keys is believed by them", async () => {
  const page = await signedIn("loic");
  forgetThrottles(demo);
  provider.rotateKeys({ announce: true, overlap: false });
  await identify(page, "E0001");
  await page.getByText("ne permet pas de vous reconnaître").waitFor(); // verified: not his
  await closePage(page);
});

// What proves nothing, whoever signs it; what is an honest answer of another kind is named.
// A plain token where one could be encrypted is no lie here, nor is userinfo's hour of issue.
const HONEST = ["id-token-plain-where-encrypted", "userinfo-plain-where-encrypted", "userinfo-issued-in-the-future"];
const LIES = faults.filter((name) => !/^(discovery|jwks)-|-slow$/.test(name) && !HONEST.includes(name));
// Why each is refused, as the program tells its operator.
const at = (places, names) => places.split(" ").flatMap((place) => names.split(" ").map((name) => `${place}-${name}`));
const tokens = "id-token userinfo";
const REASONS = {
  "jose.algorithm": at(tokens, "alg-none hs256 hs256-public-key"),
  "jose.header": at(tokens, "jku jwk x5u"),
  "jose.unknown_key": at(tokens, "unknown-kid no-kid"),
  "jose.signature": at(tokens, "wrong-key altered-after-signature"),
  "jose.form": at(tokens, "encrypted-unasked jwe-dir jwe-rsa1_5 jwe-pbes2 jwe-inner-json jwe-inner-alg-none"),
  "openid.audience": at(tokens, "aud-other aud-array-azp"),
  "openid.issuer": [...at(tokens, "iss-other iss-missing"), ...at("redirect", "iss-other iss-missing")],
  "openid.expired": [...at(tokens, "expired"), "userinfo-times-not-numbers"],
  "openid.time": ["id-token-issued-in-the-future"],
  "openid.nonce": at("id-token", "nonce-other nonce-missing"),
  "openid.acr": at("id-token", "acr-lower acr-missing"),
  "openid.claims": [...at("id-token", "sub-missing sub-not-a-string times-not-numbers exp-missing"), "userinfo-without-identity"],
  "openid.subject": at("userinfo", "sub-missing sub-not-a-string sub-swapped of-someone-else"),
  "identity.claims": ["userinfo-identity-not-strings"],
  "openid.answer": [...at("token userinfo", "garbage empty"), "token-without-id-token", "userinfo-unsigned-json"],
  "openid.network": at("token userinfo", "500 oversized redirected cut"),
  "openid.refused": ["redirect-code-replayed"],
  stale: at("redirect", "state-other state-missing"),
};
const WHY = Object.fromEntries(Object.entries(REASONS).flatMap(([why, names]) => names.map((name) => [name, why])));
const SAID = { "openid.network": SILENT, "identity.claims": "ne permet pas de vous reconnaître", stale: "ne sert plus" };

test(`57, 58: ${LIES.length} lies of a provider, and none is believed`, async () => {
  const before = flows();
  const page = await signedIn("camille"); // who would be believed
  const why = {};
  for (const fault of LIES) {
    forgetThrottles(demo);
    if (fault === "redirect-code-replayed") {
      await identify(page, "stranger"); // a code that is changed for tokens; the next one comes back as this one
      await page.getByText("ne permet pas de vous reconnaître").waitFor();
    }
    const tried = async () => {
      const since = demo.output().length;
      provider.lie(fault);
      await identify(page, "E0001");
      await page.waitForURL((url) => url.origin === demo.origin);
      await refusedHeading(page);
      const stale = (await page.getByText(SAID.stale).count()) === 1;
      why[fault] = stale ? "stale" : /^isoloir: FranceConnect: ([\w.]+): /m.exec(await written(since, /^isoloir: FranceConnect: .*\n/m))[1];
      await page.getByText(SAID[why[fault]] ?? "n’a pas pu être vérifiée").waitFor();
      provider.truth();
      forgetThrottles(demo);
    };
    await (WHY[fault] === "openid.network" ? tried() : answered(page, tried));
  }
  assert.deepEqual(why, WHY);
  assert.deepEqual(flows(), before);
  assert.ok(!provider.requests.some(({ path }) => /^\/(elsewhere|foreign)/.test(path)), "no redirection is followed, no key fetched");
  await closePage(page);
});

test("a provider that answers nothing, or is down", async () => {
  const page = await signedIn("loic");
  forgetThrottles(demo);
  provider.lie("token-slow");
  await identify(page, "E0001");
  await page.getByText("FranceConnect ne répond pas en ce moment").waitFor({ timeout: 20_000 });
  provider.truth();
  // Down while she is there: she comes back with a code that nobody takes.
  forgetThrottles(demo);
  const kept = await answerFor(page, "E0001");
  await provider.down();
  await page.goto(kept);
  await page.getByText("FranceConnect ne répond pas en ce moment").waitFor();
  await provider.up();
  for (const honest of HONEST) {
    forgetThrottles(demo);
    provider.lie(honest);
    await identify(page, "E0001");
    await page.getByText("ne permet pas de vous reconnaître").waitFor();
    provider.truth();
  }
  // The code waits in this browser; in another tab of it she goes there again and gives up.
  forgetThrottles(demo);
  const camille = await signedIn("camille");
  await identify(camille, "E0001");
  await camille.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
  const beside = await camille.context().newPage();
  forgetThrottles(demo);
  await beside.goto(`${demo.origin}/reissue/franceconnect`);
  await beside.getByRole("button", { name: "Abandonner" }).click();
  await beside.getByText("Vous avez quitté FranceConnect sans vous identifier").waitFor();
  await beside.getByRole("link", { name: "continuer vers le nouveau code" }).click();
  await beside.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
  // She leaves the portal in one tab; the other makes no code, and says so.
  await beside.goto(demo.origin);
  await beside.getByRole("button", { name: "Quitter" }).first().click();
  await beside.waitForURL(`${demo.origin}/signed-out`);
  await camille.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).press("Enter");
  await camille.getByRole("heading", { name: "Vous avez quitté le portail dans ce navigateur" }).waitFor();
  await look(camille, "franceconnect-left");
  await closePage(camille);
  // Sent there to sign out, and never there: this browser still can, later.
  const sent = await page.request.get(`${demo.origin}/franceconnect/deconnexion`, { maxRedirects: 0 });
  assert.ok(sent.status() === 303 && sent.headers().location.startsWith(new URL(provider.issuer).origin));
  await page.goto(`${demo.origin}/franceconnect/fin`);
  await page.getByText("Vous êtes encore connecté à FranceConnect").waitFor();
  await signOutThere(page, { provider, demo });
  await closePage(page);
});

test("57: keys that a provider does not announce are asked for once a minute, whoever comes", async () => {
  const page = await signedIn("loic");
  const unknown = async () => {
    const before = provider.requests.length;
    provider.rotateKeys({ announce: false });
    forgetThrottles(demo);
    await identify(page, "E0001");
    await page.getByText("n’a pas pu être vérifiée").waitFor();
    return provider.requests.slice(before).filter(({ endpoint }) => endpoint === "jwks").length;
  };
  const asked = [];
  const begun = Date.now();
  for (let i = 0; i < 3; i++) asked.push(await unknown());
  const minutes = Math.floor((Date.now() - begun) / 60_000); // none, where three take less than one
  assert.ok(asked.reduce((sum, times) => sum + times, 0) <= 1 + minutes, `asked ${asked}`);
  await closePage(page);
});

test("after it all, nothing that passed is kept anywhere", () => assert.deepEqual(kept(passed()), []));

test("FranceConnect+: encrypted tokens; what is not encrypted, or otherwise, is refused", async () => {
  const plus = await registered(startProvider, {
    plus: true, edit: (toml) => toml.replace("encrypted = false", "encrypted = true").replace('["eidas1"]', '["eidas2"]'),
  });
  try {
    const page = await signedIn("camille", plus.demo);
    const envelopes = faults.filter((name) => /^(id-token|userinfo)-(plain|jwe)|acr-lower/.test(name));
    assert.ok(envelopes.length >= 12);
    for (const fault of envelopes) {
      await answered(page, async () => {
        forgetThrottles(plus.demo);
        plus.provider.lie(fault);
        await identify(page, "E0001", plus.demo);
        await page.waitForURL((url) => url.origin === plus.demo.origin);
        await refusedHeading(page);
        plus.provider.truth();
      });
      await page.getByText("n’a pas pu être vérifiée").waitFor();
    }
    assert.deepEqual(flows(plus.demo), []);
    forgetThrottles(plus.demo);
    await identify(page, "E0001", plus.demo);
    await page.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
    await signOutThere(page, plus);
    await closePage(page);
  } finally {
    await plus.stop();
  }
});

// A resolver that knows these TXT records of mail, which `isoloir check --live` asks for as well.
async function mailRecords(records) {
  const port = await freePort();
  const resolver = spawn("/usr/sbin/dnsmasq", ["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
    "--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file=", "--log-facility=-", "--local=/example/", `--port=${port}`,
    ...records.map((record) => `--txt-record=${record}`)], { stdio: ["ignore", "ignore", "pipe"] });
  for await (const line of resolver.stderr) if (String(line).includes("started")) break;
  return { address: `127.0.0.1:${port}`, stop: () => resolver.kill() };
}

test("what the provider announces is compared with the portal's file", async () => {
  const portal = mkdtempSync(join(tmpdir(), "isoloir-check-"));
  cpSync(join(root, "portals/education"), portal, { recursive: true });
  const file = join(portal, "portal.toml");
  const toml = readFileSync(file, "utf8").replace(/^issuer = .*$/m, `issuer = "${provider.issuer}"`);
  const dns = await mailRecords(["education.example,v=spf1 ip4:192.0.2.25 -all", "_dmarc.education.example,v=DMARC1; p=reject"]);
  const check = async (text) => { // the provider answers from this very process
    writeFileSync(file, text);
    const args = ["check", portal, "--live", "--resolver", dns.address];
    return new Promise((resolve) => execFile(PROGRAM, args, (error, out, err) => resolve([error?.code ?? 0, out, err])));
  };
  try {
    const [good, said] = await check(toml);
    assert.equal(good, 0);
    assert.match(said, /Son annonce en ligne correspond à ce fichier/);
    const [differs, , why] = await check(toml.replace('acr_values = ["eidas1"]', 'acr_values = ["eidas3"]'));
    assert.equal(differs, 2);
    assert.match(why, /acr_values_supported has no eidas3/);
    const [silent] = await check(toml.replace(provider.issuer, "http://127.0.0.1:1/api/v2"));
    assert.equal(silent, 2);
  } finally {
    dns.stop();
    rmSync(portal, { recursive: true, force: true });
  }
});

test("another provider, with other addresses and algorithms, serves as well", async () => {
  const other = await registered(startOtherProvider, {
    edit: (toml) => toml.replaceAll('_signing = "ES256"', '_signing = "RS256"'),
  });
  try {
    const page = await signedIn("camille", other.demo);
    await identify(page, "E0001", other.demo);
    await page.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
    await page.goto(`${other.demo.origin}/reissue`);
    await page.getByText("Votre identité a été confirmée par FranceConnect").waitFor();
    await page.getByRole("link", { name: "continuer vers le nouveau code" }).click();
    await page.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
    // Down for the portal, which holds no description of it that is of this minute: she is told, and is not sent there.
    await other.demo.crash();
    await other.demo.restart();
    await other.provider.down();
    await page.goto(`${other.demo.origin}/franceconnect/deconnexion`);
    await page.getByText("FranceConnect n’a pas répondu : vous y êtes encore connecté").waitFor();
    await other.provider.up();
    await signOutThere(page, other);
    await closePage(page);
  } finally {
    await other.stop();
  }
});
