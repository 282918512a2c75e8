// A server that lies about a ballot: whatever it says in place of a proof is refused by the voter's own browser, which says so
// in plain words, keeps the evidence, makes no second ballot and never says "a voté".
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { assertDispute as disputed } from "./dispute.mjs";
import { closePage, newPage, startBrowser, startDemo } from "./harness.mjs";
import { demoVoters, enterVotingSpace, held, openBallot, signIn, toConfirm, typeCode, vote } from "./voter.mjs";

const CONTESTS = [
  "Comité social d’administration ministériel",
  "Commission administrative paritaire nationale",
  "Comité social d’administration de l’académie",
];
const BLANK = "Vote blanc";
let demo, browser, voters;

before(async () => {
  demo = await startDemo();
  browser = await startBrowser();
  voters = demoVoters(demo).filter(({ contests }) => CONTESTS.every((contest) => contests.includes(contest)));
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

async function inside(voter) {
  const page = await newPage(browser, { acceptDownloads: true });
  await signIn(demo, page, voter);
  await enterVotingSpace(demo, page, voter.code);
  return page;
}

// Lets the server's own answers through until there is a receipt, then changes it.
async function lie(page, change) {
  await page.route("**/api/receipt", async (route) => {
    const answer = await (await route.fetch()).json();
    if (answer.status !== "ready") return route.fulfill({ json: answer });
    return route.fulfill({ json: { ...answer, ...change(answer.receipt) } });
  });
}

// One base64 line of the receipt, with one bit of it turned.
function turned(receipt, line) {
  const lines = receipt.split("\n");
  const i = lines.findIndex(line);
  const [label, text] = /^(extra )?(.+)$/.exec(lines[i]).slice(1);
  const bytes = Buffer.from(text, "base64");
  bytes[1] ^= 1; // of an entry, the nonce; of a hash, the hash
  lines[i] = (label ?? "") + bytes.toString("base64");
  return { receipt: lines.join("\n") };
}

async function cast(page, contest) {
  await openBallot(page, contest);
  await toConfirm(page, BLANK);
  await page.getByRole("button", { name: "Valider mon vote" }).press("Enter");
}

const assertDispute = (page, contest, refused) => disputed(page, CONTESTS, contest, refused);

async function endLie(page) {
  await page.unroute("**/api/receipt");
  await page.unroute("**/api/ballot");
  await page.getByRole("button", { name: "Redemander ma preuve de vote" }).press("Enter");
  await page.getByRole("heading", { name: "A voté" }).waitFor({ timeout: 30_000 });
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await page.locator("[data-step=receipt]").getByRole("button", { name: "Revenir à mes scrutins" }).press("Enter");
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
}

test("an altered leaf, an altered checkpoint, a receipt cut short: refused; the true one ends it; one ballot each", async () => {
  const voter = voters[0];
  const page = await inside(voter);
  const lies = [
    [(receipt) => turned(receipt, (line) => line.startsWith("extra ")), "inclusion"],
    [(receipt) => turned(receipt, (line, i, all) => /^\d+$/.test(all[i - 1]) /* the root follows the size */), "log_signature"],
    [(receipt) => ({ receipt: receipt.slice(0, receipt.length / 3) }), "form"],
  ];
  for (const [i, [change, refused]] of lies.entries()) {
    await lie(page, change);
    await cast(page, CONTESTS[i]);
    await assertDispute(page, CONTESTS[i], refused);
    await endLie(page);
  }
  const now = held(demo, voter);
  assert.deepEqual([now.signOffs, now.ballots], [[0, 1, 2], now.allSignOffs]);
  await closePage(page);
});

test("another voter's receipt, another tracker, a ballot that vanished: refused; the evidence outlives a reload, not Quitter", async () => {
  const other = await inside(voters[1]);
  await vote(other, CONTESTS[0], BLANK);
  const download = other.waitForEvent("download");
  await other.getByRole("button", { name: "Télécharger ma preuve de vote" }).click();
  const theirs = readFileSync(await (await download).path(), "utf8");
  await closePage(other);

  const voter = voters[2];
  const page = await inside(voter);
  await lie(page, () => ({ receipt: theirs }));
  await cast(page, CONTESTS[0]);
  await assertDispute(page, CONTESTS[0], "tracker");
  await endLie(page);

  await page.route("**/api/ballot", async (route) => {
    await route.fetch();
    return route.fulfill({ json: { status: "recorded", tracker: "ab".repeat(32) } });
  });
  await cast(page, CONTESTS[1]);
  await assertDispute(page, CONTESTS[1], "tracker");
  await endLie(page);

  // Said to be recorded, and dropped.
  await page.route("**/api/ballot", (route) => {
    const ballot = Buffer.from(route.request().postDataJSON().ballot, "base64");
    return route.fulfill({ json: { status: "recorded", tracker: createHash("sha256").update(ballot).digest("hex") } });
  });
  await cast(page, CONTESTS[2]);
  const before = await assertDispute(page, CONTESTS[2], "unknown");
  assert.deepEqual(held(demo, voter).signOffs, [0, 1]);
  await page.reload();
  await typeCode(demo, page, voter.code);
  const card = page.getByRole("listitem").filter({ hasText: CONTESTS[2] });
  await card.getByRole("button", { name: "Voir ce qu’il faut faire" }).click();
  const evidence = await assertDispute(page, CONTESTS[2], "unknown");
  assert.equal(evidence.ballot, before.ballot);
  await page.reload();
  await typeCode(demo, page, voter.code);
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  await page.getByRole("banner").getByRole("button", { name: "Quitter" }).click();
  const dialog = page.getByRole("dialog", { name: "Vous n’avez pas enregistré le constat" });
  await dialog.getByRole("button", { name: "Rester ici" }).click();
  await endLie(page); // the same ballot arrives after all
  assert.deepEqual(held(demo, voter).signOffs, [0, 1, 2]);
  await closePage(page);
});

test("an election that is not the one of the fingerprint is not voted in", async () => {
  const page = await newPage(browser);
  await signIn(demo, page, voters[3]);
  await page.route("**/election/manifest.json", async (route) => {
    const text = await (await route.fetch()).text();
    return route.fulfill({ body: text.replace("Liste A", "Liste Z"), contentType: "application/json" });
  });
  await page.goto(`${demo.origin}/voting-space`);
  await page.getByText("Le contenu de l’élection ne correspond pas à son empreinte. Ne votez pas").waitFor();
  assert.equal(await page.locator("#code").isVisible(), false);
  await closePage(page);
});

test("a receipt's QR code leads to the look-up with the tracker in it, which no server sees in an address", async () => {
  const voter = voters[4];
  const page = await inside(voter);
  const tracker = await vote(page, CONTESTS[0], BLANK);
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(`${demo.origin}/suivi#${tracker.replaceAll(" ", "")}`);
  assert.equal(await page.getByLabel("Numéro de suivi").inputValue(), tracker);
  await page.getByRole("button", { name: "Vérifier" }).click();
  await page.getByText("Ce bulletin est dans l’urne, et inscrit au registre public.").waitFor();
  assert.ok(asked.every((url) => !decodeURIComponent(url).replace(/[ +]/g, "").includes(tracker.replaceAll(" ", "").slice(0, 8))), asked.join("\n"));
  assert.equal(new URL(page.url()).search + new URL(page.url()).hash, "");
  await closePage(page);
});
