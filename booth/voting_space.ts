// The voting space (docs/protocol.md sections 4 to 8, on the voter's side): joins the document, the vault in its Worker and the
// server. From the code to the last receipt it is one document; what it knows goes with it.
import { Api, type ContestList, type ContestState, SessionOver, TryAgain } from "./api.ts";
import { candidate_items, option_item, option_language, option_title } from "./ballot_view.ts";
import { from_hex } from "./bytes.ts";
import { type Cast, Casting, disputed, type Failure, may_count_instead, presented_again, reports_of } from "./casting.ts";
import { ConfirmationStep } from "./confirmation.ts";
import { server_clock } from "./countdown.ts";
import { CodeEntrance, type Entrance, KeyEntrance } from "./entrance.ts";
import { KeptBallots } from "./kept_ballots.ts";
import { fetch_page, take_over } from "./language_switch.ts";
import { LeaveDialog } from "./leave_dialog.ts";
import type { Manifest } from "./manifest.ts";
import {
  all, clone, fill, fill_list, follow_error_links, one, show_errors, show_part, show_step, start_reveal, step, text,
} from "./page.ts";
import { qr_svg } from "./qr.ts";
import { remote_vault, type RemoteVault } from "./remote.ts";
import { save_file } from "./save_file.ts";
import { SessionWatch } from "./session_watch.ts";
import {
  ballot_address, confirm_address, confirmation_address, CONTESTS_ADDRESS, receipt_address, shown_at, type Shown,
} from "./steps.ts";
import { tracker_groups, tracker_text } from "./tracker.ts";
import { start_worker } from "./trusted_worker.ts";

const TICK_MS = 5000;
// How often the state of the contests is asked for while she reads or chooses; sooner while one is suspended.
const REFRESH_MS = 60_000;
const REFRESH_SUSPENDED_MS = 15_000;

const FAILURE_TEXT: Record<Exclude<Failure, "proof" | "late">, string> = {
  already_voted: "voting.error_already_voted",
  refused: "voting.error_refused",
  self_check: "voting.error_self_check",
  not_registered: "voting.error_not_registered",
  suspended: "voting.error_suspended",
  closed: "voting.error_closed",
};

export async function start_voting_space(root: HTMLElement): Promise<void> {
  if (typeof BigInt !== "function" || typeof Worker !== "function" || typeof crypto !== "object") {
    return show_step("unsupported");
  }
  await new VotingSpace(root).start();
}

class VotingSpace {
  private readonly root: HTMLElement;
  private readonly data: DOMStringMap;
  private readonly api: Api;
  private readonly worker: Worker;
  private readonly vault: RemoteVault;
  private readonly kept = new KeptBallots(sessionStorage);
  private readonly casting: Casting;
  private readonly confirmation: ConfirmationStep;
  private readonly leaving: LeaveDialog;
  private readonly clock: () => number;
  private readonly choices = new Map<number, number>();
  private readonly waiting = new Set<() => void>();
  private manifest!: Manifest;
  private list: ContestList | undefined;
  private shown: Shown | undefined;
  private readonly session: SessionWatch;
  private readonly entrance: Entrance;
  private voter_name = "";
  private refreshed_at = 0;
  private over = false;
  private readonly reloaded = location.pathname.startsWith(CONTESTS_ADDRESS);
  private again: (() => Promise<void>) | undefined;

  constructor(root: HTMLElement) {
    this.root = root;
    this.data = root.dataset;
    this.api = new Api(this.data.csrf!);
    this.worker = start_worker();
    this.vault = remote_vault(this.worker);
    this.clock = server_clock(Number(this.data.now));
    this.session = new SessionWatch(one(root, "[data-dialog=session]").dataset, this.api, this.clock);
    this.entrance = this.data.identifierLength
      ? new KeyEntrance(this.data, this.api, this.vault, (answer) => {
          this.api.csrf = answer.csrf;
          this.voter_name = answer.voterName;
          this.session.goes_on_until(answer.sessionEnds);
        })
      : new CodeEntrance(this.data, this.api, this.vault);
    this.casting = new Casting({
      api: this.api, vault: this.vault, kept: this.kept, confirms: Boolean(this.data.confirmation),
      wait: (ms) => this.wait(ms), changed: (cast) => this.cast_changed(cast),
    });
    this.confirmation = new ConfirmationStep({
      api: this.api, digits: Number(this.data.confirmation), clock: this.clock,
      refused: (contest, status) => this.casting.refuse(contest, status),
      changed: (contest) => this.shown?.step === "confirmation" && this.shown.contest === contest && this.render(),
    });
    this.leaving = new LeaveDialog({
      casting: this.casting, confirms: Boolean(this.data.confirmation), left: () => (this.list ? this.left_to_vote().length : 0),
      show: (contest) => this.go(receipt_address(contest)),
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
    setInterval(() => this.tick(), TICK_MS);
    this.render();
  }

  // ---- what the voter does

  private listen(): void {
    window.addEventListener("popstate", () => this.render());
    window.addEventListener("online", () => this.nudge());
    // A page brought back by Back, after she went elsewhere, must not show what was on it.
    window.addEventListener("pagehide", () => {
      this.worker.terminate();
      if (!this.over && !this.list) this.entrance.clear();
    });
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
    window.addEventListener("beforeunload", (event) => !this.over && this.leaving.unsaved_proof() && event.preventDefault());
    window.addEventListener("beforeprint", () => {
      const cast = this.shown?.contest === undefined ? undefined : this.casting.of(this.shown.contest);
      if (cast) this.leaving.has_printed(this.shown!.step, cast);
    });
    follow_error_links(this.root);
    // On the document, because the steps are replaced when she changes the language.
    document.addEventListener("click", (event) => {
      const target = event.target as Element;
      const button = target.closest<HTMLElement>("button[type=button][data-action]");
      if (button) return this.act(button.dataset.action!, Number(button.dataset.contest));
      const language = target.closest<HTMLAnchorElement>(".portal-header a[hreflang]");
      if (!language || !this.list || this.over) return;
      event.preventDefault();
      void this.guard(() => this.change_language(language.hreflang));
    });
    document.addEventListener("submit", (event) => this.submitted(event), { capture: true });
    this.root.addEventListener("change", (event) => {
      const contest = this.shown?.contest;
      const input = event.target as HTMLInputElement;
      if (contest === undefined || input.name !== "option") return;
      this.choices.set(contest, Number(input.value));
      this.casting.drop(contest);
    });
  }

  private submitted(event: SubmitEvent): void {
    const name = (event.target as HTMLElement).dataset.form;
    if (name === "sign-out") {
      if (this.may_leave()) return this.wipe();
    } else if (name === "code") {
      let entered = false; // tried again, when the answer after it was lost
      void this.guard(async () => {
        entered ||= await this.entrance.enter();
        if (entered) await this.enter();
      });
    } else if (name === "confirmation") {
      void this.guard(() => this.confirm());
    } else {
      this.choose();
    }
    event.preventDefault();
  }

  private async change_language(language: string): Promise<void> {
    let page: Document;
    try {
      page = await fetch_page(`${location.pathname}?lang=${language}`);
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error;
      return this.leaving.tell("voting.language_offline");
    }
    take_over(page, this.root);
    this.api.csrf = page.getElementById(this.root.id)?.dataset.csrf ?? this.api.csrf;
    start_reveal(one(this.root, "[data-reveal]"));
    this.shown = undefined;
    this.confirmation.forget();
    this.render();
    await this.refresh(); // its moments are written in the language
  }

  private act(action: string, contest: number): void {
    const here = this.shown?.contest;
    const about = Number.isNaN(contest) ? here : contest;
    if (action === "leave") return this.leave();
    if (this.over) return;
    if (action === "contests") this.go(CONTESTS_ADDRESS);
    else if (action === "open-contest") void this.guard(() => this.open_contest(contest));
    else if (action === "open-receipt") this.go(receipt_address(contest));
    else if (action === "change" && here !== undefined) this.go(ballot_address(here));
    else if (action === "another-code" && here !== undefined) void this.guard(() => this.confirmation.ask(here, true));
    else if (action === "cast" && here !== undefined) void this.guard(() => this.cast(here));
    else if (action === "retry") this.nudge();
    else if (action === "download-receipt" && about !== undefined) this.save_receipt(about);
    else if (action === "download-evidence" && about !== undefined) this.save_evidence(about);
    else if (action === "ask-again" && here !== undefined) void this.guard(() => this.casting.again(here));
    else if (action === "stay") this.leaving.stay();
    else if (action === "leave-anyway") this.leave(this.leaving.in_spite());
    else if (action === "print") window.print();
    else if (action === "extend") void this.guard(() => this.session.extend());
  }

  /** The list may be a minute old: whether the contest is open is asked for while she begins to read. */
  private async open_contest(contest: number): Promise<void> {
    const waits = this.casting.of(contest)?.phase === "confirmation";
    this.go(waits ? confirmation_address(contest) : ballot_address(contest));
    await this.refresh();
    if (this.shown?.step === "ballot" && this.state_of(contest)?.state !== "open") this.go(CONTESTS_ADDRESS, true);
  }

  private async enter(): Promise<void> {
    show_part(document, "quit", true);
    const { contests } = await this.ask_contests();
    for (const state of contests) void this.guard(() => this.casting.resume(state));
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
    this.confirmation.forget(contest);
    const done = this.casting.cast(vote);
    this.go(receipt_address(contest), true);
    await done;
    this.forget_choice(contest);
  }

  /** The code is given: from here on the vote is final. */
  private async confirm(): Promise<void> {
    const contest = this.shown?.step === "confirmation" ? this.shown.contest : undefined;
    const code = contest === undefined ? undefined : this.confirmation.read();
    if (contest === undefined || code === undefined) return;
    await this.casting.confirm(contest, code);
    const unconfirmed = this.casting.of(contest)?.unconfirmed;
    if (unconfirmed) return this.confirmation.refuse(contest, unconfirmed);
    this.confirmation.clear(contest);
    this.forget_choice(contest);
  }

  /** A ballot that was not taken may be cast again, with the same choice or another. */
  private forget_choice(contest: number): void {
    const after = this.casting.of(contest);
    if (after?.phase === "done" || after?.failure === "already_voted" || (after && disputed(after))) this.choices.delete(contest);
  }

  private save_receipt(contest: number): void {
    const cast = this.casting.of(contest);
    if (!cast?.receipt) return;
    const tracker = tracker_text(from_hex(cast.tracker!)); // whole: who has but the file can look her ballot up
    save_file(`${text("voting.receipt_file")}-${contest}-${tracker}.tlog-proof`, cast.receipt.text, "text/plain");
    this.leaving.has_saved(cast.receipt);
  }

  /** Neither choice nor code is in it; `others`: the same of her other ballots. */
  private save_evidence(contest: number): void {
    const reports = this.casting.reports(contest);
    if (reports.length === 0) return;
    const { fingerprint } = this.data;
    const [first, ...others] = reports.map(({ tracker, ballot, evidence }) => ({ tracker, ballot, ...evidence }));
    const file = {
      format: "isoloir evidence 1", origin: location.origin, fingerprint, contest,
      saved_at: new Date(this.clock()).toISOString(), ...first, ...(others.length > 0 && { others }),
    };
    save_file(`constat-${contest}-${first_groups(first!.tracker)}.json`, `${JSON.stringify(file, null, 2)}\n`, "application/json");
    this.leaving.has_saved(...reports.map(({ evidence }) => evidence!));
  }

  private leave(anyway = false): void {
    if (!this.may_leave(anyway)) return;
    this.wipe();
    one<HTMLFormElement>(document, "[data-form=sign-out]").submit();
  }

  private may_leave(anyway = false): boolean {
    return anyway || this.over || this.leaving.may_leave();
  }

  private wipe(): void {
    this.over = true;
    this.kept.wipe();
    this.choices.clear();
    this.worker.terminate();
  }

  // ---- session

  private tick(): void {
    // Before she has signed in there is nothing to lose: a page that is too old is told so at her first try. What was typed
    // does not stay on it.
    const watched = this.list !== undefined || !this.data.identifierLength;
    if (!this.over && watched && !this.session.watch()) this.end_session();
    if (!this.over && !watched && this.session.has_ended()) this.entrance.clear();
    const { step: shown } = this.shown ?? {};
    if (this.over || !this.list || !["contests", "ballot", "confirm", "confirmation"].includes(shown!)) return;
    if (shown === "confirmation") {
      this.confirmation.fill(this.shown!.contest!);
      void this.guard(() => this.confirmation.follow(this.shown!.contest!));
    }
    const now = this.clock();
    const just_closed = this.list.closesAt <= now && this.refreshed_at < this.list.closesAt + TICK_MS;
    const suspended = this.list.contests.some(({ state }) => state === "suspended");
    const due = this.refreshed_at + (suspended ? REFRESH_SUSPENDED_MS : REFRESH_MS) <= now;
    if (just_closed || due) void this.guard(() => this.refresh());
  }

  /** Sealed ballots stay, to be sent when she is back; nothing secret does. */
  private end_session(): void {
    if (this.over) return;
    this.over = true;
    this.choices.clear();
    this.worker.terminate();
    this.entrance.clear();
    this.confirmation.clear();
    this.show_error(this.kept.any() ? this.kept_text() : "voting.error_session");
    show_part(step("error"), "contests", false);
    show_part(step("error"), "sign_in", true);
  }

  private kept_text(): string {
    if (!this.data.confirmation) return "voting.error_session_kept";
    const closed = this.list !== undefined && this.list.closesAt <= this.clock();
    return closed ? "confirmation.error_session_late" : "confirmation.error_session_kept";
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

  // ---- what she sees

  private go(address: string, replace = false): void {
    if (location.pathname !== address) history[replace ? "replaceState" : "pushState"](null, "", address);
    this.render();
  }

  private render(): void {
    if (this.over) return;
    const shown = shown_at(location.pathname, {
      entry: this.data.entry!,
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
    if (shown.step === "code") this.fill_code();
    if (shown.step === "ballot" && !same) this.fill_ballot(contest);
    if (shown.step === "confirm") this.fill_confirm(contest);
    if (shown.step === "confirmation" && cast) this.fill_confirmation(cast, same);
    if (shown.step === "sending" && cast) this.fill_sending(cast);
    if (shown.step === "tracing" && cast) this.fill_tracing(cast);
    if (shown.step === "pending" && cast) this.fill_pending(cast);
    if (shown.step === "receipt" && cast && !same) this.fill_receipt(cast);
    if (shown.step === "dispute" && cast) this.fill_dispute(cast);
    if (shown.step === "error" && cast?.failure) this.fill_error(cast.failure as keyof typeof FAILURE_TEXT);
    if (this.list) this.fill_finish();
  }

  private async ask_contests(): Promise<ContestList> {
    const list = await this.api.contests();
    this.list = list;
    this.refreshed_at = this.clock();
    return list;
  }

  private async refresh(): Promise<void> {
    let list: ContestList;
    try {
      list = await this.ask_contests();
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error;
      return; // the list that is there will do; it is asked for again on the next visit
    }
    // What is over for good needs no key any more.
    if (list.contests.every(({ state }) => state === "voted" || state === "closed")) void this.vault.forget();
    if (this.shown) this.fill_finish();
    if (this.shown?.step === "contests") this.fill_contests();
    if (this.shown?.step === "receipt") this.fill_receipt_time(this.shown.contest!);
    for (const state of list.contests) void this.guard(() => this.casting.notice(state));
    const here = this.shown?.step === "confirmation" ? this.shown.contest : undefined;
    if (here !== undefined && this.state_of(here)?.state === "open") this.ask_for_code(here);
  }

  /** After the close: how long who is inside may still finish. */
  private fill_finish(): void {
    const until = this.left_to_vote().length > 0 ? this.list!.finishUntil : undefined;
    show_part(this.root, "finish", until !== undefined);
    fill(this.root, { finish_until: until ? text("voting.finish_until", { time: until }) : "" });
  }

  private fill_contests(): void {
    const section = step("contests");
    const { contests } = this.list!;
    if (this.voter_name) fill(section, { voter_name: this.voter_name });
    const suspended = contests.filter(({ contest, state }) => this.state_name_of(contest, state) === "suspended").length;
    const left = this.left_to_vote().length + suspended;
    const otherwise = contests.some(({ contest }) => this.casting.of(contest)?.failure === "already_voted");
    const all_voted = !otherwise && contests.every(({ contest, state }) => this.state_name_of(contest, state) === "voted");
    const nothing_left = contests.length > 0 ? text("voting.all_voted") : text("voting.no_contest");
    const lines = left > 0 ? [text("voting.left", { left, total: String(contests.length) })] : [nothing_left];
    if (suspended > 0) lines.push(text("voting.left_suspended", { suspended }));
    const earlier = this.casting.all().filter((cast) => cast.earlier && cast.phase === "done");
    fill(section, { left: lines.join(" "), resent: this.resent_text(), earlier: this.arrived_text("voting.earlier_done", earlier) });
    show_part(section, "left", left > 0 || all_voted);
    show_part(section, "resent", this.resent_text() !== "");
    show_part(section, "earlier", earlier.length > 0);
    one(section, "[data-slot=left]").dataset.state = left > 0 ? "" : "done";
    const items = contests.map((state) => this.contest_item(state));
    const focused = document.activeElement as HTMLElement | null;
    fill_list(section, "contests", items);
    // The list is made anew when the server's answer arrives: who stood on a button stands there again.
    const { action, contest } = focused?.dataset ?? {};
    if (action && contest) {
      all(section, `[data-action="${action}"][data-contest="${contest}"]`).find(({ hidden }) => !hidden)?.focus();
    }
  }

  /** Ballots sealed before a cut or a reload go out once she is back: she is told that they have arrived. */
  private resent_text(): string {
    const arrived = this.casting.all().filter(({ resent, earlier, phase }) => resent && !earlier && phase === "done");
    return this.arrived_text("voting.resent_done", arrived);
  }

  private arrived_text(id: string, casts: Cast[]): string {
    return casts.map(({ contest }) => text(id, { contest: this.contest_slots(contest).contest_title })).join(" ");
  }

  private fill_code(): void {
    show_part(step("code"), "kept", this.kept.any());
    if (this.data.confirmation) one(step("code"), "[data-part=kept]").textContent = text("confirmation.ballot_waits");
    show_part(step("code"), "reloaded", this.reloaded);
  }

  private contest_item(state: ContestState): Node {
    const item = clone("contest");
    const cast = this.casting.of(state.contest);
    const alive = cast !== undefined && cast.phase !== "failed";
    const unproven = cast !== undefined && disputed(cast);
    const name = this.state_name_of(state.contest, state.state);
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
    show_part(item, "vote", state.state === "open" && !alive && !unproven);
    show_part(item, "confirmation", name === "to_confirm");
    show_part(item, "receipt", alive && name !== "to_confirm" && name !== "tracing");
    show_part(item, "proof_gone", name === "voted" && cast === undefined);
    const otherwise = name === "voted" && cast?.failure === "already_voted";
    fill(item, { otherwise: otherwise ? text("voting.error_already_voted") : "" });
    show_part(item, "otherwise", otherwise);
    show_part(item, "dispute", unproven);
    show_part(item, "may_count", cast !== undefined && may_count_instead(cast));
    return item;
  }

  /** What the server says is overruled by what the browser has seen: nothing unproven is ever called voted. */
  private state_name_of(contest: number, state: ContestState["state"]): string {
    const cast = this.casting.of(contest);
    if (cast && disputed(cast)) return "unproven";
    if (cast?.phase === "trace") return "tracing";
    if (cast?.phase === "check" || cast?.phase === "pending") return "pending";
    if (cast?.phase === "seal" || cast?.phase === "send") return "sending";
    if (cast?.phase === "confirmation") return state === "open" ? "to_confirm" : state;
    if (cast?.phase === "done") return "voted";
    return state === "open" ? "to_vote" : state;
  }

  private left_to_vote(): ContestState[] {
    return this.list!.contests.filter(({ contest, state }) => /^to_/.test(this.state_name_of(contest, state)));
  }

  private contest_slots(contest: number): Record<"contest_title" | "contest_district", string> {
    const { name, districts } = this.manifest.contests[contest]!;
    const district = districts[this.state_of(contest)?.district ?? 0]?.name ?? "";
    return {
      contest_title: name[document.documentElement.lang === "en" ? "en" : "fr"],
      contest_district: districts.length > 1 ? text("voting.district", { district }) : "",
    };
  }

  private fill_ballot(contest: number): void {
    const section = step("ballot");
    fill(section, this.contest_slots(contest));
    show_part(section, "district", this.contest_slots(contest).contest_district !== "");
    fill_list(section, "options", this.manifest.contests[contest]!.options.map((option, i) =>
      option_item(option, i, this.choices.get(contest) === i)));
    show_errors(section, {});
  }

  private fill_confirm(contest: number): void {
    const section = step("confirm");
    const option = this.manifest.contests[contest]!.options[this.choices.get(contest)!]!;
    fill(section, { ...this.contest_slots(contest), choice_title: option_title(option) });
    one(section, "[data-slot=choice_title]").lang = option_language(option);
    show_part(section, "district", this.contest_slots(contest).contest_district !== "");
    fill_list(section, "chosen_candidates", candidate_items(option));
    const has_code = this.confirmation.has_code(contest);
    show_part(section, "code_to_come", !has_code);
    show_part(section, "code_there", has_code);
  }

  private fill_confirmation({ contest, restored }: Cast, same: boolean): void {
    const section = step("confirmation");
    const option = this.manifest.contests[contest]!.options[this.choices.get(contest)!];
    fill(section, { ...this.contest_slots(contest), choice_title: option ? option_title(option) : "" });
    if (option) one(section, "[data-slot=choice_title]").lang = option_language(option);
    show_part(section, "choice", option !== undefined);
    show_part(section, "restored", restored === true);
    if (same) return this.confirmation.fill(contest);
    this.confirmation.open(contest);
    this.ask_for_code(contest);
  }

  private ask_for_code(contest: number): void {
    if (this.confirmation.stale(contest)) void this.guard(() => this.confirmation.ask(contest));
  }

  private fill_sending(cast: Cast): void {
    const section = step("sending");
    const order = ["seal", "send", "check"];
    const steps = all(section, "[data-progress]");
    show_part(section, "quick", cast.trouble === undefined);
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

  private fill_tracing(cast: Cast): void {
    const section = step("tracing");
    const trouble = cast.trouble === "network" ? "voting.no_answer" : "voting.error_busy";
    fill(section, { contest_title: this.contest_slots(cast.contest).contest_title, trouble: cast.trouble ? text(trouble) : "" });
    show_part(section, "trouble", cast.trouble !== undefined);
    show_part(section, "may_count", may_count_instead(cast));
  }

  private fill_pending(cast: Cast): void {
    fill(step("pending"), {
      contest_title: this.contest_slots(cast.contest).contest_title, tracker: tracker_groups(from_hex(cast.tracker!)),
    });
    show_part(step("pending"), "on_the_way", !cast.awaits_witnesses);
    show_part(step("pending"), "witnesses", cast.awaits_witnesses === true);
    show_part(step("pending"), "may_count", may_count_instead(cast));
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
    show_part(section, "earlier", cast.earlier === true);
    show_part(section, "reports", reports_of(cast).length > 0);
    one(section, "[data-qr]").replaceChildren(qr_svg(`${location.origin}/suivi#${tracker_text(tracker)}`));
    this.fill_receipt_time(cast.contest);
    void this.guard(() => this.refresh());
  }

  private fill_dispute(cast: Cast): void {
    const section = step("dispute");
    const contest_title = this.contest_slots(cast.contest).contest_title;
    fill(section, {
      contest_title, tracker: tracker_groups(from_hex(cast.tracker!)), dispute_text: text(`voting.dispute_${cast.failure}`),
    });
    show_part(section, "may_count", may_count_instead(cast));
    show_part(section, "again", presented_again(cast));
    show_part(section, "again_earlier", !presented_again(cast));
  }

  private fill_receipt_time(contest: number): void {
    const section = step("receipt");
    const [next] = this.left_to_vote();
    show_part(section, "next", next !== undefined);
    if (next) {
      fill(section, { next_contest: text("voting.next", { contest: this.contest_slots(next.contest).contest_title }) });
      one(section, "[data-action=open-contest]").dataset.contest = String(next.contest);
    }
    const voted_at = this.state_of(contest)?.votedAt;
    fill(section, { receipt_time: voted_at ?? "" });
    show_part(section, "receipt_time", voted_at !== undefined);
  }

  private fill_error(failure: keyof typeof FAILURE_TEXT): void {
    fill(step("error"), { error_text: text(FAILURE_TEXT[failure]) });
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
    // After a reload she is where she was.
    if (cast.phase === "confirmation" && cast.restored && !cast.unconfirmed && this.shown?.step === "contests") {
      this.go(confirmation_address(cast.contest), true);
    }
    if (this.shown?.contest === cast.contest || this.shown?.step === "contests") this.render();
  }

  private state_of(contest: number): ContestState | undefined {
    return this.list?.contests.find((state) => state.contest === contest);
  }
}

/** For a file's name. */
function first_groups(tracker: string): string {
  return tracker_groups(from_hex(tracker)).slice(0, 9).replace(" ", "-");
}
