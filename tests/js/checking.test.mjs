import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENT, parseJws, signJws } from "../../web/static/js/core/jws.js";
import { base64url } from "../../web/static/js/core/base64url.js";
import { makeKeyPair, signerOf } from "../../web/static/js/core/keys.js";
import { checkAnswers, checkOffers } from "../../web/static/js/handover/checking.js";
import { offersRoot } from "../../web/static/js/handover/root.js";
import { Refusal } from "../../web/static/js/core/refusal.js";
import { verdict } from "./support.mjs";

const ORIGIN = "log.packtrace.example/test";
const [GIVER, TAKER, THIRD] = ["2N", "3K", "4G"].map((tail) => `org:uscc:91440300MA500000${tail}`);
const TRUCK = `consignment:${GIVER.slice(4)}/T-1`;
const NOW = new Date("2026-11-23T08:00:00Z");
const pack = (number) => `battery:gbt34014:04QPB76836300JBC4000000${number}`;
const head = (number) => base64url(new Uint8Array(32).fill(number));

const signers = new Map(await Promise.all([GIVER, TAKER, THIRD].map(async (org) => [org, await signerOf(await makeKeyPair())])));
const keys = new Map([...signers].map(([org, { publicKey }]) => [publicKey.kid, { org, key: publicKey }]));
const findKey = async (kid) => keys.get(kid) ?? null;
const known = new Map([1, 2, 3].map((number) => [pack(number), { seq: 4, head: head(number) }]));
const standing = async (subject) => known.get(subject) ?? null;

let nonces = 0;
async function say(org, type, sub, data, changes = {}, signer = signers.get(org)) {
  const nonce = base64url(new Uint8Array(16).fill((nonces += 1) % 256));
  const statement = { v: 1, aud: ORIGIN, nonce, type, sub, seq: 5, prev: head(1), iss: org, occurred_at: "2026-11-23T07:59:00Z", data, ...changes };
  return signJws(Object.fromEntries(Object.entries(statement).filter(([, value]) => value !== undefined)), signer, EVENT);
}
const offer = (number, data = {}, changes = {}, by = GIVER) =>
  say(by, "handover.offered", pack(number), { consignee: TAKER, capacity: "recycler", expires_at: "2026-12-23T08:00:00Z", consignment: TRUCK, ...data }, { prev: head(number), ...changes });
const dispatch = async (ids, data = {}, changes = {}) =>
  say(GIVER, "consignment.dispatched", TRUCK, { consignee: TAKER, offers: await offersRoot(ids), un_number: "UN3480", packing: "normal", safety_check: { passed: true }, ...data }, { seq: 0, prev: undefined, ...changes });
const set = (texts, kind = "offers") => ({ kind, submissions: texts.map(({ text }) => [text]) });
const here = { org: TAKER, origin: ORIGIN, at: NOW, findKey, standing };
const look = (texts, changes = {}) => checkOffers(set(texts), { ...here, ...changes });
const codeOf = (texts, changes) => verdict(() => look(texts, changes));

test("offers and their dispatch are taken as they are", async () => {
  const offers = await Promise.all([offer(1), offer(2), offer(3)]);
  const found = await look([...offers, await dispatch(offers.map(({ id }) => id))]);
  assert.deepEqual([found.giver, found.consignment, found.unchecked, found.remarks], [GIVER, TRUCK, [], []]);
  assert.deepEqual(found.offers.map(({ id, subject, barred, remarks, isChecked }) => [id, subject, barred, remarks, isChecked]),
    offers.map(({ id }, at) => [id, pack(at + 1), null, [], true]));
});

test("an offer to somebody else is refused, whatever else is in the set", async () => {
  assert.equal(await codeOf([await offer(1), await offer(2, { consignee: THIRD })]), "WRONG_CONSIGNEE");
  assert.equal(await codeOf([await offer(1)], { org: THIRD }), "WRONG_CONSIGNEE");
  assert.equal(await codeOf([await offer(1)], { org: GIVER }), "WRONG_SET");
});

test("an offer altered by one character is refused; one whose key it makes unknown is told to be unchecked", async () => {
  const { text } = await offer(1);
  let unchecked = 0;
  for (let at = 0; at < text.length; at += 3) {
    const altered = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    try {
      const found = await checkOffers({ kind: "offers", submissions: [[altered]] }, here);
      assert.deepEqual([found.offers[0].isChecked, found.unchecked.length], [false, 1], `character ${at}`);
      unchecked += 1;
    } catch (error) {
      assert.ok(error instanceof Refusal, error.stack);
    }
  }
  assert.ok(unchecked < 30, `of the header, what names the key: ${unchecked}`);
});

test("an offer of one pack shown for another is refused: what is signed names its pack", async () => {
  const { text } = await offer(1);
  const [header, payload, signature] = text.split(".");
  const swapped = Buffer.from(payload, "base64url").toString().replace("JBC40000001", "JBC40000002");
  const forged = [header, Buffer.from(swapped).toString("base64url"), signature].join(".");
  assert.match(swapped, /JBC40000002/);
  assert.equal(await verdict(() => checkOffers({ kind: "offers", submissions: [[forged]] }, here)), "SIGNATURE_INVALID");
  // The same offer twice, or of a chain that has gone on since.
  const one = await offer(1);
  assert.equal(await codeOf([one, one]), "CHAIN_LINK_BROKEN");
  const [stale] = (await look([one], { standing: async () => ({ seq: 6, head: head(9) }) })).offers;
  assert.equal(stale.barred.code, "CHAIN_WENT_ON");
  const [rival] = (await look([one], { standing: async () => ({ seq: 5, head: head(9) }) })).offers;
  assert.equal(rival.barred.code, "CHAIN_WENT_ON");
  const [recorded] = (await look([one], { standing: async () => ({ seq: 5, head: one.id }) })).offers;
  assert.equal(recorded.barred, null, "the log has it already");
});

test("an offer that has expired can't be accepted, by the clock of the node", async () => {
  const [found] = (await look([await offer(1, { expires_at: "2026-11-23T08:00:00Z" })])).offers;
  assert.equal(found.barred.code, "OFFER_EXPIRED");
  assert.equal((await look([await offer(1, { expires_at: "2026-11-23T08:00:01Z" })])).offers[0].barred, null);
  assert.equal((await look([await offer(1, { expires_at: "soon" })])).offers[0].barred.code, "OFFER_EXPIRED");
});

test("another organisation's key signs for nobody else", async () => {
  const forged = await say(GIVER, "handover.offered", pack(1), { consignee: TAKER, capacity: "recycler", expires_at: "2026-12-23T08:00:00Z" }, {}, signers.get(THIRD));
  assert.equal(await codeOf([forged]), "KEY_MISMATCH");
  assert.equal(await codeOf([await offer(1), await offer(2, {}, {}, THIRD)]), "SET_INCONSISTENT");
});

test("a key that this phone does not have is told, and the offer can be taken over all the same", async () => {
  const found = await look([await offer(1)], { findKey: async () => null });
  assert.deepEqual(found.unchecked, [signers.get(GIVER).publicKey.kid]);
  assert.deepEqual([found.offers[0].isChecked, found.offers[0].barred], [false, null]);
});

test("a chain that this phone knows otherwise is barred, one that it does not know is told", async () => {
  const codes = async (at) => (await look([await offer(1)], { standing: async () => at })).offers.map(({ barred, remarks }) => [barred?.code, remarks.map(({ code }) => code)]);
  assert.deepEqual(await codes({ seq: 4, head: head(8) }), [["CHAIN_LINK_BROKEN", []]]);
  assert.deepEqual(await codes(null), [[undefined, ["NOT_KNOWN_HERE"]]]);
  assert.deepEqual(await codes({ seq: 2, head: head(8) }), [[undefined, ["GAP"]]]);
});

test("what the giver recorded before and has not sent yet comes along, in its order", async () => {
  const retired = await say(GIVER, "battery.retired", pack(1), { capacity: "vehicle_maker", reason: "defect" });
  const offered = await offer(1, {}, { seq: 6, prev: retired.id });
  const found = await look([retired, offered]);
  assert.deepEqual([found.offers.length, found.offers[0].barred, found.submissions.length], [1, null, 2]);
  assert.equal(await codeOf([offered, retired]), "CHAIN_LINK_BROKEN");
  const withdrawn = await say(GIVER, "handover.withdrawn", pack(1), { offer: offered.id }, { seq: 7, prev: offered.id });
  assert.equal(await codeOf([retired, offered, withdrawn]), "WRONG_SET", "no offer stands");
  // Who gave it to the giver stands before it, with an offer that is not for us.
  const first = await say(THIRD, "handover.offered", pack(1), { consignee: GIVER, capacity: "collector", expires_at: "2026-12-23T08:00:00Z" });
  const taken = await say(GIVER, "handover.accepted", pack(1), { offer: first.id, capacity: "collector" }, { seq: 6, prev: first.id });
  const onwards = await offer(1, {}, { seq: 7, prev: taken.id });
  const chain = await look([first, taken, onwards]);
  assert.deepEqual([chain.giver, chain.offers.map(({ id }) => id), chain.submissions.length], [GIVER, [onwards.id], 3]);
});

test("a dispatch of other offers is told, and one of another consignment or consignee refused", async () => {
  const offers = await Promise.all([offer(1), offer(2)]);
  const ids = offers.map(({ id }) => id);
  const [remark] = (await look([offers[0], await dispatch(ids)])).remarks;
  assert.deepEqual([remark.code, remark.values], ["OTHER_OFFERS", { said: 2, shown: 1 }]);
  assert.equal(await codeOf([...offers, await dispatch(ids, { consignee: THIRD })]), "SET_INCONSISTENT");
  assert.equal(await codeOf([...offers, await dispatch(ids, {}, { sub: `${TRUCK}x` })]), "SET_INCONSISTENT");
  assert.equal(await codeOf([offers[0], await offer(2, { consignment: `${TRUCK}x` })]), "SET_INCONSISTENT");
});

test("offers of another log, of no shape, or none at all are refused", async () => {
  assert.equal(await codeOf([await offer(1, {}, { aud: "other.example" })]), "WRONG_LOG");
  assert.equal(await codeOf([await offer(1, {}, { seq: -1 })]), "SCHEMA_INVALID");
  assert.equal(await codeOf([await offer(1, {}, { prev: undefined })]), "SCHEMA_INVALID");
  assert.equal(await codeOf([await say(GIVER, "battery.inspected", pack(1), { condition: "intact" })]), "WRONG_SET");
  assert.equal(await verdict(() => checkOffers({ kind: "offers", submissions: [["a.b.c"]] }, here)), "NON_CANONICAL_ENCODING");
  const pop = await signJws({ a: 1 }, signers.get(GIVER), "packtrace-pop+jwt");
  assert.equal(await codeOf([pop]), "WRONG_TYP");
});

// ---- the answer ----

const offered = await offer(1);
const ours = new Map([[offered.id, { subject: pack(1), seq: 5, consignee: TAKER, capacity: "recycler", consignment: TRUCK }]]);
const accepted = (data = {}, changes = {}, by = TAKER, signer = undefined) =>
  say(by, "handover.accepted", pack(1), { offer: offered.id, capacity: "recycler", condition: "intact", read_by: "camera", ...data }, { seq: 6, prev: offered.id, ...changes }, signer);
const answer = async (texts, changes = {}, kind = "answers") => checkAnswers(set(await Promise.all(texts), kind), { org: GIVER, origin: ORIGIN, findKey, offers: ours, ...changes });
const answerCode = (texts, changes, kind) => verdict(() => answer(texts, changes, kind));

test("the consignee's acceptance of our offer is taken, with the arrival of its consignment", async () => {
  const arrived = say(TAKER, "consignment.arrived", TRUCK, { arrived: 1, missing: [], unexpected: [] }, { seq: 1, prev: head(7) });
  const found = await answer([accepted(), arrived]);
  assert.deepEqual([found.taker, found.accepted.length, found.declined.length, found.unchecked], [TAKER, 1, 0, []]);
  assert.equal(found.arrived.statement.sub, TRUCK);
});

test("an acceptance that a third phone signed is refused", async () => {
  assert.equal(await answerCode([accepted({}, {}, THIRD)]), "WRONG_CONSIGNEE");
  assert.equal(await answerCode([accepted({}, {}, TAKER, signers.get(THIRD))]), "KEY_MISMATCH");
  assert.equal(await answerCode([accepted({}, {}, GIVER)]), "WRONG_SET");
});

test("an answer that is not to our offer, not behind it, or not as offered is refused", async () => {
  assert.equal(await answerCode([accepted({ offer: head(5) }, { prev: head(5) })]), "NO_OPEN_OFFER");
  assert.equal(await answerCode([accepted({}, { sub: pack(2) })]), "NO_OPEN_OFFER");
  assert.equal(await answerCode([accepted({}, { prev: head(5) })]), "CHAIN_LINK_BROKEN");
  assert.equal(await answerCode([accepted({}, { seq: 7 })]), "CHAIN_LINK_BROKEN");
  assert.equal(await answerCode([accepted({ capacity: "repurposer" })]), "WRONG_CAPACITY");
  assert.equal(await answerCode([accepted({}, { aud: "other.example" })]), "WRONG_LOG");
});

test("an answer with anything else in it is refused, and offers are no answer", async () => {
  const other = say(TAKER, "battery.inspected", pack(2), { condition: "intact" });
  assert.equal(await answerCode([accepted(), other]), "WRONG_SET");
  assert.equal(await answerCode([accepted()], {}, "offers"), "WRONG_SET");
  assert.equal(await answerCode([say(TAKER, "consignment.arrived", TRUCK, { arrived: 0, missing: [], unexpected: [] })]), "WRONG_SET");
  const wrong = say(TAKER, "consignment.arrived", `${TRUCK}x`, { arrived: 1, missing: [], unexpected: [] });
  assert.equal(await answerCode([accepted(), wrong]), "SET_INCONSISTENT");
  assert.equal(await verdict(() => checkOffers(set([offered], "answers"), here)), "WRONG_SET");
});

test("a set is what was signed: reading gives the very texts back", async () => {
  const found = await look([offered]);
  assert.equal(found.submissions[0][0].presentation, offered.text);
  assert.equal((await parseJws(offered.text, EVENT)).id, found.offers[0].id);
});
