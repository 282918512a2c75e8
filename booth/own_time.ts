// An hour of the vote by the clock of the voter's device, where that lies in another time zone than the portal's: who votes from
// abroad reads both.
import { text } from "./page.ts";

/** Nothing where the two clocks show the same. `at`: milliseconds. */
export function own_time(at: number, zone: string, language: string, own_zone?: string): string | undefined {
  const written = (timeZone?: string) => new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
    weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(at);
  const own = written(own_zone);
  if (own === written(zone)) return undefined;
  return language === "fr" ? own.replace(":", "h") : own;
}

export function start_own_time(element: HTMLElement): void {
  const time = own_time(Number(element.dataset.ownTime), element.dataset.zone!, document.documentElement.lang);
  element.hidden = time === undefined;
  element.textContent = time === undefined ? "" : text("keys.own_time", { time });
}
