// What a device knows of a chain: the node's word, with its own waiting records over it.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { base64url } from "../../web/static/js/core/base64url.js";
import { EVENT, signJws } from "../../web/static/js/core/jws.js";
import { makeKeyPair, signerOf } from "../../web/static/js/core/keys.js";
import { FakeIndexedDb } from "./indexeddb.mjs";

globalThis.indexedDB = new FakeIndexedDb();
const { keepAnswers, learn, lookUp, place, rebuild } = await import("../../web/static/js/device/known.js");
const { put, all, del } = await import("../../web/static/js/device/db.js");
const { rowOf } = await import("../../web/static/js/device/row.js");
const { readPresentation } = await import("../../web/static/js/device/presentation.js");

const SUB = "battery:tag:duns:150483782/7";
const ORG = "org:duns:150483782";
const id = (byte) => base64url(new Uint8Array(32).fill(byte));
const signer = await signerOf(await makeKeyPair());
let order = 0;

beforeEach(async () => {
  for (const store of ["known", "outbox"]) for (const row of await all(store)) await del(store, row.subject ?? row.id);
});

/** A waiting record at a place of the chain; its id. */
async function waits(seq, prev, changes = {}) {
  const statement = {
    v: 1, aud: "packtrace.example/cn", nonce: base64url(crypto.getRandomValues(new Uint8Array(16))), type: "battery.inspected",
    sub: SUB, seq, ...(seq ? { prev } : {}), iss: ORG, occurred_at: "2026-11-23T04:40:00Z", data: {},
  };
  const { text, id: made } = await signJws(statement, signer, EVENT);
  await put("outbox", { ...rowOf([text], [await readPresentation(text)]), order: (order += 1), ...changes });
  return made;
}

test("what was never seen begins at 0", async () => {
  assert.equal(await lookUp(SUB), null);
  assert.deepEqual(await place(SUB), { seq: 0, prev: null });
});

test("own records that wait are counted, each on the one before, and others are not", async () => {
  await keepAnswers([{ subject: SUB, seq: 4, head: id(4), stage: "retired" }]);
  const five = await waits(5, id(4));
  const six = await waits(6, five);
  await waits(6, id(9)); // stands on something that is not there
  await waits(7, six, { state: "parked" });
  await rebuild(SUB);
  assert.deepEqual(await place(SUB), { seq: 7, prev: six });
  assert.deepEqual((await lookUp(SUB)).ahead, [five, six]);
  await rebuild(SUB, new Set([six]));
  assert.deepEqual(await place(SUB), { seq: 6, prev: five });
});

test("what the node says of later is believed, and of earlier is not", async () => {
  await keepAnswers([{ subject: SUB, seq: 4, head: id(4) }]);
  await learn(SUB, { seq: 6, head: id(6) });
  assert.deepEqual(await place(SUB), { seq: 7, prev: id(6) });
  await learn(SUB, { seq: 5, head: id(5) });
  await keepAnswers([{ subject: SUB, seq: 4, head: id(4) }]);
  assert.deepEqual(await place(SUB), { seq: 7, prev: id(6) });
  await keepAnswers([{ subject: SUB, seq: 8, head: id(8) }]);
  assert.deepEqual(await place(SUB), { seq: 9, prev: id(8) });
});

test("a record whose place another one took stands nowhere", async () => {
  await keepAnswers([{ subject: SUB, seq: 4, head: id(4) }]);
  await waits(5, id(4));
  await keepAnswers([{ subject: SUB, seq: 5, head: id(5) }]);
  assert.deepEqual(await place(SUB), { seq: 6, prev: id(5) });
  assert.deepEqual((await lookUp(SUB)).ahead, []);
});

test("since when it waits is not forgotten by looking at it, unless it changed hands", async () => {
  await keepAnswers([{ subject: SUB, seq: 4, head: id(4), custodian: { id: ORG }, part: "held", since: "2026-11-01T00:00:00.000Z" }]);
  await keepAnswers([{ subject: SUB, seq: 5, head: id(5), custodian: { id: ORG } }]);
  assert.deepEqual([(await lookUp(SUB)).part, (await lookUp(SUB)).since], ["held", "2026-11-01T00:00:00.000Z"]);
  await keepAnswers([{ subject: SUB, seq: 6, head: id(6), custodian: { id: "org:duns:804735132" } }]);
  assert.equal((await lookUp(SUB)).part, undefined);
});

test("who holds it is told by an id, and nobody by none", async () => {
  await keepAnswers([{ subject: SUB, seq: 1, head: id(1), custodian: { id: ORG, name_zh: "某" }, maker: null }]);
  const { custodian, maker } = await lookUp(SUB);
  assert.deepEqual([custodian, maker], [ORG, ""]);
  await keepAnswers([{ subject: SUB, seq: 2, head: id(2), custodian: null }]);
  assert.equal((await lookUp(SUB)).custodian, "none");
});
