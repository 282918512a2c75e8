// An export as the files that a browser was given: by a folder that was dropped, or chosen.
import { Refused } from "../refused.ts";
import type { ExportSource } from "../source.ts";

export interface NamedFile { path: string; file: File }

export class DroppedSource implements ExportSource {
  private readonly files: Map<string, File>;

  constructor(files: NamedFile[]) {
    this.files = new Map(files.map(({ path, file }) => [path, file]));
  }

  paths(): string[] {
    return [...this.files.keys()].sort();
  }

  has(path: string): boolean {
    return this.files.has(path);
  }

  size(path: string): number {
    return this.files.get(path)?.size ?? 0;
  }

  async read(path: string, offset: number, length: number): Promise<Uint8Array> {
    const file = this.files.get(path);
    if (!file) throw new Refused(`${path} is missing`);
    return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
  }
}

/** Files of an `<input webkitdirectory>`, by their paths below the folder that was chosen. */
export const chosen_files = (list: FileList): NamedFile[] =>
  Array.from(list, (file) => ({ path: file.webkitRelativePath.split("/").slice(1).join("/"), file }));

/** Every file below a folder that was dropped. */
export async function dropped_files(folder: FileSystemDirectoryEntry, prefix = ""): Promise<NamedFile[]> {
  const reader = folder.createReader();
  const files: NamedFile[] = [];
  for (;;) {
    // A reader gives some entries at a time, and none at the end.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    for (const entry of entries) {
      const path = `${prefix}${entry.name}`;
      if (entry.isDirectory) files.push(...await dropped_files(entry as FileSystemDirectoryEntry, `${path}/`));
      else files.push({ path, file: await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)) });
    }
  }
}
