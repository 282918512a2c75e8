// What goes wrong on the way to a new voting code, on a device in English: axe, width, targets, language at both widths, as
// reissue.test.mjs does in French. The walk goes by the marks of the views.
import { after, before, test } from "node:test";
import { closePage, newPage, startBrowser, startDemo } from "./harness.mjs";
import { look } from "./look.mjs";
import { demoVoters, fillCaptcha, forgetThrottles, receivedLink } from "./voter.mjs";

let demo, browser, voters;
let next_voter = 0;
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

async function device() {
  const page = await newPage(browser);
  await page.goto(`${demo.origin}/sign-in?lang=en`);
  return page;
}

async function signIn(page, voter) {
  await page.locator("#email").fill(voter.email);
  await page.locator("#password").fill(voter.password);
  await fillCaptcha(demo, page);
  await page.locator("main form button[type=submit]").click();
  await page.waitForURL(`${demo.origin}/`);
}

async function send(page, { answer, numen, email, phone }) {
  await page.locator("#answer").fill(answer);
  await page.locator("#identity").fill(numen);
  await page.locator(`[name=channel][value=${phone ? "sms" : "email"}]`).check();
  await page.locator(phone ? "#phone" : "#email").fill(phone ?? email);
  await page.locator("main form button[type=submit]").click();
}

async function askForLink(page, voter, more = {}) {
  forgetThrottles(demo);
  await page.goto(`${demo.origin}/reissue/question`);
  await send(page, { ...voter, email: mailbox(voter), ...more });
  await page.waitForURL(`${demo.origin}/reissue/sent`);
  return receivedLink(demo, page, more.phone ? "+33612345678" : mailbox(voter));
}

async function open(page, link) {
  await page.goto("about:blank");
  await page.goto(link);
  await page.locator("[data-action=continue]").click();
}

const step = (page, name) => page.locator(`[data-step=${name}] h1`).waitFor({ timeout: 30_000 });

async function signedIn() {
  const voter = voters[next_voter++];
  const page = await device();
  await signIn(page, voter);
  return { voter, page };
}

test("the form's errors", async () => {
  const { voter, page } = await signedIn();
  const email = mailbox(voter);
  forgetThrottles(demo);
  await page.goto(`${demo.origin}/reissue/question`);
  const refused = async (name, typed) => {
    if (typed) await send(page, { ...voter, email, ...typed });
    else await page.locator("main form button[type=submit]").click();
    await page.locator("[data-error-summary]").waitFor();
    await look(page, name);
  };
  await refused("reissue-question-empty");
  await refused("reissue-question-professional", { email: voter.email });
  await refused("reissue-question-telephone", { phone: "12" });
  await refused("reissue-question-wrong", { answer: "Trabant" });
  await refused("reissue-question-delayed", {});
  await closePage(page);
});

test("links that do not lead to a code", async () => {
  const { voter, page } = await signedIn();
  const first = await askForLink(page, voter);
  await look(page, "reissue-sent");
  const link = await askForLink(page, voter, { phone: "06 12 34 56 78" });
  await look(page, "reissue-sent-sms");
  await page.goto(`${demo.origin}/reissue`);
  await look(page, "reissue-choice-pending");
  const phone = await device();
  await open(phone, first);
  await step(phone, "error");
  await look(phone, "reissue-superseded");
  await open(page, link);
  await step(page, "warning");
  await open(phone, link);
  await step(phone, "error");
  await look(phone, "reissue-elsewhere");
  await phone.goto(`${demo.origin}/r`);
  await step(phone, "error");
  await look(phone, "reissue-no-link");
  await phone.goto(link.slice(0, -3));
  await step(phone, "error");
  await look(phone, "reissue-cut-link");
  await page.context().setOffline(true);
  await page.locator(".renew").click();
  await page.locator("[data-part=trouble]").waitFor({ timeout: 30_000 });
  await look(page, "reissue-offline");
  await page.context().setOffline(false);
  await step(page, "code");
  await page.goto(`${demo.origin}/`).catch(() => {}); // asked whether to leave: the harness says yes
  await page.goBack();
  await step(page, "error");
  await look(page, "reissue-shown-once");
  await open(phone, link);
  await step(phone, "error");
  await look(phone, "reissue-used");
  await closePage(phone);
  await closePage(page);
});

test("a code blocked, and its time over", async () => {
  const { voter, page } = await signedIn();
  const link = await askForLink(page, voter);
  await page.clock.install();
  await open(page, link);
  await step(page, "warning");
  await page.locator(".renew").click();
  await step(page, "code");
  await page.clock.fastForward(91_000);
  await look(page, "reissue-code-30s");
  await page.clock.fastForward(32_000);
  await step(page, "over");
  await look(page, "reissue-over");
  const cancel = await receivedLink(demo, page, voter.email);
  const owner = await device();
  for (const [name, address] of [["unknown", `${demo.origin}/reissue/cancel#${"A".repeat(43)}`], ["cancelled", cancel]]) {
    await owner.goto("about:blank");
    await owner.goto(address);
    await look(owner, `reissue-cancel-${name}-before`);
    await owner.locator("main button").first().click();
    await owner.waitForLoadState("networkidle");
    await look(owner, `reissue-cancel-${name}`);
  }
  await owner.goto(`${demo.origin}/reissue/cancel`);
  await look(owner, "reissue-cancel-no-link");
  for (const path of ["", "voting-space", "reissue"]) {
    await page.goto(`${demo.origin}/${path}`);
    await look(page, `blocked-${path || "home"}`);
  }
  await closePage(owner);
  await closePage(page);
});

test("a code invalidated by wrong tries, and the one way on", async () => {
  const { voter, page } = await signedIn();
  await page.goto(`${demo.origin}/voting-space`);
  for (let left = 4; left >= 0; left--) {
    await page.locator("#code").fill(voters.at(-1).code);
    await fillCaptcha(demo, page);
    await page.locator("[data-action=connect]").click();
    if (left > 0) await page.locator("#code-tries").getByText(String(left)).waitFor();
    else await page.locator("[data-form=code]").waitFor({ state: "hidden" });
  }
  for (const path of ["voting-space", "", "reissue"]) {
    await page.goto(`${demo.origin}/${path}`);
    await look(page, `invalidated-${path || "home"}`);
  }
  await closePage(page);
});
