// A newcomer's way into the education portal: the link that activates the account, password, challenge question, home, vote; the
// password forgotten; who did not do it. By visible French labels, at both widths; then in English by the marks of the views.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closePage, newPage, startBrowser, startDemo } from "./harness.mjs";
import { look, WIDTHS } from "./look.mjs";
import { demoVoters, enterVotingSpace, fillCaptcha, forgetThrottles, receivedLink, receivedText, setState, signIn, vote } from "./voter.mjs";

const PASSWORD = "Girafe-Tuba-19-Neige";
const OTHER = "Cactus-Voile-27-Drap";

let demo, browser, newcomers, members;

before(async () => {
  demo = await startDemo();
  browser = await startBrowser();
  newcomers = demoVoters(demo).filter(({ newcomer }) => newcomer);
  members = demoVoters(demo).filter(({ newcomer }) => !newcomer);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

async function askForLink(page, email) {
  await page.goto(`${demo.origin}/sign-in`);
  await page.getByRole("link", { name: "Première connexion, ou mot de passe du compte oublié" }).click();
  await page.getByRole("heading", { name: "Recevoir un lien pour mon compte" }).waitFor();
  await page.getByLabel("Adresse électronique professionnelle").fill(email);
  await fillCaptcha(demo, page);
  await page.getByRole("button", { name: "Recevoir le lien" }).press("Enter");
  await page.getByRole("heading", { name: "Votre demande de lien" }).waitFor();
}

async function followLink(page, link) {
  await page.goto(link);
  await page.getByRole("heading", { name: "Votre compte électeur" }).waitFor();
  await page.getByRole("button", { name: "Continuer" }).press("Enter");
  await page.getByRole("heading", { name: "Choisir mon mot de passe" }).waitFor();
}

async function choosePassword(page, password) {
  await page.getByLabel("Mot de passe *").fill(password);
  await page.getByRole("button", { name: /Continuer|Changer le mot de passe/ }).press("Enter");
}

async function chooseQuestion(page, answer) {
  await page.getByRole("heading", { name: "Choisir ma question défi" }).waitFor();
  await page.getByLabel("Quelle était la marque de votre première voiture ?").check();
  await page.getByLabel("Votre réponse secrète *").fill(answer);
  await page.getByRole("button", { name: "Activer mon compte" }).press("Enter");
  await page.getByRole("heading", { name: "Votre compte est activé" }).waitFor();
}

WIDTHS.forEach((width, index) => {
  test(`a newcomer at ${width} px: link, password, question, home, vote`, async () => {
    const voter = newcomers[index];
    const seen = (name, on) => index === 0 && look(on, name);
    const page = await newPage(browser, { width });
    const link = await receivedLink(demo, page, voter.email);
    assert.match(link, /\/account#[\w-]{43}$/);
    await page.goto(link);
    await page.getByRole("heading", { name: "Votre compte électeur" }).waitFor();
    assert.ok(!page.url().includes("#"), "R50: the token leaves the address");
    await seen("account-link", page);
    await page.reload();
    await page.getByRole("button", { name: "Continuer" }).press("Enter");
    await page.getByRole("heading", { name: "Choisir mon mot de passe" }).waitFor();
    await seen("account-password", page);
    await choosePassword(page, "Motdepasse2022!");
    await page.getByRole("link", { name: /parmi ceux que l’on devine le plus vite/ }).waitFor();
    await seen("account-password-error", page);
    await choosePassword(page, PASSWORD);
    await page.getByRole("heading", { name: "Choisir ma question défi" }).waitFor();
    await seen("account-question", page);
    await page.getByLabel("Une question de mon choix").check();
    await page.locator("#own").waitFor();
    await page.getByRole("button", { name: "Activer mon compte" }).press("Enter");
    await page.getByRole("link", { name: "Écrivez votre question." }).click();
    assert.equal(await page.evaluate(() => document.activeElement.id), "own");
    await seen("account-question-error", page);
    // She goes back to take another password, and on again.
    await page.getByRole("link", { name: "Retour" }).click();
    await choosePassword(page, OTHER);
    await chooseQuestion(page, "Deux-Chevaux");
    await seen("account-done", page);
    // R51: Back shows the page of a step that is over, and sends her on.
    await page.goBack();
    await page.getByRole("heading", { name: "Votre compte est activé" }).waitFor();
    await page.getByRole("link", { name: "Me connecter" }).click();
    await signIn(demo, page, { ...voter, password: OTHER });
    await enterVotingSpace(demo, page, voter.code);
    await vote(page, voter.contests.split(" ; ")[0], "Vote blanc");
    assert.match(await receivedText(demo, page, voter.email, "Votre compte électeur est activé"), /\/account\/block#/);
    await page.goto(link);
    await page.getByRole("button", { name: "Continuer" }).press("Enter");
    await page.getByRole("heading", { name: "Ce lien a déjà servi" }).waitFor();
    await seen("account-used", page);
    await closePage(page);
  });
});

test("a forgotten password: the same page for all, the link on another device, other sessions end", async () => {
  const [voter] = members;
  const page = await newPage(browser);
  await signIn(demo, page, voter);
  const asking = await newPage(browser, { width: 375 });
  await asking.goto(`${demo.origin}/account-link`);
  await look(asking, "account-ask");
  const shown = async (email) => {
    await askForLink(asking, email);
    return (await asking.locator("main").innerText()).replace(/[0-9A-Z]{4}-[0-9A-Z]{4}|\S+ \S+ \S+ \d{4} à \d\dh\d\d/g, "*");
  };
  assert.equal(await shown("nobody@example.org"), await shown(voter.email), "R32");
  await look(asking, "account-requested");
  const link = await receivedLink(demo, asking, voter.email);
  const phone = await newPage(browser, { width: 375 });
  await followLink(phone, link);
  await asking.goto(link);
  await asking.getByRole("button", { name: "Continuer" }).press("Enter");
  await asking.getByRole("heading", { name: "Ce lien est ouvert ailleurs" }).waitFor();
  await look(asking, "account-elsewhere");
  await choosePassword(phone, PASSWORD);
  await phone.getByRole("heading", { name: "Votre mot de passe est changé" }).waitFor();
  await look(phone, "account-changed");
  await page.goto(`${demo.origin}/voting-space`);
  await page.getByRole("heading", { name: "Connexion" }).first().waitFor();
  await signIn(demo, page, { ...voter, password: PASSWORD });
  await closePage(phone);
  await closePage(asking);
  await closePage(page);
});

test("who did not do it blocks the account; then nobody signs in, and the help desk is named", async () => {
  const voter = members[1];
  const page = await newPage(browser);
  forgetThrottles(demo);
  await askForLink(page, voter.email);
  await followLink(page, await receivedLink(demo, page, voter.email));
  await choosePassword(page, PASSWORD);
  await page.getByRole("heading", { name: "Votre mot de passe est changé" }).waitFor();
  const notice = await receivedText(demo, page, voter.email, "a changé");
  await page.goto(/http\S+#[\w-]+/.exec(notice)[0]);
  await page.getByRole("heading", { name: "Bloquer mon compte" }).waitFor();
  await look(page, "account-block");
  await page.getByRole("button", { name: "Bloquer mon compte" }).press("Enter");
  await page.getByRole("heading", { name: "Ce compte est bloqué" }).waitFor();
  await look(page, "account-blocked");
  await page.goto(`${demo.origin}/sign-in`);
  await page.getByLabel("Adresse électronique professionnelle").fill(voter.email);
  await page.getByLabel("Mot de passe du compte électeur").fill(PASSWORD);
  await fillCaptcha(demo, page);
  await page.getByRole("button", { name: "Connexion" }).press("Enter");
  await page.getByRole("link", { name: /mot de passe n’est pas correct/ }).waitFor();
  await closePage(page);
});

test("home: every entry of the menu, by its French label", async () => {
  const page = await newPage(browser);
  await signIn(demo, page, members[3]);
  await look(page, "home-menu");
  const follow = async (name, heading) => {
    await page.getByRole("link", { name, exact: true }).click();
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
  };
  const back = async () => {
    await page.getByRole("link", { name: "Retour" }).click();
    await page.getByRole("heading", { name: "Bienvenue sur votre portail Élections" }).waitFor();
  };
  await follow("Consulter les listes électorales de mes scrutins", "Listes électorales de mes scrutins");
  await look(page, "electoral-roll");
  await page.getByLabel("Rechercher un nom").fill("coeur de liste OCEANE");
  await page.getByRole("button", { name: "Rechercher" }).press("Enter");
  await page.getByText("Électeurs trouvés : 0").waitFor();
  await page.getByLabel("Rechercher un nom").fill("electeur camille");
  await page.keyboard.press("Enter");
  await page.getByText("Électeurs trouvés : 1").waitFor();
  assert.deepEqual(await page.locator("tbody td").allInnerTexts(), ["ÉLECTEUR", "Camille"]);
  await back();
  await follow("Consulter mes scrutins (ceux pour lesquels je suis électeur) et leurs listes de candidats", "Mes scrutins et leurs listes de candidats");
  await page.getByText("Liste B, École et territoires").first().click();
  await page.getByText("BRAVO Alix").first().waitFor();
  await look(page, "my-contests");
  await back();
  await follow("Mes informations personnelles", "Mes informations personnelles");
  await page.getByText(members[3].email).waitFor();
  await look(page, "my-account");
  await back();
  for (const [name, heading] of [
    ["Édito", "Édito"], ["Aide en ligne – Foire aux questions", "Aide en ligne – Foire aux questions"],
    ["Accéder au tutoriel en ligne «\u00a0Parcours électeur\u00a0»", /Tutoriel\s: parcours électeur/],
    ["Accéder au tutoriel en ligne «\u00a0Parcours de vote\u00a0»", /Tutoriel\s: parcours de vote/],
    ["Accéder au tutoriel en ligne «\u00a0Réassorts\u00a0»", /Tutoriel\s: réassorts/],
  ]) {
    await follow(name, heading);
    await back();
  }
  await page.getByRole("link", { name: "Formulaire de demande d’assistance" }).click();
  await page.getByRole("heading", { name: /assistance|aide/i, level: 1 }).waitFor();
  await page.goto(`${demo.origin}/electoral-roll?lang=en`);
  await look(page, "electoral-roll");
  await page.goto(`${demo.origin}/my-contests`);
  await look(page, "my-contests");
  await page.goto(`${demo.origin}/my-account`);
  await look(page, "my-account");
  await page.goto(`${demo.origin}/?lang=fr`);
  await closePage(page);
});

test("offline, cut, none, and a page that stood open too long", async () => {
  const voter = members[2];
  const page = await newPage(browser, { width: 375 });
  forgetThrottles(demo);
  await askForLink(page, voter.email);
  const link = await receivedLink(demo, page, voter.email);
  await page.goto(link);
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Continuer" }).press("Enter");
  await page.getByText("Le service n’a pas répondu").waitFor();
  await look(page, "account-offline");
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "Continuer" }).press("Enter");
  await page.getByRole("heading", { name: "Choisir mon mot de passe" }).waitFor();
  setState(demo, "DELETE FROM session");
  await choosePassword(page, PASSWORD);
  await page.getByText("Cette page était ouverte depuis trop longtemps").waitFor();
  await choosePassword(page, PASSWORD);
  await page.getByRole("heading", { name: "Votre mot de passe est changé" }).waitFor();
  await page.goto(`${demo.origin}/account`);
  await page.getByRole("heading", { name: "Ouvrez le lien reçu par courriel" }).waitFor();
  await look(page, "account-no-link");
  await page.goto(`${demo.origin}/account/question`);
  await page.getByRole("heading", { name: "Votre mot de passe est changé" }).waitFor();
  await page.goto(`${demo.origin}/account#cut`);
  await page.getByRole("heading", { name: "Ce lien n’est pas valable" }).waitFor();
  await closePage(page);
});

test("in English, by keyboard alone", async () => {
  const voter = newcomers[2];
  const page = await newPage(browser, { locale: "en-GB" });
  const type = async (id, text) => {
    for (let i = 0; i < 40 && (await page.evaluate(() => document.activeElement.id)) !== id; i++) await page.keyboard.press("Tab");
    await page.keyboard.type(text);
  };
  await page.goto(`${demo.origin}/account-link?lang=en`);
  await look(page, "account-ask");
  await type("email", "nobody");
  await page.keyboard.press("Enter");
  await page.locator(".govuk-error-summary").waitFor();
  await look(page, "account-ask-error");
  await page.locator("#email").fill("");
  await type("email", voter.email);
  await fillCaptcha(demo, page);
  await page.locator("#captcha").press("Enter");
  await page.locator(".govuk-inset-text").waitFor();
  await look(page, "account-requested");
  await page.goto(await receivedLink(demo, page, voter.email));
  await page.locator("[data-action=continue]").waitFor();
  await look(page, "account-link");
  await page.locator("[data-action=continue]").press("Enter");
  await page.locator("#password").waitFor();
  await look(page, "account-password");
  await type("password", PASSWORD);
  await page.keyboard.press("Enter");
  await page.locator("#question-0").waitFor();
  await page.locator("#question-own").press("Space");
  await type("own", "Where did I learn to swim?");
  await type("answer", "Saint-Malo");
  await look(page, "account-question");
  await page.keyboard.press("Enter");
  await page.locator(".govuk-panel").waitFor();
  await look(page, "account-done");
  assert.match(await receivedText(demo, page, voter.email, "Your voter account is activated"), /block/);
  await closePage(page);
});
