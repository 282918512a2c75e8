// The step at which a sealed ballot waits for the code that validates the vote: where the code went, until when it is good, what
// to do when it does not come. What was asked is remembered by contest, for as long as the document lives.
import { TryAgain } from "./api.ts";
import type { Api, CodeOnItsWay, ConfirmationAnswer, Unconfirmed } from "./api.ts";
import { fill, one, show_errors, show_part, step, text } from "./page.ts";

const MINUTE_MS = 60_000;
const NEWS_EVERY_MS = 15_000;
const NEWS_LATER_EVERY_MS = 60_000; // once the code has had its time to come
const MINUTES_AS_TIME = 60; // a longer wait is told by the clock

export type ConfirmationReading = { code: string } | { error: "empty" | "form" };

/** Digits as they were copied from a message: with spaces, of whichever width. */
export function read_confirmation(typed: string, digits: number): ConfirmationReading {
  const code = typed.normalize("NFKC").replace(/[\s\-\u2010-\u2015\u2212]/g, "");
  if (code === "") return { error: "empty" };
  return /^\d+$/.test(code) && code.length === digits ? { code } : { error: "form" };
}

type NoBallot = Exclude<ConfirmationAnswer, CodeOnItsWay>["status"];

/** kept: it was there already; beside: another went, and the earlier is good too; instead: and no earlier one is. */
type How = "first" | "kept" | "beside" | "instead";

interface Known {
  answer: CodeOnItsWay;
  another_at: number; // by the server's clock
  how: How;
  since: number;
  news_at: number;
}

interface Around {
  api: Pick<Api, "confirmation" | "confirmation_news">;
  digits: number;
  clock: () => number;
  /** No vote can be confirmed now, for this reason. */
  refused: (contest: number, status: Exclude<NoBallot, "no_address" | "suspended">) => Promise<void>;
  changed: (contest: number) => void;
}

export class ConfirmationStep {
  private readonly around: Around;
  private readonly known = new Map<number, Known | "no_address" | "suspended">();
  private readonly sent = new Map<number, number>(); // until when the last code is good, by the server's clock
  private readonly asking = new Map<number, Promise<void>>();
  private shown: number | undefined; // whose digits the field holds

  constructor(around: Around) {
    this.around = around;
  }

  /**
   * The server sends a code unless a good one is there; `another` sends one more. Throws SessionOver, TryAgain.
   * Asked once at a time: a second answer would call the code that is on its way one of before.
   */
  ask(contest: number, another = false): Promise<void> {
    const before = this.asking.get(contest);
    if (before) return before;
    const now = this.ask_server(contest, another).finally(() => this.asking.delete(contest));
    this.asking.set(contest, now);
    return now;
  }

  private async ask_server(contest: number, another: boolean): Promise<void> {
    const answer = await this.around.api.confirmation(contest, another);
    if (answer.status === "no_address" || answer.status === "suspended") this.known.set(contest, answer.status);
    else if (answer.status === "sent" || answer.status === "wait") this.take(contest, answer, this.how(contest, answer, another));
    else return this.around.refused(contest, answer.status);
    if (another && answer.status === "sent" && this.shown === contest) {
      this.clear(contest);
      this.field().focus(); // the button is gone
    }
    this.around.changed(contest);
  }

  /**
   * What became of the message, from time to time: another code may have gone elsewhere by itself. What is not answered is asked
   * later. Throws SessionOver.
   */
  async follow(contest: number): Promise<void> {
    const known = this.known.get(contest);
    const now = this.around.clock();
    if (typeof known !== "object" || now < known.news_at || this.asking.has(contest)) return;
    known.news_at = now + (now - known.since < 20 * NEWS_EVERY_MS ? NEWS_EVERY_MS : NEWS_LATER_EVERY_MS);
    try {
      const answer = await this.around.api.confirmation_news(contest);
      if (this.known.get(contest) !== known) return; // another was asked for meanwhile
      if (answer.status === "sent" || answer.status === "wait") this.take(contest, answer, known.how, known);
      else if (answer.status !== "no_address" && answer.status !== "suspended") return await this.around.refused(contest, answer.status);
      this.around.changed(contest);
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error;
    }
  }

  /** Whether the server must be asked: it has not been, or what it said may be true no more. */
  stale(contest: number): boolean {
    const known = this.known.get(contest);
    return known === undefined || known === "no_address" || known === "suspended";
  }

  /** For another ballot, or because its moments are written in another language. */
  forget(contest?: number): void {
    if (contest === undefined) this.known.clear();
    else this.known.delete(contest);
  }

  /** What was typed, or nothing once its error is shown. */
  read(): string | undefined {
    const reading = read_confirmation(this.field().value, this.around.digits);
    if ("code" in reading) return reading.code;
    this.show_error(reading.error);
    return undefined;
  }

  /** The server's answer to a code that validates nothing. What was typed stays, to be seen. */
  refuse(contest: number, refusal: Unconfirmed | { why: "suspended" }): void {
    const before = this.known.get(contest);
    if (refusal.why !== "suspended" && typeof before === "object") {
      const { why, waitMinutes, another } = refusal;
      const lives = why === "wrong" || why === "missing" || why === "older";
      const status = lives ? before.answer.status : "wait";
      this.take(contest, { ...before.answer, status, waitMinutes, another }, before.how);
    }
    if (this.shown !== contest) return;
    this.fill(contest);
    this.show_error(refusal.why === "missing" ? "form" : refusal.why, "triesLeft" in refusal ? refusal.triesLeft : 0);
  }

  /** Once the code has served, or is of no use. */
  clear(contest = this.shown): void {
    if (this.shown === undefined || contest !== this.shown) return;
    this.field().value = "";
    show_errors(step("confirmation"), {});
  }

  /** On coming to the step, whatever was left in it. */
  open(contest: number): void {
    if (this.shown !== contest) this.clear();
    this.shown = contest;
    show_errors(step("confirmation"), {});
    this.fill(contest);
  }

  fill(contest: number): void {
    const section = step("confirmation");
    const known = this.known.get(contest);
    const answer = typeof known === "object" ? known.answer : undefined;
    show_part(section, "no_address", known === "no_address");
    show_part(section, "code", answer !== undefined);
    fill(section, { sent: this.said(contest, known), fate: answer?.message ?? "" });
    show_part(section, "fate", Boolean(answer?.message));
    const lives = this.has_code(contest);
    show_part(section, "live", lives);
    if (!answer) return;
    // Without a code that lives the first thing to do is to ask for one; another tab may have done so.
    one(section, "[data-action=another-code]").classList.toggle("govuk-button--secondary", lives);
    one(section, "[data-action=confirm]").classList.toggle("govuk-button--secondary", !lives);
    const waits = Math.max(0, Math.ceil(((known as Known).another_at - this.around.clock()) / MINUTE_MS));
    const long = waits > MINUTES_AS_TIME;
    const soon = waits > 0 && !long ? text("confirmation.another_wait", { minutes: waits }) : "";
    fill(section, { another_wait: long ? text("confirmation.another_at", { at: answer.another }) : soon });
    show_part(section, "another_wait", waits > 0);
    show_part(section, "another", waits === 0);
    show_part(section, "email", answer.by === "email");
    show_part(section, "sms", answer.by === "sms");
  }

  private said(contest: number, known: Known | "no_address" | "suspended" | undefined): string {
    if (known === undefined) return text("confirmation.asking");
    if (typeof known === "string") return text(`confirmation.${known}`);
    const { answer, how, another_at } = known;
    if (!this.has_code(contest)) {
      return text(another_at > this.around.clock() ? "confirmation.no_code_wait" : "confirmation.no_code");
    }
    const first = answer.firstDestination;
    const values = { digits: String(this.around.digits), destination: answer.destination };
    const said = first ? text("confirmation.elsewhere", { ...values, first }) : how === "kept" ? text(`confirmation.kept_${answer.by}`, values) : text(`confirmation.sent_${answer.by}`, values);
    const lines = [said, text("confirmation.until", { until: answer.until ?? "" })];
    if (how === "beside") lines.push(text("confirmation.renewed"));
    if (how === "instead") lines.push(text("confirmation.instead"));
    return lines.join(" ");
  }

  /** Whether a code that she has already is good for whatever she chooses. */
  has_code(contest: number): boolean {
    return (this.sent.get(contest) ?? 0) > this.around.clock();
  }

  private how(contest: number, answer: CodeOnItsWay, another: boolean): How {
    const lived = this.has_code(contest);
    if (another && answer.fresh) return lived ? "beside" : "instead";
    return answer.fresh ? "first" : "kept";
  }

  private take(contest: number, answer: CodeOnItsWay, how: How, before?: Known): void {
    if (answer.status === "sent") this.sent.set(contest, answer.untilMs ?? Infinity);
    else this.sent.delete(contest);
    const now = this.around.clock();
    this.known.set(contest, {
      answer, another_at: now + answer.waitMinutes * MINUTE_MS, how, since: before?.since ?? now,
      news_at: before?.news_at ?? now + NEWS_EVERY_MS,
    });
  }

  private show_error(id: string, tries = 0): void {
    show_errors(step("confirmation"), {
      confirmation: text(`confirmation.${id}`, id === "wrong" ? { tries } : { digits: String(this.around.digits) }),
    });
  }

  private field(): HTMLInputElement {
    return one<HTMLInputElement>(step("confirmation"), "#confirmation");
  }
}
