// The dialog between the voter and leaving: what would be lost, the buttons that save it, and leaving all the same. It knows what
// she has saved or printed.
import { type Cast, type Casting, may_count_instead } from "./casting.ts";
import { loss_of_leaving, unsaved_proof } from "./leaving.ts";
import { all, fill, one, show_part, text } from "./page.ts";
import type { Step } from "./steps.ts";

interface Parts {
  evidence?: boolean;
  proof?: boolean;
  anyway?: boolean;
}

export interface Surroundings {
  casting: Pick<Casting, "all" | "uncast" | "waits">;
  /** A code validates the vote. */
  confirms: boolean;
  /** Contests that she may still vote in. */
  left: () => number;
  /** Shows what would be lost of this contest. */
  show: (contest: number) => void;
}

export class LeaveDialog {
  private readonly around: Surroundings;
  private readonly saved = new Set<object>(); // evidence and receipts that she has
  private readonly noted = new Set<string>(); // trackers that she printed while the proof was on its way
  private saved_here = false; // she did so when told what leaving would lose

  constructor(around: Surroundings) {
    this.around = around;
  }

  /** What is wiped with the page cannot be had again: she is told, and stays or goes. */
  may_leave(): boolean {
    const casts = this.around.casting.all();
    const loss = loss_of_leaving(casts, this.saved, this.noted, navigator.onLine, this.around.casting.uncast());
    if (loss) {
      if (loss.contest !== undefined) this.around.show(loss.contest);
      const { why, unsaved } = loss;
      const evidence = why === "evidence" || unsaved === true;
      this.tell(`voting.leave_${why}`, { evidence, proof: why === "proof", anyway: why !== "offline" });
      // Whatever step is behind the dialog.
      for (const button of all(this.dialog(), "[data-action^=download-]")) button.dataset.contest = String(loss.contest);
      if (unsaved) this.add(text("voting.leave_evidence"));
      const cast = casts.find(({ contest }) => contest === loss.contest);
      if (cast && may_count_instead(cast)) this.add(text("voting.may_count_instead"));
      return false;
    }
    const left = this.around.left();
    const waits = this.around.casting.waits().length > 0;
    const kept = this.around.confirms ? "confirmation.leave" : "voting.leave_waiting";
    if (waits || left > 0) this.tell(waits ? kept : "voting.leave_unvoted", { anyway: true }, { left });
    return !waits && left === 0;
  }

  tell(id: string, parts: Parts = {}, values = {}): void {
    const dialog = this.dialog();
    this.saved_here = false;
    fill(dialog, { leave_title: text(`${id}_title`, values), leave_text: text(id) });
    for (const part of ["evidence", "proof", "anyway"] as const) show_part(dialog, part, parts[part] === true);
    if (!dialog.open) dialog.showModal();
  }

  private add(more: string): void {
    const dialog = this.dialog();
    fill(dialog, { leave_text: `${one(dialog, "[data-slot=leave_text]").textContent} ${more}` });
  }

  stay(): void {
    this.dialog().close();
  }

  /** She leaves in spite of what the dialog says; not so where it says that something is saved: there may be more. */
  in_spite(): boolean {
    return !this.saved_here;
  }

  /** In the dialog that asked for it: what was missing is there now, and leaving may go on. */
  has_saved(...saved: object[]): void {
    for (const one of saved) this.saved.add(one);
    if (!this.dialog().open) return;
    this.tell("voting.leave_saved", { anyway: true });
    this.saved_here = true;
  }

  has_printed(step: Step, { receipt, tracker }: Cast): void {
    if (step === "receipt" && receipt) this.saved.add(receipt);
    if (step === "pending" && tracker) this.noted.add(tracker);
  }

  unsaved_proof(): boolean {
    return unsaved_proof(this.around.casting.all(), this.saved, this.noted);
  }

  private dialog(): HTMLDialogElement {
    return one<HTMLDialogElement>(document, "[data-dialog=leave]");
  }
}
