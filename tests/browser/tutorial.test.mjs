// The pictures of the tutorials, taken from the running portal. With TUTORIALS=write (make tutorials) they are written beside the
// pages; otherwise the words of every screen are compared with those of its picture, so that no picture tells of a screen that
// is no more. The pages that show them are looked at too.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { closePage, newPage, root, startBrowser, startDemo } from "./harness.mjs";
import { look } from "./look.mjs";
import { demoVoters, fillCaptcha, receivedLink } from "./voter.mjs";

const WRITE = process.env.TUTORIALS === "write";
const folder = join(root, "portals/education/pages");
const words_file = join(folder, "pictures.json");
const words = existsSync(words_file) ? JSON.parse(readFileSync(words_file, "utf8")) : {};
const PASSWORD = "Girafe-Tuba-19-Neige";

let demo, browser, newcomers;
const taken = new Set();

// A page whose picture is not there yet does not start the portal that it is to be taken from.
const NOTHING = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=", "base64");
function standIns() {
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".md"))) {
    for (const [, file] of readFileSync(join(folder, name), "utf8").matchAll(/\]\(([\w.-]+\.png)\)/g)) {
      if (!existsSync(join(folder, file))) writeFileSync(join(folder, file), NOTHING);
    }
  }
}

before(async () => {
  if (WRITE) standIns();
  demo = await startDemo();
  browser = await startBrowser();
  newcomers = demoVoters(demo).filter(({ newcomer }) => newcomer);
});
after(async () => {
  if (WRITE) writeFileSync(words_file, `${JSON.stringify(words, Object.keys(words).sort(), 1)}\n`);
  await browser?.close();
  await demo?.stop();
});

// What stands on the screen, whatever the draw, the hour, and who looks.
function plain(text) {
  const lines = text.replace(/\b[0-9a-f]{4}(\s[0-9a-f]{4}){7,}\b/g, "*").replace(/[0-9A-Z]{4}([-\s][0-9A-Z]{4})+/g, "*").replace(/\d+/g, "#").split("\n");
  return [...new Set(lines.map((line) => line.replace(/\s+/g, " ").trim()).filter((line) => line !== ""))].sort().join("\n");
}

async function picture(page, name, language) {
  const file = `${name}.${language}.png`;
  const main = page.locator("main");
  const seen = plain(await main.innerText()).replaceAll(/lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre/g, "*")
    .replaceAll(/(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|September|October|November|December/g, "*");
  taken.add(file);
  if (WRITE) {
    await page.evaluate(() => document.activeElement?.blur());
    writeFileSync(join(folder, file), await main.screenshot({ animations: "disabled", caret: "hide" }));
    words[file] = seen;
    return;
  }
  assert.equal(seen, words[file], `${file} shows another screen than the portal: make tutorials`);
}

for (const [language, locale, index] of [["fr", "fr-FR", 0], ["en", "en-GB", 1]]) {
  test(`every picture in ${language} shows the portal of today`, async () => {
    const voter = newcomers[index];
    const page = await newPage(browser, { width: 720, locale });
    const take = (name) => picture(page, name, language);
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
    await picture(other, "reassorts-3", language);
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
    await take("parcours-de-vote-5");
    await closePage(page);
  });
}

test("the pages show every picture, read well, and have one menu", async () => {
  assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith(".png")).sort(), [...taken].sort());
  const page = await newPage(browser);
  for (const language of ["fr", "en"]) {
    for (const name of ["edito", "aide", "parcours-electeur", "parcours-de-vote", "reassorts"]) {
      await page.goto(`${demo.origin}/information/${name}?lang=${language}`);
      await page.locator(".prose").waitFor();
      const broken = await page.locator(".prose img").evaluateAll((images) => images.filter((image) => image.naturalWidth === 0).map(({ src }) => src));
      assert.deepEqual(broken, []);
      await look(page, `information-${name}`);
    }
  }
  await page.goto(`${demo.origin}/sign-in?lang=fr`);
  await page.getByRole("link", { name: "Aide en ligne – Foire aux questions" }).click();
  await page.getByRole("heading", { name: "Aide en ligne – Foire aux questions" }).waitFor();
  await closePage(page);
});
