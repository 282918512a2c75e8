// index.json (section 11): every file of the export with its size and hash, and none besides.
import { sha256 } from "@noble/hashes/sha2.js";
import { to_hex } from "./bytes.ts";
import { places_of } from "./box.ts";
import { decode } from "./canonical_json.ts";
import type { Manifest } from "./manifest.ts";
import { require_that, within } from "./refused.ts";
import { array, ascending, by_text, hex, integer, literal, object, text } from "./shape.ts";
import { type ExportSource, pieces, type Progress, read_file } from "./source.ts";

const INDEX = "index.json";

/** The files that an export may hold. */
const NAMES = [
  "manifest.json", "seal.json", "broken/N/manifest.json", "broken/N/seal.json", "ceremony/N/[0-4]-\\d\\d-\\d\\d.json", "roster.json",
  "roster/N-N.bin", "log/leaves.bin", "log/pads.bin", "log/checkpoints.json", "events/\\d{6}.json", "reissue/N.json",
  "reissue/N-N-N-(removed|added).bin", "box/N-N.bin", "tally.json", "shares/N-N-N.json", "result.json",
].map((name) => new RegExp(`^${name.replace(/N/g, "(0|[1-9]\\d*)").replace(/\./g, "\\.")}$`));

export async function check_index(source: ExportSource, progress: Progress): Promise<void> {
  const bytes = await read_file(source, INDEX);
  const listed = within(INDEX, () => {
    const index = object(decode(bytes), ["format", "files"]);
    literal(index.format, "isoloir-export/1");
    const files = array(index.files, (item) => {
      const file = object(item, ["path", "sha256", "size"]);
      return { path: text(file.path), sha256: hex(file.sha256, 32), size: integer(file.size) };
    });
    ascending(files.map(({ path }) => path), by_text, "files");
    return files;
  });
  const names = new Set(listed.map(({ path }) => path));
  const unlisted = source.paths().find((path) => path !== INDEX && !names.has(path));
  require_that(unlisted === undefined, `${unlisted} is not listed`);
  if (holds_count(source)) {
    const missing = ["tally.json", "result.json"].find((path) => !source.has(path));
    require_that(missing === undefined, `${missing} is missing, and there is more of the count`);
  }
  const total = listed.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const { path, sha256: hash, size } of listed) {
    require_that(NAMES.some((name) => name.test(path)), `${path} is no file of an export`);
    require_that(source.has(path), `${path} is missing`);
    require_that(source.size(path) === size, `${path} is of ${source.size(path)} bytes, not ${size}`);
    const state = sha256.create();
    for await (const piece of pieces(source, path)) {
      state.update(piece);
      done += piece.length;
      await progress.at("files", done, total);
    }
    require_that(to_hex(state.digest()) === hash, `${path} has another hash than index.json says`);
    if (path.endsWith(".json")) await check_canonical(source, path);
  }
}

/** An export from before the count has none of it. */
export const holds_count = (source: ExportSource): boolean =>
  source.paths().some((path) => path === "tally.json" || path === "result.json" || path.startsWith("shares/"));

async function check_canonical(source: ExportSource, path: string): Promise<void> {
  const bytes = await read_file(source, path);
  within(path, () => void decode(bytes));
}

/** Rosters and boxes are there for each contest and district of the manifest, empty or not, and for no other. */
export function check_places(source: ExportSource, manifest: Manifest): void {
  const wanted = places_of(manifest).flatMap(({ contest, district }) =>
    ["roster", "box"].map((folder) => `${folder}/${contest}-${district}.bin`));
  const missing = wanted.find((path) => !source.has(path));
  require_that(missing === undefined, `${missing} is missing`);
  const stray = source.paths().find((path) => /^(roster|box)\//.test(path) && !wanted.includes(path));
  require_that(stray === undefined, `${stray} is of no contest and district of the manifest`);
}
