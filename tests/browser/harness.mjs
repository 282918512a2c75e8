// Plays journeys in Chromium against the real program.
//
//   const demo = await startDemo();                 a fresh election, on a port of its own
//   const browser = await startBrowser();
//   const page = await newPage(browser, { width: 375, locale: "en-GB" });      one device, with its own cookies
//   await page.goto(demo.origin);
//   await axeCheck(page);
//   await screenshot(page, "home-375-en");
//   await closePage(page);                          fails if the page met a problem (see newPage)
//   await browser.close();
//   await demo.stop();                              as Ctrl-C does; fails unless the program ends cleanly
import axe from "axe-core";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { freePort } from "./ports.mjs";

export const root = join(import.meta.dirname, "../..");
// Chromium without the window that nobody sees: two thirds of the time.
const CHROMIUM = "/usr/bin/chromium-headless-shell";
export const PROGRAM = process.env.ISOLOIR_PROGRAM ?? join(root, "build/release/isoloir");
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;
const WCAG_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
// Without JavaScript a page's timers never fire, even in axe's own world; its short ones only mean "next".
const TIMERS_AS_MICROTASKS =
  "globalThis.setTimeout = (next, ms = 0) => { if (ms < 100) Promise.resolve().then(next); return 0; }";
// Chromium talks to nobody but the server under test; containers give it neither a GPU nor a sandbox.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// Starts `command` and waits for its line "listening http://localhost:PORT". Gives { origin, output(), stop(), crash() }; a
// crash is a kill on the spot.
export async function startServer(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit").catch((error) => [error.message]);
  let log = "";
  child.stderr.on("data", (data) => (log += data));

  const listening = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      log += `${line}\n`;
      const found = /^listening (http:\/\/localhost:\d+)$/.exec(line);
      if (found) resolve(found[1]);
    });
  });
  const late = deadline(START_MS_MAX);
  const origin = await Promise.race([listening, exited.then(() => null), late.passed]);
  late.cancel();
  if (!origin) {
    child.kill("SIGKILL");
    const [how] = await exited;
    throw new Error(`${command} ${args.join(" ")} does not listen (${how}):\n${log}`);
  }

  async function stop() {
    child.kill("SIGINT");
    const overdue = deadline(STOP_MS_MAX);
    const ended = await Promise.race([exited, overdue.passed]);
    overdue.cancel();
    if (!ended) child.kill("SIGKILL");
    assert.ok(ended, `the server is still there ${STOP_MS_MAX} ms after Ctrl-C:\n${log}`);
    assert.equal(ended[0], 0, `the server ended with ${ended[0] ?? ended[1]}:\n${log}`);
  }
  async function crash() {
    child.kill("SIGKILL");
    await exited;
  }
  return { origin, stop, crash, output: () => log };
}

function deadline(ms) {
  let timer;
  const passed = new Promise((resolve) => (timer = setTimeout(resolve, ms, null)));
  return { passed, cancel: () => clearTimeout(timer) };
}

// `isoloir demo` of a sample portal on a state folder that goes away with it; its log and its messages move every second, so that journeys wait
// for little. With `voters`, only the first of its roll; `edit` changes its portal.toml, `more` are arguments. Gives what startServer gives, `state`, and restart(), on the same port,
// after crash().
export async function startDemo(name = "education", { voters, port, more = [], edit = (toml) => toml } = {}) {
  assert.ok(existsSync(PROGRAM), `${PROGRAM} is not built: cmake --build --preset release`);
  const state = mkdtempSync(join(tmpdir(), "isoloir-demo-"));
  const portal = mkdtempSync(join(tmpdir(), "isoloir-portal-")); // a demonstration wants its state folder to itself
  const forget = () => [state, portal].forEach((folder) => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(root, "portals", name), portal, { recursive: true });
  const toml = readFileSync(join(portal, "portal.toml"), "utf8");
  writeFileSync(join(portal, "portal.toml"), edit(toml).replace(/^interval_seconds = \d+/m, "interval_seconds = 1")
    .replace(/^(opens = (\S+)T.*\ncloses = )[\d-]+T\S+/m, "$1$2T23:00:00")); // so many rounds fit in fewer hours
  if (voters) {
    const roll = readFileSync(join(portal, "roll.csv"), "utf8").split("\n");
    writeFileSync(join(portal, "roll.csv"), `${roll.slice(0, 1 + voters).join("\n")}\n`);
  }
  port ??= await freePort();
  const start = () => startServer(PROGRAM, ["demo", "--port", `${port}`, "--state", state, "--portal", portal, ...more]);
  try {
    let server = await start();
    return {
      origin: server.origin,
      state,
      output: () => server.output(),
      stop: () => server.stop().finally(forget),
      crash: () => server.crash(),
      restart: async () => (server = await start()),
      // The same election by `isoloir serve`, on the same port: what a demonstration has beside is gone.
      serve: async (...args) => {
        await server.stop();
        server = await startServer(PROGRAM, ["serve", portal, "--state", state, "--port", new URL(server.origin).port, ...args]);
      },
    };
  } catch (error) {
    forget();
    throw error;
  }
}

export function startBrowser() {
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
}

// A page on a device of its own. What it must never do is gathered in `page.problems`: a request to another host than `hosts`, an
// error in a script, anything that the content security policy refuses.
export async function newPage(browser, { width = 1280, height = 900, locale = "fr-FR", hosts = [], ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale, ...more });
  const page = await context.newPage();
  page.problems = [];
  page.withoutScripts = more.javaScriptEnabled === false;
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (/^https?:$/.test(url.protocol) && url.hostname !== "localhost" && !hosts.includes(url.host))
      page.problems.push(`request to another host: ${url}`);
  });
  page.on("pageerror", (error) => page.problems.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy|TrustedScript|TrustedHTML|Trusted ?Type/i.test(message.text()))
      page.problems.push(`policy: ${message.text()}`);
  });
  return page;
}

export async function closePage(page) {
  await page.context().close();
  assert.deepEqual(page.problems, []);
}

// Fails, naming rule and element, unless axe finds no breach of WCAG 2.2 level A or AA. It runs in a world of its own,
// so that the page keeps its content security policy and its globals.
export async function axeCheck(page) {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId } = await session.send("Page.createIsolatedWorld", {
    frameId: frameTree.frame.id,
    worldName: "axe",
  });
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
      expression,
      contextId: executionContextId,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  if ((await evaluate("typeof axe")) === "undefined") { // a page keeps its world of that name
    if (page.withoutScripts) await evaluate(`${TIMERS_AS_MICROTASKS}; undefined`);
    await evaluate(`${axe.source}; undefined`);
  }
  const options = { runOnly: { type: "tag", values: WCAG_TAGS }, resultTypes: ["violations"] };
  const { violations, passes } = await evaluate(`axe.run(document, ${JSON.stringify(options)})`);
  await session.detach();
  assert.ok(passes.length > 0, "axe looked at nothing");
  const found = violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${rule.help}: ${node.target.join(" ")}: ${node.failureSummary}`),
  );
  assert.deepEqual(found, [], `axe at ${page.url()}`);
}

// Keeps the whole page as build/screenshots/<name>.png.
export async function screenshot(page, name) {
  const folder = join(root, "build/screenshots");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
