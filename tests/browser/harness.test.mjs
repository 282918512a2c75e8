// The harness itself, against a server of three pages: what it must let pass, and what it must catch.
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axeCheck, closePage, newPage, root, screenshot, startBrowser, startServer } from "./harness.mjs";

// As strict as the product's own, so that the tools are known to work under it.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; " +
  "require-trusted-types-for 'script'; trusted-types 'none'";

const PAGES = {
  "/": `<h1>Scrutin</h1><p id="script">sans</p>
        <form><label for="code">Code de vote</label><input id="code"><button>Valider</button></form>
        <script src="/mark.js"></script>`,
  "/unlabelled": `<h1>Scrutin</h1><form><input></form>`,
  "/hostile": `<h1>Scrutin</h1><img alt="" src="http://127.0.0.1:9/x.png">
               <script>document.title = "inline";</script>`,
};

const SERVER = `
  const pages = ${JSON.stringify(PAGES)};
  const server = require("node:http").createServer((request, response) => {
    response.setHeader("Content-Security-Policy", ${JSON.stringify(POLICY)});
    if (request.url === "/mark.js") {
      response.setHeader("Content-Type", "text/javascript");
      return response.end("document.getElementById('script').textContent = 'avec ' + navigator.language;");
    }
    const body = pages[request.url];
    response.writeHead(body ? 200 : 404, { "Content-Type": "text/html; charset=utf-8" });
    response.end('<!doctype html><html lang="fr"><title>Essai</title><main>' + (body ?? "absent") + "</main>");
  });
  server.listen(0, "127.0.0.1", () => console.log("listening http://localhost:" + server.address().port));
  process.on("SIGINT", () => { console.log("bye"); process.exit(Number(process.argv[1] ?? 0)); });
`;
const start = (...args) => startServer(process.execPath, ["-e", SERVER, "--", ...args]);

let server;
let browser;
before(async () => {
  server = await start();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a sound page passes: script, language, width, axe, screenshot", async () => {
  const page = await newPage(browser, { width: 375, locale: "en-GB" });
  await page.goto(server.origin);
  assert.equal(await page.textContent("#script"), "avec en-GB");
  assert.equal(await page.evaluate(() => innerWidth), 375);
  await axeCheck(page);
  assert.equal(await page.evaluate(() => typeof globalThis.axe), "undefined");
  const file = join(root, "build/screenshots/harness.png");
  rmSync(file, { force: true });
  await screenshot(page, "harness");
  assert.ok(existsSync(file));
  await closePage(page);
});

test("axe works on a page without JavaScript", async () => {
  const page = await newPage(browser, { javaScriptEnabled: false });
  await page.goto(server.origin);
  assert.equal(await page.textContent("#script"), "sans");
  await axeCheck(page);
  await page.goto(`${server.origin}/unlabelled`);
  await assert.rejects(axeCheck(page), /label/);
  await closePage(page);
});

test("an inaccessible page is refused, with the rule's name", async () => {
  const page = await newPage(browser);
  await page.goto(`${server.origin}/unlabelled`);
  await assert.rejects(axeCheck(page), /label: .*input/s);
  await closePage(page);
});

test("another host and a policy breach are noticed", async () => {
  const page = await newPage(browser);
  await page.goto(`${server.origin}/hostile`);
  assert.ok(page.problems.some((problem) => problem.startsWith("policy: ")), page.problems.join("\n"));
  await assert.rejects(closePage(page));

  const other = await newPage(browser, { bypassCSP: true });
  await other.goto(`${server.origin}/hostile`);
  assert.ok(other.problems.includes("request to another host: http://127.0.0.1:9/x.png"));
  await assert.rejects(closePage(other));
});

test("a server that does not start, or does not end well, fails the test", async () => {
  await assert.rejects(startServer(process.execPath, ["-e", "console.error('no disk'); process.exit(3)"]), /3.*no disk/s);
  await assert.rejects(startServer("/nonexistent/isoloir", []), /ENOENT/);
  const failing = await start("1");
  await assert.rejects(failing.stop(), /ended with 1.*bye/s);
});
