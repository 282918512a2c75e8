// A lost identifier: the password and the consular number make the recovery key (docs/protocol.md section 4), whose proof leaves
// in place of the password.
import { type Again, AskedForm } from "./asked_form.ts";
import { read_code, read_consular_number } from "./code.ts";
import { fill, one, show_errors, show_step, step, text } from "./page.ts";
import { Refused } from "./refused.ts";
import { remote_vault, type RemoteVault } from "./remote.ts";
import { start_worker } from "./trusted_worker.ts";

export type IdentifierAnswer =
  | { status: "requested"; reference: string }
  | { status: "closed" }
  | (Again & { status: "captcha_wrong" | "page_old"; nonce: string; sessionBinding: string })
  | (Again & { status: "delayed"; minutes: number; nonce: string; sessionBinding: string });

export function start_identifier_recovery(root: HTMLElement): void {
  if (typeof BigInt !== "function" || typeof Worker !== "function" || typeof crypto !== "object") {
    return show_step("unsupported");
  }
  new IdentifierRecovery(root);
  show_step("form");
}

class IdentifierRecovery extends AskedForm {
  private readonly vault: RemoteVault;
  private nonce: string;
  private binding: string;
  private loaded = false;

  constructor(root: HTMLElement) {
    super(root, "recover");
    this.nonce = this.data.nonce!;
    this.binding = this.data.sessionBinding!;
    const worker = start_worker();
    this.vault = remote_vault(worker);
    window.addEventListener("pagehide", () => worker.terminate());
  }

  protected override check(errors: Record<string, string>): void {
    const password = this.password();
    if (!("code" in password)) {
      const why = password.error === "empty" || password.error === "length" ? password.error : "mistyped";
      errors.password = text(`keys.password_${why}`, { length: this.data.codeLength! });
    }
    const number = this.field("number").value;
    if (number.trim() === "") errors.number = text("recovery.number_empty");
    else if (read_consular_number(number) === undefined) errors.number = text("recovery.number_form");
  }

  protected override async send(captcha: string, captchaId: string): Promise<void> {
    const password = this.password();
    const number = read_consular_number(this.field("number").value);
    if (!("code" in password) || number === undefined) return;
    try {
      await this.load();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return show_errors(this.section(), { captcha: text("recovery.manifest") });
    }
    const bar = one<HTMLProgressElement>(this.section(), "[data-bar=derive]");
    const { nonce } = this;
    const { key, proof } = await this.vault.open(
      { code: password.code, handle: `recovery:${number}`, nonce, session_binding: this.binding }, (done) => (bar.value = done));
    void this.vault.forget();
    const answer = await this.api.recover_identifier({ captcha, captchaId, key, proof, nonce, number });
    if (answer.status !== "requested" && answer.status !== "closed") {
      this.nonce = answer.nonce;
      this.binding = answer.sessionBinding;
      return this.next_try(answer, answer.status === "delayed"
        ? { password: text("keys.delayed", { minutes: answer.minutes }), captcha: text("keys.new_digits") }
        : {});
    }
    for (const id of ["password", "number"]) this.field(id).value = "";
    if (answer.status === "closed") return show_step("closed");
    fill(step("requested"), { reference: answer.reference });
    show_step("requested");
  }

  private password() {
    const form = { length: Number(this.data.codeLength), checked: this.data.codeChecked === "true" };
    return read_code(this.field("password").value, form);
  }

  private async load(): Promise<void> {
    if (this.loaded) return;
    const manifest = await this.api.manifest(this.data.manifestUrl!);
    await this.vault.load(manifest, this.data.fingerprint!, location.origin);
    this.loaded = true;
  }
}
