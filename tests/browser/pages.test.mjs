// Every page and step that a voter meets on the way to her receipt and outside the voting space, in both languages and at both
// widths: axe, width, targets, language. The walk goes by the marks of the views, not by words, so that it is the same in
// every language.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closePage, newPage, screenshot, startBrowser, startDemo } from "./harness.mjs";
import { assertEnglish, look } from "./look.mjs";
import { bureau, demoVoters, fillCaptcha, setState } from "./voter.mjs";

let demo, browser, voters;
before(async () => {
  demo = await startDemo();
  browser = await startBrowser();
  voters = demoVoters(demo);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const action = (page, name) => page.locator(`[data-step]:visible [data-action=${name}]:visible`).first();
const atStep = (page, name) => page.locator(`[data-step=${name}]`).waitFor({ timeout: 30_000 });

// A device whose voter has chosen the language.
async function device(language, more = {}) {
  const page = await newPage(browser, more);
  await page.goto(`${demo.origin}/sign-in?lang=${language}`);
  return page;
}

async function signIn(page, voter) {
  await page.goto(`${demo.origin}/sign-in`);
  await page.locator("#email").fill(voter.email);
  await page.locator("#password").fill(voter.password);
  await fillCaptcha(demo, page);
  await page.locator("main button[type=submit]").click();
  await page.locator(".home").waitFor();
}

async function giveCode(page, code) {
  await page.locator("#code").fill(code);
  await fillCaptcha(demo, page);
  await action(page, "connect").click();
}

async function choose(page, option) {
  await page.locator("[data-step=ballot] input[type=radio]").nth(option).press("Space");
  await action(page, "choose").press("Enter");
  await atStep(page, "confirm");
}

// What the page comes to in its own time, which goes on here no faster than the server can follow.
async function reaches(page, selector) {
  for (const end = Date.now() + 60_000; !(await page.locator(selector).isVisible()); await page.waitForTimeout(20)) {
    assert.ok(Date.now() < end, `not at ${selector}`);
    await page.clock.runFor(500);
  }
}

// The hour that home counts down to comes while the page stands open.
async function hourComes(page, name) {
  const at = (key) => page.locator("[data-countdown]").getAttribute(`data-${key}`).then(Number);
  await page.clock.fastForward((await at("until")) - (await at("now")) - 50_000);
  assert.match(await page.locator(".countdown").innerText(), /00\D+00\D+01/);
  const way = page.locator("[data-countdown] [role=status] a");
  assert.equal(await way.isVisible(), false);
  await page.clock.runFor(51_000);
  assert.equal(await page.locator(".countdown").isVisible(), false, "no row of zeros");
  await look(page, name);
  const loaded = page.waitForNavigation();
  await way.click();
  await loaded;
  assert.equal(await page.locator(".countdown").isVisible(), true, "by the server's clock it is not yet time");
}

for (const [i, language] of ["fr", "en"].entries()) {
  test(`pages before and around the vote, in ${language}`, async () => {
    const voter = voters[i];
    const page = await device(language);
    await look(page, "sign-in");
    await page.locator("main button[type=submit]").click();
    await look(page, "sign-in-errors");
    assert.equal(await page.locator("[data-error-summary]").evaluate((e) => e === document.activeElement), true);
    for (const [path, name] of [["/demo", "demo"], ["/tracker", "tracker"], ["/nowhere", "not-found"],
      ["/result", "result-later"], ["/signed-out", "signed-out"]]) {
      await page.goto(demo.origin + path);
      await look(page, name);
    }
    await page.goto(`${demo.origin}/tracker`);
    for (const [typed, name] of [["abc", "tracker-malformed"], ["0".repeat(52), "tracker-unknown"]]) {
      await page.locator("#tracker").fill(typed);
      await page.locator("main button[type=submit]").click();
      await look(page, name);
    }
    // A form that is not ours.
    await page.evaluate(() => {
      const form = Object.assign(document.createElement("form"), { method: "post", action: "/tracker", enctype: "text/plain" });
      document.body.append(form);
      form.submit();
    });
    await page.locator(".card--message").waitFor();
    await look(page, "bad-request");
    await signIn(page, voter);
    await look(page, "home");
    await page.clock.install();
    await page.reload();
    await hourComes(page, "home-closing-hour");
    await closePage(page);
  });

  test(`the voting space step by step, in ${language}`, async () => {
    const voter = voters[2 + i];
    const page = await device(language);
    await page.clock.install();
    await signIn(page, voter);
    await page.goto(`${demo.origin}/voting-space`);
    await atStep(page, "code");
    await look(page, "code");
    await action(page, "connect").click();
    await look(page, "code-errors");
    await giveCode(page, voters[4 + i].code);
    await page.locator("#code-error").waitFor();
    await look(page, "code-wrong");
    await giveCode(page, voter.code);
    await atStep(page, "contests");
    await look(page, "contests");
    await action(page, "open-contest").press("Enter");
    await action(page, "choose").press("Enter");
    await look(page, "ballot-error");
    // The longest number of a list of candidates stands within it.
    const cramped = await page.locator("[data-step=ballot] .option__candidates").evaluateAll((lists) => lists.filter((list) => {
      const style = getComputedStyle(list);
      const pen = Object.assign(document.createElement("canvas").getContext("2d"), { font: style.font });
      return parseFloat(style.paddingLeft) < pen.measureText("88. ").width;
    }).length);
    assert.equal(cramped, 0);
    await choose(page, 0);
    await look(page, "confirm");
    const way = {};
    await page.route("**/api/ballot", (route) => (way.ballot ? route.continue() : route.abort()));
    await page.route("**/api/receipt", async (route) => {
      if (way.receipt === "witnesses") return route.fulfill({ json: { status: "pending", witnesses: true } });
      if (way.receipt === "bad") return route.fulfill({ json: { status: "ready", receipt: "nothing" } });
      return way.receipt ? route.continue() : route.fulfill({ json: { status: "pending" } });
    });
    await action(page, "cast").press("Enter");
    await page.locator("[data-step=sending] [data-part=trouble]:visible").first().waitFor();
    await look(page, "sending-trouble");
    way.ballot = true;
    // By hand, unless the page, which tries again by itself, is quicker.
    await action(page, "retry").click({ timeout: 5000 }).catch(() => {});
    await page.locator("[data-progress=check][data-state=now]").waitFor();
    await reaches(page, "[data-step=pending]");
    await look(page, "pending");
    way.receipt = "witnesses";
    await reaches(page, "[data-step=pending] [data-part=witnesses]");
    await look(page, "pending-witnesses");
    await page.emulateMedia({ media: "print" });
    await screenshot(page, `pending-paper-${language}`);
    const paper = page.locator("[data-step=pending]");
    assert.match(await paper.locator(".print-only").innerText(), new RegExp(`${demo.origin}/\\S+$`));
    assert.equal(await paper.locator(".print-only").isVisible(), true);
    assert.equal(await paper.locator("[data-slot=tracker]").isVisible(), true);
    assert.equal(await paper.locator("button:visible").count(), 0);
    await page.emulateMedia({ media: null });
    way.receipt = "bad";
    await reaches(page, "[data-step=dispute]");
    await look(page, "dispute");
    await page.locator("[data-form=sign-out] button").first().click();
    await page.locator("[data-dialog=leave]").waitFor();
    await look(page, "leave-dialog");
    await page.locator("[data-action=stay]").click();
    await action(page, "contests").click();
    await look(page, "contests-unproven");
    way.receipt = true;
    await page.locator("[data-part=dispute]:visible").click();
    await action(page, "ask-again").click();
    await reaches(page, "[data-step=receipt]");
    await look(page, "receipt");
    await page.locator("[data-form=sign-out] button").first().click();
    await look(page, "leave-proof-dialog");
    await page.locator("[data-action=stay]").click();
    await action(page, "contests").click();
    await page.locator("[data-state=voted]").waitFor();
    await look(page, "contests-one-voted");

    // The other language, without leaving; and back.
    const other = language === "fr" ? "en" : "fr";
    await action(page, "open-contest").press("Enter");
    const named = await page.locator("#options label").evaluateAll((labels) => labels.map((one) => one.lang));
    assert.ok(named.length > 1 && named.filter((one) => one === "fr").length >= named.length - 1, named.join());
    await choose(page, 1);
    const chosen = await page.locator("[data-slot=choice_title]").innerText();
    const address = page.url();
    await page.locator(`.portal-header a[hreflang=${other}]`).click();
    await page.locator(`html[lang=${other}]`).waitFor();
    await page.locator("[data-step=confirm]").waitFor();
    assert.equal(await page.locator("[data-slot=choice_title]").innerText(), chosen);
    assert.equal(page.url(), address);
    assert.equal(await page.locator("[data-slot=choice_title]").getAttribute("lang"), "fr");
    if (other === "en") await assertEnglish(page, "confirm after the switch");
    await action(page, "cast").press("Enter");
    await reaches(page, "[data-step=receipt]");
    await page.locator(`.portal-header a[hreflang=${language}]`).click();
    await page.locator(`html[lang=${language}]`).waitFor();
    await atStep(page, "receipt");
    if (language === "en") await assertEnglish(page, "receipt after the switch");

    const ends = Number(await page.locator("[data-dialog=session]").getAttribute("data-session-ends"));
    await page.clock.setSystemTime(ends - 90_000);
    await page.clock.runFor(6000);
    await page.locator("[data-dialog=session]").waitFor();
    await look(page, "session-dialog");
    await page.clock.setSystemTime(ends);
    await page.clock.runFor(6000);
    await atStep(page, "error");
    await look(page, "session-over");
    await closePage(page);
  });

  test(`browsers that cannot vote are told so, in ${language}`, async () => {
    const voter = voters[6 + i];
    const old = await device(language);
    await signIn(old, voter);
    await old.addInitScript(() => delete globalThis.Worker);
    await old.goto(`${demo.origin}/voting-space`);
    await atStep(old, "unsupported");
    await look(old, "unsupported");
    // So old that the script does not even run: the page itself says what that means.
    await old.route("**/assets/booth.js", (route) => route.fulfill({ body: "syntax error", contentType: "text/javascript" }));
    await old.goto(`${demo.origin}/voting-space`);
    await atStep(old, "loading");
    await look(old, "loading");
    old.problems.length = 0; // the script error was the point
    await closePage(old);
    const plain = await device(language, { javaScriptEnabled: false });
    await signIn(plain, voter);
    await look(plain, "home-no-script");
    await plain.goto(`${demo.origin}/voting-space`);
    assert.equal(await plain.locator("noscript").isVisible(), true);
    await look(plain, "no-script");
    await closePage(plain);
  });
}

test("suspended, not open yet, closed: home and voting space say so, in both languages", async () => {
  const page = await newPage(browser);
  const everywhere = async (name) => {
    for (const language of ["fr", "en"]) {
      await page.goto(`${demo.origin}/?lang=${language}`);
      await look(page, `home-${name}`);
      await page.goto(`${demo.origin}/voting-space`);
      await page.locator(".card--message").waitFor();
      await look(page, name);
    }
  };
  await signIn(page, voters[8]);
  for (const contest of [0, 1, 2]) bureau(demo, "suspend", "--contest", String(contest), "--reason", "essai");
  await everywhere("suspended");
  for (const contest of [0, 1, 2]) bureau(demo, "resume", "--contest", String(contest), "--reason", "essai");
  // As on the day before: the phase is a row.
  const hours = setState(demo, "SELECT opens_at FROM hours");
  setState(demo, "UPDATE hours SET opens_at = opens_at + 86400000; UPDATE contest_phase SET phase = 'sealed'");
  await everywhere("not-open");
  await page.clock.install();
  for (const language of ["fr", "en"]) {
    await page.goto(`${demo.origin}/?lang=${language}`);
    await hourComes(page, "home-opening-hour");
  }
  setState(demo, `UPDATE contest_phase SET phase = 'open'; UPDATE hours SET opens_at = ${hours}`);
  bureau(demo, "close");
  await everywhere("closed");
  await closePage(page);
});
