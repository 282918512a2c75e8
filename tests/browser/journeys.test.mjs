// What can go wrong between a voter and her checked receipt: lines that break, a server that is killed, two tabs, Back, a wrong
// clock, hours that pass. After each, what the page says, and that no vote is lost or doubled.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closePage, newPage, startBrowser, startDemo } from "./harness.mjs";
import { look } from "./look.mjs";
import {
  askForLink, bureau, demoVoters, enterVotingSpace, extendFarther, fillCaptcha, held, openBallot, openCodePage, setState, signIn, strikeOff, toConfirm, typeCode,
  vote,
} from "./voter.mjs";

const MINISTRY = "Comité social d’administration ministériel";
const JOINT = "Commission administrative paritaire nationale";
const ACADEMY = "Comité social d’administration de l’académie";
const BLANK = "Vote blanc";
let demo, browser, voters;

before(async () => {
  demo = await startDemo();
  browser = await startBrowser();
  voters = demoVoters(demo).filter(({ contests }) => contests.includes(MINISTRY) && contests.includes(JOINT));
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

async function inside(voter, more = {}) {
  const page = await newPage(browser, more);
  if (more.clock) await page.clock.install();
  await signIn(demo, page, voter);
  await enterVotingSpace(demo, page, voter.code);
  return page;
}

const validate = (page) => page.getByRole("button", { name: "Valider mon vote" }).press("Enter");
const voted = (page) => page.getByRole("heading", { name: "A voté" }).waitFor({ timeout: 30_000 });
const toContests = async (page) => {
  await page.getByRole("button", { name: "Revenir à mes scrutins" }).filter({ visible: true }).first().press("Enter");
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
};
const card = (page, contest) => page.getByRole("listitem").filter({ hasText: contest });

// The voter has these sign-offs; and over all voters there is one ballot for each sign-off.
function assertHeld(voter, signOffs) {
  const now = held(demo, voter);
  assert.deepEqual(now.signOffs, signOffs);
  assert.equal(now.ballots, now.allSignOffs, "as many ballots as sign-offs");
}

// The first request there is cut: before it leaves, or its answer on the way back.
async function cut(page, path, when) {
  let times = 0;
  await page.route(`**${path}`, async (route) => {
    if (times++ > 0) return route.continue();
    if (when === "answer lost") await route.fetch();
    return route.abort();
  });
}

test("the line breaks at each request, before it leaves or on the way back: one vote, one receipt", async () => {
  const voter = voters[0];
  const page = await newPage(browser);
  await signIn(demo, page, voter);
  await openCodePage(page);
  for (const when of ["never leaves", "answer lost"]) {
    await cut(page, "/api/voting-code", when);
    await typeCode(demo, page, voter.code);
    await page.getByText("Le service n’a pas répondu").waitFor();
    await page.unroute("**/api/voting-code");
    if (when === "never leaves") {
      await page.getByRole("button", { name: "Réessayer" }).filter({ visible: true }).click();
      await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
      await page.reload();
    } else {
      // The four digits were used up by the request whose answer was lost; her code was right and costs no try.
      await page.getByRole("button", { name: "Réessayer" }).filter({ visible: true }).click();
      await page.getByRole("link", { name: /ont déjà servi/ }).waitFor();
      await typeCode(demo, page, voter.code);
    }
  }
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();

  let line = false;
  await page.route("**/api/ballot", (route) => (line ? route.continue() : route.abort()));
  await openBallot(page, MINISTRY);
  await toConfirm(page, BLANK);
  await validate(page);
  await page.getByText("Votre bulletin est conservé, chiffré, sur cet appareil").first().waitFor();
  assertHeld(voter, []);
  line = true;
  // By hand, unless the page, which tries again by itself, is quicker.
  await page.getByRole("button", { name: "Réessayer" }).filter({ visible: true }).click({ timeout: 5000 }).catch(() => {});
  await voted(page);
  assertHeld(voter, [0]);
  await page.unroute("**/api/ballot");
  await toContests(page);

  await cut(page, "/api/ballot", "answer lost");
  const tracker = await vote(page, JOINT, BLANK); // sent again by itself
  assert.match(tracker, /^[0-9A-Z ]{64}$/);
  assertHeld(voter, [0, 1]);
  await toContests(page);

  let asked = 0;
  await page.route("**/api/receipt", (route) => {
    asked++;
    if (asked === 1) return route.abort();
    if (asked === 2) return route.fulfill({ status: 503, headers: { "Retry-After": "1" }, json: { status: "busy" } });
    return route.continue();
  });
  await vote(page, ACADEMY, BLANK);
  assert.ok(asked >= 3);
  assertHeld(voter, [0, 1, 2]);
  await toContests(page);
  await page.getByText("Vous avez voté dans tous vos scrutins").waitFor();
  await closePage(page);
});

test("struck off while she reads her ballot: told so when she casts it, and on her pages", async () => {
  const voter = voters[12];
  const page = await inside(voter);
  await openBallot(page, MINISTRY);
  await toConfirm(page, BLANK);
  strikeOff(demo, voter, "--contest", "0");
  await validate(page);
  await page.getByText("Vous n’êtes pas, ou plus, inscrit sur la liste électorale de ce scrutin").waitFor();
  await look(page, "struck-off");
  assertHeld(voter, []);
  await toContests(page);
  await card(page, JOINT).waitFor();
  await card(page, MINISTRY).waitFor({ state: "detached" }); // the list is asked for anew
  strikeOff(demo, voter, "--all");
  await page.goto(`${demo.origin}/`);
  await page.getByText("sur la liste électorale d’aucun scrutin").waitFor();
  await look(page, "no-contest");
  await page.goto(`${demo.origin}/my-contests`);
  await page.getByText("sur la liste électorale d’aucun scrutin").waitFor();
  await closePage(page);
});

test("the server is busy: said so, tried again after the time it asks for, one vote", async () => {
  const voter = voters[1];
  const page = await inside(voter);
  let sent = 0, busy = true;
  await page.route("**/api/ballot", (route) => {
    sent++;
    return busy ? route.fulfill({ status: 503, headers: { "Retry-After": "2" }, json: { status: "busy" } }) : route.continue();
  });
  await openBallot(page, MINISTRY);
  await toConfirm(page, BLANK);
  await validate(page);
  await page.getByText("Le portail ne peut pas répondre").first().waitFor();
  busy = false;
  await voted(page);
  assert.ok(sent >= 2);
  assertHeld(voter, [0]);
  // Its proof is hers alone, and goes with the page.
  const quit = () => page.getByRole("banner").getByRole("button", { name: "Quitter" }).click();
  await toContests(page);
  await quit();
  const asked = page.getByRole("dialog", { name: "Vous n’avez pas gardé cette preuve de vote" });
  const saved = page.waitForEvent("download");
  await asked.getByRole("button", { name: "Télécharger ma preuve de vote" }).click();
  const tracker = (await page.locator("[data-step=receipt] [data-slot=tracker]").innerText()).replaceAll(/\s/g, "");
  assert.equal((await saved).suggestedFilename(), `preuve-de-vote-0-${tracker}.tlog-proof`, "the tracking number, whole");
  const kept = page.getByRole("dialog", { name: "Le fichier est téléchargé" });
  await kept.getByRole("button", { name: "Rester ici" }).click();
  await voted(page);
  await page.context().setOffline(true);
  await quit();
  await page.getByRole("dialog", { name: "La connexion à Internet est coupée" }).getByRole("button", { name: "Rester ici" }).click();
  await page.context().setOffline(false);
  await quit();
  const left = page.getByRole("dialog", { name: "Il vous reste 2 scrutins à voter" });
  await left.getByRole("button", { name: "Quitter" }).click();
  await page.getByRole("heading", { name: "Vous êtes déconnecté" }).waitFor();
  await closePage(page);
});

test("the server is killed in mid-vote: the page waits for it and goes on by itself, one vote and its receipt", async () => {
  const voter = voters[2];
  const page = await inside(voter);
  const dies = async (contest, when) => {
    let first = true;
    await page.route("**/api/ballot", async (route) => {
      if (!first) return route.continue();
      first = false;
      if (when === "with the ballot") await route.fetch();
      await demo.crash();
      return route.abort();
    });
    await openBallot(page, contest);
    await toConfirm(page, BLANK);
    await validate(page);
    await page.getByText("La connexion a été interrompue").first().waitFor();
    await demo.restart();
  };
  await dies(MINISTRY, "before the ballot");
  await voted(page);
  assertHeld(voter, [0]);
  await page.unroute("**/api/ballot");
  await toContests(page);
  await dies(JOINT, "with the ballot");
  await voted(page);
  assertHeld(voter, [0, 1]);
  await page.unroute("**/api/ballot");
  await toContests(page);

  // Killed after the ballot, and the page reloaded before its receipt came: it is asked for after the code.
  await page.route("**/api/receipt", (route) => route.abort());
  await openBallot(page, ACADEMY);
  await toConfirm(page, BLANK);
  await validate(page);
  await page.getByText("La connexion a été interrompue").first().waitFor();
  await demo.crash();
  await demo.restart();
  await page.reload();
  await page.getByText("La page a été rechargée").waitFor();
  await page.getByText("Un bulletin chiffré, préparé avant une interruption, attend").waitFor();
  await page.unroute("**/api/receipt"); // sooner it could come before the reload
  await typeCode(demo, page, voter.code);
  await page.getByText(`Votre bulletin préparé avant l’interruption est arrivé dans l’urne\u00a0: ${ACADEMY}`).waitFor();
  await card(page, ACADEMY).getByRole("button", { name: "Voir ma preuve de vote" }).click();
  await voted(page);
  assertHeld(voter, [0, 1, 2]);
  assert.equal(await page.evaluate(() => sessionStorage.length), 0, "checked, hence erased");
  await closePage(page);
});

test("a double click votes once; Back, Forward and reload at each step neither vote nor lose anything", async () => {
  const voter = voters[3];
  const page = await inside(voter);
  let sent = 0;
  page.on("request", (request) => (sent += request.url().endsWith("/api/ballot") ? 1 : 0));
  await openBallot(page, MINISTRY);
  await page.goBack();
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  await page.goForward();
  await toConfirm(page, BLANK);
  await page.goBack();
  await page.getByRole("heading", { name: "Bulletin" }).waitFor();
  assert.equal(await page.getByRole("radio", { name: BLANK }).isChecked(), true);
  await page.goForward();
  await page.getByRole("heading", { name: "Confirmer mon choix" }).waitFor();
  await page.getByRole("button", { name: "Modifier" }).press("Enter");
  await toConfirm(page, "Liste A, Horizon commun");
  assertHeld(voter, []);
  await page.getByRole("button", { name: "Valider mon vote" }).dblclick();
  await voted(page);
  assert.equal(sent, 1);
  for (const step of ["goBack", "goBack", "goForward"]) {
    await page[step]();
    await page.getByRole("heading", { name: /A voté|Mes scrutins/ }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Valider mon vote" }).isVisible(), false);
  }
  assert.equal(sent, 1);
  assertHeld(voter, [0]);

  const again = async () => {
    await page.reload();
    await page.getByRole("heading", { name: "Saisie du code de vote" }).waitFor();
    assert.equal(await page.locator("#code").inputValue(), "");
    await typeCode(demo, page, voter.code);
    await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
    await card(page, MINISTRY).getByText("A voté").waitFor();
  };
  await again(); // from the receipt
  await openBallot(page, JOINT);
  await again();
  await openBallot(page, JOINT);
  await toConfirm(page, BLANK);
  await again();
  await card(page, JOINT).getByText("À voter").waitFor();
  assertHeld(voter, [0]);
  await closePage(page);
});

test("two tabs of one voter: one ballot, and the other tab is told so", async () => {
  const voter = voters[4];
  const first = await inside(voter);
  const second = await first.context().newPage();
  await second.goto(`${demo.origin}/voting-space`);
  await typeCode(demo, second, voter.code);
  await second.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  for (const page of [first, second]) await openBallot(page, MINISTRY);
  await toConfirm(first, "Liste A, Horizon commun");
  await toConfirm(second, BLANK);
  await validate(first);
  await voted(first);
  await validate(second);
  await second.getByText("Un vote a déjà été enregistré pour vous dans ce scrutin").waitFor();
  assertHeld(voter, [0]);
  await toContests(second);
  await card(second, MINISTRY).getByText("A voté").waitFor();

  await toContests(first);
  for (const page of [first, second]) {
    await openBallot(page, JOINT);
    await toConfirm(page, BLANK);
  }
  await Promise.all([validate(first), validate(second)]);
  const ends = await Promise.all([first, second].map(async (page) => {
    const end = page.getByRole("heading", { name: /A voté|n’a pas abouti/ });
    await end.waitFor({ timeout: 30_000 });
    return end.innerText();
  }));
  assert.deepEqual(ends.sort(), ["A voté", "Votre demande n’a pas abouti"]);
  assertHeld(voter, [0, 1]);
  await closePage(first);
});

test("a device whose clock is hours off: time left and session go by the server's", async () => {
  const voter = voters[5];
  const page = await newPage(browser);
  const until = setState(demo, "SELECT closes_at FROM hours");
  for (const off of [-7 * 3600_000, 30 * 3600_000]) {
    await page.clock.setSystemTime(Date.now() + off);
    if (off < 0) await signIn(demo, page, voter);
    else await page.goto(`${demo.origin}/`);
    const minutes = Math.ceil((Number(until) - Date.now()) / 60_000);
    const shown = await page.locator(".countdown").evaluate((list) =>
      [...list.querySelectorAll("dd")].map(({ textContent }) => Number(textContent)));
    const left = shown[0] * 1440 + shown[1] * 60 + shown[2];
    assert.ok(Math.abs(left - minutes) <= 1, `${left} minutes shown, ${minutes} left`);
  }
  await enterVotingSpace(demo, page, voter.code);
  await vote(page, MINISTRY, BLANK);
  assert.equal(await page.locator("[data-dialog=session]").isVisible(), false);
  assertHeld(voter, [0]);
  await closePage(page);
});

test("a session about to end is prolonged; one that ended while choosing is said so, and the sealed ballot is sent later", async () => {
  const voter = voters[6];
  const page = await inside(voter, { clock: true });
  const ends = Number(await page.locator("[data-dialog=session]").getAttribute("data-session-ends"));
  await openBallot(page, MINISTRY);
  await page.getByRole("radio", { name: BLANK }).press("Space");
  await page.clock.setSystemTime(ends - 90_000);
  await page.clock.runFor(6000);
  const dialog = page.getByRole("dialog", { name: "Votre session va se terminer" });
  await dialog.getByText(/Il reste [12] minutes?/).waitFor();
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press("Tab");
    const where = await page.evaluate(() => (document.activeElement === document.body ? "browser" : document.activeElement.closest("dialog")?.dataset.dialog));
    assert.ok(where === "session" || where === "browser", "Tab stays in the dialog");
  }
  await extendFarther(page);
  await dialog.getByRole("button", { name: "Prolonger" }).click();
  await dialog.waitFor({ state: "hidden" });
  await page.clock.setSystemTime(Date.now());
  assert.equal(await page.getByRole("radio", { name: BLANK }).isChecked(), true);
  await page.getByRole("button", { name: "Continuer" }).press("Enter");
  setState(demo, `DELETE FROM session WHERE voter = (SELECT id FROM voter WHERE email = '${voter.email}')`);
  await validate(page);
  await page.getByText("Votre session est terminée").waitFor();
  assertHeld(voter, []);
  await page.getByRole("link", { name: "Connexion à votre portail Élections" }).click();
  await signIn(demo, page, voter);
  await openCodePage(page);
  await typeCode(demo, page, voter.code);
  await card(page, MINISTRY).getByRole("button", { name: "Voir ma preuve de vote" }).click();
  await voted(page);
  assertHeld(voter, [0]);
  await closePage(page);
});

test("a contest suspended while she chooses: nothing is taken, and its resumption shows by itself", async () => {
  const voter = voters[7];
  const page = await inside(voter, { clock: true });
  await openBallot(page, MINISTRY);
  await toConfirm(page, BLANK);
  bureau(demo, "suspend", "--contest", "0", "--reason", "essai");
  await validate(page);
  await page.getByText("Ce scrutin est suspendu par le bureau de vote : votre bulletin n’a pas été enregistré").waitFor();
  assertHeld(voter, []);
  await toContests(page);
  await card(page, MINISTRY).getByText("Suspendu").waitFor();
  await page.getByText(/Il vous reste \d scrutins à voter sur \d. 1 est suspendu en ce moment/).waitFor();
  await vote(page, JOINT, BLANK); // the others go on
  await toContests(page);
  bureau(demo, "resume", "--contest", "0", "--reason", "essai");
  await page.clock.runFor(20_000);
  await card(page, MINISTRY).getByText("À voter").waitFor();
  await vote(page, MINISTRY, BLANK);
  assertHeld(voter, [0, 1]);
  await closePage(page);
});

test("a validated ballot that was cut off waits in a suspended contest: Quitter asks before it erases it, and it arrives when the contest is resumed", async () => {
  const voter = voters[13];
  const page = await inside(voter);
  await page.route("**/api/ballot", (route) => route.abort());
  await openBallot(page, MINISTRY);
  await toConfirm(page, BLANK);
  await validate(page);
  await page.getByText("Votre bulletin est conservé").first().waitFor();
  bureau(demo, "suspend", "--contest", "0", "--reason", "essai");
  await page.reload();
  await page.unroute("**/api/ballot");
  await typeCode(demo, page, voter.code);
  await card(page, MINISTRY).getByText("Suspendu").waitFor();
  await page.getByRole("banner").getByRole("button", { name: "Quitter" }).click();
  const asked = page.getByRole("dialog", { name: "Un bulletin chiffré attend sur cet appareil" });
  await asked.getByText("Si vous quittez, il sera effacé de cet appareil").waitFor();
  await look(page, "leave-waiting");
  await asked.getByRole("button", { name: "Rester ici" }).press("Enter");
  assert.equal(await page.evaluate(() => sessionStorage.length), 1);
  bureau(demo, "resume", "--contest", "0", "--reason", "essai");
  await page.getByText(`Votre bulletin préparé avant l’interruption est arrivé dans l’urne\u00a0: ${MINISTRY}`).waitFor({ timeout: 60_000 });
  assertHeld(voter, [0]);
  await closePage(page);
});

test("Quitter wipes: nothing in storage, no worker, and Back leads to the sign-in", async () => {
  const voter = voters[8];
  const page = await inside(voter);
  await page.route("**/api/ballot", (route) => route.abort());
  await openBallot(page, MINISTRY);
  await toConfirm(page, BLANK);
  await validate(page);
  await page.getByText("Votre bulletin est conservé").first().waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 1);
  assert.equal(page.workers().length, 1);
  await page.context().setOffline(true); // the other language cannot be had: nothing else changes
  await page.getByRole("link", { name: "English" }).click();
  await page.getByRole("dialog", { name: "La page reste en français" }).getByRole("button", { name: "Rester ici" }).click();
  await page.getByText("Votre bulletin est conservé").first().waitFor();
  await page.context().setOffline(false);
  await page.getByRole("banner").getByRole("button", { name: "Quitter" }).click();
  const asked = page.getByRole("dialog", { name: "Votre bulletin est en cours d’envoi" });
  await asked.getByRole("button", { name: "Rester ici" }).click();
  await page.getByRole("heading", { name: "Envoi de votre bulletin" }).waitFor();
  await page.getByRole("banner").getByRole("button", { name: "Quitter" }).click();
  await asked.getByRole("button", { name: "Quitter" }).click();
  await page.getByRole("heading", { name: "Vous êtes déconnecté" }).waitFor();
  assert.deepEqual([await page.evaluate(() => sessionStorage.length), page.workers().length], [0, 0]);
  for (let i = 0; i < 4; i++) {
    await page.goBack();
    await page.getByRole("heading", { name: /Connexion à votre portail|Vous êtes déconnecté/ }).waitFor();
    assert.equal(await page.evaluate(() => document.body.innerText.includes("Vote blanc")), false);
  }
  assertHeld(voter, []);
  await closePage(page);
});

test("the closing hour passes: who is inside is told and finishes, nobody else enters; at the end of the grace she is told so", async () => {
  const [voter, late] = [voters[9], voters[10]];
  const page = await inside(voter, { clock: true });
  const other = await newPage(browser);
  await signIn(demo, other, late);
  await openCodePage(other);
  await openBallot(page, MINISTRY);
  const phone = await newPage(browser, { width: 375 });
  const link = await askForLink(demo, phone, voters[11], "perso-tard@example.org");
  setState(demo, `UPDATE hours SET closes_at = ${Date.now()}`);
  for (const end = Date.now() + 20_000; setState(demo, "SELECT grace_ends_at FROM hours") === ""; )
    assert.ok(Date.now() < end, "the vote closes at its hour");
  await page.clock.runFor(65_000);
  await page.getByText("Le vote est clos. Vous étiez déjà dans l’espace de vote").filter({ visible: true }).waitFor();
  await toConfirm(page, BLANK);
  await validate(page);
  await voted(page);
  assertHeld(voter, [0]);

  await typeCode(demo, other, late.code);
  await other.getByRole("heading", { name: "Bienvenue sur votre portail Élections" }).waitFor();
  await other.getByText("Le vote est clos.").waitFor();

  // A link for a new code, opened only now: said at the first click, before anything is asked of her.
  await phone.goto(link);
  await phone.getByRole("button", { name: "Continuer" }).click();
  await phone.getByRole("heading", { name: "Le vote n’est pas ouvert" }).waitFor();
  await phone.getByText("ne peut être créé que pendant le vote. Rien n’a changé").waitFor();
  await look(phone, "reissue-link-after-close");
  await closePage(phone);

  await toContests(page);
  await openBallot(page, JOINT);
  await toConfirm(page, BLANK);
  setState(demo, `UPDATE hours SET grace_ends_at = ${Date.now()}`);
  for (const end = Date.now() + 20_000; setState(demo, "SELECT COUNT(*) FROM contest_phase WHERE phase <> 'frozen'") !== "0"; )
    assert.ok(Date.now() < end, "the box is sealed at the end of the grace");
  await validate(page);
  await page.getByText("Le vote est clos : votre bulletin n’a pas été enregistré").waitFor();
  assert.deepEqual(held(demo, voter).signOffs, [0]);
  await closePage(other);
  await closePage(page);
});
