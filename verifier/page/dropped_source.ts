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

/** What was dropped: a file, or a folder whose files can be read. */
export interface DroppedThing { name: string; is_file: boolean; files(): Promise<NamedFile[]> }

/** The newer way to a folder, which this library of types does not have. */
interface FolderHandle { kind: "directory"; entries(): AsyncIterable<[string, FolderHandle | FileHandle]> }
interface FileHandle { kind: "file"; getFile(): Promise<File> }
type HandleItem = DataTransferItem & { getAsFileSystemHandle?(): Promise<FolderHandle | FileHandle | null> };

export function dropped_thing(item: DataTransferItem): DroppedThing {
  // Entries are what every browser has; but Chromium does not read them on a page that was opened from a disk, where handles work.
  const handle = (item as HandleItem).getAsFileSystemHandle?.() ?? null;
  handle?.catch(() => null); // told where the files are asked for
  const entry = item.webkitGetAsEntry();
  return {
    name: entry?.name ?? item.getAsFile()?.name ?? "?",
    is_file: entry === null || entry.isFile,
    files: async () => {
      const folder = await handle;
      return folder?.kind === "directory" ? files_of_handle(folder) : files_of_entry(entry as FileSystemDirectoryEntry);
    },
  };
}

async function files_of_handle(folder: FolderHandle, prefix = ""): Promise<NamedFile[]> {
  const files: NamedFile[] = [];
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind === "directory") files.push(...await files_of_handle(handle, `${prefix}${name}/`));
    else files.push({ path: `${prefix}${name}`, file: await handle.getFile() });
  }
  return files;
}

async function files_of_entry(folder: FileSystemDirectoryEntry, prefix = ""): Promise<NamedFile[]> {
  const reader = folder.createReader();
  const files: NamedFile[] = [];
  for (;;) {
    // A reader gives some entries at a time, and none at the end.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    for (const entry of entries) {
      const path = `${prefix}${entry.name}`;
      if (entry.isDirectory) files.push(...await files_of_entry(entry as FileSystemDirectoryEntry, `${path}/`));
      else files.push({ path, file: await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)) });
    }
  }
}
