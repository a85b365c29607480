import assert from "node:assert/strict";
import { test } from "node:test";
import { filled } from "../../web/static/js/record/filled.js";
import { followers, newVehicle } from "../../web/static/js/record/groups.js";
import { linesOf } from "../../web/static/js/record/review.js";
import { check, dataOf } from "../../web/static/js/record/schema.js";
import { LEADER, compose } from "../../web/static/js/record/statement.js";
import { readTyped } from "../../web/static/js/record/typed.js";
import { withCases } from "./support.mjs";

const PACK = "battery:gbt34014:04QPB76836300JBC40000903";
const MODULE = PACK.replace("04QP", "04QM");
const DIGEST = "A".repeat(43);
const plain = (value) => JSON.parse(JSON.stringify(value));
const telling = (language) => ({ language, t: (text, values = {}) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]) });
const statementOf = (type, data) => compose({
  type, subject: PACK, data, occurredAt: "2026-11-23T04:40:00Z", place: { seq: 2, prev: DIGEST }, iss: "org:duns:111111111", aud: "log.packtrace.example/test",
});

/** Each value of a statement with its place. */
function* leaves(value, pointer = "") {
  if (typeof value === "object" && value !== null && Object.keys(value).length) {
    for (const [name, inner] of Object.entries(value)) yield* leaves(inner, `${pointer}/${name}`);
  } else yield [pointer, typeof value === "object" ? JSON.stringify(value) : String(value)];
}

withCases("no value of any statement is missing from the sheet, and none is on it that is not signed", ({ shapes }) => {
  let count = 0;
  for (const { type, data, where } of shapes) {
    if (where.length) continue;
    const statement = statementOf(type, data);
    const lines = linesOf(statement, {}, telling("zh"));
    assert.deepEqual(lines.map(({ pointer, raw }) => [pointer, raw]).sort(), [...leaves(plain(statement))].sort(), type);
    for (const { label, text, pointer } of lines) assert.ok(label.trim() && text.trim(), `${type} ${pointer}: ${label}, ${text}`);
    count += lines.length;
  }
  assert.ok(count > 5_000, String(count));
});

test("what is withheld is on the sheet in words, and marked as withheld", () => {
  const lines = linesOf(statementOf("battery.taken_in", { condition: "intact" }), { token: "ABCDEFGHIJ234567QRST" }, telling("en"));
  const line = lines.find(({ pointer }) => pointer === "/data/token");
  assert.deepEqual([line.raw, line.isWithheld], ["ABCDEFGHIJ234567QRST", true]);
  assert.ok(lines.filter(({ isWithheld }) => isWithheld).length === 1);
});

test("hostile text stands on the sheet as it is signed, and is read by no machine", () => {
  const note = "<img src=x onerror=alert(1)> intact";
  const [line] = linesOf(statementOf("battery.inspected", { note }), {}, telling("en")).filter(({ pointer }) => pointer === "/data/note");
  assert.equal(line.text, note);
  assert.equal(line.raw, note);
});

test("words of a list are told in words, and numbers in their unit", () => {
  const data = { mass: { g: 437_500, basis: "shared_ticket" }, soh_permille: 873, clears_damage: true, children: [], reason: "intact" };
  const said = Object.fromEntries(linesOf(statementOf("battery.inspected", data), {}, telling("en")).map(({ pointer, label, text }) => [pointer, `${label}: ${text}`]));
  assert.equal(said["/data/mass/g"], "Mass: 437.5 kg");
  assert.equal(said["/data/mass/basis"], "Mass: Known by: weighing ticket of the load");
  assert.equal(said["/data/soh_permille"], "State of health: 87.3 %");
  assert.equal(said["/data/clears_damage"], "The damage is cleared: it may be used again: yes");
  assert.equal(said["/data/children"], "What came out, with codes: none");
  assert.equal(said["/sub"], "About: 04QPB768 36300JBC 40000903");
});

withCases("what is typed becomes what the schema asks for, and nothing is invented", ({ schemas }) => {
  const schema = dataOf(schemas["battery.taken_in"]);
  const typed = {
    capacity: "collector", read_by: "camera", token: "ABCDEFGHIJ234567QRST", condition: "intact", mass: { g: " 437,5 ", basis: "measured", scale_g: "0.5" },
    site: "", not_measured: { soh: "no device", mass: " " }, evidence: [],
  };
  const { data, withheld, problems } = readTyped(schema, typed);
  assert.deepEqual(problems, []);
  assert.deepEqual(plain(data), {
    capacity: "collector", read_by: "camera", mass: { g: 437_500, basis: "measured", scale_g: 500 }, condition: "intact", not_measured: [{ what: "soh", reason: "no device" }],
  });
  assert.deepEqual(withheld, { token: "ABCDEFGHIJ234567QRST" });
  assert.deepEqual(check(schema, { ...data }, "/data"), []);
});

withCases("wrong input is told at its place, with what was expected", ({ schemas }) => {
  const wrong = (type, typed) => readTyped(dataOf(schemas[type]), typed).problems.map(({ pointer, code }) => `${pointer} ${code}`);
  assert.deepEqual(wrong("battery.taken_in", {}), ["/data/capacity MISSING", "/data/read_by MISSING", "/data/condition MISSING"]);
  const base = { capacity: "collector", read_by: "camera", condition: "intact" };
  assert.deepEqual(wrong("battery.taken_in", { ...base, mass: { g: "about 400", basis: "measured" } }), ["/data/mass/g NUMBER"]);
  assert.deepEqual(wrong("battery.taken_in", { ...base, mass: { g: "0.0005", basis: "measured" } }), ["/data/mass/g DIGITS"]);
  assert.deepEqual(wrong("battery.taken_in", { ...base, mass: { g: "99999999999", basis: "measured" } }), ["/data/mass/g RANGE"]);
  assert.deepEqual(wrong("battery.taken_in", { ...base, token: "short" }), ["/data/token LENGTH"]);
  assert.deepEqual(wrong("battery.moved", { site: "no spaces here" }), ["/data/site FORM"]);
  assert.deepEqual(wrong("battery.inspected", { condition: "intact", note: "left\u202eright" }), ["/data/note CHARACTER"]);
  assert.deepEqual(wrong("battery.dismantled", { mass: { g: "1", basis: "measured" }, children: [{ battery: "04QP", g: "1" }], residues: [] }), ["/data/children/0/battery CODE"]);
  assert.deepEqual(wrong("handover.offered", { consignee: "org:duns:1", capacity: "dealer", expires_at: "soon" }), ["/data/expires_at TIME", "/data/consignee FORM"]);
});

withCases("a code that is typed becomes a subject, and a local time UTC", ({ schemas }) => {
  const { data } = readTyped(dataOf(schemas["battery.dismantled"]), {
    mass: { g: "400", basis: "measured" }, children: [{ battery: "０４qmb76836300jbc40000903", g: "350.25" }], residues: [{ line: "1", kind: "casing", g: "49.75" }],
  });
  assert.deepEqual(plain(data.children), [{ battery: MODULE, g: 350_250 }]);
  assert.deepEqual(plain(data.residues), [{ line: 1, kind: "casing", g: 49_750 }]);
  const offer = readTyped(dataOf(schemas["handover.offered"]), { expires_at: "2026-12-01T08:00:00+08:00" });
  assert.equal(offer.data.expires_at, "2026-12-01T00:00:00Z");
});

withCases("what the log knows is filled in as Python fills it in", ({ filled: cases, lifecycle }) => {
  const types = new Set();
  for (const { type, known, data } of cases) {
    const found = plain(filled(type, known, lifecycle));
    // A mass of a child is somebody's to weigh: Python leaves a placeholder there.
    if (found.children) assert.deepEqual(found.children.map(({ battery }) => battery), data.children.map(({ battery }) => battery));
    const { children, ...rest } = found;
    const { children: _, ...expected } = data;
    assert.deepEqual(rest, expected, `${type} of ${JSON.stringify(known)}`);
    if (Object.keys(data).length) types.add(type);
  }
  assert.ok(types.size >= 8, [...types].join());
});

withCases("what follows a statement in its group says what Python says of it", ({ groups, lifecycle }) => {
  for (const { first, known, parts, asked } of groups) {
    const found = followers(first, known, { asked: { data: asked, withheld: {} }, isNew: true, lifecycle });
    assert.deepEqual(found.map(({ type, subject }) => [type, subject]), parts.map(({ type, subject }) => [type, subject]), first.type);
    for (const [at, { type, data }] of parts.entries()) {
      const said = plain(found[at].data);
      for (const [member, value] of Object.entries(data)) assert.deepEqual(said[member], value, `${type}/${member}`);
    }
  }
  assert.equal(groups.length, 8);
  assert.equal(LEADER, "<id of the first>");
});

test("a vehicle that is new has a name of chance", () => {
  const names = new Set(Array.from({ length: 50 }, newVehicle));
  assert.equal(names.size, 50);
  for (const name of names) assert.match(name, /^vehicle:[A-Za-z0-9_-]{21}[AQgw]$/);
});
