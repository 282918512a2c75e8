// "Formuler une réclamation": made from the sign-in page and from a voter's home, followed, answered by the organiser's command;
// by the visible French labels, once in English, by keyboard.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { closePage, newPage, PROGRAM, startBrowser, startDemo } from "./harness.mjs";
import { look, WIDTHS } from "./look.mjs";
import { demoVoters, fillCaptcha, forgetThrottles, receivedText, signIn, sqliteRows } from "./voter.mjs";

const TEXT = "Bonjour,\nje suis affectée au lycée depuis septembre et je ne suis pas inscrite.";
let demo, browser;
before(async () => {
  demo = await startDemo("education");
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const claim = (...options) => execFileSync(PROGRAM, ["claim", ...options, "--state", demo.state], { encoding: "utf8" });
const send = (page) => page.getByRole("button", { name: "Envoyer ma réclamation" }).press("Enter");
const shownReference = async (page) => (await page.locator(".govuk-panel .code-text").innerText()).trim();

async function follow(page, reference, email) {
  await page.getByRole("link", { name: "Suivre une réclamation déjà envoyée" }).press("Enter");
  await page.getByLabel("Référence *").fill(reference);
  await page.getByLabel("Adresse e-mail de la réclamation *").fill(email);
  await page.getByRole("button", { name: "Voir ma réclamation" }).press("Enter");
}

for (const width of WIDTHS) {
  test(`who is not on the roll makes a claim at ${width} px, corrects it, follows it and reads the answer`, async () => {
    const seen = (page, name) => width === WIDTHS[0] && look(page, name); // at both widths, once
    forgetThrottles(demo);
    const email = `camille${width}@example.org`;
    const page = await newPage(browser, { width });
    await page.goto(demo.origin);
    await page.getByRole("link", { name: "Formuler une réclamation" }).press("Enter");
    await page.getByRole("heading", { name: "Formuler une réclamation" }).waitFor();
    await seen(page, "claim");
    // Nothing is filled in: each field says what it wants, and what is typed afterwards stays.
    await send(page);
    await page.getByRole("link", { name: "Écrivez votre nom et votre prénom" }).waitFor();
    await page.getByRole("radio", { name: "Mon inscription manque, dans tous les scrutins ou dans un seul" }).check();
    await page.getByLabel("Scrutin concerné").selectOption("Comité social d’administration de l’académie");
    await page.getByLabel("Votre message *").fill(TEXT);
    await page.getByLabel("Nom et prénom *").fill("Camille Essai");
    await page.getByLabel("Adresse e-mail pour la réponse *").fill("camille");
    await fillCaptcha(demo, page);
    await send(page);
    await page.locator("#email-error").waitFor();
    await seen(page, "claim-errors");
    assert.equal(await page.getByLabel("Votre message *").inputValue(), TEXT);
    assert.equal(await page.getByLabel("Scrutin concerné").inputValue(), "2");
    await page.getByLabel("Adresse e-mail pour la réponse *").fill(email);
    await fillCaptcha(demo, page);
    await send(page);
    await page.getByRole("heading", { name: "Votre réclamation est enregistrée" }).waitFor();
    await seen(page, "claim-sent");
    const reference = await shownReference(page);
    assert.match(await receivedText(demo, page, email, `Votre réclamation ${reference}`), /vous répondra à cette adresse/);
    await page.goto(`${demo.origin}/claim`);
    await follow(page, reference, "autre@example.org");
    await page.getByRole("link", { name: /^Aucune réclamation ne porte cette référence/ }).waitFor();
    await seen(page, "claim-follow");
    await page.getByLabel("Adresse e-mail de la réclamation *").fill(email);
    await page.getByRole("button", { name: "Voir ma réclamation" }).press("Enter");
    await page.getByText("Reçue, en cours d’examen").waitFor();

    assert.match(claim(), new RegExp(`${reference}.*inscription manquante : à traiter`));
    assert.ok(claim(reference).includes(TEXT.replace(/^/gm, "> ")));
    const answer = join(demo.state, "answer.txt");
    writeFileSync(answer, "Votre inscription est faite.\nVotre code arrivera par courrier.\n");
    claim(reference, "--decision", "granted", "--answer", answer);
    assert.throws(() => claim(reference, "--decision", "refused", "--answer", answer), /a déjà une réponse/);
    await page.reload();
    await page.getByText("Acceptée").waitFor();
    await page.getByText("Votre code arrivera par courrier.").waitFor();
    await seen(page, "claim-answered");
    const mail = await receivedText(demo, page, email, `Réponse à votre réclamation ${reference}`);
    assert.match(mail, /Décision\s: Acceptée/);
    assert.match(mail, /Votre code arrivera par courrier\./);
    await closePage(page);
  });
}

test("a voter finds it on her home page, and her claims on its page; in English", async () => {
  forgetThrottles(demo);
  const voter = demoVoters(demo)[0];
  const page = await newPage(browser);
  await signIn(demo, page, voter);
  await page.getByRole("link", { name: "Formuler une réclamation" }).press("Enter");
  await page.getByRole("link", { name: "English" }).press("Enter");
  await page.getByRole("heading", { name: "Make a claim" }).waitFor();
  assert.equal(await page.getByLabel("E-mail address for the answer *").inputValue(), voter.email);
  await page.getByRole("radio", { name: "A list of candidates or a candidacy" }).check();
  await page.getByLabel("Your message *").fill("A candidate of list B stands twice.");
  await fillCaptcha(demo, page);
  await page.getByRole("button", { name: "Send my claim" }).press("Enter");
  await page.getByRole("heading", { name: "Your claim has been recorded" }).waitFor();
  const reference = await shownReference(page);
  assert.deepEqual(sqliteRows(demo, `SELECT voter IS NOT NULL FROM help_request WHERE reference = '${reference}'`), ["1"]);
  await page.goto(`${demo.origin}/claim`);
  await page.getByText(reference).waitFor();
  await look(page, "claim-mine");
  await closePage(page);
});
