// The page where a reissue was asked for: says when the link was opened and when the code was made, on whatever device.
import { Api, SessionOver, TryAgain } from "./api.ts";
import { fill, one, show_part, text } from "./page.ts";

const ASK_EVERY_MS = 4000;
const ASK_ISSUED_EVERY_MS = 60_000; // a code that was made may still be blocked

const PARTS = ["waiting", "created", "blocked", "expired", "newer", "over"] as const;

export function start_reissue_sent(root: HTMLElement): void {
  const api = new Api("");
  const show = (part: (typeof PARTS)[number], progress: string) => {
    fill(root, { progress });
    for (const name of PARTS) show_part(root, name, name === part);
  };
  /** When to ask again; never when nothing more will come. */
  const ask = async (): Promise<number | undefined> => {
    const { state, at, reference, message } = await api.reissue_status();
    if (state === "blocked") show("blocked", text("reissue.status_blocked"));
    else if (state === "none") show("expired", text("reissue.status_expired"));
    else if (reference !== root.dataset.reference) show("newer", text("reissue.status_newer"));
    else if (state === "opened") show("waiting", text("reissue.status_opened", { at }));
    else if (state === "issued") show("created", text("reissue.status_issued", { at, reference }));
    else {
      // Said once: a live region speaks when it changes.
      if (message.text !== one(root, "[data-slot=message]").textContent) fill(root, { message: message.text });
      show_part(root, "message", message.text !== "");
      show_part(root, "failed", message.failed);
      show_part(root, "on_its_way", !message.failed);
      return ASK_EVERY_MS;
    }
    if (reference !== root.dataset.reference) return undefined;
    return state === "opened" ? ASK_EVERY_MS : state === "issued" ? ASK_ISSUED_EVERY_MS : undefined;
  };
  const ask_until_known = async (): Promise<void> => {
    let again: number | undefined = ASK_EVERY_MS;
    try {
      again = await ask();
    } catch (error) {
      if (error instanceof SessionOver) return show("over", text("voting.error_session"));
      if (!(error instanceof TryAgain)) throw error;
    }
    if (again !== undefined) setTimeout(() => void ask_until_known(), again);
  };
  void ask_until_known();
}
