import assert from "node:assert/strict";
import { test } from "node:test";
import { counted, daysHere, filtered, partOf, stockOf } from "../../web/static/js/show/stock.js";

const NOW = new Date("2026-11-23T12:00:00Z");
const ME = "org:uscc:91440300MA5000002N";
const OTHER = "org:uscc:914403000000000001";
const days = (count) => new Date(NOW.getTime() - count * 86_400_000).toISOString();
const pack = (code, more = {}) => ({ subject: `battery:gbt34014:${code}`, custodian: { id: ME }, part: "held", since: days(1), ahead: [], ...more });
const offer = (consignee, left) => ({ offer: { consignee, expires_at: days(-left) } });

test("each thing is listed where it belongs", () => {
  const rows = [
    pack("A"), pack("B", { since: days(40) }), pack("C", { since: days(90) }), pack("D", offer(OTHER, 2)),
    pack("E", { custodian: { id: OTHER }, part: "offered", ...offer(ME, 5) }),
    pack("F", { custodian: { id: OTHER }, part: "offered", ...offer(ME, 1) }),
    pack("G", { custodian: { id: OTHER }, part: null }),
    { subject: `consignment:${OTHER.slice(4)}/T1`, part: "expected" }, { subject: `batch:${ME.slice(4)}/B1`, part: "own" },
  ];
  const stock = stockOf(rows, ME, NOW);
  const codes = (list) => list.map(({ subject }) => subject.split(":").at(-1).split("/").at(-1)).join("");
  assert.deepEqual(Object.fromEntries(Object.entries(stock).map(([name, list]) => [name, codes(list)])), {
    held: "ABCD", offered: "FE", given: "D", expected: "T1", sent: "", own: "B1", waiting: "CB",
  });
});

test("an offer that has expired is none, whatever the node said when it was asked", () => {
  const row = pack("A", { custodian: { id: OTHER }, part: "offered", ...offer(ME, -1) });
  assert.equal(partOf(row, ME, NOW), "");
  assert.deepEqual(stockOf([pack("A", offer(OTHER, -1))], ME, NOW).given, []);
});

test("an own record that waits counts: what was taken over is held, what was accepted by others is not", () => {
  assert.equal(partOf(pack("A", { part: "offered", custodian: ME, ahead: ["x"] }), ME, NOW), "held");
  assert.equal(partOf(pack("A", { part: "held", custodian: OTHER, ahead: ["x"] }), ME, NOW), "");
  assert.equal(partOf(pack("A", { part: "held", custodian: undefined, ahead: [] }), ME, NOW), "held");
});

test("the last characters find it in any case, together with stage and site", () => {
  const rows = [pack("04QPB76836300JBC40000012", { stage: "retired", facts: { site: "yard" } }), pack("04QPB76836300JBC40000112", { stage: "retired" })];
  const found = (wanted) => filtered(rows, wanted).length;
  assert.deepEqual(
    [found({}), found({ end: "0012" }), found({ end: " 00 12" }), found({ end: "bc40000112" }), found({ end: "12", site: "yard" }),
      found({ stage: "removed" }), found({ end: "13" })],
    [2, 1, 1, 1, 1, 0, 0]);
  assert.deepEqual(counted(rows, ({ stage }) => stage), [["retired", 2]]);
});

test("days are whole, and none where the node did not say since when", () => {
  assert.deepEqual([daysHere(pack("A", { since: days(2.9) }), NOW), daysHere(pack("A", { since: "soon" }), NOW), daysHere(pack("A", { since: days(-1) }), NOW)], [2, null, 0]);
});
