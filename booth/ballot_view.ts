// What an option looks like: on the ballot, a radio button with its candidates; and its name, as the voter reads it.
import type { Option } from "./manifest.ts";
import { clone, fill, fill_list, one, text } from "./page.ts";

export function option_title(option: Option): string {
  return option.kind === "blank" ? text("voting.blank") : option.name;
}

/** Lists and candidates bear French names on every page; the blank vote speaks the page's language. WCAG 2.2, 3.1.2. */
export function option_language(option: Option): string {
  return option.kind === "blank" ? document.documentElement.lang : "fr";
}

export function option_item(option: Option, index: number, chosen: boolean): Node {
  const item = clone("option");
  const input = one<HTMLInputElement>(item, "input");
  input.id = `option-${index}`;
  input.value = String(index);
  input.checked = chosen;
  one<HTMLLabelElement>(item, "label").htmlFor = input.id;
  fill(item, { option_title: option_title(option) });
  one(item, "label").lang = option_language(option);
  const candidates = candidate_items(option);
  const list = one(item, "[data-list=candidates]");
  list.id = `candidates-${index}`;
  list.hidden = candidates.length === 0;
  if (candidates.length > 0) input.setAttribute("aria-describedby", list.id);
  fill_list(item, "candidates", candidates);
  return item;
}

/** Of a list its candidates, of a candidate the substitute. */
export function candidate_items(option: Option): Node[] {
  const list = option.kind === "list" ? option.candidates : [];
  const substitute = option.kind === "candidate" && option.substitute
    ? [text("ballot.substitute", { substitute: option.substitute })] : [];
  return [...list, ...substitute].map((name) => {
    const item = clone("candidate");
    fill(item, { candidate_name: name });
    if (option.kind === "candidate") {
      one(item, "li").lang = document.documentElement.lang;
      one(item, "li").classList.add("option__note");
    }
    return item;
  });
}
