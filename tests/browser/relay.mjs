// A relay for mail that is no part of isoloir (npm smtp-server).
import { SMTPServer } from "smtp-server";
import { freePort } from "./ports.mjs";

/** Takes every mail but those to nobody@…; `received` is given each: from, to (addresses of the envelope), text. */
export async function startRelay({ port, received = () => {} } = {}) {
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    closeTimeout: 100,
    onRcptTo({ address }, session, done) {
      done(address.startsWith("nobody") ? Object.assign(new Error("5.1.1 no such mailbox"), { responseCode: 550 }) : null);
    },
    onData(stream, { envelope }, done) {
      const chunks = [];
      stream.on("data", (chunk) => chunks.push(chunk));
      stream.on("end", () => {
        received({ from: envelope.mailFrom.address, to: envelope.rcptTo.map((to) => to.address),
                   text: Buffer.concat(chunks).toString("latin1") });
        done();
      });
    },
  });
  port ??= await freePort();
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () =>
    resolve({ port: server.server.address().port, close: () => new Promise((end) => server.close(end)) })));
}
