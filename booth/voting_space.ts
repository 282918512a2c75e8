// The voting space (docs/protocol.md sections 4 to 8, on the voter's side): joins the document, the vault in its Worker and the
// server. From the code to the last receipt it is one document; what it knows goes with it.
import { Api, type CodeAnswer, type ContestList, type ContestState, SessionOver, TryAgain } from "./api.ts";
import { from_hex } from "./bytes.ts";
import { type Cast, Casting, type Failure } from "./casting.ts";
import { read_code } from "./code.ts";
import { server_clock } from "./countdown.ts";
import { KeptBallots } from "./kept_ballots.ts";
import type { Manifest, Option } from "./manifest.ts";
import {
  all, clone, fill, fill_list, follow_error_links, one, show_errors, show_part, show_step, step, text,
} from "./page.ts";
import { qr_svg } from "./qr.ts";
import { remote_vault, type RemoteVault } from "./remote.ts";
import {
  ballot_address, confirm_address, CONTESTS_ADDRESS, receipt_address, shown_at, type Shown,
} from "./steps.ts";
import { tracker_groups, tracker_text } from "./tracker.ts";
import { start_worker } from "./trusted_worker.ts";

const SESSION_WARNING_MS = 3 * 60_000;
const SESSION_TICK_MS = 5000;

const FAILURE_TEXT: Record<Failure, string> = {
  already_voted: "voting.error_already_voted",
  refused: "voting.error_refused",
  self_check: "voting.error_refused",
  suspended: "voting.error_suspended",
  closed: "voting.error_closed",
  proof: "voting.error_proof",
};

export async function start_voting_space(root: HTMLElement): Promise<void> {
  if (typeof BigInt !== "function" || typeof Worker !== "function" || typeof crypto !== "object") {
    return show_step("unsupported");
  }
  await new VotingSpace(root).start();
}

class VotingSpace {
  private readonly data: DOMStringMap;
  private readonly language: "fr" | "en";
  private readonly api: Api;
  private readonly worker: Worker;
  private readonly vault: RemoteVault;
  private readonly kept = new KeptBallots(sessionStorage);
  private readonly casting: Casting;
  private readonly clock: () => number;
  private readonly choices = new Map<number, number>();
  private readonly waiting = new Set<() => void>();
  private manifest!: Manifest;
  private list: ContestList | undefined;
  private shown: Shown | undefined;
  private session_ends: number;
  private nonce: string;
  private working = false;
  private over = false;
  private again: (() => Promise<void>) | undefined;

  constructor(root: HTMLElement) {
    this.data = root.dataset;
    this.language = document.documentElement.lang === "en" ? "en" : "fr";
    this.api = new Api(this.data.csrf!);
    this.worker = start_worker();
    this.vault = remote_vault(this.worker);
    this.clock = server_clock(Number(this.data.now));
    this.session_ends = Number(this.data.sessionEnds);
    this.nonce = this.data.nonce!;
    this.casting = new Casting({
      api: this.api, vault: this.vault, kept: this.kept,
      wait: (ms) => this.wait(ms), changed: (cast) => this.cast_changed(cast),
    });
  }

  async start(): Promise<void> {
    this.listen();
    await this.load();
  }

  private async load(): Promise<void> {
    try {
      const bytes = await this.api.manifest(this.data.manifestUrl!);
      this.manifest = await this.vault.load(bytes, this.data.fingerprint!, location.origin);
    } catch (error) {
      if (error instanceof SessionOver) return this.end_session();
      if (error instanceof TryAgain) return this.show_error("voting.no_answer", () => this.load());
      return this.show_error("voting.error_manifest");
    }
    setInterval(() => this.watch_session(), SESSION_TICK_MS);
    this.render();
  }

  // ---- what the voter does

  private listen(): void {
    window.addEventListener("popstate", () => this.render());
    window.addEventListener("online", () => this.nudge());
    // A page brought back by Back, after she went elsewhere, must not show what was on it.
    window.addEventListener("pagehide", () => this.worker.terminate());
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
    for (const section of all(document, "[data-step]")) follow_error_links(section);
    document.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("button[type=button][data-action]");
      if (button) this.act(button.dataset.action!, Number(button.dataset.contest));
    });
    one(document, "[data-form=code]").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.guard(() => this.give_code());
    });
    one(document, "[data-form=ballot]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.choose();
    });
    one(document, "[data-list=options]").addEventListener("change", (event) => {
      const contest = this.shown?.contest;
      if (contest !== undefined) this.choices.set(contest, Number((event.target as HTMLInputElement).value));
    });
  }

  private act(action: string, contest: number): void {
    const here = this.shown?.contest;
    if (action === "leave") return this.leave();
    if (this.over) return;
    if (action === "contests") this.go(CONTESTS_ADDRESS);
    else if (action === "open-contest") this.go(ballot_address(contest));
    else if (action === "open-receipt") this.go(receipt_address(contest));
    else if (action === "change" && here !== undefined) this.go(ballot_address(here));
    else if (action === "cast" && here !== undefined) void this.guard(() => this.cast(here));
    else if (action === "retry") this.nudge();
    else if (action === "download-receipt" && here !== undefined) this.download(here);
    else if (action === "print") window.print();
    else if (action === "extend") void this.guard(() => this.extend_session());
  }

  private async give_code(): Promise<void> {
    if (this.working) return;
    const section = step("code");
    const code_field = one<HTMLInputElement>(section, "#code");
    const captcha = one<HTMLInputElement>(section, "#captcha").value.trim();
    const reading = read_code(code_field.value);
    const errors: Record<string, string> = {};
    if ("error" in reading) errors.code = text(reading.error === "empty" ? "voting.code_empty" : "voting.code_mistyped");
    if (captcha === "") errors.captcha = text("voting.captcha_empty");
    show_errors(section, errors);
    if ("error" in reading || captcha === "") return;
    this.work(true);
    try {
      const answer = await this.send_code(reading.code, captcha);
      if (answer.status === "ok") {
        code_field.value = "";
        await this.enter();
      } else {
        this.refuse_code(section, answer);
      }
    } finally {
      this.work(false);
    }
  }

  private async send_code(code: string, captcha: string): Promise<CodeAnswer> {
    const bar = one<HTMLProgressElement>(step("code"), "[data-bar=derive]");
    const { key, proof } = await this.vault.open(
      { code, handle: this.data.handle!, nonce: this.nonce, session_binding: this.data.sessionBinding! },
      (done) => (bar.value = done));
    const captcha_id = one<HTMLInputElement>(document, "[data-captcha=id]").value;
    return this.api.voting_code({ captcha, captchaId: captcha_id, key, proof, nonce: this.nonce });
  }

  private refuse_code(section: HTMLElement, answer: Exclude<CodeAnswer, { status: "ok" }>): void {
    void this.vault.forget();
    if ("captchaId" in answer) this.renew_captcha(answer.captchaId, answer.nonce);
    if (answer.status === "captcha_wrong") show_errors(section, { captcha: text("captcha.error") });
    if (answer.status === "code_replaced") show_errors(section, { code: text("voting.code_replaced", { at: answer.at }) });
    if (answer.status === "code_wrong") {
      fill(section, { tries_left: text("voting.tries_left", { tries_left: answer.triesLeft }) });
      show_errors(section, { code: text("voting.code_wrong") });
    }
    if (answer.status === "code_invalidated") {
      show_part(section, "invalidated", true);
      show_part(section, "tries", false);
      show_step("code");
    }
  }

  private renew_captcha(id: string, nonce: string): void {
    this.nonce = nonce;
    one<HTMLInputElement>(document, "[data-captcha=id]").value = id;
    one<HTMLImageElement>(document, "[data-captcha=image]").src = `/captcha/${id}.png`;
    one<HTMLAudioElement>(document, "[data-captcha=audio]").src = `/captcha/${id}.wav`;
    one<HTMLInputElement>(document, "#captcha").value = "";
  }

  private async enter(): Promise<void> {
    this.list = await this.api.contests();
    for (const state of this.list.contests) void this.guard(() => this.casting.resume(state));
    this.go(CONTESTS_ADDRESS, true);
  }

  private choose(): void {
    const contest = this.shown?.contest;
    if (contest === undefined) return;
    const chosen = this.choices.has(contest);
    show_errors(step("ballot"), chosen ? {} : { choice: text("voting.choice_empty") });
    if (chosen) this.go(confirm_address(contest));
  }

  private async cast(contest: number): Promise<void> {
    const state = this.state_of(contest);
    const choice = this.choices.get(contest);
    if (!state || choice === undefined || this.shown?.step !== "confirm") return;
    const option = this.manifest.contests[contest]!.options[choice]!;
    const shown = one(step("confirm"), "[data-slot=choice_title]").textContent;
    // The name goes as it stands on the screen, so that the vault can compare it with what the ballot opens to.
    const vote = { contest, district: state.district, choice, shown: option.kind === "blank" ? null : shown };
    const done = this.casting.cast(vote);
    this.go(receipt_address(contest), true);
    await done;
    this.choices.delete(contest);
  }

  private download(contest: number): void {
    const cast = this.casting.of(contest);
    if (!cast?.receipt || !cast.tracker) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([cast.receipt.text], { type: "text/plain" }));
    const first_groups = tracker_groups(from_hex(cast.tracker)).slice(0, 9).replace(" ", "-");
    link.download = `recu-${contest}-${first_groups}.tlog-proof`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  private leave(): void {
    this.wipe();
    one<HTMLFormElement>(document, "[data-form=sign-out]").submit();
  }

  private wipe(): void {
    this.over = true;
    this.kept.wipe();
    this.choices.clear();
    this.worker.terminate();
  }

  // ---- session

  private watch_session(): void {
    if (this.over) return;
    const left = this.session_ends - this.clock();
    if (left <= 0) return this.end_session();
    const dialog = one<HTMLDialogElement>(document, "[data-dialog=session]");
    if (left > SESSION_WARNING_MS) return;
    fill(dialog, { minutes: text("voting.minutes_left", { minutes: Math.ceil(left / 60_000) }) });
    if (!dialog.open) dialog.showModal();
  }

  private async extend_session(): Promise<void> {
    this.session_ends = (await this.api.extend_session()).expiresAt;
    one<HTMLDialogElement>(document, "[data-dialog=session]").close();
  }

  /** Sealed ballots stay, to be sent when she is back; nothing secret does. */
  private end_session(): void {
    if (this.over) return;
    this.over = true;
    this.choices.clear();
    this.worker.terminate();
    const dialog = one<HTMLDialogElement>(document, "[data-dialog=session]");
    if (dialog.open) dialog.close();
    one<HTMLInputElement>(document, "#code").value = "";
    this.show_error("voting.error_session");
    show_part(step("error"), "contests", false);
    show_part(step("error"), "sign_in", true);
  }

  private async guard(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (this.over) return;
      if (error instanceof SessionOver) return this.end_session();
      if (error instanceof TryAgain) return this.show_error("voting.no_answer", action);
      this.show_error("voting.no_answer", action);
      throw error; // a fault of ours: the browser's console has it
    }
  }

  // ---- waiting

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const go_on = () => {
        clearTimeout(timer);
        this.waiting.delete(go_on);
        resolve();
      };
      const timer = setTimeout(go_on, ms);
      this.waiting.add(go_on);
    });
  }

  /** The network is back, or the voter does not want to wait. */
  private nudge(): void {
    const { again } = this;
    this.again = undefined;
    if (again) void this.guard(again).then(() => this.again ?? this.render());
    for (const go_on of [...this.waiting]) go_on();
  }

  private work(working: boolean): void {
    this.working = working;
    show_part(step("code"), "working", working);
    one<HTMLProgressElement>(step("code"), "[data-bar=derive]").value = 0;
  }

  // ---- what she sees

  private go(address: string, replace = false): void {
    if (location.pathname !== address) history[replace ? "replaceState" : "pushState"](null, "", address);
    this.render();
  }

  private render(): void {
    if (this.over) return;
    const shown = shown_at(location.pathname, {
      signed_in: this.list !== undefined,
      open: (contest) => this.state_of(contest)?.state === "open",
      chosen: (contest) => this.choices.has(contest),
      cast: (contest) => this.casting.of(contest),
    });
    if (location.pathname !== shown.address) history.replaceState(null, "", shown.address);
    const same = this.shown?.step === shown.step && this.shown.contest === shown.contest;
    this.shown = shown;
    this.fill_step(shown, same);
    if (same) return;
    show_step(shown.step);
    if (shown.step === "contests") void this.guard(() => this.refresh());
  }

  private fill_step(shown: Shown, same: boolean): void {
    const contest = shown.contest ?? 0;
    const cast = this.casting.of(contest);
    if (shown.step === "contests") this.fill_contests();
    if (shown.step === "ballot" && !same) this.fill_ballot(contest);
    if (shown.step === "confirm") this.fill_confirm(contest);
    if (shown.step === "sending" && cast) this.fill_sending(cast);
    if (shown.step === "pending" && cast) this.fill_pending(cast);
    if (shown.step === "receipt" && cast && !same) this.fill_receipt(cast);
    if (shown.step === "error" && cast?.failure) this.fill_error(cast, cast.failure);
  }

  private async refresh(): Promise<void> {
    try {
      this.list = await this.api.contests();
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error;
      return; // the list that is there will do; it is asked for again on the next visit
    }
    // What is over for good needs no key any more.
    if (this.list.contests.every(({ state }) => state === "voted" || state === "closed")) void this.vault.forget();
    if (this.shown?.step === "contests") this.fill_contests();
    if (this.shown?.step === "receipt") this.fill_receipt_time(this.shown.contest!);
  }

  private fill_contests(): void {
    const items = this.list!.contests.map((state) => this.contest_item(state));
    const focused = document.activeElement as HTMLElement | null;
    fill_list(step("contests"), "contests", items);
    // The list is made anew when the server's answer arrives: who stood on a button stands there again.
    const { action, contest } = focused?.dataset ?? {};
    if (action && contest) {
      all(step("contests"), `[data-action="${action}"][data-contest="${contest}"]`).find(({ hidden }) => !hidden)?.focus();
    }
  }

  private contest_item(state: ContestState): Node {
    const item = clone("contest");
    const cast = this.casting.of(state.contest);
    const alive = cast !== undefined && cast.phase !== "failed";
    const name = this.state_name(state, cast);
    const plain = name === "voted" && !state.votedAt ? "voted_plain" : name;
    fill(item, {
      ...this.contest_slots(state.contest), contest_state: text(`voting.state_${plain}`, { time: state.votedAt ?? "" }),
    });
    one(item, "[data-slot=contest_state]").dataset.state = name;
    for (const button of all(item, "button")) {
      button.dataset.contest = String(state.contest);
      button.setAttribute("aria-describedby", `contest-${state.contest}`);
    }
    one(item, "h2").id = `contest-${state.contest}`;
    show_part(item, "vote", state.state === "open" && !alive);
    show_part(item, "receipt", alive);
    return item;
  }

  private state_name(state: ContestState, cast: Cast | undefined): string {
    if (cast?.phase === "check" || cast?.phase === "pending") return "pending";
    if (cast?.phase === "seal" || cast?.phase === "send") return "sending";
    if (cast?.phase === "done") return "voted";
    return state.state === "open" ? "to_vote" : state.state;
  }

  private contest_slots(contest: number): Record<"contest_title" | "contest_district", string> {
    const { name, districts } = this.manifest.contests[contest]!;
    const district = districts[this.state_of(contest)?.district ?? 0]?.name ?? "";
    return {
      contest_title: name[this.language],
      contest_district: districts.length > 1 ? text("voting.district", { district }) : "",
    };
  }

  private fill_ballot(contest: number): void {
    const section = step("ballot");
    fill(section, this.contest_slots(contest));
    show_part(section, "district", this.contest_slots(contest).contest_district !== "");
    fill_list(section, "options", this.manifest.contests[contest]!.options.map((option, i) =>
      this.option_item(option, i, this.choices.get(contest) === i)));
    show_errors(section, {});
  }

  private option_item(option: Option, index: number, chosen: boolean): Node {
    const item = clone("option");
    const input = one<HTMLInputElement>(item, "input");
    input.id = `option-${index}`;
    input.value = String(index);
    input.checked = chosen;
    one<HTMLLabelElement>(item, "label").htmlFor = input.id;
    fill(item, { option_title: this.option_title(option) });
    const candidates = candidate_items(option);
    const list = one(item, "[data-list=candidates]");
    list.id = `candidates-${index}`;
    list.hidden = candidates.length === 0;
    if (candidates.length > 0) input.setAttribute("aria-describedby", list.id);
    fill_list(item, "candidates", candidates);
    return item;
  }

  private option_title(option: Option): string {
    return option.kind === "blank" ? text("voting.blank") : option.name;
  }

  private fill_confirm(contest: number): void {
    const section = step("confirm");
    const option = this.manifest.contests[contest]!.options[this.choices.get(contest)!]!;
    fill(section, { ...this.contest_slots(contest), choice_title: this.option_title(option) });
    show_part(section, "district", this.contest_slots(contest).contest_district !== "");
    fill_list(section, "chosen_candidates", candidate_items(option));
  }

  private fill_sending(cast: Cast): void {
    const section = step("sending");
    const order = ["seal", "send", "check"];
    const steps = all(section, "[data-progress]");
    for (const [i, item] of steps.entries()) {
      const now = order.indexOf(cast.phase);
      item.dataset.state = i < now ? "done" : i === now ? "now" : "";
    }
    const trouble = cast.trouble ? text(`voting.error_${cast.trouble}`) : cast.resent ? text("voting.resent") : "";
    const step_text = steps[order.indexOf(cast.phase)]!.textContent!.trim();
    fill(section, { trouble, progress: trouble || step_text });
    show_part(section, "trouble", trouble !== "");
    show_part(section, "retry", cast.trouble !== undefined);
  }

  private fill_pending(cast: Cast): void {
    fill(step("pending"), {
      contest_title: this.contest_slots(cast.contest).contest_title, tracker: tracker_groups(from_hex(cast.tracker!)),
    });
  }

  private fill_receipt(cast: Cast): void {
    const section = step("receipt");
    const tracker = from_hex(cast.tracker!);
    fill(section, {
      contest_title: this.contest_slots(cast.contest).contest_title,
      tracker: tracker_groups(tracker),
      leaf_index: String(cast.receipt!.index),
      election_fingerprint: this.data.fingerprint!.match(/.{4}/g)!.join(" "),
    });
    one(section, "[data-qr]").replaceChildren(qr_svg(`${location.origin}/suivi#${tracker_text(tracker)}`));
    this.fill_receipt_time(cast.contest);
    void this.guard(() => this.refresh());
  }

  private fill_receipt_time(contest: number): void {
    const section = step("receipt");
    const voted_at = this.state_of(contest)?.votedAt;
    fill(section, { receipt_time: voted_at ?? "" });
    show_part(section, "receipt_time", voted_at !== undefined);
  }

  private fill_error(cast: Cast, failure: Failure): void {
    const tracker = cast.tracker ? tracker_groups(from_hex(cast.tracker)) : "";
    fill(step("error"), { error_text: text(FAILURE_TEXT[failure], { tracker }) });
    show_part(step("error"), "retry", false);
    show_part(step("error"), "contests", true);
  }

  /** An error that belongs to no contest; `again` is what the retry button does. */
  private show_error(id: string, again?: () => Promise<void>): void {
    const section = step("error");
    this.shown = undefined;
    this.again = again;
    fill(section, { error_text: text(id) });
    show_part(section, "retry", again !== undefined);
    show_part(section, "contests", this.list !== undefined);
    show_step("error");
  }

  private cast_changed(cast: Cast): void {
    if (this.over) return;
    if (this.shown?.contest === cast.contest || this.shown?.step === "contests") this.render();
  }

  private state_of(contest: number): ContestState | undefined {
    return this.list?.contests.find((state) => state.contest === contest);
  }
}

function candidate_items(option: Option): Node[] {
  if (option.kind === "blank") return [];
  return option.candidates.map((name) => {
    const item = clone("candidate");
    fill(item, { candidate_name: name });
    return item;
  });
}
