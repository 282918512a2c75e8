// The pictures of the tutorials show the portals of today (pictures.mjs), and the pages that show them are looked at too.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closePage, newPage, startBrowser, startDemo } from "./harness.mjs";
import { look, WIDTHS } from "./look.mjs";
import { picturesOf } from "./pictures.mjs";
import { demoVoters, fillCaptcha, receivedCode, receivedLink } from "./voter.mjs";

const TABLET = 768;
const PASSWORD = "Girafe-Tuba-19-Neige";
const PAGES = {
  education: ["edito", "aide", "parcours-electeur", "parcours-de-vote", "reassorts"],
  legislative: ["voter-en-ligne", "identifiants-perdus"],
};
const LANGUAGES = [["fr", "fr-FR", 0], ["en", "en-GB", 1]];

let browser;
const demos = {}, pictures = {};

before(async () => {
  browser = await startBrowser();
  for (const name of Object.keys(PAGES)) {
    pictures[name] = picturesOf(name);
    demos[name] = await startDemo(name);
  }
});
after(async () => {
  for (const taken of Object.values(pictures)) taken.save();
  await browser?.close();
  for (const demo of Object.values(demos)) await demo.stop();
});

for (const [language, locale, index] of LANGUAGES) {
  test(`every picture of the professional elections in ${language} shows the portal of today`, async () => {
    const demo = demos.education;
    const voter = demoVoters(demo).filter(({ newcomer }) => newcomer)[index];
    const page = await newPage(browser, { width: 720, locale });
    const take = (name, on = page) => pictures.education.take(on, name, language);
    await page.goto(`${demo.origin}/sign-in?lang=${language}`);
    await page.goto(await receivedLink(demo, page, voter.email));
    await page.locator("[data-action=continue]").waitFor();
    await take("parcours-electeur-1");
    await page.locator("[data-action=continue]").press("Enter");
    await page.locator("#password").waitFor();
    await take("parcours-electeur-2");
    await page.locator("#password").fill(PASSWORD);
    await page.locator("#password").press("Enter");
    await page.locator("#question-0").check();
    await take("parcours-electeur-3");
    await page.locator("#answer").fill("Deux-Chevaux");
    await page.locator("#answer").press("Enter");
    await page.locator(".govuk-panel").waitFor();
    await page.goto(`${demo.origin}/sign-in`);
    await page.locator("#email").fill(voter.email);
    await page.locator("#password").fill(PASSWORD);
    await fillCaptcha(demo, page);
    await page.locator("#captcha").press("Enter");
    await page.locator(".home").waitFor();
    await take("parcours-electeur-4");

    await page.goto(`${demo.origin}/reissue`);
    await page.locator("h1").waitFor();
    await take("reassorts-1");
    await page.goto(`${demo.origin}/reissue/question`);
    await page.locator("#answer").waitFor();
    await take("reassorts-2");
    await page.locator("#answer").fill("Deux-Chevaux");
    await page.locator("[name=identity]").fill(index === 0 ? "99E0000025ZZZ" : "99E0000026ZZZ");
    await page.locator("[name=channel][value=email]").check();
    await page.locator("[name=email]").fill(`personnel-${language}@example.org`);
    await page.locator("[name=email]").press("Enter");
    await page.locator("#reissue-sent, [data-reference]").first().waitFor();
    const link = await receivedLink(demo, page, `personnel-${language}@example.org`);
    const other = await newPage(browser, { width: 720, locale });
    await other.goto(`${demo.origin}/sign-in?lang=${language}`);
    await other.goto(link);
    await other.locator("[data-action=continue]").press("Enter");
    await other.locator("[data-step=warning]:not([hidden])").waitFor();
    await take("reassorts-3", other);
    await closePage(other);

    await page.goto(`${demo.origin}/voting-space`);
    await page.locator("[data-step=code]:not([hidden])").waitFor();
    await take("parcours-de-vote-1");
    await page.locator("#code").fill(voter.code);
    await fillCaptcha(demo, page);
    await page.locator("#captcha").press("Enter");
    await page.locator("[data-step=contests]:not([hidden])").waitFor({ timeout: 30_000 });
    await take("parcours-de-vote-2");
    await page.locator("[data-step=contests] button").first().press("Enter");
    await page.locator("[data-step=ballot]:not([hidden])").waitFor();
    await page.locator("[data-step=ballot] input[type=radio]").last().press("Space");
    await take("parcours-de-vote-3");
    await page.locator("[data-step=ballot] button[type=submit]").press("Enter");
    await page.locator("[data-step=confirm]:not([hidden])").waitFor();
    await take("parcours-de-vote-4");
    await page.locator("[data-step=confirm] button.govuk-button:not(.govuk-button--secondary)").press("Enter");
    await page.locator("[data-step=receipt]:not([hidden])").waitFor({ timeout: 30_000 });
    await page.locator("[data-step=receipt] [data-part=receipt_time]:not([hidden])").waitFor(); // told by the next answer
    await take("parcours-de-vote-5");
    await closePage(page);
  });
}

for (const [language, locale, index] of LANGUAGES) {
  test(`every picture of the vote from abroad in ${language} shows the portal of today`, async () => {
    const demo = demos.legislative;
    const voters = demoVoters(demo).filter(({ email, phone }) => email && phone);
    const take = (page, name) => pictures.legislative.take(page, name, language);
    const voter = voters[index];
    // Where Paris time is the device's own, that is not told a second time.
    const page = await newPage(browser, { width: 720, locale, timezoneId: "Europe/Paris" });
    await page.goto(`${demo.origin}/?lang=${language}`);
    await page.locator("#identifier").waitFor();
    await take(page, "voter-en-ligne-1");
    await page.locator("#identifier").fill(voter.identifier);
    await page.locator("#code").fill(voter.code);
    await fillCaptcha(demo, page);
    await page.locator("#captcha").press("Enter");
    await page.locator("[data-step=contests]:not([hidden])").waitFor({ timeout: 30_000 });
    await take(page, "voter-en-ligne-2");
    await page.locator("[data-step=contests] [data-action=open-contest]:visible").press("Enter");
    await page.locator("[data-step=ballot]:not([hidden])").waitFor();
    await page.locator("[data-step=ballot] input[type=radio]").last().press("Space");
    await take(page, "voter-en-ligne-3");
    await page.locator("[data-step=ballot] button[type=submit]").press("Enter");
    await page.locator("[data-step=confirm]:not([hidden])").waitFor();
    await take(page, "voter-en-ligne-4");
    await page.locator("[data-step=confirm] [data-action=cast]").press("Enter");
    await page.locator("[data-slot=another_wait]:visible").waitFor();
    await take(page, "voter-en-ligne-5");
    const words = { fr: "code de confirmation", en: "confirmation code" }[language];
    await page.locator("#confirmation").fill(await receivedCode(demo, page, voter.email, { words }));
    await page.locator("#confirmation").press("Enter");
    await page.locator("[data-step=receipt]:not([hidden])").waitFor({ timeout: 30_000 });
    await page.locator("[data-step=receipt] [data-part=receipt_time]:not([hidden])").waitFor(); // told by the next answer
    await take(page, "voter-en-ligne-6");
    await closePage(page);
  });

  test(`every picture of a lost identifier or password in ${language} shows the portal of today`, async () => {
    const demo = demos.legislative;
    const voters = demoVoters(demo).filter(({ email, phone }) => email && phone);
    const take = (page, name) => pictures.legislative.take(page, name, language);
    const voter = voters[index + LANGUAGES.length];
    const page = await newPage(browser, { width: 720, locale });
    await page.goto(`${demo.origin}/password-renewal?lang=${language}`);
    await page.locator("#number").waitFor();
    await take(page, "identifiants-perdus-1");
    await page.locator("#number").fill(voter.numic);
    await page.locator("#email").fill(voter.email);
    await fillCaptcha(demo, page);
    await page.locator("#captcha").press("Enter");
    await page.locator(".govuk-inset-text").waitFor();
    await take(page, "identifiants-perdus-2");
    await page.goto(await receivedLink(demo, page, voter.email));
    await page.locator("#identifier").waitFor();
    await take(page, "identifiants-perdus-3");
    await page.locator("#identifier").fill(voter.identifier);
    await fillCaptcha(demo, page);
    await page.locator("#captcha").press("Enter");
    await page.locator("[data-step=done]:not([hidden])").waitFor();
    await take(page, "identifiants-perdus-4");
    await page.goto(`${demo.origin}/identifier-recovery`);
    await page.locator("#password").waitFor();
    await take(page, "identifiants-perdus-5");
    await page.goto(`${demo.origin}/both-lost`);
    await page.locator("h1").waitFor();
    await take(page, "identifiants-perdus-6");
    await closePage(page);
  });
}

for (const [portal, names] of Object.entries(PAGES)) {
  test(`the pages of ${portal} show every picture and read well`, async () => {
    pictures[portal].assertAllTaken();
    const page = await newPage(browser);
    for (const [language] of LANGUAGES) {
      for (const name of names) {
        await page.goto(`${demos[portal].origin}/information/${name}?lang=${language}`);
        await page.locator(".prose").waitFor();
        const broken = await page.locator(".prose img").evaluateAll((images) => images.filter((image) => image.naturalWidth === 0).map(({ src }) => src));
        assert.deepEqual(broken, []);
        await look(page, `information-${name}`);
      }
    }
    await closePage(page);
  });
}

test("the menu stands on the sign-in page, never before its form, and leads to a page", async () => {
  for (const [portal, path, label] of [
    ["education", "/sign-in", "Aide en ligne – Foire aux questions"],
    ["legislative", "/", "Comment voter en ligne"],
  ]) {
    for (const width of [...WIDTHS, TABLET]) {
      const page = await newPage(browser, { width });
      await page.goto(`${demos[portal].origin}${path}?lang=fr`);
      const menu = page.getByRole("navigation", { name: "Mes informations pratiques" });
      const submit = page.getByRole("button", { name: "Connexion" });
      if (width <= TABLET) {
        const [above, below] = [await submit.boundingBox(), await menu.boundingBox()];
        assert.ok(below.y > above.y + above.height, "below the form");
      }
      // By keyboard: the form first.
      await submit.focus();
      for (let i = 0; i < 20 && !(await menu.evaluate((nav) => nav.contains(document.activeElement))); i++) await page.keyboard.press("Tab");
      assert.ok(await menu.evaluate((nav) => nav.contains(document.activeElement)), "Tab reaches the menu after the form");
      await menu.getByRole("link", { name: label }).press("Enter");
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.locator(".prose").waitFor();
      await closePage(page);
    }
  }
});
