// A voting code lost and made again. Numbers are those of the reissue requirements.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axeCheck, closePage, newPage, PROGRAM, screenshot, startBrowser, startDemo } from "./harness.mjs";
import { look } from "./look.mjs";
import {
  ageThrottles, askForLink, demoVoters, enterVotingSpace, extendFarther, fillReissueForm, followLink, forgetThrottles, openCodePage, openReissueForm,
  receivedLink, renew, setState, shownCode, signIn, sqliteRows, typeCode, vote,
} from "./voter.mjs";

const MINISTRY = "Comité social d’administration ministériel";
const CODE = /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}-[0-9A-HJKMNP-TV-Z]{5}$/;
let demo, browser, voters;
let next_voter = 0;
const secrets = {}; // of the first journey and others: what must stand nowhere at the end
const newVoter = () => voters[next_voter++];
const mailbox = (voter) => `perso-${voters.indexOf(voter)}@example.org`;

before(async () => {
  demo = await startDemo();
  browser = await startBrowser();
  voters = demoVoters(demo);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

// Everything of a document that could hold the code, now or after it is left.
const traces = (page) =>
  page.evaluate(() => JSON.stringify([
    document.documentElement.outerHTML, document.title, location.href, { ...localStorage }, { ...sessionStorage },
    Array.from(document.querySelectorAll("input, textarea"), ({ value }) => value), history.state,
  ]));

async function assertNoCode(page, code) {
  const found = await traces(page);
  for (const group of [code, code.replaceAll("-", ""), code.split("-")[3]]) assert.ok(!found.includes(group), group);
}

// The first thing a keyboard meets; it moves the focus and changes nothing else.
async function skipToContent(page) {
  await page.locator(".govuk-skip-link").focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "main");
}

test("code lost: question, link opened on a phone, the computer says so, the new code votes, the old one does not", async () => {
  const voter = newVoter();
  const email = mailbox(voter);
  const computer = await newPage(browser);
  await signIn(demo, computer, voter);
  await openCodePage(computer);
  await openReissueForm(computer);
  await fillReissueForm(computer, { ...voter, email });
  await computer.getByText("Un mail vient de vous être envoyé à").waitFor();
  assert.match(await computer.locator("main").innerText(), new RegExp(`${email}.*avec un lien pour réinitialiser`, "s"));
  const reference = await computer.locator("dd code").innerText();
  const link = await receivedLink(demo, computer, email);
  assert.match(link, new RegExp(`^${demo.origin}/r#[A-Za-z0-9_-]{43}$`));

  const phone = await newPage(browser, { width: 375 });
  await phone.goto(link);
  await phone.getByRole("button", { name: "Continuer" }).waitFor();
  await phone.reload();
  await phone.getByRole("button", { name: "Continuer" }).waitFor();
  assert.equal(phone.url(), `${demo.origin}/r`, "the token leaves the address at once");
  await phone.getByRole("button", { name: "Continuer" }).click();
  await phone.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
  await computer.getByText("Le lien a été ouvert le").waitFor({ timeout: 15_000 });
  const opener = (await phone.context().cookies()).find(({ name }) => name === "__Host-reissue").value;
  const session = (await computer.context().cookies()).find(({ name }) => name === "__Host-session").value;
  const code = await renew(phone);
  assert.match(code, CODE);
  Object.assign(secrets, { token: link.split("#")[1], opener, session, code, email, email_of_account: voter.email });
  await phone.getByRole("button", { name: "J’ai noté mon code" }).press("Enter");
  await phone.getByRole("heading", { name: "Votre code n’est plus affiché" }).waitFor();
  await assertNoCode(phone, code);

  await computer.getByText(`référence ${reference}`).waitFor({ timeout: 15_000 });
  const after = (await computer.context().cookies()).find(({ name }) => name === "__Host-session").value;
  assert.notEqual(after, session, "54: the old cookie died with the old code");
  await computer.getByRole("link", { name: "Aller à la saisie du code de vote" }).click();
  await computer.getByRole("heading", { name: "Saisie du code de vote" }).waitFor();
  await typeCode(demo, computer, voter.code);
  await computer.getByRole("link", { name: /Ce code a été remplacé le/ }).waitFor();
  await typeCode(demo, computer, code);
  await computer.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  await vote(computer, MINISTRY, "Vote blanc");
  await closePage(computer);
  await closePage(phone);
});

test("26: invalidated after five wrong codes, then made again; a notice names how to go on", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await signIn(demo, page, voter);
  await openCodePage(page);
  for (let left = 4; left >= 0; left--) {
    await typeCode(demo, page, voters.at(-1).code);
    if (left > 0) await page.getByText(new RegExp(`Il vous reste ${left} essai`)).waitFor();
  }
  await page.getByText("Votre code de vote a été invalidé.").waitFor();
  await page.getByText(/Il l’est depuis le .* à \d\dh\d\d\s: trop d’essais erronés/).waitFor();
  await look(page, "reissue-invalidated");
  await page.goto(`${demo.origin}/`); // home leads there too
  await page.getByText("Votre code de vote n’est plus valable").waitFor();
  await look(page, "home-invalidated");
  await page.getByRole("link", { name: "Obtenir un nouveau code de vote" }).click();
  await page.getByRole("heading", { name: "Choix du réassort de votre code de vote" }).waitFor();
  await page.getByText("Réassort : un nouveau code remplace l’ancien.").waitFor();
  assert.equal(await page.locator("main a, main button, main input").count(), 2, "one way, and the way back");
  await look(page, "reissue-choice-one-way");
  await page.getByRole("link", { name: "RETOUR" }).click();
  await page.getByText("Votre code de vote a été invalidé.").waitFor();
  const link = await receivedLink(demo, page, voter.email);
  assert.equal(link, `${demo.origin}/reissue`);
  await openReissueForm(page);
  forgetThrottles(demo);
  await fillReissueForm(page, { ...voter, email: mailbox(voter) });
  await page.getByText("Un mail vient de vous être envoyé à").waitFor();
  const phone = await newPage(browser, { width: 375 });
  await followLink(phone, await receivedLink(demo, page, mailbox(voter)));
  const code = await renew(phone);
  await page.goto(`${demo.origin}/`);
  await enterVotingSpace(demo, page, code);
  await closePage(page);
  await closePage(phone);
});

test("14, 15: asked for a hundred times and run by a scanner, the link stays usable", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  const link = await askForLink(demo, page, voter, mailbox(voter));
  for (let i = 0; i < 50; i++) {
    for (const method of ["GET", "HEAD"]) {
      const answer = await fetch(link, { method });
      assert.ok([200, 405].includes(answer.status), `${method} ${answer.status}`);
      assert.equal(answer.headers.get("referrer-policy"), "no-referrer");
    }
  }
  const scanner = await newPage(browser);
  await scanner.goto(link);
  await scanner.getByRole("button", { name: "Continuer" }).waitFor();
  await closePage(scanner);
  await followLink(page, link);
  assert.match(await renew(page), CODE);
  await closePage(page);
});

test("opened elsewhere, reloaded, used: each link says what happened", async () => {
  const voter = newVoter();
  const first = await newPage(browser);
  const second = await newPage(browser, { width: 375 });
  const link = await askForLink(demo, first, voter, mailbox(voter));
  await followLink(first, link);
  await second.goto(link);
  await second.getByRole("button", { name: "Continuer" }).click();
  await second.getByRole("heading", { name: "Ce lien a été ouvert sur un autre appareil" }).waitFor();
  await look(second, "reissue-elsewhere");
  await first.reload();
  await first.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
  await followLink(first, link); // again in the same browser
  await renew(first);
  await second.goto("about:blank");
  await second.goto(link);
  await second.getByRole("button", { name: "Continuer" }).click();
  await second.getByRole("heading", { name: "Cette demande a déjà servi" }).waitFor();
  await look(second, "reissue-used");
  await second.goto(`${demo.origin}/r`);
  await second.getByRole("heading", { name: "Ouvrez le lien de votre message" }).waitFor();
  await look(second, "reissue-no-link");
  await second.goto(`${link.slice(0, -3)}`); // cut on its way: told so at once
  await second.getByRole("heading", { name: "Ce lien est incomplet ou inconnu" }).waitFor();
  await closePage(first);
  await closePage(second);
});

// What of the roll would tell whose code it is: identifier, names, address, telephone.
function rollOf(voter) {
  const columns = "id, birth_name, usage_name, given_names, email, phone";
  const [row, ...others] = sqliteRows(demo, `SELECT ${columns} FROM voter WHERE email_key = lower('${voter.email}')`);
  assert.equal(others.length, 0);
  const found = row.split("|").filter((text) => text !== "");
  assert.ok(found.length >= 5, row);
  return found;
}

test("9: no screen holds both who she is and her code: the link's page at every step, the page that asks for the code", async () => {
  const voter = voters[4]; // whose names are no words of the screens; comes again below, as the roll is no longer
  const email = "perso-neuf@example.org";
  const page = await newPage(browser);
  const link = await askForLink(demo, page, voter, email);
  const names = [...rollOf(voter), email];
  const scan = (where, text) => {
    assert.ok(text.length > 100, where);
    const found = names.filter((name) => text.toLowerCase().includes(name.toLowerCase()));
    assert.deepEqual(found, [], where);
  };
  const phone = await newPage(browser, { width: 375 });
  await phone.goto(link);
  await phone.getByRole("button", { name: "Continuer" }).waitFor();
  scan("before the click", await traces(phone));
  await phone.getByRole("button", { name: "Continuer" }).click();
  await phone.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
  scan("before the new code", await traces(phone));
  const code = await renew(phone);
  assert.ok((await traces(phone)).includes(code.slice(0, 4)));
  scan("with the new code", await traces(phone));
  await phone.getByRole("button", { name: "J’ai noté mon code" }).press("Enter");
  scan("after it", await traces(phone));
  // Where the code is typed the document holds the identifier, from which the keys are derived: what she and who looks over her
  // shoulder see does not.
  await page.goto(`${demo.origin}/voting-space`);
  await page.getByLabel("Code de vote *").fill(code);
  await page.getByRole("button", { name: "Afficher" }).click();
  scan("where it is typed", await page.evaluate(() => `${document.title} ${document.body.innerText}`));
  await closePage(page);
  await closePage(phone);
});

test("17: a second request kills the first link, which says that a newer one was sent", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  const link = await askForLink(demo, page, voter, mailbox(voter));
  forgetThrottles(demo);
  await page.goto(`${demo.origin}/reissue/question`);
  await fillReissueForm(page, { ...voter, phone: "06 12 34 56 78" });
  await page.getByText("Un SMS vient de vous être envoyé au").waitFor();
  assert.equal(await page.getByText(/indésirables|15 minutes/).count(), 0, "a text message has neither");
  await look(page, "reissue-sent-sms");
  await page.reload();
  await page.getByText("06 12 34 56 78").waitFor();
  await page.goto(`${demo.origin}/reissue`);
  await page.getByText("Une demande est déjà en cours").waitFor();
  await look(page, "reissue-choice-pending");
  await page.goto(link);
  await page.getByRole("button", { name: "Continuer" }).click();
  await page.getByRole("heading", { name: "Vous avez fait une demande plus récente" }).waitFor();
  await look(page, "reissue-superseded");
  const answered = await receivedLink(demo, page, "+33612345678");
  // The inbox: a text message is called by its words, not by its link; a message holds its link once; an address ends a line
  // after an "@" or a "." alone.
  const inbox = await newPage(browser, { width: 375 });
  await inbox.goto(`${demo.origin}/inbox`);
  const broken = () => inbox.locator(".messages__meta, .message__head dd").evaluateAll((places) => places.flatMap((place) =>
    [...place.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && /[@.]|^\+?\d+$/.test(node.data)).filter((node) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      return range.getClientRects().length > 1;
    }).map((node) => node.data)));
  assert.deepEqual((await broken()).filter((text) => !text.includes("·")), []);
  const titles = await inbox.getByRole("listitem").getByRole("link").allInnerTexts();
  assert.ok(titles.some((title) => /^\s*Code de vote, réf. [0-9A-Z]{4}-[0-9A-Z]{4}, lien valable 10 min$/.test(title)), titles.join());
  assert.ok(titles.every((title) => !title.includes("://")), titles.join());
  for (const [url, whole] of [[await inbox.getByRole("link", { name: /^\s*Code de vote, réf/ }).first().getAttribute("href"), answered], [undefined, link]]) {
    await inbox.goto(`${demo.origin}/inbox`);
    const message = url ? inbox.locator(`[href="${url}"]`) : inbox.getByRole("listitem").filter({ hasText: mailbox(voter) }).getByRole("link").first();
    await message.click();
    const text = await inbox.getByRole("article").innerText();
    assert.equal(text.split(whole).length, 2, "the link stands there once");
    assert.equal(await inbox.getByRole("article").getByRole("link").count(), 1);
    assert.deepEqual(await broken(), []);
  }
  await closePage(inbox);
  await followLink(page, answered);
  await closePage(page);
});

test("51: no code after Back, Forward, reload", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await followLink(page, await askForLink(demo, page, voter, mailbox(voter)));
  const code = await renew(page);
  const asked = [];
  page.on("dialog", (dialog) => {
    asked.push(dialog.type());
    return dialog.accept();
  });
  await page.goBack();
  assert.deepEqual(asked, ["beforeunload"], "leaving the code asks first");
  await assertNoCode(page, code);
  await page.goForward();
  await page.getByRole("heading", { name: "Votre code n’est affiché qu’une fois" }).waitFor();
  await assertNoCode(page, code);
  await look(page, "reissue-shown-once");
  await page.reload();
  await page.getByRole("heading", { name: "Votre code n’est affiché qu’une fois" }).waitFor();
  await assertNoCode(page, code);
  await closePage(page);
});

test("51: a document kept for Back shows no code, whatever the browser keeps", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await followLink(page, await askForLink(demo, page, voter, mailbox(voter)));
  const code = await renew(page);
  // What a browser does with a page that it keeps: hidden, later shown again as it was.
  await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  await assertNoCode(page, code);
  assert.equal(await page.locator("[data-step]:visible").getAttribute("data-step"), "loading");
  await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await page.getByRole("heading", { name: "Votre code n’est affiché qu’une fois" }).waitFor();
  await assertNoCode(page, code);
  await closePage(page);
});

test("53: the code is text on the screen alone; copied and printed when asked for only", async () => {
  const voter = newVoter();
  const page = await newPage(browser, { permissions: ["clipboard-read", "clipboard-write"] });
  await followLink(page, await askForLink(demo, page, voter, mailbox(voter)));
  await page.evaluate(() => navigator.clipboard.writeText("avant"));
  await page.evaluate(() => ((window.prints = 0), (window.print = () => window.prints++)));
  const code = await renew(page);
  const [, title, address, ...stores] = JSON.parse(await traces(page));
  assert.ok(!JSON.stringify([title, address, stores]).includes(code.slice(0, 4)));
  assert.deepEqual(await page.context().cookies().then((all) => all.filter(({ value }) => value.includes(code))), []);
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "avant");
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator(".new-code").isVisible(), false, "the browser's own print command");
  assert.ok(await page.getByText("Le code n’est imprimé que si vous le demandez").isVisible());
  await page.emulateMedia({ media: "screen" });
  await page.getByRole("button", { name: "Imprimer" }).click();
  assert.equal(await page.evaluate(() => window.prints), 1);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator(".new-code").isVisible(), true);
  await page.emulateMedia({ media: "screen" });
  await page.getByRole("button", { name: "Copier le code" }).click();
  await page.getByText("Le code est copié.").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), code);
  const spelled = await page.locator("[data-list=spelled_groups] li").allInnerTexts();
  const characters = spelled.join(", ").split(", ").map((item) => item.replace("chiffre ", "")[0]);
  assert.equal(characters.join(""), code.replaceAll("-", ""));
  await closePage(page);
});

test("offline while the code is made: it waits, then shows one code that works", async () => {
  const voter = newVoter();
  const page = await newPage(browser, { width: 375 });
  await followLink(page, await askForLink(demo, page, voter, mailbox(voter)));
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).click();
  await page.locator("[data-part=trouble]").getByText("La connexion a été interrompue").waitFor({ timeout: 30_000 });
  await look(page, "reissue-offline");
  assert.equal(await page.locator(".new-code span").count(), 0, "no code before the server's yes");
  await page.context().setOffline(false);
  const code = await shownCode(page);
  await page.goto(`${demo.origin}/`);
  await enterVotingSpace(demo, page, code);
  await closePage(page);
});

test("an answer lost on the way: the same keys are sent again and get the same yes", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await followLink(page, await askForLink(demo, page, voter, mailbox(voter)));
  const bodies = [];
  await page.route("**/api/reissue/issue", async (route) => {
    bodies.push(route.request().postData());
    if (bodies.length > 1) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await page.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).click();
  await page.getByRole("button", { name: "Réessayer" }).click({ timeout: 5000 }).catch(() => {}); // unless the page is quicker
  const code = await shownCode(page);
  assert.equal(bodies.length, 2);
  assert.equal(bodies[0], bodies[1]);
  await page.goto(`${demo.origin}/`);
  await enterVotingSpace(demo, page, code);
  await closePage(page);
});

test("an answer to the click lost on the way: asked again, reloaded, in another tab, the link is still this browser's", async () => {
  const voter = newVoter();
  const page = await newPage(browser, { width: 375 });
  const link = await askForLink(demo, page, voter, mailbox(voter));
  const lost = [];
  await page.route("**/api/reissue/open", async (route) => {
    const answer = await route.fetch();
    lost.push((await answer.json()).status);
    return lost.at(-1) === "opened" ? route.abort() : route.fulfill({ response: answer });
  });
  await page.goto(link);
  await page.getByRole("button", { name: "Continuer" }).click();
  await page.getByText("Rien n’est perdu et votre demande reste valable").waitFor();
  await look(page, "reissue-no-answer");
  assert.deepEqual(lost, ["again", "opened"]);
  const stranger = await newPage(browser);
  await stranger.goto(link);
  await stranger.getByRole("button", { name: "Continuer" }).click();
  await stranger.getByRole("heading", { name: "Ce lien a été ouvert sur un autre appareil" }).waitFor();
  await closePage(stranger);
  await page.unroute("**/api/reissue/open");
  await page.getByRole("button", { name: "Réessayer" }).click();
  await page.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
  const tab = await page.context().newPage();
  await followLink(tab, link);
  await page.reload();
  await page.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
  await tab.close();
  assert.match(await renew(page), CODE);
  await closePage(page);
});

test("cookies refused: the link is not spent, and the page says why", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  const link = await askForLink(demo, page, voter, mailbox(voter));
  const strict = await newPage(browser);
  await strict.route("**/api/reissue/open", async (route) => {
    const headers = { "Content-Type": "application/json", "X-Requested-With": "isoloir" };
    const answer = await fetch(route.request().url(), { method: "POST", headers, body: route.request().postData() });
    return route.fulfill({ status: answer.status, contentType: "application/json", body: await answer.text() });
  });
  await strict.goto(link);
  await strict.getByRole("button", { name: "Continuer" }).click();
  await strict.getByRole("heading", { name: "Votre navigateur refuse les cookies" }).waitFor();
  await look(strict, "reissue-no-cookie");
  await followLink(page, link);
  await closePage(strict);
  await closePage(page);
});

test("an answer lost, then a second code: the first page does not show a code that no longer works", async () => {
  const voter = newVoter();
  const first = await newPage(browser, { width: 375 });
  await followLink(first, await askForLink(demo, first, voter, mailbox(voter)));
  await first.route("**/api/reissue/issue", async (route) => {
    await route.fetch();
    return route.abort();
  });
  await first.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).click();
  await first.locator("[data-part=trouble]").getByText("La connexion a été interrompue").waitFor({ timeout: 30_000 });
  const second = await newPage(browser);
  await followLink(second, await askForLink(demo, second, voter, mailbox(voter).replace("perso", "perso-bis")));
  await renew(second);
  await first.unroute("**/api/reissue/issue");
  await first.locator("[data-action=retry]").first().dispatchEvent("click"); // the page may have gone on by itself already
  await first.getByRole("heading", { name: "Ce code n’est plus valable" }).waitFor();
  assert.equal(await first.locator(".new-code span").count(), 0);
  await look(first, "reissue-outdated");
  await closePage(first);
  await closePage(second);
});

test("41: one destination for a third voter: refused, told to give another, and alerted on the server's log", async () => {
  const shared = "partage@example.org";
  forgetThrottles(demo);
  for (const [i, voter] of voters.slice(0, 3).entries()) {
    const page = await newPage(browser, { width: 375 });
    await signIn(demo, page, voter);
    await page.goto(`${demo.origin}/reissue/question`);
    ageThrottles(demo); // one a minute for a destination is the service's own test
    await fillReissueForm(page, { ...voter, email: shared });
    if (i < 2) await page.getByText("Un mail vient de vous être envoyé à").waitFor();
    else await page.getByText("Donnez une autre adresse ou un autre numéro, qui ne soit qu’à vous").waitFor();
    if (i === 2) await look(page, "reissue-shared-destination");
    await closePage(page);
  }
  assert.match(demo.output(), /^isoloir: alert: /m);
  assert.ok(!demo.output().includes(shared));
});

test("she votes while the link's page stands open: the new code is for the contests that are left", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await followLink(page, await askForLink(demo, page, voter, mailbox(voter)));
  const other = await newPage(browser);
  await signIn(demo, other, voter);
  await enterVotingSpace(demo, other, voter.code);
  await vote(other, voter.contests.split(" ; ")[0], "Vote blanc"); // not everybody votes for the ministry
  const code = await renew(page);
  await page.getByRole("button", { name: "J’ai noté mon code" }).press("Enter");
  await page.goto(`${demo.origin}/`);
  await enterVotingSpace(demo, page, code);
  await closePage(other);
  await closePage(page);
});

test("a double click sends one request and makes one code", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  forgetThrottles(demo);
  await signIn(demo, page, voter);
  await page.goto(`${demo.origin}/reissue/question`);
  await page.getByLabel("Saisissez votre réponse secrète").fill(voter.answer);
  await page.getByLabel("Saisissez votre NUMEN ou n°SS").fill(voter.numen);
  await page.getByLabel(/par E-MAIL/).check();
  await page.getByLabel("Adresse mail personnelle").fill(mailbox(voter));
  let asked = 0;
  // The answer is not there yet when the second click comes: two at once a browser makes one by itself.
  let answer;
  const both = new Promise((resolve) => (answer = resolve));
  await page.route("**/reissue/question", async (route) => {
    if (route.request().method() === "POST") {
      asked++;
      await both;
    }
    return route.continue();
  });
  const submit = page.getByRole("button", { name: "VALIDER" });
  await submit.scrollIntoViewIfNeeded();
  const { x, y } = await submit.boundingBox();
  const leaves = page.waitForRequest((request) => request.method() === "POST");
  await page.mouse.click(x + 9, y + 9);
  await leaves;
  await page.mouse.click(x + 9, y + 9);
  answer();
  await page.getByText("Un mail vient de vous être envoyé à").waitFor();
  assert.equal(asked, 1);
  await followLink(page, await receivedLink(demo, page, mailbox(voter)));
  let issued = 0;
  page.on("request", (request) => (issued += request.url().endsWith("/api/reissue/issue") ? 1 : 0));
  await page.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).dblclick();
  assert.match(await shownCode(page), CODE);
  assert.equal(issued, 1);
  await closePage(page);
});

test("62: announced at 60 and 30 s, lengthened ten times by keyboard, wiped at the end", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  const link = await askForLink(demo, page, voter, mailbox(voter));
  await page.goto(link);
  await page.getByRole("button", { name: "Continuer" }).waitFor();
  await skipToContent(page);
  await page.getByRole("button", { name: "Continuer" }).click();
  await page.getByRole("button", { name: "REGENERER MON CODE DE VOTE" }).waitFor();
  await page.clock.install();
  const code = await renew(page);
  await skipToContent(page);
  assert.equal((await page.locator(".new-code span").allInnerTexts()).join("-"), code);
  const announced = page.locator("[data-step=code] [data-slot=announced]");
  const focus = () => page.evaluate(() => `${document.activeElement.tagName} ${document.activeElement.id}`);
  const prolong = page.getByRole("button", { name: "Prolonger" });
  // She copies on a phone: nothing may come over the code.
  const covered = () => page.locator(".new-code span").evaluateAll((groups) => groups.filter((group) => {
    const { left, top, width, height } = group.getBoundingClientRect();
    return document.elementFromPoint(left + width / 2, top + height / 2) !== group;
  }).length);
  // Nor may the bar come over the button that the keyboard has reached.
  for (const [width, height] of [[1280, 720], [1280, 560], [375, 667]]) {
    await page.setViewportSize({ width, height });
    for (const name of ["copy", "print", "noted"]) {
      await page.evaluate(() => { scrollTo(0, 0); document.activeElement.blur(); });
      await page.locator(`[data-step=code] [data-action=${name}]`).focus();
      const free = await page.evaluate(() => {
        const { left, top, width, height } = document.activeElement.getBoundingClientRect();
        return document.elementFromPoint(left + width / 2, top + height - 2) === document.activeElement;
      });
      assert.ok(free, `${name} stands clear of the bar at ${width} × ${height}`);
    }
  }
  await prolong.press("Enter"); // what was looked at above has taken its time
  for (let i = 0; i < 10; i++) {
    assert.doesNotMatch(await announced.innerText(), /secondes/);
    assert.ok(await prolong.isVisible());
    const before = await focus();
    await page.clock.fastForward(61_000);
    assert.match(await announced.innerText(), /encore (60|5\d) secondes/);
    await page.clock.fastForward(30_000);
    assert.match(await announced.innerText(), /encore (30|2\d) secondes/);
    assert.equal(await focus(), before, "the focus stays");
    await page.evaluate(() => scrollTo(0, 0));
    assert.equal(await covered(), 0, "nothing covers the code");
    if (i === 0) {
      await page.clock.pauseAt(await page.evaluate(() => Date.now() + 3000)); // however long it is looked at
      await screenshot(page, "reissue-code-30s-375x667");
      await look(page, "reissue-code-30s");
      await page.clock.resume();
    }
    await prolong.focus();
    await page.keyboard.press("Enter");
    assert.match(await page.getByRole("timer").innerText(), /[12] min/);
  }
  await page.clock.fastForward(122_000);
  await page.getByRole("heading", { name: "Le temps d’affichage est écoulé" }).waitFor();
  await assertNoCode(page, code);
  await look(page, "reissue-over");
  await closePage(page);
});

test("errors of the form are tied to their fields; a wrong proof says neither which", async () => {
  const voter = newVoter();
  const page = await newPage(browser, { width: 375 });
  await signIn(demo, page, voter);
  await openCodePage(page);
  await openReissueForm(page);
  assert.equal(await page.getByLabel("Adresse mail personnelle").isVisible(), false);
  await look(page, "reissue-question");
  await page.getByRole("button", { name: "VALIDER" }).click();
  await page.getByRole("link", { name: "Saisissez votre réponse secrète" }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "answer");
  assert.equal(await page.locator("#channel-error").innerText(), "Choisissez comment recevoir le lien : par SMS ou par e-mail".replace(" :", "\u00a0:"));
  await look(page, "reissue-question-empty");

  const refusal = async (wrong) => {
    forgetThrottles(demo);
    await fillReissueForm(page, { ...voter, email: mailbox(voter), ...wrong });
    return page.locator("[data-error-summary]").innerText();
  };
  const now = (text) => text.replace(/à partir du .*/, "");
  const said = await refusal({ answer: "Trabant" });
  assert.match(said, /La réponse secrète ou le numéro saisi n’est pas correct.*4 essais.*Prochain essai possible à partir du/s);
  await page.getByText("ce que vous aviez saisi ici a été effacé").first().waitFor();
  assert.equal(now(await refusal({ numen: "9999999999999" })), now(said));
  assert.ok(!(await page.content()).includes("Trabant"), "a secret is never shown again");
  assert.match(await refusal({ email: voter.email }), /celle de votre compte électeur/);
  assert.equal(await page.getByLabel("Adresse mail personnelle").getAttribute("aria-invalid"), "true");
  await look(page, "reissue-question-professional");
  forgetThrottles(demo);
  await fillReissueForm(page, { ...voter, answer: "Trabant", email: mailbox(voter) });
  await page.getByText(/n’est pas correct/).first().waitFor();
  await fillReissueForm(page, { ...voter, email: mailbox(voter) });
  await page.getByText(/rien n’a changé. Vous pourrez réessayer à partir du/).waitFor();
  await look(page, "reissue-question-delayed");
  await closePage(page);
});

test("without scripts the form shows both destinations and works", async () => {
  const voter = newVoter();
  forgetThrottles(demo);
  const page = await newPage(browser, { javaScriptEnabled: false });
  await signIn(demo, page, voter);
  await page.goto(`${demo.origin}/reissue/question`);
  assert.equal(await page.getByLabel("Adresse mail personnelle").isVisible(), true);
  assert.equal(await page.getByLabel("Numéro de téléphone portable personnel").isVisible(), true);
  await axeCheck(page);
  await fillReissueForm(page, { ...voter, email: mailbox(voter) });
  await page.getByText("Un mail vient de vous être envoyé à").waitFor();
  await closePage(page);
});

test("47: the notice's link blocks the new code on a click, and says how to go on", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await followLink(page, await askForLink(demo, page, voter, mailbox(voter)));
  await renew(page);
  const cancel = await receivedLink(demo, page, voter.email);
  secrets.cancel = cancel.split("#")[1];
  assert.match(cancel, /\/reissue\/cancel#/);
  const owner = await newPage(browser, { width: 375 });
  await owner.goto(cancel);
  await owner.getByRole("button", { name: "Bloquer ce code" }).waitFor();
  assert.deepEqual(await owner.context().cookies(), [], "no session that could grow old");
  assert.equal(owner.url(), `${demo.origin}/reissue/cancel`);
  await look(owner, "reissue-cancel");
  await skipToContent(owner);
  await owner.getByRole("button", { name: "Bloquer ce code" }).click();
  await owner.getByRole("heading", { name: "Le nouveau code est bloqué" }).waitFor();
  await look(owner, "reissue-cancelled");
  await page.goto(`${demo.origin}/`);
  await page.getByRole("link", { name: "Consulter les scrutins, les candidatures et voter" }).click();
  await page.getByRole("heading", { name: "Votre code de vote est bloqué" }).waitFor();
  const why = await page.locator("main").innerText();
  assert.match(why, /Il a été bloqué le .* à \d\dh\d\d, par le lien du message qui annonçait/);
  assert.match(why, /Pour voter, appelez l’assistance\s: elle vérifiera votre identité et vous dira ce qui est possible/);
  assert.equal(await page.locator("main input, main a[href*=reissue]").count(), 0, "neither a field nor a way that leads nowhere");
  for (const language of ["en", "fr"]) {
    await page.goto(`${demo.origin}/voting-space?lang=${language}`);
    await look(page, `code-blocked-${language}`);
  }
  await page.goto(`${demo.origin}/`);
  assert.equal(await page.getByRole("link", { name: "Code de vote perdu ou non valide ?" }).count(), 0);
  await page.goto(`${demo.origin}/reissue`);
  await page.getByText("Le réassort en ligne a été bloqué pour vous").waitFor();
  await look(page, "reissue-blocked");
  await page.goto(`${demo.origin}/`);
  await page.getByText("Votre code de vote est bloqué").waitFor();
  await owner.goto("about:blank");
  await owner.goto(`${demo.origin}/reissue/cancel#${"A".repeat(40)}`);
  await owner.getByText("Ouvrez à nouveau le lien du message").waitFor();
  await owner.goto("about:blank"); // else the fragment alone would change, and no page be loaded
  await owner.goto(`${demo.origin}/reissue/cancel#${"A".repeat(43)}`);
  await owner.getByRole("button", { name: "Bloquer ce code" }).click();
  await owner.getByText("rien n’a été bloqué").waitFor();
  await look(owner, "reissue-cancel-unknown");
  await owner.goto(`${demo.origin}/reissue/cancel`);
  await owner.getByText("Ouvrez à nouveau le lien du message qui vous a averti").waitFor();
  assert.equal(await owner.getByRole("button", { name: "Bloquer ce code" }).isVisible(), false);
  await look(owner, "reissue-cancel-no-link");
  await closePage(page);
  await closePage(owner);
});

test("blocked after a vote: says so and names the bureau", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await followLink(page, await askForLink(demo, page, voter, mailbox(voter)));
  const code = await renew(page);
  await page.goto(`${demo.origin}/`);
  await enterVotingSpace(demo, page, code);
  await vote(page, MINISTRY, "Vote blanc");
  await page.goto(await receivedLink(demo, page, voter.email));
  await page.getByRole("button", { name: "Bloquer ce code" }).click();
  await page.getByText("Bureau de vote électronique centralisateur").waitFor();
  await look(page, "reissue-cancelled-after-vote");
  await closePage(page);
});

test("the form's session is about to end: said so, put off, and over", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await page.clock.install();
  await signIn(demo, page, voter);
  await openCodePage(page);
  await openReissueForm(page);
  const dialog = page.locator("[data-dialog=session]");
  const ends = Number(await dialog.getAttribute("data-session-ends"));
  await page.getByLabel("Saisissez votre réponse secrète").fill("mon brouillon");
  await page.clock.setSystemTime(ends - 90_000);
  await page.clock.runFor(2000);
  await dialog.getByText("2 minutes").waitFor();
  await look(page, "reissue-session-dialog");
  await page.context().setOffline(true);
  await dialog.getByRole("button", { name: "Prolonger" }).click();
  assert.equal(await dialog.isVisible(), true, "without an answer it stays");
  await page.context().setOffline(false);
  await extendFarther(page);
  await dialog.getByRole("button", { name: "Prolonger" }).click();
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await page.getByLabel("Saisissez votre réponse secrète").inputValue(), "mon brouillon");
  setState(demo, `DELETE FROM session WHERE voter = (SELECT id FROM voter WHERE email = '${voter.email}')`);
  await page.clock.setSystemTime(ends + 24 * 3_600_000);
  await page.clock.runFor(2000);
  await page.waitForURL(/\/sign-in\?ended=1/);
  await closePage(page);
});

for (const language of ["fr", "en"]) {
  test(`every screen in ${language}: axe, width, the choice of language keeps the link`, async () => {
    const voter = newVoter();
    const page = await newPage(browser);
    const link = await askForLink(demo, page, voter, mailbox(voter));
    const screen = (name) => look(page, `reissue-${name}-${language}`);
    for (const path of ["reissue", "reissue/question", "inbox", "reissue/cancel"]) {
      await page.goto(`${demo.origin}/${path}?lang=${language}`);
      if (path === "inbox" && language === "en") continue; // messages are in the language of who asked
      await screen(path.replace("/", "-"));
    }
    await page.goto(`${demo.origin}/vote`);
    await page.locator("[data-step=code] h1").waitFor();
    await screen("code-page");
    await page.goto(link);
    await page.locator("[data-step=link] h1").waitFor();
    await page.getByRole("link", { name: language === "fr" ? "English" : "Français" }).click();
    await page.getByRole("link", { name: language === "fr" ? "Français" : "English" }).click();
    await page.locator("[data-step=link] h1").waitFor();
    assert.equal(page.url().includes("#"), false);
    await screen("link");
    await page.locator("[data-action=continue]").press("Enter");
    await page.locator(".renew").waitFor();
    await screen("warning");
    await page.locator("[data-form=renew] [value='20']").check();
    await page.locator(".renew").press("Enter");
    await page.locator("[data-step=code] h1").waitFor();
    assert.match(await page.getByRole("timer").innerText(), /(19|20) min/);
    await screen("new-code");
    await page.locator("[data-step=code] [data-action=noted]").press("Enter");
    await page.locator("[data-step=done] h1").waitFor();
    await screen("done");
    await closePage(page);
  });
}

test("the help desk sees beside the running server what happened, and no secret", () => {
  const [id, ...others] = sqliteRows(demo, `SELECT id FROM voter WHERE email_key = lower('${secrets.email_of_account}')`);
  assert.equal(others.length, 0);
  const said = execFileSync(PROGRAM, ["voter", id, "--state", demo.state], { encoding: "utf8" });
  assert.match(said, /Code de vote : valable/);
  assert.match(said, /un code a été remplacé le/);
  assert.match(said, /lien pour un nouveau code, e-mail à p…@e….org : remis/);
  assert.match(said, /Ensuite : l'électeur ouvre le lien reçu, jusqu'au .* ; ou demande un autre code/);
  assert.equal(said.includes("vote blanc") || said.includes("a voté"), false);
});

test("61: after all of this neither the server's output, nor its journal, nor its database hold a secret", () => {
  const files = readdirSync(demo.state).filter((name) => name.startsWith("isoloir.sqlite"));
  assert.ok(files.includes("isoloir.sqlite-wal"), "the log of the database is among them");
  const everything = Buffer.concat([Buffer.from(demo.output()), ...files.map((name) => readFileSync(join(demo.state, name)))]);
  assert.ok(everything.includes("voting code replaced"), "the scan reads the journal");
  const forbidden = new Map();
  const forbid = (name, text) => {
    forbidden.set(name, Buffer.from(text));
    forbidden.set(`${name}, in hex`, Buffer.from(Buffer.from(text).toString("hex")));
  };
  for (const name of ["token", "opener", "session", "cancel"]) {
    forbid(name, secrets[name]);
    forbidden.set(`${name}, as bytes`, Buffer.from(secrets[name], "base64url"));
  }
  for (const voter of voters.filter(({ newcomer }) => !newcomer)) {
    for (const name of ["password", "answer", "numen", "code"]) forbid(`${name} of ${voter.email}`, voter[name]);
    forbid(`code of ${voter.email}, without dashes`, voter.code.replaceAll("-", ""));
  }
  forbid("new code", secrets.code);
  forbid("new code, without dashes", secrets.code.replaceAll("-", ""));
  forbid("typed address", secrets.email);
  forbid("typed addresses", "perso-");
  forbid("shared address", "partage@");
  forbid("typed number", "612345678");
  forbid("wrong answer", "Trabant");
  for (const [name, bytes] of forbidden) assert.equal(everything.includes(bytes), false, name);
});
