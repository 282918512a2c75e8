// The verification as the page runs it: in a worker, so that the page stays alive, or in slices where workers are refused.
import { Stopped } from "../source.ts";
import { type Anchors, verify } from "../verify.ts";
import { DroppedSource, type NamedFile } from "./dropped_source.ts";
import { type Shown, shown } from "./shown.ts";

export interface Job { files: NamedFile[]; anchors: Anchors }
export interface Advance { stage: string; done: number; total: number }
export type Message = { advance: Advance } | { report: Shown } | { failure: string };

const TELL_EVERY_MS = 100;
const SLICE_MS = 40;

export async function run_job({ files, anchors }: Job, tell: (message: Message) => void, is_stopped: () => boolean,
  in_slices: boolean): Promise<void> {
  let told_at = 0;
  let slice_from = performance.now();
  let stage_told = "";
  const at = async (stage: string, done: number, total: number) => {
    const now = performance.now();
    if (stage !== stage_told || now - told_at > TELL_EVERY_MS) {
      told_at = now;
      stage_told = stage;
      tell({ advance: { stage, done, total } });
    }
    if (in_slices && now - slice_from > SLICE_MS) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      slice_from = performance.now();
    }
    if (is_stopped()) throw new Stopped();
  };
  try {
    tell({ report: shown(await verify(new DroppedSource(files), anchors, { at })) });
  } catch (error) {
    if (!(error instanceof Stopped)) tell({ failure: error instanceof Error ? error.message : String(error) });
  }
}
