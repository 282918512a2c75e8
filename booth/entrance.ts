// The way into the voting space, its step code: the voting code of who has signed in already, or, where keys open the portal
// too, identifier and password. What was typed leaves the page once it has opened.
import type { Api, CodeAnswer, CodeProof, KeyAnswer, NextTry } from "./api.ts";
import { has_captcha, show_captcha, typed_captcha } from "./captcha.ts";
import { type CodeForm, type CodeReading, read_code, read_roll_number } from "./code.ts";
import { fill, one, show_errors, show_part, step, text } from "./page.ts";
import type { RemoteVault } from "./remote.ts";

type Errors = Record<string, string>;

/** What was typed, read well: the code, and the handle of its keys. */
interface Typed {
  code: string;
  handle: string;
}

const CODE_ERROR_TEXT = {
  empty: "voting.code_empty", length: "voting.code_incomplete", character: "voting.code_mistyped", check: "voting.code_mistyped",
};
const KEY_ERROR_TEXT = { empty: "empty", length: "length", character: "mistyped", check: "mistyped" };

export abstract class Entrance {
  protected readonly data: DOMStringMap;
  protected readonly api: Api;
  private readonly vault: RemoteVault;
  private nonce: string;
  private binding: string;
  private working = false;

  constructor(data: DOMStringMap, api: Api, vault: RemoteVault) {
    this.data = data;
    this.api = api;
    this.vault = vault;
    this.nonce = data.nonce!;
    this.binding = data.sessionBinding!;
  }

  /** Reads the form and tries. True once the space is open. Throws SessionOver, TryAgain, Refused. */
  async enter(): Promise<boolean> {
    if (this.working) return false;
    const errors: Errors = {};
    const typed = this.read(errors);
    if (has_captcha() && typed_captcha().captcha === "") errors.captcha = text("voting.captcha_empty");
    show_errors(this.section(), errors);
    if (!typed || Object.keys(errors).length > 0) return false;
    this.work(true);
    try {
      return await this.try_keys(typed, typed_captcha().captcha);
    } finally {
      this.work(false);
    }
  }

  /** What must not stay on a page that goes on without her. */
  abstract clear(): void;

  /** Undefined, and why by field, for what cannot be right. */
  protected abstract read(errors: Errors): Typed | undefined;
  /** True once the server has opened. Else says why, and takes what the next try needs. */
  protected abstract send(typed: Typed, proof: CodeProof): Promise<boolean>;

  protected section(): HTMLElement {
    return step("code"); // looked up each time: a change of language replaces it
  }

  protected field(id: string): HTMLInputElement {
    return one<HTMLInputElement>(this.section(), `#${id}`);
  }

  protected next_try({ captchaId, nonce, sessionBinding }: Pick<NextTry, "captchaId" | "nonce"> & Partial<NextTry>): void {
    this.nonce = nonce;
    this.binding = sessionBinding ?? this.binding;
    show_captcha(captchaId);
  }

  private async try_keys(typed: Typed, captcha: string): Promise<boolean> {
    const bar = one<HTMLProgressElement>(this.section(), "[data-bar=derive]");
    const { nonce } = this;
    const { key, proof } = await this.vault.open(
      { ...typed, nonce, session_binding: this.binding }, (done) => (bar.value = done));
    const { captchaId } = typed_captcha();
    if (await this.send(typed, { captcha, captchaId, key, proof, nonce })) {
      this.clear();
      return true;
    }
    void this.vault.forget();
    return false;
  }

  private work(working: boolean): void {
    this.working = working;
    show_part(this.section(), "working", working);
    one<HTMLProgressElement>(this.section(), "[data-bar=derive]").value = 0;
  }
}

/** The voting code alone: who votes has signed in. */
export class CodeEntrance extends Entrance {
  override clear(): void {
    this.field("code").value = "";
  }

  protected override read(errors: Errors): Typed | undefined {
    const reading = read_code(this.field("code").value);
    if ("code" in reading) return { code: reading.code, handle: this.data.handle! };
    errors.code = text(CODE_ERROR_TEXT[reading.error]);
    return undefined;
  }

  protected override async send(_typed: Typed, proof: CodeProof): Promise<boolean> {
    const answer = await this.api.voting_code(proof);
    if (answer.status !== "ok") this.refuse(answer);
    return answer.status === "ok";
  }

  private refuse(answer: Exclude<CodeAnswer, { status: "ok" }>): void {
    if (!("captchaId" in answer)) { // another page says what is so, since when, and why
      return location.assign(answer.status === "code_invalidated" ? "/voting-space" : "/");
    }
    const section = this.section();
    this.next_try(answer);
    if (answer.status === "captcha_wrong") show_errors(section, { captcha: text("captcha.error") });
    if (answer.status === "page_old") show_errors(section, { captcha: text("voting.page_old") });
    if ("triesLeft" in answer) fill(section, { tries_left: text("voting.tries_left", { tries_left: answer.triesLeft }) });
    if (answer.status === "code_replaced") show_errors(section, { code: text("voting.code_replaced", { at: answer.at }) });
    if (answer.status === "code_wrong") show_errors(section, { code: text("voting.code_wrong") });
  }
}

/** Identifier and password, from which the keys come: they sign in, and open the space. */
export class KeyEntrance extends Entrance {
  private readonly signed_in: (answer: Extract<KeyAnswer, { status: "ok" }>) => void;

  constructor(
    data: DOMStringMap, api: Api, vault: RemoteVault, signed_in: (answer: Extract<KeyAnswer, { status: "ok" }>) => void,
  ) {
    super(data, api, vault);
    this.signed_in = signed_in;
  }

  override clear(): void {
    this.field("identifier").value = "";
    this.field("code").value = "";
  }

  protected override read(errors: Errors): Typed | undefined {
    const identifier_form = { length: Number(this.data.identifierLength), checked: false };
    const password_form = { length: Number(this.data.codeLength), checked: this.data.codeChecked === "true" };
    const handle = this.data.identifierLength === "roll"
      ? this.roll_number(errors)
      : this.part("identifier", "identifier", identifier_form, errors);
    const code = this.part("code", "password", password_form, errors);
    return handle === undefined || code === undefined ? undefined : { code, handle };
  }

  protected override async send({ handle }: Typed, proof: CodeProof): Promise<boolean> {
    const answer = await this.api.sign_in({ ...proof, identifier: handle });
    if (answer.status === "ok") this.signed_in(answer);
    else this.refuse(answer);
    return answer.status === "ok";
  }

  private roll_number(errors: Errors): string | undefined {
    const number = read_roll_number(this.field("identifier").value);
    if (number === "") errors.identifier = text("keys.identifier_empty");
    if (number === undefined) errors.identifier = text("keys.number_mistyped");
    return number || undefined;
  }

  private part(field: string, name: string, form: CodeForm, errors: Errors): string | undefined {
    const reading: CodeReading = read_code(this.field(field).value, form);
    if ("code" in reading) return reading.code;
    errors[field] = text(`keys.${name}_${KEY_ERROR_TEXT[reading.error]}`, { length: String(form.length) });
    return undefined;
  }

  private refuse(answer: Exclude<KeyAnswer, { status: "ok" }>): void {
    if (!("captchaId" in answer)) return location.assign("/"); // which says what is so
    this.api.csrf = answer.csrf;
    this.next_try(answer);
    const { status } = answer;
    if (status === "captcha_wrong") return show_errors(this.section(), { captcha: text("captcha.error") });
    if (status === "page_old") {
      return show_errors(this.section(), has_captcha()
        ? { captcha: text("voting.page_old") } : { code: text("voting.page_old_plain") });
    }
    if (status === "no_contest") return show_errors(this.section(), { identifier: text("voting.no_contest") });
    const { minutes = 0, at = "" } = answer as { minutes?: number; at?: string };
    // The digits are new ones, which who does not see them would not know.
    const errors: Errors = { code: text(`keys.${status}`, { minutes, at }) };
    if (has_captcha()) errors.captcha = text("keys.new_digits");
    show_errors(this.section(), errors);
  }
}
