// From a validated choice to a receipt that has been checked: seal, keep, send until answered, ask for the receipt until it is
// there, check it; where policy asks for a code that validates the vote, the sealed ballot waits for it before it is sent. One
// cast for each contest, whatever is clicked twice; the same bytes, however often they are sent.
import {
  type Api, type BallotAnswer, type ContestState, type ReceiptAnswer, TryAgain, type Unconfirmed,
} from "./api.ts";
import type { KeptBallots } from "./kept_ballots.ts";
import { Refused } from "./refused.ts";
import type { RemoteVault } from "./remote.ts";
import type { Sealed, Vote } from "./vault.ts";

/**
 * `proof`: recorded, or so the server says, but what it gave is no proof; `late`: in the box, or so it says, but receipts can
 * no longer be made; `self_check`: nothing was sent.
 */
export type Failure = Exclude<BallotAnswer["status"], "recorded" | "confirmation"> | "proof" | "late" | "self_check";

/** What the server said of a ballot whose proof was refused, and why it was: enough for anyone to judge. */
export interface Evidence {
  refused: string;
  answers: (BallotAnswer | ReceiptAnswer)[];
}

export interface Cast {
  readonly contest: number;
  /**
   * confirmation: sealed, waits for the code; pending: recorded, the receipt takes its time; done: the receipt has been checked.
   */
  phase: "seal" | "confirmation" | "send" | "check" | "pending" | "done" | "failed";
  /** Why there is no answer yet. */
  trouble?: "network" | "busy" | undefined;
  tracker?: string; // hex
  ballot?: string; // base64, sealed
  /** It has left, or may have before a reload. */
  sent?: boolean;
  receipt?: { text: string; index: number };
  /** pending: in the public log; what is missing is a witness's signature. */
  awaits_witnesses?: boolean;
  failure?: Failure;
  evidence?: Evidence;
  /** Given up, or as the server had said not recorded, and yet it knows of it: this ballot may count in the place of a later one. */
  earlier?: boolean;
  /** Sent again after a reload. */
  resent?: boolean;
  /** Waits since before a reload: nobody can say for which choice. */
  restored?: boolean;
  /** The code that was sent with it validated nothing, or the contest is suspended. */
  unconfirmed?: Unconfirmed | { why: "suspended" } | undefined;
}

/** The ballot may be in the box, unproven: it is not cast anew, and the evidence is the voter's. */
export function disputed(cast: Cast): boolean {
  return cast.phase === "failed" && (cast.failure === "proof" || cast.failure === "late");
}

/** Not her last choice, it may be, and nothing shows yet whether it counts. */
export function may_count_instead(cast: Cast): boolean {
  return cast.earlier === true && (disputed(cast) || cast.phase === "check" || cast.phase === "pending");
}

const SEND_DELAYS_MS = [1000, 2000, 4000, 8000, 15000];
const RECEIPT_DELAYS_MS = [400, 800, 1600, 3200, 4000]; // 10 s, then the page says that the proof will come
const PENDING_DELAY_MS = 5000;

export interface Surroundings {
  api: Pick<Api, "ballot" | "receipt">;
  vault: Pick<RemoteVault, "seal" | "recognise" | "check">;
  kept: KeptBallots;
  /** A code validates the vote. */
  confirms: boolean;
  /** Resolves after the time, or sooner when the network is back or the voter asks. */
  wait: (ms: number) => Promise<void>;
  changed: (cast: Cast) => void;
}

export class Casting {
  private readonly casts = new Map<number, Cast>();
  /** By contest, what was sent and, as the server says, not recorded: it may turn up in the box. Kept over a reload. */
  private readonly turned_down = new Map<number, Sealed[]>();
  private readonly around: Surroundings;

  constructor(around: Surroundings) {
    this.around = around;
  }

  all(): Cast[] {
    return [...this.casts.values()];
  }

  of(contest: number): Cast | undefined {
    return this.casts.get(contest);
  }

  /**
   * A second call while the first is under way, after it went well, or in a dispute, does nothing. Ends before it is sent where a
   * code is wanted. Throws SessionOver.
   */
  async cast(vote: Vote): Promise<void> {
    this.drop(vote.contest);
    const before = this.casts.get(vote.contest);
    if (before && (before.phase !== "failed" || disputed(before))) return;
    const cast = this.begin(vote.contest, "seal");
    try {
      ({ ballot: cast.ballot, tracker: cast.tracker } = await this.around.vault.seal(vote));
    } catch {
      return this.fail(cast, "self_check");
    }
    this.around.kept.keep(vote.contest, cast.ballot);
    if (this.around.confirms) return this.enter(cast, "confirmation");
    await this.send(cast);
  }

  /** The code that she was sent, for the ballot that waits for it. Throws SessionOver. */
  async confirm(contest: number, code: string): Promise<void> {
    const cast = this.casts.get(contest);
    if (cast?.phase === "confirmation") await this.send(cast, code);
  }

  /** She changes her choice: what waits for a code is not what she wants. */
  drop(contest: number): void {
    const cast = this.casts.get(contest);
    if (cast?.phase !== "confirmation") return;
    this.casts.delete(contest);
    this.abandon(cast);
  }

  /** Nothing can be confirmed any more. Throws SessionOver. */
  async refuse(contest: number, failure: Failure): Promise<void> {
    const cast = this.casts.get(contest);
    if (cast?.phase !== "confirmation") return;
    if (failure === "already_voted") return this.look_up(cast); // it may have been with this very ballot
    this.abandon(cast);
    this.fail(cast, failure);
  }

  /** While it waits she may have voted in another tab; what was turned down may have been recorded. Throws SessionOver. */
  async notice({ contest, state }: ContestState): Promise<void> {
    const cast = this.casts.get(contest);
    const tried = cast?.phase === "failed" && !disputed(cast) && cast.failure !== "already_voted";
    const before = !cast && this.turned_down.has(contest) && this.around.kept.kept(contest) === null;
    if (state === "voted" && (tried || before)) {
      const traced = cast ?? this.begin(contest, "check");
      return this.retrace(traced, this.refused_in(contest), () => this.fail(traced, "already_voted"));
    }
    if (cast?.phase !== "confirmation") return;
    if (state === "voted") return this.refuse(contest, "already_voted");
    if (state === "closed") return this.refuse(contest, "closed");
  }

  /** After a reload: takes up what was kept. Throws SessionOver. */
  async resume(state: ContestState): Promise<void> {
    const { contest } = state;
    if (this.casts.has(contest)) return;
    const { kept } = this.around;
    // All at once: where nothing is left to vote the keys are soon forgotten.
    const [waits, ...refused] = await Promise.all(
      [kept.kept(contest), ...kept.turned_down(contest)].map((ballot) => this.recognise(contest, ballot)));
    this.turn_down(contest, refused.filter((own) => own !== undefined));
    if (!waits) {
      kept.erase(contest);
      return this.notice(state);
    }
    const known = { ...waits, sent: true };
    const evidence = kept.evidence(contest);
    if (evidence !== null) return this.dispute_again(contest, known, evidence);
    if (state.state !== "open" && state.state !== "voted") return;
    if (state.state === "open" && this.around.confirms) {
      this.begin(contest, "confirmation", { ...known, restored: true });
      return;
    }
    const cast = this.begin(contest, state.state === "open" ? "send" : "check", { ...known, resent: true });
    if (state.state === "open") return this.send(cast);
    await this.look_up(cast);
  }

  /**
   * In a dispute, asks the server once more, with the same bytes; with none where she has given them up: nothing is cast that she
   * does not want. A receipt that is good ends it. Throws SessionOver.
   */
  async again(contest: number): Promise<void> {
    const cast = this.casts.get(contest);
    if (!cast || !disputed(cast)) return;
    if (!cast.earlier) return this.send(cast);
    this.enter(cast, "check");
    await this.receive(cast, (unknown) => this.dispute(cast, "proof", unknown.status, unknown));
  }

  private begin(contest: number, phase: Cast["phase"], known: Partial<Cast> = {}): Cast {
    const cast: Cast = { ...known, contest, phase };
    this.casts.set(contest, cast);
    this.around.changed(cast);
    return cast;
  }

  private async send(cast: Cast, code?: string): Promise<void> {
    cast.unconfirmed = undefined;
    cast.sent = true;
    this.enter(cast, "send");
    const answer = await this.until_answered(cast, () => this.around.api.ballot(cast.ballot!, code));
    if (answer.status === "recorded" && answer.tracker === cast.tracker) {
      this.enter(cast, "check");
      return this.receive(cast, (unknown) => this.dispute(cast, "proof", unknown.status, unknown));
    }
    if (answer.status === "recorded") return this.dispute(cast, "proof", "tracker", answer);
    if (answer.status === "already_voted") {
      const own = { ballot: cast.ballot!, tracker: cast.tracker! };
      return this.retrace(cast, [own, ...this.refused_in(cast.contest)], () => this.not_recorded(cast, answer));
    }
    this.not_recorded(cast, answer);
  }

  private not_recorded(cast: Cast, answer: Exclude<BallotAnswer, { status: "recorded" }>): void {
    // Recorded before, refused now: the two answers contradict each other.
    if (cast.evidence) return this.dispute(cast, "proof", answer.status, answer);
    const suspended = this.around.confirms && answer.status === "suspended";
    if (answer.status === "confirmation" || suspended) {
      cast.unconfirmed = answer.status === "confirmation" ? answer : { why: "suspended" };
      return this.enter(cast, "confirmation");
    }
    this.abandon(cast);
    this.fail(cast, answer.status);
  }

  /** What is not sent any more, and is remembered if it ever was. */
  private abandon(cast: Cast): void {
    this.around.kept.erase(cast.contest);
    this.set_aside(cast);
  }

  private set_aside({ contest, ballot, tracker, sent }: Cast): void {
    if (sent && ballot && tracker) this.turn_down(contest, [{ ballot, tracker }, ...this.refused_in(contest)]);
  }

  private refused_in(contest: number): Sealed[] {
    return this.turned_down.get(contest) ?? [];
  }

  private turn_down(contest: number, refused: Sealed[]): void {
    if (refused.length > 0) this.turned_down.set(contest, refused);
    else this.turned_down.delete(contest);
    this.around.kept.keep_turned_down(contest, refused.map(({ ballot }) => ballot));
  }

  /** Nothing of another voter's, election's or code's. */
  private async recognise(contest: number, ballot: string | null): Promise<Sealed | undefined> {
    if (ballot === null) return undefined;
    try {
      return { ballot, tracker: await this.around.vault.recognise(contest, ballot) };
    } catch {
      return undefined;
    }
  }

  /**
   * The voter is signed off, and by what the server never said to have: by one `among` those that she has sent? Then she has its
   * receipt, and is told.
   */
  private async retrace(cast: Cast, among: Sealed[], none: () => void): Promise<void> {
    if (cast.phase !== "check") this.enter(cast, "check");
    for (const sent of among) {
      const answer = await this.until_answered(cast, () => this.around.api.receipt(sent.tracker));
      if (answer.status === "unknown") continue;
      if (cast.tracker !== sent.tracker) this.set_aside(cast);
      Object.assign(cast, sent, { earlier: true });
      return this.receive(cast, (unknown) => this.dispute(cast, "proof", unknown.status, unknown));
    }
    none();
  }

  /** The voter is signed off: by this ballot, or by one that was turned down, or elsewhere, and this one never arrived. */
  private async look_up(cast: Cast): Promise<void> {
    if (cast.phase !== "check") this.enter(cast, "check");
    const refused = this.refused_in(cast.contest);
    await this.receive(cast, () => this.retrace(cast, refused, () => {
      this.abandon(cast);
      this.fail(cast, "already_voted");
    }));
  }

  private async receive(cast: Cast, unknown: (answer: ReceiptAnswer) => void | Promise<void>): Promise<void> {
    for (let round = 0; ; round++) {
      const answer = await this.until_answered(cast, () => this.around.api.receipt(cast.tracker!));
      if (answer.status === "unknown") return unknown(answer);
      if (answer.status === "held") return this.dispute(cast, "late", answer.status, answer);
      if (answer.status === "ready") return this.accept(cast, answer);
      const delay = RECEIPT_DELAYS_MS[round];
      const awaits = answer.witnesses === true;
      const news = awaits !== (cast.awaits_witnesses === true);
      cast.awaits_witnesses = awaits;
      if (delay === undefined && (cast.phase === "check" || news)) this.enter(cast, "pending");
      await this.around.wait(delay ?? PENDING_DELAY_MS);
    }
  }

  private async accept(cast: Cast, answer: ReceiptAnswer & { status: "ready" }): Promise<void> {
    try {
      cast.receipt = { text: answer.receipt, index: await this.around.vault.check(answer.receipt, cast.tracker!) };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return this.dispute(cast, "proof", error.code, answer);
    }
    cast.earlier ||= this.refused_in(cast.contest).some(({ tracker }) => tracker === cast.tracker);
    this.around.kept.erase(cast.contest);
    this.turn_down(cast.contest, []);
    this.enter(cast, "done");
  }

  private dispute(cast: Cast, failure: "proof" | "late", refused: string, answer: BallotAnswer | ReceiptAnswer): void {
    cast.evidence = { refused, answers: [...(cast.evidence?.answers ?? []), answer] };
    this.around.kept.keep(cast.contest, cast.ballot!);
    this.around.kept.keep_evidence(cast.contest, JSON.stringify(cast.evidence));
    this.fail(cast, failure);
  }

  private dispute_again(contest: number, known: Partial<Cast>, evidence: string): void {
    const earlier = this.refused_in(contest).some(({ tracker }) => tracker === known.tracker);
    const cast = this.begin(contest, "check", { ...known, earlier, evidence: JSON.parse(evidence) as Evidence });
    this.fail(cast, cast.evidence!.refused === "held" ? "late" : "proof");
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
