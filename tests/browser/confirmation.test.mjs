// The code that validates a vote (L16) and the confirmation of the sign-off (L18), by the French labels.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closePage, newPage, startBrowser, startDemo } from "./harness.mjs";
import { look } from "./look.mjs";
import {
  ageThrottles, bureau, demoVoters, held, openBallot, receivedCode, receivedText, setState, toConfirm, typeConfirmation, typeKeys,
} from "./voter.mjs";

const CONTEST = "1re circonscription (États-Unis d’Amérique et Canada)";
let demo, browser, voters;
let next_voter = 0;
const newVoter = () => voters[next_voter++];
before(async () => {
  demo = await startDemo("legislative");
  browser = await startBrowser();
  voters = demoVoters(demo).filter(({ email, phone }) => email && phone);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const fillIn = (page, voter) => typeKeys(demo, page, voter.identifier, voter.code);
const voted = (page) => page.getByRole("heading", { name: "A voté" }).waitFor({ timeout: 30_000 });
const codesTo = (voter) => Number(setState(demo, "SELECT COUNT(*) FROM message m JOIN voter v ON v.id = m.voter "
  + `WHERE v.email = '${voter.email}' AND kind = 'confirmation-code'`));

// From the sign-in to the step that waits for the code.
const SENT = "Un code de 6 chiffres a été envoyé";
const THERE = "Le code de 6 chiffres déjà envoyé";
async function toCode(page, voter, choice = "ALPHA Anne", said = SENT) {
  await page.goto(demo.origin);
  await fillIn(page, voter);
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  await openBallot(page, CONTEST);
  await toConfirm(page, choice);
  await page.getByRole("button", { name: "Recevoir mon code de confirmation" }).press("Enter");
  await page.getByText(said).waitFor();
}

test("a wrong code, a reload, and the code already sent validates the ballot that waits", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await toCode(page, voter);
  await page.getByText(/envoyé à l’adresse .•••@e•••\.org/).waitFor();
  assert.deepEqual(held(demo, voter).signOffs, []);
  await look(page, "confirmation");
  // She looks at her choice again: the same code serves.
  await page.getByRole("button", { name: "Changer de choix" }).press("Enter");
  await page.getByRole("heading", { name: "Bulletin" }).waitFor();
  await toConfirm(page, "ALPHA Anne");
  await page.getByRole("button", { name: "Continuer avec le code déjà reçu" }).press("Enter");
  await page.getByText(THERE).waitFor();
  const code = await receivedCode(demo, page, voter.email);
  await typeConfirmation(page, code === "000000" ? "111111" : "000000");
  await page.locator("#confirmation-error").getByText("Il vous reste 4 essais").waitFor();
  await look(page, "confirmation-wrong");
  await page.reload();
  await page.getByText("Un bulletin chiffré est gardé sur cet appareil").waitFor();
  await fillIn(page, voter);
  await page.getByText("est gardé sur cet appareil, chiffré").waitFor();
  await page.getByText(THERE).waitFor();
  await look(page, "confirmation-restored");
  await typeConfirmation(page, `${code.slice(0, 3)} ${code.slice(3)}`);
  await voted(page);
  assert.deepEqual([held(demo, voter).signOffs, codesTo(voter)], [[0], 1]);
  const tracker = await page.locator("[data-step=receipt] [data-slot=tracker]").innerText();
  setState(demo, "UPDATE message SET next_at = 0 WHERE status = 'queued'"); // the next minute has begun
  const notice = await receivedText(demo, page, voter.email, "Votre vote est enregistré");
  assert.match(notice, /Vous avez voté le .* \(heure de Paris\) pour ce scrutin\s: 1re circonscription/);
  for (const secret of ["ALPHA", tracker, tracker.replaceAll(" ", "")]) assert.ok(!notice.includes(secret));
  await closePage(page);
});

test("she reads her mail on the telephone and votes there with the code of the computer; the computer says what became of it", async () => {
  const voter = newVoter();
  const computer = await newPage(browser);
  await toCode(computer, voter);
  const phone = await newPage(browser, { width: 375, height: 700, hasTouch: true, isMobile: true });
  await toCode(phone, voter, "Vote blanc", THERE);
  await typeConfirmation(phone, await receivedCode(demo, phone, voter.email));
  await voted(phone);
  assert.deepEqual([held(demo, voter).signOffs, codesTo(voter)], [[0], 1]);
  await typeConfirmation(computer, "123456");
  await computer.getByText("Un vote a déjà été enregistré pour vous dans ce scrutin").waitFor();
  await look(computer, "confirmation-voted-elsewhere");
  assert.deepEqual(await computer.evaluate(() => Object.keys(sessionStorage)), ["isoloir/turned-down/0"], "the ballot that nobody wants is not sent again");
  assert.deepEqual(held(demo, voter).signOffs, [0]);
  await closePage(phone);
  await closePage(computer);
});

test("nothing came: another code, and the first one stays good; past its time it says so, and the next one votes", async () => {
  const voter = newVoter();
  const page = await newPage(browser, { width: 375, height: 700 });
  await toCode(page, voter);
  await page.getByText(/Vous pourrez demander un autre code dans [12] minute/).waitFor();
  const first = await receivedCode(demo, page, voter.email);
  ageThrottles(demo);
  await page.reload();
  await fillIn(page, voter);
  await page.getByRole("button", { name: "Envoyer un autre code" }).press("Enter");
  await page.getByText("Un autre code a été envoyé").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "confirmation", "the button is gone");
  await look(page, "confirmation-another");
  const second = await receivedCode(demo, page, voter.email, { but: [first] });
  setState(demo, "UPDATE confirmation SET expires_at = expires_at - 3600000"); // an hour later
  for (const code of [first, second]) {
    await typeConfirmation(page, code);
    await page.locator("#confirmation-error").getByText("son délai est passé").waitFor();
  }
  await page.getByText(/vous pourrez bientôt en demander un autre/).waitFor();
  await look(page, "confirmation-expired");
  ageThrottles(demo);
  await page.reload();
  await fillIn(page, voter);
  await page.getByText(SENT).waitFor();
  await typeConfirmation(page, await receivedCode(demo, page, voter.email, { but: [first, second] }));
  await voted(page);
  assert.deepEqual([held(demo, voter).signOffs, codesTo(voter)], [[0], 3]);
  await closePage(page);
});

test("the mail is returned: the page says so, another code goes by text message, and votes", async () => {
  const voter = newVoter();
  const page = await newPage(browser, { width: 375, height: 740 });
  await page.clock.install();
  await page.clock.resume();
  await toCode(page, voter);
  const mail = `FROM voter v WHERE v.id = m.voter AND v.email = '${voter.email}' AND m.kind = 'confirmation-code' AND m.channel = 'email'`;
  setState(demo, `UPDATE message AS m SET status = 'failed', reason = 'unknown_recipient' ${mail}`);
  ageThrottles(demo);
  await page.clock.fastForward(30_000);
  await page.getByText("un autre code de 6 chiffres a été envoyé par SMS").waitFor();
  await page.getByText(/Rien ne montre que le message envoyé à l’adresse .•••@e•••\.org soit arrivé/).waitFor();
  await page.getByText("Vérifiez que votre téléphone a du réseau").waitFor();
  await look(page, "confirmation-elsewhere");
  const phone = setState(demo, `SELECT phone FROM voter WHERE email = '${voter.email}'`).replace(/[^+0-9]/g, "");
  await typeConfirmation(page, await receivedCode(demo, page, phone));
  await voted(page);
  assert.deepEqual([held(demo, voter).signOffs, codesTo(voter)], [[0], 2]);
  await closePage(page);
});

test("five wrong codes want another one and lock nobody out; until the code she may change her mind", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await toCode(page, voter);
  const code = await receivedCode(demo, page, voter.email);
  for (let i = 1; i <= 5; i++) {
    await typeConfirmation(page, String((Number(code) + i) % 1_000_000).padStart(6, "0"));
    await page.locator("#confirmation-error").getByText(i < 5 ? `Il vous reste ${5 - i} essai` : "Trop d’essais").waitFor();
  }
  await look(page, "confirmation-spent");
  await typeConfirmation(page, code);
  await page.locator("#confirmation-error").getByText("Trop d’essais").waitFor();
  await page.getByRole("button", { name: "Changer de choix" }).press("Enter");
  await page.getByRole("heading", { name: "Bulletin" }).waitFor();
  ageThrottles(demo);
  await toConfirm(page, "Vote blanc");
  await page.getByRole("button", { name: "Recevoir mon code de confirmation" }).press("Enter");
  await page.getByText(SENT).waitFor();
  await typeConfirmation(page, code);
  await page.locator("#confirmation-error").getByText("Ce code ne sert plus").waitFor();
  await look(page, "confirmation-older");
  await typeConfirmation(page, await receivedCode(demo, page, voter.email, { but: [code] }));
  await voted(page);
  assert.deepEqual(held(demo, voter).signOffs, [0]);
  await closePage(page);
});

test("the line breaks when the code is asked for, when it is given, and on the way back: one code, one vote", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await page.goto(demo.origin);
  await fillIn(page, voter);
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  await openBallot(page, CONTEST);
  await toConfirm(page, "ALPHA Anne");
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Recevoir mon code de confirmation" }).press("Enter");
  await page.getByRole("button", { name: "Réessayer" }).waitFor();
  await look(page, "confirmation-offline");
  assert.equal(codesTo(voter), 0);
  await page.context().setOffline(false);
  // She goes elsewhere and comes back: the code is asked for all the same.
  await page.getByRole("button", { name: /Revenir à mes scrutins/ }).press("Enter");
  await page.getByRole("button", { name: "Saisir le code de confirmation" }).press("Enter");
  await page.getByText(SENT).waitFor();
  await page.getByRole("button", { name: "Quitter" }).first().press("Enter");
  await page.getByRole("dialog").getByText("Votre vote n’est pas encore confirmé").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Rester ici" }).press("Enter");
  const code = await receivedCode(demo, page, voter.email);
  let cut = 0;
  await page.route("**/api/ballot", async (route) => {
    if (cut++ === 0) return route.abort(); // before it leaves
    if (cut === 2) {
      await route.fetch(); // recorded, the answer is lost
      return route.abort();
    }
    return route.continue();
  });
  await typeConfirmation(page, code);
  await page.getByRole("button", { name: "Réessayer" }).press("Enter");
  await voted(page);
  assert.ok(cut >= 3);
  assert.deepEqual([held(demo, voter).signOffs, codesTo(voter)], [[0], 1]);
  await closePage(page);
});

test("suspended while she waits for the code: told so, the ballot waits, and votes when the contest is resumed", async () => {
  const voter = newVoter();
  const page = await newPage(browser);
  await toCode(page, voter);
  const code = await receivedCode(demo, page, voter.email);
  bureau(demo, "suspend", "--contest", "0", "--reason", "panne");
  await typeConfirmation(page, code);
  await page.locator("#confirmation-error").getByText("Votre bulletin attend, réessayez plus tard").waitFor();
  await look(page, "confirmation-suspended");
  assert.deepEqual(held(demo, voter).signOffs, []);
  bureau(demo, "resume", "--contest", "0", "--reason", "réparée");
  await typeConfirmation(page, code);
  await voted(page);
  assert.deepEqual([held(demo, voter).signOffs, codesTo(voter)], [[0], 1]);
  await closePage(page);
});

test("no address on file: the code comes by text message; no telephone either: the assistance, and nothing is lost", async () => {
  const page = await newPage(browser);
  const [by_sms, unreachable] = [newVoter(), newVoter()];
  setState(demo, `UPDATE voter SET email = '' WHERE email IN ('${by_sms.email}', '${unreachable.email}')`);
  setState(demo, `UPDATE voter SET phone = '' WHERE phone = '${unreachable.phone}'`);
  await toCode(page, by_sms);
  await page.getByText(/par SMS au numéro qui finit ainsi\s: •••\s\d\d/).waitFor();
  await look(page, "confirmation-sms");
  await typeConfirmation(page, await receivedCode(demo, page, by_sms.phone.replace(/[^+0-9]/g, "")));
  await voted(page);
  await page.getByRole("button", { name: "Quitter" }).first().press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: /Quitter/ }).press("Enter");
  await page.getByRole("heading", { name: "Vous êtes déconnecté" }).waitFor();
  await page.goto(demo.origin);
  await fillIn(page, unreachable);
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  await openBallot(page, CONTEST);
  await toConfirm(page, "ALPHA Anne");
  await page.getByRole("button", { name: "Recevoir mon code de confirmation" }).press("Enter");
  await page.getByText("ni adresse électronique, ni numéro de téléphone utilisable").waitFor();
  await page.getByText(/Rien n’est voté pour l’instant\. Appelez l’assistance au/).waitFor();
  await look(page, "confirmation-no-address");
  await closePage(page);
});
