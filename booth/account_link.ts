// The page that an account's link opens: the token from the address, and a click, which binds the link to this browser.
import { Api, TryAgain } from "./api.ts";
import { fill, one, show_part, show_step, step, text } from "./page.ts";
import { forget_fragment, take_fragment, whole_token } from "./reissue_form.ts";

type Ended = "unknown" | "expired" | "used" | "superseded" | "elsewhere" | "blocked" | "closed" | "no_cookie";
export type AccountAnswer = { status: "opened" } | { status: Ended; at?: string };

/** Where the voter may go on after each end. */
const WAYS: Record<Ended | "no_link", ("ask_again" | "sign_in")[]> = {
  unknown: ["ask_again"], expired: ["ask_again"], used: ["sign_in", "ask_again"], superseded: ["ask_again"],
  elsewhere: ["ask_again"], blocked: [], closed: [], no_cookie: [], no_link: ["sign_in", "ask_again"],
};

export function start_account_link(): void {
  const token = take_fragment();
  if (token === "") return show_end("no_link", "");
  if (!whole_token(token)) return show_end("unknown", "");
  new AccountLink(token);
  show_step("link");
}

class AccountLink {
  private readonly token: string;
  private readonly api = new Api("");
  private busy = false;

  constructor(token: string) {
    this.token = token;
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
    one(step("link"), "[data-action=continue]").addEventListener("click", () => void this.go_on());
  }

  /** One thing at a time: a double click asks once. */
  private async go_on(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    show_part(step("link"), "no_answer", false);
    show_part(step("link"), "working", true);
    try {
      const answer = await this.api.account_open(this.token);
      if (answer.status === "opened") {
        forget_fragment(); // from now on this browser's cookie opens it
        return location.assign("/account/password");
      }
      if (answer.status !== "no_cookie") forget_fragment();
      show_end(answer.status, answer.at ?? "");
    } catch (error) {
      show_part(step("link"), "no_answer", true);
      if (!(error instanceof TryAgain)) throw error; // a fault of ours: the browser's console has it
    } finally {
      this.busy = false;
      show_part(step("link"), "working", false);
    }
  }
}

function show_end(status: Ended | "no_link", at: string): void {
  const section = step("error");
  fill(section, { error_title: text(`account.${status}_title`), error_text: text(`account.${status}_text`, { at }) });
  for (const way of ["ask_again", "sign_in"] as const) show_part(section, way, WAYS[status].includes(way));
  show_step("error");
}
