// Time left, by the server's clock: the difference to this device's clock is measured once, when the page arrives.
import { fill, show_part } from "./page.ts";

export interface Remaining {
  days: string;
  hours: string;
  minutes: string;
}

/** Two digits each, whole minutes rounded up, so that zeros stand for the hour itself; never below zero. */
export function remaining(ms: number): Remaining {
  const minutes = Math.max(0, Math.ceil(ms / 60_000));
  const two = (value: number) => String(value).padStart(2, "0");
  return { days: two(Math.floor(minutes / 1440)), hours: two(Math.floor(minutes / 60) % 24), minutes: two(minutes % 60) };
}

/** A clock that agrees with the server's `now`. */
export function server_clock(now: number, device_clock: () => number = Date.now): () => number {
  const difference = now - device_clock();
  return () => device_clock() + difference;
}

export function start_countdown(element: HTMLElement): void {
  const clock = server_clock(Number(element.dataset.now));
  const until = Number(element.dataset.until);
  const show = () => {
    fill(element, { ...remaining(until - clock()) });
    const reached = clock() >= until;
    show_part(element, "counting", !reached);
    show_part(element, "reached", reached);
  };
  show();
  setInterval(show, 1000);
}
