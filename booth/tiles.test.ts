import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { concat, from_hex, u32 } from "./bytes.ts";
import { tree_root } from "./merkle.fixture.ts";
import { leaf_hash, proves_consistency, proves_inclusion } from "./merkle.ts";
import { Refused } from "./refused.ts";
import { tile_path, TileTree } from "./tiles.ts";
import { tiles_of } from "./tiles.fixture.ts";

const vectors = JSON.parse(readFileSync("tests/data/log_vectors.json", "utf8")) as {
  entries: { leaf: string }[]; roots: string[];
};
const leaves = vectors.entries.map(({ leaf }) => from_hex(leaf));
const roots = vectors.roots.map((root) => from_hex(root));

test("the vectors' log: each leaf is proven in each tree, each tree to begin each later one, from tiles", async () => {
  for (let size = 1; size <= leaves.length; size++) {
    const tree = new TileTree(tiles_of(leaves), size);
    for (let index = 0; index < size; index++) {
      const path = await tree.inclusion_path(index);
      assert.ok(proves_inclusion(leaves[index]!, index, size, path, roots[size]!), `${index} in ${size}`);
      assert.ok(!proves_inclusion(leaves[(index + 1) % 11]!, index, size, path, roots[size]!));
    }
    for (let old = 1; old < size; old++) {
      const path = await tree.consistency_path(old);
      assert.ok(proves_consistency(old, roots[old]!, size, roots[size]!, path), `${old} in ${size}`);
      assert.ok(!proves_consistency(old, roots[size]!, size, roots[size]!, path));
      assert.ok(!proves_consistency(old, roots[old]!, size, roots[old]!, path));
      assert.ok(!proves_consistency(old, roots[old]!, size, roots[size]!, [...path, path[0]!]));
      assert.ok(!proves_consistency(old, roots[old]!, size, roots[size]!, path.slice(1)));
    }
  }
});

test("the same tree is consistent with itself by no path, and a longer one never with a shorter", () => {
  assert.ok(proves_consistency(3, roots[3]!, 3, roots[3]!, []));
  assert.ok(!proves_consistency(3, roots[3]!, 3, roots[4]!, []));
  assert.ok(!proves_consistency(4, roots[4]!, 3, roots[3]!, []));
  assert.ok(!proves_consistency(0, roots[0]!, 3, roots[3]!, []));
});

test("more than one tile, and more than one level of them", async () => {
  const many = Array.from({ length: 1100 }, (_, i) => leaf_hash(u32(i)));
  const source = tiles_of(many);
  for (const size of [255, 256, 257, 512, 700, 1024, 1100]) {
    const root = tree_root(many.slice(0, size));
    const tree = new TileTree(source, size);
    for (const index of [0, 1, 254, 255, 256, 511, 699, size - 1].filter((index) => index < size)) {
      assert.ok(proves_inclusion(many[index]!, index, size, await tree.inclusion_path(index), root), `${index} in ${size}`);
    }
    for (const old of [1, 2, 200, 255, 256, 257, 511, 512, 513, size - 1].filter((old) => old < size)) {
      const path = await tree.consistency_path(old);
      assert.ok(proves_consistency(old, tree_root(many.slice(0, old)), size, root, path), `${old} in ${size}`);
    }
  }
});

test("another tree's tiles prove nothing; what is no tile is refused", async () => {
  const forked = leaves.map((leaf, i) => (i === 4 ? leaf_hash(u32(4)) : leaf));
  const path = await new TileTree(tiles_of(forked), 11).consistency_path(6);
  assert.ok(!proves_consistency(6, roots[6]!, 11, roots[11]!, path));
  assert.ok(!proves_consistency(6, roots[6]!, 11, tree_root(forked), path));
  const short = new TileTree(async () => concat(...leaves).subarray(0, 100), 11);
  await assert.rejects(short.inclusion_path(9), (error: Refused) => error.code === "tile");
});

test("tiles are named as tlog-tiles names them", () => {
  assert.equal(tile_path(0, 0, 256), "tile/0/000");
  assert.equal(tile_path(1, 1234067, 256), "tile/1/x001/x234/067");
  assert.equal(tile_path(0, 1067, 5), "tile/0/x001/067.p/5");
});
