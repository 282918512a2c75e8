// node browser_ballot.mjs [OPTIONS]: how long a voter's browser works on a ballot of so many options (11), in headless Chromium and
// with the code of booth/, in a Worker as the voter's does: making it, and then what vault.ts does before it leaves, verifying and
// opening it. Medians of 30 ballots after a few that let the browser compile; the first ballot of all stands apart, as that is
// the one a voter makes. Wall-clock time: run it on a quiet machine.
import { build } from "esbuild";
import { closePage, newPage, root, startBrowser } from "../tests/browser/harness.mjs";

const options = Number(process.argv[2] ?? 11);
const MEASURED = 30;
const COMPILING = 5;
const TABLE_WIDTH = 4;

const worker = `
import { opened_choice, seal_ballot, verify_ballot } from "./booth/ballot.ts";
import { system_random } from "./booth/bytes.ts";
import { decode_point, GENERATOR, multiply, random_scalar } from "./booth/group.ts";
import { nonces_from } from "./booth/schnorr.ts";
import { Transcript } from "./booth/transcript.ts";

self.onmessage = ({ data: { options, count, width } }) => {
  const fingerprint = new Uint8Array(32).fill(2);
  const transcript = new Transcript(new Uint8Array(16).fill(1), fingerprint);
  const nonces = nonces_from(system_random, transcript);
  const key = random_scalar(system_random);
  const election_key = decode_point(multiply(GENERATOR, random_scalar(system_random)).toBytes());
  election_key.precompute(width, false); // as vault.ts
  const place = { transcript, fingerprint, contest: 0, district: 0, election_key, options };
  const times = [];
  for (let i = 0; i < count; ++i) {
    const start = performance.now();
    const sealed = seal_ballot(place, key, i % options, nonces);
    const made = performance.now();
    verify_ballot(place, sealed.ballot);
    if (opened_choice(place, sealed) !== i % options) throw new Error("opens to another choice");
    times.push([made - start, performance.now() - made]);
  }
  self.postMessage(times);
};`;

const bundle = await build({
  absWorkingDir: root,
  stdin: { contents: worker, resolveDir: root, loader: "ts" },
  bundle: true,
  write: false,
  format: "iife",
  target: "es2020",
  minify: true, // as booth/build.mjs
});

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

const browser = await startBrowser();
try {
  const page = await newPage(browser);
  await page.route("http://localhost/**", (route) =>
    new URL(route.request().url()).pathname === "/worker.js"
      ? route.fulfill({ contentType: "text/javascript", body: bundle.outputFiles[0].text })
      : route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Ballots</title>" }));
  await page.goto("http://localhost/");
  const times = await page.evaluate(
    (task) =>
      new Promise((resolve, reject) => {
        const worker = new Worker("/worker.js");
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(task);
      }),
    { options, count: COMPILING + MEASURED, width: TABLE_WIDTH },
  );
  const measured = times.slice(COMPILING);
  const line = (name, at) =>
    console.log(`${name.padEnd(34)} ${median(measured.map((t) => t[at])).toFixed(1).padStart(8)} ms` +
      `   the first ${times[0][at].toFixed(1)} ms`);
  console.log(`A ballot of ${options} options in Chromium ${browser.version()}, median of ${MEASURED}`);
  line("making it", 0);
  line("verifying and opening it", 1);
  await closePage(page);
} finally {
  await browser.close();
}
