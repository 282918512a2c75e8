// An export as a folder on a disk.
import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { Refused } from "./refused.ts";
import type { ExportSource } from "./source.ts";

export class FolderSource implements ExportSource {
  private readonly sizes = new Map<string, number>();
  /** Links, pipes, devices, what was there a moment ago: they have a name in the folder, and are no files of an export. */
  private readonly others: string[] = [];

  constructor(private readonly folder: string) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) continue;
      const path = relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/");
      const size = entry.isFile() ? statSync(join(folder, path), { throwIfNoEntry: false })?.size : undefined;
      if (size === undefined) this.others.push(path);
      else this.sizes.set(path, size);
    }
  }

  paths(): string[] {
    return [...this.sizes.keys(), ...this.others].sort();
  }

  has(path: string): boolean {
    return this.sizes.has(path);
  }

  size(path: string): number {
    return this.sizes.get(path) ?? 0;
  }

  async read(path: string, offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const file = openSync(join(this.folder, path), "r");
    try {
      for (let done = 0; done < length;) {
        const read = readSync(file, bytes, done, length - done, offset + done);
        if (read === 0) throw new Refused(`${path} became shorter while it was read`);
        done += read;
      }
    } finally {
      closeSync(file);
    }
    return bytes;
  }
}
