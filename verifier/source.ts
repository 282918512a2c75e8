// Where an export is read from: a folder, or files dropped on a page. Big files are read in pieces.
import { sha256 } from "@noble/hashes/sha2.js";
import { to_hex } from "./bytes.ts";
import { Refused } from "./refused.ts";

export interface ExportSource {
  /** Every file below the folder of the export, by its path with slashes. */
  paths(): string[];
  has(path: string): boolean;
  size(path: string): number;
  read(path: string, offset: number, length: number): Promise<Uint8Array>;
}

/** Files that are read from beginning to end, and are the same bytes each time: what is judged is what was hashed. */
export class SteadySource implements ExportSource {
  private readonly digests = new Map<string, string>();
  private readonly reading = new Map<string, { hash: ReturnType<typeof sha256.create>; done: number }>();

  constructor(private readonly source: ExportSource) {}

  paths(): string[] {
    return this.source.paths();
  }

  has(path: string): boolean {
    return this.source.has(path);
  }

  size(path: string): number {
    return this.source.size(path);
  }

  /** Of a file that has been read to its end; SHA-256 in hexadecimal. */
  digest(path: string): string {
    return this.digests.get(path) ?? to_hex(sha256(new Uint8Array()));
  }

  async read(path: string, offset: number, length: number): Promise<Uint8Array> {
    const bytes = await this.source.read(path, offset, length).catch((error: unknown) => {
      throw error instanceof Refused ? error : new Refused(`${path} cannot be read: ${String(error)}`);
    });
    if (bytes.length !== length) throw new Refused(`${path} changed while it was read`);
    if (offset === 0) this.reading.set(path, { hash: sha256.create(), done: 0 });
    const reading = this.reading.get(path);
    if (reading?.done !== offset) throw new Error(`${path} is not read from its beginning to its end`);
    reading.hash.update(bytes);
    reading.done += length;
    if (reading.done === this.size(path)) this.compare(path, to_hex(reading.hash.digest()));
    return bytes;
  }

  private compare(path: string, digest: string): void {
    this.reading.delete(path);
    if (this.digests.has(path) && this.digests.get(path) !== digest) throw new Refused(`${path} changed while the export was verified`);
    this.digests.set(path, digest);
  }
}

const PIECE = 1 << 20;

export async function read_file(source: ExportSource, path: string): Promise<Uint8Array> {
  if (!source.has(path)) throw new Refused(`${path} is missing`);
  return source.read(path, 0, source.size(path));
}

export async function* pieces(source: ExportSource, path: string): AsyncGenerator<Uint8Array> {
  const size = source.size(path);
  for (let offset = 0; offset < size; offset += PIECE) yield source.read(path, offset, Math.min(PIECE, size - offset));
}

/** A file of records of one length, one after the other. */
export async function* records(source: ExportSource, path: string, length: number): AsyncGenerator<Uint8Array> {
  if (!source.has(path)) throw new Refused(`${path} is missing`);
  const size = source.size(path);
  if (size % length !== 0) throw new Refused(`${path} does not consist of records of ${length} bytes`);
  const at_once = length * Math.max(1, Math.floor(PIECE / length));
  for (let offset = 0; offset < size; offset += at_once) {
    const piece = await source.read(path, offset, Math.min(at_once, size - offset));
    for (let start = 0; start < piece.length; start += length) yield piece.subarray(start, start + length);
  }
}

/** How far the work is, and a way to stop it or to let others have the processor. */
export interface Progress {
  /** Called often; may wait, and may throw Stopped. */
  at(stage: string, done: number, total: number): Promise<void>;
}

export class Stopped extends Error {
  override name = "Stopped";
}

export const SILENT: Progress = { at: async () => {} };
