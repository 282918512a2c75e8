// Bundles what of the verifier runs in Node, since Node 20 does not read TypeScript. The libraries stay outside.
import { build } from "esbuild";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..");
export const output = join(root, "build/verifier");

export async function bundleForNode(sources, folder = output) {
  await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: sources,
    outdir: folder,
    outbase: ".",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    sourcemap: "inline",
    logLevel: "warning",
  });
  return sources.map((source) => join(folder, source.replace(/\.ts$/, ".mjs")));
}
