// What candidates write, as a voter opens it: it is shown and saved, and whatever stands in it, it does nothing.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axeCheck, closePage, newPage, root, screenshot, startBrowser, startDemo } from "./harness.mjs";
import { look, WIDTHS } from "./look.mjs";
import { demoVoters, signIn } from "./voter.mjs";

const HTML = "Profession de foi (s’ouvre dans un nouvel onglet) Liste A, Horizon commun";
const PDF = /^Profession de foi \(PDF, \d+\sko, téléchargement\) Liste B, École et territoires$/;

let demo, browser, voter;

before(async () => {
  demo = await startDemo();
  browser = await startBrowser();
  voter = demoVoters(demo).find(({ newcomer }) => !newcomer);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

async function openContests(page) {
  await signIn(demo, page, voter);
  await page.getByRole("link", { name: "Consulter mes scrutins (ceux pour lesquels je suis électeur) et leurs listes de candidats" }).press("Enter");
  await page.getByRole("heading", { name: "Mes scrutins et leurs listes de candidats" }).waitFor();
}

// The new tab of the HTML statement, watched as its opener is.
async function openStatement(page) {
  const opened = page.context().waitForEvent("page");
  await page.getByRole("link", { name: HTML }).press("Enter");
  const tab = await opened;
  await tab.waitForLoadState();
  tab.withoutScripts = true; // for axe
  return tab;
}

test("L24: a voter reads one statement in a new tab and saves the other", async () => {
  const page = await newPage(browser);
  await openContests(page);
  await look(page, "statements");
  const tab = await openStatement(page);
  await tab.getByRole("heading", { name: "Liste A, Horizon commun" }).waitFor();
  await tab.getByRole("link", { name: "Retour à la première proposition" }).press("Enter");
  assert.equal(new URL(tab.url()).hash, "#tableaux");
  assert.equal(await tab.locator("h1").evaluate((h1) => getComputedStyle(h1).color), "rgb(29, 79, 122)", "its own style");
  for (const width of WIDTHS) {
    await tab.setViewportSize({ width, height: 900 });
    await screenshot(tab, `statement-fr-${width}`);
    await axeCheck(tab);
  }
  await tab.close();

  const saved = page.waitForEvent("download");
  await page.getByRole("link", { name: PDF }).press("Enter");
  const download = await saved;
  assert.equal(download.suggestedFilename(), "csa-ministeriel-liste-b.pdf");
  const file = join(root, "portals/education/statements", download.suggestedFilename());
  assert.deepEqual(readFileSync(await download.path()), readFileSync(file));
  await page.getByRole("heading", { name: "Mes scrutins et leurs listes de candidats" }).waitFor();
  await page.goto(`${demo.origin}/my-contests?lang=en`);
  await page.getByRole("link", { name: "Statement (opens in a new tab) Liste A, Horizon commun" }).waitFor();
  await look(page, "statements");
  await closePage(page);
});

// As if the sieve had seen nothing of it: the server's answer, its headers kept, with this in the place of what it served.
const HOSTILE = `<!doctype html><html lang="fr"><title>x</title>
<h1>Ouvert</h1>
<p id="told">rien</p>
<script>document.getElementById("told").textContent = "script"; alert(1); fetch("/?script")</script>
<script src="/assets/booth.js"></script>
<img src="/?picture" onerror="document.getElementById('told').textContent = 'onerror'">
<img src="https://evil.example/pixel.png">
<svg onload="document.getElementById('told').textContent = 'onload'"></svg>
<style>@import "https://evil.example/a.css"; @import "/assets/portal.css"; body { background: url(/?background) }</style>
<link rel="stylesheet" href="/assets/portal.css">
<iframe src="/my-account"></iframe>
<object data="/my-account"></object>
<a id="js" href="javascript&#58;document.getElementById('told').textContent='link'">script</a>
<a id="blank" href="/my-account" target="_blank">onglet</a>
<form action="/my-account/sessions" method="post"><button>Envoyer</button></form>
<input autofocus onfocus="document.getElementById('told').textContent = 'onfocus'">`;

test("a statement that the sieve would have let through can do nothing", async () => {
  const page = await newPage(browser);
  await openContests(page);
  const context = page.context();
  await context.route("**/statements/*.html", async (route) => {
    const response = await route.fetch();
    assert.equal(response.status(), 200);
    await route.fulfill({ response, body: HOSTILE });
  });
  const requests = new Set();
  const refused = [];
  const dialogs = [];
  context.on("request", (request) => requests.add(request));
  context.on("requestfailed", (request) => {
    if (request.failure().errorText === "csp" && requests.delete(request)) refused.push(new URL(request.url()).pathname);
  });
  context.on("dialog", (dialog) => dialogs.push(dialog.message()) && dialog.dismiss());
  const tab = await openStatement(page);
  await tab.getByRole("heading", { name: "Ouvert" }).waitFor();
  const told = tab.locator("#told");
  await tab.locator("#js").click();
  await tab.getByRole("button", { name: "Envoyer" }).click();
  await tab.locator("input").focus();
  const tabs = context.pages().length;
  await tab.locator("#blank").click();
  // A request that was let through would be there before this one's answer.
  await page.reload();
  await page.getByRole("heading", { name: "Mes scrutins et leurs listes de candidats" }).waitFor();
  assert.equal(await told.innerText(), "rien");
  assert.deepEqual(dialogs, []);
  assert.equal(context.pages().length, tabs, "no tab of its own");
  assert.match(tab.url(), /\/statements\/csa-ministeriel-liste-a\.html$/);
  const made = [...requests].map((request) => new URL(request.url())).filter(({ protocol }) => protocol.startsWith("http"));
  const others = made.filter(({ pathname }) => !/^\/(statements\/.*|my-contests|assets\/(portal\.css|.*\.(svg|js)))$/.test(pathname));
  assert.deepEqual(others.map(String), []);
  assert.ok(refused.includes("/pixel.png") && refused.includes("/a.css"), "the policy was asked");
  // The document is nobody's: what a script could reach, had one run, is asked for by the browser's own tools.
  const reach = await tab.evaluate(() => {
    const tried = (what) => {
      try {
        return String(what());
      } catch (error) {
        return error.name;
      }
    };
    return {
      origin: self.origin,
      opener: tried(() => self.opener),
      cookie: tried(() => document.cookie),
      storage: tried(() => localStorage.length),
      referrer: document.referrer,
    };
  });
  assert.deepEqual(reach, { origin: "null", opener: "null", cookie: "SecurityError", storage: "SecurityError", referrer: "" });
  await context.close();
});
