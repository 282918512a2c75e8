// A relay that does as it is told: faulty_smtp.mjs PORT RULES. RULES is JSON, [{"at": STEP, ...}]: where a rule's step
// comes, on the connection and for the mail of that connection (both from 1) that it names, or all, it says `say`, or
// what is right if there is none, `after_ms` if need be; then it hangs up if `drop`. `silent` says nothing, `endless` begins a line that has
// no end. Steps: greeting, the commands' names, content (as soon as there is some), and "." (the mail is complete).
// Everything it hears goes to standard output, one JSON object a line, before it answers.
import { createServer } from "node:net";

const [port, rules] = [Number(process.argv[2]), JSON.parse(process.argv[3])];
const right = {
  greeting: "220 faulty.test\r\n", EHLO: "250-faulty.test\r\n250 8BITMIME\r\n", DATA: "354 go on\r\n", QUIT: "221 bye\r\n",
};
const tell = (event) => process.stdout.write(JSON.stringify(event) + "\n");
let connections = 0;

createServer((socket) => {
  const connection = ++connections;
  let mail = 1;
  let content = null;
  let received = "";
  tell({ connection, open: true });
  socket.on("error", () => {});

  const answer = (at) => {
    const rule = rules.find((r) => r.at === at && (r.connection ?? connection) === connection && (r.mail ?? mail) === mail);
    if (rule?.endless) {
      const more = () => socket.destroyed || socket.write("x".repeat(65536), more);
      socket.write("250 ", more);
      return;
    }
    if (rule?.after_ms) return void setTimeout(() => socket.write(right[at] ?? "250 ok\r\n"), rule.after_ms);
    if (!rule?.silent && !(rule?.drop && rule.say === undefined)) socket.write(rule?.say ?? right[at] ?? "250 ok\r\n", "latin1");
    if (rule?.drop) socket.end(() => socket.destroy());
    if (rule?.say === undefined && at === "DATA") content = "";
  };
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
    if (content !== null && rules.some((r) => r.at === "content")) return socket.resetAndDestroy();
    for (let end; (end = received.indexOf("\r\n")) >= 0;) {
      const line = received.slice(0, end);
      received = received.slice(end + 2);
      if (content === null) {
        tell({ connection, line });
        answer(line.split(" ")[0]);
      } else if (line === ".") {
        tell({ connection, mail: content });
        content = null;
        answer(".");
        ++mail;
      } else {
        content += line + "\r\n";
      }
    }
  });
  answer("greeting");
}).listen(port, "127.0.0.1");
