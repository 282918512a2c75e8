// Small helpers by which the page builds what it shows; texts are always set as texts.
export function by_id<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

type Child = Node | string | null;

export function element(name: string, attributes: Record<string, string>, ...children: Child[]): HTMLElement {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children.filter((child): child is Node | string => child !== null));
  return made;
}

/** What is said in English in every language, for experts: under a label of the page's, and spoken as English. */
export const detail = (label: string, said: string): HTMLElement =>
  element("p", { class: "detail" }, label, element("span", { lang: "en" }, said));

const SVG = "http://www.w3.org/2000/svg";
const PATHS = { ok: "m5 13 5 5 9-11", careful: "M12 5v9m0 5v.01", refused: "m6 6 12 12M18 6 6 18", skipped: "M6 12h12" };
export type Mark = keyof typeof PATHS;

/** A drawing that only doubles a word, so nobody has to be told of it. */
export function mark(kind: Mark, size: number): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { "viewBox": "0 0 24 24", "width": `${size}`, "height": `${size}`, "aria-hidden": "true" };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[kind]);
  svg.append(path);
  return svg;
}
