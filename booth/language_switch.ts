// The voting space in another language without leaving it: the voter's keys are in the page's memory, and what she has chosen.
import { TryAgain } from "./api.ts";

const FRAME = [".govuk-skip-link", ".portal-header", ".vote-strip", ".portal-banner", ".portal-footer"];

/** The same page as the server writes it in the language of `address`, which it remembers. Throws TryAgain. */
export function fetch_page(address: string): Promise<Document> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // unlike fetch, it gives a document, without markup passing through a string
    request.open("GET", address);
    request.responseType = "document";
    request.setRequestHeader("X-Requested-With", "isoloir");
    request.onerror = () => reject(new TryAgain("network", 0));
    request.onload = () => {
      if (request.status === 200 && request.responseXML) resolve(request.responseXML);
      else reject(new TryAgain("busy", 0));
    };
    request.send();
  });
}

/** Puts frame and steps of `page` in place of those that are there; the steps come as the server wrote them. */
export function take_over(page: Document, root: HTMLElement): void {
  document.documentElement.lang = page.documentElement.lang;
  document.title = page.title;
  for (const selector of FRAME) {
    const other = page.querySelector(selector);
    if (other) document.querySelector(selector)?.replaceWith(other);
  }
  root.replaceChildren(...page.getElementById(root.id)!.childNodes);
}
