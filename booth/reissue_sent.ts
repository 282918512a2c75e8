// The page where a reissue was asked for: says when the link was opened and when the code was made, on whatever device.
import { Api, SessionOver, TryAgain } from "./api.ts";
import { fill, show_part, text } from "./page.ts";

const ASK_EVERY_MS = 4000;

export function start_reissue_sent(root: HTMLElement): void {
  // The page answered a form: a reload or Back must not send it again.
  history.replaceState(null, "", "/reissue");
  const api = new Api("");
  const show = (part: "created" | "blocked" | "over" | undefined, progress: string) => {
    fill(root, { progress });
    for (const name of ["created", "blocked", "over"]) show_part(root, name, name === part);
    show_part(root, "waiting", part === undefined);
  };
  const ask = async (): Promise<boolean> => {
    const { state, at, reference } = await api.reissue_status();
    if (reference !== root.dataset.reference) return false;
    if (state === "opened") show(undefined, text("reissue.status_opened", { at }));
    if (state === "issued") show("created", text("reissue.status_issued", { at, reference }));
    if (state === "blocked") show("blocked", text("reissue.status_blocked"));
    return state === "issued" || state === "blocked";
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
