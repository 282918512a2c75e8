// node verifier/agree.mjs FOLDER_OF_CASES: one line for each case on which this verifier disagrees, and 1 when there is any.
import { pathToFileURL } from "node:url";
import { bundleForNode } from "./bundle.mjs";

const [program] = await bundleForNode(["agree.ts"]);
const { main } = await import(pathToFileURL(program));
process.exitCode = await main(process.argv.slice(2));
