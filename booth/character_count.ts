// How much may still be written in a field with a limit: shown while one writes, said after a pause.
import { one, text } from "./page.ts";

const PAUSE_MS = 1000;

/** As the server counts: code points, white space at the ends apart. */
export function characters(value: string): number {
  return [...value.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "")].length;
}

export function start_count(field: HTMLTextAreaElement): void {
  const shown = one(document, `[data-count="${field.id}"]`);
  const said = one(document, `[data-count-said="${field.id}"]`);
  const limit = Number(field.dataset.limit);
  let pause: number | undefined;
  const show = () => {
    const left = limit - characters(field.value);
    shown.textContent = left < 0 ? text("help.over", { over: -left }) : text("help.left", { left });
    shown.classList.toggle("govuk-error-message", left < 0);
    shown.classList.toggle("govuk-hint", left >= 0);
  };
  field.addEventListener("input", () => {
    show();
    window.clearTimeout(pause);
    pause = window.setTimeout(() => (said.textContent = shown.textContent), PAUSE_MS);
  });
  if (field.value !== "") show();
}
