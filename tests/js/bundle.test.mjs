import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { base64url } from "../../web/static/js/core/base64url.js";
import { verifyBundle, verifyReceipt } from "../../web/static/js/core/bundle.js";
import { utf8 } from "../../web/static/js/core/bytes.js";
import { checkStatement, parseEntry } from "../../web/static/js/core/entry.js";
import { Findings, KINDS } from "../../web/static/js/core/findings.js";
import { isJoint, usesOf } from "../../web/static/js/core/registry.js";
import { parseTrust } from "../../web/static/js/core/trust.js";
import { readZip } from "../../web/static/js/core/zip.js";
import { b64, chance, flipped, here, refused, verdict, withCases } from "./support.mjs";

const ORIGIN = "packtrace.example/cn";
const read = (path) => new Uint8Array(readFileSync(path));
const trustOf = async ({ trust }) => (trust ? parseTrust(utf8(trust)) : null);

/**
 * What the browser found, as `CODE@leaf`, in alphabetical order. What rests on a refused event the command tells by the life
 * cycle as well, and so more of it.
 */
const said = ({ findings }) =>
  findings.filter(({ code }) => code !== "DEPENDS_ON_REFUTED").map(({ code, leaf }) => `${code}@${leaf ?? ""}`).sort();

const reports = new Map(); // of the cases that were verified already

async function verifyCase(each) {
  const key = `${each.path} ${each.name}`;
  if (!reports.has(key)) reports.set(key, await verifyAnew(each));
  return reports.get(key);
}

async function verifyAnew(each) {
  const checkpoints = each.checkpoints.map((note) => utf8(note));
  const trust = await trustOf(each);
  if (each.receipt) return verifyReceipt(b64(each.receipt), { trust });
  return verifyBundle(await readZip(read(each.path)), { trust, checkpoints });
}

withCases("bundles and receipts, whole and tampered with, are judged as the command judges them", async ({ bundles }) => {
  assert.ok(bundles.length > 60);
  const verdicts = new Set();
  for (const each of bundles) {
    const report = await verifyCase(each);
    const errors = new Set(report.findings.filter(({ severity }) => severity === "ERROR").map(({ code }) => code));
    assert.deepEqual([...errors].sort(), each.errors, each.name);
    assert.equal(report.checked, each.checked, each.name);
    // The command stops at the first receipt that it can't read; the browser goes on and tells what else is amiss.
    if (report.kind === "log") assert.deepEqual(said(report), each.findings, each.name);
    assert.notEqual(report.verdict, "VERIFIED", "a browser does not do every step");
    assert.equal(report.verdict === "REFUTED", report.findings.some(({ severity }) => severity === "ERROR"));
    verdicts.add(report.checked);
  }
  assert.deepEqual([...verdicts].sort(), ["REFUTED", "UNDECIDED", "VERIFIED"]);
});

withCases("zips that are made to do harm are refused as the command refuses them", async ({ zips }) => {
  for (const { name, data, code } of zips) assert.equal(await verdict(() => readZip(b64(data))), code, name);
});

withCases("a report names what was not done, and is never taken for the whole", async ({ bundles }) => {
  const report = await verifyCase(bundles.find(({ name }) => name === "one battery"));
  assert.equal(report.kind, "battery");
  assert.deepEqual([report.verdict, report.checked], ["UNDECIDED", "VERIFIED"]);
  const step = (name) => report.steps.find((each) => each.name === name);
  for (const name of ["schema of each event", "life cycle and custody", "deadlines"]) {
    assert.deepEqual([step(name).isDone, step(name).verdict], [false, "UNDECIDED"]);
  }
  for (const name of ["registry", "signature of each event", "chains", "tree"]) {
    assert.deepEqual([step(name).isDone, step(name).verdict], [true, "VERIFIED"]);
  }
  const hasMlDsa = step("checkpoint signed with ML-DSA-44").isDone;
  assert.equal(report.uncheckedKeys.length, hasMlDsa ? 0 : 1);
  const own = report.events.filter(({ statement }) => statement.sub === report.subject);
  assert.ok(own.length > 3 && own.every(({ signed, linked }) => signed && linked));
  const receipt = await verifyCase(bundles.find(({ name }) => name === "receipt"));
  assert.equal(receipt.events.length, 1);
  assert.equal(receipt.events[0].signed, false, "nobody vouches for the signer of a receipt alone");
});

withCases("an error at a step shows at that step", async ({ bundles }) => {
  for (const each of bundles) {
    const report = await verifyCase(each);
    for (const { severity, step } of report.findings) {
      if (severity !== "ERROR") continue;
      assert.ok(report.steps.some((done) => done.step === step && done.verdict === "REFUTED"), each.name);
    }
  }
});

withCases("keys sign what the life cycle's table lets them sign", ({ uses }) => {
  assert.ok(uses.length > 60);
  for (const { type, expected, joint } of uses) {
    assert.deepEqual([...usesOf(type)].sort(), expected, type);
    assert.equal(isJoint(type), joint, type);
  }
});

withCases("codes have the severity and the step of the catalogue", ({ catalogue }) => {
  for (const [code, { severity, step }] of KINDS) assert.deepEqual(catalogue[code], { severity, step }, code);
});

test("nothing is found under a code that nobody knows, and a fault is no finding", () => {
  const findings = new Findings();
  assert.throws(() => findings.add("MADE_UP", ""), /no finding is called/);
  assert.throws(() => findings.addRefusal(new TypeError("a fault")), TypeError);
  assert.equal(findings.verdict(), "VERIFIED");
});

test("an entry is the bytes that the log writes, and nothing near them", async () => {
  const entry = '{"event":"a.b.c","recorded_at":"2026-11-23T04:40:01.123Z"}';
  assert.deepEqual(parseEntry(utf8(entry)), { event: "a.b.c", recordedAt: "2026-11-23T04:40:01.123Z" });
  const malformed = [`${entry} `, ` ${entry}`, entry.replace(":", ": "), entry.replace(".123", ""), "", "{}", entry.replace("a", "电")];
  malformed.push(entry.replace("a.b.c", "a".repeat(65_535)), `${entry}\n`);
  for (const each of malformed) await refused("ENTRY_MALFORMED", () => parseEntry(utf8(each)), each.slice(0, 80));
  for (const time of ["2026-02-30T04:40:01.123Z", "2026-11-23T24:00:00.000Z", "1969-12-31T23:59:59.999Z", "2026-13-01T00:00:00.000Z"]) {
    await refused("TIME_INVALID", () => parseEntry(utf8(entry.replace("2026-11-23T04:40:01.123Z", time))), time);
  }
});

test("a statement has its members and no others", async () => {
  const digest = base64url(new Uint8Array(32));
  const sound = {
    v: 1, aud: ORIGIN, nonce: base64url(new Uint8Array(16)), type: "battery.moved", sub: "battery:gbt34014:04QPB76836300JBC40000903",
    seq: 1, prev: digest, iss: "org:duns:150483782", occurred_at: "2026-11-23T04:40:00Z", data: {},
  };
  checkStatement(sound, ORIGIN);
  checkStatement(Object.fromEntries(Object.entries({ ...sound, seq: 0 }).filter(([name]) => name !== "prev")), ORIGIN);
  const wrong = {
    SCHEMA_INVALID: [
      { v: 0 }, { v: "1" }, { more: 1 }, { nonce: "short" }, { seq: 0 }, { seq: -1 }, { seq: "1" }, { prev: "x" }, { iss: "me" },
      { data: [] }, { data: "x" }, { type: "moved" }, { occurred_at: "today" }, { sub: 1 }, { aud: 1 },
    ],
    UNKNOWN_EVENT_VERSION: [{ v: 2 }],
    WRONG_AUDIENCE: [{ aud: "other.example" }],
    TIME_INVALID: [{ occurred_at: "2026-02-30T00:00:00Z" }],
    SUBJECT_INVALID: [{ sub: "pack:1" }, { sub: "" }],
    BATTERY_CODE_INVALID: [{ sub: "battery:gbt34014:04QPB76836300JBD40000903" }],
  };
  for (const [code, changes] of Object.entries(wrong)) {
    for (const change of changes) await refused(code, () => checkStatement({ ...sound, ...change }, ORIGIN), JSON.stringify(change));
  }
});

test("whatever bytes are verified, a report comes out", async () => {
  const next = chance(3);
  const proof = read(here("docs/vectors/example/receipt.tlog-proof"));
  const trust = await parseTrust(read(here("docs/vectors/example/trust.json")));
  assert.equal((await verifyReceipt(proof, { trust })).checked, "UNDECIDED");
  for (let round = 0; round < 150; round++) {
    const bytes = flipped(proof, next(proof.length * 8));
    const report = await verifyReceipt(bytes, { trust });
    // A bit of a signature that this browser can't check is not seen: the report says that it was not checked.
    if (report.checked === "UNDECIDED") assert.equal(report.uncheckedKeys.length, 1);
  }
  for (const bytes of [new Uint8Array(), utf8("{}"), utf8("c2sp.org/tlog-proof@v1\n"), utf8('{"id":1}'), new Uint8Array(999)]) {
    assert.notEqual((await verifyReceipt(bytes, { trust })).checked, "VERIFIED");
  }
  for (const name of ["checkpoint", "bundle.json"]) {
    assert.notEqual((await verifyBundle(new Map([[name, utf8("{}")]]), { trust })).checked, "VERIFIED");
  }
  assert.notEqual((await verifyBundle(new Map(), { trust: null })).checked, "VERIFIED");
});
