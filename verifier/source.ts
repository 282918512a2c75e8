// Where an export is read from: a folder, or files dropped on a page. Big files are read in pieces.
import { Refused } from "./refused.ts";

export interface ExportSource {
  /** Every file below the folder of the export, by its path with slashes. */
  paths(): string[];
  has(path: string): boolean;
  size(path: string): number;
  read(path: string, offset: number, length: number): Promise<Uint8Array>;
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
