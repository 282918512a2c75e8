// What booth.js does on a page: the countdown, the show button of a secret field, the voting space; each where the page has it.
import { start_countdown } from "./countdown.ts";
import { KeptBallots } from "./kept_ballots.ts";
import { all, start_reveal } from "./page.ts";
import { start_voting_space } from "./voting_space.ts";

for (const element of all(document, "[data-countdown]")) start_countdown(element);
for (const button of all(document, "[data-reveal]")) start_reveal(button);
for (const form of all(document, "[data-form=\"sign-out\"]")) {
  form.addEventListener("submit", () => new KeptBallots(sessionStorage).wipe());
}
const space = document.getElementById("voting-space");
if (space) void start_voting_space(space);
