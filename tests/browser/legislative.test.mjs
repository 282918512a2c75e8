// The legislative portal: identifier by e-mail, password by text message, keys made of both; one seat in two rounds. By its
// visible French labels, then in English by the marks of the views.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { closePage, newPage, PROGRAM, startBrowser, startDemo } from "./harness.mjs";
import { look, WIDTHS } from "./look.mjs";
import {
  bureau, confirmVote, demoVoters, fillCaptcha, held, openBallot, readCaptcha, receivedCode, setState, toConfirm, typeKeys,
} from "./voter.mjs";

const CONTEST = "1re circonscription (États-Unis d’Amérique et Canada)";
let demo, browser, voters;
let next_voter = 0;
const newVoter = () => voters[next_voter++];

before(async () => {
  demo = await startDemo("legislative");
  browser = await startBrowser();
  voters = demoVoters(demo);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const fillIn = (page, identifier, password, digits) => typeKeys(demo, page, identifier, password, digits);

async function signIn(page, voter) {
  await page.goto(demo.origin);
  await page.getByRole("heading", { name: "Bienvenue" }).waitFor();
  await fillIn(page, voter.identifier, voter.code);
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
}

for (const width of WIDTHS) {
  test(`a citizen abroad votes at ${width} px, with what stands in the two messages`, async () => {
    const voter = newVoter();
    const seen = (name) => width === WIDTHS[0] && look(page, name); // at both widths, once
    const page = await newPage(browser, { width, timezoneId: "America/New_York" });
    await page.goto(demo.origin);
    await page.getByRole("heading", { name: "Fermeture du vote dans" }).waitFor();
    await page.getByText("heure de Paris").first().waitFor();
    await page.getByText(/soit .* à l’heure de votre appareil/).first().waitFor();
    await seen("keys");
    assert.equal(await page.getByRole("button", { name: "Quitter" }).count(), 0, "nobody to leave yet");
    // As it may be typed: small letters, O for the digit zero, spaces.
    await fillIn(page, voter.identifier.toLowerCase().replaceAll("0", "o"), ` ${voter.code.replaceAll("-", " ")}`);
    await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
    await page.getByText(voter.name).waitFor();
    await page.getByText(/Circonscription consulaire : /).waitFor();
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie,
      ...Array.from(document.querySelectorAll("input"), ({ value }) => value), location.href, document.title]));
    for (const secret of [voter.identifier, voter.code]) {
      for (const form of [secret, secret.replaceAll("-", ""), secret.toLowerCase()]) assert.ok(!kept.includes(form));
    }
    await openBallot(page, CONTEST);
    await page.getByText("Remplaçant : ALPHA Bruno").waitFor();
    await seen("keys-ballot");
    await toConfirm(page, "ALPHA Anne");
    await seen("keys-confirm");
    await page.getByRole("button", { name: "Modifier" }).press("Enter"); // a click so soon would be a double tap
    await toConfirm(page, "BRAVO Chloé");
    await confirmVote(demo, page, voter);
    assert.deepEqual(held(demo, voter).signOffs, [0]);
    await page.reload();
    await page.getByText("Par sécurité, votre identifiant et votre mot de passe en ont été effacés").waitFor();
    await seen("keys-reloaded");
    await fillIn(page, voter.identifier, voter.code);
    await page.getByText("Vous avez voté dans tous vos scrutins").waitFor();
    await page.getByRole("button", { name: "Quitter" }).first().click();
    await page.getByRole("heading", { name: "Vous êtes déconnecté" }).waitFor();
    await closePage(page);
  });
}

test("what cannot be right is told at the field and costs no try; a wrong pair never says which", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await page.goto(demo.origin);
  await page.getByRole("button", { name: "Connexion" }).click();
  await page.getByRole("link", { name: "Saisissez votre identifiant" }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "identifier");
  await look(page, "keys-empty");
  await fillIn(page, voter.identifier.slice(0, -1), "UUUU-UUUU-UUUU");
  await page.locator("#identifier-error").getByText("Un identifiant compte 12 chiffres et lettres").waitFor();
  await page.locator("#code-error").getByText("jamais la lettre U").waitFor();
  await look(page, "keys-mistyped");
  const tries = () => Number(setState(demo, "SELECT coalesce(sum(failures), 0) FROM throttle"));
  assert.equal(tries(), 0, "nothing was sent");
  const refusal = async (identifier, password) => {
    await fillIn(page, identifier, password);
    const summary = page.locator("[data-step=code] [data-error-summary]");
    await summary.getByText("n’est pas le bon").first().waitFor();
    const said = await summary.innerText();
    await page.evaluate(() => (document.querySelector("[data-step=code] [data-error-summary]").hidden = true));
    return said;
  };
  const wrong_password = await refusal(voter.identifier, voters.at(-1).code);
  const unknown = await refusal("0000-0000-0000", voter.code);
  assert.equal(wrong_password, unknown, "32: never says which was wrong, nor whether the voter exists");
  await look(page, "keys-refused");
  for (let i = 0; i < 4; i++) await refusal(voter.identifier, voters.at(-1).code);
  await fillIn(page, voter.identifier, voter.code);
  await page.locator("#code-error").getByText(/attendez [12] minutes?, puis/).waitFor();
  await look(page, "keys-delayed");
  setState(demo, "UPDATE throttle SET delayed_until = 0"); // the minute has passed: delayed, never locked out
  await fillIn(page, voter.identifier, voter.code);
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  await closePage(page);
});

test("a page that stood open too long, and two tabs: the digits alone are copied again", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await page.goto(demo.origin);
  setState(demo, "DELETE FROM session");
  setState(demo, "DELETE FROM captcha");
  await page.getByLabel("Identifiant *").fill(voter.identifier);
  await page.getByLabel("Mot de passe *").fill(voter.code);
  await page.locator("#captcha").fill("0000");
  await page.getByRole("button", { name: "Connexion" }).click();
  await page.locator("#captcha-error").getByText("Recopiez les nouveaux chiffres et validez de nouveau").waitFor();
  assert.equal(await page.getByLabel("Identifiant *").inputValue(), voter.identifier);
  const tab = await page.context().newPage();
  await tab.goto(demo.origin); // takes the nonce of the first
  const seen = await readCaptcha(demo, tab);
  await fillCaptcha(demo, page);
  await page.getByRole("button", { name: "Connexion" }).click();
  await page.locator("#captcha-error").getByText("ou aussi dans un autre onglet").waitFor();
  await fillCaptcha(demo, page);
  await page.getByRole("button", { name: "Connexion" }).click();
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  // The other tab signs in as well: the first session is over, and says so.
  await fillIn(tab, voter.identifier, voter.code, seen);
  await tab.locator("#captcha-error").getByText("Recopiez les nouveaux chiffres").waitFor();
  await fillIn(tab, voter.identifier, voter.code);
  await tab.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  await page.getByRole("button", { name: "Voir les candidatures et voter" }).press("Enter"); // which asks the server
  await page.getByText("Votre session est terminée").waitFor();
  await openBallot(tab, CONTEST);
  await toConfirm(tab, "Vote blanc");
  await confirmVote(demo, tab, voter);
  await tab.close();
  await page.getByRole("link", { name: "Se connecter" }).click();
  await fillIn(page, voter.identifier, voter.code);
  await page.getByText("Vous avez voté dans tous vos scrutins").waitFor();
  assert.deepEqual(held(demo, voter).signOffs, [0]);
  await closePage(page);
});

test("offline while signing in: nothing is lost", async () => {
  const voter = newVoter();
  const page = await newPage(browser, { width: 375 });
  await page.goto(demo.origin);
  await page.getByLabel("Identifiant *").fill(voter.identifier);
  await page.getByLabel("Mot de passe *").fill(voter.code);
  await fillCaptcha(demo, page);
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Connexion" }).click();
  await page.getByRole("button", { name: "Réessayer" }).waitFor();
  await page.context().setOffline(false);
  // It goes on by itself, as the page says that it will.
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  await closePage(page);
});

test("in English, every step, and the other language from within", async () => {
  const voter = newVoter();
  const page = await newPage(browser, { locale: "en-GB" });
  await page.goto(`${demo.origin}/?lang=en`);
  await look(page, "keys");
  await page.locator("[data-action=connect]").click();
  await look(page, "keys-empty");
  await page.locator("#identifier").fill(voter.identifier);
  await page.locator("#code").fill(voters.at(-1).code);
  await fillCaptcha(demo, page);
  await page.locator("[data-action=connect]").click();
  await page.locator("#code-error").waitFor();
  await look(page, "keys-refused");
  await page.locator("#code").fill(voter.code);
  await fillCaptcha(demo, page);
  await page.locator("[data-action=connect]").click();
  await page.locator("[data-step=contests] h1").waitFor();
  await look(page, "keys-contests");
  await page.locator("[data-step=contests] [data-action=open-contest]:visible").press("Enter");
  await page.locator("[data-step=ballot] h1").waitFor();
  await look(page, "keys-ballot");
  await page.locator("#options input[type=radio]").last().press("Space");
  await page.locator("[data-action=choose]").press("Enter");
  await page.locator(".portal-header a[hreflang=fr]").click();
  await page.getByRole("heading", { name: "Confirmer mon choix" }).waitFor();
  await page.getByRole("button", { name: "Quitter" }).first().waitFor();
  await page.locator(".portal-header a[hreflang=en]").click();
  await page.getByRole("heading", { name: "Confirm my choice" }).waitFor(); // the message is in the language of the page
  await page.locator("[data-step=confirm] [data-action=cast]").press("Enter");
  await page.locator("[data-step=confirmation] [data-slot=sent]:not(:empty)").waitFor();
  await look(page, "confirmation");
  await page.locator("#confirmation").fill("12");
  await page.locator("[data-action=confirm]").press("Enter");
  await page.locator("#confirmation-error").waitFor();
  await page.locator(".portal-header a[hreflang=fr]").click();
  await page.getByText(/(Un code de 6 chiffres a été|Le code de 6 chiffres déjà) envoyé à l’adresse .* \(heure de Paris\)/).waitFor();
  await page.locator(".portal-header a[hreflang=en]").click();
  await page.locator("[data-step=confirmation] [data-slot=sent]:not(:empty)").waitFor();
  const code = await receivedCode(demo, page, voter.email, { words: "confirmation code" });
  await page.locator("#confirmation").fill(code);
  await page.locator("[data-action=confirm]").press("Enter");
  await page.locator("[data-step=receipt] h1").waitFor({ timeout: 30_000 });
  await look(page, "keys-receipt");
  await closePage(page);
});

test("by keyboard alone", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await page.goto(demo.origin);
  await page.getByRole("heading", { name: "Bienvenue" }).waitFor();
  const tabTo = async (selector) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
    }
    assert.fail(`Tab never reaches ${selector}`);
  };
  await tabTo("#identifier");
  await page.keyboard.type(voter.identifier);
  await tabTo("#code");
  await page.keyboard.type(voter.code);
  await tabTo("#captcha");
  await page.keyboard.type(await readCaptcha(demo, page));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
  await tabTo("[data-action=open-contest]");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Bulletin" }).waitFor();
  await tabTo("input[type=radio]");
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowUp"); // from the first to the last, the blank vote
  await tabTo("[data-action=choose]");
  await page.keyboard.press("Enter");
  await tabTo("[data-step=confirm] [data-action=cast]");
  await page.keyboard.press("Enter");
  await page.getByText(/Un code de 6 chiffres a été envoyé|Le code de 6 chiffres déjà envoyé/).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.innerText), "Code de confirmation");
  await tabTo("#confirmation");
  await page.keyboard.type(await receivedCode(demo, page, voter.email));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "A voté" }).waitFor({ timeout: 30_000 });
  await closePage(page);
});

test("a double tap chooses nothing and casts nothing: what comes in the place of the button is not pressed with it", async () => {
  const voter = newVoter();
  const page = await newPage(browser, { width: 390, height: 844, hasTouch: true, isMobile: true });
  await signIn(page, voter);
  const tap_twice = async (button, gap) => {
    await button.click({ trial: true }); // in view, and the list not being drawn again
    const { x, y, width, height } = await button.boundingBox();
    const tap = () => page.touchscreen.tap(x + width / 2, y + height / 2);
    // The second leaves after the gap, whether the first was answered or not: a slow page meets both together.
    await Promise.all([tap(), page.waitForTimeout(gap).then(tap)]);
  };
  // A telephone that takes more than a second over the first tap: the second is no other one for that.
  await page.evaluate(() => document.addEventListener("click", () => { for (const end = Date.now() + 1200; Date.now() < end; ); }, { once: true }));
  await tap_twice(page.getByRole("button", { name: "Voir les candidatures et voter" }), 150);
  await page.getByRole("heading", { name: "Bulletin" }).waitFor();
  assert.equal(await page.locator("#options input:checked").count(), 0, "the ballot is not filled in by itself");
  for (const gap of [50, 150, 300]) {
    await page.getByRole("radio", { name: "Vote blanc" }).press("Space");
    await tap_twice(page.getByRole("button", { name: "Continuer" }), gap);
    await page.getByRole("heading", { name: "Confirmer mon choix" }).waitFor();
    await page.waitForTimeout(200);
    await page.getByRole("heading", { name: "Confirmer mon choix" }).waitFor();
    assert.deepEqual(held(demo, voter).signOffs, [], `after ${gap} ms`);
    await page.waitForTimeout(1000); // what she taps next, she means
    await page.goBack();
    await page.getByRole("heading", { name: "Bulletin" }).waitFor();
  }
  await toConfirm(page, "Vote blanc");
  await page.waitForTimeout(1000); // she has read the page
  await tap_twice(page.getByRole("button", { name: "Recevoir mon code de confirmation" }), 150);
  await page.getByText(/Un code de 6 chiffres a été envoyé|Le code de 6 chiffres déjà envoyé/).waitFor();
  await page.getByLabel("Code de confirmation").fill(await receivedCode(demo, page, voter.email));
  await page.waitForTimeout(1000);
  await tap_twice(page.getByRole("button", { name: "Confirmer mon vote" }), 150);
  await page.getByRole("heading", { name: "A voté" }).waitFor({ timeout: 30_000 });
  assert.deepEqual(held(demo, voter).signOffs, [0]);
  await closePage(page);
});

test("what is not of this portal is not there", async () => {
  const page = await newPage(browser);
  for (const path of ["/sign-in", "/sign-in?to=/voting-space", "/voting-space", "/vote", "/vote/scrutins/0", "/reissue"]) {
    await page.goto(demo.origin + path);
    await page.getByRole("heading", { name: "Bienvenue" }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/");
  }
  assert.equal((await page.request.post(`${demo.origin}/sign-in`, { form: { email: "a@b.c" } })).status(), 404);
  const plain = await newPage(browser, { javaScriptEnabled: false });
  await plain.goto(demo.origin);
  await plain.getByRole("heading", { name: "Votre navigateur n’exécute pas JavaScript" }).waitFor();
  await look(plain, "keys-no-script");
  await closePage(plain);
  await closePage(page);
});

// L34: as the registrar's import leaves it when everything was replaced before the opening. The former pair was this voter's.
test("all identifiers and passwords were replaced: every page that asks for them says since when, and so does the old pair", async () => {
  const voter = newVoter();
  const generator = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";
  const at = Date.UTC(2022, 4, 20, 10, 0);
  const of = `(SELECT id FROM voter WHERE email = '${voter.email}')`;
  await demo.crash();
  setState(demo, `INSERT INTO replacement (at) VALUES (${at});
    INSERT INTO replaced_code SELECT sign_in_key, voter, ${at} FROM voting_code WHERE voter = ${of};
    UPDATE voting_code SET sign_in_key = x'${generator}' WHERE voter = ${of};
    UPDATE identifier SET lookup = randomblob(32) WHERE voter = ${of};`);
  await demo.restart();
  const page = await newPage(browser);
  const since = "annulés et remplacés le vendredi 20 mai 2022 à 12h00 (heure de Paris)";
  await page.goto(`${demo.origin}/identifier-recovery`);
  await page.getByText(`Tous les identifiants et tous les mots de passe ont été ${since}`).waitFor();
  await page.goto(demo.origin);
  await page.getByText(`Tous les identifiants et tous les mots de passe ont été ${since}`).waitFor();
  await fillIn(page, voter.identifier, voter.code);
  await page.getByText(`Cet identifiant et ce mot de passe ont été ${since}`).first().waitFor();
  await look(page, "keys-withdrawn");
  await fillIn(page, newVoter().identifier, voter.code);
  await page.getByText("L’identifiant ou le mot de passe n’est pas le bon").first().waitFor();
  await closePage(page);
  setState(demo, "DELETE FROM replacement");
});

test("closed, counted: who is elected, or who may stand in round two, by its article", async () => {
  setState(demo, "DELETE FROM session"); // everybody has left
  bureau(demo, "close");
  const page = await newPage(browser);
  await page.goto(demo.origin);
  await page.getByText(/Le vote est (clos|fermé|terminé)/).first().waitFor();
  await look(page, "keys-closed");
  execFileSync(PROGRAM, ["bureau", "count", "--practice", "--state", demo.state, "--export", `${demo.state}/export`]);
  for (const language of ["en", "fr"]) {
    await page.goto(`${demo.origin}/result?lang=${language}`);
    await look(page, "keys-result");
  }
  const first = page.locator(".result").first();
  await first.getByRole("heading", { name: CONTEST }).waitFor();
  await first.getByText("Personne n’est élu au premier tour. Peuvent se présenter au second (Code électoral, article L162)").waitFor();
  await first.getByText("BRAVO Chloé", { exact: true }).last().waitFor();
  await first.getByText("100,00 % des exprimés, 16,67 % des inscrits").waitFor();
  await first.getByText(/Égalité de voix que le Code électoral ne tranche pas : .*ALPHA Anne.*\. Le bureau de vote/).waitFor();
  const verified = execFileSync(PROGRAM, ["verify", `${demo.state}/export`], { encoding: "utf8" });
  assert.match(verified, /^consistent, not anchored: no fingerprint given/);
  await closePage(page);
});
