// Looks at a page as every voter might meet it: at both widths, in its language; axe, width, size of what is pressed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { axeCheck, root, screenshot } from "./harness.mjs";

export const WIDTHS = [1280, 375];
const TARGET_PX = 44;

// The catalogue's texts by id: what stands between quotes of msgstr, forms apart.
function catalogue(language) {
  const texts = new Map();
  for (const entry of readFileSync(join(root, `locale/${language}.po`), "utf8").split("\n\n")) {
    const id = /^msgid "(.+)"$/m.exec(entry)?.[1];
    const forms = [...entry.matchAll(/^msgstr(?:\[\d\])? "(.*)"$/gm)].map(([, text]) => JSON.parse(`"${text}"`));
    if (id) texts.set(id, forms);
  }
  return texts;
}

// Texts that French and English do not share, as whole sentences with anything for a value.
function frenchTexts() {
  const english = catalogue("en");
  const escaped = (text) => text.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\w+\}/g, ".+");
  return [...catalogue("fr")]
    .flatMap(([id, forms]) => forms.filter((form) => !english.get(id).includes(form)))
    .filter((form) => /[a-zà-ÿ]{2}/i.test(form.replace(/\{\w+\}/g, "")))
    .map((form) => new RegExp(`^${escaped(form)}$`));
}
const FRENCH = frenchTexts();

// Everything that a person sees or hears: text, and the attributes that are read out.
async function words(page) {
  return page.evaluate(() => {
    const found = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
      if (parent.closest("[lang]").lang !== "en") continue;
      if (node.nodeType === Node.TEXT_NODE) found.push(node.textContent);
      else found.push(...["aria-label", "alt", "title", "placeholder"].map((name) => node.getAttribute(name) ?? ""));
    }
    return found.map((text) => text.replace(/\s+/g, " ").trim()).filter((text) => text !== "");
  });
}

export async function assertEnglish(page, name) {
  const spaces = (text) => text.replace(/[\u00a0\u202f]/g, " ");
  const french = (await words(page)).filter((text) => FRENCH.some((form) => form.test(text) || form.test(spaces(text))));
  assert.deepEqual(french, [], `French on the English page ${name}`);
}

async function assertFits(page, name) {
  const { wide, small } = await page.evaluate((least) => {
    const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".govuk-visually-hidden");
    const pressed = [...document.querySelectorAll("button, a.govuk-button, input:not([type=hidden]), summary")];
    return {
      wide: document.documentElement.scrollWidth > innerWidth,
      small: pressed
        .filter(shown)
        .map((element) => ({ height: element.getBoundingClientRect().height, text: element.outerHTML.slice(0, 120) }))
        .filter(({ height }) => height < least),
    };
  }, TARGET_PX);
  assert.equal(wide, false, `${name} scrolls sideways`);
  assert.deepEqual(small, [], `${name}: too small for a thumb`);
}

export async function look(page, name) {
  const language = await page.evaluate(() => document.documentElement.lang);
  const before = page.viewportSize();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    if (process.env.ISOLOIR_SCREENSHOTS) await screenshot(page, `${name}-${language}-${width}`);
    await assertFits(page, `${name} at ${width} px`);
    await axeCheck(page);
  }
  if (before) await page.setViewportSize(before);
  if (language === "en") await assertEnglish(page, name);
}
