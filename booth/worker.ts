// The Worker: the vault behind a message port. Calls are served one after the other.
import { Refused } from "./refused.ts";
import type { Reply, Request } from "./remote.ts";
import { Vault } from "./vault.ts";

const vault = new Vault();
const reply = (message: Reply) => self.postMessage(message);

type Arguments<M extends keyof Vault> = Vault[M] extends (...args: infer A) => unknown ? A : never;

const METHODS: Record<string, (args: unknown[], progress: (done: number) => void) => unknown> = {
  load: (args) => vault.load(...(args as Arguments<"load">)),
  open: ([sign_in], progress) => vault.open(sign_in as Arguments<"open">[0], progress),
  renew: ([renewal], progress) => vault.renew(renewal as Arguments<"renew">[0], progress),
  reveal: () => vault.reveal(),
  seal: (args) => vault.seal(...(args as Arguments<"seal">)),
  recognise: (args) => vault.recognise(...(args as Arguments<"recognise">)),
  check: (args) => vault.check(...(args as Arguments<"check">)),
  forget: () => vault.forget(),
};

async function serve({ id, method, args }: Request): Promise<void> {
  try {
    reply({ id, result: await METHODS[method]!(args, (progress) => reply({ id, progress })) });
  } catch (error) {
    if (error instanceof Refused) reply({ id, refused: error.code });
    else reply({ id, failed: String(error) });
  }
}

let last: Promise<void> = Promise.resolve();
self.onmessage = ({ data }: MessageEvent<Request>) => {
  last = last.then(() => serve(data));
};
