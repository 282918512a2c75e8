// From the last ballot to the verified result: voters vote in the browser, the bureau closes, counts and closes the count by
// its commands beside the running server, the result is shown and the export verified with the voters' own receipts.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { closePage, newPage, PROGRAM, root, screenshot, startBrowser, startDemo } from "./harness.mjs";
import { look } from "./look.mjs";
import { demoVoters, enterVotingSpace, signIn, strikeOff, vote } from "./voter.mjs";

const MINISTRY = "Comité social d’administration ministériel";
const JOINT = "Commission administrative paritaire nationale";
const EXPORT = "https://results.example/2022/";
const VERIFIER = "https://university.example/verify.html";
let demo, browser, folder;

before(async () => {
  demo = await startDemo("education", { edit: (toml) => `${toml}\n[publication]\nexport = "${EXPORT}"\nverifier = "${VERIFIER}"\n` });
  browser = await startBrowser();
  folder = mkdtempSync(join(tmpdir(), "isoloir-count-"));
});
after(async () => {
  await browser?.close();
  await demo?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The commands that the demonstration's page shows, run as they stand: one text for each step. */
async function runPrinted(page, step, words) {
  await page.goto(`${demo.origin}/demo`);
  const [command] = (await page.locator("pre.command").allInnerTexts()).filter((text) => text.includes(words));
  assert.ok(command, `no command for ${step}`);
  const shell = command.replaceAll("build/release/isoloir", PROGRAM);
  const done = spawnSync("sh", ["-ec", shell], { encoding: "utf8", cwd: root });
  assert.equal(done.status, 0, `${step}: ${command}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

const bureau = (...args) => execFileSync(PROGRAM, ["bureau", ...args, "--state", demo.state], { encoding: "utf8" });

async function voteAndKeepReceipt(voter, choice, receipt, more = async () => {}) {
  const page = await newPage(browser, { acceptDownloads: true });
  await signIn(demo, page, voter);
  await enterVotingSpace(demo, page, voter.code);
  await vote(page, MINISTRY, choice);
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Télécharger ma preuve de vote" }).click();
  await (await downloading).saveAs(receipt);
  await page.locator("[data-step=receipt]").getByRole("button", { name: "Revenir à mes scrutins" }).press("Enter");
  await more(page);
  await page.goto(`${demo.origin}/`);
  await page.getByRole("button", { name: "Quitter" }).first().click();
  await page.waitForURL("**/signed-out");
  await closePage(page);
}

test("votes, close, count, seats, and the verdict of a program that trusts nobody", async () => {
  const voters = demoVoters(demo).filter((voter) => voter.contests.includes(MINISTRY) && voter.contests.includes(JOINT));
  const receipts = join(folder, "receipts");
  mkdirSync(receipts);
  const receipt = (i) => join(receipts, `${i}.tlog-proof`);
  await voteAndKeepReceipt(voters[0], "Liste A, Horizon commun", receipt(0), (page) =>
    vote(page, JOINT, "Liste B, École et territoires"),
  );
  await voteAndKeepReceipt(voters[1], "Liste A, Horizon commun", receipt(1));
  await voteAndKeepReceipt(voters[2], "Vote blanc", receipt(2));

  const page = await newPage(browser);
  const early = await page.goto(`${demo.origin}/result`);
  assert.equal(early.status(), 404, "no partial result is shown (R211-570)");

  assert.match(bureau("status"), /3 émargements/);
  assert.match(strikeOff(demo, voters[3], "--contest", "0"), /Radiation[^]*Fait : événement n° 1/);
  await runPrinted(page, "suspend and resume", "bureau suspend");
  await runPrinted(page, "close", "bureau close ");
  assert.match(await runPrinted(page, "count", "bureau count "), /inscrits 20, émargements 3 = exprimés 2 \+ blancs 1/);
  await runPrinted(page, "close of the count", "bureau close-count ");
  const exported = join(demo.state, "export");
  assert.match(await runPrinted(page, "verify", " verify "), /^verified\n/);

  for (const language of ["en", "fr"]) {
    await page.goto(`${demo.origin}/result?lang=${language}`);
    await look(page, "result");
  }
  await page.getByText("Exprimés (2) + blancs (1) = émargements (3)").waitFor();
  await page.getByText("2 (voix) × 15 (sièges à pourvoir) ÷ 2 (exprimés) = 15,00\u00a0; au quotient\u00a0: 15").waitFor();
  for (const url of [EXPORT, VERIFIER]) assert.equal(await page.getByRole("link", { name: url }).getAttribute("href"), url);
  const address = await page.locator("main a[href*='/checkpoint']").getAttribute("href");
  assert.match(await (await page.request.get(address)).text(), /^\S+\n\d+\n/, "the log's checkpoint");
  await page.setViewportSize({ width: 1920, height: 1080 });
  await screenshot(page, "result-projected");
  await page.pdf({ format: "A4", path: join(root, "build/screenshots/result.pdf") });
  const result = JSON.parse(readFileSync(join(exported, "result.json"), "utf8"));
  assert.deepEqual(
    result.contests.map(({ sign_offs, valid, blank }) => [sign_offs, valid, blank]),
    [
      [3, 2, 1],
      [1, 1, 0],
      [0, 0, 0],
    ],
  );

  const fingerprint = createHash("sha256").update(readFileSync(join(exported, "manifest.json"))).digest("hex");
  const checkpoint = join(folder, "checkpoint");
  writeFileSync(checkpoint, JSON.parse(readFileSync(join(exported, "log/checkpoints.json"), "utf8")).at(-1));
  const anchors = ["--fingerprint", fingerprint, "--checkpoint", checkpoint, "--receipts", receipts];
  const verify = () => spawnSync(PROGRAM, ["verify", exported, ...anchors], { encoding: "utf8" });
  const verdict = verify();
  assert.equal(verdict.status, 0, verdict.stdout + verdict.stderr);
  assert.match(verdict.stdout, /^verified\n/);
  assert.match(verdict.stdout, /V9 +ok +enrolments and strike-offs: 0 enrolments, 1 strike-off\n/);
  assert.match(verdict.stdout, /V24 +ok +receipts: 3/);
  const box = join(exported, "box/0-0.bin");
  const bytes = readFileSync(box);
  bytes[bytes.length - 1] ^= 1;
  writeFileSync(box, bytes);
  assert.equal(verify().status, 1, "one changed byte is refused");
  await closePage(page);
});
