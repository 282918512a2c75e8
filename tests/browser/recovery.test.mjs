// What a citizen abroad has lost of identifier and password, again by herself: every screen of the seed, by its visible French
// labels, at both widths; then in English by the marks of the views.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closePage, newPage, startBrowser, startDemo } from "./harness.mjs";
import { look, WIDTHS } from "./look.mjs";
import { demoVoters, fillCaptcha, receivedLink, receivedText, setState, typeKeys } from "./voter.mjs";

let demo, browser, voters;
let next_voter = 0;
const newVoter = () => {
  next_voter++;
  return { ...voters[next_voter - 1], numic: `1002003${String(next_voter).padStart(2, "0")}` };
};

before(async () => {
  demo = await startDemo("legislative");
  browser = await startBrowser();
  voters = demoVoters(demo);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

async function askForPassword(page, numic, email) {
  await page.goto(demo.origin);
  await page.getByRole("link", { name: "Mot de passe perdu ou non reçu ?" }).click();
  await page.getByRole("heading", { name: "Renouvellement de votre mot de passe" }).waitFor();
  await page.getByLabel("NUMIC *").fill(numic);
  await page.getByLabel("Adresse électronique *").fill(email);
  await fillCaptcha(demo, page);
  await page.getByRole("button", { name: "Demander un nouveau mot de passe" }).press("Enter");
  await page.getByRole("heading", { name: "Confirmation du renouvellement de votre mot de passe" }).waitFor();
}

async function openLink(page, link, identifier) {
  await page.goto(link);
  await page.getByRole("heading", { name: "Renouvellement de votre mot de passe" }).waitFor();
  await page.getByLabel("Identifiant *").fill(identifier);
  await fillCaptcha(demo, page);
  await page.getByRole("button", { name: "Valider" }).press("Enter");
}

async function signIn(page, identifier, password) {
  await page.goto(demo.origin);
  await typeKeys(demo, page, identifier, password);
}

for (const width of WIDTHS) {
  test(`a lost password at ${width} px: NUMIC and address, link on another device, new one by text message`, async () => {
    const voter = newVoter();
    const seen = (name, on) => width === WIDTHS[0] && look(on, name);
    const page = await newPage(browser, { width });
    await page.goto(`${demo.origin}/password-renewal`);
    await seen("password-renewal", page);
    await askForPassword(page, voter.numic.replace(/(...)/g, "$1 "), voter.email.toUpperCase());
    await page.getByText("Votre demande a bien été prise en compte.").waitFor();
    await seen("password-requested", page);
    const link = await receivedLink(demo, page, voter.email);
    const phone = await newPage(browser, { width: 375 });
    await phone.goto(link);
    await seen("password-link", phone);
    assert.ok(!phone.url().includes("#"), "R50: the token leaves the address");
    await openLink(phone, link, voter.identifier.toLowerCase().replaceAll("0", "o"));
    await phone.getByRole("heading", { name: "Votre nouveau mot de passe est en route" }).waitFor();
    await seen("password-done", phone);
    const password = (await receivedText(demo, page, voter.phone.replaceAll(" ", ""))).match(/[0-9A-Z]{4}(-[0-9A-Z]{4}){2}/)[0];
    assert.notEqual(password, voter.code);
    // R51, R53: nothing of it in the browser that asked, nor after Back, reload, or the link once more.
    await phone.reload();
    await phone.getByRole("heading", { name: "Votre nouveau mot de passe est en route" }).waitFor();
    assert.ok(!(await phone.content()).includes(password));
    await phone.goto(link);
    await phone.getByRole("heading", { name: "Renouvellement de votre mot de passe" }).waitFor();
    assert.ok(!(await phone.content()).includes(password));
    await phone.getByLabel("Identifiant *").fill(voter.identifier);
    await fillCaptcha(demo, phone);
    await phone.getByRole("button", { name: "Valider" }).press("Enter");
    await phone.getByRole("heading", { name: "Ce lien a déjà servi" }).waitFor();
    await seen("password-used", phone);
    await signIn(page, voter.identifier, voter.code);
    await page.getByText("Ce mot de passe a été remplacé").first().waitFor();
    await signIn(page, voter.identifier, password);
    await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
    await closePage(phone);
    await closePage(page);
  });
}

test("a lost identifier comes by e-mail to who knows the password", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await page.goto(demo.origin);
  await page.getByRole("link", { name: "Identifiant perdu ou non reçu ?" }).click();
  await page.getByRole("heading", { name: "Recevoir à nouveau votre identifiant" }).waitFor();
  await look(page, "identifier-recovery");
  const sent = [];
  page.on("request", (request) => sent.push(request.postData() ?? ""));
  await page.getByLabel("Mot de passe *").fill(voter.code);
  await page.getByLabel("NUMIC *").fill(voter.numic);
  await fillCaptcha(demo, page);
  await page.getByRole("button", { name: "Recevoir mon identifiant" }).press("Enter");
  await page.getByRole("heading", { name: "Confirmation de votre demande d’identifiant" }).waitFor({ timeout: 30_000 });
  await look(page, "identifier-requested");
  assert.ok(!sent.some((body) => body.includes(voter.code.replaceAll("-", ""))), "the password stays here");
  const text = await receivedText(demo, page, voter.email);
  assert.ok(text.includes(voter.identifier));
  assert.ok(!text.includes(voter.code), "R9");
  await closePage(page);
});

test("what cannot be right is told at the field; who is unknown sees the same page", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await page.goto(`${demo.origin}/password-renewal`);
  await page.getByLabel("NUMIC *").fill("12 34");
  await page.getByLabel("Adresse électronique *").fill("nobody");
  await page.getByRole("button", { name: "Demander un nouveau mot de passe" }).press("Enter");
  await page.getByRole("link", { name: "Un NUMIC compte de 5 à 15 chiffres" }).waitFor();
  await page.getByRole("link", { name: "Saisissez une adresse électronique" }).waitFor();
  assert.equal(await page.getByLabel("NUMIC *").inputValue(), "12 34", "nothing is lost");
  await look(page, "password-errors");
  const shown = async (numic, email) => {
    await askForPassword(page, numic, email);
    return (await page.locator("main").innerText()).replace(/[0-9A-Z]{4}-[0-9A-Z]{4}|\S+ \S+ \S+ \d{4} à \d\dh\d\d/g, "*");
  };
  assert.equal(await shown("999999999", "nobody@example.org"), await shown(voter.numic, voter.email), "R32");
  // The page stood open longer than its session.
  await page.goto(`${demo.origin}/password-renewal`);
  setState(demo, "DELETE FROM session");
  await page.getByLabel("NUMIC *").fill(voter.numic);
  await page.getByLabel("Adresse électronique *").fill(voter.email);
  await page.locator("#captcha").fill("0000");
  await page.getByRole("button", { name: "Demander un nouveau mot de passe" }).press("Enter");
  await page.getByText("Cette page était ouverte depuis trop longtemps").waitFor();
  assert.equal(await page.getByLabel("Adresse électronique *").inputValue(), voter.email);
  await closePage(page);
});

test("the link: wrong identifier, offline, cut, none; and both lost", async () => {
  const voter = newVoter();
  const page = await newPage(browser, { width: 375 });
  await askForPassword(page, voter.numic, voter.email);
  const link = await receivedLink(demo, page, voter.email);
  await openLink(page, link, voters.at(-1).identifier);
  await page.locator("#identifier-error").getByText("Il vous reste 4 essais").waitFor();
  await look(page, "password-link-wrong");
  setState(demo, "DELETE FROM attempt");
  await page.context().setOffline(true);
  await page.getByLabel("Identifiant *").fill(voter.identifier);
  await fillCaptcha(demo, page);
  await page.getByRole("button", { name: "Valider" }).press("Enter");
  await page.getByText("Le portail n’a pas répondu").waitFor();
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "Valider" }).press("Enter");
  await page.getByRole("heading", { name: "Votre nouveau mot de passe est en route" }).waitFor();
  await page.goto(`${demo.origin}/password-renewal/link#cut`);
  await page.getByRole("heading", { name: "Lien incomplet ou inconnu" }).waitFor();
  await look(page, "password-link-unknown");
  await page.goto(`${demo.origin}/password-renewal`);
  await page.getByRole("link", { name: "Vous avez perdu les deux ?" }).click();
  await page.getByRole("heading", { name: "Identifiant et mot de passe perdus" }).waitFor();
  await look(page, "both-lost");
  await page.getByRole("link", { name: "AIDE ?" }).waitFor();
  await closePage(page);
});

test("in English, by keyboard alone", async () => {
  const voter = newVoter();
  const page = await newPage(browser, { locale: "en-GB" });
  await page.goto(`${demo.origin}/password-renewal?lang=en`);
  await look(page, "password-renewal");
  const type = async (id, text) => {
    for (let i = 0; i < 40 && (await page.evaluate(() => document.activeElement.id)) !== id; i++) await page.keyboard.press("Tab");
    await page.keyboard.type(text);
  };
  await type("number", voter.numic);
  await type("email", voter.email);
  await fillCaptcha(demo, page);
  await page.locator("#captcha").press("Enter");
  await page.locator(".govuk-inset-text").waitFor();
  await look(page, "password-requested");
  await page.goto(await receivedLink(demo, page, voter.email));
  await look(page, "password-link");
  await type("identifier", voter.identifier);
  await fillCaptcha(demo, page);
  await page.locator("#captcha").press("Enter");
  await page.locator("[data-step=done] h1").waitFor();
  await look(page, "password-done");
  await page.goto(`${demo.origin}/identifier-recovery`);
  await page.locator("[data-step=form] h1").waitFor();
  await look(page, "identifier-recovery");
  await page.goto(`${demo.origin}/both-lost`);
  await look(page, "both-lost");
  await closePage(page);
});
