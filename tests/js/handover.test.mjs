import assert from "node:assert/strict";
import { test } from "node:test";
import * as giving from "../../web/static/js/handover/giving.js";
import { offersRoot } from "../../web/static/js/handover/root.js";
import { needed, submissionsOf } from "../../web/static/js/handover/sets.js";
import * as taking from "../../web/static/js/handover/taking.js";

const ORG = "org:uscc:91440300MA5000002N";
const pack = (number) => `battery:gbt34014:04QPB76836300JBC4000000${number}`;
const expected = [1, 2, 3].map((number) => ({ subject: pack(number), offer: `o${number}`, seq: number, capacity: "recycler", mass_g: 438_000, expires_at: "2026-12-23T08:00:00Z" }));
const scan = (number, read_by = "camera") => ({ subject: pack(number), code: pack(number).slice(17), token: null, read_by, at: "now" });
const see = (start, ...scans) => scans.reduce((kept, each) => taking.seen(kept, expected, each).taking, start);

test("a truck is an offer for each pack, which names it, and then the dispatch that waits for them and binds them", async () => {
  const form = {
    packs: [{ subject: pack(1), mass: { g: 438_000, basis: "measured" }, damaged: false }, { subject: pack(2), mass: null, damaged: true }],
    consignee: "org:x", capacity: "recycler", expiresAt: "2026-12-23T08:00:00Z", packing: "normal", note: "",
    truck: { name: "T-1", unNumber: "UN3480", passed: true, treated: "", carrier: "", mass: null, plate: "粤B12345", driver: "" },
  };
  const [one, two, last, ...none] = giving.draftsOf(form, ORG);
  assert.equal(none.length, 0);
  const consignment = "consignment:uscc:91440300MA5000002N/T-1";
  const common = { consignee: "org:x", capacity: "recycler", expires_at: "2026-12-23T08:00:00Z", consignment };
  assert.deepEqual(one.data, { ...common, mass: { g: 438_000, basis: "measured" }, packing: "normal" });
  assert.deepEqual(two.data, { ...common, packing: "damaged" }, "a damaged pack is never packed as a sound one");
  assert.deepEqual([last.type, last.subject, last.isAfterAll, last.withheld], ["consignment.dispatched", consignment, true, { plate: "粤B12345" }]);
  const ids = ["A", "B"].map((letter) => letter.repeat(42) + "A");
  assert.deepEqual(await last.data(ids), {
    consignee: "org:x", un_number: "UN3480", packing: "damaged", safety_check: { passed: true }, offers: await offersRoot(ids),
  });
  assert.deepEqual(giving.draftsOf({ ...form, truck: null }, ORG).map(({ data }) => data.consignment), [undefined, undefined]);
});

test("a dispatch that was refused is said again over the offers that stand, and waits for them", async () => {
  const said = { subject: "consignment:x/T", data: { consignee: "org:x", un_number: "UN3480", plate: "粤B12345", offers: { count: 9, root: "old" } } };
  const ids = [`${"A".repeat(42)}A`];
  const draft = giving.dispatchAgain(said, ids);
  assert.deepEqual([draft.type, draft.subject, draft.withheld, draft.after], ["consignment.dispatched", said.subject, { plate: "粤B12345" }, ids]);
  assert.deepEqual(await draft.data([]), { consignee: "org:x", un_number: "UN3480", offers: await offersRoot(ids) });
});

test("the name of a truck is of capitals and digits, and no two of a day are alike", () => {
  const at = new Date("2026-11-23T23:59:59Z");
  assert.equal(giving.nameFor(at, Uint8Array.of(1, 2, 3)), "T-20261123-AEBA");
  assert.notEqual(giving.nameFor(at, Uint8Array.of(9, 2, 3)), giving.nameFor(at, Uint8Array.of(1, 2, 3)));
});

test("what is in use goes to nobody who only takes waste", () => {
  const lifecycle = { in_use: ["removed"], in_use_barred_to: ["recycler"], roles: [] };
  assert.deepEqual(giving.capacitiesOf(["recycler", "dealer", "carrier"], ["removed", "retired"], lifecycle), ["dealer"]);
  assert.deepEqual(giving.capacitiesOf(["recycler", "dealer"], ["retired"], lifecycle), ["recycler", "dealer"]);
});

test("packs are counted in any order and once, and what nobody expected stays apart", () => {
  const { taking: first, outcome } = taking.seen(taking.nothingYet(), expected, scan(3));
  assert.equal(outcome, "here");
  assert.equal(taking.seen(first, expected, scan(3)).outcome, "again");
  const { taking: second, outcome: other } = taking.seen(first, expected, scan(9));
  assert.equal(other, "unexpected");
  assert.equal(taking.seen(second, expected, scan(9)).outcome, "again");
  const { here, missing } = taking.countOf(second, expected);
  assert.deepEqual([here.map(({ offer }) => offer), missing.map(({ offer }) => offer)], [["o3"], ["o1", "o2"]]);
  assert.deepEqual(taking.countOf(taking.unseen(second, pack(3)), expected).here, []);
  assert.deepEqual(taking.unseen(second, pack(9)).unexpected, []);
});

test("what came is accepted as it was offered, what is sent back declined, and the arrival names what is missing", () => {
  let kept = see(taking.nothingYet(), scan(1), scan(2, "typed"), scan(9));
  kept = taking.told(kept, pack(1), { mass_g: 430_500, condition: "damaged" });
  kept = { ...taking.told(kept, pack(2), { declined: "wrong_battery" }), seal: "no", mass_g: 900_000, note: "wet" };
  const drafts = taking.draftsOf(kept, expected, { consignment: "consignment:x/T", site: "gate" });
  assert.deepEqual(drafts.map(({ type, data }) => [type, data]), [
    ["handover.accepted", { offer: "o1", capacity: "recycler", condition: "damaged", read_by: "camera", mass: { g: 430_500, basis: "measured" }, site: "gate" }],
    ["handover.declined", { offer: "o2", reason: "wrong_battery" }],
    ["consignment.arrived", { arrived: 2, missing: [pack(3)], unexpected: ["04QPB76836300JBC40000009"], mass: { g: 900_000, basis: "measured" }, seal_intact: false, note: "wet" }],
  ]);
  assert.deepEqual(drafts.map(({ behind }) => behind), [{ seq: 1, id: "o1" }, { seq: 2, id: "o2" }, undefined], "each right behind its offer");
  kept = taking.claimed(kept, pack(9), true);
  assert.deepEqual(taking.draftsOf(kept, expected, { consignment: "consignment:x/T", site: "" }).at(-1), {
    type: "custody.claimed", subject: `notes:${pack(9)}`, data: { basis: "unexpected_on_truck", note: "consignment:x/T" },
  });
  kept = taking.claimed(kept, pack(9), false);
  assert.equal(taking.draftsOf(kept, expected, { consignment: "", site: "" }).length, 2, "without a dispatch there is no arrival to tell");
});

const row = (id, subjects, links = [], state = "here") => ({ id, ids: [id], subjects, links, state, events: [`${id}.`], iss: ORG });

test("what is shown brings along what it stands on and the log does not have", () => {
  const rows = [
    row("sent", ["a"], [], "accepted"), row("retired", ["a"], ["sent"]), row("other", ["z"]), row("void", ["a"], [], "refused"),
    row("offer", ["a"], ["retired"]), row("group", ["b", "v"]), row("of b", ["b"], ["group"]), row("later", ["a"], ["offer"]),
  ];
  const found = needed(rows, ({ id }) => id === "offer" || id === "of b");
  assert.deepEqual(found.map(({ id }) => id), ["retired", "offer", "group", "of b"]);
  assert.deepEqual(submissionsOf(found)[0], ["retired."]);
  // One that is named, though on another chain, comes too; and one that is accepted if it is asked for itself.
  assert.deepEqual(needed([row("a", ["x"]), row("b", ["y"], ["a"])], ({ id }) => id === "b").map(({ id }) => id), ["a", "b"]);
  assert.deepEqual(needed([row("a", ["x"], [], "accepted")], () => true).map(({ id }) => id), ["a"]);
});
