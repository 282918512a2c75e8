// The server's interface, as JSON over same-origin requests with the session's cookie.
import type { IdentifierAnswer } from "./identifier_recovery.ts";
import type { AccountAnswer } from "./account_link.ts";
import type { ContactAnswer } from "./contact_link.ts";
import type { PasswordAnswer } from "./password_link.ts";

export type CodeAnswer =
  | { status: "ok" }
  | { status: "captcha_wrong" | "page_old"; captchaId: string; nonce: string }
  | { status: "code_wrong"; triesLeft: number; captchaId: string; nonce: string }
  | { status: "code_invalidated" }
  | { status: "not_open" | "closed" | "no_contest" }
  | { status: "code_replaced"; at: string; triesLeft: number; captchaId: string; nonce: string };

/** To signing in with keys. Whatever is refused brings what the next try needs; the session may be a new one. */
export type KeyAnswer =
  | { status: "ok"; csrf: string; sessionEnds: number; voterName: string }
  | { status: "not_open" | "closed" }
  | ({ status: "captcha_wrong" | "page_old" | "refused" | "blocked" | "no_contest" } & NextTry)
  | ({ status: "delayed"; minutes: number } & NextTry)
  | ({ status: "replaced" | "withdrawn"; at: string } & NextTry);

export interface NextTry {
  captchaId: string;
  nonce: string;
  csrf: string;
  sessionBinding: string;
}

export interface ContestState {
  contest: number;
  district: number;
  state: "open" | "voted" | "suspended" | "closed" | "not_open";
  votedAt?: string;
}

export interface ContestList {
  contests: ContestState[];
  closesAt: number;
  now: number;
  /** The vote is closed, but who was inside may finish until then. */
  finishUntil?: string;
}

export type BallotAnswer =
  | { status: "recorded"; tracker: string }
  | { status: "already_voted" }
  | { status: "not_registered" }
  | { status: "refused"; code: string }
  | { status: "suspended" }
  | { status: "closed" }
  | Unconfirmed;

/** The code that validates the vote does not: nothing was recorded, the same ballot may be sent with another code. */
export interface Unconfirmed {
  status: "confirmation";
  why: "missing" | "none" | "wrong" | "expired" | "spent" | "older";
  triesLeft: number;
  waitMinutes: number; // until another code may be asked for
  another: string; // that moment, as it is shown
}

/** sent: a good one is on its way or there, until `until`; wait: none is, nor may be sent yet. */
export interface CodeOnItsWay {
  status: "sent" | "wait";
  by: "email" | "sms";
  destination: string; // masked
  fresh: boolean; // sent by this very request
  until?: string;
  untilMs?: number; // by the server's clock
  waitMinutes: number;
  another: string;
  message: string; // what became of it, as it is shown; empty: nothing to say
  firstDestination?: string; // masked; nothing shows that the code sent there arrived, this one went elsewhere
}

export type ConfirmationAnswer =
  | CodeOnItsWay
  | { status: "no_address" | "already_voted" | "not_registered" | "suspended" | "closed" }
  | { status: "refused"; code: string };

/**
 * held: in the box, but receipts can no longer be made, since the count is closed. pending with `witnesses`: in the log, and the
 * witnesses that a receipt needs have not signed yet.
 */
export type ReceiptAnswer =
  | { status: "ready"; receipt: string }
  | { status: "pending"; witnesses?: true }
  | { status: "held" }
  | { status: "unknown" };

/** What stands in the way of a reissue link; `at` as a text where the moment matters. */
export type LinkRefusal = {
  status:
    | "expired" | "used" | "outdated" | "superseded" | "elsewhere" | "unknown" | "no_link" | "no_cookie" | "shown" | "blocked"
    | "limit" | "closed" | "keys" | "refused";
  at?: string;
};

/** A link that this browser has opened; what new keys must be made for. */
export interface OpenedLink {
  status: "opened";
  handle: string;
  fingerprint: string;
  contests: number[];
  tokenHash: string;
  reference: string;
  /** The voter's name, where FranceConnect has confirmed it and no link was sent. */
  identifiedAs?: string;
}

/** Public keys and proofs, hex. */
export interface NewKeys {
  signInKey: string;
  signInProof: string;
  ballotKeys: { contest: number; key: string; proof: string }[];
}

export interface ReissueStatus {
  state: "none" | "sent" | "opened" | "issued" | "blocked";
  at: string;
  reference: string;
  /** What became of the message that carries the link, in words or "". */
  message: { text: string; failed: boolean };
}

/** What the vault makes of a code, for the page's nonce, with the captcha. */
export interface CodeProof {
  captcha: string;
  captchaId: string;
  key: string;
  proof: string;
  nonce: string;
}

/** 401: the session is over. */
export class SessionOver extends Error {}

/** Worth another try with the same bytes: no answer, or one that says so. */
export class TryAgain extends Error {
  readonly reason: "network" | "busy";
  readonly after_ms: number;

  constructor(reason: "network" | "busy", after_ms: number) {
    super(reason);
    this.reason = reason;
    this.after_ms = after_ms;
  }
}

const ANSWER_TIMEOUT_MS = 30_000;
const RETRY_AFTER_S_DEFAULT = 3;
const RETRY_AFTER_S_MAX = 60;

export class Api {
  csrf: string;
  private readonly fetch: typeof fetch;

  constructor(csrf: string, fetcher: typeof fetch = (...args) => fetch(...args)) {
    this.csrf = csrf;
    this.fetch = fetcher;
  }

  async manifest(url: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.request(url)).arrayBuffer());
  }

  voting_code(body: CodeProof): Promise<CodeAnswer> {
    return this.post("/api/voting-code", body);
  }

  sign_in(body: CodeProof & { identifier: string }): Promise<KeyAnswer> {
    return this.post("/api/sign-in", body);
  }

  contests(): Promise<ContestList> {
    return this.json("/api/contests", { headers: { "X-CSRF-Token": this.csrf } });
  }

  /** A code that validates the vote: a good one that was sent before, unless `another`. */
  confirmation(contest: number, another: boolean): Promise<ConfirmationAnswer> {
    return this.post("/api/confirmation", { contest, another });
  }

  /** What is known of the newest code; sends none. */
  confirmation_news(contest: number): Promise<ConfirmationAnswer> {
    return this.post("/api/confirmation/news", { contest });
  }

  /** `ballot`: base64. May be sent again: the same bytes get the same answer. `confirmation`: the code, where one is asked for. */
  ballot(ballot: string, confirmation?: string): Promise<BallotAnswer> {
    return this.post("/api/ballot", confirmation === undefined ? { ballot } : { ballot, confirmation });
  }

  /** `tracker`: hex. */
  receipt(tracker: string): Promise<ReceiptAnswer> {
    return this.post("/api/receipt", { tracker });
  }

  extend_session(): Promise<{ expiresAt: number }> {
    return this.post("/api/session/extend", {});
  }

  /**
   * Binds the link to this browser, by a cookie that the first answer sets before anything is spent: an answer that is lost may
   * be asked for again, in this tab or another. Until keys are sent, the link may be opened again in this browser.
   */
  async reissue_open(token: string): Promise<OpenedLink | LinkRefusal> {
    for (let tries = 0; tries < 2; tries++) {
      const answer = await this.post<OpenedLink | LinkRefusal | { status: "again" }>("/api/reissue/open", { token });
      if (answer.status !== "again") return answer;
    }
    return { status: "no_cookie" };
  }

  /** An account's link: likewise. Opened, it goes on in pages of the server's. */
  async account_open(token: string): Promise<AccountAnswer> {
    for (let tries = 0; tries < 2; tries++) {
      const answer = await this.post<AccountAnswer | { status: "again" }>("/api/account/open", { token });
      if (answer.status !== "again") return answer;
    }
    return { status: "no_cookie" };
  }

  /** The contact check's link; may be said again, and corrected. */
  contact(token: string, answer: "confirmed" | "not_mine"): Promise<ContactAnswer> {
    return this.post("/api/contact", { token, answer });
  }

  /** After a reload, when the token is gone: the flow that this browser holds. */
  reissue_resume(): Promise<OpenedLink | LinkRefusal> {
    return this.post("/api/reissue/resume", {});
  }

  /** May be sent again: the same keys get the same answer. */
  reissue_issue(keys: NewKeys): Promise<{ status: "issued"; reference: string; at: string } | LinkRefusal> {
    return this.post("/api/reissue/issue", keys);
  }

  /** The code is written down: this browser's flow is over. */
  reissue_noted(): Promise<object> {
    return this.post("/api/reissue/noted", {});
  }

  /** A link that has served says so: an answer that was lost loses nothing. */
  renew_password(body: { token: string; identifier: string; captcha: string; captchaId: string }): Promise<PasswordAnswer> {
    return this.post("/api/password-renewal", body);
  }

  recover_identifier(body: CodeProof & { number: string }): Promise<IdentifierAnswer> {
    return this.post("/api/identifier-recovery", body);
  }

  reissue_status(): Promise<ReissueStatus> {
    return this.json("/api/reissue/status");
  }

  private post<T>(path: string, body: object): Promise<T> {
    return this.json(path, {
      method: "POST", body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", "X-Requested-With": "isoloir", "X-CSRF-Token": this.csrf },
    });
  }

  private async json<T>(path: string, options?: RequestInit): Promise<T> {
    const response = await this.request(path, options);
    try {
      return (await response.json()) as T;
    } catch {
      throw new TryAgain("network", 0); // cut off on the way
    }
  }

  private async request(path: string, options: RequestInit = {}): Promise<Response> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), ANSWER_TIMEOUT_MS);
    let response: Response;
    try {
      response = await this.fetch(path, {
        credentials: "same-origin", cache: "no-store", redirect: "error", signal: abort.signal, ...options,
        headers: { "Accept-Language": page_language(), ...options.headers },
      });
    } catch {
      throw new TryAgain("network", 0);
    } finally {
      clearTimeout(timer);
    }
    if (response.status === 401) throw new SessionOver();
    // Only a 200 says what became of a ballot; anything else is asked again.
    if (!response.ok) throw new TryAgain("busy", retry_after_ms(response));
    return response;
  }
}

/** The language of the page that shows the answer: the cookie's may have been changed in another tab. */
function page_language(): string {
  return globalThis.document?.documentElement.lang ?? "fr"; // no document in unit tests
}

function retry_after_ms(response: Response): number {
  const seconds = Number(response.headers.get("Retry-After") ?? RETRY_AFTER_S_DEFAULT);
  return 1000 * (seconds >= 0 && seconds <= RETRY_AFTER_S_MAX ? seconds : RETRY_AFTER_S_DEFAULT);
}
