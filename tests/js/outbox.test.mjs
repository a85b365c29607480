import assert from "node:assert/strict";
import { test } from "node:test";
import { base64url } from "../../web/static/js/core/base64url.js";
import { disclosed, formatPresentation, splitPresentation, withhold } from "../../web/static/js/core/disclosures.js";
import { EVENT, checkSignature, parseJws, signJws } from "../../web/static/js/core/jws.js";
import { makeKeyPair, signerOf } from "../../web/static/js/core/keys.js";
import { linksOf, readPresentation, signAgain } from "../../web/static/js/device/presentation.js";
import { dependants } from "../../web/static/js/device/resign.js";
import { plan } from "../../web/static/js/device/sync.js";
import { backoff, judgeAnswer } from "../../web/static/js/device/verdicts.js";

const ids = ["a".repeat(43), "b".repeat(43)];
const none = { get: () => null };
const receipt = { id: ids[1], entry: "{}", proof: "p", checkpoint: "c", events: ids.map((id) => ({ id, leaf_index: 1 })) };
const judged = (status, body, headers = none) => judgeAnswer({ status, body, headers }, ids, 0);

test("only a receipt of these very events counts as accepted", () => {
  for (const status of [200, 201]) assert.equal(judged(status, receipt).state, "accepted");
  const others = [
    "<html>welcome to the hotel</html>", null, {}, [], 7, { ...receipt, id: ids[0] }, { ...receipt, proof: undefined },
    { ...receipt, events: [] }, { ...receipt, events: receipt.events.slice(1) }, { ...receipt, entry: 1 },
    { ...receipt, events: [...receipt.events].reverse() }, { ...receipt, events: [...receipt.events, receipt.events[0]] },
  ];
  for (const body of others) {
    const { state, why } = judged(200, body);
    assert.deepEqual([state, why.code], ["here", "ANSWER_UNREADABLE"], JSON.stringify(body));
  }
  for (const status of [202, 204, 301, 404, 500]) assert.equal(judged(status, receipt).state, "here", `${status}`);
});

test("a place that is taken parks, with the head that the node names", () => {
  const body = { code: "PLACE_TAKEN", detail: "taken", head: "h".repeat(43), head_seq: 4 };
  assert.deepEqual(judged(409, body), { state: "parked", why: body, wait: 0 });
  for (const code of ["CHAIN_LINK_BROKEN", "SEQUENCE_GAP"]) assert.equal(judged(409, { code, detail: "" }).state, "parked");
});

test("a refusal is the node's own, and nothing else drops a record", () => {
  for (const status of [400, 413, 422]) {
    assert.equal(judged(status, { code: "SCHEMA_INVALID", detail: "x" }).state, "refused");
    assert.equal(judged(status, "<html>").state, "here", "a proxy's");
    assert.equal(judged(status, { error: "x" }).state, "here");
    assert.equal(judged(status, { code: 7 }).state, "here");
  }
  const body = { code: "LEDGER_BUSY", detail: "busy" };
  for (const status of [401, 403, 404, 405, 408, 421, 429, 500, 502, 503, 507]) {
    assert.equal(judged(status, body).state, "here", `${status}`);
  }
});

test("a node that asks for time gets it, and others are asked ever more seldom, up to a quarter of an hour", () => {
  const asks = { get: (name) => (name === "Retry-After" ? "60" : null) };
  assert.ok(judged(503, { code: "LEDGER_BUSY", detail: "" }, asks).wait >= 60_000);
  const waits = [0, 1, 2, 3, 9, 200].map((tries) => backoff(tries, 0, 1));
  assert.deepEqual(waits, [2_000, 4_000, 8_000, 16_000, 900_000, 900_000]);
  assert.equal(backoff(0, 0, 0), 1_000);
  for (const asked of [NaN, -5, Infinity, 1e12]) assert.ok(backoff(0, asked, 1) <= 900_000);
});

// ---- the order of sending ----

const row = (order, { id = `r${order}`, ids = [`e${order}`], subjects = [`s${order}`], links = [], state = "here", next_at = 0 } = {}) =>
  ({ id, ids, subjects, links, state, next_at, order });
const names = (rows) => rows.map(({ id }) => id);

test("rows go in their order, and none before one that it stands on", () => {
  const rows = [row(3, { links: ["e1"] }), row(1), row(2, { subjects: ["s1"] }), row(4)];
  assert.deepEqual(names(plan(rows, 0, false).ready), ["r1", "r4"]);
  rows[1].state = "accepted";
  assert.deepEqual(names(plan(rows, 0, false).ready), ["r2", "r3", "r4"]);
});

test("what waits behind a parked record is not sent, and nothing is left for a later flush", () => {
  const rows = [row(1, { state: "parked" }), row(2, { subjects: ["s1"] }), row(3, { links: ["e2"] })];
  assert.deepEqual(plan(rows, 0, true), { ready: [], barred: [], left: 0 });
});

test("what names a refused record is told so, and what merely has the same subject goes on", () => {
  const rows = [row(1, { state: "refused" }), row(2, { links: ["e1"] }), row(3, { links: ["e2"] }), row(4, { subjects: ["s1"] })];
  const { ready, barred, left } = plan(rows, 0, false);
  assert.deepEqual([names(ready), names(barred), left], [["r4"], ["r2"], 1]);
});

test("a row whose time has not come is left, unless it is urgent", () => {
  const rows = [row(1, { next_at: 10 }), row(2, { state: "sending" })];
  assert.deepEqual(names(plan(rows, 9, false).ready), ["r2"]);
  assert.equal(plan(rows, 9, false).left, 2);
  assert.deepEqual(names(plan(rows, 10, false).ready), ["r1", "r2"]);
  assert.deepEqual(names(plan(rows, 9, true).ready), ["r1", "r2"]);
});

test("with a record those behind it are signed again, and no others", () => {
  const parked = row(5, { state: "parked" });
  const rows = [
    row(1, { subjects: ["s5"], state: "accepted" }), row(2, { subjects: ["s5"] }), parked, row(6, { links: ["e5"] }),
    row(7, { subjects: ["s6"] }), row(8), row(9, { subjects: ["s5"], state: "refused" }), row(10, { subjects: ["s5"] }),
  ];
  assert.deepEqual(names(dependants(parked, rows)), ["r5", "r6", "r7", "r10"]);
});

// ---- signing again ----

const ORIGIN = "packtrace.example/cn";
const statement = (data, seq = 3) => ({
  v: 1, aud: ORIGIN, nonce: base64url(new Uint8Array(16)), type: "battery.inspected", sub: "battery:tag:duns:150483782/7", seq,
  prev: base64url(new Uint8Array(32)), iss: "org:duns:150483782", occurred_at: "2026-11-23T04:40:00Z", data,
});

test("a record that is signed again says the same of the same time, elsewhere, by another key", async () => {
  const first = await signerOf(await makeKeyPair());
  const second = await signerOf(await makeKeyPair());
  const { slot, disclosure } = await withhold("粤B12345", crypto.getRandomValues(new Uint8Array(16)));
  const offer = base64url(new Uint8Array(32).fill(7));
  const before = statement({ plate: slot, offer, list: [{ offer, text: "<img src=x onerror=alert(1)>" }], n: 438000 });
  const { text } = await signJws(before, first, EVENT);
  const old = await readPresentation(formatPresentation(text, [disclosure]));
  const place = { seq: 9, prev: base64url(new Uint8Array(32).fill(1)) };
  const renamed = new Map([[offer, base64url(new Uint8Array(32).fill(8))]]);
  const again = await signAgain(old, { place, signer: second, renamed });

  const { jws, disclosures } = splitPresentation(again.presentation);
  const read = await parseJws(jws, EVENT);
  await checkSignature(read, second.publicKey);
  assert.equal(read.id, again.id);
  const { seq, prev, nonce, data, ...same } = read.value;
  assert.deepEqual({ seq, prev }, place);
  assert.notEqual(nonce, before.nonce);
  for (const name of ["v", "aud", "type", "sub", "iss", "occurred_at"]) assert.equal(same[name], before[name]);
  const said = (await disclosed(read.value, disclosures)).data;
  const renewed = renamed.get(offer);
  assert.deepEqual(JSON.parse(JSON.stringify(said)), {
    plate: "粤B12345", offer: renewed, list: [{ offer: renewed, text: "<img src=x onerror=alert(1)>" }], n: 438000,
  });
  assert.notDeepEqual(data.plate, slot, "a salt is used once");
});

test("the first record of a chain names none before it", async () => {
  const signer = await signerOf(await makeKeyPair());
  const { text } = await signJws(statement({}), signer, EVENT);
  const { statement: said } = await signAgain(await readPresentation(text), { place: { seq: 0, prev: null }, signer });
  assert.deepEqual([said.seq, "prev" in said], [0, false]);
});

test("a statement's links are the record before it and every id in its data", () => {
  const [a, b, c] = [1, 2, 3].map((byte) => base64url(new Uint8Array(32).fill(byte)));
  const said = { prev: a, data: { offer: b, inner: [{ of: c }, "text", 7, null], code: "04QPB76836300JBC40000903" } };
  assert.deepEqual(linksOf(said), [a, b, c]);
  assert.deepEqual(linksOf({ data: {} }), []);
});
