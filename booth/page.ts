// The document's side of the contract that views/voting_space.mustache states: steps, slots, parts, lists, errors, texts.
import { step_changed } from "./double_tap.ts";

type Values = Record<string, string | number>;

/** The text `id`, with `values` put in; a number among them chooses between one and other. */
export function text(id: string, values: Values = {}): string {
  const forms = Array.from(document.querySelectorAll<HTMLTemplateElement>(`template[data-text="${id}"]`));
  const count = Object.values(values).find((value) => typeof value === "number");
  const category = count === undefined ? "" : new Intl.PluralRules(document.documentElement.lang).select(Number(count));
  const form = forms.find(({ dataset }) => dataset.plural === category) ?? forms[forms.length - 1];
  if (!form) throw new Error(`no text "${id}"`);
  return form.content.textContent!.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

export function all(root: ParentNode, selector: string): HTMLElement[] {
  return Array.from(root.querySelectorAll<HTMLElement>(selector));
}

export function one<E extends HTMLElement = HTMLElement>(root: ParentNode, selector: string): E {
  const found = root.querySelector<E>(selector);
  if (!found) throw new Error(`no ${selector}`);
  return found;
}

export function step(name: string): HTMLElement {
  return one(document, `[data-step="${name}"]`);
}

/** Shows one step alone; focus goes to its heading, so that a screen reader reads from there. */
export function show_step(name: string): void {
  for (const section of all(document, "[data-step]")) section.hidden = section.dataset.step !== name;
  step_changed();
  const heading = one(step(name), "h1");
  const portal = document.title.slice(document.title.lastIndexOf("–"));
  document.title = `${heading.textContent!.trim()} ${portal}`;
  window.scrollTo(0, 0);
  heading.focus();
}

/** Unchanged text is left alone: a live region would read it again. */
export function fill(root: ParentNode, slots: Record<string, string>): void {
  for (const [name, value] of Object.entries(slots)) {
    for (const slot of all(root, `[data-slot="${name}"]`)) {
      if (slot.textContent !== value) slot.textContent = value;
    }
  }
}

export function show_part(root: ParentNode, name: string, shown: boolean): void {
  for (const part of all(root, `[data-part="${name}"]`)) part.hidden = !shown;
}

/** A clone of template `name`. */
export function clone(name: string): DocumentFragment {
  const template = one<HTMLTemplateElement>(document, `template[data-template="${name}"]`);
  return template.content.cloneNode(true) as DocumentFragment;
}

export function fill_list(root: ParentNode, name: string, items: Node[]): void {
  one(root, `[data-list="${name}"]`).replaceChildren(...items);
}

/** Errors by field, in the summary and at the field; none clears them. The summary takes the focus. */
export function show_errors(section: HTMLElement, errors: Record<string, string>): void {
  for (const message of all(section, "[data-error]")) {
    const field = message.dataset.error!;
    message.hidden = !(field in errors);
    fill(message, { [`${field}_error`]: errors[field] ?? "" });
  }
  for (const group of all(section, "[data-field]")) {
    group.classList.toggle("govuk-form-group--error", group.dataset.field! in errors);
  }
  for (const field of all(section, "[data-describe]")) describe_error(field, field.dataset.describe! in errors);
  const summary = one(section, "[data-error-summary]");
  summary.hidden = Object.keys(errors).length === 0;
  if (!summary.hidden) summary.focus();
}

// The error's id joins the field's description only while it is shown: a hidden one would be read out all the same.
function describe_error(field: HTMLElement, wrong: boolean): void {
  const error_id = `${field.dataset.describe}-error`;
  const ids = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id !== "" && id !== error_id);
  field.setAttribute("aria-describedby", [...ids, ...(wrong ? [error_id] : [])].join(" "));
  if (field instanceof HTMLInputElement) field.setAttribute("aria-invalid", String(wrong));
  field.classList.toggle("govuk-input--error", wrong && field instanceof HTMLInputElement);
}

/** A link of an error summary moves the focus, not the address. */
export function follow_error_links(root: HTMLElement): void {
  root.addEventListener("click", (event) => {
    const link = (event.target as Element).closest("[data-error-summary] a");
    if (!link) return;
    event.preventDefault();
    const target = document.getElementById(link.getAttribute("href")!.slice(1));
    (target?.querySelector("input") ?? target)?.focus();
  });
}

export function start_reveal(button: HTMLElement): void {
  const field = one<HTMLInputElement>(document, `#${button.dataset.reveal}`);
  const show = (shown: boolean) => {
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.textContent = text(shown ? "form.hide" : "form.show");
  };
  button.hidden = false;
  button.addEventListener("click", () => show(field.type === "password"));
  field.form?.addEventListener("submit", () => show(false)); // so that no browser remembers it as text
}
