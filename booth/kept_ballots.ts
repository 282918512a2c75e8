// Sealed ballots between their making and the check of their receipt, those that were given up or that the server said it had not
// recorded, and what a server said whose proof was refused: what survives a reload of the page. Only bytes that the server
// receives or sends anyway are kept: never r, choice or code.
import type { BallotAnswer, ReceiptAnswer } from "./api.ts";

/** What the server said of a ballot whose proof was refused, and why it was: enough for anyone to judge. */
export interface Evidence {
  refused: string;
  answers: (BallotAnswer | ReceiptAnswer)[];
}

export interface Kept {
  ballot: string; // base64, sealed
  /** It has left this device, or may have. */
  sent: boolean;
  evidence?: Evidence | undefined;
  /** Of a list of those turned down: it is there for their reports' sake, was proven, and no ballot was made after it. */
  last?: boolean | undefined;
}

const OURS = "isoloir/";
const BALLOT = `${OURS}ballot/`;
const TURNED_DOWN = `${OURS}turned-down/`;

function is_kept(record: unknown): record is Kept {
  return typeof (record as Kept | null | undefined)?.ballot === "string";
}

export class KeptBallots {
  private readonly storage: Storage;
  private wiped = false;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  keep(contest: number, { ballot, sent, evidence }: Kept): void {
    this.store(BALLOT + contest, { ballot, sent, evidence });
  }

  kept(contest: number): Kept | undefined {
    const record = this.read(BALLOT + contest);
    return is_kept(record) ? record : undefined;
  }

  /** Whether a sealed ballot waits, of whichever contest; what is in dispute is not to be sent. */
  any(): boolean {
    const waits = (record: unknown) => is_kept(record) && !record.evidence;
    return Object.keys(this.storage).some((key) => key.startsWith(BALLOT) && waits(this.read(key)));
  }

  /** Newest first; replaces those that were kept. */
  keep_turned_down(contest: number, ballots: Kept[]): void {
    const kept = ballots.map(({ ballot, sent, evidence, last }) => ({ ballot, sent, evidence, last }));
    if (kept.length > 0) this.store(TURNED_DOWN + contest, kept);
    else this.storage.removeItem(TURNED_DOWN + contest);
  }

  turned_down(contest: number): Kept[] {
    const list = this.read(TURNED_DOWN + contest);
    return Array.isArray(list) ? list.filter(is_kept) : [];
  }

  /** What waits; what was turned down stays. */
  erase(contest: number): void {
    this.storage.removeItem(BALLOT + contest);
  }

  /** All that any version of the page kept, and for good: an answer may still be on its way. */
  wipe(): void {
    this.wiped = true;
    for (const key of Object.keys(this.storage)) {
      if (key.startsWith(OURS)) this.storage.removeItem(key);
    }
  }

  /** What cannot be read is nothing: a page of before wrote otherwise. */
  private read(key: string): unknown {
    try {
      return JSON.parse(this.storage.getItem(key) ?? "");
    } catch {
      return undefined;
    }
  }

  /** Where the browser refuses storage, the ballot is still sent: only a reload would lose it. */
  private store(key: string, value: Kept | Kept[]): void {
    if (this.wiped) return;
    try {
      this.storage.setItem(key, JSON.stringify(value));
    } catch {
      return;
    }
  }
}
