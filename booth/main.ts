// What booth.js does on a page: the countdown, the show button of a secret field, the voting space, the reissue's pages; each
// where the page has it.
import { start_countdown } from "./countdown.ts";
import { KeptBallots } from "./kept_ballots.ts";
import { all, start_reveal } from "./page.ts";
import { start_cancel, start_channels } from "./reissue_form.ts";
import { start_reissue_link } from "./reissue_link.ts";
import { start_reissue_sent } from "./reissue_sent.ts";
import { start_voting_space } from "./voting_space.ts";

for (const element of all(document, "[data-countdown]")) start_countdown(element);
for (const button of all(document, "[data-reveal]")) start_reveal(button);
for (const form of all(document, "[data-form=\"sign-out\"]")) {
  form.addEventListener("submit", () => new KeptBallots(sessionStorage).wipe());
}
const space = document.getElementById("voting-space");
if (space) void start_voting_space(space);
const link = document.getElementById("reissue-link");
if (link) void start_reissue_link(link);
const sent = document.getElementById("reissue-sent");
if (sent) start_reissue_sent(sent);
for (const form of all(document, "[data-form=reissue]")) start_channels(form);
for (const form of all(document, "[data-form=cancel]")) start_cancel(form);
