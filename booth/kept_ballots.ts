// Sealed ballots between their making and the check of their receipt, those that the server said it had not recorded, and what a
// server said whose proof was refused: what survives a reload of the page. Only bytes that the server receives or sends anyway
// are kept: never r, choice or code.

const BALLOT = "isoloir/ballot/";
const EVIDENCE = "isoloir/evidence/";
const TURNED_DOWN = "isoloir/turned-down/";

export class KeptBallots {
  private readonly storage: Storage;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  keep(contest: number, ballot: string): void {
    this.store(BALLOT + contest, ballot);
  }

  kept(contest: number): string | null {
    return this.storage.getItem(BALLOT + contest);
  }

  /** Whether a sealed ballot waits, of whichever contest. */
  any(): boolean {
    return Object.keys(this.storage).some((key) => key.startsWith(BALLOT));
  }

  keep_evidence(contest: number, evidence: string): void {
    this.store(EVIDENCE + contest, evidence);
  }

  evidence(contest: number): string | null {
    return this.storage.getItem(EVIDENCE + contest);
  }

  /** Sealed ballots that were sent and, as the server says, not recorded; replaces those that were kept. */
  keep_turned_down(contest: number, ballots: string[]): void {
    if (ballots.length > 0) this.store(TURNED_DOWN + contest, ballots.join(" "));
    else this.storage.removeItem(TURNED_DOWN + contest);
  }

  turned_down(contest: number): string[] {
    return this.storage.getItem(TURNED_DOWN + contest)?.split(" ") ?? [];
  }

  /** What waits, and its evidence; what was turned down stays. */
  erase(contest: number): void {
    this.storage.removeItem(BALLOT + contest);
    this.storage.removeItem(EVIDENCE + contest);
  }

  wipe(): void {
    for (const key of Object.keys(this.storage)) {
      if ([BALLOT, EVIDENCE, TURNED_DOWN].some((kind) => key.startsWith(kind))) this.storage.removeItem(key);
    }
  }

  /** Where the browser refuses storage, the ballot is still sent: only a reload would lose it. */
  private store(key: string, value: string): void {
    try {
      this.storage.setItem(key, value);
    } catch {
      return;
    }
  }
}
