// An export as a folder on a disk.
import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { ExportSource } from "./source.ts";

export class FolderSource implements ExportSource {
  private readonly sizes = new Map<string, number>();

  constructor(private readonly folder: string) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      // What is neither file nor folder (a link) has no place in an export and is met as a file that nobody lists.
      if (!entry.isDirectory()) this.sizes.set(relative(folder, path).split(sep).join("/"),
        statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    }
  }

  paths(): string[] {
    return [...this.sizes.keys()].sort();
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
        if (read === 0) throw new Error(`${path} became shorter while it was read`);
        done += read;
      }
    } finally {
      closeSync(file);
    }
    return bytes;
  }
}
