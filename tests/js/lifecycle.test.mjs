import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, custodianOf, rowOf } from "../../web/static/js/record/fold.js";
import { ownerOf, productOf, standing, step, steps } from "../../web/static/js/record/steps.js";
import { withCases } from "./support.mjs";

const same = (one, other, said) => assert.deepEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)), said);

withCases("the table says of every step what the judge says of it, with the same code", ({ lifecycle, standings }) => {
  const codes = new Map();
  let count = 0;
  for (const { known, me, now, verdicts } of standings) {
    for (const [type, verdict] of Object.entries(verdicts)) {
      const row = rowOf(lifecycle, type, known.subject);
      const { why, capacities } = standing(row, known, me, lifecycle, new Date(now));
      const said = `${type} of ${JSON.stringify(known)} by ${JSON.stringify(me)}: ${JSON.stringify(why)}`;
      const refused = typeof verdict === "string";
      assert.equal(why !== null, refused, said + ` judge: ${JSON.stringify(verdict)}`);
      if (!refused && row.acts_as) same([...capacities].sort(), [...verdict].sort(), said);
      // What is inside a battery that ended has ended with it; a device sees only that nobody holds it.
      if (refused && known.stage !== "in_pack") assert.equal(why.code, verdict, said);
      codes.set(refused ? verdict : "ok", (codes.get(refused ? verdict : "ok") ?? 0) + 1);
      count += 1;
    }
  }
  assert.ok(count > 10_000, String(count));
  const all = [
    "ok", "PARTY_SUSPENDED", "ILLEGAL_TRANSITION", "PACK_TERMINAL", "NOT_CUSTODIAN", "SIGNER_ROLE_FORBIDDEN", "OFFER_OPEN",
    "HELD_BY_AUTHORITY", "DAMAGED", "ORIGIN_CONTESTED", "IDENTITY_CONFLICT", "NO_OPEN_OFFER",
  ];
  for (const code of all) assert.ok(codes.get(code) > 3, `${code}: drawn ${codes.get(code)} times`);
});

withCases("no step is called lawful that the judge refuses", ({ lifecycle, standings }) => {
  let lawful = 0;
  for (const { known, me, now, verdicts, steps: told } of standings) {
    for (const { type, allowed, capacities } of steps(known, me, lifecycle, new Date(now))) {
      if (!allowed) continue;
      const begins = rowOf(lifecycle, type, known.subject).by.some(({ relation }) => relation === "first");
      assert.ok(begins || told.includes(type), `${type}: the passport tells of ${told}`);
      assert.ok(Array.isArray(verdicts[type]), `${type} of ${JSON.stringify(known)} ${JSON.stringify(me)} ${verdicts[type]}`);
      for (const capacity of capacities) assert.ok(verdicts[type].includes(capacity), `${type} as ${capacity}`);
      lawful += 1;
    }
  }
  assert.ok(lawful > 500, String(lawful));
});

withCases("an own event that waits makes of a battery what the log's fold makes of it", ({ lifecycle, folds }) => {
  const types = new Set();
  for (const { known, statement, id, after, model } of folds) {
    const { last, previous, offered, ...found } = advance(known, statement, id, null, lifecycle);
    const said = `${statement.type} ${JSON.stringify(statement.data)} on ${JSON.stringify(known)}`;
    for (const [member, value] of Object.entries(after)) {
      if (member === "offer") delete found.offer?.mass; // which Python's state does not keep
      if (member === "custodian") assert.equal(custodianOf(found), value, `${said}: custodian`);
      else same(found[member] ?? blank(value), value, `${said}: ${member}`);
    }
    if (model) assert.equal(found.model?.subject ?? model, model);
    if (statement.type.startsWith("battery.")) assert.equal(offered, Boolean(after.offer));
    assert.equal(last.id, id);
    types.add(statement.type);
  }
  assert.ok(types.size > 40, String(types.size));
});

/** What a device does not know is told by Python as empty. */
const blank = (value) => (value === null ? null : Array.isArray(value) ? [] : typeof value === "number" ? 0 : typeof value === "boolean" ? false : "");

// ---- what no column of the table says ----

const ORG = "org:duns:111111111";
const NOW = new Date("2026-11-01T12:00:00Z");
const PACK = "battery:gbt34014:04QPB76836300JBC40000903";
const HELD = { subject: PACK, seq: 3, head: "h", tier: "holder", stage: "at_dismantler", custodian: { id: ORG }, capacity: "pack_dismantler" };
const by = (...roles) => ({ org: ORG, roles });
const whyOf = (lifecycle, type, known, me) => {
  const found = step(rowOf(lifecycle, type, known.subject), known, me, lifecycle, NOW);
  return found?.why?.code ?? (found ? found.capacities : null);
};

withCases("an offer is accepted in the capacity offered, and nothing in use by who may not hold it", ({ lifecycle }) => {
  const offer = { event: "e", consignee: ORG, capacity: "recycler", expires_at: "2026-11-02T00:00:00Z", consignment: "" };
  const waste = { ...HELD, custodian: { id: "org:duns:222222222" }, offer };
  const all = by("recycler", "dealer");
  assert.deepEqual(whyOf(lifecycle, "handover.accepted", waste, all), ["recycler"]);
  assert.equal(whyOf(lifecycle, "handover.accepted", waste, by("dealer")), "SIGNER_ROLE_FORBIDDEN");
  assert.equal(whyOf(lifecycle, "handover.accepted", { ...waste, stage: "removed" }, all), "WRONG_CAPACITY");
  assert.deepEqual(whyOf(lifecycle, "handover.accepted", { ...waste, stage: "removed", offer: { ...offer, capacity: "dealer" } }, all), ["dealer"]);
  assert.equal(whyOf(lifecycle, "handover.accepted", { ...waste, offer: { ...offer, expires_at: "2026-11-01T12:00:00Z" } }, all), "NO_OPEN_OFFER");
  assert.deepEqual(whyOf(lifecycle, "handover.declined", waste, by()), []);
  const mine = { ...HELD, offer: { ...offer, consignee: "org:duns:222222222" } };
  assert.deepEqual(whyOf(lifecycle, "handover.withdrawn", mine, by()), []);
  assert.equal(whyOf(lifecycle, "handover.withdrawn", HELD, by()), "NO_OPEN_OFFER");
  const [first] = steps(waste, all, lifecycle, NOW);
  assert.equal(first.type, "handover.accepted");
});

withCases("what the device can know beside the table bars a step as well", ({ lifecycle }) => {
  const why = (type, known, me) => whyOf(lifecycle, type, { ...HELD, ...known }, me);
  assert.equal(why("battery.rebooked", {}, by("pack_dismantler")), "NO_OTHER_CAPACITY");
  assert.deepEqual(why("battery.rebooked", {}, by("pack_dismantler", "collector")), ["collector"]);
  assert.equal(why("battery.moved", {}, { ...by("collector"), sites: [] }), "NO_SITE");
  assert.deepEqual(why("battery.moved", {}, { ...by("collector"), sites: [{ name: "yard" }] }), []);
  const module = { subject: PACK.replace("04QP", "04QM"), stage: "removed" };
  assert.equal(why("battery.installed", module, by("dealer")), "WRONG_PRODUCT_TYPE");
  assert.deepEqual(why("battery.installed", { stage: "removed" }, by("dealer")), []);
  assert.equal(why("battery.installed", { stage: "removed", use: "backup" }, by("dealer")), "NOT_FOR_TRACTION");
  assert.equal(why("battery.installed", { stage: "removed" }, { ...by("dealer"), types: ["battery.moved"] }), "KEY_USE_FORBIDDEN");
  const absent = { subject: PACK, seq: -1, head: null, stage: undefined, custodian: undefined, tier: undefined, fetched_at: "2026-11-01T11:59:00Z" };
  assert.deepEqual(why("battery.manufactured", absent, { ...by("battery_maker"), vendor_codes: ["04Q"] }), []);
  assert.equal(why("battery.manufactured", absent, { ...by("battery_maker"), vendor_codes: ["04Z"] }), "FOREIGN_VENDOR_CODE");
  assert.equal(why("battery.registered", { ...absent, subject: "battery:tag:duns:222222222/x" }, by("dealer")), "FOREIGN_TAG");
  assert.deepEqual(why("battery.registered", { ...absent, subject: "battery:tag:duns:111111111/x" }, by("dealer")), ["dealer"]);
});

withCases("of a battery whose place alone is known nothing is called lawful", ({ lifecycle }) => {
  const told = steps({ subject: PACK, seq: 7, head: "h" }, by("recycler", "dealer"), lifecycle, NOW);
  assert.ok(told.length > 20);
  assert.ok(told.every(({ allowed, why }) => !allowed && why.code === "NOT_KNOWN_HERE"));
  const never = steps(null, by("recycler", "dealer"), lifecycle, NOW, PACK);
  assert.deepEqual(never.filter(({ allowed }) => allowed).map(({ type }) => type), ["battery.registered"]);
  assert.equal(never.find(({ type }) => type === "battery.taken_in").why.code, "NOT_KNOWN_HERE");
  const absent = steps({ subject: PACK, seq: -1, head: null, fetched_at: "2026-11-01T11:59:00Z" }, by("recycler", "dealer"), lifecycle, NOW);
  assert.equal(absent.find(({ type }) => type === "battery.taken_in").why.code, "ILLEGAL_TRANSITION");
});

withCases("only what this device saw as its own last event can be undone, in time, and gives back what was before", ({ lifecycle }) => {
  const said = { type: "battery.retired", sub: PACK, iss: ORG, data: { capacity: "dealer", reason: "recall" }, occurred_at: "2026-11-01T11:00:00Z" };
  const before = { ...HELD, stage: "removed", capacity: "dealer" };
  const retired = { ...advance(before, said, "id", null, lifecycle), seq: 4, head: "id" };
  assert.equal(retired.stage, "retired");
  assert.deepEqual(whyOf(lifecycle, "battery.voided", retired, by("dealer")), []);
  assert.equal(whyOf(lifecycle, "battery.voided", { ...retired, head: "another" }, by("dealer")), null);
  assert.equal(whyOf(lifecycle, "battery.voided", retired, { ...by("dealer"), org: "org:duns:222222222" }), null);
  const late = { ...retired, last: { ...retired.last, at: "2026-10-01T00:00:00Z" } };
  assert.equal(whyOf(lifecycle, "battery.voided", late, by("dealer")), "VOID_TOO_LATE");
  const declined = { ...retired, last: { ...retired.last, type: "handover.declined" } };
  assert.equal(whyOf(lifecycle, "battery.voided", declined, by("dealer")), "NOT_VOIDABLE");
  const undone = advance(retired, { ...said, type: "battery.voided", data: { event: "id", reason: "mis-scan" } }, "id2", null, lifecycle);
  assert.equal(undone.stage, "removed");
  assert.equal(undone.capacity, "dealer");
});

test("names tell whose they are, and codes what they are of", () => {
  assert.equal(ownerOf("batch:duns:111111111/a"), ORG);
  assert.equal(ownerOf("battery:tag:duns:111111111/a"), ORG);
  assert.equal(ownerOf(PACK), "");
  const products = [PACK, PACK.replace("04QP", "04QM"), "battery:gbt34014:04QPB76BC40000903RC", "battery:tag:duns:1/x"];
  assert.deepEqual(products.map(productOf), ["P", "M", "C", "P"]);
});
