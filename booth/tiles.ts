// Proofs from a log's tiles (c2sp.org/tlog-tiles, docs/protocol.md section 8). Nothing that a tile says is trusted: what is made of
// it is a path that leads, or does not, to a root that the log has signed.
import { node_hash } from "./merkle.ts";
import { Refused } from "./refused.ts";

const WIDTH = 256;
const LEVELS = 8; // of the tree in one level of tiles
const HASH = 32;

/** The content of a tile, of at least as many hashes as its path says. */
export type TileSource = (path: string) => Promise<Uint8Array>;

/** "tile/0/x001/234.p/5": the first 5 hashes of tile 1234 of level 0. */
export function tile_path(level: number, index: number, width: number): string {
  let name = String(index % 1000).padStart(3, "0");
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    name = `x${String(rest % 1000).padStart(3, "0")}/${name}`;
  }
  return `tile/${level}/${name}${width < WIDTH ? `.p/${width}` : ""}`;
}

/** The tree of `size` leaves, as the tiles show it. Throws Refused, code tile, for what is no tile; and what the source throws. */
export class TileTree {
  private readonly source: TileSource;
  private readonly size: number;
  private readonly tiles = new Map<string, Promise<Uint8Array>>();

  constructor(source: TileSource, size: number) {
    this.source = source;
    this.size = size;
  }

  /** RFC 6962 section 2.1.1. */
  inclusion_path(index: number): Promise<Uint8Array[]> {
    return this.path(index, 0, this.size);
  }

  /** RFC 6962 section 2.1.2; `old_size` from 1 to below the size. */
  consistency_path(old_size: number): Promise<Uint8Array[]> {
    return this.prefix(old_size, 0, this.size, true);
  }

  private async path(index: number, start: number, end: number): Promise<Uint8Array[]> {
    if (end - start === 1) return [];
    const middle = start + split(end - start);
    return index < middle
      ? [...(await this.path(index, start, middle)), await this.subtree(middle, end)]
      : [...(await this.path(index, middle, end)), await this.subtree(start, middle)];
  }

  private async prefix(old_end: number, start: number, end: number, whole: boolean): Promise<Uint8Array[]> {
    if (old_end === end) return whole ? [] : [await this.subtree(start, end)];
    const middle = start + split(end - start);
    return old_end <= middle
      ? [...(await this.prefix(old_end, start, middle, whole)), await this.subtree(middle, end)]
      : [...(await this.prefix(old_end, middle, end, false)), await this.subtree(start, middle)];
  }

  /** Of leaves `start` to before `end`, as the recursion has split them: whole, or at the ragged right edge. */
  private async subtree(start: number, end: number): Promise<Uint8Array> {
    const count = end - start;
    if (count === 1 || 2 * split(count) === count) return this.node(Math.log2(count), start / count);
    const middle = start + split(count);
    return node_hash(await this.subtree(start, middle), await this.subtree(middle, end));
  }

  /** A whole subtree of 2^height leaves: one hash of a tile, or made of several. */
  private async node(height: number, index: number): Promise<Uint8Array> {
    const level = Math.floor(height / LEVELS);
    const count = 2 ** (height % LEVELS);
    const first = index * count;
    const tile = await this.tile(level, Math.floor(first / WIDTH));
    const at = first % WIDTH;
    let hashes = Array.from({ length: count }, (_, i) => tile.subarray((at + i) * HASH, (at + i + 1) * HASH));
    if (hashes.some(({ length }) => length !== HASH)) throw new Refused("tile");
    while (hashes.length > 1) hashes = hashes.filter((_, i) => i % 2 === 0).map((left, i) => node_hash(left, hashes[2 * i + 1]!));
    return hashes[0]!;
  }

  private tile(level: number, index: number): Promise<Uint8Array> {
    const width = Math.min(WIDTH, Math.floor(this.size / WIDTH ** level) - index * WIDTH);
    const path = tile_path(level, index, width);
    const known = this.tiles.get(path) ?? this.source(path);
    this.tiles.set(path, known);
    return known;
  }
}

/** The largest power of two below n. */
function split(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}
