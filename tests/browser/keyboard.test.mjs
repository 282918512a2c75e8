// The whole way by keyboard alone, with the focus to be seen and where it should be; and the page under text twice as large, on
// a narrow screen, without motion, in the system's colours, on paper.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axeCheck, closePage, newPage, root, screenshot, startBrowser, startDemo } from "./harness.mjs";
import { demoVoters, fillCaptcha, held, readCaptcha, receivedLink, shownCode } from "./voter.mjs";

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

const focused = (page) => page.evaluate(() => {
  const element = document.activeElement;
  return { tag: element.tagName, id: element.id, text: (element.innerText ?? element.value ?? "").trim(), action: element.dataset.action };
});

// Presses Tab until the focus is on what is wanted; every stop on the way must show the focus.
async function tabTo(page, wanted) {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const { seen, hit } = await page.evaluate((selector) => {
      const element = document.activeElement;
      const ring = element.matches(".govuk-radios__input")
        ? getComputedStyle(element.nextElementSibling, "::before") : getComputedStyle(element);
      const drawn_by_browser = element === document.body || element.tagName === "AUDIO"; // the ring is on a control inside
      return { seen: drawn_by_browser || ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) >= 2, hit: element.matches(selector) };
    }, wanted);
    assert.ok(seen, `focus is not seen on ${JSON.stringify(await focused(page))}`);
    if (hit) return;
  }
  assert.fail(`Tab does not reach ${wanted}`);
}

async function headingHasFocus(page, words) {
  await page.getByRole("heading", { name: words, level: 1 }).waitFor({ timeout: 30_000 });
  const { tag, text } = await focused(page);
  assert.equal(tag, "H1");
  assert.match(text, words);
  assert.match(await page.title(), words);
}

const type = (page, text) => page.keyboard.type(text);

async function signInByKeyboard(page, voter) {
  await page.goto(`${demo.origin}/sign-in`);
  await page.keyboard.press("Tab");
  assert.equal((await focused(page)).text, "Aller au contenu");
  await page.keyboard.press("Enter");
  await tabTo(page, "#email");
  await type(page, voter.email);
  await tabTo(page, "#password");
  await type(page, voter.password);
  await tabTo(page, "[data-reveal=password]");
  await page.keyboard.press("Space");
  assert.equal(await page.locator("#password").getAttribute("type"), "text");
  await tabTo(page, "#captcha");
  await type(page, await readCaptcha(demo, page));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /Bienvenue/ }).waitFor();
}

async function press(page, wanted) {
  await tabTo(page, wanted);
  await page.keyboard.press("Enter");
}

test("from sign-in to receipt by keyboard alone", async () => {
  const voter = voters[0];
  const page = await newPage(browser);
  await signInByKeyboard(page, voter);
  await tabTo(page, "a.govuk-button--start");
  await page.keyboard.press("Enter");
  await headingHasFocus(page, /Saisie du code de vote/);
  await tabTo(page, "#code");
  await page.keyboard.press("Enter");
  assert.ok(await page.evaluate(() => document.activeElement.matches("[data-error-summary]")), "errors take the focus");
  await tabTo(page, "[data-error-summary] a");
  await page.keyboard.press("Enter");
  assert.equal((await focused(page)).id, "code");
  await type(page, voter.code);
  await tabTo(page, "#captcha");
  await type(page, await readCaptcha(demo, page));
  await page.keyboard.press("Enter");
  await headingHasFocus(page, /Mes scrutins/);
  await tabTo(page, "[data-action=open-contest]");
  await page.keyboard.press("Enter");
  await headingHasFocus(page, /Bulletin/);
  await tabTo(page, "input[type=radio]");
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.locator("#option-1").isChecked(), true);
  await tabTo(page, "[data-action=choose]");
  await page.keyboard.press("Enter");
  await headingHasFocus(page, /Confirmer mon choix/);
  await tabTo(page, "[data-step=confirm] [data-action=cast]");
  await page.keyboard.press("Enter");
  await headingHasFocus(page, /A voté/);
  await tabTo(page, "[data-step=receipt] [data-action=open-contest]");
  await tabTo(page, "[data-step=receipt] [data-action=download-receipt]");
  await page.keyboard.press("Enter");
  await tabTo(page, "[data-step=receipt] [data-action=contests]");
  await page.keyboard.press("Enter");
  await headingHasFocus(page, /Mes scrutins/);
  await tabTo(page, "[data-action=leave]");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Il vous reste 2 scrutins à voter" }).waitFor();
  await tabTo(page, "[data-action=leave-anyway]");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Vous êtes déconnecté" }).waitFor();
  assert.deepEqual(held(demo, voter).signOffs, [0]);
  await closePage(page);
});

test("a lost code made again by keyboard alone", async () => {
  const voter = voters[4];
  const page = await newPage(browser);
  await signInByKeyboard(page, voter);
  await press(page, "a.govuk-button--start");
  await headingHasFocus(page, /Saisie du code de vote/);
  await press(page, "main a[href='/reissue']");
  await page.getByRole("heading", { name: "Choix du réassort de votre code de vote" }).waitFor();
  await press(page, "main a[href='/reissue/question']");
  await page.getByRole("heading", { name: "Demande de réassort du code de vote" }).waitFor();
  await tabTo(page, "[type=submit].govuk-button");
  await page.keyboard.press("Enter");
  await page.locator("[data-error-summary]").waitFor();
  assert.ok(await page.evaluate(() => document.activeElement.matches("[data-error-summary]")), "errors take the focus");
  await press(page, "[data-error-summary] a");
  assert.equal((await focused(page)).id, "answer");
  await type(page, voter.answer);
  await tabTo(page, "#identity");
  await type(page, voter.numen);
  await tabTo(page, "[name=channel]");
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.locator("#channel-email").isChecked(), true);
  await tabTo(page, "#email");
  await type(page, "clavier@example.org");
  await page.keyboard.press("Enter");
  await page.getByText("Un mail vient de vous être envoyé à").waitFor();

  await page.goto(await receivedLink(demo, page, "clavier@example.org"));
  await headingHasFocus(page, /Réassort du code de vote/);
  await press(page, "[data-action=continue]");
  await page.locator(".renew").waitFor();
  await headingHasFocus(page, /Réassort du code de vote/);
  await tabTo(page, "[name=duration]");
  await press(page, ".renew");
  await headingHasFocus(page, /Votre nouveau code de vote/);
  const code = await shownCode(page);
  await tabTo(page, "[data-step=code] [data-action=print]");
  await press(page, "[data-step=code] [data-action=noted]");
  await headingHasFocus(page, /Votre code n’est plus affiché/);
  assert.equal((await page.content()).includes(code), false);
  await closePage(page);
});

// Page by page to the ballot and its receipt, calling look at each.
async function walk(page, voter, look) {
  await page.goto(`${demo.origin}/sign-in`);
  await look("sign-in");
  await page.locator("#email").fill(voter.email);
  await page.locator("#password").fill(voter.password);
  await fillCaptcha(demo, page);
  await page.locator("main button[type=submit]").click();
  await page.locator(".home").waitFor();
  await look("home");
  await page.goto(`${demo.origin}/voting-space`);
  await page.locator("#code").fill(voter.code);
  await look("code");
  await fillCaptcha(demo, page);
  await page.locator("[data-action=connect]").click();
  await page.locator("[data-action=open-contest]").first().waitFor();
  await look("contests");
  await page.locator("[data-action=open-contest]").first().press("Enter");
  await page.locator("#option-0").press("Space");
  await look("ballot");
  await page.locator("[data-action=choose]").press("Enter");
  await page.locator("[data-action=cast]").waitFor();
  await look("confirm");
  await page.locator("[data-action=cast]").press("Enter");
  await page.locator("[data-step=receipt]").waitFor({ timeout: 30_000 });
  await look("receipt");
}

// What sticks out of the window to the right, box or text.
const sticking = (page) => page.evaluate(() => {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  const out = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().left + e.scrollWidth > innerWidth + 1);
  return out.length > 0 ? out.map((e) => e.outerHTML.slice(0, 100)) : ["something"];
});

test("text twice as large, and a screen of 320 px: nothing is cut, nothing scrolls sideways", async () => {
  const page = await newPage(browser, { width: 320 });
  await walk(page, voters[1], async (name) => {
    assert.deepEqual(await sticking(page), [], `${name} at 320 px`);
    await screenshot(page, `${name}-320`);
    await page.setViewportSize({ width: 1280, height: 900 });
    // As with the browser's own text size at 200 %: text grows, the window does not.
    await page.waitForFunction(() => innerWidth === 1280);
    const size = (value) => page.evaluate((size) => (document.documentElement.style.fontSize = size), value);
    await size("200%");
    assert.deepEqual(await sticking(page), [], `${name} with text at 200 %`);
    const cut = await page.evaluate(() => [...document.querySelectorAll("main *")]
      .filter((e) => e.checkVisibility() && e.children.length === 0 && e.scrollWidth > e.clientWidth + 1
        && getComputedStyle(e).overflowX === "hidden" && e.clientWidth > 1).map((e) => e.outerHTML.slice(0, 100)));
    assert.deepEqual(cut, [], name);
    await screenshot(page, `${name}-200`);
    await size("");
    await page.setViewportSize({ width: 320, height: 900 });
    await page.waitForFunction(() => innerWidth === 320);
  });
  await closePage(page);
});

test("the system's colours and no motion: what is chosen and what is pressed stay to be seen", async () => {
  const page = await newPage(browser, { forcedColors: "active", reducedMotion: "reduce" });
  await page.route("**/api/ballot", async (route) => {
    await page.locator("[data-progress=send][data-state=now]").waitFor();
    const turning = await page.locator("[data-progress=send]").evaluate((e) => getComputedStyle(e, "::before").animationName);
    assert.equal(turning, "none");
    return route.continue();
  });
  await walk(page, voters[2], async (name) => {
    await screenshot(page, `${name}-forced-colors`);
    await axeCheck(page);
    if (name !== "ballot") return;
    const dot = (i) => page.locator(`#option-${i} + label`).evaluate((e) => getComputedStyle(e, "::after").opacity);
    assert.deepEqual([await dot(0), await dot(1)], ["1", "0"], "the choice does not hang on a colour");
  });
  await closePage(page);
});

test("on paper: one A4 page with the receipt, without the frame", async () => {
  const page = await newPage(browser);
  await walk(page, voters[3], async () => {});
  await page.emulateMedia({ media: "print" });
  for (const hidden of [".portal-header__tools", ".portal-banner", ".portal-footer", "[data-action]", ".stepper"])
    assert.equal(await page.locator(hidden).filter({ visible: true }).count(), 0, `${hidden} is not for paper`);
  for (const shown of ["[data-slot=tracker]", "[data-qr] svg", "[data-slot=election_fingerprint]"])
    assert.ok(await page.locator(`[data-step=receipt] ${shown}`).isVisible(), shown);
  mkdirSync(join(root, "build/screenshots"), { recursive: true });
  const pdf = await page.pdf({ format: "A4", printBackground: false, path: join(root, "build/screenshots/receipt.pdf") });
  assert.equal((pdf.toString("latin1").match(/\/Type\s*\/Page\b/g) ?? []).length, 1, "one page");
  await closePage(page);
});
