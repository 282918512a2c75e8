// build.mjs OUTPUT_FOLDER: makes what the browser receives, the same bytes from the same sources.
//   booth.js   from booth/main.ts      worker.js  from booth/worker.ts     (each when its source exists)
//   receipt_check.js and .css   from booth/receipt_check_page.ts and receipt_check.css: they stand in the page itself
//   portal.css govuk-frontend's compiled sheet without its fonts and crest, then styles/*.css in order of name
import { build } from "esbuild";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const output = process.argv[2];
if (!output) throw new Error("usage: build.mjs OUTPUT_FOLDER");
mkdirSync(output, { recursive: true });

const entries = { booth: "booth/main.ts", worker: "booth/worker.ts", receipt_check: "booth/receipt_check_page.ts" };
for (const [name, source] of Object.entries(entries)) {
  if (!existsSync(join(root, source))) continue;
  await build({
    absWorkingDir: root,
    entryPoints: [source],
    outfile: join(output, `${name}.js`),
    bundle: true,
    format: "iife",
    target: "es2020",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  });
}

await build({
  absWorkingDir: root,
  entryPoints: ["booth/receipt_check.css"],
  outfile: join(output, "receipt_check.css"),
  target: "es2020",
  minify: true,
  charset: "utf8",
  logLevel: "warning",
});

// The licence covers the code; the typeface and the crest are the British State's own.
const SYSTEM_FONTS = 'system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif';

function withoutForeignIdentity(css) {
  const stripped = css
    .replace(/@font-face\{[^}]*\}/g, "")
    .replaceAll("GDS Transport,arial,sans-serif", SYSTEM_FONTS)
    .replace(/[a-z-]+:url\([^)]*govuk-crest\.svg\);?/g, "");
  const left = stripped.match(/url\((?!["']?data:)[^)]*\)|GDS Transport|crest\.svg/);
  if (left) throw new Error(`govuk-frontend changed: "${left[0]}" is still in its style sheet`);
  return stripped;
}

const base = join(root, "node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.css");
const folder = join(root, "styles");
const own = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".css")).sort() : [];
writeFileSync(
  join(output, "portal.css"),
  [withoutForeignIdentity(readFileSync(base, "utf8").replace(/\/\*# sourceMappingURL=.*?\*\//, ""))]
    .concat(own.map((name) => readFileSync(join(folder, name), "utf8")))
    .join("\n"),
);
