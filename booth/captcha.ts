// New digits in the place of those that have served: views/captcha.mustache.
import { one } from "./page.ts";

export function show_captcha(id: string): void {
  one<HTMLInputElement>(document, "[data-captcha=id]").value = id;
  one<HTMLImageElement>(document, "[data-captcha=image]").src = `/captcha/${id}.png`;
  one<HTMLAudioElement>(document, "[data-captcha=audio]").src = `/captcha/${id}.wav`;
  one<HTMLInputElement>(document, "#captcha").value = "";
}
