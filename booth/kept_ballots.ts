// Sealed ballots between their making and the check of their receipt, and what a server said whose proof was refused: what
// survives a reload of the page. Only bytes that the server receives or sends anyway are kept: never r, choice or code.

const BALLOT = "isoloir/ballot/";
const EVIDENCE = "isoloir/evidence/";

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

  erase(contest: number): void {
    this.storage.removeItem(BALLOT + contest);
    this.storage.removeItem(EVIDENCE + contest);
  }

  wipe(): void {
    for (const key of Object.keys(this.storage)) {
      if (key.startsWith(BALLOT) || key.startsWith(EVIDENCE)) this.storage.removeItem(key);
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
