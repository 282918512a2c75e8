// Runs booth/**/*.test.ts (each bundled first, since Node 20 does not read TypeScript), booth/*.test.mjs, scripts/*.test.mjs
// and dev/**/*.test.mjs with Node's own test runner, from the project's root: tests open their data as "tests/data/...".
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const output = join(root, "build/booth-test");
const names = readdirSync(join(root, "booth"), { recursive: true }).sort();
const bundled = names.filter((name) => name.endsWith(".test.ts"));

rmSync(output, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: bundled.map((name) => join("booth", name)),
  outdir: output,
  outbase: "booth",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  sourcemap: "inline",
  logLevel: "warning",
});

const files = [
  ...bundled.map((name) => join(output, name.replace(/\.ts$/, ".mjs"))),
  ...names.filter((name) => name.endsWith(".test.mjs")).map((name) => join(root, "booth", name)),
  ...["scripts", "dev"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).filter((name) => name.endsWith(".test.mjs")).map((name) => join(root, folder, name))),
];
const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=spec", ...files], {
  cwd: root,
  stdio: "inherit",
});
process.exit(run.status ?? 1);
