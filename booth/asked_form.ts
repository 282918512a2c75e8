// A form outside any session whose answer comes as JSON: its captcha, the session that it belongs to, a lost network. What was
// typed stays until there is an answer.
import { Api, TryAgain } from "./api.ts";
import { show_captcha } from "./captcha.ts";
import { follow_error_links, one, show_errors, show_part, step, text } from "./page.ts";

type Errors = Record<string, string>;

/** What an answer that is not the last one brings for the next try. */
export interface Again {
  status: string;
  csrf: string;
  captchaId: string;
}

export abstract class AskedForm {
  protected readonly data: DOMStringMap;
  protected readonly api: Api;
  private working = false;
  private unanswered = false; // the digits of a request whose answer was lost may have served

  constructor(root: HTMLElement, form: string) {
    this.data = root.dataset;
    this.api = new Api(this.data.csrf!);
    follow_error_links(root);
    one(root, `[data-form=${form}]`).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    // What Back brings again must not show what was typed.
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  /** Errors by field for what cannot be right; then nothing is sent. */
  protected abstract check(errors: Errors): void;
  /** With the digits typed. Throws TryAgain. */
  protected abstract send(captcha: string, captcha_id: string): Promise<void>;

  protected section(): HTMLElement {
    return step("form");
  }

  protected field(id: string): HTMLInputElement {
    return one<HTMLInputElement>(this.section(), `#${id}`);
  }

  /** New digits, and why: at the field that is wrong, or at the digits themselves. */
  protected next_try({ status, csrf, captchaId }: Again, errors: Errors = {}): void {
    this.api.csrf = csrf;
    show_captcha(captchaId);
    if (status === "captcha_wrong") errors = { captcha: text(this.unanswered ? "keys.new_digits" : "captcha.error") };
    this.unanswered = false;
    if (status === "page_old") errors = { captcha: text("recovery.page_old") };
    show_errors(this.section(), errors);
  }

  /** One thing at a time: a double click asks once. */
  private async submit(): Promise<void> {
    if (this.working) return;
    const errors: Errors = {};
    const captcha = this.field("captcha").value.trim();
    this.check(errors);
    if (captcha === "") errors.captcha = text("voting.captcha_empty");
    for (const part of ["no_answer", "failed"]) show_part(this.section(), part, false);
    show_errors(this.section(), errors);
    if (Object.keys(errors).length > 0) return;
    this.work(true);
    try {
      await this.send(captcha, one<HTMLInputElement>(document, "[data-captcha=id]").value);
    } catch (error) {
      this.unanswered = true;
      const lost = error instanceof TryAgain;
      show_part(this.section(), lost ? "no_answer" : "failed", true);
      if (!lost) throw error; // a fault of ours, or a device that cannot: the browser's console has it
    } finally {
      this.work(false);
    }
  }

  private work(working: boolean): void {
    this.working = working;
    show_part(this.section(), "working", working);
  }
}
