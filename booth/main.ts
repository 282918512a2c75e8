// What booth.js does on a page: the countdown, the count of characters, the device's own hour, the show button of a secret field, the voting space, the look-up of a tracker,
// the reissue's pages; each where the page has it.
import { start_account_link } from "./account_link.ts";
import { start_contact_link } from "./contact_link.ts";
import { start_count } from "./character_count.ts";
import { start_countdown } from "./countdown.ts";
import { start_double_tap_guard } from "./double_tap.ts";
import { KeptBallots } from "./kept_ballots.ts";
import { start_identifier_recovery } from "./identifier_recovery.ts";
import { start_own_time } from "./own_time.ts";
import { all, start_reveal } from "./page.ts";
import { start_password_link } from "./password_link.ts";
import { start_cancel, start_channels } from "./reissue_form.ts";
import { start_reissue_link } from "./reissue_link.ts";
import { start_reissue_sent } from "./reissue_sent.ts";
import { start_session_watch } from "./session_watch.ts";
import { start_tracker } from "./tracker_page.ts";
import { start_voting_space } from "./voting_space.ts";

for (const element of all(document, "[data-countdown]")) start_countdown(element);
for (const element of all(document, "[data-own-time]")) start_own_time(element);
for (const button of all(document, "[data-reveal]")) start_reveal(button);
for (const field of all(document, "textarea[data-limit]")) start_count(field as HTMLTextAreaElement);
start_double_tap_guard();
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.dataset.form === "sign-out" && !event.defaultPrevented) new KeptBallots(sessionStorage).wipe();
});
// A double click sends a form once. A page that Back brings again may send it again.
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent !== undefined) event.preventDefault();
  form.dataset.sent = "";
});
window.addEventListener("pageshow", () => {
  for (const form of all(document, "form[data-sent]")) delete form.dataset.sent;
});
// What the server found wrong with a form is what the voter wants to read first.
for (const summary of all(document, "[data-error-summary]:not([hidden])")) summary.focus();
const space = document.getElementById("voting-space");
if (space) void start_voting_space(space);
const session = document.querySelector<HTMLElement>("[data-dialog=session]");
if (session && !space) start_session_watch(session);
const tracker = document.getElementById("tracker");
if (tracker) start_tracker(tracker as HTMLTextAreaElement);
const link = document.getElementById("reissue-link");
if (link) void start_reissue_link(link);
if (document.getElementById("account-link")) start_account_link();
if (document.getElementById("contact-link")) start_contact_link();
const password = document.getElementById("password-link");
if (password) start_password_link(password);
const identifier = document.getElementById("identifier-recovery");
if (identifier) start_identifier_recovery(identifier);
const sent = document.getElementById("reissue-sent");
if (sent) start_reissue_sent(sent);
for (const form of all(document, "[data-form=reissue]")) start_channels(form);
for (const form of all(document, "[data-form=cancel]")) start_cancel(form);
