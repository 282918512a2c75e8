// The stand-in by itself, for the demonstration:
//   FRANCECONNECT_SECRET=… scripts/node dev/franceconnect/main.mjs --port 9300 --client-id ID --redirect-uri URI --post-logout-uri URI
// The client's secret comes from the environment or from --secret-file, never from the command line, which others can read.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { startProvider } from "./provider.mjs";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "9300" },
    host: { type: "string", default: "127.0.0.1" },
    "client-id": { type: "string" },
    "client-name": { type: "string" },
    "client-keys": { type: "string" },
    "secret-file": { type: "string" },
    "redirect-uri": { type: "string", multiple: true },
    "post-logout-uri": { type: "string", multiple: true, default: [] },
    plus: { type: "boolean", default: false },
  },
});
const secret = (values["secret-file"] ? readFileSync(values["secret-file"], "utf8") : (process.env.FRANCECONNECT_SECRET ?? "")).trim();

function stop(why) {
  console.error(`franceconnect: ${why}`);
  process.exit(2);
}
if (!values["client-id"] || !values["redirect-uri"]) stop("--client-id and --redirect-uri are needed");
if (!secret) stop("no client secret: set FRANCECONNECT_SECRET or --secret-file");
if (values.plus && !values["client-keys"]) stop("--plus needs --client-keys, a file with the client's public key set");

const provider = await startProvider({
  port: Number(values.port),
  host: values.host,
  plus: values.plus,
  clients: [{
    client_id: values["client-id"],
    client_name: values["client-name"],
    client_secret: secret,
    redirect_uris: values["redirect-uri"],
    post_logout_redirect_uris: values["post-logout-uri"],
    ...(values["client-keys"] && { jwks: JSON.parse(readFileSync(values["client-keys"], "utf8")) }),
  }],
});
console.log(`FranceConnect (démonstration, aucune identité réelle) : ${provider.issuer}`);

for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => provider.stop());
