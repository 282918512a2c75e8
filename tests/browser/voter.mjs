// What a voter does, by the French words on the screen. The captcha's digits are read from the server's state, as a person
// reads them from the image: there is no way to them over HTTP.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export function demoVoters(demo) {
  return JSON.parse(readFileSync(join(demo.state, "demo.json"), "utf8")).voters;
}

// One value of the state's database; `id` is checked because it goes into the statement.
function captchaDigits(demo, id) {
  assert.match(id, /^[A-Za-z0-9_-]+$/);
  const sql = `SELECT digits FROM captcha WHERE id = '${id}'`;
  return execFileSync("sqlite3", ["-readonly", join(demo.state, "isoloir.sqlite"), sql], { encoding: "utf8" }).trim();
}

export async function fillCaptcha(demo, page) {
  const id = await page.locator("[data-captcha=id]").inputValue();
  await page.getByLabel("CAPTCHA", { exact: false }).first().fill(captchaDigits(demo, id));
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

// From the list of contests to the checked receipt; gives the tracker as shown.
export async function vote(page, contest, option) {
  const card = page.getByRole("listitem").filter({ hasText: contest });
  await card.getByRole("button", { name: "Voir les candidatures et voter" }).click();
  await page.getByRole("heading", { name: "Bulletin" }).waitFor();
  await page.getByRole("radio", { name: option }).check();
  await page.getByRole("button", { name: "Continuer" }).click();
  await page.getByRole("heading", { name: "Confirmer mon choix" }).waitFor();
  await page.getByRole("button", { name: "Valider mon vote" }).click();
  await page.getByRole("heading", { name: "A voté" }).waitFor({ timeout: 30_000 });
  return page.locator("[data-step=receipt] [data-slot=tracker]").innerText();
}
