// The page on which somebody verifies an export: what was chosen, the work, the report; in two languages.
import { plain_fingerprint } from "../verify.ts";
import { by_id, detail, element } from "./elements.ts";
import { chosen_files, dropped_thing, type NamedFile } from "./dropped_source.ts";
import { report_view } from "./report_view.ts";
import type { Shown } from "./shown.ts";
import { filled, type Language, type Texts, TEXTS } from "./texts.ts";
import { type Advance, type Job, type Message, run_job } from "./work.ts";

/** The program of the worker, which the build puts here. */
declare const WORKER_SOURCE: string;

type TextKey = { [Key in keyof Texts]: Texts[Key] extends string ? Key : never }[keyof Texts];
interface Told { key: TextKey; values: Record<string, string | number> }

const SPEAK_EVERY_MS = 10_000;
const EXPORT_FILES = ["index.json", "manifest.json"];

let language: Language = "fr";
let folder: { name: string; files: NamedFile[] } | null = null;
let problem: Told | null = null;
let report: Shown | null = null;
let running: { stop(): void } | null = null;
let advance: Advance | null = null;
let ballots_from_ms = 0;
let spoken_at_ms = 0;

const texts = (): Texts => TEXTS[language];
const told = ({ key, values }: Told): string => filled(texts()[key], values);
const size_text = (bytes: number): string => {
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, language === "fr" ? "ko" : "kB"] : [bytes / 1e6, language === "fr" ? "Mo" : "MB"];
  return `${value.toLocaleString(language, { maximumFractionDigits: 1 })} ${unit}`;
};

function show(): void {
  document.documentElement.lang = language;
  document.title = `${texts().page_title} – isoloir`;
  for (const node of document.querySelectorAll<HTMLElement>("[data-text]")) node.textContent = texts()[node.dataset.text as TextKey];
  const switcher = by_id("language");
  switcher.textContent = texts().other_language;
  switcher.lang = language === "fr" ? "en" : "fr";
  by_id("choose").textContent = folder ? texts().chosen_other : texts().choose;
  by_id("drop").classList.toggle("full", folder !== null);
  by_id("chosen").textContent = folder ? filled(texts().chosen, { name: folder.name, number: folder.files.length.toLocaleString(language),
    size: size_text(folder.files.reduce((total, { file }) => total + file.size, 0)) }) : "";
  const receipts = by_id<HTMLInputElement>("receipts").files?.length ?? 0;
  by_id("receipts-chosen").textContent = receipts > 0 ? filled(texts().receipts_chosen, { number: receipts }) : "";
  by_id("error").hidden = problem === null;
  by_id("error").replaceChildren(...(problem ? [element("strong", {}, texts().error_heading), element("p", {}, told(problem)),
    ...("detail" in problem.values ? [detail(texts().detail, String(problem.values.detail))] : [])] : []));
  by_id("form").hidden = running !== null || report !== null;
  by_id("work").hidden = running === null;
  by_id("result").hidden = report === null;
  if (report) show_report(report);
  show_advance();
}

function show_report(found: Shown): void {
  const again = element("button", { type: "button", id: "again" }, texts().again);
  const print = element("button", { type: "button", id: "print" }, texts().print);
  again.addEventListener("click", start_again);
  print.addEventListener("click", () => window.print());
  by_id("result").replaceChildren(...report_view(found, language), element("div", { class: "actions" }, again, print));
}

function show_advance(): void {
  if (!running) return;
  const { stage, done, total } = advance ?? { stage: "start", done: 0, total: 0 };
  const bar = by_id<HTMLProgressElement>("bar");
  const number = (value: number) => value.toLocaleString(language);
  const far = stage === "ballots" ? filled(texts().ballots_done, { done: number(done), total: number(total) })
    : total > 0 ? filled(texts().part_done, { percent: Math.floor((100 * done) / total) }) : "";
  by_id("stage").textContent = [texts().stages[stage] ?? stage, far].filter((part) => part !== "").join(language === "fr" ? " : " : ": ");
  if (total > 0) bar.value = done / total;
  else bar.removeAttribute("value");
  by_id("left").textContent = stage === "ballots" ? time_left(done, total) : "";
  // Who listens to the page is told now and then, and not of every ballot.
  if (performance.now() - spoken_at_ms < SPEAK_EVERY_MS) return;
  spoken_at_ms = performance.now();
  by_id("spoken").textContent = [by_id("stage").textContent, by_id("left").textContent].filter((part) => part !== "").join(", ");
}

function time_left(done: number, total: number): string {
  const elapsed_ms = performance.now() - ballots_from_ms;
  if (done === 0 || elapsed_ms < 1000) return "";
  const minutes = (elapsed_ms / done) * (total - done) / 60_000;
  return minutes < 1 ? texts().seconds_left : filled(texts().minutes_left, { number: Math.round(minutes) });
}

function complain(key: TextKey, values: Record<string, string | number> = {}): void {
  problem = { key, values };
  show();
  by_id("error").focus();
  by_id("error").scrollIntoView({ block: "nearest" });
}

/** Takes a folder for an export, or says what it is instead. */
function take(name: string, files: NamedFile[]): void {
  folder = null;
  if (files.length === 0) return complain("is_empty");
  const paths = new Set(files.map(({ path }) => path));
  if (!EXPORT_FILES.some((file) => paths.has(file))) {
    const inner = [...paths].find((path) => /^[^/]+\/index\.json$/.test(path))?.split("/")[0];
    return inner === undefined ? complain("is_no_export", { name }) : complain("is_above", { name, inner });
  }
  folder = { name, files };
  problem = null;
  show();
}

async function take_drop(data: DataTransfer): Promise<void> {
  // What was dropped can only be asked for while the event lasts.
  const dropped = Array.from(data.items).filter((item) => item.kind === "file").map(dropped_thing);
  const [thing] = dropped;
  if (!thing) return;
  folder = null; // an earlier one is not what will be verified
  if (dropped.length > 1) return complain("is_several");
  if (thing.is_file) return complain(/\.(zip|tar|t?gz|7z|rar|xz|zst|bz2)$/i.test(thing.name) ? "is_archive" : "is_file",
    { name: thing.name });
  try {
    take(thing.name, await thing.files());
  } catch {
    complain("is_unreadable");
  }
}

async function start(): Promise<void> {
  // What was chosen last and is no export is why there is none.
  if (!folder) return problem?.key.startsWith("is_") ? complain(problem.key, problem.values) : complain("no_folder");
  const fingerprint = plain_fingerprint(by_id<HTMLTextAreaElement>("fingerprint").value);
  if (fingerprint !== "" && !/^[0-9a-f]{64}$/.test(fingerprint)) return complain("fingerprint_wrong", { number: fingerprint.length });
  const checkpoint = by_id<HTMLTextAreaElement>("checkpoint").value;
  const receipts = Array.from(by_id<HTMLInputElement>("receipts").files ?? []);
  const job: Job = {
    files: folder.files,
    anchors: {
      fingerprint: fingerprint === "" ? undefined : fingerprint,
      checkpoint: checkpoint.trim() === "" ? undefined : checkpoint,
      receipts: await Promise.all(receipts.map(async (file) => ({ name: file.name, text: new Uint8Array(await file.arrayBuffer()) }))),
    },
  };
  problem = null;
  advance = null;
  spoken_at_ms = 0;
  running = in_worker(job) ?? in_this_thread(job);
  show();
  by_id("work-heading").focus();
}

function receive(message: Message): void {
  if (!running) return;
  if ("advance" in message) {
    if (message.advance.stage === "ballots" && advance?.stage !== "ballots") ballots_from_ms = performance.now();
    advance = message.advance;
    return show_advance();
  }
  running.stop();
  running = null;
  if ("failure" in message) return complain("failed", { detail: message.failure });
  report = message.report;
  show();
  by_id("verdict").focus({ preventScroll: true });
  by_id("result").scrollIntoView({ block: "start" });
}

function in_worker(job: Job): { stop(): void } | null {
  const address = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" }));
  try {
    const worker = new Worker(address);
    let heard = false;
    worker.onmessage = ({ data }: MessageEvent<Message>) => {
      heard = true;
      receive(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      if (!running) return;
      // A browser may refuse workers to a page opened from a disk: then the page does the work itself.
      if (heard) receive({ failure: event.message });
      else running = in_this_thread(job);
    };
    worker.postMessage(job);
    return { stop: () => worker.terminate() };
  } catch {
    return null;
  } finally {
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
}

function in_this_thread(job: Job): { stop(): void } {
  let stopped = false;
  void run_job(job, receive, () => stopped, true);
  return { stop: () => (stopped = true) };
}

function stop(): void {
  running?.stop();
  running = null;
  complain("stopped");
}

function start_again(): void {
  report = null;
  folder = null;
  by_id<HTMLFormElement>("form").reset();
  by_id<HTMLInputElement>("folder").value = "";
  show();
  by_id("main").focus();
  window.scrollTo(0, 0);
}

function listen_to_drops(): void {
  const target = by_id("drop");
  const over = (event: DragEvent, is_over: boolean) => {
    event.preventDefault();
    target.classList.toggle("over", is_over);
  };
  // The whole page takes the drop: a folder that misses the frame must not replace the page.
  document.addEventListener("dragover", (event) => over(event, true));
  document.addEventListener("dragleave", (event) => over(event, false));
  document.addEventListener("drop", (event) => {
    over(event, false);
    if (event.dataTransfer && !running && !report) void take_drop(event.dataTransfer);
  });
}

function begin(): void {
  if (!/^fr\b/i.test(navigator.language) && navigator.languages.every((one) => !/^fr\b/i.test(one))) language = "en";
  const chosen = by_id<HTMLInputElement>("folder");
  by_id("language").addEventListener("click", () => {
    language = language === "fr" ? "en" : "fr";
    show();
  });
  by_id("choose").addEventListener("click", () => chosen.click());
  chosen.addEventListener("change", () => {
    if (chosen.files && chosen.files.length > 0) take(chosen.files[0]!.webkitRelativePath.split("/")[0]!, chosen_files(chosen.files));
    chosen.value = "";
  });
  by_id("choose-receipts").addEventListener("click", () => by_id("receipts").click());
  by_id("receipts").addEventListener("change", show);
  by_id("form").addEventListener("submit", (event) => {
    event.preventDefault();
    void start();
  });
  by_id("stop").addEventListener("click", stop);
  listen_to_drops();
  show();
}

begin();
