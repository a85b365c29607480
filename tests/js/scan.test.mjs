import assert from "node:assert/strict";
import { test } from "node:test";
import { accept } from "../../web/static/js/core/label.js";
import { addScan, removeScan, sharedSteps } from "../../web/static/js/scan/batch.js";
import { sortOut } from "../../web/static/js/scan/frame.js";
import { halfOf, makeHalves } from "../../web/static/js/scan/halves.js";
import { makeSightings } from "../../web/static/js/scan/sightings.js";
import { makeBurst } from "../../web/static/js/scan/wedge.js";

const CODE = "04QPB76836300JBC40000903";
const OURS = `https://labels.packtrace.example/p/${CODE}.MFRGGZDFMZTWQ2LKNNWG`;

/** Types a text as a scanner does, and says what came out. */
function type(text, { gap = 5, ending = "Enter", change = (key) => key, burst = makeBurst(), at = 1000 } = {}) {
  const found = [];
  let begun = 0;
  for (const key of [...text, ending].filter(Boolean)) {
    const answer = burst.press(change({ key, code: "", timeStamp: (at += gap) }));
    begun += answer.begins ? 1 : 0;
    if (answer.text !== null) found.push(answer.text);
  }
  return { found, begun, burst, at };
}

/** The key as an input method shows it: its place, and not its letter. */
function processed(key) {
  const upper = /[A-Z:?_]/.test(key.key);
  const place = { ":": "Semicolon", "/": "Slash", ".": "Period", "-": "Minus", "?": "Slash", "=": "Equal", Enter: "Enter" }[key.key];
  const code = place ?? (/[0-9]/.test(key.key) ? `Digit${key.key}` : `Key${key.key.toUpperCase()}`);
  return { ...key, key: "Process", code, shiftKey: upper };
}

test("what a scanner types is one scan, closed by Enter or Tab", () => {
  for (const ending of ["Enter", "Tab"]) {
    assert.deepEqual(type(OURS, { ending }).found, [OURS]);
    assert.deepEqual(type("ZP1PB52G490000001RP", { ending, gap: 119 }).found, ["ZP1PB52G490000001RP"]);
  }
  assert.equal(type(OURS).begun, 1);
});

test("with a Chinese input method on, keys are read by their place on a US keyboard", () => {
  const address = `${OURS}?a=1`;
  assert.deepEqual(type(address, { change: processed }).found, [address]);
});

test("what a hand types is left alone", () => {
  assert.deepEqual(type(OURS, { gap: 121 }).found, [], "slow");
  assert.deepEqual(type("438000", { gap: 30 }).found, [], "short");
  assert.deepEqual(type("hello there", { gap: 41 }).found, [], "no half code, and not so fast");
  assert.deepEqual(type(OURS, { ending: "" }).found, [], "not ended");
  assert.deepEqual(type("a".repeat(40), { change: (key) => ({ ...key, repeat: true }) }).found, [], "held down");
  assert.deepEqual(type(OURS, { change: (key) => ({ ...key, ctrlKey: true }) }).found, [], "commands");
  assert.deepEqual(type("a".repeat(401)).found, [], "longer than any label");
});

test("half a code is a scan where no hand types so fast", () => {
  assert.deepEqual(type("BC40000903").found, ["BC40000903"]);
  assert.deepEqual(type("BC4000090").found, []);
});

test("two scans one after the other are two, and typing before one is not in it", () => {
  const first = type(CODE);
  assert.deepEqual(type(OURS, { burst: first.burst, at: first.at }).found, [OURS]);
  const typed = type("gloves", { gap: 200, ending: "" });
  assert.deepEqual(type(CODE, { burst: typed.burst, at: typed.at + 200 }).found, [CODE]);
});

test("shift keys and locks are no letters, and an arrow ends what was begun", () => {
  const burst = makeBurst();
  const keys = [..."04QPB76836300J", "Shift", ..."BC40000903", "Enter"];
  const found = keys.map((key, at) => burst.press({ key, code: "", timeStamp: at }).text).filter(Boolean);
  assert.deepEqual(found, [CODE]);
  const cut = [..."04QPB76836300J", "ArrowLeft", ..."BC40000903", "Enter"];
  const left = cut.map((key, at) => burst.press({ key, code: "", timeStamp: 5000 + at }).text).filter(Boolean);
  assert.deepEqual(left, ["BC40000903"]);
});

test("a label that stays in view is told once, and again when it was away for three seconds", () => {
  const sightings = makeSightings();
  assert.equal(sightings.isNew(CODE, 0), true);
  for (let at = 100; at < 10_000; at += 100) assert.equal(sightings.isNew(CODE, at), false);
  assert.equal(sightings.isNew(OURS, 10_000), true, "another one");
  assert.equal(sightings.isNew(CODE, 12_899), false);
  assert.equal(sightings.isNew(CODE, 15_899), true);
  sightings.forget(CODE);
  assert.equal(sightings.isNew(CODE, 15_900), true, "forgotten on purpose");
});

test("what was seen is bounded", () => {
  const sightings = makeSightings();
  for (let n = 0; n < 1000; n++) sightings.isNew(`text ${n}`, n);
  assert.equal(sightings.isNew("text 0", 1000), true);
  assert.equal(sightings.isNew("text 999", 1001), false);
});

const scan = (subject, token = "") => ({ subject, code: subject, token, read_by: "camera", kind: "label", remarks: [], at: "" });

test("a battery is in the list once, and its label counts more than its bare code", () => {
  let { rows, outcome } = addScan([], scan("a"));
  assert.equal(outcome, "added");
  ({ rows, outcome } = addScan(rows, scan("a")));
  assert.deepEqual([rows.length, outcome], [1, "again"]);
  ({ rows, outcome } = addScan(rows, scan("a", "T1")));
  assert.deepEqual([rows.length, rows[0].token, outcome], [1, "T1", "label"]);
  ({ rows, outcome } = addScan(rows, scan("a", "T2")));
  assert.deepEqual([rows.length, rows[0].token, outcome], [1, "T1", "second"], "the first label stays");
  ({ rows, outcome } = addScan(rows, scan("a", "T1")));
  assert.equal(outcome, "again");
  ({ rows, outcome } = addScan(rows, scan("b")));
  assert.deepEqual(rows.map(({ subject }) => subject), ["a", "b"]);
  assert.deepEqual(removeScan(rows, "a").map(({ subject }) => subject), ["b"]);
});

test("many share the steps that are lawful for one at least, with those for which they are not", () => {
  const step = (type, allowed, code) => ({ type, zh: type, en: type, allowed, why: allowed ? undefined : { code } });
  const each = [
    { subject: "a", steps: [step("moved", true), step("accepted", true)] },
    { subject: "b", steps: [step("moved", false, "NOT_HELD"), step("accepted", true)] },
    { subject: "c", steps: [step("moved", false, "NOT_HELD")] },
  ];
  assert.deepEqual(sharedSteps(each), [
    { type: "accepted", zh: "accepted", en: "accepted", subjects: ["a", "b"], barred: [{ subject: "c", why: null }] },
    { type: "moved", zh: "moved", en: "moved", subjects: ["a"], barred: [
      { subject: "b", why: { code: "NOT_HELD" } }, { subject: "c", why: { code: "NOT_HELD" } },
    ] },
  ]);
  assert.deepEqual(sharedSteps([]), []);
});

// ---- what stands together ----

const seen = (text) => ({ text, format: "", accepted: accept(text, { hosts: ["labels.packtrace.example"] }) });
const NEXT = `${CODE.slice(0, -1)}4`;

test("a label and the bare code of one battery are one, and what names none gives way to it", () => {
  const label = seen(OURS);
  for (const others of [[seen(CODE)], [seen("weixin://dl/x"), seen(`https://maker.test/?${CODE}`)], [seen("04Q")]]) {
    assert.deepEqual(sortOut([...others, label]), { one: label });
    assert.deepEqual(sortOut([label, ...others]), { one: label });
  }
  const alike = seen(OURS.replace("packtrace", "packtrаce"));
  assert.deepEqual(sortOut([seen("weixin://dl/x"), alike]), { one: alike }, "a danger is told first");
});

test("of two batteries none is chosen", () => {
  const both = [seen(OURS), seen(NEXT)];
  assert.deepEqual(sortOut(both), { several: both });
  assert.equal(sortOut([seen(CODE), seen(`https://maker.test/?${NEXT}`)]).several.length, 2);
});

test("halves are told apart, and put together only within a minute and where they make a code", () => {
  const [first, second] = [CODE.slice(0, 14), CODE.slice(14)];
  assert.deepEqual(halfOf(` ]d2${first.toLowerCase()}`.trim()), { part: "first", text: first });
  assert.deepEqual(halfOf(second), { part: "second", text: second });
  for (const none of [CODE, first.slice(1), `${second}0`, "", "0123456789", "https://x.test/a"]) assert.equal(halfOf(none), null, none);
  const halves = makeHalves();
  assert.equal(halves.add(halfOf(first), 0), null);
  assert.equal(halves.add(halfOf(second), 60_001), null, "too late");
  assert.equal(halves.add(halfOf(first), 70_000), CODE);
  assert.equal(makeHalves().add({ part: "second", text: second }, 0), null);
});
