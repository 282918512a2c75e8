// Ports of loopback that one test may take, give up and take again.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const taken = (...where) => new Promise((resolve) => {
  const server = createServer().on("error", () => resolve(null)).listen(...where, () => resolve(server.unref()));
});

/**
 * A port that nobody listens on, below those that the kernel gives to connections, and this process's to its end: the holder of
 * a Unix socket named after it, which the kernel takes back by itself (as in tests/courier/peer.hpp).
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(12_000, 32_000);
    const tried = await taken(port, "127.0.0.1");
    if (!tried) continue;
    await new Promise((resolve) => tried.close(resolve));
    if (await taken(`\0isoloir-test-port-${port}`)) return port;
  }
}
