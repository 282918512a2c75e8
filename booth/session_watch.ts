// The end of a session, told before it comes, with a button that puts it off (WCAG 2.2, 2.2.1).
import { Api, TryAgain } from "./api.ts";
import { server_clock } from "./countdown.ts";
import { fill, one, text } from "./page.ts";

const TICK_MS = 1000;

export class SessionWatch {
  private readonly api: Api;
  private readonly clock: () => number;
  private readonly warning_ms: number;
  private ends: number;

  /** `data`: sessionEnds, and warning, how long before it she is told; milliseconds. */
  constructor(data: DOMStringMap, api: Api, clock: () => number) {
    this.api = api;
    this.clock = clock;
    this.warning_ms = Number(data.warning);
    this.ends = Number(data.sessionEnds);
  }

  has_ended(): boolean {
    return this.ends <= this.clock();
  }

  /** Shows the dialog when the end is near. False once it has come. */
  watch(): boolean {
    const left = this.ends - this.clock();
    if (left <= 0) {
      this.close();
      return false;
    }
    if (left > this.warning_ms) return true;
    fill(this.dialog(), { minutes: text("voting.minutes_left", { minutes: Math.ceil(left / 60_000) }) });
    if (!this.dialog().open) this.dialog().showModal();
    return true;
  }

  /** Another session takes this one's place. */
  goes_on_until(ends: number): void {
    this.ends = ends;
  }

  /** Throws SessionOver, TryAgain. */
  async extend(): Promise<void> {
    this.ends = (await this.api.extend_session()).expiresAt;
    this.close();
  }

  private close(): void {
    if (this.dialog().open) this.dialog().close();
  }

  /** Looked up each time: a change of language replaces it. */
  private dialog(): HTMLDialogElement {
    return one<HTMLDialogElement>(document, "[data-dialog=session]");
  }
}

/** On a page with a form: what was typed is lost with the session, so she may keep it. */
export function start_session_watch(dialog: HTMLElement): void {
  const sign_out = one<HTMLFormElement>(document, "[data-form=sign-out]");
  const api = new Api(one<HTMLInputElement>(sign_out, "[name=csrf]").value);
  const watch = new SessionWatch(dialog.dataset, api, server_clock(Number(dialog.dataset.now)));
  dialog.addEventListener("click", (event) => {
    const action = (event.target as HTMLElement).dataset.action;
    if (action === "leave") sign_out.requestSubmit();
    // Without an answer the dialog stays, to be pressed again; a session that is over is told by the server.
    if (action === "extend") watch.extend().catch((error) => error instanceof TryAgain || location.reload());
  });
  const timer = setInterval(() => {
    if (watch.watch()) return;
    clearInterval(timer); // once: a second reload would cut a slow first one short
    location.reload();
  }, TICK_MS);
}
