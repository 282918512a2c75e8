// A small association's election, which is a portal by data alone: a member's number, a voting code that came by e-mail, no captcha.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { closePage, newPage, PROGRAM, startBrowser, startDemo } from "./harness.mjs";
import { look, WIDTHS } from "./look.mjs";
import { demoVoters, held, setState, vote } from "./voter.mjs";

let demo, browser, voters;

before(async () => {
  demo = await startDemo("association");
  browser = await startBrowser();
  voters = demoVoters(demo);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

async function type(page, number, code) {
  await page.getByLabel("Numéro d’adhérent *").fill(number);
  await page.getByLabel("Code de vote *", { exact: true }).fill(code);
  await page.getByRole("button", { name: "Connexion" }).press("Enter");
}

for (const width of WIDTHS) {
  test(`a member votes at ${width} px with number and code`, async () => {
    const voter = voters[WIDTHS.indexOf(width)];
    const page = await newPage(browser, { width });
    await page.goto(demo.origin);
    await page.getByRole("heading", { name: "Bienvenue" }).waitFor();
    assert.equal(await page.locator("#captcha").count(), 0);
    await page.getByText("Appelez l’assistance au 01 99 00 00 03").waitFor();
    if (width === WIDTHS[0]) await look(page, "number");
    // As people type: small letters, spaces, another dash.
    await type(page, ` ${voter.identifier.toLowerCase().replace("-", "–")} `, voter.code.toLowerCase());
    await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
    await vote(page, "Conseil d’administration", "Liste B, Un nouvel élan");
    assert.deepEqual(held(demo, voter).signOffs, [0]);
    await page.reload();
    await page.getByText("votre code de vote en a été effacé").waitFor();
    await closePage(page);
  });
}

test("what is wrong is said without digits to copy again; too many tries wait; an old page is tried again as it is", async () => {
  const [, , voter, other] = voters;
  const page = await newPage(browser);
  await page.goto(demo.origin);
  await page.getByRole("heading", { name: "Bienvenue" }).waitFor();
  await page.getByRole("button", { name: "Connexion" }).press("Enter");
  await page.getByText("Saisissez votre numéro d’adhérent").first().waitFor();
  await page.getByText("Saisissez votre code de vote").first().waitFor();
  await type(page, voter.identifier, voter.code.replace(/.$/, (last) => (last === "0" ? "1" : "0")));
  await page.getByText("Ce code de vote est mal saisi").first().waitFor();
  await type(page, "PERSONNE", voter.code);
  await page.getByText("Le numéro d’adhérent ou le code de vote n’est pas le bon").first().waitFor();
  for (let i = 0; i < 5; ++i) {
    await type(page, voter.identifier, other.code);
    await page.getByText("Vérification de votre code").waitFor({ state: "hidden" });
    await page.getByText("Le numéro d’adhérent ou le code de vote n’est pas le bon").first().waitFor();
  }
  await type(page, voter.identifier, other.code);
  await page.getByText(/attendez \d+ minute/).first().waitFor();
  assert.equal(await page.getByText("chiffres").count(), 0);
  await look(page, "number-delayed");
  await type(page, "N° 003", voter.code);
  await page.getByText("Ce numéro n’a que des chiffres, des lettres sans accent et des tirets").first().waitFor();
  setState(demo, "UPDATE session SET nonce = NULL");
  await type(page, voter.identifier, voter.code);
  await page.getByText(/Validez de nouveau\s: cet essai n’est pas compté/).first().waitFor();
  await type(page, voter.identifier.replace("-", ""), voter.code); // others' failures do not hold her up
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  await closePage(page);
});

test("what this portal has not is not there", async () => {
  const page = await newPage(browser);
  for (const path of ["/password-renewal", "/identifier-recovery", "/both-lost", "/help", "/reissue"]) {
    const answer = await page.goto(demo.origin + path);
    assert.ok(answer.status() === 404 || new URL(page.url()).pathname === "/", path);
  }
  await closePage(page);
});

test("the help desk hears of one code, which is sent again, and of nothing that can be renewed", () => {
  const said = execFileSync(PROGRAM, ["voter", "AD-001", "--state", demo.state], { encoding: "utf8" });
  assert.match(said, /Code de vote : valable/);
  assert.match(said, /renvoie le même/);
  assert.doesNotMatch(said, /mot de passe|identifiant|aucun message/i);
});
