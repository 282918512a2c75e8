// From a validated choice to a receipt that has been checked: seal, keep, send until answered, ask for the receipt until it is
// there, check it. One cast for each contest, whatever is clicked twice; the same bytes, however often they are sent.
import { type Api, type BallotAnswer, type ContestState, TryAgain } from "./api.ts";
import type { KeptBallots } from "./kept_ballots.ts";
import { Refused } from "./refused.ts";
import type { RemoteVault } from "./remote.ts";
import type { Vote } from "./vault.ts";

/** `proof`: the ballot is recorded but its receipt is no proof; `self_check`: nothing was sent. */
export type Failure = Exclude<BallotAnswer["status"], "recorded"> | "proof" | "self_check";

export interface Cast {
  readonly contest: number;
  /** pending: recorded, the receipt takes its time; done: the receipt has been checked. */
  phase: "seal" | "send" | "check" | "pending" | "done" | "failed";
  /** Why there is no answer yet. */
  trouble?: "network" | "busy" | undefined;
  tracker?: string; // hex
  receipt?: { text: string; index: number };
  failure?: Failure;
  /** Sent again after a reload. */
  resent?: boolean;
}

const SEND_DELAYS_MS = [1000, 2000, 4000, 8000, 15000];
const RECEIPT_DELAYS_MS = [400, 800, 1600, 3200, 4000]; // 10 s, then the page says that the proof will come
const PENDING_DELAY_MS = 5000;

export interface Surroundings {
  api: Pick<Api, "ballot" | "receipt">;
  vault: Pick<RemoteVault, "seal" | "recognise" | "check">;
  kept: KeptBallots;
  /** Resolves after the time, or sooner when the network is back or the voter asks. */
  wait: (ms: number) => Promise<void>;
  changed: (cast: Cast) => void;
}

export class Casting {
  private readonly casts = new Map<number, Cast>();
  private readonly around: Surroundings;

  constructor(around: Surroundings) {
    this.around = around;
  }

  of(contest: number): Cast | undefined {
    return this.casts.get(contest);
  }

  /** A second call while the first is under way, or after it went well, does nothing. Throws SessionOver. */
  async cast(vote: Vote): Promise<void> {
    const before = this.casts.get(vote.contest);
    if (before && before.phase !== "failed") return;
    const cast = this.begin(vote.contest, "seal");
    let ballot: string;
    try {
      ({ ballot, tracker: cast.tracker } = await this.around.vault.seal(vote));
    } catch {
      return this.fail(cast, "self_check");
    }
    this.around.kept.keep(vote.contest, ballot);
    await this.send(cast, ballot);
  }

  /** After a reload: takes up what was kept. Throws SessionOver. */
  async resume(state: ContestState): Promise<void> {
    const { contest } = state;
    const ballot = this.around.kept.kept(contest);
    if (ballot === null || this.casts.has(contest)) return;
    let tracker: string;
    try {
      tracker = await this.around.vault.recognise(contest, ballot);
    } catch {
      return this.around.kept.erase(contest); // another voter's, election's or code's
    }
    if (state.state !== "open" && state.state !== "voted") return;
    const cast = this.begin(contest, state.state === "open" ? "send" : "check");
    cast.tracker = tracker;
    cast.resent = true;
    if (state.state === "open") return this.send(cast, ballot);
    await this.receive(cast, () => {
      // The recorded ballot is another one, cast elsewhere: this one never arrived.
      this.around.kept.erase(contest);
      this.fail(cast, "already_voted");
    });
  }

  private begin(contest: number, phase: Cast["phase"]): Cast {
    const cast: Cast = { contest, phase };
    this.casts.set(contest, cast);
    this.around.changed(cast);
    return cast;
  }

  private async send(cast: Cast, ballot: string): Promise<void> {
    this.enter(cast, "send");
    const answer = await this.until_answered(cast, () => this.around.api.ballot(ballot));
    if (answer.status !== "recorded") {
      this.around.kept.erase(cast.contest);
      return this.fail(cast, answer.status);
    }
    if (answer.tracker !== cast.tracker) return this.fail(cast, "proof");
    this.enter(cast, "check");
    await this.receive(cast, () => this.fail(cast, "proof"));
  }

  private async receive(cast: Cast, unknown: () => void): Promise<void> {
    for (let round = 0; ; round++) {
      const answer = await this.until_answered(cast, () => this.around.api.receipt(cast.tracker!));
      if (answer.status === "unknown") return unknown();
      if (answer.status === "ready") return this.accept(cast, answer.receipt);
      const delay = RECEIPT_DELAYS_MS[round];
      if (delay === undefined && cast.phase === "check") this.enter(cast, "pending");
      await this.around.wait(delay ?? PENDING_DELAY_MS);
    }
  }

  private async accept(cast: Cast, text: string): Promise<void> {
    try {
      cast.receipt = { text, index: await this.around.vault.check(text, cast.tracker!) };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return this.fail(cast, "proof");
    }
    this.around.kept.erase(cast.contest);
    this.enter(cast, "done");
  }

  private async until_answered<T>(cast: Cast, ask: () => Promise<T>): Promise<T> {
    for (let round = 0; ; round++) {
      try {
        const answer = await ask();
        cast.trouble = undefined;
        return answer;
      } catch (error) {
        if (!(error instanceof TryAgain)) throw error;
        cast.trouble = error.reason;
        this.around.changed(cast);
        await this.around.wait(error.after_ms || SEND_DELAYS_MS[Math.min(round, SEND_DELAYS_MS.length - 1)]!);
      }
    }
  }

  private enter(cast: Cast, phase: Cast["phase"]): void {
    cast.phase = phase;
    cast.trouble = undefined;
    this.around.changed(cast);
  }

  private fail(cast: Cast, failure: Failure): void {
    cast.failure = failure;
    this.enter(cast, "failed");
  }
}
