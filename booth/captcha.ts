// New digits in the place of those that have served: views/captcha.mustache. A portal may have none.
import { one } from "./page.ts";

export function has_captcha(): boolean {
  return document.querySelector("#captcha") !== null;
}

/** What was typed, and for which picture; both empty where there is none. */
export function typed_captcha(): { captcha: string; captchaId: string } {
  if (!has_captcha()) return { captcha: "", captchaId: "" };
  return {
    captcha: one<HTMLInputElement>(document, "#captcha").value.trim(),
    captchaId: one<HTMLInputElement>(document, "[data-captcha=id]").value,
  };
}

export function show_captcha(id: string): void {
  if (!has_captcha()) return;
  one<HTMLInputElement>(document, "[data-captcha=id]").value = id;
  one<HTMLImageElement>(document, "[data-captcha=image]").src = `/captcha/${id}.png`;
  one<HTMLAudioElement>(document, "[data-captcha=audio]").src = `/captcha/${id}.wav`;
  one<HTMLInputElement>(document, "#captcha").value = "";
}
