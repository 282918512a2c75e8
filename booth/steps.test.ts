import assert from "node:assert/strict";
import { test } from "node:test";
import { type Cast } from "./casting.ts";
import { remaining, server_clock } from "./countdown.ts";
import { shown_at } from "./steps.ts";

function at(path: string, {
  signed_in = true, open = true, chosen = false, phase = undefined as Cast["phase"] | undefined,
  failure = undefined as Cast["failure"] | undefined,
} = {}) {
  const { step, address } = shown_at(path, {
    entry: "/vote", signed_in, open: (contest) => open && contest === 3, chosen: () => chosen,
    cast: () => (phase ? { contest: 3, phase, ...(failure && { failure }) } : undefined),
  });
  return `${step} ${address}`;
}

test("without the code every address asks for it", () => {
  for (const path of ["/vote", "/vote/scrutins", "/vote/scrutins/3/preuve", "/voting-space"]) {
    assert.equal(at(path, { signed_in: false, phase: "done" }), "code /vote");
  }
});

test("addresses lead to their steps when the state allows", () => {
  assert.equal(at("/vote"), "contests /vote/scrutins");
  assert.equal(at("/vote/scrutins/3"), "ballot /vote/scrutins/3");
  assert.equal(at("/vote/scrutins/3", { chosen: true }), "ballot /vote/scrutins/3");
  assert.equal(at("/vote/scrutins/3/choix", { chosen: true }), "confirm /vote/scrutins/3/choix");
  assert.equal(at("/vote/scrutins/3/choix"), "ballot /vote/scrutins/3");
  assert.equal(at("/vote/scrutins/3", { open: false }), "contests /vote/scrutins");
  assert.equal(at("/vote/scrutins/4"), "contests /vote/scrutins");
  assert.equal(at("/vote/scrutins/3/preuve"), "contests /vote/scrutins");
  for (const path of ["/vote/scrutins/3/x", "/vote/scrutins/-1", "/vote/scrutins/99999", "/"]) {
    assert.equal(at(path), "contests /vote/scrutins");
  }
});

test("once cast, Back never shows a ballot to send again; after a failure it does", () => {
  const steps = { seal: "sending", send: "sending", check: "sending", trace: "tracing", pending: "pending", done: "receipt" } as const;
  for (const [phase, step] of Object.entries(steps)) {
    for (const path of ["/vote/scrutins/3", "/vote/scrutins/3/choix", "/vote/scrutins/3/preuve"]) {
      assert.equal(at(path, { phase: phase as Cast["phase"], chosen: true }), `${step} /vote/scrutins/3/preuve`);
    }
  }
  for (const path of ["/vote/scrutins/3", "/vote/scrutins/3/choix", "/vote/scrutins/3/preuve"]) {
    const dispute = { phase: "failed", failure: "proof", chosen: true } as const;
    assert.equal(at(path, dispute), "dispute /vote/scrutins/3/preuve", "what may be in the box is not cast again");
  }
  assert.equal(at("/vote/scrutins/3/preuve", { phase: "failed" }), "error /vote/scrutins/3/preuve");
  assert.equal(at("/vote/scrutins/3", { phase: "failed" }), "ballot /vote/scrutins/3");
});

test("while it waits for its code, Back leads to the ballot and Forward to the code; the address alone shows nothing", () => {
  const waits = { phase: "confirmation", chosen: true } as const;
  assert.equal(at("/vote/scrutins/3/confirmation", waits), "confirmation /vote/scrutins/3/confirmation");
  assert.equal(at("/vote/scrutins/3/preuve", waits), "confirmation /vote/scrutins/3/confirmation", "after a wrong code");
  assert.equal(at("/vote/scrutins/3", waits), "ballot /vote/scrutins/3");
  assert.equal(at("/vote/scrutins/3/choix", waits), "confirm /vote/scrutins/3/choix");
  assert.equal(at("/vote/scrutins/3/confirmation"), "ballot /vote/scrutins/3");
  assert.equal(at("/vote/scrutins/3/confirmation", { open: false }), "contests /vote/scrutins");
  assert.equal(at("/vote/scrutins/3/confirmation", { phase: "failed" }), "error /vote/scrutins/3/preuve");
  assert.equal(at("/vote/scrutins/3/confirmation", { phase: "done" }), "receipt /vote/scrutins/3/preuve");
});

test("time left in whole minutes begun, so that zeros stand for the hour itself; by the server's clock, never below zero", () => {
  const day = 86_400_000;
  assert.deepEqual(remaining(7 * day + 8 * 3_600_000 + 11 * 60_000 + 1), { days: "07", hours: "08", minutes: "12" });
  assert.deepEqual(remaining(60_000), { days: "00", hours: "00", minutes: "01" });
  assert.deepEqual(remaining(1), { days: "00", hours: "00", minutes: "01" });
  assert.deepEqual(remaining(0), { days: "00", hours: "00", minutes: "00" });
  assert.deepEqual(remaining(-day), { days: "00", hours: "00", minutes: "00" });
  let device = 1000;
  const clock = server_clock(50_000, () => device);
  device += 250;
  assert.equal(clock(), 50_250);
});
