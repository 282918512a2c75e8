// "AIDE ?" of the legislative portal: writing to the help desk, by the visible French labels; once in English, once by keyboard
// alone, once without scripts.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { closePage, newPage, PROGRAM, startBrowser, startDemo } from "./harness.mjs";
import { look, WIDTHS } from "./look.mjs";
import { demoVoters, fillCaptcha, forgetThrottles, setState, sqliteRows } from "./voter.mjs";

const TEXT = "Bonjour,\nje n’ai pas reçu le SMS avec mon mot de passe.";
let demo, browser;
before(async () => {
  demo = await startDemo("legislative");
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const requests = () => Number(sqliteRows(demo, "SELECT COUNT(*) FROM help_request")[0]);
const send = (page) => page.getByRole("button", { name: "Envoyer ma demande" }).press("Enter");
const focused = (page, selector) => page.locator(selector).evaluate((element) => element === document.activeElement);

async function fillIn(page, email = "camille@example.org") {
  await page.getByRole("radio", { name: "Un mot de passe non reçu ou perdu" }).check();
  await page.getByLabel("Votre message *").fill(TEXT);
  await page.getByLabel("Nom et prénom (facultatif)").fill("Camille Essai");
  await page.getByLabel("Adresse e-mail pour la réponse *").fill(email);
  await page.getByLabel("Téléphone (facultatif)").fill("+1 212 555 0100");
}

async function assertKept(page) {
  assert.equal(await page.getByRole("radio", { name: "Un mot de passe non reçu ou perdu" }).isChecked(), true);
  assert.equal(await page.getByLabel("Nom et prénom (facultatif)").inputValue(), "Camille Essai");
  assert.equal(await page.getByLabel("Téléphone (facultatif)").inputValue(), "+1 212 555 0100");
  assert.equal(await page.getByLabel("Votre message *").inputValue(), TEXT);
}

// The text of the newest message with this reference to `address`, as the demonstration's inbox shows it.
async function received(page, reference, address) {
  const message = page.getByRole("listitem").filter({ hasText: reference }).filter({ hasText: address }).getByRole("link");
  for (const end = Date.now() + 60_000; ; await page.waitForTimeout(100)) {
    await page.goto(`${demo.origin}/inbox`);
    if ((await message.count()) > 0) break;
    assert.ok(Date.now() < end, `nothing of ${reference} to ${address}`);
  }
  await message.click();
  await page.getByRole("article").waitFor();
  return (await page.getByRole("article").innerText()).replace(/\u00a0/g, " ");
}

for (const width of WIDTHS) {
  test(`a voter writes to the help desk at ${width} px, beside the page that she is on`, async () => {
    const seen = (page, name) => width === WIDTHS[0] && look(page, name); // at both widths, once
    const page = await newPage(browser, { width });
    await page.goto(demo.origin);
    await page.getByLabel("Identifiant *").fill("K7QD2M4XPR9T");
    const link = page.getByRole("link", { name: "AIDE ?" });
    const { y, width: wide, height } = await link.boundingBox();
    assert.ok(y < 300 && wide >= 44 && height >= 44, "seen at once, large enough for a thumb");
    const opened = page.context().waitForEvent("page");
    await link.click();
    const help = await opened;
    await help.getByRole("heading", { name: "Contacter l’assistance" }).waitFor();
    await help.close();
    assert.equal(await page.getByLabel("Identifiant *").inputValue(), "K7QD2M4XPR9T", "nothing is lost there");

    await page.goto(`${demo.origin}/help`);
    await page.getByText("N’écrivez jamais votre identifiant ni votre mot de passe").waitFor();
    await page.getByRole("complementary").getByText("+33 1 99 00 00 02").waitFor();
    await page.getByRole("complementary").getByText("tous les jours de 0 h à 24 h").waitFor();
    await seen(page, "help");
    const before = requests();
    await fillIn(page, `camille${width}@example.org`);
    await fillCaptcha(demo, page);
    await page.getByRole("button", { name: "Envoyer ma demande" }).dblclick();
    await page.getByRole("heading", { name: "Votre demande est enregistrée" }).waitFor();
    await page.getByText(`camille${width}@example.org`).waitFor();
    await page.getByText("Un accusé de réception").waitFor();
    assert.equal(requests(), before + 1, "a double click sends once");
    await seen(page, "help-sent");
    const reference = await page.locator(".govuk-panel .code-text").innerText();
    assert.match(reference, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    await page.reload();
    assert.equal(await page.locator(".govuk-panel .code-text").innerText(), reference);
    assert.equal(requests(), before + 1, "nor does a reload");

    const acknowledgement = await received(page, reference, `camille${width}@example.org`);
    assert.match(acknowledgement, new RegExp(`enregistrée sous la référence ${reference}`));
    assert.doesNotMatch(acknowledgement, /\bSMS\b|Essai|212 555/);
    const mail = await received(page, reference, "assistance@vote-etranger.example");
    assert.match(mail, new RegExp(`Répondre à\\s+camille${width}@example.org`));
    for (const part of [TEXT, "Un mot de passe non reçu ou perdu", "Camille Essai", "+1 212 555 0100"]) {
      assert.ok(mail.includes(part), part);
    }
    await seen(page, "help-mail");

    const listed = execFileSync(PROGRAM, ["assistance", "--state", demo.state], { encoding: "utf8" });
    assert.match(listed, new RegExp(`^${reference} .*mot de passe non reçu ou perdu \\(mail : remis\\)$`, "m"));
    const read = execFileSync(PROGRAM, ["assistance", reference, "--state", demo.state], { encoding: "utf8" });
    assert.ok(read.includes(TEXT) && read.includes(`camille${width}@example.org`));
    await closePage(page);
  });
}

test("what is wrong is said at the field, and nothing that was typed is lost", async () => {
  const page = await newPage(browser);
  await page.goto(`${demo.origin}/help`);
  const before = requests();
  await send(page);
  await page.getByRole("heading", { name: "Il y a un problème" }).waitFor();
  assert.equal(await focused(page, "[data-error-summary]"), true);
  await look(page, "help-errors");
  for (const [words, field] of [["Choisissez ce sur quoi porte votre demande", "#topic-identifier"],
    ["Écrivez votre message", "#text"], ["Saisissez une seule adresse e-mail complète", "#email"]]) {
    await page.getByRole("link", { name: words }).press("Enter");
    assert.equal(await focused(page, field), true, field);
  }
  await fillIn(page);
  await page.locator("#captcha").fill("x");
  await send(page);
  await page.locator("#captcha-error").getByText("Les quatre chiffres ne sont pas les bons").waitFor();
  await assertKept(page);

  setState(demo, "DELETE FROM session"); // as after a long letter
  await fillCaptcha(demo, page);
  await send(page);
  await page.getByText("Votre page était restée ouverte trop longtemps").waitFor();
  await assertKept(page);

  await page.getByLabel("Votre message *").fill(`${TEXT}\nMon identifiant : k7qd 2m4x pr9t`);
  await fillCaptcha(demo, page);
  await send(page);
  await page.locator("#text-error").getByText("« k7qd 2m4x pr9t » ressemble à un identifiant ou à un mot de passe").waitFor();
  await look(page, "help-secret");
  const mixed = demoVoters(demo).filter(({ identifier }) => /\d[A-Z]|[A-Z]\d/.test(identifier)); // what a code is told by
  assert.ok(mixed.length >= 2);
  for (const voter of mixed.slice(0, 2)) {
    await page.getByLabel("Votre message *").fill(`Je tape ${voter.identifier} et ${voter.code} et rien ne se passe`);
    await fillCaptcha(demo, page);
    await send(page);
    await page.locator("#text-error").waitFor();
  }
  assert.equal(requests(), before);

  await page.getByLabel("Votre message *").fill(TEXT);
  await fillCaptcha(demo, page);
  await send(page);
  await page.getByRole("heading", { name: "Votre demande est enregistrée" }).waitFor();
  assert.equal(requests(), before + 1);
  await closePage(page);
});

test("the count of characters, in words", async () => {
  const page = await newPage(browser, { width: 375 });
  await page.goto(`${demo.origin}/help`);
  const count = page.locator("#text-count");
  assert.equal((await count.innerText()).replace(/\s/g, " "), "3 000 caractères au plus");
  await page.getByLabel("Votre message *").fill("é\n😀");
  assert.equal(await count.innerText(), "Il vous reste 2997 caractères");
  await page.getByLabel("Votre message *").fill("x".repeat(2999));
  assert.equal(await count.innerText(), "Il vous reste 1 caractère");
  await page.locator("[data-count-said=text]").getByText("Il vous reste 1 caractère").waitFor({ state: "attached" });
  await page.getByLabel("Votre message *").fill("x".repeat(3002));
  assert.equal(await count.innerText(), "2 caractères de trop");
  await look(page, "help-too-long");
  await send(page);
  await page.locator("#text-error").getByText(/Votre message a 3.002 caractères, et la limite est de 3.000/).waitFor();
  assert.equal(await count.innerText(), "2 caractères de trop");
  await closePage(page);
});

test("by keyboard alone, from the page where one signs in", async () => {
  forgetThrottles(demo);
  const page = await newPage(browser);
  await page.goto(`${demo.origin}/tracker`);
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  for (let i = 0; !(await focused(page, "a.portal-header__help")); ++i) {
    assert.ok(i < 10, "AIDE ? is among the first that Tab reaches");
    await press("Tab");
  }
  await press("Enter");
  await page.getByRole("heading", { name: "Contacter l’assistance" }).waitFor();
  await page.locator("a.govuk-back-link").focus();
  await press("Tab", "Space", "Tab");
  await page.keyboard.type("La page reste blanche.");
  await press("Tab", "Tab");
  await page.keyboard.type("clavier@example.org");
  await press("Tab");
  assert.equal(await focused(page, "#phone"), true);
  await fillCaptcha(demo, page); // as who has read the image
  await page.locator("#captcha").press("Enter");
  await page.getByRole("heading", { name: "Votre demande est enregistrée" }).waitFor();
  assert.deepEqual(sqliteRows(demo, "SELECT topic FROM help_request ORDER BY at DESC LIMIT 1"), ["identifier"]);
  await closePage(page);
});

test("without scripts", async () => {
  forgetThrottles(demo);
  const page = await newPage(browser, { width: 375, javaScriptEnabled: false });
  await page.goto(`${demo.origin}/help`);
  await send(page);
  await page.getByRole("heading", { name: "Il y a un problème" }).waitFor();
  await look(page, "help-plain");
  await fillIn(page, "plain@example.org");
  await fillCaptcha(demo, page);
  await send(page);
  await page.getByRole("heading", { name: "Votre demande est enregistrée" }).waitFor();
  await closePage(page);
});

test("in English", async () => {
  forgetThrottles(demo);
  const page = await newPage(browser, { locale: "en-GB" });
  await page.goto(`${demo.origin}/help?lang=en`);
  await look(page, "help");
  await page.locator("main button[type=submit]").press("Enter");
  await look(page, "help-errors");
  await page.getByRole("radio", { name: "Something else" }).check();
  await page.getByLabel("Your message *").fill("My password is K7QD-2M4X-PR9T");
  await page.getByLabel("E-mail address for the answer *").fill("english@example.org");
  await fillCaptcha(demo, page);
  await page.getByRole("button", { name: "Send my request" }).press("Enter");
  await page.locator("#text-error").getByText("“K7QD-2M4X-PR9T” looks like an identifier or a password").waitFor();
  await look(page, "help-secret");
  await page.getByLabel("Your message *").fill("Where do I vote?");
  await fillCaptcha(demo, page);
  await page.getByRole("button", { name: "Send my request" }).press("Enter");
  await page.getByRole("heading", { name: "Your request is recorded" }).waitFor();
  await look(page, "help-sent");
  const reference = await page.locator(".govuk-panel .code-text").innerText();
  assert.match(await received(page, reference, "english@example.org"), /Your request to the help desk is recorded/);
  assert.match(await received(page, reference, "assistance@"), /Langue du portail : anglais/);
  await closePage(page);
});
