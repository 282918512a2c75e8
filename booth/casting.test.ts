import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, type BallotAnswer, type ContestState, type ReceiptAnswer, SessionOver, TryAgain, type Unconfirmed } from "./api.ts";
import { type Cast, Casting, disputed, presented_again, reports_of, type Surroundings } from "./casting.ts";
import { KeptBallots } from "./kept_ballots.ts";
import { Refused } from "./refused.ts";

const BALLOT = "YmFsbG90";
const TRACKER = "ab".repeat(32);
// Of the same voter and contest, made after it.
const SECOND = { ballot: "c2Vjb25k", tracker: "5e".repeat(32) };
const THIRD = { ballot: "dGhpcmQ=", tracker: "7d".repeat(32) };
const KEPT = { ballot: BALLOT, sent: true };
const TRACKERS = new Map([[BALLOT, TRACKER], ...[SECOND, THIRD].map(({ ballot, tracker }) => [ballot, tracker] as const)]);
const VOTE = { contest: 2, district: 0, choice: 1, shown: "List" };

function memory_storage(): Storage {
  const items: Record<string, string> = {};
  Object.defineProperties(items, {
    getItem: { value: (key: string) => items[key] ?? null },
    setItem: { value: (key: string, value: string) => void (items[key] = value) },
    removeItem: { value: (key: string) => void delete items[key] },
  });
  return items as unknown as Storage;
}

type Scripted<T> = (T | Error)[];

/** A server that gives the answers listed, and a clock that only counts. */
function world(script: { ballot?: Scripted<BallotAnswer>; receipt?: Scripted<ReceiptAnswer> }, confirms = false, kept = new KeptBallots(memory_storage())) {
  const seen = {
    sent: [] as string[], codes: [] as unknown[], asked: 0, asked_for: [] as string[], waits: [] as number[], phases: [] as string[], sealed: 0, kept_when_sent: [] as unknown[],
  };
  const next = <T>(list: Scripted<T> | undefined): Promise<T> => {
    const answer = list?.shift();
    if (answer === undefined) throw new Error("a request too many");
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const around: Surroundings = {
    kept,
    confirms,
    api: {
      ballot: (ballot, code) => {
        seen.sent.push(ballot);
        seen.codes.push(code);
        seen.kept_when_sent.push(kept.kept(2)?.ballot);
        return next(script.ballot);
      },
      receipt: (tracker) => {
        seen.asked++;
        seen.asked_for.push(tracker);
        return next(script.receipt);
      },
    },
    vault: {
      seal: () => (seen.sealed++, Promise.resolve({ ballot: BALLOT, tracker: TRACKER })),
      recognise: (_, ballot) =>
        (TRACKERS.has(ballot) ? Promise.resolve(TRACKERS.get(ballot)!) : Promise.reject(new Refused("foreign_ballot"))),
      check: (receipt, tracker) =>
        receipt === "good" && [...TRACKERS.values()].includes(tracker) ? Promise.resolve(7) : Promise.reject(new Refused("inclusion")),
    },
    wait: (ms) => (seen.waits.push(ms), Promise.resolve()),
    changed: (cast: Cast) => {
      const now = cast.trouble ? `${cast.phase} (${cast.trouble})` : cast.phase;
      if (seen.phases[seen.phases.length - 1] !== now) seen.phases.push(now);
    },
  };
  return { casting: new Casting(around), kept, seen, around };
}

type World = ReturnType<typeof world>;

const recorded: BallotAnswer = { status: "recorded", tracker: TRACKER };
const ready: ReceiptAnswer = { status: "ready", receipt: "good" };
const pending: ReceiptAnswer = { status: "pending" };
const bad: ReceiptAnswer = { status: "ready", receipt: "bad" };
const unknown: ReceiptAnswer = { status: "unknown" };
const refused: BallotAnswer = { status: "refused", code: "x" };
const lost = () => new TryAgain("network", 0);
const state = (name: ContestState["state"]): ContestState => ({ contest: 2, district: 0, state: name });

test("seal, send, check, done: the ballot is kept before it is sent and erased once its receipt is checked", async () => {
  const { casting, kept, seen } = world({ ballot: [recorded], receipt: [pending, ready] });
  await casting.cast(VOTE);
  assert.deepEqual(seen.phases, ["seal", "send", "check", "done"]);
  assert.deepEqual(seen.kept_when_sent, [BALLOT]);
  assert.equal(kept.kept(2), undefined);
  assert.deepEqual(casting.of(2)!.receipt, { text: "good", index: 7 });
});

test("a double click, and a click after the end, send once", async () => {
  const { casting, seen } = world({ ballot: [recorded], receipt: [ready] });
  await Promise.all([casting.cast(VOTE), casting.cast(VOTE)]);
  await casting.cast({ ...VOTE, choice: 0 });
  assert.deepEqual([seen.sealed, seen.sent.length], [1, 1]);
});

test("lost answers and a busy server: the same bytes again, after the time asked for", async () => {
  const { casting, seen } = world({
    ballot: [lost(), lost(), new TryAgain("busy", 7000), recorded], receipt: [lost(), ready],
  });
  await casting.cast(VOTE);
  assert.equal(seen.sealed, 1);
  assert.deepEqual(seen.sent, [BALLOT, BALLOT, BALLOT, BALLOT]);
  assert.deepEqual(seen.waits, [1000, 2000, 7000, 1000]);
  assert.deepEqual(seen.phases,
    ["seal", "send", "send (network)", "send (busy)", "check", "check (network)", "done"]);
});

test("in the log and not cosigned: the page says whose signature is awaited, and the receipt still comes", async () => {
  const waits: ReceiptAnswer = { status: "pending", witnesses: true };
  const { casting, seen, around } = world({ ballot: [recorded], receipt: [pending, ...Array<ReceiptAnswer>(6).fill(waits), ready] });
  const told: (boolean | undefined)[] = [];
  const changed = around.changed;
  around.changed = (cast) => {
    if (cast.phase === "pending") told.push(cast.awaits_witnesses);
    changed(cast);
  };
  await casting.cast(VOTE);
  assert.deepEqual(seen.phases, ["seal", "send", "check", "pending", "done"]);
  assert.deepEqual(told, [true]);
});

test("no receipt within 10 s: recorded, the proof comes later by itself", async () => {
  const { casting, kept, seen, around } = world({
    ballot: [recorded], receipt: [pending, pending, pending, pending, pending, pending, pending, ready],
  });
  const kept_while: unknown[] = [];
  const changed = around.changed;
  around.changed = (cast) => {
    if (cast.phase === "pending") kept_while.push(kept.kept(2)?.ballot);
    changed(cast);
  };
  await casting.cast(VOTE);
  assert.deepEqual(seen.phases, ["seal", "send", "check", "pending", "done"]);
  assert.equal(seen.waits.slice(0, 5).reduce((sum, ms) => sum + ms), 10_000);
  assert.deepEqual(kept_while, [BALLOT]);
});

const DISPUTES: [string, Parameters<typeof world>[0], string][] = [
  ["a receipt that is no proof", { ballot: [recorded], receipt: [{ status: "ready", receipt: "bad" }] }, "inclusion"],
  ["no receipt at all", { ballot: [recorded], receipt: [{ status: "unknown" }] }, "unknown"],
  ["another tracker", { ballot: [{ status: "recorded", tracker: "cd".repeat(32) }] }, "tracker"],
];
for (const [what, script, refused] of DISPUTES) {
  test(`${what}: never voted, the ballot and the answer are kept as evidence, no second ballot is made`, async () => {
    const { casting, kept, seen } = world(script);
    const answers = what === "no receipt at all" ? [recorded, unknown] : [script.receipt?.[0] ?? script.ballot![0]!];
    await casting.cast(VOTE);
    const cast = casting.of(2)!;
    assert.deepEqual([cast.phase, cast.failure, kept.kept(2)?.ballot], ["failed", "proof", BALLOT]);
    assert.deepEqual(cast.evidence, { refused, answers });
    assert.deepEqual(kept.kept(2)!.evidence, cast.evidence);
    await casting.cast({ ...VOTE, choice: 0 });
    assert.deepEqual([seen.sealed, seen.sent.length], [1, 1]);
  });
}

test("a dispute ends with a good receipt for the same bytes, and only so", async () => {
  const { casting, kept, seen } = world({
    ballot: [recorded, { status: "already_voted" }, recorded],
    receipt: [{ status: "ready", receipt: "bad" }, { status: "unknown" }, ready],
  });
  await casting.cast(VOTE);
  await casting.again(2);
  assert.equal(casting.of(2)!.failure, "proof");
  assert.deepEqual(casting.of(2)!.evidence!.answers, [{ status: "ready", receipt: "bad" }, { status: "already_voted" }]);
  await casting.again(2);
  assert.deepEqual([casting.of(2)!.phase, kept.kept(2)?.ballot], ["done", undefined]);
  assert.deepEqual(seen.sent, [BALLOT, BALLOT, BALLOT]);
});

test("a dispute outlives a reload, and nothing is sent before she asks", async () => {
  const before = world({ ballot: [recorded], receipt: [{ status: "ready", receipt: "bad" }] });
  await before.casting.cast(VOTE);
  for (const shown of ["open", "voted"] as const) {
    const { casting, kept, seen } = world({});
    kept.keep(2, before.kept.kept(2)!);
    await casting.resume(state(shown));
    assert.deepEqual([casting.of(2)!.failure, casting.of(2)!.evidence!.refused, seen.sent], ["proof", "inclusion", []]);
  }
});

test("after the count no receipt is made any more: said so, and never called voted", async () => {
  const { casting, kept } = world({ ballot: [recorded], receipt: [pending, { status: "held" }] });
  await casting.cast(VOTE);
  assert.deepEqual([casting.of(2)!.phase, casting.of(2)!.failure, kept.kept(2)?.ballot], ["failed", "late", BALLOT]);
});

test("a refusal is final for these bytes, and the voter may vote again", async () => {
  const refusals: BallotAnswer[] = [
    { status: "already_voted" }, { status: "refused", code: "x" }, { status: "suspended" }, { status: "closed" },
    { status: "not_registered" },
  ];
  for (const refusal of refusals) {
    const receipt: ReceiptAnswer[] = refusal.status === "already_voted" ? [{ status: "unknown" }, ready] : [ready];
    const { casting, kept } = world({ ballot: [refusal, recorded], receipt });
    await casting.cast(VOTE);
    assert.deepEqual([casting.of(2)!.failure, kept.kept(2)?.ballot], [refusal.status, undefined]);
    await casting.cast(VOTE);
    assert.equal(casting.of(2)!.phase, "done");
  }
});

test("refused, or so it was said, and recorded: the list says that she has voted, and she gets the receipt and is told", async () => {
  const { casting, kept } = world({ ballot: [{ status: "refused", code: "x" }], receipt: [ready, pending, ready] });
  await casting.cast(VOTE);
  await casting.notice(state("open"));
  assert.equal(casting.of(2)!.failure, "refused");
  await casting.notice(state("voted"));
  assert.deepEqual([casting.of(2)!.phase, casting.of(2)!.earlier, kept.kept(2)?.ballot], ["done", true, undefined]);
});

test("the ballot that was said to be refused stands in the place of the next one: its receipt is the voter's", async () => {
  const { casting, around, kept } = world({
    ballot: [{ status: "refused", code: "x" }, { status: "already_voted" }], receipt: [{ status: "unknown" }, ready, ready],
  });
  await casting.cast(VOTE);
  around.vault.seal = () => Promise.resolve({ ballot: "b3RoZXI=", tracker: "cd".repeat(32) });
  await casting.cast({ ...VOTE, choice: 0 });
  const { phase, earlier, ballot, tracker } = casting.of(2)!;
  assert.deepEqual([phase, earlier, ballot, tracker], ["done", true, BALLOT, TRACKER]);
  assert.equal(kept.kept(2), undefined);
});

// The same tab, after a reload: what the browser kept, and nothing else.
function reloaded(before: { kept: KeptBallots }, script: Parameters<typeof world>[0], confirms = false) {
  return world(script, confirms, before.kept);
}

test("after a reload, what was said to be refused is recorded all the same: she gets its receipt and is told", async () => {
  for (const noticed of ["when she is back", "later"]) {
    const before = world({ ballot: [{ status: "refused", code: "x" }] });
    await before.casting.cast(VOTE);
    assert.equal(before.kept.any(), false, "none waits to be sent");
    const { casting, kept, seen } = reloaded(before, { receipt: [ready, pending, ready] });
    if (noticed === "later") {
      await casting.resume(state("open"));
      assert.deepEqual([casting.of(2), seen.sent, seen.asked], [undefined, [], 0]);
      await casting.notice(state("voted"));
    } else {
      await casting.resume(state("voted"));
    }
    const { phase, earlier, ballot, tracker } = casting.of(2)!;
    assert.deepEqual([phase, earlier, ballot, tracker], ["done", true, BALLOT, TRACKER]);
    assert.deepEqual([kept.turned_down(2), seen.sent], [[KEPT], []]);
  }
});

test("after a reload, what was said to be refused stands in the place of the next one", async () => {
  const before = world({ ballot: [{ status: "refused", code: "x" }] });
  await before.casting.cast(VOTE);
  const { casting, kept, around } = reloaded(before, {
    ballot: [{ status: "recorded", tracker: TRACKER }, { status: "already_voted" }], receipt: [{ status: "unknown" }, ready, ready],
  });
  await casting.resume(state("open"));
  around.vault.seal = () => Promise.resolve({ ballot: "b3RoZXI=", tracker: "cd".repeat(32) });
  await casting.cast({ ...VOTE, choice: 0 });
  assert.equal(casting.of(2)!.evidence!.refused, "tracker");
  assert.deepEqual([kept.kept(2)?.ballot, kept.turned_down(2).map(({ ballot }) => ballot)], ["b3RoZXI=", [BALLOT]]);
  await casting.again(2);
  const { phase, earlier, tracker } = casting.of(2)!;
  assert.deepEqual([phase, earlier, tracker, kept.kept(2)?.ballot, kept.turned_down(2).map(({ ballot }) => ballot)], ["done", true, TRACKER, undefined, [BALLOT, "b3RoZXI="]]);
});

test("after a reload, one ballot waits, and the one before it, said to be refused, is in the box", async () => {
  const { casting, kept } = world({ receipt: [{ status: "unknown" }, ready, ready] });
  const other = "b3RoZXI=";
  kept.keep(2, { ...KEPT, ballot: other });
  kept.keep_turned_down(2, [KEPT]);
  const around = (casting as unknown as { around: Surroundings }).around;
  around.vault.recognise = (_, ballot) => Promise.resolve(ballot === other ? "cd".repeat(32) : TRACKER);
  await casting.resume(state("voted"));
  assert.deepEqual([casting.of(2)!.phase, casting.of(2)!.earlier, casting.of(2)!.tracker], ["done", true, TRACKER]);
  assert.deepEqual([kept.kept(2)?.ballot, kept.turned_down(2).map(({ ballot }) => ballot)], [undefined, [BALLOT]]);
});

test("after a reload, voted with none of what was said to be refused: says so, and goes on remembering", async () => {
  const before = world({ ballot: [{ status: "refused", code: "x" }] });
  await before.casting.cast(VOTE);
  const { casting, kept } = reloaded(before, { receipt: [{ status: "unknown" }] });
  await casting.resume(state("voted"));
  await casting.notice(state("voted"));
  assert.deepEqual([casting.of(2)!.failure, kept.turned_down(2).map(({ ballot }) => ballot)], ["already_voted", [BALLOT]]);
});

test("what was said to be refused has no proof that is good: a dispute, which outlives another reload and ends with the receipt", async () => {
  const before = world({ ballot: [{ status: "refused", code: "x" }] });
  await before.casting.cast(VOTE);
  const between = reloaded(before, { receipt: [bad, bad] });
  await between.casting.resume(state("voted"));
  assert.deepEqual([between.casting.of(2)!.failure, between.kept.kept(2)?.ballot], ["proof", BALLOT]);
  const { casting, kept } = reloaded(between, { receipt: [ready] });
  await casting.resume(state("voted"));
  assert.equal(casting.of(2)!.evidence!.refused, "inclusion");
  await casting.again(2);
  assert.deepEqual([casting.of(2)!.phase, casting.of(2)!.earlier, kept.kept(2)?.ballot, kept.turned_down(2).map(({ ballot }) => ballot)], ["done", true, undefined, [BALLOT]]);
});

// A is refused, or so the server says; she chooses anew, and is told that she has voted: it was with A.
async function given_up_and_recorded(receipt: Scripted<ReceiptAnswer>) {
  const before = world({ ballot: [refused, { status: "already_voted" }], receipt: [unknown, ...receipt] });
  await before.casting.cast(VOTE);
  before.around.vault.seal = () => Promise.resolve(SECOND);
  await before.casting.cast({ ...VOTE, choice: 0 });
  return before;
}

test("in a dispute over a ballot that she has given up, only its receipt is asked for: the browser casts nothing that she does not want", async () => {
  for (const reload of [false, true]) {
    const before = await given_up_and_recorded([bad, bad, ...(reload ? [] : [ready])]);
    assert.deepEqual([before.casting.of(2)!.failure, before.casting.of(2)!.tracker], ["proof", TRACKER]);
    const { casting, kept, seen }: World = reload ? reloaded(before, { receipt: [ready] }) : before;
    if (reload) await casting.resume(state("open"));
    assert.equal(casting.of(2)!.earlier, true, "she is told which ballot it is");
    const sent = seen.sent.length;
    await casting.again(2);
    assert.deepEqual([casting.of(2)!.phase, casting.of(2)!.earlier, seen.sent.length - sent], ["done", true, 0]);
    assert.equal(kept.kept(2), undefined);
  }
});

test("a ballot that she has given up, whose receipt is asked for once more and is not there: the dispute goes on, and says so", async () => {
  const { casting } = await given_up_and_recorded([bad, bad, unknown]);
  await casting.again(2);
  assert.deepEqual([casting.of(2)!.failure, casting.of(2)!.evidence!.answers], ["proof", [bad, unknown]]);
});

// Sealed and sent, and no answer came before the session was over.
async function unanswered(made = SECOND, before = world({ ballot: [new SessionOver()] })) {
  before.around.vault.seal = () => Promise.resolve(made);
  await assert.rejects(before.casting.cast(VOTE), SessionOver);
  return before;
}

test("a ballot that waited for its code and never left is not remembered once she has given it up, reload or not", async () => {
  const before = world({}, true);
  await before.casting.cast(VOTE);
  const after = reloaded(before, {}, true);
  await after.casting.resume(state("open"));
  after.casting.drop(2);
  const { casting, seen } = reloaded(after, {}, true);
  await casting.resume(state("voted"));
  assert.deepEqual([casting.of(2), seen.asked], [undefined, 0]);
});

test("after a reload, what waits in a contest that is suspended or closed is looked up once it is said that she has voted", async () => {
  for (const shown of ["suspended", "closed", "not_open"] as const) {
    const own = reloaded(await unanswered(), { receipt: [ready] });
    await own.casting.resume(state(shown));
    own.around.vault.recognise = () => Promise.reject(new Refused("forgotten")); // nothing is left to vote
    await own.casting.notice(state(shown));
    assert.equal(own.casting.of(2), undefined);
    await own.casting.notice(state("voted"));
    assert.deepEqual([own.casting.of(2)!.phase, own.casting.of(2)!.tracker], ["done", SECOND.tracker]);
  }
  const behind = reloaded(await unanswered(SECOND, await refused_before()), { receipt: [unknown, ready, ready] });
  await behind.casting.resume(state("suspended"));
  await behind.casting.notice(state("voted"));
  assert.deepEqual([behind.casting.of(2)!.phase, behind.casting.of(2)!.earlier, behind.casting.of(2)!.tracker], ["done", true, TRACKER]);
});

async function refused_before() {
  const before = world({ ballot: [refused, new SessionOver()] });
  await before.casting.cast(VOTE);
  return before;
}

test("after a reload, what waits in a suspended contest goes out, or waits for its code, as soon as the contest is open again", async () => {
  const plain = reloaded(await unanswered(), { ballot: [{ status: "recorded", tracker: SECOND.tracker }], receipt: [ready] });
  await plain.casting.resume(state("suspended"));
  await plain.casting.notice(state("open"));
  assert.deepEqual([plain.casting.of(2)!.phase, plain.casting.of(2)!.resent, plain.seen.sent], ["done", true, [SECOND.ballot]]);
  const confirmed = world({}, true);
  await confirmed.casting.cast(VOTE);
  const { casting } = reloaded(confirmed, {}, true);
  await casting.resume(state("suspended"));
  await casting.notice(state("open"));
  assert.deepEqual([casting.of(2)!.phase, casting.of(2)!.restored], ["confirmation", true]);
});

test("after a reload, what waits and was sent is remembered when she casts another", async () => {
  const { casting, around, seen } = reloaded(await unanswered(), { ballot: [{ status: "already_voted" }], receipt: [unknown, ready, ready] });
  await casting.resume(state("suspended"));
  around.vault.seal = () => Promise.resolve(THIRD);
  await casting.cast(VOTE);
  assert.deepEqual(seen.asked_for, [THIRD.tracker, SECOND.tracker, SECOND.tracker]);
  assert.deepEqual([casting.of(2)!.phase, casting.of(2)!.earlier, casting.of(2)!.tracker], ["done", true, SECOND.tracker]);
});

test("evidence is of one ballot: when another takes its place, its report stays hers, over a reload and beside a good receipt", async () => {
  const first = world({
    ballot: [refused, { status: "recorded", tracker: SECOND.tracker }, { status: "already_voted" }], receipt: [bad, unknown, bad, bad],
  });
  await first.casting.cast(VOTE);
  first.around.vault.seal = () => Promise.resolve(SECOND);
  await first.casting.cast({ ...VOTE, choice: 0 });
  await first.casting.again(2);
  const report = { ...SECOND, sent: true, evidence: { refused: "inclusion", answers: [bad] } };
  const second = reloaded(first, { receipt: [ready] });
  await second.casting.resume(state("voted"));
  for (const { casting } of [first, second]) {
    const cast = casting.of(2)!;
    assert.deepEqual([cast.failure, cast.tracker, cast.ballot, cast.evidence], ["proof", TRACKER, BALLOT, { refused: "inclusion", answers: [bad] }]);
    assert.deepEqual(cast.reports, [report]);
  }
  await second.casting.again(2);
  const third = reloaded(second, { receipt: [ready, ready] });
  await third.casting.resume(state("voted"));
  for (const { casting } of [second, third]) {
    const cast = casting.of(2)!;
    assert.deepEqual([cast.phase, cast.tracker, cast.earlier, cast.reports], ["done", TRACKER, true, [report]]);
  }
});

test("while the receipt of the other ballot is on its way the report is hers already", async () => {
  const { casting, around } = world({
    ballot: [refused, { status: "recorded", tracker: SECOND.tracker }, { status: "already_voted" }], receipt: [bad, unknown, pending, pending, ready],
  });
  await casting.cast(VOTE);
  around.vault.seal = () => Promise.resolve(SECOND);
  await casting.cast({ ...VOTE, choice: 0 });
  const shown: unknown[] = [];
  around.changed = (cast) => cast.phase === "pending" && shown.push(cast.tracker, ...reports_of(cast).map(({ ballot }) => ballot));
  await casting.again(2);
  assert.deepEqual(shown, [TRACKER, SECOND.ballot]);
});

test("while nobody knows by which ballot she has voted, the phase says so; a receipt that takes its time is then said to be on its way", async () => {
  const before = world({ ballot: [refused] });
  await before.casting.cast(VOTE);
  const none = reloaded(before, { receipt: [lost(), unknown] });
  await none.casting.resume(state("voted"));
  assert.deepEqual(none.seen.phases, ["trace", "trace (network)", "failed"]);
  const own = reloaded(before, { receipt: [pending, pending, ready] });
  await own.casting.resume(state("voted"));
  assert.deepEqual(own.seen.phases, ["trace", "pending", "done"]);
  const waited = reloaded(await unanswered(), { receipt: [pending, ready] });
  await waited.casting.resume(state("voted"));
  assert.deepEqual(waited.seen.phases, ["trace", "pending", "done"]);
  const { casting, seen } = await given_up_and_recorded([bad, bad, ready]);
  await casting.again(2);
  assert.deepEqual(seen.phases, ["seal", "send", "failed", "seal", "send", "trace", "failed", "trace", "done"]);
});

test("what is in dispute is not said to wait on this device: it need not be sent", async () => {
  const { casting, kept } = await given_up_and_recorded([bad, bad]);
  assert.deepEqual([casting.of(2)!.failure, kept.any()], ["proof", false]);
});

test("what was given up is remembered once, however often it was", async () => {
  const { casting, kept, around } = world({ ballot: [refused, refused], receipt: [unknown, bad, bad] });
  await casting.cast(VOTE);
  around.vault.seal = () => Promise.resolve(SECOND);
  await casting.cast(VOTE);
  await casting.notice(state("voted"));
  assert.deepEqual([casting.of(2)!.tracker, kept.turned_down(2).length], [TRACKER, 2]);
});

test("an answer that comes after Quitter is kept nowhere", async () => {
  const storage = memory_storage();
  const kept = new KeptBallots(storage);
  const { casting, around } = world({}, false, kept);
  around.api.ballot = () => (kept.wipe(), Promise.resolve(refused));
  await casting.cast(VOTE);
  assert.deepEqual(Object.keys(storage), []);
});

test("what was refused to another voter is asked for in nobody's name", async () => {
  const { casting, kept, seen } = world({});
  kept.keep_turned_down(2, [{ ...KEPT, ballot: "b3RoZXI=" }]);
  await casting.resume(state("voted"));
  assert.deepEqual([casting.of(2), seen.asked, kept.turned_down(2).map(({ ballot }) => ballot)], [undefined, 0, []]);
});

test("sent with a code that was said to be wrong, then given up for another choice: it may be in the box, and is remembered", async () => {
  for (const again of [false, true]) {
    const before = world({ ballot: [unconfirmed("wrong")] }, true);
    await before.casting.cast(VOTE);
    await before.casting.confirm(2, "123456");
    const after = again ? reloaded(before, {}, true) : before;
    if (again) await after.casting.resume(state("open"));
    after.casting.drop(2);
    assert.deepEqual([after.kept.kept(2)?.ballot, after.kept.turned_down(2).map(({ ballot }) => ballot)], [undefined, [BALLOT]]);
    const { casting } = reloaded(after, { receipt: [ready, ready] }, true);
    await casting.resume(state("voted"));
    assert.deepEqual([casting.of(2)!.phase, casting.of(2)!.earlier], ["done", true]);
  }
});

test("said to be voted by somebody else, and it was this very ballot", async () => {
  const { casting } = world({ ballot: [{ status: "already_voted" }], receipt: [ready, ready] });
  await casting.cast(VOTE);
  assert.deepEqual([casting.of(2)!.phase, casting.of(2)!.earlier], ["done", false]);
});

test("a ballot that fails its own check is never sent", async () => {
  const { casting, seen, around, kept } = world({});
  around.vault.seal = () => Promise.reject(new Refused("self_check"));
  await casting.cast(VOTE);
  assert.deepEqual([casting.of(2)!.failure, seen.sent, kept.kept(2)?.ballot], ["self_check", [], undefined]);
});

test("a session over interrupts, and keeps the sealed bytes", async () => {
  const { casting, kept } = world({ ballot: [new SessionOver()] });
  await assert.rejects(casting.cast(VOTE), SessionOver);
  assert.equal(kept.kept(2)?.ballot, BALLOT);
});

test("after a reload, an open contest gets the same bytes again; a voted one only asks for its receipt", async () => {
  const open = world({ ballot: [recorded], receipt: [ready] });
  open.kept.keep(2, KEPT);
  await open.casting.resume(state("open"));
  assert.deepEqual([open.seen.sealed, open.seen.sent, open.casting.of(2)!.phase], [0, [BALLOT], "done"]);
  const voted = world({ receipt: [ready] });
  voted.kept.keep(2, KEPT);
  await voted.casting.resume(state("voted"));
  assert.deepEqual([voted.seen.sent, voted.casting.of(2)!.phase, voted.kept.kept(2)?.ballot], [[], "done", undefined]);
});

test("after a reload, what is not hers is erased unsent; nothing kept, nothing done", async () => {
  const foreign = world({});
  foreign.kept.keep(2, { ...KEPT, ballot: "b3RoZXI=" });
  await foreign.casting.resume(state("open"));
  assert.deepEqual([foreign.seen.sent, foreign.kept.kept(2)?.ballot], [[], undefined]);
  const nothing = world({});
  await nothing.casting.resume(state("open"));
  assert.equal(nothing.casting.of(2), undefined);
});

test("after a reload, voted but with another ballot: says so, and forgets this one", async () => {
  const { casting, kept } = world({ receipt: [{ status: "unknown" }] });
  kept.keep(2, KEPT);
  await casting.resume(state("voted"));
  assert.deepEqual([casting.of(2)!.failure, kept.kept(2)?.ballot], ["already_voted", undefined]);
});

test("after a reload, a suspended contest waits", async () => {
  const { casting, kept, seen } = world({});
  kept.keep(2, KEPT);
  await casting.resume(state("suspended"));
  assert.deepEqual([seen.sent, kept.kept(2)?.ballot, casting.of(2)], [[], BALLOT, undefined]);
});

test("Quitter wipes every kept ballot and nothing else; storage that refuses does not stop a vote", async () => {
  const storage = memory_storage();
  const kept = new KeptBallots(storage);
  kept.keep(0, KEPT);
  kept.keep(11, KEPT);
  kept.keep_turned_down(12, [KEPT, KEPT]);
  storage.setItem("isoloir/ballot/13", BALLOT); // as a page of before wrote it
  assert.deepEqual([kept.kept(13), kept.kept(14), kept.any()], [undefined, undefined, true]);
  storage.setItem("other", "stays");
  kept.wipe();
  assert.deepEqual(Object.keys(storage), ["other"]);
  const refusing = new KeptBallots({ ...storage, setItem: () => { throw new Error("quota"); } } as unknown as Storage);
  refusing.keep(0, KEPT);
  refusing.keep_turned_down(0, [KEPT]);
});

test("the server's answers: 200 alone is one, 401 ends the session, all else is asked again", async () => {
  const requests: [string, RequestInit][] = [];
  const api = (respond: () => Response) => new Api("token", (path, options) => {
    requests.push([String(path), options!]);
    return Promise.resolve().then(respond);
  });
  const json = (body: unknown) => new Response(JSON.stringify(body));
  assert.deepEqual(await api(() => json(recorded)).ballot(BALLOT), recorded);
  const [path, options] = requests[0]!;
  assert.deepEqual([path, options.method, options.body], ["/api/ballot", "POST", `{"ballot":"${BALLOT}"}`]);
  assert.equal((options.headers as Record<string, string>)["X-CSRF-Token"], "token");
  await api(() => json(pending)).receipt(TRACKER);
  assert.deepEqual([requests[1]![0], requests[1]![1].body], ["/api/receipt", `{"tracker":"${TRACKER}"}`]);
  assert.equal(options.credentials, "same-origin");
  await assert.rejects(api(() => new Response("", { status: 401 })).contests(), SessionOver);
  const again = async (response: () => Response, reason: string, after_ms: number) =>
    assert.rejects(api(response).ballot(BALLOT), (error) =>
      error instanceof TryAgain && error.reason === reason && error.after_ms === after_ms);
  await again(() => new Response("", { status: 503, headers: { "Retry-After": "9" } }), "busy", 9000);
  await again(() => new Response("", { status: 503, headers: { "Retry-After": "soon" } }), "busy", 3000);
  await again(() => new Response("", { status: 500 }), "busy", 3000);
  await again(() => new Response("{\"status\":\"rec"), "network", 0);
  await again(() => { throw new TypeError("failed to fetch"); }, "network", 0);
});

const unconfirmed = (why: Unconfirmed["why"]): Unconfirmed => ({ status: "confirmation", why, triesLeft: 4, waitMinutes: 0, another: "" });

test("where a code validates the vote, the sealed ballot waits for it, and nothing is sent before", async () => {
  const { casting, kept, seen } = world({ ballot: [recorded], receipt: [ready] }, true);
  await casting.cast(VOTE);
  assert.deepEqual([casting.of(2)!.phase, kept.kept(2)?.ballot, seen.sent], ["confirmation", BALLOT, []]);
  await casting.confirm(2, "123456");
  assert.deepEqual([casting.of(2)!.phase, kept.kept(2)?.ballot, seen.codes], ["done", undefined, ["123456"]]);
});

test("a wrong code: the same ballot goes on waiting, and goes out with the right one; a lost answer repeats code and ballot", async () => {
  const { casting, kept, seen } = world({ ballot: [unconfirmed("wrong"), lost(), recorded], receipt: [ready] }, true);
  await casting.cast(VOTE);
  await casting.confirm(2, "000000");
  assert.deepEqual([casting.of(2)!.phase, casting.of(2)!.unconfirmed?.why, kept.kept(2)?.ballot], ["confirmation", "wrong", BALLOT]);
  await casting.confirm(2, "123456");
  assert.deepEqual(seen.codes, ["000000", "123456", "123456"]);
  assert.deepEqual([casting.of(2)!.phase, casting.of(2)!.unconfirmed, seen.sealed], ["done", undefined, 1]);
});

test("until the code is given the choice is free: another one is sealed anew, a changed mind keeps nothing", async () => {
  const { casting, kept, seen } = world({ ballot: [], receipt: [] }, true);
  await casting.cast(VOTE);
  await casting.cast({ ...VOTE, choice: 0 });
  assert.deepEqual([seen.sealed, casting.of(2)!.phase], [2, "confirmation"]);
  casting.drop(2);
  assert.deepEqual([casting.of(2), kept.kept(2)?.ballot, seen.sent], [undefined, undefined, []]);
  await casting.confirm(2, "123456"); // of a page that was left open
  assert.deepEqual(seen.sent, []);
});

test("after a reload what waits for its code is not sent by itself; voted elsewhere meanwhile, it is told so", async () => {
  const after = world({ ballot: [recorded], receipt: [ready] }, true);
  after.kept.keep(2, KEPT);
  await after.casting.resume(state("open"));
  assert.deepEqual([after.casting.of(2)!.phase, after.casting.of(2)!.restored, after.seen.sent], ["confirmation", true, []]);
  await after.casting.confirm(2, "123456");
  assert.equal(after.casting.of(2)!.phase, "done");

  const other = world({ receipt: [{ status: "unknown" }] }, true);
  await other.casting.cast(VOTE);
  await other.casting.notice(state("open"));
  assert.equal(other.casting.of(2)!.phase, "confirmation");
  await other.casting.notice(state("voted"));
  assert.deepEqual([other.casting.of(2)!.failure, other.kept.kept(2)?.ballot], ["already_voted", undefined]);
});

test("suspended: the ballot goes on waiting, and the same one goes out with the code when the contest is resumed", async () => {
  const { casting, kept, seen } = world({ ballot: [{ status: "suspended" }, recorded], receipt: [ready] }, true);
  await casting.cast(VOTE);
  await casting.confirm(2, "123456");
  assert.deepEqual([casting.of(2)!.phase, casting.of(2)!.unconfirmed?.why, kept.kept(2)?.ballot], ["confirmation", "suspended", BALLOT]);
  await casting.confirm(2, "123456");
  assert.deepEqual([casting.of(2)!.phase, seen.sealed, kept.kept(2)?.ballot], ["done", 1, undefined]);
});

test("told that she has voted when she asks for a code: it may have been with this ballot, whose proof is then hers", async () => {
  const own = world({ receipt: [ready] }, true);
  await own.casting.cast(VOTE);
  await own.casting.refuse(2, "already_voted");
  assert.deepEqual([own.casting.of(2)!.phase, own.casting.of(2)!.receipt?.index], ["done", 7]);

  const other = world({ receipt: [{ status: "unknown" }] }, true);
  await other.casting.cast(VOTE);
  await other.casting.refuse(2, "already_voted");
  assert.deepEqual([other.casting.of(2)!.failure, other.kept.kept(2)?.ballot], ["already_voted", undefined]);
});

test("a dispute stays one where a code is wanted: no code makes the two answers agree", async () => {
  const { casting } = world({
    ballot: [recorded, unconfirmed("missing")], receipt: [{ status: "ready", receipt: "bad" }],
  }, true);
  await casting.cast(VOTE);
  await casting.confirm(2, "123456");
  await casting.again(2);
  assert.deepEqual([casting.of(2)!.failure, casting.of(2)!.evidence!.answers.length], ["proof", 2]);
});

test("a ballot that was never confirmed does not leave, whatever the server says of it: only its receipt is asked for", async () => {
  for (const lie of [bad, { status: "held" } as const]) {
    const script = [lie, unknown];
    for (const reload of [false, true]) {
      const before = world({ receipt: [...script] }, true);
      await before.casting.cast(VOTE);
      await before.casting.refuse(2, "already_voted");
      assert.deepEqual([disputed(before.casting.of(2)!), presented_again(before.casting.of(2)!)], [true, false]);
      const { casting, seen }: World = reload ? reloaded(before, { receipt: [unknown] }, true) : before;
      if (reload) await casting.resume(state("voted"));
      await casting.again(2);
      assert.deepEqual([seen.sent, casting.of(2)!.failure, casting.of(2)!.evidence!.answers.at(-1)], [[], "proof", unknown]);
    }
  }
});

test("what leaving would destroy unsent is told: a ballot that waits for its code, and one that waits since before a reload", async () => {
  const { casting } = world({}, true);
  await casting.cast(VOTE);
  assert.deepEqual(casting.waits(), [2]);
  const suspended = reloaded(await unanswered(), { ballot: [{ status: "recorded", tracker: SECOND.tracker }], receipt: [ready] });
  assert.deepEqual(suspended.casting.waits(), []);
  await suspended.casting.resume(state("suspended"));
  assert.deepEqual([suspended.casting.of(2), suspended.casting.waits()], [undefined, [2]]);
  await suspended.casting.notice(state("open"));
  assert.deepEqual([suspended.casting.of(2)!.phase, suspended.casting.waits()], ["done", []]);
});

test("the report of a dispute stays hers while the server is asked once more, until a receipt is good", async () => {
  const { casting, around } = world({ ballot: [recorded, lost(), recorded], receipt: [bad, pending, ready] });
  await casting.cast(VOTE);
  const shown: unknown[] = [];
  around.changed = (cast) => shown.push([cast.phase, reports_of(cast).length]);
  await casting.again(2);
  assert.deepEqual(shown, [["send", 1], ["send", 1], ["check", 1], ["done", 0]]);
});

// One ballot counts in the place of another, whose report stands beside its receipt.
async function done_beside_a_report() {
  const before = world({
    ballot: [refused, { status: "recorded", tracker: SECOND.tracker }, { status: "already_voted" }], receipt: [bad, unknown, ready, ready],
  });
  await before.casting.cast(VOTE);
  before.around.vault.seal = () => Promise.resolve(SECOND);
  await before.casting.cast({ ...VOTE, choice: 0 });
  await before.casting.again(2);
  assert.equal(before.casting.of(2)!.phase, "done");
  return { before, report: before.kept.turned_down(2)[1]! };
}

test("a report that was kept over a reload is hers, whatever the server then says of the contest", async () => {
  const { before, report } = await done_beside_a_report();
  const voted = reloaded(before, { receipt: [unknown, unknown] });
  const shown: number[] = [];
  voted.around.changed = (cast) => shown.push(reports_of(cast).length);
  await voted.casting.resume(state("voted"));
  assert.deepEqual([voted.casting.of(2)!.failure, shown], ["already_voted", [1, 1]]);
  assert.deepEqual(voted.casting.reports(2).map(({ evidence }) => evidence), [report.evidence]);

  const open = reloaded(before, {});
  await open.casting.resume(state("open"));
  assert.deepEqual([open.casting.of(2), open.casting.reports(2).map(({ ballot }) => ballot)], [undefined, [SECOND.ballot]]);
  assert.deepEqual(open.casting.uncast().map(({ contest, reports }) => [contest, reports.length]), [[2, 1]]);

  const waits = reloaded(before, { receipt: [unknown, unknown, unknown] });
  waits.kept.keep(2, { ballot: THIRD.ballot, sent: true });
  await waits.casting.resume(state("voted"));
  assert.deepEqual([waits.casting.of(2)!.failure, waits.casting.reports(2).length, waits.casting.uncast()], ["already_voted", 1, []]);
});

test("a report of before a reload stays hers while she casts another ballot", async () => {
  const { before } = await done_beside_a_report();
  const { casting, around } = reloaded(before, { ballot: [{ status: "recorded", tracker: THIRD.tracker }], receipt: [ready] });
  await casting.resume(state("open"));
  const shown: unknown[] = [];
  around.changed = (cast) => shown.push([cast.phase, reports_of(cast).length]);
  around.vault.seal = () => Promise.resolve(THIRD);
  await casting.cast(VOTE);
  assert.deepEqual(shown, [["seal", 1], ["send", 1], ["check", 1], ["done", 1]]);
});

test("said to be recorded, then unknown: a dispute, whose evidence has both answers", async () => {
  const looked_up = world({ receipt: [pending, pending, unknown] }, true);
  await looked_up.casting.cast(VOTE);
  await looked_up.casting.refuse(2, "already_voted");
  const waited = reloaded(await unanswered(), { receipt: [pending, unknown] });
  await waited.casting.resume(state("voted"));
  const traced = world({ ballot: [refused], receipt: [pending, unknown] });
  await traced.casting.cast(VOTE);
  await traced.casting.notice(state("voted"));
  for (const { casting, kept } of [looked_up, waited, traced]) {
    assert.deepEqual([casting.of(2)!.failure, kept.kept(2)?.evidence], ["proof", { refused: "unknown", answers: [pending, unknown] }]);
  }
  const sent = world({ ballot: [recorded], receipt: [pending, pending, unknown] });
  await sent.casting.cast(VOTE);
  assert.deepEqual(sent.casting.of(2)!.evidence!.answers, [recorded, pending, unknown]);
});

test("what was said of one ballot is no evidence against another", async () => {
  const { casting, around } = world({ ballot: [refused, { status: "already_voted" }], receipt: [unknown, pending, unknown] });
  await casting.cast(VOTE);
  around.vault.seal = () => Promise.resolve(SECOND);
  await casting.cast(VOTE);
  assert.deepEqual([casting.of(2)!.tracker, casting.of(2)!.evidence!.answers], [TRACKER, [pending, unknown]]);
});

test("already voted, and it was with the ballot just sent: it is not one of before, and in a dispute it is presented again", async () => {
  const { casting, seen, around } = world({ ballot: [{ status: "already_voted" }, recorded], receipt: [pending, pending, bad, ready] });
  const shown: unknown[] = [];
  around.changed = (cast) => cast.phase === "pending" && shown.push(cast.earlier === true);
  await casting.cast(VOTE);
  assert.deepEqual([casting.of(2)!.failure, casting.of(2)!.earlier === true, shown], ["proof", false, [false]]);
  await casting.again(2);
  assert.deepEqual([casting.of(2)!.phase, casting.of(2)!.earlier === true, seen.sent], ["done", false, [BALLOT, BALLOT]]);
});

test("what another version of the page kept is no ballot, is not said to wait, and goes with the rest", () => {
  for (const written of [BALLOT, "null", "{}", "7", `{"ballot":1}`, `"${BALLOT}"`]) {
    const storage = memory_storage();
    const kept = new KeptBallots(storage);
    storage.setItem("isoloir/ballot/2", written);
    storage.setItem("isoloir/turned-down/2", written);
    storage.setItem("isoloir/older", written);
    assert.deepEqual([kept.any(), kept.kept(2), kept.turned_down(2)], [false, undefined, []], written);
    kept.wipe();
    assert.deepEqual(Object.keys(storage), []);
  }
});

test("after a reload, her last choice is not called one that she gave up because a report stands beside it, until another ballot is made", async () => {
  const { before } = await done_beside_a_report();
  const next = reloaded(before, { ballot: [{ status: "recorded", tracker: THIRD.tracker }], receipt: [ready] });
  await next.casting.resume(state("open"));
  next.around.vault.seal = () => Promise.resolve(THIRD);
  await next.casting.cast(VOTE);
  for (let reloads = 0; reloads < 2; reloads++) {
    const { casting } = reloaded(next, { receipt: [ready, ready] });
    await casting.resume(state("voted"));
    const cast = casting.of(2)!;
    assert.deepEqual([cast.phase, cast.tracker, cast.earlier === true, cast.reports!.length], ["done", THIRD.tracker, false, 1]);
  }
  const last = reloaded(next, { ballot: [{ status: "already_voted" }], receipt: [unknown, ready, ready] });
  await last.casting.resume(state("open"));
  last.around.vault.seal = () => Promise.resolve({ ballot: "b3RoZXI=", tracker: "cd".repeat(32) });
  await last.casting.cast(VOTE);
  assert.deepEqual([last.casting.of(2)!.tracker, last.casting.of(2)!.earlier], [THIRD.tracker, true]);
});

test("that a ballot of before counts is said after each reload, with a report beside it or not", async () => {
  const before = await given_up_and_recorded([ready, ready]);
  for (let reloads = 0; reloads < 2; reloads++) {
    const { casting } = reloaded(before, { receipt: [ready, ready] });
    await casting.resume(state("voted"));
    assert.deepEqual([casting.of(2)?.phase, casting.of(2)?.tracker, casting.of(2)?.earlier], ["done", TRACKER, true]);
  }
});

test("an answer that says nothing is asked again; a receipt that is none is a dispute", async () => {
  const nothing = [null, {}, 7, { status: "else" }, { status: 3 }];
  const { casting, seen } = world({ ballot: [...nothing as BallotAnswer[], recorded], receipt: [...nothing as ReceiptAnswer[], ready] });
  await casting.cast(VOTE);
  assert.deepEqual([casting.of(2)!.phase, seen.sent.length, seen.asked, seen.waits.slice(0, 2)], ["done", 6, 6, [1000, 2000]]);
  assert.ok(seen.phases.includes("send (busy)"));
  for (const answer of [{ status: "ready" }, { status: "ready", receipt: 7 }] as unknown as ReceiptAnswer[]) {
    const none = world({ ballot: [recorded], receipt: [answer] });
    await none.casting.cast(VOTE);
    assert.deepEqual([none.casting.of(2)!.failure, none.casting.of(2)!.evidence], ["proof", { refused: "form", answers: [answer] }]);
  }
});
