// The page that a password's link opens: the token from the address, the identifier, and what became of it.
import { type Again, AskedForm } from "./asked_form.ts";
import { type CodeForm, read_code } from "./code.ts";
import { fill, show_part, show_step, step, text } from "./page.ts";
import { forget_fragment, take_fragment, whole_token } from "./reissue_form.ts";

export type PasswordAnswer =
  | { status: "renewed"; reference: string; at: string; phoneEnd: string }
  | (Again & { status: "captcha_wrong" | "page_old" })
  | (Again & { status: "wrong"; triesLeft: number; at?: string })
  | (Again & { status: "delayed"; at: string })
  | (Again & { status: Ended; at?: string });
type Renewed = Extract<PasswordAnswer, { status: "renewed" }>;
type Ended =
  | "unknown" | "expired" | "used" | "superseded" | "blocked" | "limit" | "full" | "apart" | "no_phone" | "closed";

/** Where the voter may go on after each end. */
const WAYS: Record<Ended, ("ask_again" | "sign_in")[]> = {
  unknown: ["ask_again"], expired: ["ask_again"], used: ["sign_in", "ask_again"], superseded: ["sign_in"], blocked: [],
  limit: [], full: [], apart: [], no_phone: [], closed: [],
};

export function start_password_link(root: HTMLElement): void {
  const token = take_fragment();
  const done = (history.state as { done?: Renewed } | null)?.done;
  if (token === "" && done) return show_done(done);
  if (!whole_token(token)) return show_end("unknown", "");
  new PasswordLink(root, token);
  show_step("form");
}

class PasswordLink extends AskedForm {
  private readonly token: string;
  private readonly form: CodeForm;

  constructor(root: HTMLElement, token: string) {
    super(root, "renew");
    this.token = token;
    this.form = { length: Number(this.data.identifierLength), checked: false };
  }

  protected override check(errors: Record<string, string>): void {
    const reading = read_code(this.field("identifier").value, this.form);
    if ("code" in reading) return;
    const why = reading.error === "empty" || reading.error === "length" ? reading.error : "mistyped";
    errors.identifier = text(`keys.identifier_${why}`, { length: String(this.form.length) });
  }

  protected override async send(captcha: string, captchaId: string): Promise<void> {
    const reading = read_code(this.field("identifier").value, this.form);
    const identifier = "code" in reading ? reading.code : "";
    const answer = await this.api.renew_password({ token: this.token, identifier, captcha, captchaId });
    switch (answer.status) {
      case "renewed":
        return this.done(answer);
      case "captcha_wrong":
      case "page_old":
        return this.next_try(answer);
      case "wrong":
        return this.next_try(answer, {
          identifier: answer.triesLeft > 0
            ? text("recovery.wrong", { tries_left: answer.triesLeft, at: answer.at ?? "" })
            : text("recovery.wrong_last", { at: answer.at ?? "" }),
          captcha: text("keys.new_digits"),
        });
      case "delayed":
        return this.next_try(answer, {
          identifier: text("recovery.delayed", { at: answer.at }), captcha: text("keys.new_digits"),
        });
      default:
        forget_fragment();
        this.field("identifier").value = "";
        return show_end(answer.status, answer.at ?? "");
    }
  }

  /** A reload shows it again, in place of a link that has served. */
  private done(answer: Renewed): void {
    history.replaceState({ done: answer }, "");
    this.field("identifier").value = "";
    show_done(answer);
  }
}

function show_done({ reference, at, phoneEnd }: Renewed): void {
  fill(step("done"), { reference, at, done_text: text("recovery.done_text", { phone_end: phoneEnd }) });
  show_step("done");
}

function show_end(status: Ended, at: string): void {
  const section = step("error");
  fill(section, { error_title: text(`recovery.${status}_title`), error_text: text(`recovery.${status}_text`, { at }) });
  for (const way of ["ask_again", "sign_in"] as const) show_part(section, way, WAYS[status].includes(way));
  show_step("error");
}
