// The main job: a voter signs in, votes, keeps a receipt that the browser has checked, and looks it up.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axeCheck, closePage, newPage, screenshot, startBrowser, startDemo } from "./harness.mjs";
import { demoVoters, enterVotingSpace, fillCaptcha, signIn, typeCode, vote } from "./voter.mjs";

const MINISTRY = "Comité social d’administration ministériel";
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

for (const width of [1280, 375]) {
  test(`a voter votes and keeps a checked receipt at ${width} px`, async () => {
    const voter = voters[width === 1280 ? 0 : 1];
    const page = await newPage(browser, { width });
    const look = async (name) => {
      await screenshot(page, `${name}-${width}`);
      await axeCheck(page);
      const scrolls = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      assert.equal(scrolls, false, `${name} scrolls sideways at ${width} px`);
    };
    await page.goto(`${demo.origin}/demo`);
    await look("demo");
    await page.goto(`${demo.origin}/sign-in`);
    await look("sign-in");
    await signIn(demo, page, voter);
    await look("home");
    await page.getByRole("link", { name: "Consulter les scrutins, les candidatures et voter" }).click();
    await page.getByRole("heading", { name: "Saisie du code de vote" }).waitFor();
    await look("code");
    await typeCode(demo, page, voter.code.toLowerCase().replaceAll("-", " "));
    await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
    await look("contests");
    const card = page.getByRole("listitem").filter({ hasText: MINISTRY });
    await card.getByRole("button", { name: "Voir les candidatures et voter" }).press("Enter");
    await page.getByRole("heading", { name: "Bulletin" }).waitFor();
    await look("ballot");
    await page.getByRole("button", { name: "Revenir à mes scrutins" }).press("Enter");
    const tracker = await vote(page, MINISTRY, "Vote blanc");
    await look("receipt");
    assert.match(tracker.replaceAll(/\s/g, ""), /^[0-9A-Z]{52}$/);
    await page.locator("[data-step=receipt]").getByRole("button", { name: "Revenir à mes scrutins" }).press("Enter");
    await card.getByText("A voté").waitFor();
    await page.goto(`${demo.origin}/tracker`);
    await page.getByLabel("Numéro de suivi de votre bulletin").fill(tracker);
    await page.getByRole("button", { name: /Vérifier|Rechercher/ }).click();
    await look("tracker-found");
    assert.match(await page.getByRole("alert").innerText(), /Ce bulletin est dans l’urne, et inscrit au registre public\./);
    await page.goto(`${demo.origin}/`);
    await page.getByRole("button", { name: "Quitter" }).first().click();
    await look("signed-out");
    await closePage(page);
  });
}

test("a mistyped code costs no try, a wrong one does, and the captcha changes", async () => {
  const [first, second] = [voters[2], voters[3]];
  const page = await newPage(browser);
  await signIn(demo, page, first);
  await page.getByRole("link", { name: "Consulter les scrutins, les candidatures et voter" }).click();
  await page.getByRole("heading", { name: "Saisie du code de vote" }).waitFor();
  const mistyped = first.code.slice(0, -1) + (first.code.endsWith("0") ? "1" : "0");
  await typeCode(demo, page, mistyped);
  await page.getByRole("link", { name: /faute de frappe/ }).waitFor();
  await typeCode(demo, page, second.code);
  await page.getByRole("link", { name: /n’est pas le vôtre/ }).waitFor();
  assert.match(await page.locator("#code-tries").innerText(), /4/);
  await typeCode(demo, page, first.code);
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  await closePage(page);
});

test("a wrong password says neither which was wrong nor whether the voter exists", async () => {
  const page = await newPage(browser);
  const bodies = [];
  for (const email of [voters[4].email, "personne@education.example"]) {
    await page.goto(`${demo.origin}/sign-in`);
    await page.getByLabel("Adresse électronique professionnelle").fill(email);
    await page.getByLabel("Mot de passe du compte électeur").fill("Pas-le-bon-1");
    await fillCaptcha(demo, page);
    await page.getByRole("button", { name: "Connexion" }).click();
    bodies.push((await page.locator("[data-error-summary]").innerText()).replace(email, ""));
  }
  assert.equal(bodies[0], bodies[1]);
  await closePage(page);
});

test("a reload asks for the code again and shows what the server holds", async () => {
  const voter = voters[5];
  const page = await newPage(browser);
  await signIn(demo, page, voter);
  await enterVotingSpace(demo, page, voter.code);
  await vote(page, MINISTRY, "Vote blanc");
  await page.reload();
  await page.getByRole("heading", { name: "Saisie du code de vote" }).waitFor();
  await typeCode(demo, page, voter.code);
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  await page.getByRole("listitem").filter({ hasText: MINISTRY }).getByText("A voté").waitFor();
  await closePage(page);
});
