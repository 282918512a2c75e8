// A relay that does everything right, by another implementation (npm smtp-server): polite_smtp.mjs PORT OPTIONS. OPTIONS
// is JSON: its own, with `key` and `cert` as files, and `login` ("user:password", or none for anybody). What comes goes
// to standard output, one JSON object a line, before it answers; a mail as it was before dots were added.
import { readFileSync } from "node:fs";
import { SMTPServer } from "smtp-server";

const { login, key, cert, ...options } = JSON.parse(process.argv[3]);
const tell = (event) => process.stdout.write(JSON.stringify(event) + "\n");
const server = new SMTPServer({
  ...options,
  ...(key && { key: readFileSync(key), cert: readFileSync(cert) }),
  disableReverseLookup: true,
  authOptional: !login,
  onAuth({ username, password }, session, done) {
    tell({ login: username, secure: session.secure });
    done(`${username}:${password}` === login ? null : new Error("no such user"), { user: username });
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
