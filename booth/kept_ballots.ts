// Sealed ballots between their making and the check of their receipt: what survives a reload of the page. Only bytes that the
// server receives anyway are kept: never r, choice or code.

const PREFIX = "isoloir/ballot/";

export class KeptBallots {
  private readonly storage: Storage;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  /** Where the browser refuses storage, the ballot is still sent: only a reload would lose it. */
  keep(contest: number, ballot: string): void {
    try {
      this.storage.setItem(PREFIX + contest, ballot);
    } catch {
      return;
    }
  }

  kept(contest: number): string | null {
    return this.storage.getItem(PREFIX + contest);
  }

  erase(contest: number): void {
    this.storage.removeItem(PREFIX + contest);
  }

  wipe(): void {
    for (const key of Object.keys(this.storage)) {
      if (key.startsWith(PREFIX)) this.storage.removeItem(key);
    }
  }
}
