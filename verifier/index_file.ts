// index.json (section 11): every file of the export with its size and hash, and none besides.
import { places_of } from "./box.ts";
import { decode } from "./canonical_json.ts";
import type { Manifest } from "./manifest.ts";
import { require_that, within } from "./refused.ts";
import { array, ascending, by_text, hex, integer, literal, object, text } from "./shape.ts";
import { type ExportSource, pieces, type Progress, read_file, type SteadySource } from "./source.ts";

const INDEX = "index.json";

/** V1; `manifest` is null where the file is none. */
export async function check_index(source: SteadySource, manifest: Manifest | null, progress: Progress): Promise<void> {
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
  const total = listed.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const { path, sha256: hash, size } of listed) {
    require_that(source.has(path), `${path} is missing, or no regular file`);
    require_that(source.size(path) === size, `${path} is of ${source.size(path)} bytes, not ${size}`);
    for await (const piece of pieces(source, path)) {
      done += piece.length;
      await progress.at("files", done, total);
    }
    require_that(source.digest(path) === hash, `${path} has another hash than index.json says`);
    if (path.endsWith(".json")) await check_canonical(source, path);
  }
  require_that(names.has("manifest.json"), "manifest.json is missing");
  if (manifest) check_layout(names, manifest);
}

interface Layout { required: string[]; allowed: string[] }

/** The files that an export of this election holds, and those that it may hold; `names` says how many events and batches there are. */
function layout_of(names: ReadonlySet<string>, manifest: Manifest): Layout {
  const numbers = (folder: string, end: string) => [...names].filter((name) => name.startsWith(folder) && name.endsWith(end)).map((_, n) => n);
  const two = (number: number, digits = 2) => String(number).padStart(digits, "0");
  const members = manifest.bureaus.flatMap(({ groups }, b) =>
    groups.flatMap((group, g) => group.members.map((_, i) => ({ b, g, j: i + 1 }))));
  const places = places_of(manifest).map(({ contest, district }) => `${contest}-${district}`);
  const batches = numbers("reissue/", ".json");
  const counted = ["tally.json", "result.json"];
  return {
    required: [
      "manifest.json", "seal.json", "roster.json", "log/leaves.bin", "log/pads.bin", "log/checkpoints.json",
      ...manifest.broken_seals.flatMap((_, n) => [`broken/${n}/manifest.json`, `broken/${n}/seal.json`]),
      ...members.flatMap(({ b, g, j }) => [0, 1, 2, 3, 4].map((round) => `ceremony/${b}/${round}-${two(g)}-${two(j)}.json`)),
      ...places.flatMap((place) => [`roster/${place}.bin`, `box/${place}.bin`]),
      ...numbers("events/", "").map((n) => `events/${two(n, 6)}.json`),
      ...batches.map((n) => `reissue/${n}.json`),
      ...(holds_count([...names]) ? counted : []),
    ],
    allowed: [
      ...counted,
      ...batches.flatMap((n) => places.flatMap((place) => [`reissue/${n}-${place}-removed.bin`, `reissue/${n}-${place}-added.bin`])),
      ...members.map(({ b, g, j }) => `shares/${b}-${g}-${j}.json`),
      ...manifest.bureaus.map((_, b) => `minutes/${b}.json`),
    ],
  };
}

function check_layout(names: ReadonlySet<string>, manifest: Manifest): void {
  const { required, allowed } = layout_of(names, manifest);
  const missing = required.find((path) => !names.has(path));
  require_that(missing === undefined, `${missing} is missing`);
  const known = new Set([...required, ...allowed]);
  const stray = [...names].find((path) => !known.has(path));
  require_that(stray === undefined, `${stray} is no file of an export of this election`);
}

/** An export from before the count has none of it. */
export const holds_count = (paths: readonly string[]): boolean =>
  paths.some((path) => path === "tally.json" || path === "result.json" || /^(shares|minutes)\//.test(path));

async function check_canonical(source: ExportSource, path: string): Promise<void> {
  const bytes = await read_file(source, path);
  within(path, () => void decode(bytes));
}
