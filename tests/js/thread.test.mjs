import assert from "node:assert/strict";
import { test } from "node:test";
import { namedIn, threadOf } from "../../web/static/js/show/thread.js";
import { withCases } from "./support.mjs";

const SUBJECT = "battery:gbt34014:A";
const TYPES = {
  "battery.manufactured": { stage: "manufactured", custody: "signer" }, "battery.retired": { stage: "waste", custody: "same" },
  "handover.accepted": { stage: "waste_or_same", custody: "consignee" }, "battery.voided": { stage: "before", custody: "before" },
};
const WORDS = { types: TYPES, stages: { manufactured: {}, retired: {} }, in_use: ["manufactured"], findings: {} };
const event = (seq, type, data = {}, more = {}) => ({
  leaf: seq + 10, id: `id${seq}`, kid: "k", alg: "", recordedAt: "2026-11-23T12:00:00.000Z", signed: true, linked: true,
  statement: { type, sub: SUBJECT, seq, iss: more.iss ?? "org:a", occurred_at: "2026-11-23T11:00:00Z", data }, ...more,
});
const note = (seq, type, data) => ({
  ...event(seq, type, data), leaf: seq + 100, id: `note${seq}`, statement: { ...event(seq, type, data).statement, sub: `notes:${SUBJECT}` },
});
const mass = (g) => ({ mass: { g, basis: "measured" } });

test("a place that is missing is a gap, at the beginning as well", () => {
  const { items, isWrong } = threadOf(SUBJECT, [event(1, "battery.retired"), event(4, "battery.retired")], [], WORDS);
  assert.deepEqual(items.map(({ what, from, to }) => [what, from, to]), [
    ["gap", 0, 0], ["event", undefined, undefined], ["gap", 2, 3], ["event", undefined, undefined],
  ]);
  assert.equal(isWrong, true);
});

test("a note stands in the thread of what it is about, and of notes that name each other none is lost", () => {
  const own = [
    event(0, "battery.manufactured"), note(0, "note.disputed", { event: "id0" }), note(1, "hold.placed", {}),
    note(2, "hold.lifted", { hold: "note1" }), note(3, "note.disputed", { event: "note4" }), note(4, "note.disputed", { event: "note3" }),
    note(5, "note.disputed", { event: "note5" }), note(6, "note.disputed", { event: { a: 1 } }),
  ];
  const { items } = threadOf(SUBJECT, own, [], WORDS);
  const count = (list) => list.reduce((sum, item) => sum + 1 + count(item.notes ?? []), 0);
  assert.equal(count(items), own.length);
  assert.deepEqual(items[0].notes.map((item) => item.event.id), ["note0"]);
});

test("masses are compared with the one before, as they were corrected, and what is void counts for nothing", () => {
  const own = [
    event(0, "battery.manufactured", mass(1000)), event(1, "battery.retired", mass(900)), event(2, "battery.retired", mass(890)),
    event(3, "battery.voided", { event: "id2" }), event(4, "battery.retired", mass(950)),
    note(0, "note.corrected", { event: "id1", set: mass(990) }),
  ];
  const { items } = threadOf(SUBJECT, own, [], WORDS);
  assert.deepEqual(items.map(({ difference }) => difference?.g ?? 0), [0, -10, 0, 0, -40]);
  assert.deepEqual(items.map(({ isVoided }) => isVoided), [false, false, true, false, false]);
});

test("what is wrong moves neither custody nor stage", () => {
  const own = [event(0, "battery.manufactured"), event(1, "handover.accepted", { capacity: "recycler" }, { iss: "org:b" })];
  assert.deepEqual(threadOf(SUBJECT, own, [], WORDS).standing, { custodian: "org:b", stage: "manufactured", capacity: "recycler" });
  const wrong = [{ code: "SIGNATURE_INVALID", severity: "ERROR", step: 6, detail: "", leaf: 11, id: "id1" }];
  const thread = threadOf(SUBJECT, own, wrong, WORDS);
  assert.deepEqual([thread.standing.custodian, thread.isWrong, thread.items[1].holds], ["org:a", true, false]);
});

test("whatever stands in a statement, a thread is made of it", () => {
  for (const data of [null, 1, "x", [], [[]], { mass: null }, { mass: { g: "1" } }, { mass: [1] }, { event: [] }, { set: 3 }, { children: [1, { battery: 2 }] }]) {
    for (const type of ["battery.voided", "note.corrected", "constructor", "__proto__", "handover.accepted"]) {
      const { items } = threadOf(SUBJECT, [event(0, type, data), note(0, type, data)], [], WORDS);
      assert.ok(items.length >= 1);
      namedIn(data);
    }
  }
  const named = namedIn({ parent: SUBJECT, children: [{ battery: "battery:tag:x", g: 1 }], note: "battery: of a car", batch: "batch:uscc:1/x" });
  assert.deepEqual(named, [
    { subject: SUBJECT, as: "parent" }, { subject: "battery:tag:x", as: "child" }, { subject: "batch:uscc:1/x", as: "other" },
  ]);
});

withCases("custody and stage of every battery of the samples are those of the ledger", async ({ threads, words_of_pages: words }) => {
  assert.ok(threads.length > 50);
  for (const { subject, statements, states } of threads) {
    const own = statements.map((statement, at) => ({ leaf: at, id: statement.id, signed: true, linked: true, recordedAt: "", statement: statement.said }));
    const { items } = threadOf(subject, own, [], words);
    for (const [at, { custodian, stage }] of states.entries()) {
      const { after } = items.filter(({ what }) => what === "event")[at];
      assert.equal(after.custodian, custodian, `${subject} ${at} ${own[at].statement.type}`);
      if (after.stage) assert.equal(after.stage, stage, `${subject} ${at} ${own[at].statement.type}`);
    }
  }
});
