// The page that checks a kept receipt (views/receipt_check.mustache): served by the portal, or saved and opened anywhere. What it
// knows of the election stands in it; receipt and tracker never leave it.
import { from_hex } from "./bytes.ts";
import { all, clone, fill, fill_list, one, show_part, text } from "./page.ts";
import { qr_text } from "./qr_photo.ts";
import type { LogPolicy } from "./receipt.ts";
import { check_kept_receipt, clean_note, type Question, type Report } from "./receipt_check.ts";
import { Refused } from "./refused.ts";
import { save_file } from "./save_file.ts";
import { read_tracker, tracker_groups, tracker_text } from "./tracker.ts";

const RECEIPT_BYTES_MAX = 64 * 1024;
const ANSWER_TIMEOUT_MS = 20_000;
const RECEIPT_START = "c2sp.org/tlog-proof";
// What the voting space names the file; some browsers number a second copy.
const NAMED_AFTER = /-([0-9A-Z]{52})(?: ?\(\d+\))?\.tlog-proof/;

/** What a person can give but no check can use: the words are the page's. */
class Unusable extends Error {}

interface Checked {
  question: Question;
  report: Report;
  at: Date;
}

class ReceiptCheck {
  private root: HTMLElement;
  private checked: Checked | undefined;
  private tracker_only: Uint8Array | undefined;

  constructor(root: HTMLElement) {
    this.root = root;
  }

  start(): void {
    this.show();
    document.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.check();
    });
    document.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("button[type=button]");
      if (button?.dataset.switch !== undefined) this.change_language();
      else if (button?.dataset.action === "download-evidence") this.save_evidence();
    });
  }

  private async check(): Promise<void> {
    this.checked = this.tracker_only = undefined;
    this.show_error("");
    this.show();
    fill(this.root, { working: text("receipt_check.working") });
    try {
      const question = await this.question();
      if (question) {
        this.checked = { question, report: await check_kept_receipt(question, this.policy(), (path) => this.read(path)), at: new Date() };
      }
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      this.show_error(text(error.message));
    } finally {
      fill(this.root, { working: "" });
    }
    this.show();
    if (this.checked || this.tracker_only) one(this.root, "#verdict-title").focus();
  }

  // ---- what was given

  /** Nothing where it is a tracker alone. Throws Unusable. */
  private async question(): Promise<Question | undefined> {
    const file = this.file("receipt-file");
    const photo = this.file("receipt-photo");
    const typed = this.typed("receipt-text");
    const elsewhere = this.typed("receipt-elsewhere");
    const pasted = typed.startsWith(RECEIPT_START) ? typed : undefined;
    let tracker = typed !== "" && !pasted ? tracker_in(typed, "receipt_check.error_text") : undefined;
    if (!tracker && photo) tracker = tracker_in((await qr_text(photo)) ?? "", "receipt_check.error_photo");
    const receipt = file ? await read_receipt(file) : pasted;
    if (receipt === undefined) {
      if (!tracker) throw new Unusable("receipt_check.error_empty");
      this.tracker_only = tracker;
      return undefined;
    }
    tracker ??= file && tracker_of_name(file.name);
    return { receipt: clean_note(receipt), tracker, elsewhere: elsewhere === "" ? undefined : clean_note(elsewhere) };
  }

  private file(id: string): File | undefined {
    return one<HTMLInputElement>(this.root, `#${id}`).files?.[0];
  }

  private typed(id: string): string {
    return one<HTMLTextAreaElement>(this.root, `#${id}`).value.trim();
  }

  // ---- the election

  private policy(): LogPolicy {
    const { logOrigin, logKey, witnesses, witnessThreshold } = this.root.dataset;
    return {
      origin: logOrigin!, key: from_hex(logKey!, 32),
      witnesses: witnesses!.split(" ").filter((vkey) => vkey !== ""), witness_threshold: Number(witnessThreshold),
    };
  }

  private async read(path: string): Promise<Uint8Array> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), ANSWER_TIMEOUT_MS);
    try {
      const response = await fetch(`${this.root.dataset.logUrl}/${path}`, {
        credentials: "omit", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer", signal: abort.signal,
      });
      if (!response.ok) throw new Error(`${path}: ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    } finally {
      clearTimeout(timer);
    }
  }

  // ---- what is shown

  private show(): void {
    show_part(this.root, "photo", "BarcodeDetector" in globalThis);
    show_part(this.root, "save", location.origin === this.root.dataset.origin);
    show_part(this.root, "verdict", this.checked !== undefined || this.tracker_only !== undefined);
    if (this.checked) this.show_report(this.checked.report);
    if (this.tracker_only) this.show_tracker(this.tracker_only);
  }

  private show_report({ outcome, tracker, index, size, steps }: Report): void {
    this.show_verdict(outcome, tracker && outcome !== "no_receipt" ? from_hex(tracker) : undefined);
    const values = { index: String(index), size: String(size) };
    fill_list(this.root, "steps", steps.map(({ name, state }) => {
      const item = clone("step");
      fill(item, { state: text(`receipt_check.state_${state}`), words: text(`receipt_check.${name}_${state}`, values) });
      one(item, "li").dataset.state = state;
      return item;
    }));
    show_part(this.root, "failed", outcome === "failed");
    show_part(this.root, "look_up", false);
  }

  private show_tracker(tracker: Uint8Array): void {
    this.show_verdict("tracker_only", tracker);
    fill_list(this.root, "steps", []);
    show_part(this.root, "failed", false);
    show_part(this.root, "look_up", true);
    // After the #, so that no server sees it in an address.
    for (const link of all(this.root, "[data-look-up]") as HTMLAnchorElement[]) link.hash = tracker_text(tracker);
  }

  private show_verdict(outcome: Report["outcome"] | "tracker_only", tracker: Uint8Array | undefined): void {
    one(this.root, "[data-part=verdict]").dataset.outcome = outcome;
    show_part(this.root, "tracker", tracker !== undefined);
    fill(this.root, {
      verdict_title: text(`receipt_check.${outcome}_title`), verdict_text: text(`receipt_check.${outcome}`),
      tracker: tracker ? tracker_groups(tracker) : "",
    });
  }

  private show_error(words: string): void {
    show_part(this.root, "input_error", words !== "");
    fill(this.root, { input_error: words });
  }

  /** What was given stays: the inputs move with what is in them. */
  private change_language(): void {
    const place = one<HTMLTemplateElement>(document, "template[data-other-language]");
    const other = one(place.content, "#receipt-check");
    for (const input of all(this.root, "input, textarea")) swap(input, one(other, `#${input.id}`));
    all(this.root, "details").forEach((details, i) => {
      (all(other, "details")[i] as HTMLDetailsElement).open = (details as HTMLDetailsElement).open;
    });
    this.root.replaceWith(other);
    place.content.replaceChildren(this.root);
    this.root = other;
    document.documentElement.lang = other.lang;
    document.title = other.dataset.title!;
    this.show_error("");
    this.show();
    one(other, "[data-switch]").focus();
  }

  private save_evidence(): void {
    if (!this.checked) return;
    const { question, report, at } = this.checked;
    const { origin, fingerprint } = this.root.dataset;
    const evidence = {
      format: "isoloir receipt check 1", origin, fingerprint, checked_at: at.toISOString(), ...report,
      receipt: question.receipt, elsewhere: question.elsewhere,
    };
    const groups = tracker_groups(from_hex(report.tracker!)).slice(0, 9).replace(" ", "-");
    save_file(`${text("receipt_check.evidence_file")}-${groups}.json`, `${JSON.stringify(evidence, null, 2)}\n`, "application/json");
  }
}

function swap(a: HTMLElement, b: HTMLElement): void {
  const place = document.createComment("");
  a.replaceWith(place);
  b.replaceWith(a);
  place.replaceWith(b);
}

async function read_receipt(file: File): Promise<string> {
  return file.size > RECEIPT_BYTES_MAX ? "" : await file.text();
}

function tracker_of_name(name: string): Uint8Array | undefined {
  const named = NAMED_AFTER.exec(name);
  try {
    return named ? read_tracker(named[1]!) : undefined;
  } catch {
    return undefined; // a name is anybody's
  }
}

/** As it is typed, or as a QR code brings it: an address that ends in it. */
function tracker_in(given: string, otherwise: string): Uint8Array {
  try {
    return read_tracker(given.slice(given.lastIndexOf("#") + 1));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new Unusable(otherwise);
  }
}

new ReceiptCheck(one(document, "#receipt-check")).start();
