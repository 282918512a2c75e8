// The form that asks for a reissue: the field of the channel that is chosen, and no other.
import { all, one, show_part } from "./page.ts";

export function start_channels(form: HTMLElement): void {
  const show = () => {
    const chosen = form.querySelector<HTMLInputElement>("[name=channel]:checked")?.value;
    for (const field of all(form, "[data-channel]")) field.hidden = field.dataset.channel !== chosen;
  };
  form.addEventListener("change", show);
  show();
}

/** The link in a notice: its token goes from the address into the form; a click sends it. */
export function start_cancel(form: HTMLElement): void {
  const token = take_fragment();
  const whole = whole_token(token);
  one<HTMLInputElement>(form, "[name=token]").value = token;
  form.hidden = !whole;
  show_part(document, "no_link", !whole);
}

/**
 * The token in the address, which then no longer shows it; a reload has it still, until forget_fragment. A change of language
 * takes it along.
 */
export function take_fragment(): string {
  // Another link opened in this tab changes the fragment alone.
  window.addEventListener("hashchange", () => fragment() !== "" && location.reload());
  const token = fragment() || ((history.state as { token?: string } | null)?.token ?? "");
  if (token === "") return "";
  history.replaceState({ token }, "", location.pathname + location.search);
  for (const link of all(document, "a[hreflang]")) {
    link.addEventListener("click", () => ((link as HTMLAnchorElement).hash = token));
  }
  return token;
}

/** As the server makes them: 32 bytes in base64url. One that was cut on its way is told so without being sent. */
export function whole_token(token: string): boolean {
  return /^[\w-]{43}$/.test(token);
}

export function forget_fragment(): void {
  history.replaceState(null, "");
}

/** What a message's link brought after the #; a place in this page, where the skip link leads, is no token. */
function fragment(): string {
  const text = location.hash.slice(1);
  return document.getElementById(text) ? "" : text;
}
