// The page where a reissue was asked for: says when the link was opened and when the code was made, on whatever device.
import { Api, SessionOver, TryAgain } from "./api.ts";
import { fill, show_part, text } from "./page.ts";

const ASK_EVERY_MS = 4000;

const PARTS = ["waiting", "created", "blocked", "expired", "newer", "over"] as const;

export function start_reissue_sent(root: HTMLElement): void {
  const api = new Api("");
  const show = (part: (typeof PARTS)[number], progress: string) => {
    fill(root, { progress });
    for (const name of PARTS) show_part(root, name, name === part);
  };
  /** Whether nothing more will come. */
  const ask = async (): Promise<boolean> => {
    const { state, at, reference } = await api.reissue_status();
    if (state === "blocked") show("blocked", text("reissue.status_blocked"));
    else if (state === "none") show("expired", text("reissue.status_expired"));
    else if (reference !== root.dataset.reference) show("newer", text("reissue.status_newer"));
    else if (state === "opened") show("waiting", text("reissue.status_opened", { at }));
    else if (state === "issued") show("created", text("reissue.status_issued", { at, reference }));
    else return false;
    return state !== "opened";
  };
  const ask_until_known = async (): Promise<void> => {
    try {
      if (await ask()) return;
    } catch (error) {
      if (error instanceof SessionOver) return show("over", text("voting.error_session"));
      if (!(error instanceof TryAgain)) throw error;
    }
    setTimeout(() => void ask_until_known(), ASK_EVERY_MS);
  };
  void ask_until_known();
}
