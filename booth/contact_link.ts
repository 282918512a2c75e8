// The page of the contact check's link: the token from the address, and one of two buttons. The page does nothing by itself: mail
// scanners open links, with scripts too.
import { Api, TryAgain } from "./api.ts";
import { fill, one, show_part, show_step, step, text } from "./page.ts";
import { take_fragment, whole_token } from "./reissue_form.ts";

type Said = "confirmed" | "not_mine";
export type ContactAnswer =
  | { status: Said; channel: "email" | "sms"; at: string }
  | { status: "over" | "moved" | "unknown"; at?: string };

export function start_contact_link(): void {
  const token = take_fragment();
  if (!whole_token(token)) return show_end(token === "" ? "no_link" : "unknown", "");
  new ContactLink(token);
  show_step("link");
}

class ContactLink {
  private readonly token: string;
  private readonly api = new Api("");
  private busy = false;

  constructor(token: string) {
    this.token = token;
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
    for (const answer of ["confirmed", "not_mine"] as const) {
      one(step("link"), `[data-action=${answer}]`).addEventListener("click", () => void this.say(answer));
      one(step(answer), "[data-action=correct]").addEventListener("click", () => show_step("link"));
    }
  }

  /** One thing at a time: a double click says it once. */
  private async say(said: Said): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    show_part(step("link"), "no_answer", false);
    show_part(step("link"), "working", true);
    try {
      const answer = await this.api.contact(this.token, said);
      if (answer.status !== "confirmed" && answer.status !== "not_mine") return show_end(answer.status, answer.at ?? "");
      const section = step(answer.status);
      fill(section, { heard: text("contact.heard", { at: answer.at }) });
      for (const channel of ["email", "sms"]) show_part(section, channel, channel === answer.channel);
      show_step(answer.status);
    } catch (error) {
      show_part(step("link"), "no_answer", true);
      if (!(error instanceof TryAgain)) throw error; // a fault of ours: the browser's console has it
    } finally {
      this.busy = false;
      show_part(step("link"), "working", false);
    }
  }
}

function show_end(status: "over" | "moved" | "unknown" | "no_link", at: string): void {
  fill(step("error"), { error_title: text(`contact.${status}_title`), error_text: text(`contact.${status}_text`, { at }) });
  show_step("error");
}
