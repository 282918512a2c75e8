// Two taps where one was meant: the second falls on what the first has brought, in the same place. It must choose nothing there:
// on a telephone "Valider mon vote" stands where "Continuer" stood, and the first candidate where the list's button was.

const GUARD_MS = 1000;
const NEAR_PX = 80;

interface Tap {
  x: number;
  y: number;
  at: number;
}

/** Whether a tap only repeats the one before it, with another step shown in between. Times in milliseconds. */
export class DoubleTap {
  private last: Tap | undefined;
  private changed_at = -Infinity;

  /** Another step is shown. */
  changed(at: number): void {
    this.changed_at = at;
  }

  repeats(tap: Tap): boolean {
    const { last } = this;
    const repeats = last !== undefined && tap.at - last.at < GUARD_MS && this.changed_at >= last.at &&
      Math.hypot(tap.x - last.x, tap.y - last.y) < NEAR_PX;
    if (!repeats) this.last = tap; // a third one, too, is measured from the one that was meant
    return repeats;
  }
}

const guard = new DoubleTap();

export function step_changed(): void {
  guard.changed(performance.now());
}

/** Once a document. A click from the keyboard has no place, and the focus is elsewhere by then. */
export function start_double_tap_guard(): void {
  document.addEventListener("click", (event) => {
    // When it was tapped, not when a slow telephone comes to it.
    if (event.detail === 0 || !guard.repeats({ x: event.clientX, y: event.clientY, at: event.timeStamp })) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { capture: true });
}
