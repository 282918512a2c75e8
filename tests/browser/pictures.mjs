// The pictures of a portal's tutorials, taken from the portal as it runs. With TUTORIALS=write (make tutorials) they are written
// beside the pages; otherwise the words of every screen are compared with those of its picture, so that no picture tells of a
// screen that is no more.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./harness.mjs";

const WRITE = process.env.TUTORIALS === "write";
const NAMES_OF_DAYS = new RegExp("\\b(lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|janvier|février|mars|avril|mai|juin|juillet|août|septembre|"
  + "octobre|novembre|décembre|(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|"
  + "September|October|November|December)\\b", "g");

// A page whose picture is not there yet does not start the portal that it is to be taken from.
const NOTHING = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=", "base64");
function standIns(folder) {
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".md"))) {
    for (const [, file] of readFileSync(join(folder, name), "utf8").matchAll(/\]\(([\w.-]+\.png)\)/g)) {
      if (!existsSync(join(folder, file))) writeFileSync(join(folder, file), NOTHING);
    }
  }
}

// What stands on the screen, whatever the draw, the hour, and who looks.
function plain(text) {
  const lines = text
    .replace(/\b[0-9a-f]{4}(\s[0-9a-f]{4}){7,}\b/g, "*")
    .replace(/[0-9A-Z]{4}([-\s][0-9A-Z]{4})+/g, "*")
    .replace(/\d+/g, "#")
    .replaceAll(NAMES_OF_DAYS, "*") // before lines are sorted: Friday stands before Paris, Saturday after it
    .replace(/\b(dans|in) # minutes?\./g, "$1 #.")
    .split("\n");
  const kept = lines.map((line) => line.replace(/\s+/g, " ").trim()).filter((line) => line !== "");
  return [...new Set(kept)].sort().join("\n");
}

// { take(page, name, language), save(), assertAllTaken() } of the sample portal `portal`.
export function picturesOf(portal) {
  const folder = join(root, "portals", portal, "pages");
  const words_file = join(folder, "pictures.json");
  const words = existsSync(words_file) ? JSON.parse(readFileSync(words_file, "utf8")) : {};
  const taken = new Set();
  if (WRITE) standIns(folder);
  return {
    async take(page, name, language) {
      const file = `${name}.${language}.png`;
      const main = page.locator("main");
      const seen = plain(await main.innerText());
      taken.add(file);
      if (WRITE) {
        await page.evaluate(() => document.activeElement?.blur());
        writeFileSync(join(folder, file), await main.screenshot({ animations: "disabled", caret: "hide" }));
        words[file] = seen;
        return;
      }
      assert.equal(seen, words[file], `${file} shows another screen than the portal: make tutorials`);
    },
    save() {
      if (WRITE) writeFileSync(words_file, `${JSON.stringify(words, Object.keys(words).sort(), 1)}\n`);
    },
    assertAllTaken() {
      assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith(".png")).sort(), [...taken].sort());
    },
  };
}
