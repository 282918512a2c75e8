// What the organiser sees of messages: the page of the operator's listener behind `isoloir serve --channels`, after mails have
// left by a relay that is no part of it (npm smtp-server), and after a day of which the counts are written here.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { closePage, newPage, PROGRAM, startBrowser, startDemo } from "./harness.mjs";
import { look } from "./look.mjs";
import { freePort } from "./ports.mjs";
import { startRelay } from "./relay.mjs";
import { askByMail, demoVoters, setState, sqliteRows } from "./voter.mjs";

const TOKEN = "the operator's token of these pages";
let demo, browser, voters, relay, folder, port, witnesses = [];

async function until(condition, what) {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((next) => setTimeout(next, 100))) {
    if (condition()) return;
  }
  assert.fail(what);
}
async function operatorPage(query = "", more = {}) {
  const page = await newPage(browser, { hosts: [`127.0.0.1:${port}`], httpCredentials: { username: "operator", password: TOKEN }, ...more });
  await page.goto(`http://127.0.0.1:${port}/${query}`);
  return page;
}
const spaces = (text) => text.replace(/[\u00a0\u202f]/g, " ");
const cells = async (page, caption, name) => {
  const row = page.getByRole("table", { name: caption }).getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
  return (await row.getByRole("cell").allInnerTexts()).map((text) => spaces(text).replace(/\s+/g, " ").trim());
};

before(async () => {
  relay = await startRelay();
  port = await freePort();
  folder = mkdtempSync(join(tmpdir(), "isoloir-channels-"));
  writeFileSync(join(folder, "token"), TOKEN);
  writeFileSync(join(folder, "kannel"), "password-of-kannel");
  writeFileSync(join(folder, "channels.toml"), `
[mail]
workers = 1
[[mail.relay]]
name = "relay-1"
host = "127.0.0.1"
port = ${relay.port}
security = "none"
[sms]
workers = 1
report_minutes = 3
floor_percent = 50
[[sms.route]]
name = "route-a"
url = "http://127.0.0.1:9/cgi-bin/sendsms"
user = "isoloir"
password_file = "kannel"
smsc = "A"
reports = true
[operator]
address = "127.0.0.1"
port = ${port}
token_file = "token"
`);
  const keys = ["one.example", "two.example"].map((name) =>
    execFileSync(PROGRAM, ["witness", "key", name, "--out", join(folder, name)], { encoding: "utf8" }).trim().split("\n").at(-1));
  demo = await startDemo("education", { edit: (toml) => `${toml}\n[witnesses]\nkeys = ${JSON.stringify(keys)}\nthreshold = 1\n` });
  voters = demoVoters(demo);
  await demo.serve("--channels", join(folder, "channels.toml"));
  witnesses = ["one.example", "two.example"].map((name) => spawn(PROGRAM, ["witness", demo.origin, "--key", join(folder, name),
    "--state", join(folder, `seen-${name}`), "--first", "--every", "1"], { stdio: "ignore" }));
  browser = await startBrowser();
});
after(async () => {
  for (const witness of witnesses) witness.kill();
  await browser?.close();
  await demo?.stop();
  await relay?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const left = () => sqliteRows(demo, "SELECT status FROM message WHERE status IN ('accepted', 'failed') AND kind = 'reissue-link'").length;

test("with nothing wrong it says so", async () => {
  const page = await operatorPage();
  await page.getByText("Aucune alarme").waitFor();
  assert.deepEqual(await cells(page, "Par route", "route-a"), ["–", "", "0", "0", "0", "0", "0", "0", "0"]);
  for (const name of ["one.example", "two.example"]) {
    const cosigned = async () => cells(page, "Témoins du registre public", name);
    for (const end = Date.now() + 90_000; Date.now() < end && (await cosigned())[0] === "Aucune"; await page.waitForTimeout(200)) await page.reload();
    assert.match((await cosigned())[0], /^\S+ \d+\S* \S+ \d{4} à \d\dh\d\d$/);
  }
  await page.getByText("Aucune alarme").waitFor();
  await look(page, "operator-empty");
  await closePage(page);
});

test("what a relay took and refused, by the page and by the metrics; nobody's address", async () => {
  const voter = await newPage(browser);
  await askByMail(demo, voter, voters[0], "perso-0@example.org");
  await closePage(voter);
  const other = await newPage(browser);
  await askByMail(demo, other, voters[1], "nobody@example.org");
  await closePage(other);
  await until(() => left() >= 2, "both mails have come to an end");
  const [accepted, refused] = sqliteRows(demo, "SELECT SUM(status = 'accepted'), SUM(status = 'failed') FROM message WHERE channel = 'email'")[0].split("|");
  assert.equal(refused, "1");

  const page = await operatorPage("?lang=en");
  const percent = `${Math.floor((100 * accepted) / (Number(accepted) + 1))}% ${accepted} of ${Number(accepted) + 1}`;
  assert.deepEqual(await cells(page, "By relay", "relay-1"), [percent, "", accepted, "0", accepted, "0", "1", "0"]);
  assert.doesNotMatch(await page.content(), /perso-0|nobody@|example\.org/);
  await closePage(page);

  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { Authorization: `Basic ${btoa(`prometheus:${TOKEN}`)}` } })).text();
  assert.match(metrics, new RegExp(`^isoloir_message_outcomes_total\\{carrier="relay-1",channel="email",outcome="accepted"\\} ${accepted}$`, "m"));
  assert.match(metrics, /^isoloir_message_outcomes_total\{carrier="relay-1",channel="email",outcome="refused"\} 1$/m);
  assert.ok(Number(/^isoloir_http_requests_total\{lane="database"\} (\d+)$/m.exec(metrics)[1]) > 5, "the voters' server is counted");
  assert.doesNotMatch(metrics, /perso-0|nobody@|example\.org/);
});

test("a relay that is gone is an alarm until it is back", async () => {
  await relay.close();
  const voter = await newPage(browser);
  await askByMail(demo, voter, voters[2], "perso-2@example.org");
  await closePage(voter);
  const page = await operatorPage();
  const alarm = page.getByText(/relay-1 ne prend plus de messages depuis le/);
  for (const end = Date.now() + 30_000; Date.now() < end && !(await alarm.isVisible()); await page.waitForTimeout(200)) await page.reload();
  await page.getByText("Pas de réponse, ou pas de TLS.").waitFor();
  assert.match(await page.title(), /^\(1\) Acheminement des messages/);
  relay = await startRelay({ port: relay.port });
  await until(() => left() >= 3, "what waited has left");
  await page.reload();
  await page.getByText("Aucune alarme").waitFor();
  await closePage(page);
});

// As an operator might meet it: one day of the vote, of which only the counts are made up.
test("a busy day reads well, in both languages and at both widths, by keyboard, without colour", async () => {
  const slot = 600_000;
  const now = Math.floor(Date.now() / slot) * slot;
  const rows = [];
  const row = (ago, channel, carrier, place, accepted, delivered, failed, unreported, refused, postponed) =>
    rows.push(`(${now - ago * slot}, '${channel}', '${carrier}', '${place}', ${accepted}, ${delivered}, ${failed}, ${unreported}, ${refused}, ${postponed})`);
  for (let ago = 3; ago < 140; ++ago) {
    const many = Math.round(30 + 26 * Math.sin(ago / 22) + (ago * 7) % 11);
    row(ago, "sms", "route-a", "FR", many * 4, many * 4 - 5, 2, 2, 0, 0);
    if (ago % 3 === 0) row(ago, "sms", "route-a", "RE", 12, 10, 1, 1, 0, 0);
    if (ago % 9 === 0) row(ago, "sms", "route-a", "US/CA", 6, 5, 1, 0, 1, 0);
    row(ago, "email", "relay-1", "ac-toulouse.example", many * 9, 0, 1, 0, 1, ago % 5);
    row(ago, "email", "relay-1", "courriel.example", many * 3, 1, 0, 0, 0, 12);
    row(ago, "email", "relay-1", "", many, 0, 2, 0, 3, 1);
  }
  row(1, "sms", "route-a", "AR", 40, 4, 20, 12, 0, 0);
  row(0, "sms", "route-a", "FR", 80, 52, 1, 0, 0, 0);
  row(0, "email", "relay-1", "courriel.example", 30, 0, 0, 0, 0, 0);
  setState(demo, `INSERT INTO carriage (slot, channel, carrier, place, accepted, delivered, failed, unreported, refused, postponed) VALUES ${rows.join(",")}
    ON CONFLICT (slot, channel, carrier, place) DO NOTHING`);
  for (const query of ["?live=no", "?lang=en&live=no"]) {
    const page = await operatorPage(query);
    const told = spaces(await page.locator(".delivery__alarms").innerText());
    assert.match(told, query.includes("en") ? /Argentina: 11% delivered \(4 of 36\)/ : /Argentine : 11 % remis \(4 sur 36\)/);
    for (const details of await page.locator("details").all()) await details.evaluate((element) => (element.open = true));
    await look(page, "operator-busy");
    for (const details of await page.locator("details").all()) await details.evaluate((element) => (element.open = false));
    await look(page, "operator");
    await closePage(page);
  }

  const page = await operatorPage("?live=no", { width: 375, height: 900 });
  const wide = page.getByRole("region", { name: "SMS – Par pays" });
  await wide.focus();
  const before = await wide.evaluate((element) => element.scrollLeft);
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction((from) => document.activeElement.scrollLeft > from, before);
  await page.getByRole("link", { name: "7 jours" }).click();
  assert.equal(new URL(page.url()).search, "?lang=fr&since=week&live=no");
  await page.getByRole("link", { name: "English" }).click();
  await page.getByRole("heading", { name: "Delivery of messages" }).waitFor();
  await closePage(page);
});
