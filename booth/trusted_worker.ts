// The only script address that the page ever loads, through the only policy that its headers allow (Trusted Types).

const WORKER_ADDRESS = "/assets/worker.js";

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): {
    createScriptURL(url: string): string;
  };
}

export function start_worker(): Worker {
  const factory = (window as { trustedTypes?: TrustedTypes }).trustedTypes;
  const policy = factory?.createPolicy("isoloir", {
    createScriptURL(url) {
      if (url !== WORKER_ADDRESS) throw new TypeError(`not ours: ${url}`);
      return url;
    },
  });
  return new Worker(policy ? policy.createScriptURL(WORKER_ADDRESS) : WORKER_ADDRESS);
}
