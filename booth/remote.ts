// Calls from the page to the vault in its Worker. One message each way for a call, and messages of progress between them.
import { Refused } from "./refused.ts";
import type { Vault } from "./vault.ts";

export interface Request {
  id: number;
  method: string;
  args: unknown[];
}

export type Reply =
  | { id: number; progress: number }
  | { id: number; result: unknown }
  | { id: number; refused: string }
  | { id: number; failed: string };

type Remote<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
};
export type RemoteVault = Remote<Pick<Vault, "load" | "seal" | "recognise" | "check" | "forget" | "open" | "renew" | "reveal">>;

interface Waiting {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
  progress: ((done: number) => void) | undefined;
}

export function remote_vault(worker: Worker): RemoteVault {
  const waiting = new Map<number, Waiting>();
  let next_id = 0;
  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    const call = waiting.get(data.id);
    if (!call) return;
    if ("progress" in data) return call.progress?.(data.progress);
    waiting.delete(data.id);
    if ("result" in data) call.resolve(data.result as never);
    else call.reject("refused" in data ? new Refused(data.refused) : new Error(data.failed));
  };
  worker.onerror = (event) => {
    for (const { reject } of waiting.values()) reject(new Error(event.message));
    waiting.clear();
  };
  const call = (method: string, args: unknown[], progress?: (done: number) => void) =>
    new Promise<never>((resolve, reject) => {
      const id = next_id++;
      waiting.set(id, { resolve, reject, progress });
      worker.postMessage({ id, method, args } satisfies Request);
    });
  return {
    load: (...args) => call("load", args),
    open: (sign_in, progress) => call("open", [sign_in], progress),
    renew: (renewal, progress) => call("renew", [renewal], progress),
    reveal: () => call("reveal", []),
    seal: (...args) => call("seal", args),
    recognise: (...args) => call("recognise", args),
    check: (...args) => call("check", args),
    forget: () => call("forget", []),
  };
}
