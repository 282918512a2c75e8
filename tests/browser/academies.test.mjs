// A whole professional election, in which a voter has one to seven contests by body and academy (portals/academies): each sees
// her own and no other, and votes in them one after the other. By the visible French labels.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closePage, newPage, startBrowser, startDemo } from "./harness.mjs";
import { look } from "./look.mjs";
import { demoVoters, enterVotingSpace, held, signIn, vote } from "./voter.mjs";

const MINISTRY = "Comité social d’administration ministériel";
let demo, browser, voters;

before(async () => {
  demo = await startDemo("academies", { voters: 90 }); // every account costs its time
  browser = await startBrowser();
  voters = demoVoters(demo).filter(({ newcomer }) => !newcomer).map((voter) => ({ ...voter, own: voter.contests.split(" ; ") }));
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const withContests = (count) => voters.find(({ own }) => own.length === count);
const titles = async (page) => (await page.locator("[data-step=contests] [data-slot=contest_title]").allInnerTexts()).sort();

test("a voter of seven contests sees all of them, votes in two, and is shown what is left", async () => {
  const voter = withContests(7);
  const page = await newPage(browser);
  await signIn(demo, page, voter);
  await look(page, "academies-home");
  await page.getByRole("link", { name: /^Consulter mes scrutins/ }).click();
  await page.getByRole("heading", { level: 1, name: "Mes scrutins" }).waitFor();
  assert.deepEqual((await page.locator("main h2").allInnerTexts()).filter((title) => voter.own.includes(title)).sort(), [...voter.own].sort());
  await look(page, "academies-my-contests");
  await page.goto(`${demo.origin}/`);
  await enterVotingSpace(demo, page, voter.code);
  await page.getByText("Il vous reste 7 scrutins à voter sur 7.").waitFor();
  assert.deepEqual(await titles(page), [...voter.own].sort());
  await look(page, "academies-contests");
  await vote(page, MINISTRY, "Liste A, Horizon commun");
  await look(page, "academies-receipt");
  const next = (await page.getByRole("button", { name: /^Voter dans le scrutin suivant/ }).innerText()).replace(/^.*\s:\s/s, "");
  assert.ok(next !== MINISTRY && voter.own.includes(next), next);
  const second = voter.own.find((title) => title !== MINISTRY && title.includes("académie"));
  await page.locator("[data-step=receipt]").getByRole("button", { name: "Revenir à mes scrutins" }).press("Enter");
  await page.getByText("Il vous reste 6 scrutins à voter sur 7.").waitFor();
  await vote(page, second, "Vote blanc");
  await page.locator("[data-step=receipt]").getByRole("button", { name: "Revenir à mes scrutins" }).press("Enter");
  await page.getByText("Il vous reste 5 scrutins à voter sur 7.").waitFor();
  assert.equal(await page.locator("[data-step=contests] [data-state=voted]").count(), 2);
  await look(page, "academies-left");
  assert.equal(held(demo, voter).signOffs.length, 2);
  await closePage(page);
});

test("a voter of one contest sees it alone, and after it there is none left", async () => {
  const voter = withContests(1);
  const page = await newPage(browser, { width: 375 });
  await signIn(demo, page, voter);
  await enterVotingSpace(demo, page, voter.code);
  assert.deepEqual(await titles(page), [MINISTRY]);
  await vote(page, MINISTRY, "Liste B, École et territoires");
  assert.equal(await page.getByRole("button", { name: /^Voter dans le scrutin suivant/ }).count(), 0);
  await page.locator("[data-step=receipt]").getByRole("button", { name: "Revenir à mes scrutins" }).press("Enter");
  await page.getByText("Vous avez voté dans tous vos scrutins").waitFor();
  await closePage(page);
});
