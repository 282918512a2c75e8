// What a voter does, by the French words on the screen; from step to step by the keyboard, because what a mouse clicks within a
// second of a change of step, in the same place, is taken for a double click. The captcha's digits are read from the server's state, as a person
// reads them from the image: there is no way to them over HTTP.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROGRAM } from "./harness.mjs";

export function demoVoters(demo) {
  return JSON.parse(readFileSync(join(demo.state, "demo.json"), "utf8")).voters;
}

function sqlite(demo, sql, ...options) {
  const file = join(demo.state, "isoloir.sqlite");
  return execFileSync("sqlite3", ["-cmd", ".timeout 10000", ...options, file, sql], { encoding: "utf8" }).trim();
}

// What no voter and no command can do in a test's time: another hour, a session that is over.
export function setState(demo, sql) {
  return sqlite(demo, sql);
}

// A command beside the running server; the president is there.
function withPresident(demo, ...args) {
  const president = join(demo.state, "holders/0-0-1");
  const holder = ["--holder", `${president}.holder:${president}.code`];
  return execFileSync(PROGRAM, [...args, "--state", demo.state, ...holder], { encoding: "utf8" });
}
export const bureau = (demo, ...args) => withPresident(demo, "bureau", ...args);
export function strikeOff(demo, voter, ...args) {
  assert.match(voter.email, /^[a-z.@-]+$/);
  const id = sqlite(demo, `SELECT id FROM voter WHERE email = '${voter.email}'`);
  return withPresident(demo, "roll", "strike-off", id, ...args);
}

// What the server holds of a voter: her sign-offs by contest; and of everybody: ballots and sign-offs.
export function held(demo, voter) {
  assert.match(voter.email, /^[a-z.@-]+$/);
  const of = "SELECT coalesce(group_concat(contest), '') FROM sign_off s JOIN voter v ON v.id = s.voter WHERE";
  const numbers = (text) => (text === "" ? [] : text.split(",").map(Number).sort());
  return {
    signOffs: numbers(sqlite(demo, `${of} v.email = '${voter.email}'`, "-readonly")),
    ballots: Number(sqlite(demo, "SELECT COUNT(*) FROM ballot", "-readonly")),
    allSignOffs: Number(sqlite(demo, "SELECT COUNT(*) FROM sign_off", "-readonly")),
  };
}

// `id` is checked because it goes into the statement.
function captchaDigits(demo, id) {
  assert.match(id, /^[A-Za-z0-9_-]+$/);
  return sqlite(demo, `SELECT digits FROM captcha WHERE id = '${id}'`, "-readonly");
}

export function sqliteRows(demo, sql) {
  return sqlite(demo, sql, "-readonly").split("\n").filter((row) => row !== "");
}

// As if two hours had passed since the requests made so far: who asked for what is still known.
export function ageThrottles(demo) {
  sqlite(demo, "UPDATE attempt SET at = at - 7200000");
}

// As if a day had passed since the requests made so far: throttles are the service's own tests.
export function forgetThrottles(demo) {
  sqlite(demo, "DELETE FROM attempt");
}

export async function readCaptcha(demo, page) {
  return captchaDigits(demo, await page.locator("[data-captcha=id]").inputValue());
}

export async function fillCaptcha(demo, page) {
  await page.locator("#captcha").fill(await readCaptcha(demo, page));
}

export async function signIn(demo, page, voter) {
  await page.goto(`${demo.origin}/sign-in`);
  await page.getByLabel("Adresse électronique professionnelle").fill(voter.email);
  await page.getByLabel("Mot de passe du compte électeur").fill(voter.password);
  await fillCaptcha(demo, page);
  await page.getByRole("button", { name: "Connexion" }).click();
  await page.getByRole("heading", { name: "Bienvenue sur votre portail Élections" }).waitFor();
}

export async function enterVotingSpace(demo, page, code) {
  await page.getByRole("link", { name: "Consulter les scrutins, les candidatures et voter" }).click();
  await page.getByRole("heading", { name: "Saisie du code de vote" }).waitFor();
  await typeCode(demo, page, code);
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
}

export async function typeCode(demo, page, code) {
  await page.getByLabel("Code de vote *").fill(code);
  await fillCaptcha(demo, page);
  await page.getByRole("button", { name: "CONNEXION" }).click();
}

export async function openBallot(page, contest) {
  const card = page.getByRole("listitem").filter({ hasText: contest });
  await card.getByRole("button", { name: "Voir les candidatures et voter" }).press("Enter");
  await page.getByRole("heading", { name: "Bulletin" }).waitFor();
}

export async function toConfirm(page, option) {
  await page.getByRole("radio", { name: option }).press("Space");
  await page.getByRole("button", { name: "Continuer" }).press("Enter");
  await page.getByRole("heading", { name: "Confirmer mon choix" }).waitFor();
}

// From the list of contests to the checked receipt; gives the tracker as shown.
export async function vote(page, contest, option) {
  await openBallot(page, contest);
  await toConfirm(page, option);
  await page.getByRole("button", { name: "Valider mon vote" }).press("Enter");
  await page.getByRole("heading", { name: "A voté" }).waitFor({ timeout: 30_000 });
  return page.locator("[data-step=receipt] [data-slot=tracker]").innerText();
}

/** Each prolonging of the session is answered with ten minutes more: the server's clock has not gone on as the page's has. */
export const extendFarther = (page) => page.route("**/api/session/extend", async (route) => {
  const response = await route.fetch();
  const { expiresAt } = await response.json();
  return route.fulfill({ response, json: { expiresAt: expiresAt + 600_000 } });
});

export async function openCodePage(page) {
  await page.getByRole("link", { name: "Consulter les scrutins, les candidatures et voter" }).click();
  await page.getByRole("heading", { name: "Saisie du code de vote" }).waitFor();
}

// From the voting-code page to the form of the challenge question.
export async function openReissueForm(page) {
  await page.getByRole("link", { name: "Cliquez ici pour obtenir un réassort de votre code de vote" }).click();
  await page.getByRole("heading", { name: "Choix du réassort de votre code de vote" }).waitFor();
  await page.getByRole("link", { name: /Répondre à votre question Défi/ }).click();
  await page.getByRole("heading", { name: "Demande de réassort du code de vote" }).waitFor();
}

export async function fillReissueForm(page, { answer, numen, email, phone }) {
  await page.getByLabel("Saisissez votre réponse secrète").fill(answer);
  await page.getByLabel("Saisissez votre NUMEN ou n°SS").fill(numen);
  await page.getByLabel(phone ? /par SMS/ : /par E-MAIL/).check();
  if (phone) await page.getByLabel("Numéro de téléphone portable personnel").fill(phone);
  else await page.getByLabel("Adresse mail personnelle").fill(email);
  await page.getByRole("button", { name: "VALIDER" }).click();
}

// Signs in and asks for a new code by e-mail.
export async function askByMail(demo, page, voter, email) {
  forgetThrottles(demo);
  await signIn(demo, page, voter);
  await openCodePage(page);
  await openReissueForm(page);
  await fillReissueForm(page, { ...voter, email });
  await page.getByText("Un mail vient de vous être envoyé à").waitFor();
}

// That, and the link as the demonstration's inbox shows it.
export async function askForLink(demo, page, voter, email) {
  await askByMail(demo, page, voter, email);
  return receivedLink(demo, page, email);
}

// Where identifier and password sign in: on the page that asks for them.
export async function typeKeys(demo, page, identifier, password, digits) {
  await page.getByLabel("Identifiant *").fill(identifier);
  await page.getByLabel("Mot de passe *").fill(password);
  await page.getByLabel("Code de sécurité : saisissez les 4 chiffres de l’image").fill(digits ?? (await readCaptcha(demo, page)));
  await page.getByRole("button", { name: "Connexion" }).click();
}

// What is asked for is answered, and messages leave, at the server's next beat; until then the inbox may show the one before.
const allLeft = (demo) =>
  sqliteRows(demo, `SELECT 1 FROM recovery_request UNION ALL
    SELECT 1 FROM message WHERE status = 'sent' OR status = 'queued' AND next_at <= ${Date.now()} LIMIT 1`).length === 0;

// The newest message to `address`, as the demonstration's inbox shows it, or the newest that has these words there.
async function openMessage(demo, page, address, words = "") {
  const inbox = await page.context().newPage();
  const message = inbox.getByRole("listitem").filter({ hasText: address }).filter({ hasText: words }).getByRole("link").first();
  for (const end = Date.now() + 60_000; ; await inbox.waitForTimeout(100)) {
    const settled = allLeft(demo);
    await inbox.goto(`${demo.origin}/inbox`);
    if (settled && (await message.count()) > 0) break;
    assert.ok(Date.now() < end, settled ? `nothing to ${address}` : "some messages have not left");
  }
  await message.click();
  return inbox;
}

export async function receivedLink(demo, page, address, words) {
  const inbox = await openMessage(demo, page, address, words);
  const link = await inbox.getByRole("article").getByRole("link").first().getAttribute("href");
  await inbox.close();
  return link;
}

export async function receivedText(demo, page, address, words) {
  const inbox = await openMessage(demo, page, address, words);
  const text = await inbox.getByRole("article").innerText();
  await inbox.close();
  return text;
}

// The digits of a confirmation code to `address` that is none of `but`: its messages tell whole minutes, so that two of one
// minute have no order.
export async function receivedCode(demo, page, address, { but = [], words = "code de confirmation" } = {}) {
  const inbox = await page.context().newPage();
  const messages = inbox.getByRole("listitem").filter({ hasText: address }).filter({ hasText: words }).getByRole("link");
  try {
    for (const end = Date.now() + 60_000; Date.now() < end; await inbox.waitForTimeout(100)) {
      await inbox.goto(`${demo.origin}/inbox`);
      for (const link of await messages.all()) {
        const text = await (await fetch(demo.origin + (await link.getAttribute("href")))).text();
        const [code] = /\b\d{6}\b/.exec(text.slice(text.indexOf("message__body")));
        if (!but.includes(code)) return code;
      }
    }
  } finally {
    await inbox.close();
  }
  assert.fail(`no code to ${address}`);
}

export async function typeConfirmation(page, code) {
  await page.getByLabel("Code de confirmation").fill(code);
  await page.getByRole("button", { name: "Confirmer mon vote" }).press("Enter");
}

// Where a code validates the vote: from the choice to the checked receipt, by the code that comes by e-mail.
export async function confirmVote(demo, page, voter) {
  await page.getByRole("button", { name: "Recevoir mon code de confirmation" }).press("Enter");
  await page.getByText(/Un code de 6 chiffres a été envoyé|Le code de 6 chiffres déjà envoyé/).waitFor();
  await typeConfirmation(page, await receivedCode(demo, page, voter.email));
  await page.getByRole("heading", { name: "A voté" }).waitFor({ timeout: 30_000 });
}

export async function followLink(page, link) {
  await page.goto(link);
  await page.getByRole("button", { name: "Continuer" }).click();
  await page.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
}

// Presses the button; gives the code on the screen.
export async function renew(page) {
  await page.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).click();
  return shownCode(page);
}

export async function shownCode(page) {
  await page.getByRole("heading", { name: "Votre nouveau code de vote" }).waitFor({ timeout: 30_000 });
  return (await page.locator("[data-list=code_groups] span").allInnerTexts()).join("-");
}
