// The page of the second verifier, opened from the disk as a judge would: exports dropped and chosen, good, bad and none at all.
// The made-up exports are those that scripts/verifiers_agree.sh has left beside the program, or else made here.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { axeCheck, closePage, newPage, PROGRAM, root, screenshot, startBrowser } from "./harness.mjs";

const MAKER = join(PROGRAM, "../tampered_exports");
const PAGE = join(root, "build/verifier/verify.html");
const WIDTHS = [1280, 375];
const VERDICT_MS_MAX = 120_000;
const CASES = ["anchored", "the-election", "with-receipts", "two-votes-in-one-option"];
const skip = existsSync(MAKER) ? false : `${MAKER} is not built`;

let browser;
let scratch;
let cases;
before(async () => {
  execFileSync(join(root, "scripts/node"), [join(root, "verifier/build.mjs")]);
  scratch = mkdtempSync(join(tmpdir(), "isoloir-verifier-"));
  cases = join(scratch, "cases"); // whole paths, as a drop has them
  if (!skip) execFileSync(MAKER, [cases, "--case", ...CASES]);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  rmSync(scratch, { recursive: true, force: true });
});

const exportOf = (name) => join(cases, name, "export");
const anchorsOf = (name) => JSON.parse(readFileSync(join(cases, name, "case.json"), "utf8")).anchors;

async function opened(options) {
  const page = await newPage(browser, options);
  await page.goto(pathToFileURL(PAGE).href);
  return page;
}

// What a hand does with a folder or a file and a mouse.
async function drop(page, ...paths) {
  const session = await page.context().newCDPSession(page);
  const box = await page.locator("#drop").boundingBox();
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: box.x + box.width / 2, y: box.y + 20, data });
  }
  await session.detach();
}

async function verdictOf(page) {
  await page.locator("#start").press("Enter");
  await page.locator("#verdict").waitFor({ timeout: VERDICT_MS_MAX });
  assert.equal(await page.evaluate(() => document.activeElement.id), "verdict", "the verdict has the focus");
  return page.locator("#verdict").innerText();
}

async function looked(page, name) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await axeCheck(page);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wider <= 0, `the page is ${wider} px wider than its window of ${width}`);
    const small = await page.locator("button:visible").evaluateAll((buttons) => buttons.filter((button) => button.getBoundingClientRect().height < 44).length);
    assert.equal(small, 0, "a button is too small to press");
    await screenshot(page, `verifier-${name}-${width}`);
  }
}

test("the page at first sight, in both languages", async () => {
  const page = await opened();
  assert.equal(await page.locator("h1").innerText(), "Vérifier une élection");
  await looked(page, "empty-fr");
  await page.locator("#language").press("Enter");
  assert.equal(await page.locator("h1").innerText(), "Verify an election");
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  await looked(page, "empty-en");
  await closePage(page);
});

test("an anchored export that is dropped is verified, with its results", { skip }, async () => {
  const page = await opened();
  let workers = 0;
  page.on("worker", () => workers++);
  await drop(page, exportOf("good-anchored"));
  await page.locator("#chosen:not(:empty)").waitFor();
  const { fingerprint, checkpoint } = anchorsOf("good-anchored");
  await page.locator("#fingerprint").fill(fingerprint.toUpperCase().replace(/(.{4})/g, "$1 "));
  await page.locator("#checkpoint").fill(readFileSync(join(cases, "good-anchored", checkpoint), "utf8"));
  await looked(page, "chosen-fr");
  assert.equal(await verdictOf(page), "Élection vérifiée");
  assert.equal(workers, 1, "a page opened from the disk has its worker");
  assert.equal((await page.locator(".print").innerText()).replace(/\s/g, ""), fingerprint);
  assert.equal(await page.locator(".checks > li.ok").count(), 24, "all but receipts and minutes, of which there are none");
  assert.ok(await page.locator("table").count() > 0);
  await looked(page, "verified-fr");
  await page.locator("#language").press("Enter");
  assert.equal(await page.locator("#verdict").innerText(), "Election verified");
  await looked(page, "verified-en");
  await page.locator("#again").press("Enter");
  await page.locator("#form").waitFor();
  assert.equal(await page.locator("#fingerprint").inputValue(), "");
  await closePage(page);
});

test("an export that is chosen without anchors is consistent, and the page says what to do", { skip }, async () => {
  const page = await opened();
  await page.locator("#folder").setInputFiles(exportOf("good-the-election"));
  await page.locator("#chosen:not(:empty)").waitFor();
  assert.equal(await verdictOf(page), "Export cohérent, mais non rattaché au procès-verbal");
  await looked(page, "consistent-fr");
  await closePage(page);
});

test("receipts are looked for in the box", { skip }, async () => {
  const page = await opened({ locale: "en-GB" });
  await page.locator("#folder").setInputFiles(exportOf("good-with-receipts"));
  const folder = join(cases, "good-with-receipts", anchorsOf("good-with-receipts").receipts);
  await page.locator("#receipts").setInputFiles(readdirSync(folder).map((name) => join(folder, name)));
  await verdictOf(page);
  assert.match(await page.locator(".checks > li").nth(24).innerText(), /\d+ receipts?/);
  await closePage(page);
});

test("a spoiled receipt is told apart from an election that is refused", { skip }, async () => {
  const page = await opened();
  await page.locator("#folder").setInputFiles(exportOf("good-with-receipts"));
  const folder = join(cases, "good-with-receipts", anchorsOf("good-with-receipts").receipts);
  const receipt = readFileSync(join(folder, readdirSync(folder)[0]), "utf8");
  const spoiled = `${receipt.slice(0, -8)}AAAA${receipt.slice(-4)}`; // in the signature of its checkpoint
  await page.locator("#receipts").setInputFiles({ name: "preuve.tlog-proof", mimeType: "text/plain", buffer: Buffer.from(spoiled) });
  assert.equal(await verdictOf(page), "Un reçu est refusé");
  assert.match(await page.locator(".verdict").innerText(), /sans ce reçu/);
  assert.deepEqual(await page.locator(".checks > li.refused .tag").allInnerTexts(), ["V24"]);
  await looked(page, "receipt-refused");
  await closePage(page);
});

test("a tampered export is refused, and the page says at which check and what it means", { skip }, async () => {
  const page = await opened();
  await drop(page, exportOf("tampered-two-votes-in-one-option"));
  await page.locator("#chosen:not(:empty)").waitFor();
  assert.equal(await verdictOf(page), "Export refusé");
  assert.match(await page.locator(".verdict").innerText(), /V12, «\sUn choix valable par ligne\s»/);
  assert.equal(await page.locator("table").count(), 0, "no result is shown");
  const [first, ...others] = await page.locator(".checks > li.refused .finding").allInnerTexts();
  assert.doesNotMatch(first, /suite du premier/);
  assert.ok(others.length > 0 && others.every((said) => /suite du premier contrôle refusé/.test(said)), "nobody is accused twice");
  const detail = page.locator(".checks > li.refused .detail", { hasText: "Détail technique (en anglais) :" });
  assert.match(await detail.locator("[lang=en]").first().innerText({ timeout: 10_000 }), /^box\/\d-\d\.bin, ballot \d/, "what is in English is spoken so");
  await looked(page, "refused-fr");
  await page.locator("#language").press("Enter");
  await looked(page, "refused-en");
  await closePage(page);
});

test("where workers are refused the page does the work itself, and can be stopped", { skip }, async () => {
  const page = await newPage(browser);
  await page.addInitScript(() => {
    globalThis.Worker = class { constructor() { throw new Error("refused"); } };
    // A disk that is slow until it is told otherwise, so that there is something to stop.
    const read = Blob.prototype.arrayBuffer;
    let reads = 0;
    globalThis.slow = true;
    Blob.prototype.arrayBuffer = async function () {
      while (globalThis.slow && ++reads > 30) await new Promise((resolve) => setTimeout(resolve, 50));
      return read.call(this);
    };
  });
  await page.goto(pathToFileURL(PAGE).href);
  const choose = async () => {
    await page.locator("#folder").setInputFiles(exportOf("good-the-election"));
    await page.locator("#chosen:not(:empty)").waitFor();
  };
  await choose();
  await page.locator("#start").press("Enter");
  await page.locator("#stop").waitFor();
  await looked(page, "working-fr");
  await page.locator("#stop").press("Enter");
  await page.locator("#error:not([hidden])").waitFor();
  assert.match(await page.locator("#error").innerText(), /arrêtée/);
  await page.evaluate(() => (globalThis.slow = false));
  await choose();
  assert.equal(await verdictOf(page), "Export cohérent, mais non rattaché au procès-verbal");
  await closePage(page);
});

test("what is no export gets a sentence of its own", async () => {
  const page = await opened();
  const make = (name, ...files) => {
    for (const file of files) {
      mkdirSync(join(scratch, name, file, ".."), { recursive: true });
      writeFileSync(join(scratch, name, file), "{}");
    }
    return join(scratch, name);
  };
  writeFileSync(join(scratch, "export.zip"), "PK");
  writeFileSync(join(scratch, "manifest.json"), "{}");
  const says = async (pattern) => {
    await page.locator("#error").filter({ hasText: pattern }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "error");
  };
  await page.locator("#start").press("Enter");
  await says(/Choisissez d’abord/);
  await drop(page, join(scratch, "export.zip"));
  await says(/est une archive/);
  await page.locator("#start").press("Enter");
  await says(/est une archive/); // and not that she has chosen nothing
  await drop(page, join(scratch, "manifest.json"));
  await says(/est un fichier seul/);
  await drop(page, make("photos", "cat.json"));
  await says(/n’est pas un export/);
  await drop(page, make("above", "export/index.json"));
  await says(/sous-dossier «\sexport\s»/);
  await drop(page, join(scratch, "photos"), join(scratch, "above"));
  await says(/un seul dossier/);
  await looked(page, "no-export-fr");
  await closePage(page);
});
