// A forward proxy that attacks: it stands between the browser and the program, as whoever has broken TLS, or a dishonest server, would. It
// forwards everything; what is hung on it changes requests, answers in the server's place, changes answers, sends them late or twice.
//
//   const proxy = await startProxy();
//   const page = await newPage(browser, { proxy: { server: proxy.server } });      the same addresses as without
//   proxy.asked("/api/ballot", ({ body }) => ({ body: … }) or ({ answer: {…} }));  nothing returned: as it came
//   proxy.answered("/api/receipt", (answer, { body }) => ({ …answer, … }));        bodies are read as JSON
//   proxy.honest();                                                                forwards everything again
//   await proxy.resend(proxy.seen("/api/ballot"), { ballot });                     with that voter's cookie and token
//   await proxy.stop();
import { createServer, request } from "node:http";
import { once } from "node:events";

export async function startProxy() {
  let asked = new Map();
  let answered = new Map();
  const seen = new Map(); // the last POST to each path

  const server = createServer(async (incoming, outgoing) => {
    try {
      const url = new URL(incoming.url);
      if (url.hostname !== "localhost") throw new Error(`not asked for by these tests: ${url}`);
      const post = incoming.method === "POST" && incoming.headers["content-type"] === "application/json";
      const sent = { url, method: incoming.method, headers: incoming.headers, bytes: await read(incoming) };
      if (post) seen.set(url.pathname, { ...sent, body: JSON.parse(sent.bytes) });
      const change = post ? await asked.get(url.pathname)?.(seen.get(url.pathname)) : undefined;
      if (change?.cut) return outgoing.destroy();
      if (change?.answer) return json(outgoing, change.answer);
      if (change?.body) sent.bytes = Buffer.from(JSON.stringify(change.body));
      const got = await forward(sent);
      const hook = post && got.status === 200 ? answered.get(url.pathname) : undefined;
      if (!hook) return outgoing.writeHead(got.status, got.headers).end(got.bytes);
      const answer = await hook(JSON.parse(got.bytes), seen.get(url.pathname));
      if (answer === null) return outgoing.destroy(); // the server has done it, and nobody hears of it
      return json(outgoing, answer);
    } catch (error) {
      outgoing.destroy(error);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    server: `http://127.0.0.1:${server.address().port}`,
    asked: (path, hook) => asked.set(path, hook),
    answered: (path, hook) => answered.set(path, hook),
    seen: (path) => seen.get(path),
    honest() {
      asked = new Map();
      answered = new Map();
    },
    async resend(post, body) {
      const { status, bytes } = await forward({ ...post, bytes: Buffer.from(JSON.stringify(body)) });
      return status === 200 ? JSON.parse(bytes) : { http: status };
    },
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const HOP_BY_HOP = ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "content-length", "accept-encoding"];

async function forward({ url, method, headers, bytes }) {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
  if (bytes.length > 0) kept["content-length"] = bytes.length;
  const outgoing = request(url, { method, headers: kept });
  outgoing.end(bytes);
  const [got] = await once(outgoing, "response");
  const answer = { status: got.statusCode, headers: { ...got.headers }, bytes: await read(got) };
  for (const name of ["connection", "keep-alive", "transfer-encoding"]) delete answer.headers[name];
  return answer;
}

function json(outgoing, answer) {
  outgoing.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" }).end(JSON.stringify(answer));
}
