// Attacks on the way between a voter's browser and the server (docs/protocol.md section 12), by a proxy that changes requests and answers
// and sends requests of its own. Whatever it does, the browser never says "a voté" of what is not proven, says in plain words
// what happened and what to do, keeps the evidence and makes no second ballot unasked; and over an honest connection the same voter's vote is
// cast, once, with a good receipt. A server that lies by itself: lying.test.mjs.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, test } from "node:test";
import { startProxy } from "./attacking_proxy.mjs";
import { assertDispute } from "./dispute.mjs";
import { closePage, newPage, startBrowser, startDemo } from "./harness.mjs";
import { look } from "./look.mjs";
import {
  demoVoters, enterVotingSpace, held, openBallot, receivedCode, signIn, sqliteRows, toConfirm, typeCode, typeConfirmation, typeKeys, vote,
} from "./voter.mjs";

const CONTESTS = [
  "Comité social d’administration ministériel",
  "Commission administrative paritaire nationale",
  "Comité social d’administration de l’académie",
];
const BLANK = "Vote blanc";
const BALLOT = "/api/ballot";
const RECEIPT = "/api/receipt";
const REFUSED = { status: "refused", code: "ballot.signature" };
let demo, browser, proxy, voters;

before(async () => {
  [demo, browser, proxy] = await Promise.all([startDemo(), startBrowser(), startProxy()]);
  voters = demoVoters(demo).filter(({ contests }) => CONTESTS.every((contest) => contests.includes(contest)));
});
after(async () => {
  await browser?.close();
  await proxy?.stop();
  await demo?.stop();
});

beforeEach(() => proxy.honest());

async function inside(voter, election = demo) {
  const page = await newPage(browser, { acceptDownloads: true, proxy: { server: proxy.server } });
  await signIn(election, page, voter);
  await enterVotingSpace(election, page, voter.code);
  return page;
}

async function cast(page, contest, option = BLANK) {
  await openBallot(page, contest);
  await toConfirm(page, option);
  await page.getByRole("button", { name: "Valider mon vote" }).press("Enter");
}

const bytesOf = ({ body }) => Buffer.from(body.ballot, "base64");
const trackerOf = (ballot) => createHash("sha256").update(ballot).digest("hex");
const trackerText = (tracker) => (BigInt(`0x${tracker}`) << 4n).toString(32).padStart(52, "0")
  .replace(/[a-v]/g, (digit) => "ABCDEFGHJKMNPQRSTVWXYZ"[parseInt(digit, 32) - 10]);
const recordedAs = (post) => ({ status: "recorded", tracker: trackerOf(bytesOf(post)) });
const shownTracker = async (page) => (await page.locator("[data-step=receipt] [data-slot=tracker]").innerText()).replaceAll(" ", "");

// One ballot for each sign-off of each contest named, and no other.
function assertSignOffs(voter, contests, election = demo) {
  const { signOffs, ballots, allSignOffs } = held(election, voter);
  assert.deepEqual([signOffs, ballots], [contests, allSignOffs]);
}

async function back(page) {
  await page.locator("[data-step]:visible").getByRole("button", { name: "Revenir à mes scrutins" }).first().press("Enter");
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
}

// `beside`: the contests in which a ballot of before counts, or one in the place of another whose report she still has.
async function voted(page, beside = []) {
  await page.getByRole("heading", { name: "A voté" }).waitFor({ timeout: 30_000 });
  assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage).sort()), beside.map((contest) => `isoloir/turned-down/${contest}`));
}

// Over an honest connection the same ballot is presented once more.
async function endDispute(page, beside) {
  proxy.honest();
  await page.getByRole("button", { name: "Redemander ma preuve de vote" }).press("Enter");
  await voted(page, beside);
}

async function assertRefused(page) {
  await page.getByText("Le serveur a refusé votre bulletin, et dit ne pas l’avoir enregistré. Votez à nouveau").waitFor({ timeout: 30_000 });
  assert.equal(await page.getByRole("heading", { name: "A voté" }).isVisible(), false);
  await back(page);
}

const disputed = (page, contest, refused) => assertDispute(page, CONTESTS, CONTESTS[contest], refused);

test("a ballot of another voter in the place of hers: refused, or unmasked; a cast that was cut arrives; nobody is shown another's reference", async () => {
  const [owner, victim] = voters;
  // Hers is held up, and copied; her browser tries again by itself.
  const theirs = [];
  const first = await inside(owner);
  proxy.asked(BALLOT, (post) => (theirs.push(post.body.ballot), { cut: true }));
  await cast(first, CONTESTS[0]);
  await first.locator("[data-slot=trouble]").getByText("La connexion a été interrompue").waitFor();
  assertSignOffs(owner, []);

  const page = await inside(victim);
  proxy.asked(BALLOT, ({ body }) => (theirs.includes(body.ballot) ? { cut: true } : { body: { ballot: theirs[0] } }));
  await cast(page, CONTESTS[0]);
  await assertRefused(page);
  assertSignOffs(victim, []);
  // The proxy hides that, and says that hers has arrived.
  proxy.answered(BALLOT, (answer, post) => (assert.equal(answer.code, "ballot.key"), recordedAs(post)));
  await cast(page, CONTESTS[0]);
  await disputed(page, 0, "unknown");
  assertSignOffs(victim, []);
  await endDispute(page);
  assertSignOffs(victim, [0]);
  await back(page);

  await first.evaluate(() => void dispatchEvent(new Event("online"))); // sooner than it would by itself
  await voted(first);
  assert.equal(new Set(theirs).size, 1, "the same bytes, however often they are sent");
  const reference = await shownTracker(first);
  assertSignOffs(owner, [0]);

  // What is in the box is given to both: the same bytes, their reference, their receipt.
  proxy.asked(BALLOT, () => ({ body: { ballot: theirs[0] } }));
  proxy.asked(RECEIPT, () => ({ body: { tracker: trackerOf(Buffer.from(theirs[0], "base64")) } }));
  await cast(page, CONTESTS[1]);
  await disputed(page, 1, "tracker");
  assert.ok(!(await page.content()).replaceAll(" ", "").includes(reference));
  proxy.answered(BALLOT, (_, post) => recordedAs(post));
  await page.getByRole("button", { name: "Redemander ma preuve de vote" }).press("Enter");
  await page.waitForFunction(() => JSON.parse(sessionStorage.getItem("isoloir/ballot/1")).evidence.answers.length === 2);
  const { answers } = await disputed(page, 1, "tracker");
  assert.deepEqual(answers.map(({ status }) => status), ["recorded", "ready"]);
  assertSignOffs(victim, [0]);
  await endDispute(page);
  assert.notEqual(await shownTracker(page), reference);
  assertSignOffs(victim, [0, 1]);
  await Promise.all([closePage(first), closePage(page)]);
});

test("her own earlier ballot, said to be refused, recorded in the place of her next, or all the same: she gets its receipt and is told", async () => {
  const voter = voters[2];
  const page = await inside(voter);
  const told = page.locator("[data-step=receipt]").getByText("Vous aviez renoncé à ce bulletin, ou le serveur avait dit qu’il n’était pas enregistré. Il est pourtant dans l’urne");
  let first;
  proxy.asked(BALLOT, (post) => ((first = bytesOf(post)), { answer: REFUSED }));
  await cast(page, CONTESTS[0]);
  await assertRefused(page);
  proxy.asked(BALLOT, () => ({ body: { ballot: first.toString("base64") } }));
  await cast(page, CONTESTS[0], "Liste A, Horizon commun");
  const report = await disputed(page, 0, "tracker");
  await endDispute(page, [0]);
  await told.waitFor();
  await look(page, "receipt-and-report");
  const saved = page.waitForEvent("download");
  await page.locator("[data-step=receipt]").getByRole("button", { name: "Enregistrer le constat" }).press("Enter");
  const { tracker, answers } = JSON.parse(readFileSync(await (await saved).path(), "utf8"));
  assert.deepEqual([tracker, answers], [report.tracker, report.answers], "of the ballot that the server said it had taken");
  const evidence = await shownTracker(page);
  await back(page);
  assertSignOffs(voter, [0]);

  for (const [contest, lie] of [[1, REFUSED], [2, { status: "already_voted" }]]) {
    let sent;
    proxy.answered(BALLOT, (answer, post) => (assert.equal(answer.status, "recorded"), (sent = bytesOf(post)), lie));
    await cast(page, CONTESTS[contest]);
    if (contest === 1) {
      await assertRefused(page);
      await page.getByRole("listitem").filter({ hasText: CONTESTS[1] }).getByRole("button", { name: "Voir ma preuve de vote" }).press("Enter");
    }
    await voted(page, [0, 1]);
    if (contest === 1) await told.waitFor();
    else assert.equal(await told.isVisible(), false, "it is the one that she has just sent");
    assert.notEqual(await shownTracker(page), evidence);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Télécharger ma preuve de vote" }).press("Enter");
    const entry = Buffer.from(/^extra (.+)$/m.exec(readFileSync(await (await download).path(), "utf8"))[1], "base64");
    assert.equal(entry.subarray(33).toString("hex"), trackerOf(sent));
    await back(page);
  }
  proxy.honest();
  assertSignOffs(voter, [0, 1, 2]);
  await closePage(page);
});

test("the same after a reload: what was said to be refused before it is still hers, and the list says so too", async () => {
  const voter = voters[5];
  const page = await inside(voter);
  const told = page.locator("[data-step=receipt]").getByText("Il est pourtant dans l’urne : c’est lui qui compte");
  const listed = (contest) => page.locator("[data-slot=earlier]").getByText(`${contest} : un bulletin auquel vous aviez renoncé, ou dont le serveur avait dit qu’il n’était pas enregistré, est dans l’urne`);
  // One never arrives, the next is recorded; of both it is said that they were refused.
  proxy.asked(BALLOT, () => ({ answer: REFUSED }));
  await cast(page, CONTESTS[0]);
  await assertRefused(page);
  const first = bytesOf(proxy.seen(BALLOT));
  proxy.honest();
  proxy.answered(BALLOT, () => REFUSED);
  proxy.asked(RECEIPT, () => ({ answer: { status: "pending" } })); // until she is back
  await cast(page, CONTESTS[1]);
  await assertRefused(page);
  const second = trackerOf(bytesOf(proxy.seen(BALLOT)));
  const kept = await page.evaluate(() => ({ ...sessionStorage }));
  assert.deepEqual(kept, Object.fromEntries([first, bytesOf(proxy.seen(BALLOT))].map((ballot, i) => [`isoloir/turned-down/${i}`, JSON.stringify([{ ballot: ballot.toString("base64"), sent: true }])])));

  await page.reload();
  proxy.honest();
  await page.getByText("La page a été rechargée").waitFor();
  assert.equal(await page.getByText("Un bulletin chiffré, préparé avant une interruption").isVisible(), false, "none will be sent");
  await typeCode(demo, page, voter.code);
  await listed(CONTESTS[1]).waitFor({ timeout: 30_000 });
  await look(page, "turned-down-recorded");
  await page.getByRole("listitem").filter({ hasText: CONTESTS[1] }).getByRole("button", { name: "Voir ma preuve de vote" }).press("Enter");
  await page.getByRole("heading", { name: "A voté" }).waitFor();
  await told.waitFor();
  assert.equal(await shownTracker(page), trackerText(second));
  await back(page);

  proxy.honest();
  proxy.asked(BALLOT, () => ({ body: { ballot: first.toString("base64") } }));
  await cast(page, CONTESTS[0], "Liste A, Horizon commun");
  const report = await disputed(page, 0, "tracker");
  await endDispute(page, [0, 1]);
  await told.waitFor();
  await back(page);
  await listed(CONTESTS[0]).waitFor();
  assertSignOffs(voter, [0, 1]);

  // Refused, and then recorded from elsewhere: with nothing that this browser has sent.
  proxy.asked(BALLOT, () => ({ answer: REFUSED }));
  await cast(page, CONTESTS[2]);
  await assertRefused(page);
  proxy.honest();
  const elsewhere = await inside(voter);
  await vote(elsewhere, CONTESTS[2], BLANK);
  await page.reload();
  await typeCode(demo, page, voter.code);
  await page.getByRole("listitem").filter({ hasText: CONTESTS[2] }).getByText("Un vote a déjà été enregistré pour vous dans ce scrutin").waitFor();
  assert.equal(await page.getByText("Vous avez voté dans tous vos scrutins").isVisible(), false, "if it was she");
  await look(page, "turned-down-otherwise");
  // The report of the ballot that is not the one in the box is there still, and so is the other's receipt.
  await listed(CONTESTS[0]).waitFor();
  await page.getByRole("banner").getByRole("button", { name: "Quitter" }).click();
  const dialog = page.getByRole("dialog");
  const saved = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Enregistrer le constat" }).press("Enter");
  assert.equal(JSON.parse(readFileSync(await (await saved).path(), "utf8")).tracker, report.tracker);
  await dialog.getByRole("heading", { name: "Le fichier est téléchargé" }).waitFor();
  await dialog.getByRole("button", { name: "Quitter" }).press("Enter");
  await dialog.getByRole("heading", { name: "Vous n’avez pas gardé cette preuve de vote" }).waitFor();
  await dialog.getByRole("button", { name: "Quitter" }).press("Enter");
  await page.getByRole("heading", { name: "Vous êtes déconnecté" }).waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await Promise.all([closePage(elsewhere), closePage(page)]);
});

test("what she gave up is recorded in the place of her choice, its proof late or false: she is told everywhere which ballot it is, and casts it nowhere", async () => {
  const voter = voters[6];
  const page = await inside(voter);
  proxy.asked(BALLOT, () => ({ answer: REFUSED }));
  await cast(page, CONTESTS[0]);
  await assertRefused(page);
  const first = bytesOf(proxy.seen(BALLOT));
  // It is sent before the next one, and its receipt is held back.
  let receipt = { status: "pending" };
  proxy.asked(BALLOT, async (post) => void (await proxy.resend(post, { ballot: first.toString("base64") })));
  proxy.asked(RECEIPT, ({ body }) => receipt && body.tracker === trackerOf(first) && { answer: receipt });
  await cast(page, CONTESTS[0], "Liste A, Horizon commun");
  const told = (within) => within.getByText("Le bulletin dont il s’agit, vous l’aviez préparé avant : vous y aviez renoncé, ou le serveur avait dit qu’il n’était pas enregistré. C’est peut-être lui qui compte.").waitFor();
  const card = page.getByRole("listitem").filter({ hasText: CONTESTS[0] });
  const dialog = page.getByRole("dialog");
  const leave = async (title) => {
    await page.getByRole("banner").getByRole("button", { name: "Quitter" }).press("Enter"); // twice in a second, with a step between
    await dialog.getByRole("heading", { name: title }).waitFor();
    await told(dialog);
  };
  await page.getByRole("heading", { name: "Votre vote est enregistré" }).waitFor({ timeout: 30_000 });
  await told(page.locator("[data-step=pending]"));
  await look(page, "pending-earlier");
  await back(page);
  await told(card);
  await look(page, "contests-pending-earlier");
  await leave("Votre preuve de vote n’est pas encore arrivée");
  await look(page, "leave-pending-earlier");
  await dialog.getByRole("button", { name: "Rester ici" }).press("Enter");

  receipt = { status: "ready", receipt: "false" };
  await page.getByRole("heading", { name: "Votre preuve de vote n’est pas valable" }).waitFor({ timeout: 30_000 });
  await leave("Vous n’avez pas enregistré le constat");
  await dialog.getByRole("button", { name: "Rester ici" }).press("Enter");
  assert.equal((await disputed(page, 0, "form")).tracker, trackerOf(first));
  await told(page.locator("[data-step=dispute]"));
  await page.getByText("Le bulletin n’est pas présenté à nouveau").waitFor();
  await look(page, "dispute-earlier");
  await page.locator(".portal-header a[hreflang=en]").click();
  await page.getByText("The ballot is not presented again").waitFor();
  await look(page, "dispute-earlier");
  await page.locator(".portal-header a[hreflang=fr]").click();
  await page.getByText("Le bulletin n’est pas présenté à nouveau").waitFor();
  await back(page);
  await told(card);

  // So it is after a reload; asking for the receipt casts nothing.
  await page.reload();
  await typeCode(demo, page, voter.code);
  await told(card);
  await card.getByRole("button", { name: "Voir ce qu’il faut faire" }).press("Enter");
  await told(page.locator("[data-step=dispute]"));
  proxy.asked(BALLOT, () => assert.fail("she has given it up"));
  proxy.asked(RECEIPT, () => ({ cut: true }));
  await page.getByRole("button", { name: "Redemander ma preuve de vote" }).press("Enter");
  const tracing = page.locator("[data-step=tracing]");
  await tracing.getByRole("heading", { name: "Vérification de votre vote" }).waitFor();
  await told(tracing);
  await tracing.getByText("Le service n’a pas répondu").waitFor();
  await look(page, "tracing");
  await leave("Vous n’avez pas enregistré le constat");
  const saved = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Enregistrer le constat" }).press("Enter");
  assert.equal(JSON.parse(readFileSync(await (await saved).path(), "utf8")).tracker, trackerOf(first));
  await dialog.getByRole("heading", { name: "Le fichier est téléchargé" }).waitFor();
  await dialog.getByRole("button", { name: "Quitter" }).press("Enter");
  await dialog.getByRole("heading", { name: "Une vérification est en cours" }).waitFor();
  await look(page, "leave-tracing");
  await dialog.getByRole("button", { name: "Rester ici" }).press("Enter");
  await page.locator(".portal-header a[hreflang=en]").click();
  await tracing.getByText("Your browser is checking whether a vote is recorded for you in this contest").waitFor();
  await tracing.getByText("The service did not answer").waitFor();
  await look(page, "tracing");
  await page.locator(".portal-header a[hreflang=fr]").click();
  await tracing.getByText("Le service n’a pas répondu").waitFor();
  proxy.honest();
  await page.evaluate(() => void dispatchEvent(new Event("online"))); // sooner than it would by itself
  await voted(page, [0]);
  await page.locator("[data-step=receipt]").getByText("Il est pourtant dans l’urne : c’est lui qui compte").waitFor();
  assert.equal(await shownTracker(page), trackerText(trackerOf(first)));
  assertSignOffs(voter, [0]);
  await closePage(page);
});

// A log of the attacker's own, with this one entry.
function forgedReceipt(tracker, origin) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
  const entry = Buffer.concat([Buffer.of(1), Buffer.alloc(32, 7), Buffer.from(tracker, "hex")]);
  const text = `${origin}\n1\n${sha256(Buffer.of(0), entry).toString("base64")}\n`;
  const id = sha256(Buffer.from(`${origin}\n`), Buffer.of(1), key).subarray(0, 4);
  const signature = Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]).toString("base64");
  return `c2sp.org/tlog-proof@v1\nextra ${entry.toString("base64")}\nindex 0\n\n${text}\n\u2014 ${origin} ${signature}\n`;
}

test("ballots and receipts sent again elsewhere: another contest, district, session or election; forged logs; late and double answers", async () => {
  // Another election of the same portal: contests, voters and texts alike, keys and fingerprint its own.
  const other = await startDemo();
  let foreign;
  try {
    const there = await inside(demoVoters(other)[0], other);
    proxy.answered(RECEIPT, (answer) => (answer.receipt && (foreign = answer.receipt), answer));
    await vote(there, CONTESTS[0], BLANK);
    await closePage(there);
  } finally {
    await other.stop();
  }
  const foreignBallot = bytesOf(proxy.seen(BALLOT));
  proxy.honest();

  const voter = voters[3];
  const page = await inside(voter);
  // Copied on its way, and dropped. The attacker has her cookie and token too.
  proxy.asked(BALLOT, () => ({ answer: REFUSED }));
  await cast(page, CONTESTS[0]);
  await assertRefused(page);
  const post = proxy.seen(BALLOT);
  const copy = bytesOf(post);
  const resent = (ballot) => proxy.resend(post, { ballot: ballot.toString("base64") });
  const changed = (at, number) => {
    const bytes = Buffer.from(copy);
    bytes.writeUInt32BE(number, at);
    return bytes;
  };
  const refusals = [
    ["another contest, of as many options", changed(36, 2), "ballot.signature"],
    ["another contest, of fewer", changed(36, 1), "ballot.length"],
    ["a contest that is none", changed(36, 99), "ballot.contest"],
    ["another district", changed(40, 1), "ballot.district"],
    ["another fingerprint", changed(4, 0), "ballot.fingerprint"],
    ["another election's, as it was cast there", foreignBallot, "ballot.fingerprint"],
    ["cut short", copy.subarray(0, -1), "ballot.length"],
  ];
  for (const [what, ballot, code] of refusals) assert.deepEqual(await resent(ballot), { status: "refused", code }, what);
  assertSignOffs(voter, []);

  // Sent twice at once, answered late: one ballot, one answer, one receipt.
  proxy.asked(BALLOT, async (original) => void (await Promise.all([1, 2].map(() => proxy.resend(original, original.body)))));
  proxy.answered(BALLOT, (answer) => new Promise((resolve) => setTimeout(resolve, 1500, answer)));
  await cast(page, CONTESTS[0]);
  await page.getByRole("heading", { name: "Envoi de votre bulletin" }).waitFor();
  await voted(page);
  assertSignOffs(voter, [0]);
  proxy.honest();
  const receipt = (await proxy.resend(proxy.seen(RECEIPT), proxy.seen(RECEIPT).body)).receipt;
  const kept = bytesOf(proxy.seen(BALLOT));
  assert.deepEqual(await resent(copy), { status: "already_voted" });
  assert.deepEqual(await resent(kept), { status: "recorded", tracker: trackerOf(kept) });
  assertSignOffs(voter, [0]);
  await back(page);

  // The answers to one contest given to another; a log of somebody else's; a log of another name.
  const ours = receipt.split("\n\n")[1].split("\n")[0];
  const lies = [
    [() => ({ status: "recorded", tracker: trackerOf(kept) }), undefined, "tracker"],
    [undefined, () => receipt, "tracker"],
    [undefined, () => foreign, "tracker"],
    [undefined, (tracker) => forgedReceipt(tracker, ours), "log_signature"],
    [undefined, (tracker) => forgedReceipt(tracker, "log.example/log"), "origin"],
  ];
  for (const [i, [ballot, forged, refused]] of lies.entries()) {
    proxy.honest();
    // Nothing reaches the server.
    proxy.asked(BALLOT, (cast) => ({ answer: ballot ? ballot() : recordedAs(cast) }));
    proxy.asked(RECEIPT, ({ body }) => ({ answer: { status: "ready", receipt: forged(body.tracker) } }));
    if (i === 0) await cast(page, CONTESTS[2]);
    else await page.getByRole("button", { name: "Redemander ma preuve de vote" }).press("Enter");
    await page.waitForFunction((count) => JSON.parse(sessionStorage.getItem("isoloir/ballot/2"))?.evidence?.answers.length === count, i + 1);
    if (i === 0 || i === lies.length - 1) await disputed(page, 2, refused);
    else assert.equal(await page.evaluate(() => JSON.parse(sessionStorage.getItem("isoloir/ballot/2")).evidence.refused), refused);
  }
  assertSignOffs(voter, [0]);
  await endDispute(page);
  assertSignOffs(voter, [0, 2]);

  // Another voter's session: the ballot is where it was, and nobody is signed off for it.
  const stranger = await inside(voters[4]);
  proxy.asked(BALLOT, () => ({ answer: REFUSED }));
  await cast(stranger, CONTESTS[1]);
  await assertRefused(stranger);
  proxy.honest();
  const hers = proxy.seen(BALLOT);
  assert.deepEqual(await proxy.resend(hers, { ballot: kept.toString("base64") }), { status: "recorded", tracker: trackerOf(kept) });
  assert.deepEqual(await resent(bytesOf(hers)), { status: "refused", code: "ballot.key" });
  assertSignOffs(voters[4], []);
  await vote(stranger, CONTESTS[1], BLANK);
  assertSignOffs(voters[4], [1]);
  await back(page);
  await vote(page, CONTESTS[1], BLANK);
  assertSignOffs(voter, [0, 1, 2]);
  await Promise.all([closePage(stranger), closePage(page)]);
});

// Where a code validates the vote.
const CONSTITUENCY = "1re circonscription (États-Unis d’Amérique et Canada)";

async function toCode(election, { identifier, code, email }) {
  const page = await newPage(browser, { acceptDownloads: true, proxy: { server: proxy.server } });
  await page.goto(election.origin);
  await typeKeys(election, page, identifier, code);
  await openBallot(page, CONSTITUENCY);
  await toConfirm(page, "ALPHA Anne");
  await page.getByRole("button", { name: "Recevoir mon code de confirmation" }).press("Enter");
  await page.getByText("Un code de 6 chiffres a été envoyé").waitFor();
  return { page, digits: await receivedCode(election, page, email) };
}

// Anew, with the code that nobody has used up.
async function castAgain({ page, digits }) {
  await openBallot(page, CONSTITUENCY);
  await toConfirm(page, "ALPHA Anne");
  await page.getByRole("button", { name: "Continuer avec le code déjà reçu" }).press("Enter");
  await typeConfirmation(page, digits);
}

test("a second round is an election of its own: ballots and receipts of each round sent again in the other", async () => {
  const secondRound = (toml) => toml.replaceAll("\nround = 1", "\nround = 2").replace("premier tour", "second tour").replace("first round", "second round");
  const elections = await Promise.all([startDemo("legislative"), startDemo("legislative", { edit: secondRound })]);
  try {
    // Of the same voter one ballot in each round, copied on its way, and dropped.
    const [{ email }, { email: neighbour }] = demoVoters(elections[0]).filter(({ contests }) => contests.includes(CONSTITUENCY));
    const of = (election, address) => demoVoters(election).find((voter) => voter.email === address);
    const rounds = [];
    for (const election of elections) {
      const voter = of(election, email);
      const hers = await toCode(election, voter);
      const manifest = await hers.page.locator("#voting-space").getAttribute("data-manifest-url");
      const sealed = await (await fetch(new URL(manifest, election.origin))).json();
      proxy.asked(BALLOT, () => ({ answer: REFUSED }));
      await typeConfirmation(hers.page, hers.digits);
      await assertRefused(hers.page);
      proxy.honest();
      rounds.push({ ...hers, election, voter, sealed, post: proxy.seen(BALLOT) });
    }
    assert.deepEqual(rounds.map(({ sealed }) => sealed.contests[0].round), [1, 2]);
    assert.notEqual(rounds[0].sealed.election_id, rounds[1].sealed.election_id);

    for (const [i, { election, voter, post }] of rounds.entries()) {
      const sent = (ballot) => proxy.resend(post, { ...post.body, ballot: ballot.toString("base64") });
      const other = bytesOf(rounds[1 - i].post);
      assert.deepEqual(await sent(other), { status: "refused", code: "ballot.fingerprint" });
      other.set(bytesOf(post).subarray(4, 36), 4); // under this round's fingerprint
      assert.deepEqual(await sent(other), { status: "refused", code: "ballot.signature" });
      assertSignOffs(voter, [], election);
    }

    // She votes in one round; its receipt is given in the other, where she votes, and whose receipt is given back to a neighbour.
    const [first, second] = rounds;
    let receipt;
    const take = () => proxy.answered(RECEIPT, (answer) => (answer.receipt && (receipt = answer.receipt), answer));
    take();
    await castAgain(second);
    await voted(second.page);
    const third = await toCode(second.election, of(second.election, neighbour));
    for (const [{ page, election }, who, cast] of [
      [first, first.voter, () => castAgain(first)],
      [{ ...third, election: second.election }, of(second.election, neighbour), () => typeConfirmation(third.page, third.digits)],
    ]) {
      const foreign = receipt;
      proxy.answered(RECEIPT, () => ({ status: "ready", receipt: foreign }));
      await cast();
      await assertDispute(page, [CONSTITUENCY], CONSTITUENCY, "tracker");
      take();
      await page.getByRole("button", { name: "Redemander ma preuve de vote" }).press("Enter");
      await voted(page);
      assert.notEqual(receipt, foreign);
      assertSignOffs(who, [0], election);
    }
    assertSignOffs(second.voter, [0], second.election);
    await Promise.all([first, second, third].map(({ page }) => closePage(page)));
  } finally {
    await Promise.all(elections.map((election) => election.stop()));
  }
});

test("in a contest of several districts a ballot is of its own: moved to a neighbour's, exchanged with a neighbour's", async () => {
  const election = await startDemo("legislative");
  try {
    const districts = sqliteRows(election, "SELECT v.email, c.district FROM voter v JOIN voter_contest c ON c.voter = v.id WHERE c.contest = 0");
    const among = new Map(districts.map((row) => row.split("|")));
    const here = demoVoters(election).filter(({ email }) => among.has(email));
    const [voter] = here;
    const district = Number(among.get(voter.email));
    const neighbour = here.find(({ email }) => Number(among.get(email)) !== district);

    // Hers never arrives, and is copied; with her cookie, her token and her code it is sent again, changed.
    const hers = await toCode(election, voter);
    proxy.asked(BALLOT, () => ({ answer: REFUSED }));
    await typeConfirmation(hers.page, hers.digits);
    await assertRefused(hers.page);
    const post = proxy.seen(BALLOT);
    const moved = bytesOf(post);
    moved.writeUInt32BE(Number(among.get(neighbour.email)), 40);
    assert.deepEqual(await proxy.resend(post, { ...post.body, ballot: moved.toString("base64") }), { status: "refused", code: "ballot.signature" });
    assertSignOffs(voter, [], election);

    // The neighbour's browser sends hers in the place of its own: good in itself, of a key that is not the neighbour's.
    const other = await toCode(election, neighbour);
    proxy.asked(BALLOT, ({ body }) => ({ body: { ...body, ballot: post.body.ballot } }));
    proxy.answered(BALLOT, (answer) => (assert.equal(answer.code, "ballot.key"), answer));
    await typeConfirmation(other.page, other.digits);
    await assertRefused(other.page);
    assertSignOffs(neighbour, [], election);
    assertSignOffs(voter, [], election);

    proxy.honest();
    for (const [open, who] of [[hers, voter], [other, neighbour]]) {
      await castAgain(open);
      await voted(open.page);
      assertSignOffs(who, [0], election);
      await closePage(open.page);
    }
  } finally {
    await election.stop();
  }
});
