// npm run verify -- EXPORT [--fingerprint F] [--checkpoint FILE] [--receipts DIR]: see command.ts.
import { pathToFileURL } from "node:url";
import { bundleForNode } from "./bundle.mjs";

const [command] = await bundleForNode(["command.ts"]);
const { main } = await import(pathToFileURL(command));
process.exitCode = await main(process.argv.slice(2));
