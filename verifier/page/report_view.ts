// The report as a judge reads it: the verdict first, then the fingerprint, the results, and every check.
import { EXPLANATIONS } from "./explanations.ts";
import { detail, element, mark, type Mark } from "./elements.ts";
import type { Shown, ShownContest, ShownOption } from "./shown.ts";
import { filled, type Language, type Texts, TEXTS } from "./texts.ts";

const VERDICT_MARKS: Record<string, [string, Mark]> = {
  "verified": ["good", "ok"], "consistent": ["careful", "careful"], "not counted": ["careful", "careful"], "refused": ["bad", "refused"],
};
const CHECK_MARKS: Record<string, Mark> = { "ok": "ok", "refused": "refused", "not run": "skipped" };

export function report_view(report: Shown, language: Language): Node[] {
  const texts = TEXTS[language];
  return [
    report.title ? element("p", { class: "election" }, report.title[language]) : null,
    verdict(report, language),
    ...fingerprint(report, texts),
    ...results(report, language),
    ...checks(report, language),
  ].filter((node): node is HTMLElement => node !== null);
}

/** The sentence that says it all; also what is told to who does not see the page. */
function verdict(report: Shown, language: Language): HTMLElement {
  const [style, kind] = VERDICT_MARKS[report.verdict]!;
  const refused = report.outcomes.find(({ state }) => state === "refused");
  const [heading, meaning, advice] = TEXTS[language].verdicts[refused?.check === 24 ? "receipt" : report.verdict]!;
  const explained = refused ? EXPLANATIONS[language][refused.check]! : null;
  const said = refused && explained
    ? filled(TEXTS[language].refused_at, { check: `V${refused.check}`, name: explained[0], meaning: explained[2] }) : meaning;
  return element("div", { class: `verdict ${style}` },
    element("h2", { id: "verdict", tabindex: "-1" }, mark(kind, 30), element("span", {}, heading)), element("p", {}, said),
      element("p", {}, advice));
}

function fingerprint({ fingerprint: hex }: Shown, texts: Texts): HTMLElement[] {
  if (hex === null) return [];
  return [
    element("h2", {}, texts.fingerprint_of),
    element("p", { class: "code print" }, hex.replace(/(.{4})(?=.)/g, "$1 ")),
    element("p", { class: "quiet" }, texts.compare),
  ];
}

function results({ verdict: found, contests }: Shown, language: Language): HTMLElement[] {
  const texts = TEXTS[language];
  const heading = element("h2", {}, texts.results);
  if (found === "refused" || !contests) return [heading, element("p", {}, texts.no_results)];
  return [heading, ...contests.flatMap((contest) => contest_view(contest, language))];
}

function contest_view(contest: ShownContest, language: Language): HTMLElement[] {
  const texts = TEXTS[language];
  const number = (value: number) => value.toLocaleString(language);
  const facts = filled(texts.contest_facts,
    { registered: number(contest.registered), ballots: number(contest.ballots), valid: number(contest.valid) });
  const head = element("tr", {}, element("th", { scope: "col" }, texts.column_option),
    element("th", { scope: "col", class: "number" }, texts.column_votes),
    element("th", { scope: "col", class: "number" }, contest.by_seats ? texts.column_seats : texts.column_outcome));
  const rows = contest.options.map((option) => element("tr", option.elected || (option.seats ?? 0) > 0 ? { class: "won" } : {},
    element("th", { scope: "row" }, option.name ?? texts.blank), element("td", { class: "number" }, number(option.votes)),
    element("td", { class: "number" },
      contest.by_seats ? (option.seats === null ? texts.none : number(option.seats)) : issue(option, texts))));
  return [
    element("h3", {}, contest.name[language]),
    element("div", { class: "scroll" },
      element("table", {}, element("caption", {}, facts), element("thead", {}, head), element("tbody", {}, ...rows))),
    ...(contest.unfilled > 0 ? [element("p", {}, filled(texts.unfilled, { number: contest.unfilled }))] : []),
    ...(contest.undecided ? [element("p", {}, texts.undecided)] : []),
  ];
}

const issue = ({ elected, second_round }: ShownOption, texts: Texts): string =>
  (elected ? texts.elected : second_round ? texts.second_round : texts.none);

function checks({ outcomes }: Shown, language: Language): HTMLElement[] {
  const texts = TEXTS[language];
  const number = (state: string) => outcomes.filter((outcome) => outcome.state === state && !outcome.idle).length;
  const first = outcomes.find(({ state }) => state === "refused")?.check;
  const rows = outcomes.map(({ check, state, detail: said, idle }) => {
    const [name, sense, when_refused] = EXPLANATIONS[language][check]!;
    const kind = idle ? "skipped" : CHECK_MARKS[state]!;
    return element("li", { class: kind },
      element("span", { class: "tag" }, `V${check}`),
      element("div", {}, element("p", { class: "name" }, name),
        idle ? element("p", {}, texts.idle[check]!) : null,
        state === "ok" ? null : element("p", { class: "finding" }, state !== "refused" ? texts.skipped : check === first ? when_refused : texts.refused_too),
        // What a check makes sure of must not read as if it had: only one that succeeded says it plainly.
        state === "ok" && !idle ? element("p", {}, sense) : element("p", { class: "detail" }, filled(texts.checks_that, { sense })),
        said && !idle ? detail(texts.detail, said) : null),
      element("span", { class: "mark" }, mark(kind, 17), idle ? texts.idle_state : texts.states[state]!));
  });
  return [
    element("h2", {}, texts.checks),
    element("p", {}, filled(texts.checks_summary,
      { ok: number("ok"), refused: number("refused"), skipped: outcomes.length - number("ok") - number("refused") })),
    element("ul", { class: "checks" }, ...rows),
  ];
}
