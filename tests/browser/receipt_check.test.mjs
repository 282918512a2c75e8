// A voter checks her kept receipt: on the page that the portal serves, on the same page saved and opened from a disk, from another
// site and without a connection. What was altered, is of another election or of another log is refused in plain words.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { closePage, newPage, startBrowser, startDemo } from "./harness.mjs";
import { look } from "./look.mjs";
import { demoVoters, enterVotingSpace, signIn, vote } from "./voter.mjs";

const CONTESTS = ["Comité social d’administration ministériel", "Commission administrative paritaire nationale"];
const GOOD = "Votre bulletin est bien inscrit au registre public de l’urne";
const FAILED = "La vérification a échoué";
const folder = mkdtempSync(join(tmpdir(), "isoloir-receipt-"));
let demo, browser, kept, tracker, saved;

before(async () => {
  [demo, browser] = await Promise.all([startDemo(), startBrowser()]);
  const voter = demoVoters(demo).find(({ contests }) => CONTESTS.every((contest) => contests.includes(contest)));
  const page = await newPage(browser, { acceptDownloads: true });
  await signIn(demo, page, voter);
  await enterVotingSpace(demo, page, voter.code);
  tracker = await vote(page, CONTESTS[0], "Vote blanc");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Télécharger ma preuve de vote" }).press("Enter");
  const file = await download;
  kept = { name: file.suggestedFilename(), mimeType: "text/plain", buffer: readFileSync(await file.path()) };
  const link = page.locator("[data-step=receipt]").getByRole("link", { name: "Vérifier ma preuve de vote" });
  assert.equal(await link.getAttribute("href"), "/receipt-check");
  // The log goes on, so that today's is longer than the receipt's.
  await page.locator("[data-step=receipt]").getByRole("button", { name: "Revenir à mes scrutins" }).press("Enter");
  await vote(page, CONTESTS[1], "Vote blanc");
  await page.context().close();
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await browser?.close();
  await demo?.stop();
});

async function open(url, more = {}) {
  const page = await newPage(browser, { acceptDownloads: true, ...more });
  page.asked = [];
  page.on("request", (request) => page.asked.push(request.url()));
  await page.goto(url);
  return page;
}

async function check(page, file, verdict) {
  if (file) await page.getByLabel("Fichier de votre preuve de vote").setInputFiles(file);
  await page.getByRole("button", { name: "Vérifier ma preuve de vote" }).press("Enter");
  const heading = page.getByRole("heading", { name: verdict });
  await heading.waitFor();
  assert.ok(await heading.evaluate((element) => element === document.activeElement), "a screen reader goes on from the verdict");
  return page.locator("[data-list=steps] li").allInnerTexts();
}

const states = (steps) => steps.map((step) => step.slice(0, step.indexOf(":")).trim()).map((state) => state.replace("\u00a0", ""));
const altered = (change) => ({ ...kept, buffer: Buffer.from(change(kept.buffer.toString())) });

async function serve(answers) {
  const server = createServer((request, response) => {
    const body = answers[request.url];
    response.writeHead(body === undefined ? 404 : 200, {
      "Content-Type": request.url === "/" ? "text/html; charset=utf-8" : "application/octet-stream", "Access-Control-Allow-Origin": "*",
    }).end(body);
  }).listen(0, "localhost");
  await once(server, "listening");
  return { origin: `http://localhost:${server.address().port}`, stop: () => (server.closeAllConnections(), server.close()) };
}

test("served, on another device: in today's log; both languages, both widths; receipt and tracker go nowhere; the page is saved", async () => {
  const page = await open(`${demo.origin}/tracker`);
  await page.getByRole("link", { name: "Vérifier ma preuve de vote" }).click();
  await page.getByRole("heading", { name: "Vérifier ma preuve de vote" }).waitFor();
  await look(page, "receipt-check");
  await page.getByRole("button", { name: "Vérifier ma preuve de vote" }).press("Enter");
  await page.getByText("Choisissez le fichier de votre preuve de vote, ou collez son texte.").waitFor();
  const steps = await check(page, kept, GOOD);
  assert.deepEqual(states(steps), Array(5).fill("Vérifié"));
  assert.equal(await page.locator("[data-slot=tracker]").innerText(), tracker);
  assert.equal(await page.locator("[data-part=failed]").isVisible(), false);
  await look(page, "receipt-check-good");
  await page.getByRole("button", { name: "English" }).press("Enter");
  await page.getByRole("heading", { name: "Your ballot is in the public log of the ballot box" }).waitFor();
  assert.equal(await page.evaluate(() => [document.documentElement.lang, document.title].join()), "en,Check my receipt – Professional elections 2022");
  await look(page, "receipt-check-good");
  await page.getByRole("button", { name: "Français" }).press("Enter");
  await page.getByRole("heading", { name: GOOD }).waitFor();
  assert.ok(page.asked.every((url) => new URL(url).origin === demo.origin && !decodeURIComponent(url).replace(/[ +]/g, "").includes(tracker.replaceAll(" ", "").slice(0, 8))), page.asked.join("\n"));
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Enregistrer cette page" }).click();
  assert.equal((await download).suggestedFilename(), "verifier-ma-preuve-de-vote.html");
  saved = join(folder, "verifier-ma-preuve-de-vote.html");
  await (await download).saveAs(saved);
  await closePage(page);
});

test("saved, from a disk and from another site: the same; without a connection: authentic, and what is not checked is said", async () => {
  const other = await serve({ "/": readFileSync(saved) });
  for (const url of [pathToFileURL(saved).href, `${other.origin}/`]) {
    const page = await open(url);
    assert.deepEqual(states(await check(page, kept, GOOD)), Array(5).fill("Vérifié"), url);
    assert.equal(await page.getByRole("link", { name: "Enregistrer cette page" }).isVisible(), false);
    const manifest = (await (await fetch(`${demo.origin}/election/manifest.json`)).json());
    assert.match(await page.locator("dl").innerText(), new RegExp(manifest.log_origin.replace(/[.]/g, "\\.")));
    await page.context().setOffline(true);
    const steps = await check(page, undefined, "Votre preuve de vote est authentique, mais tout n’a pas pu être vérifié");
    assert.deepEqual(states(steps), ["Vérifié", "Vérifié", "Non vérifié", "Non vérifié", "Non vérifié"]);
    await look(page, `receipt-check-offline-${url.startsWith("file") ? "disk" : "site"}`);
    await closePage(page);
  }
  other.stop();
  // Anybody may read the public files from anywhere, and nothing else.
  for (const [path, allowed] of [["/election/manifest.json", "*"], ["/receipt-check", null], ["/tracker", null], ["/api/contests", null]]) {
    assert.equal((await fetch(demo.origin + path)).headers.get("access-control-allow-origin"), allowed, path);
  }
});

test("an altered receipt, another ballot's, another election's, none: said in words, with the evidence", async () => {
  const page = await open(`${demo.origin}/receipt-check`);
  const turned = altered((text) => text.replace(/^index (\d+)$/m, (_, index) => `index ${index ^ 1}`));
  assert.equal(states(await check(page, turned, FAILED))[0], "Échec");
  await page.getByText("la preuve de vote a été modifiée, ou n’est pas signée").waitFor();
  await page.getByText("Prévenez le bureau de vote ou l’assistance").waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Enregistrer le constat" }).press("Enter");
  const evidence = JSON.parse(readFileSync(await (await download).path(), "utf8"));
  assert.deepEqual([evidence.outcome, evidence.receipt, evidence.steps[0].code], ["failed", turned.buffer.toString(), "inclusion"]);
  assert.match(evidence.checkpoint, /\/log/);
  await look(page, "receipt-check-failed");

  const name = kept.name.replace(/-[0-9A-Z]{52}/, (whole) => whole.replace(/.$/, (last) => (last === "0" ? "G" : "0")));
  const steps = await check(page, { ...kept, name: name === kept.name ? "x" : name }, FAILED);
  assert.deepEqual(states(steps).slice(0, 2), ["Vérifié", "Échec"]);
  await check(page, altered((text) => text.replace(/\n\n.+\n/, "\n\nother.example/log\n")), "Cette preuve de vote est d’une autre élection");
  await check(page, altered((text) => text.slice(0, 80)), "Ceci n’est pas une preuve de vote");
  await check(page, { name: "photo.png", mimeType: "image/png", buffer: Buffer.alloc(100) }, "Ceci n’est pas une preuve de vote");
  await check(page, kept, GOOD);
  await closePage(page);
});

test("pasted text, a tracker alone, its QR code's photograph; a checkpoint got elsewhere", async () => {
  const page = await newPage(browser);
  // What Chromium without a window lacks; it reads the code, not the pixels, for us.
  const address = `${demo.origin}/suivi#${tracker.replaceAll(" ", "")}`;
  await page.addInitScript((rawValue) => {
    window.BarcodeDetector = class {
      async detect(image) {
        return image.width > 100 ? [{ rawValue }] : [];
      }
    };
  }, address);
  await page.goto(`${demo.origin}/receipt-check`);
  await page.getByText("Je n’ai pas le fichier").press("Enter");
  const text = page.getByLabel("Texte de la preuve de vote, ou numéro de suivi");
  await text.fill(kept.buffer.toString().replaceAll("\n", "\r\n"));
  await check(page, undefined, GOOD);
  await text.fill(`${tracker.slice(0, -1)}`);
  await page.getByRole("button", { name: "Vérifier ma preuve de vote" }).press("Enter");
  await page.getByText("Ce texte n’est ni une preuve de vote, ni un numéro de suivi complet").waitFor();
  await text.fill(tracker.toLowerCase());
  await check(page, undefined, "Le numéro de suivi seul ne suffit pas");
  const link = page.getByRole("link", { name: "Demander au portail si un bulletin porte ce numéro" });
  assert.equal(await link.getAttribute("href"), `${demo.origin}/tracker#${tracker.replaceAll(" ", "")}`);
  await look(page, "receipt-check-tracker");
  await text.fill("");
  const photo = page.getByLabel("Photo du code QR de la preuve de vote imprimée");
  await photo.setInputFiles({ name: "photo.png", mimeType: "image/png", buffer: await page.screenshot() });
  await check(page, undefined, "Le numéro de suivi seul ne suffit pas");
  assert.deepEqual(states(await check(page, { ...kept, name: "renamed" }, GOOD)).slice(0, 2), ["Vérifié", "Vérifié"]);

  await page.getByText("Comparer avec un point de contrôle obtenu ailleurs").press("Enter");
  const elsewhere = page.getByLabel("Point de contrôle", { exact: true });
  const logUrl = await page.locator("#receipt-check").getAttribute("data-log-url");
  const today = await (await fetch(`${logUrl}/checkpoint`)).text();
  for (const note of [today, kept.buffer.toString().split("\n\n").slice(1).join("\n\n")]) {
    await elsewhere.fill(note);
    assert.equal(states(await check(page, undefined, GOOD)).length, 6);
  }
  await elsewhere.fill(today.replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) + 1}\n`));
  assert.deepEqual(states(await check(page, undefined, FAILED)).at(-1), "Échec");
  await page.getByText("le point de contrôle obtenu ailleurs ne s’accorde pas avec ce registre").waitFor();
  await closePage(page);
});

test("a log that was cut back, other tiles, and another tree signed by the very same key: refused", async () => {
  const page = await open(`${demo.origin}/receipt-check`);
  const [before] = kept.buffer.toString().split("\n\n").slice(1);
  assert.ok(before);
  await page.route("**/tile/**", async (route) => {
    const body = Buffer.from(await (await route.fetch()).body());
    body[body.length - 1] ^= 1;
    return route.fulfill({ body });
  });
  const steps = await check(page, kept, FAILED);
  assert.deepEqual(states(steps).slice(0, 3), ["Vérifié", "Vérifié", "Vérifié"]);
  assert.ok(states(steps).slice(3).includes("Échec"), steps.join("\n"));
  await closePage(page);

  // A dishonest log: it signs one tree for the receipt, another for everybody else.
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const hash = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
  const node = (left, right) => hash(Buffer.of(1), left, right);
  const leaf = (entry) => hash(Buffer.of(0), entry);
  const origin = "forked.example/log";
  const signed = (size, root) => {
    const text = `${origin}\n${size}\n${root.toString("base64")}\n`;
    const id = hash(Buffer.from(`${origin}\n`), Buffer.of(1), key).subarray(0, 4);
    return `${text}\n\u2014 ${origin} ${Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]).toString("base64")}\n`;
  };
  const entry = Buffer.concat([Buffer.of(1), Buffer.alloc(32, 7), Buffer.alloc(32, 9)]);
  const [hers, other, pad, more] = [leaf(entry), leaf(Buffer.of(2)), leaf(Buffer.of(3)), leaf(Buffer.of(4))];
  const receipt = `c2sp.org/tlog-proof@v1\nextra ${entry.toString("base64")}\nindex 0\n${other.toString("base64")}\n\n${signed(2, node(hers, other))}`;
  const file = { name: "preuve.tlog-proof", mimeType: "text/plain", buffer: Buffer.from(receipt) };
  const tree = (first) => ({ note: signed(4, node(node(first, other), node(pad, more))), tile: Buffer.concat([first, other, pad, more]) });
  const answers = {};
  const log = await serve(answers);
  const policy = readFileSync(saved, "utf8").replaceAll(`connect-src ${demo.origin}`, `connect-src ${log.origin}`);
  answers["/"] = policy.replaceAll(/data-log-url="[^"]*"/g, `data-log-url="${log.origin}/log"`)
    .replaceAll(/data-log-origin="[^"]*"/g, `data-log-origin="${origin}"`).replaceAll(/data-log-key="[^"]*"/g, `data-log-key="${key.toString("hex")}"`);
  for (const [first, verdict, expected] of [[hers, GOOD, "Vérifié"], [pad, FAILED, "Échec"]]) {
    ({ note: answers["/log/checkpoint"], tile: answers["/log/tile/0/000.p/4"] } = tree(first));
    const there = await open(log.origin);
    assert.deepEqual(states(await check(there, file, verdict)), ["Vérifié", "Vérifié", expected, expected]);
    if (verdict === FAILED) await there.getByText("le registre d’aujourd’hui ne continue pas celui de votre preuve de vote").waitFor();
    await closePage(there);
  }
  answers["/log/checkpoint"] = signed(1, hers);
  const there = await open(log.origin);
  assert.deepEqual(states(await check(there, file, FAILED)), ["Vérifié", "Vérifié", "Échec", "Vérifié"]);
  await closePage(there);
  log.stop();
});

test("the page serves who has no script with words, and lets nothing run but its own script", async () => {
  const page = await newPage(browser, { javaScriptEnabled: false });
  const answer = await page.goto(`${demo.origin}/receipt-check`);
  assert.match(await page.locator("noscript").innerText(), /activez JavaScript pour l’utiliser/);
  const header = answer.headers()["content-security-policy"];
  const meta = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(await answer.text())[1];
  assert.equal(header, `${meta}; frame-ancestors 'none'`);
  assert.match(meta, /^default-src 'none'; script-src 'sha256-[^ ;]+'; style-src 'sha256-[^ ;]+'; connect-src http:\/\/localhost:\d+;/);
  // The script is the very one that was sealed with the election.
  const sealed = (await (await fetch(`${demo.origin}/election/manifest.json`)).json()).assets.find(({ path }) => path === "/assets/receipt_check.js");
  assert.equal(Buffer.from(/script-src 'sha256-([^']+)'/.exec(meta)[1], "base64").toString("hex"), sealed.sha256);
  await closePage(page);
});
