// A log's tiles made of its leaves: the other side of what tiles.ts reads. For tests only.
import { concat } from "./bytes.ts";
import { tree_root } from "./merkle.fixture.ts";
import type { TileSource } from "./tiles.ts";

const WIDTH = 256;

export function tiles_of(leaves: Uint8Array[]): TileSource {
  return async (path) => {
    const match = /^tile\/(\d+)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d+))?$/.exec(path);
    if (!match) throw new Error(`no tile: ${path}`);
    const under = WIDTH ** Number(match[1]);
    const first = Number(match[2]!.replace(/[x/]/g, "")) * WIDTH;
    const hashes = Array.from({ length: Number(match[3] ?? WIDTH) }, (_, i) =>
      leaves.slice((first + i) * under, (first + i + 1) * under));
    if (hashes.some(({ length }) => length !== under)) throw new Error(`not there yet: ${path}`);
    return concat(...hashes.map(tree_root));
  };
}
