// Codes that arrive: `isoloir serve` with the operator's channels, its mails by a relay that is no part of it (npm
// smtp-server) and back, to the voter's screen.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { closePage, newPage, startBrowser, startDemo } from "./harness.mjs";
import { look } from "./look.mjs";
import { freePort } from "./ports.mjs";
import { startRelay } from "./relay.mjs";
import { askByMail, demoVoters, followLink, renew, sqliteRows, typeCode } from "./voter.mjs";

const TOKEN = "the operator's token of these journeys";
const mails = [];
let demo, browser, voters, relay, folder, operatorPort, awaited;

// What quoted-printable made of a text, back.
const plain = (mail) => Buffer.from(mail.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g,
  (_, hex) => String.fromCharCode(parseInt(hex, 16))), "latin1").toString("utf8");

async function mailTo(address) {
  for (;;) {
    const found = mails.find(({ to }) => to.includes(address));
    if (found) return found;
    await new Promise((resolve) => (awaited = resolve));
  }
}
const fateOf = (mail) => sqliteRows(demo, `SELECT status || ' ' || carrier || ' ' || reason FROM message WHERE id = x'${mail}'`)[0];
const idOf = ({ from }) => /\+([0-9a-f]{32})@/.exec(from)[1];

before(async () => {
  relay = await startRelay({ received: (mail) => {
    mails.push(mail);
    awaited?.();
  } });
  operatorPort = await freePort();
  folder = mkdtempSync(join(tmpdir(), "isoloir-channels-"));
  for (const sub of ["tmp", "new", "cur"]) mkdirSync(join(folder, "returned", sub), { recursive: true });
  writeFileSync(join(folder, "token"), TOKEN);
  writeFileSync(join(folder, "channels.toml"), `
[mail]
bounces = "bounces@vote.example.org"
maildir = "returned"
workers = 2
[[mail.relay]]
name = "relay-1"
host = "127.0.0.1"
port = ${relay.port}
security = "none"
[operator]
address = "127.0.0.1"
port = ${operatorPort}
token_file = "token"
`);
  demo = await startDemo();
  voters = demoVoters(demo);
  await demo.serve("--channels", join(folder, "channels.toml"));
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
  await relay?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test("a link by a real mail: one recipient, an envelope that names the message, a new code that votes", async () => {
  const page = await newPage(browser);
  await askByMail(demo, page, voters[0], "perso-0@example.org");
  const mail = await mailTo("perso-0@example.org");
  await page.getByText("Message parti le").waitFor();
  assert.deepEqual(mail.to, ["perso-0@example.org"], "38: one RCPT");
  assert.equal(mail.text.match(/^To: /gm).length, 1);
  assert.match(mail.from, /^bounces\+[0-9a-f]{32}@vote\.example\.org$/);
  assert.match(mail.text, /^Auto-Submitted: auto-generated\r$/m);
  const link = new RegExp(`${demo.origin}/r#[A-Za-z0-9_-]{43}`).exec(plain(mail.text))[0];
  await followLink(page, link);
  const code = await renew(page);
  await page.getByRole("button", { name: "J’ai noté mon code" }).press("Enter");
  await page.goto(`${demo.origin}/voting-space`);
  await typeCode(demo, page, code);
  await page.getByRole("heading", { name: "Mes scrutins" }).waitFor();
  assert.equal(fateOf(idOf(mail)), "accepted relay-1");
  await closePage(page);
});

test("an address that does not exist is known as such", async () => {
  const page = await newPage(browser);
  await askByMail(demo, page, voters[1], "nobody@example.org");
  const failed = () => sqliteRows(demo, "SELECT m.status || ' ' || m.reason FROM message m JOIN voter v ON v.id = m.voter WHERE " +
    `v.email = '${voters[1].email}' AND kind = 'reissue-link'`);
  for (const end = Date.now() + 20_000; Date.now() < end && !`${failed()}`.includes("failed"); ) await page.waitForTimeout(100);
  assert.deepEqual(failed(), ["failed unknown_recipient"]);
  await page.getByText("cette adresse n’existe pas").waitFor();
  await look(page, "reissue-failed");
  await page.getByRole("link", { name: "Faire une nouvelle demande" }).click();
  await page.getByRole("heading", { name: "Choix du réassort de votre code de vote" }).waitFor();
  await closePage(page);
});

test("a mail that comes back is read and removed", async () => {
  const page = await newPage(browser);
  await askByMail(demo, page, voters[2], "perso-2@example.org");
  const mail = await mailTo("perso-2@example.org");
  const id = idOf(mail);
  writeFileSync(join(folder, "returned", "new", "1.bounce"), [
    "Return-Path: <>", `Delivered-To: bounces+${id}@vote.example.org`, "From: Mail Delivery System <mailer-daemon@example.org>",
    "Subject: Undelivered", "MIME-Version: 1.0", "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "",
    "--b", "Content-Type: text/plain", "", "It could not be delivered.", "--b", "Content-Type: message/delivery-status", "",
    "Reporting-MTA: dns; example.org", "", "Final-Recipient: rfc822; perso-2@example.org", "Action: failed", "Status: 5.2.2", "",
    "--b--", "",
  ].join("\n"));
  for (const end = Date.now() + 30_000; Date.now() < end && fateOf(id) !== "failed relay-1 full"; ) await page.waitForTimeout(200);
  assert.equal(fateOf(id), "failed relay-1 full");
  await page.getByText("la boîte de réception est pleine").waitFor();
  const left = () => ["new", "cur"].flatMap((sub) => readdirSync(join(folder, "returned", sub)));
  for (const end = Date.now() + 5000; Date.now() < end && left().length > 0; ) await page.waitForTimeout(50);
  assert.deepEqual(left(), [], "it holds an address");
  await closePage(page);
});

test("who has not the operator's token sees nothing; a report that nobody asked for changes nothing", async () => {
  const at = (path, headers = {}) => fetch(`http://127.0.0.1:${operatorPort}${path}`, { headers });
  assert.equal((await at("/")).status, 401);
  assert.equal((await at("/", { Authorization: `Basic ${btoa("operator:wrong")}` })).status, 401);
  const before = sqliteRows(demo, "SELECT id, status FROM message");
  assert.equal((await at("/reports/sms?m=00&r=x&t=1&k=00")).status, 200, "else Kannel would ask again for ten minutes");
  assert.deepEqual(sqliteRows(demo, "SELECT id, status FROM message"), before);
  assert.doesNotMatch(demo.output(), /perso-|nobody@|bounces\+/, "61: no address in the server's output");
});
