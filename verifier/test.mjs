// Runs verifier/**/*.test.ts with Node's own test runner, from the project's root: tests open their data as "tests/data/...".
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bundleForNode, output, root } from "./bundle.mjs";

const folder = join(output, "test");
const names = readdirSync(import.meta.dirname, { recursive: true }).filter((name) => name.endsWith(".test.ts")).sort();
rmSync(folder, { recursive: true, force: true });
const files = await bundleForNode(names, folder);
const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=spec", ...files], { cwd: root, stdio: "inherit" });
process.exit(run.status ?? 1);
