// Before the vote: each voter is asked whether messages arrive. On the legislative portal, whose demonstration opens at once; here
// its vote opens in two days. What the organiser's commands say stands beside what voters see.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { closePage, newPage, PROGRAM, startBrowser, startDemo } from "./harness.mjs";
import { look } from "./look.mjs";
import { demoVoters, receivedLink, setState, sqliteRows } from "./voter.mjs";

const DAY = 86_400_000;
const day = (days) => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);
let demo, browser, voters;

const contact = (...args) => execFileSync(PROGRAM, ["contact", ...args, "--state", demo.state], { encoding: "utf8" });
const statusOf = (channel) => JSON.parse(contact("status", "--json")).channels.find((one) => one.channel === channel);
const answers = () => sqliteRows(demo, "SELECT voter || ' ' || channel || ' ' || answer FROM contact WHERE answer IS NOT NULL ORDER BY 1");
const idOf = ({ email }) => {
  assert.match(email, /^[a-z.@-]+$/);
  return sqliteRows(demo, `SELECT id FROM voter WHERE email = '${email}'`)[0];
};
const yes = (page) => page.getByRole("button", { name: "Oui, j’ai bien reçu ce message" });
const no = (page) => page.getByRole("button", { name: "Ce message ne m’est pas destiné" });
const asked = (page) => page.getByRole("heading", { name: "Vérification avant le vote" }).waitFor();
const thanked = (page) => page.getByRole("heading", { name: "Merci, c’est confirmé" }).waitFor();

async function until(condition, what) {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((next) => setTimeout(next, 100))) if (condition()) return;
  assert.fail(what);
}
async function opened(voter, more = {}, address = voter.email) {
  const page = await newPage(browser, more);
  const link = await receivedLink(demo, page, address);
  await page.goto(link);
  return { page, link };
}

before(async () => {
  demo = await startDemo("legislative", { edit: (toml) => toml.replace(/^opens = .*/m, `opens = ${day(2)}T12:00:00`)
    .replace(/^from = .*/m, `from = ${day(-2)}T09:00:00`).replace(/^until = .*/m, `until = ${day(2)}T12:00:00`) });
  voters = demoVoters(demo);
  assert.equal(sqliteRows(demo, "SELECT 1 FROM message").length, 0, "of a vote that is open nobody is asked");
  setState(demo, `UPDATE hours SET opens_at = ${Date.now() + 2 * DAY}, closes_at = ${Date.now() + 9 * DAY};
    UPDATE contest_phase SET phase = 'sealed'`);
  const asked = (channel) => statusOf(channel).delivered + statusOf(channel).no_destination === voters.length;
  await until(() => asked("sms") && asked("email"), "messages leave by themselves");
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

test("one press on a button, by keyboard; another device and a reload get the same answer", async () => {
  const { page, link } = await opened(voters[0]);
  await asked(page);
  await page.getByText("Élections législatives 2022, premier tour").nth(1).waitFor();
  assert.equal(new URL(page.url()).hash, "", "the token is out of the address");
  assert.doesNotMatch(await page.content(), new RegExp(`${voters[0].email}|LECTRICE|Camille`));
  for (let i = 0; i < 3; ++i) await page.reload();
  assert.deepEqual(answers(), [], "14, 15: opening the page does nothing, with scripts too");
  await look(page, "contact");
  await page.keyboard.press("Tab");
  await yes(page).focus();
  await page.keyboard.press("Enter");
  await thanked(page);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
  await page.getByText(/Réponse enregistrée le /).locator("visible=true").waitFor();
  await page.getByText(/^Le vote ouvre le .*\.$/).waitFor();
  await page.getByText("votre identifiant", { exact: true }).locator("visible=true").waitFor();
  assert.equal(await page.getByText("votre mot de passe", { exact: true }).isVisible(), false, "that comes by text message");
  await look(page, "contact-confirmed");
  assert.deepEqual(answers(), [`${idOf(voters[0])} email confirmed`]);
  const when = await page.locator("[data-step=confirmed] [data-slot=heard]").innerText();

  await page.reload();
  await yes(page).press("Enter");
  await thanked(page);
  const other = await newPage(browser, { width: 375 });
  await other.goto(link);
  await yes(other).press("Enter");
  await thanked(other);
  assert.equal(await other.locator("[data-step=confirmed] [data-slot=heard]").innerText(), when);
  await closePage(other);
  await closePage(page);
});

test("a double click says it once", async () => {
  const { page } = await opened(voters[1]);
  let sent = 0;
  page.on("request", (request) => (sent += request.url().endsWith("/api/contact") ? 1 : 0));
  await asked(page);
  await yes(page).dblclick();
  await thanked(page);
  assert.equal(sent, 1);
  await closePage(page);
});

test("by text message at 375 px: not meant for her, then corrected", async () => {
  const phone = `+${voters[2].phone.replace(/\D/g, "")}`;
  const { page } = await opened(voters[2], { width: 375 }, phone);
  await asked(page);
  await no(page).press("Enter");
  await page.getByRole("heading", { name: "C’est noté : ce message ne vous est pas destiné" }).waitFor();
  await look(page, "contact-not-mine");
  assert.ok(answers().includes(`${idOf(voters[2])} sms not_mine`));
  const report = contact("report");
  assert.match(report, new RegExp(`^identifier;channel;state;reason;since\\n`));
  assert.match(report, new RegExp(`^${idOf(voters[2])};sms;not_mine;;20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\dZ$`, "m"));
  assert.match(report, new RegExp(`^${idOf(voters[2])};email;delivered;;`, "m"));
  assert.doesNotMatch(report, new RegExp(`^${idOf(voters[0])};email`, "m"), "who has confirmed is not in it");
  assert.match(report, /^L\d+;sms;no_destination;;20/m, "the sample's roll has one voter without a number");
  assert.doesNotMatch(report, /@|\+1/);
  await page.locator("[data-step=not_mine]").getByRole("button", { name: "Corriger ma réponse" }).press("Enter");
  await asked(page);
  await yes(page).press("Enter");
  await thanked(page);
  await page.getByText("votre mot de passe", { exact: true }).locator("visible=true").waitFor();
  assert.ok(answers().includes(`${idOf(voters[2])} sms confirmed`));
  await closePage(page);
});

test("offline: it says so, and the button may be pressed again", async () => {
  const { page } = await opened(voters[3], { width: 375 });
  await asked(page);
  await page.context().setOffline(true);
  await yes(page).press("Enter");
  await page.getByText("Le service n’a pas répondu").waitFor();
  await look(page, "contact-offline");
  await page.context().setOffline(false);
  // The answer is lost on its way back: what was pressed is recorded all the same.
  await page.route("**/api/contact", async (route) => {
    await route.fetch();
    await route.abort();
  }, { times: 1 });
  await yes(page).press("Enter");
  await until(() => answers().includes(`${idOf(voters[3])} email confirmed`), "recorded");
  await page.getByText("Le service n’a pas répondu").waitFor();
  await page.getByText("Envoi de votre réponse…").waitFor({ state: "hidden" });
  await yes(page).press("Enter");
  await thanked(page);
  await closePage(page);
});

test("in English, from the page that the link opens to its end", async () => {
  const { page } = await opened(voters[4]);
  await asked(page);
  await page.getByRole("link", { name: "English" }).click();
  await page.getByRole("heading", { name: "Check before the vote" }).waitFor();
  await look(page, "contact");
  await page.getByRole("button", { name: "This message is not meant for me" }).press("Enter");
  await page.getByRole("heading", { name: "Noted: this message is not meant for you" }).waitFor();
  await look(page, "contact-not-mine");
  await page.locator("[data-step=not_mine]").getByRole("button", { name: "Correct my answer" }).press("Enter");
  await page.getByRole("button", { name: "Yes, I have received this message" }).press("Enter");
  await page.getByRole("heading", { name: "Thank you, it is confirmed" }).waitFor();
  await look(page, "contact-confirmed");
  await closePage(page);
});

test("a link that is cut, none, none of this vote, no scripts", async () => {
  const page = await newPage(browser);
  await page.goto(`${demo.origin}/contact`);
  await page.getByRole("heading", { name: "Ouvrez le lien du message reçu" }).waitFor();
  await look(page, "contact-no-link");
  await page.goto(`${demo.origin}/contact#${"A".repeat(20)}`);
  await page.getByRole("heading", { name: "Ce lien n’est pas valable" }).waitFor();
  await page.goto(`${demo.origin}/contact#${"A".repeat(43)}`);
  await yes(page).press("Enter");
  await page.getByRole("heading", { name: "Ce lien n’est pas valable" }).waitFor();
  await page.getByText("+33 1 99 00 00 02").first().waitFor();
  await look(page, "contact-unknown");
  await closePage(page);
  const plain = await newPage(browser, { javaScriptEnabled: false });
  await plain.goto(`${demo.origin}/contact#${"A".repeat(43)}`);
  await plain.locator("noscript").waitFor();
  assert.match(await plain.locator("noscript").innerText(), /a besoin de JavaScript[^]*dire à l’assistance que le message vous est parvenu/);
  await look(plain, "contact-no-script");
  await closePage(plain);
});

test("another address on the roll: the link of the one before confirms nothing, and the one after is asked", async () => {
  const { page, link } = await opened(voters[5]);
  execFileSync(PROGRAM, ["roll", "correct", idOf(voters[5]), "--email", "autre.adresse@example.org", "--state", demo.state]);
  await asked(page);
  await yes(page).press("Enter");
  await page.getByRole("heading", { name: "Ce lien ne sert plus" }).waitFor();
  await look(page, "contact-moved");
  const next = await receivedLink(demo, page, "autre.adresse@example.org", "recevez-vous bien ce message");
  assert.notEqual(next, link);
  await closePage(page);
});

test("the organiser beside the server: held back, sent again, and what the help desk reads", async () => {
  contact("pause");
  assert.equal(JSON.parse(contact("status", "--json")).phase, "paused");
  const before = statusOf("sms");
  assert.match(contact("resend", "--channel", "sms", "--lang", "en"), new RegExp(`Messages to send again: ${before.delivered},`));
  assert.equal(statusOf("sms").waiting, before.delivered);
  contact("resume");
  await until(() => statusOf("sms").delivered === before.delivered, "sent again");
  assert.match(contact("resend", "--channel", "email", "--undelivered", "--lang", "en"), /Messages to send again: 0,/);
  const desk = execFileSync(PROGRAM, ["voter", idOf(voters[0]), "--state", demo.state], { encoding: "utf8" });
  assert.match(desk, /Vérification avant le vote :\n {2}e-mail : confirmé le .*\n {2}SMS : pas confirmé, message du /);
  assert.match(contact("status"), /La vérification dure jusqu'à : .*\nE-mail, électeurs : \d+\n {2}confirmé : 4\n/);
  assert.doesNotMatch(demo.output(), /example\.org|contact#/, "61");
});

test("once the vote is open it is over, and that is no problem", async () => {
  const { page } = await opened(voters[6]);
  await asked(page);
  setState(demo, `UPDATE hours SET opens_at = ${Date.now() - 1000}`);
  await yes(page).press("Enter");
  await page.getByRole("heading", { name: "La vérification est terminée" }).waitFor();
  await look(page, "contact-over");
  assert.equal(JSON.parse(contact("status", "--json")).phase, "over");
  await closePage(page);
});
