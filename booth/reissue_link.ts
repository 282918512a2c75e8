// The page of a reissue link (docs/protocol.md sections 4 and 5, on the voter's side): the token from the address, a click, a
// new code made in the Worker, and its time on the screen. The code is text of this document while that time lasts: in no
// field, title, storage or history, and in the clipboard only when asked for.
import { Api, type LinkRefusal, type NewKeys, type OpenedLink, TryAgain } from "./api.ts";
import { group_code } from "./code.ts";
import { all, clone, fill, fill_list, one, show_part, show_step, step, text } from "./page.ts";
import { forget_fragment, take_fragment, whole_token } from "./reissue_form.ts";
import { remote_vault, type RemoteVault } from "./remote.ts";
import { Refused } from "./refused.ts";
import { ShownTime, WARNING_S } from "./shown_time.ts";
import { spell } from "./spelling.ts";
import { start_worker } from "./trusted_worker.ts";

const RETRY_MS = 5000;
const RETRIES_MAX = 60; // by itself; the button and a network that is back always try again
const TICK_MS = 250;

/** Where the voter may go on after each refusal. */
const WAYS: Record<LinkRefusal["status"], ("code_page" | "ask_again")[]> = {
  expired: ["ask_again"], used: ["code_page", "ask_again"], outdated: ["code_page", "ask_again"], superseded: ["ask_again"],
  elsewhere: ["ask_again"], unknown: ["ask_again"], no_link: ["code_page"], no_cookie: [], shown: ["code_page", "ask_again"],
  blocked: [], limit: ["code_page"], closed: [], keys: ["ask_again"], refused: ["ask_again"],
};

export async function start_reissue_link(root: HTMLElement): Promise<void> {
  const token = take_fragment();
  if (typeof BigInt !== "function" || typeof Worker !== "function" || typeof crypto !== "object") {
    return show_step("unsupported");
  }
  await new ReissueLink(root, token).start();
}

class ReissueLink {
  private readonly data: DOMStringMap;
  private token: string;
  private readonly api = new Api("");
  private readonly worker: Worker;
  private readonly vault: RemoteVault;
  private opened: OpenedLink | undefined;
  private busy = false;
  private unsure = false; // an answer was lost: the code may have been replaced
  private again: (() => Promise<void>) | undefined;
  private go_on: (() => void) | undefined;
  private shown_time: ShownTime | undefined;
  private ticking = 0;

  constructor(root: HTMLElement, token: string) {
    this.data = root.dataset;
    this.token = token;
    this.worker = start_worker();
    this.vault = remote_vault(this.worker);
  }

  async start(): Promise<void> {
    this.listen();
    if (this.token !== "") return whole_token(this.token) ? show_step("link") : this.refuse({ status: "unknown" });
    await this.guard(() => this.enter(() => this.api.reissue_resume()));
  }

  private listen(): void {
    window.addEventListener("online", () => this.nudge());
    window.addEventListener("pagehide", () => this.leave());
    // A stray click on the frame of the page would cost the code: the browser asks first.
    window.addEventListener("beforeunload", (event) => this.shown_time && event.preventDefault());
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
    window.addEventListener("afterprint", () => delete document.body.dataset.printing);
    document.addEventListener("visibilitychange", () => this.tick());
    document.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("button[type=button][data-action]");
      if (button) this.act(button.dataset.action!);
    });
    one(document, "[data-form=renew]").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.guard(() => this.renew());
    });
  }

  private act(action: string): void {
    if (action === "continue") void this.guard(() => this.enter(() => this.api.reissue_open(this.token)));
    else if (action === "retry") this.nudge();
    else if (action === "copy") void this.copy();
    else if (action === "print") this.print();
    else if (action === "prolong") this.prolong();
    else if (action === "noted") this.noted();
  }

  /** One thing at a time: a double click asks once. */
  private async guard(action: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await action();
    } catch (error) {
      if (error instanceof Refused) return this.show_error(text("voting.error_title"), text("voting.error_manifest"), []);
      this.again = action;
      this.show_error(text("voting.error_title"), text("link.no_answer"), [], true);
      if (!(error instanceof TryAgain)) throw error; // a fault of ours: the browser's console has it
    } finally {
      this.busy = false;
    }
  }

  /** The network is back, or the voter does not want to wait. */
  private nudge(): void {
    const { again } = this;
    this.again = undefined;
    this.go_on?.();
    if (again) void this.guard(again);
  }

  // ---- opening

  private async enter(ask: () => Promise<OpenedLink | LinkRefusal>): Promise<void> {
    const answer = await ask();
    if (answer.status !== "opened") return this.refuse(answer);
    forget_fragment(); // from now on this browser's cookie opens it
    const manifest = await this.api.manifest(this.data.manifestUrl!);
    await this.vault.load(manifest, answer.fingerprint, location.origin);
    this.token = "";
    this.opened = answer;
    const { identifiedAs } = answer;
    fill(step("warning"), { identified: identifiedAs ? text("link.identified", { name: identifiedAs }) : "" });
    show_part(step("warning"), "identified", identifiedAs !== undefined);
    show_part(step("done"), "other_device", identifiedAs === undefined); // by FranceConnect it is this one
    show_step("warning");
  }

  // ---- the new code

  private async renew(): Promise<void> {
    if (!this.opened) return;
    const duration = Number(one<HTMLInputElement>(step("warning"), "[name=duration]:checked").value);
    show_step("working");
    let answer = await this.replace(this.opened);
    if (answer.status === "keys") {
      // She voted meanwhile, in another tab: keys are wanted for what is left.
      const again = await this.api.reissue_resume();
      answer = again.status === "opened" ? await this.replace(again) : again;
    }
    if (answer.status !== "issued") return this.refuse(answer);
    this.opened = undefined;
    this.show_code(await this.vault.reveal(), duration);
  }

  private async replace({ handle, contests, tokenHash }: OpenedLink): Promise<Awaited<ReturnType<Api["reissue_issue"]>>> {
    this.progress("derive");
    const bar = one<HTMLProgressElement>(step("working"), "[data-bar=derive]");
    const keys = await this.vault.renew({ handle, contests, token_hash: tokenHash }, (done) => (bar.value = done));
    this.progress("send");
    return this.issue(keys);
  }

  /** Until there is an answer: without one the voter cannot know whether the old code still serves. */
  private async issue(keys: NewKeys): Promise<Awaited<ReturnType<Api["reissue_issue"]>>> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.api.reissue_issue(keys);
      } catch (error) {
        if (!(error instanceof TryAgain)) throw error;
        this.unsure = true;
        this.trouble(text("link.trouble"));
        await this.wait(tries < RETRIES_MAX ? Math.max(error.after_ms, RETRY_MS) : undefined);
        this.trouble("");
      }
    }
  }

  private wait(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? 0 : setTimeout(() => this.go_on?.(), ms);
      this.go_on = () => {
        clearTimeout(timer);
        this.go_on = undefined;
        resolve();
      };
    });
  }

  private progress(now: "derive" | "send"): void {
    const section = step("working");
    const [derive, send] = all(section, "[data-progress]");
    derive!.dataset.state = now === "derive" ? "now" : "done";
    send!.dataset.state = now === "send" ? "now" : "";
    fill(section, { progress: (now === "derive" ? derive! : send!).textContent!.trim() });
  }

  private trouble(trouble: string): void {
    fill(step("working"), { trouble, progress: trouble });
    show_part(step("working"), "trouble", trouble !== "");
  }

  // ---- on the screen

  private show_code(code: string, minutes: number): void {
    const section = step("code");
    const groups = group_code(code).split("-");
    const say = {
      digit: (digit: string) => text("link.digit", { digit }),
      letter: (letter: string, word: string) => text("link.letter", { letter, word }),
    };
    fill_list(section, "code_groups", groups.map((group) => filled("code_group", { group })));
    fill_list(section, "spelled_groups", groups.map((group) =>
      filled("spelled_group", { spelled: spell(group, text("link.words"), say) })));
    fill(section, { duration: text("link.minutes", { minutes }) });
    show_part(section, "copy", navigator.clipboard !== undefined);
    this.shown_time = new ShownTime(minutes * 60_000, Date.now);
    this.ticking = window.setInterval(() => this.tick(), TICK_MS);
    this.tick();
    show_step("code");
  }

  private tick(): void {
    const time = this.shown_time;
    if (!time) return;
    const left = time.left_s();
    if (left === 0) {
      this.wipe();
      return show_step("over");
    }
    const section = step("code");
    fill(section, { time_left: time_left_text(left) });
    one(section, ".time-bar").dataset.state = left <= WARNING_S ? "soon" : "";
    const mark = time.mark();
    if (mark !== undefined) fill(section, { announced: text("link.announced", { seconds: String(left) }) });
  }

  private prolong(): void {
    if (!this.shown_time) return;
    this.shown_time.prolong();
    fill(step("code"), { announced: time_left_text(this.shown_time.left_s()) });
    this.tick();
  }

  private noted(): void {
    if (!this.shown_time) return;
    this.wipe();
    show_step("done");
    // When it is not heard, the flow ends by itself; nothing hangs on it.
    this.api.reissue_noted().catch(() => undefined);
  }

  private async copy(): Promise<void> {
    if (!this.shown_time) return;
    const code = Array.from(one(step("code"), "[data-list=code_groups]").children, (group) => group.textContent).join("-");
    try {
      await navigator.clipboard.writeText(code);
      fill(step("code"), { copied: text("link.copied") });
    } catch {
      fill(step("code"), { copied: text("link.copy_failed") });
    }
  }

  /** Only this prints the code; the browser's own command prints the page without it. */
  private print(): void {
    if (!this.shown_time) return;
    document.body.dataset.printing = "";
    window.print();
  }

  /** Nothing of the code stays in the document. */
  private wipe(): void {
    clearInterval(this.ticking);
    this.shown_time = undefined;
    delete document.body.dataset.printing;
    const section = step("code");
    for (const list of ["code_groups", "spelled_groups"]) fill_list(section, list, []);
    fill(document, { time_left: "", announced: "", copied: "" });
  }

  private leave(): void {
    this.wipe();
    this.worker.terminate();
    for (const section of all(document, "[data-step]")) section.hidden = section.dataset.step !== "loading";
  }

  private refuse({ status, at }: LinkRefusal): void {
    forget_fragment();
    // "Quitter" in another tab: this page's request is no longer this browser's.
    if (status === "no_link" && this.opened && !this.unsure) {
      return this.show_error(text("link.left_title"), text("link.left_text"), ["ask_again"]);
    }
    const name = status === "keys" ? "refused" : status;
    this.show_error(text(`link.${name}_title`), text(`link.${name}_text`, { at: at ?? "" }), WAYS[status]);
  }

  private show_error(title: string, error_text: string, ways: string[], retry = false): void {
    const section = step("error");
    fill(section, { error_title: title, error_text });
    show_part(section, "retry", retry);
    for (const way of ["code_page", "ask_again"]) show_part(section, way, ways.includes(way));
    show_step("error");
  }
}

function time_left_text(left_s: number): string {
  return text("link.time_left", { min: String(Math.floor(left_s / 60)), s: String(left_s % 60) });
}

function filled(template: string, slots: Record<string, string>): Node {
  const item = clone(template);
  fill(item, slots);
  return item;
}
