// From a validated choice to a receipt that has been checked: seal, keep, send until answered, ask for the receipt until it is
// there, check it; where policy asks for a code that validates the vote, the sealed ballot waits for it before it is sent. One
// cast for each contest, whatever is clicked twice; the same bytes, however often they are sent.
import {
  type Api, type BallotAnswer, type ContestState, type ReceiptAnswer, TryAgain, type Unconfirmed,
} from "./api.ts";
import type { Kept, KeptBallots } from "./kept_ballots.ts";
import { Refused } from "./refused.ts";
import type { RemoteVault } from "./remote.ts";
import type { Vote } from "./vault.ts";

/**
 * `proof`: recorded, or so the server says, but what it gave is no proof; `late`: in the box, or so it says, but receipts can
 * no longer be made; `self_check`: nothing was sent.
 */
export type Failure = Exclude<BallotAnswer["status"], "recorded" | "confirmation"> | "proof" | "late" | "self_check";

/** A ballot of hers. */
export interface Made extends Kept {
  tracker: string; // hex
}

export interface Reports {
  contest: number;
  reports: Made[];
}

export interface Cast extends Partial<Made> {
  readonly contest: number;
  /**
   * confirmation: sealed, waits for the code; trace: she has voted, or so the server says, and it is asked whether with this ballot
   * or with one of before; pending: recorded, the receipt takes its time; done: the receipt has been checked.
   */
  phase: "seal" | "confirmation" | "send" | "trace" | "check" | "pending" | "done" | "failed";
  /** Why there is no answer yet. */
  trouble?: "network" | "busy" | undefined;
  receipt?: { text: string; index: number };
  /** pending: in the public log; what is missing is a witness's signature. */
  awaits_witnesses?: boolean;
  failure?: Failure;
  /** With their evidence, her other ballots. */
  reports?: Made[];
  /** Given up, or as the server had said not recorded, and yet it knows of it: this ballot may count in the place of a later one. */
  earlier?: boolean;
  /** By which the server has it: where it says otherwise next, the evidence is both. */
  said?: (BallotAnswer | ReceiptAnswer)[] | undefined;
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

/** In a dispute, whether asking once more sends the ballot: it left this device before, and is not known to be given up. */
export function presented_again({ earlier, sent }: Cast): boolean {
  return !earlier && sent === true;
}

/** Not her last choice, it may be, and nothing shows yet whether it counts. */
export function may_count_instead(cast: Cast): boolean {
  return cast.earlier === true && cast.phase !== "done";
}

/** Of a sealed one. */
function made_of({ ballot, tracker, sent, evidence }: Partial<Made>): Made {
  return { ballot: ballot!, tracker: tracker!, sent: sent === true, ...(evidence && { evidence }) };
}

/** Of each kind the last one. */
function heard(cast: Cast, answer: BallotAnswer | ReceiptAnswer): void {
  cast.said = [...(cast.said ?? []).filter(({ status }) => status !== answer.status), answer];
}

/** What the server said of her ballots and was refused, until a receipt is good: a file that she can save. */
export function reports_of(cast: Cast): Made[] {
  const others = cast.reports ?? [];
  return cast.evidence && cast.phase !== "done" ? [made_of(cast), ...others] : others;
}

const SEND_DELAYS_MS = [1000, 2000, 4000, 8000, 15000];
const RECEIPT_DELAYS_MS = [400, 800, 1600, 3200, 4000]; // 10 s, then the page says that the proof will come
const PENDING_DELAY_MS = 5000;
const TO_BALLOT: Record<BallotAnswer["status"], true> = {
  recorded: true, already_voted: true, not_registered: true, refused: true, suspended: true, closed: true, confirmation: true,
};
const OF_RECEIPT: Record<ReceiptAnswer["status"], true> = { ready: true, pending: true, held: true, unknown: true };

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
  /** By contest, what was kept before a reload, and can neither be sent nor be looked up yet. */
  private readonly waiting = new Map<number, Made>();
  /**
   * By contest, newest first, what was sent and given up or, as the server says, not recorded: it may turn up in the box. Kept
   * over a reload.
   */
  private readonly turned_down = new Map<number, Made[]>();
  private readonly around: Surroundings;

  constructor(around: Surroundings) {
    this.around = around;
  }

  all(): Cast[] {
    return [...this.casts.values()];
  }

  /** Contests in which a validated ballot waits on this device, for its code or until the contest is open again. */
  waits(): number[] {
    return [...this.waiting.keys(), ...this.all().filter(({ phase }) => phase === "confirmation").map(({ contest }) => contest)];
  }

  /** What the server said of her ballots there and was refused, of before a reload too. */
  reports(contest: number): Made[] {
    const cast = this.casts.get(contest);
    return cast ? reports_of(cast) : this.reports_beside(contest, {});
  }

  /** The same, where nothing is under way that would show it. */
  uncast(): Reports[] {
    const contests = [...this.turned_down.keys()].filter((contest) => !this.casts.has(contest));
    return contests.map((contest) => ({ contest, reports: this.reports(contest) })).filter(({ reports }) => reports.length > 0);
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
    const waited = this.take_waiting(vote.contest);
    if (waited) this.abandon({ contest: vote.contest, ...waited });
    const cast = this.begin(vote.contest, "seal");
    try {
      ({ ballot: cast.ballot, tracker: cast.tracker } = await this.around.vault.seal(vote));
    } catch {
      return this.fail(cast, "self_check");
    }
    cast.sent = false;
    this.keep(cast);
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

  /**
   * While it waits she may have voted in another tab; what was turned down may have been recorded; what was kept may be sent or
   * looked up now. Throws SessionOver.
   */
  async notice({ contest, state }: ContestState): Promise<void> {
    const cast = this.casts.get(contest);
    if (!cast && this.waiting.has(contest)) return this.take_up(contest, state);
    const tried = cast ? cast.phase === "failed" && !disputed(cast) && cast.failure !== "already_voted" : this.turned_down.has(contest);
    if (state === "voted" && tried) {
      const traced = cast ?? this.begin(contest, "trace");
      return this.retrace(traced, this.refused_in(contest), () => this.fail(traced, "already_voted"));
    }
    if (cast?.phase !== "confirmation") return;
    if (state === "voted") return this.refuse(contest, "already_voted");
    if (state === "closed") return this.refuse(contest, "closed");
  }

  /** After a reload: takes up what was kept, now or as soon as the contest's state lets it. Throws SessionOver. */
  async resume(state: ContestState): Promise<void> {
    const { contest } = state;
    if (this.casts.has(contest)) return;
    const { kept } = this.around;
    // All at once: where nothing is left to vote the keys are soon forgotten.
    const [waits, ...refused] = await Promise.all(
      [kept.kept(contest), ...kept.turned_down(contest)].map((made) => this.recognise(contest, made)));
    this.turn_down(contest, refused.filter((own) => own !== undefined));
    if (waits) this.waiting.set(contest, waits);
    else kept.erase(contest);
    await this.notice(state);
  }

  /**
   * In a dispute, asks the server once more, with the same bytes; with none where she has given them up
   * or never confirmed them: nothing is cast that she does not want. A receipt that is good ends it. Throws SessionOver.
   */
  async again(contest: number): Promise<void> {
    const cast = this.casts.get(contest);
    if (!cast || !disputed(cast)) return;
    if (presented_again(cast)) return this.send(cast);
    this.enter(cast, "trace");
    await this.receive(cast, (unknown) => this.dispute(cast, "proof", unknown.status, unknown));
  }

  private async take_up(contest: number, state: ContestState["state"]): Promise<void> {
    const disputes = this.waiting.get(contest)?.evidence;
    if (!disputes && state !== "open" && state !== "voted") return;
    const made = this.take_waiting(contest)!;
    if (disputes) {
      const failure = disputes.refused === "held" ? "late" : "proof";
      return void this.begin(contest, "failed", { ...made, failure, earlier: this.was_turned_down(contest, made) });
    }
    if (state === "voted") return this.look_up(this.begin(contest, "trace", { ...made, resent: true }));
    if (this.around.confirms) return void this.begin(contest, "confirmation", { ...made, restored: true });
    await this.send(this.begin(contest, "send", { ...made, resent: true }));
  }

  private take_waiting(contest: number): Made | undefined {
    const made = this.waiting.get(contest);
    this.waiting.delete(contest);
    return made;
  }

  private begin(contest: number, phase: Cast["phase"], known: Partial<Cast> = {}): Cast {
    const cast: Cast = { reports: this.reports_beside(contest, known), ...known, contest, phase };
    this.casts.set(contest, cast);
    this.around.changed(cast);
    return cast;
  }

  private async send(cast: Cast, code?: string): Promise<void> {
    cast.unconfirmed = undefined;
    cast.sent = true;
    this.keep(cast);
    this.enter(cast, "send");
    const answer = await this.until_answered(cast, TO_BALLOT, () => this.around.api.ballot(cast.ballot!, code));
    if (answer.status === "recorded" && answer.tracker === cast.tracker) {
      heard(cast, answer);
      this.enter(cast, "check");
      return this.receive(cast, (unknown) => this.dispute(cast, "proof", unknown.status, unknown));
    }
    if (answer.status === "recorded") return this.dispute(cast, "proof", "tracker", answer);
    if (answer.status === "already_voted") {
      return this.retrace(cast, [made_of(cast), ...this.refused_in(cast.contest)], () => this.not_recorded(cast, answer));
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

  private keep(cast: Cast): void {
    this.around.kept.keep(cast.contest, made_of(cast));
  }

  /** What is not sent any more, and is remembered if it ever was. */
  private abandon(cast: Pick<Cast, "contest"> & Partial<Made>): void {
    const { contest, tracker, sent } = cast;
    this.around.kept.erase(contest);
    if (sent) this.turn_down(contest, [made_of(cast), ...this.refused_in(contest).filter((other) => other.tracker !== tracker).map(made_of)]);
  }

  private refused_in(contest: number): Made[] {
    return this.turned_down.get(contest) ?? [];
  }

  private was_turned_down(contest: number, made: Partial<Made>): boolean {
    return this.refused_in(contest).some(({ tracker, last }) => tracker === made.tracker && !last);
  }

  private reports_beside(contest: number, made: Partial<Made>): Made[] {
    return this.refused_in(contest).filter(({ evidence, tracker }) => evidence && tracker !== made.tracker);
  }

  private turn_down(contest: number, refused: Made[]): void {
    if (refused.length > 0) this.turned_down.set(contest, refused);
    else this.turned_down.delete(contest);
    this.around.kept.keep_turned_down(contest, refused);
  }

  /** Nothing of another voter's, election's or code's. */
  private async recognise(contest: number, made: Kept | undefined): Promise<Made | undefined> {
    if (!made) return undefined;
    try {
      return { ...made, tracker: await this.around.vault.recognise(contest, made.ballot) };
    } catch {
      return undefined;
    }
  }

  /**
   * The voter is signed off, and by what the server never said to have: by one `among` those that she has sent? Then she has its
   * receipt, and is told.
   */
  private async retrace(cast: Cast, among: Made[], none: () => void): Promise<void> {
    if (cast.phase !== "trace") this.enter(cast, "trace");
    for (const made of among) {
      const answer = await this.until_answered(cast, OF_RECEIPT, () => this.around.api.receipt(made.tracker));
      if (answer.status === "unknown") continue;
      const own = cast.tracker === undefined ? made.last === true : cast.tracker === made.tracker;
      const earlier = !own || this.was_turned_down(cast.contest, made);
      if (cast.tracker !== made.tracker) this.abandon(cast);
      const reports = this.reports_beside(cast.contest, made);
      Object.assign(cast, { evidence: undefined, said: [answer], ...made, earlier, reports });
      return this.receive(cast, (unknown) => this.dispute(cast, "proof", unknown.status, unknown));
    }
    none();
  }

  /** The voter is signed off: by this ballot, or by one that was turned down, or elsewhere, and this one never arrived. */
  private async look_up(cast: Cast): Promise<void> {
    if (cast.phase !== "trace") this.enter(cast, "trace");
    const refused = this.refused_in(cast.contest);
    await this.receive(cast, (unknown) => {
      if (cast.said) return this.dispute(cast, "proof", unknown.status, unknown);
      return this.retrace(cast, refused, () => {
        this.abandon(cast);
        this.fail(cast, "already_voted");
      });
    });
  }

  private async receive(cast: Cast, unknown: (answer: ReceiptAnswer) => void | Promise<void>): Promise<void> {
    for (let round = 0; ; round++) {
      const answer = await this.until_answered(cast, OF_RECEIPT, () => this.around.api.receipt(cast.tracker!));
      if (answer.status === "unknown") return unknown(answer);
      if (answer.status === "held") return this.dispute(cast, "late", answer.status, answer);
      if (answer.status === "ready") return this.accept(cast, answer);
      heard(cast, answer);
      const delay = RECEIPT_DELAYS_MS[round];
      const awaits = answer.witnesses === true;
      const news = awaits !== (cast.awaits_witnesses === true);
      cast.awaits_witnesses = awaits;
      if (cast.phase === "check" ? delay === undefined : cast.phase === "trace" || news) this.enter(cast, "pending");
      await this.around.wait(delay ?? PENDING_DELAY_MS);
    }
  }

  private async accept(cast: Cast, answer: ReceiptAnswer & { status: "ready" }): Promise<void> {
    if (typeof answer.receipt !== "string") return this.dispute(cast, "proof", "form", answer);
    try {
      cast.receipt = { text: answer.receipt, index: await this.around.vault.check(answer.receipt, cast.tracker!) };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return this.dispute(cast, "proof", error.code, answer);
    }
    cast.earlier ||= this.was_turned_down(cast.contest, cast);
    cast.reports = this.reports_beside(cast.contest, cast);
    this.around.kept.erase(cast.contest);
    // After a reload too she is told that it counts in another's place, and has the report of what stood in its own.
    const { ballot, tracker, sent } = made_of(cast);
    const proven = { ballot, tracker, sent, last: cast.earlier ? undefined : true };
    this.turn_down(cast.contest, cast.earlier || cast.reports.length > 0 ? [proven, ...cast.reports] : []);
    this.enter(cast, "done");
  }

  private dispute(cast: Cast, failure: "proof" | "late", refused: string, answer: BallotAnswer | ReceiptAnswer): void {
    const said = refused === "unknown" ? cast.said ?? [] : [];
    cast.evidence = { refused, answers: [...(cast.evidence?.answers ?? []), ...said, answer] };
    cast.said = undefined;
    this.keep(cast);
    this.fail(cast, failure);
  }

  /** An answer that says nothing that is known is as good as none. */
  private async until_answered<T extends { status: string }>(cast: Cast, known: Record<T["status"], true>, ask: () => Promise<T>): Promise<T> {
    for (let round = 0; ; round++) {
      try {
        const answer = (await ask()) as T | null;
        if (!answer || known[answer.status as T["status"]] !== true) throw new TryAgain("busy", 0);
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
