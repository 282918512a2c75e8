import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

function built(t) {
  const folder = mkdtempSync(join(tmpdir(), "isoloir-build-"));
  t.after(() => rmSync(folder, { recursive: true }));
  execFileSync(process.execPath, ["booth/build.mjs", folder], { stdio: "pipe" });
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
}

// Anyone may rebuild what the voter's browser receives and compare.
test("the same sources give the same bytes", (t) => {
  assert.deepEqual(built(t), built(t));
});

test("each entry point that exists gives its bundle", (t) => {
  const expected = ["portal.css"];
  if (existsSync("booth/main.ts")) expected.push("booth.js");
  if (existsSync("booth/worker.ts")) expected.push("worker.js");
  expected.push("receipt_check.js", "receipt_check.css");
  assert.deepEqual(Object.keys(built(t)).sort(), expected.sort());
});

test("the style sheet keeps the base and ends with our own sheets in order of name", (t) => {
  const css = built(t)["portal.css"];
  assert.match(css, /\.govuk-button/);
  const own = existsSync("styles") ? readdirSync("styles").filter((n) => n.endsWith(".css")) : [];
  assert.ok(css.endsWith(own.sort().map((n) => readFileSync(join("styles", n), "utf8")).join("\n")));
});

// The strict policy forbids both, and would fail in the browser only, on the page that uses it.
test("no bundle evaluates text as code or loads from elsewhere", (t) => {
  for (const [name, code] of Object.entries(built(t))) {
    if (name.endsWith(".js")) assert.doesNotMatch(code, /\beval\(|new Function\(|\bimport\(/, name);
  }
});

// They stand within the page's own elements, which their own end tags would close.
test("what stands in a page itself ends no element of it", (t) => {
  const made = built(t);
  assert.doesNotMatch(made["receipt_check.js"], /<\/script|<!--/i);
  assert.doesNotMatch(made["receipt_check.css"], /<\/style|url\(|@import/i);
});
