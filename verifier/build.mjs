// Makes build/verifier/verify.html: the page with its script, its worker and its style in one file, which reaches no network and
// can be saved and opened from a disk.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { output } from "./bundle.mjs";

async function bundled(source, define = {}) {
  const { outputFiles } = await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: [source],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2020",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    define,
  });
  // Inside <script>, an end tag in a text would end the script.
  return outputFiles[0].text.trim().replaceAll("</script", "<\\/script");
}

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const page = (name) => readFileSync(join(import.meta.dirname, "page", name), "utf8");

const worker = await bundled("page/worker.ts");
const script = await bundled("page/page.ts", { WORKER_SOURCE: JSON.stringify(worker) });
const { outputFiles: [sheet] } = await build({ absWorkingDir: import.meta.dirname, entryPoints: ["page/page.css"], minify: true, write: false, logLevel: "warning" });
const style = sheet.text.trim();
const policy = [
  "default-src 'none'", `script-src ${hash(script)}`, `style-src ${hash(style)}`, "worker-src blob:", "img-src data:", "connect-src 'none'",
  "base-uri 'none'", "form-action 'none'",
].join("; ");
const parts = { POLICY: policy, STYLE: style, SCRIPT: script };
mkdirSync(output, { recursive: true });
writeFileSync(join(output, "verify.html"), page("page.html").replace(/%(POLICY|STYLE|SCRIPT)%/g, (_, part) => parts[part]));
