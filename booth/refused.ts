// Input from outside that breaks a rule of docs/protocol.md. `code` is stable: tests and screens go by it.
export class Refused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`refused: ${code}`);
    this.name = "Refused";
    this.code = code;
  }
}
