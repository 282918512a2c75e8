// The check of a kept receipt, by itself and against today's log (docs/protocol.md section 8): what each step says, and the verdict.
// Knows no page: receipt_check_page.ts shows it.
import { same_bytes, to_hex } from "./bytes.ts";
import { proves_consistency, proves_inclusion } from "./merkle.ts";
import { check_checkpoint, check_receipt, type CheckedCheckpoint, type LogPolicy, receipt_claim } from "./receipt.ts";
import { Refused } from "./refused.ts";
import { TileTree } from "./tiles.ts";

const UNCHECKED = "unchecked"; // the code of what could not be judged

/** Reads what the log publishes under its address: "checkpoint", "tile/…". Throws when there is no answer. */
export type LogReader = (path: string) => Promise<Uint8Array>;

/** In the order in which they are shown. */
export type StepName = "receipt" | "tracker" | "today" | "prefix" | "place" | "elsewhere";

export interface Step {
  name: StepName;
  state: "good" | "bad" | "unchecked";
  /** Where it is bad, why: for who judges the evidence. */
  code?: string;
}

/**
 * in_log: every step is good; authentic: the receipt is, and nothing is bad, but today's log was not read; failed: a step is bad;
 * other_election, no_receipt: it is not for this page.
 */
export interface Report {
  outcome: "in_log" | "authentic" | "failed" | "other_election" | "no_receipt";
  tracker?: string; // hex
  index?: number;
  size?: number; // of today's log
  steps: Step[];
  /** Today's checkpoint, as it came. */
  checkpoint?: string;
}

export interface Question {
  receipt: string;
  /** Known from elsewhere: the name of the file, paper. */
  tracker?: Uint8Array | undefined;
  /** A checkpoint that was got elsewhere. */
  elsewhere?: string | undefined;
}

/** What travelled by mail or through a field: its line ends, and the one at the end. */
export function clean_note(text: string): string {
  return `${text.replace(/\r\n?/g, "\n").trim()}\n`;
}

export async function check_kept_receipt(question: Question, policy: LogPolicy, read: LogReader): Promise<Report> {
  let claim: ReturnType<typeof receipt_claim>;
  try {
    claim = receipt_claim(question.receipt);
  } catch {
    return { outcome: "no_receipt", steps: [] };
  }
  const tracker = to_hex(claim.tracker);
  if (claim.origin !== policy.origin) return { outcome: "other_election", tracker, steps: [] };
  const check = new Check(question, policy, read, claim);
  await check.run();
  const { steps, report } = check;
  const bad = steps.some(({ state }) => state === "bad");
  const all = steps.every(({ state }) => state === "good");
  return { ...report, outcome: bad ? "failed" : all ? "in_log" : "authentic", tracker, steps };
}

/** Steps that ask no network. */
const LOCAL: StepName[] = ["receipt", "tracker"];

/** The newest checkpoint may wait for its witnesses still: it is compared, and proves nothing by itself. */
const unwitnessed = (policy: LogPolicy): LogPolicy => ({ ...policy, witness_threshold: 0 });

class Check {
  readonly steps: Step[] = [];
  readonly report: { index?: number; size?: number; checkpoint?: string } = {};
  private readonly question: Question;
  private readonly policy: LogPolicy;
  private readonly read: LogReader;
  private readonly claim: { tracker: Uint8Array; leaf: Uint8Array };

  constructor(question: Question, policy: LogPolicy, read: LogReader, claim: { tracker: Uint8Array; leaf: Uint8Array }) {
    this.question = question;
    this.policy = policy;
    this.read = read;
    this.claim = claim;
  }

  async run(): Promise<void> {
    const { receipt, tracker, elsewhere } = this.question;
    const own = await this.step("receipt", () => check_receipt(receipt, this.claim.tracker, this.policy));
    if (own) this.report.index = own.index;
    if (tracker) await this.step("tracker", () => refuse_unless(same_bytes(tracker, this.claim.tracker), "tracker"));
    const today = await this.step("today", () => this.today());
    const tree = today && new TileTree(this.read, today.size);
    // What the receipt itself does not prove is in no log.
    if (own) {
      await this.step("prefix", tree && (() => begins(own, today, tree)));
      await this.step("place", tree && (() => this.in_place(own.index, today, tree)));
    }
    if (elsewhere) await this.step("elsewhere", () => this.agrees(elsewhere, own, today, tree));
  }

  /** Nothing to do, or no answer: unchecked. Refused: bad; so is whatever else goes wrong with what lies here already. */
  private async step<T>(name: StepName, work: (() => T | Promise<T>) | undefined): Promise<T | undefined> {
    try {
      const result = await work?.();
      this.steps.push({ name, state: work ? "good" : "unchecked" });
      return result;
    } catch (error) {
      if (error instanceof Refused && error.code !== UNCHECKED) this.steps.push({ name, state: "bad", code: error.code });
      else if (LOCAL.includes(name)) this.steps.push({ name, state: "bad", code: "form" });
      else this.steps.push({ name, state: "unchecked" });
      return undefined;
    }
  }

  private async today(): Promise<CheckedCheckpoint> {
    const note = new TextDecoder().decode(await this.read("checkpoint"));
    this.report.checkpoint = note;
    const checked = check_checkpoint(note, unwitnessed(this.policy));
    this.report.size = checked.size;
    return checked;
  }

  private async in_place(index: number, today: CheckedCheckpoint, tree: TileTree): Promise<void> {
    refuse_unless(index < today.size, "behind");
    const path = await tree.inclusion_path(index);
    refuse_unless(proves_inclusion(this.claim.leaf, index, today.size, path, today.root), "inclusion");
  }

  private async agrees(
    note: string, own: CheckedCheckpoint | undefined, today: CheckedCheckpoint | undefined, tree: TileTree | undefined,
  ): Promise<void> {
    const other = check_checkpoint(note, unwitnessed(this.policy));
    if (own?.size === other.size) refuse_unless(same_bytes(own.root, other.root), "split");
    if (tree && today) return begins(other, today, tree);
    // Without today's log, only trees of one size can be compared.
    refuse_unless(own?.size === other.size, UNCHECKED);
  }
}

async function begins(before: CheckedCheckpoint, today: CheckedCheckpoint, tree: TileTree): Promise<void> {
  refuse_unless(before.size <= today.size, "behind");
  if (before.size === 0) return; // every tree begins with nothing
  const path = before.size < today.size ? await tree.consistency_path(before.size) : [];
  refuse_unless(proves_consistency(before.size, before.root, today.size, today.root, path), "split");
}

function refuse_unless(good: boolean, code: string): void {
  if (!good) throw new Refused(code);
}
