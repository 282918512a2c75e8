// How long the code stays on the screen: the time the voter chose, announced at 60 s and 30 s, lengthened as often as she asks
// (WCAG 2.2.1 wants ten times at least).

export const MARKS_S = [60, 30];
export const WARNING_S = 30;

export class ShownTime {
  private readonly length_ms: number;
  private readonly clock: () => number;
  private ends: number;
  private said = new Set<number>();

  constructor(length_ms: number, clock: () => number) {
    this.length_ms = length_ms;
    this.clock = clock;
    this.ends = clock() + length_ms;
  }

  left_s(): number {
    return Math.max(0, Math.ceil((this.ends - this.clock()) / 1000));
  }

  /** The mark reached since the last call, if any: of several, the last, once each. */
  mark(): number | undefined {
    const reached = MARKS_S.filter((mark) => this.left_s() <= mark && !this.said.has(mark));
    for (const mark of reached) this.said.add(mark);
    return reached[reached.length - 1];
  }

  prolong(): void {
    this.ends = this.clock() + this.length_ms;
    this.said.clear();
  }
}
