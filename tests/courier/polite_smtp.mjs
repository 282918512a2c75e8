// A relay that does everything right, by another implementation (npm smtp-server): polite_smtp.mjs PORT OPTIONS. OPTIONS
// is JSON: its own, with `key` and `cert` as files, and `login` ("user:password", or none for anybody). What comes goes
// to standard output, one JSON object a line, before it answers; a mail as it was before dots were added. Addresses that
// begin with gone-, full- and grey- are refused as their names say; the last at the first try alone. SIGTERM ends it between
// two events: what it has taken it has said.
import { readFileSync } from "node:fs";
import { SMTPServer } from "smtp-server";

const { login, key, cert, ...options } = JSON.parse(process.argv[3]);
const tell = (event) => process.stdout.write(JSON.stringify(event) + "\n");
const refused = (responseCode, words) => Object.assign(new Error(words), { responseCode });
const refusals = {
  gone: refused(550, "5.1.1 no such mailbox"), full: refused(452, "4.2.2 mailbox full"), grey: refused(451, "4.7.1 come back later"),
};
const seen = new Set();
process.on("SIGTERM", () => process.exit());
const server = new SMTPServer({
  ...options,
  ...(key && { key: readFileSync(key), cert: readFileSync(cert) }),
  disableReverseLookup: true,
  authOptional: !login,
  onAuth({ username, password }, session, done) {
    tell({ login: username, secure: session.secure });
    done(`${username}:${password}` === login ? null : new Error("no such user"), { user: username });
  },
  onRcptTo({ address }, session, done) {
    const kind = address.split("-")[0];
    const known = kind === "grey" && seen.has(address);
    seen.add(address);
    done(known ? null : refusals[kind]);
  },
  onData(stream, session, done) {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("end", () => {
      const { mailFrom, rcptTo } = session.envelope;
      tell({ session: session.id, hello: session.hostNameAppearsAs, from: mailFrom.address, to: rcptTo.map((r) => r.address),
             mail: Buffer.concat(chunks).toString("latin1") });
      done();
    });
  },
});
server.on("error", () => {});
server.listen(Number(process.argv[2]), "127.0.0.1");
