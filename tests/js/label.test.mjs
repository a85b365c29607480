import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { BLANKS, narrow, readCode } from "../../web/static/js/core/batterycode.js";
import { accept, labelDigest, slipToken } from "../../web/static/js/core/label.js";
import { Refusal } from "../../web/static/js/core/refusal.js";
import { chance, here, withCases } from "./support.mjs";

const HOSTS = ["labels.packtrace.example", "yard.local:8443"];
const CODE = "04QPB76836300JBC40000903";
const SUBJECT = `battery:gbt34014:${CODE}`;
const PRODUCT = "ZP1PB52G490000001RP";
const TOKEN = "MFRGGZDFMZTWQ2LKNNWG";
const OURS = `https://labels.packtrace.example/p/${CODE}.${TOKEN}`;
const read = (text) => accept(text, { hosts: HOSTS });

test("our label is read in whatever case, width and wrapping a scanner gives it", () => {
  const plain = { kind: "label", code: CODE, token: TOKEN, subject: SUBJECT, subjects: [SUBJECT], remarks: [] };
  const wide = [...OURS].map((letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)).join("");
  for (const text of [OURS, OURS.toLowerCase(), OURS.toUpperCase(), `]Q1${OURS}\r\n`, `  ${OURS}\t`, OURS.slice(8), `${OURS}/`, `${OURS}?x=1#y`, OURS.replace("/p/", "/p/\r\n")]) {
    assert.deepEqual(read(text), plain, text);
  }
  assert.deepEqual(read(wide), { ...plain, remarks: ["WIDE_CHARACTERS"] });
  const typed = OURS.replaceAll(".", "。").replaceAll("/", "、");
  assert.deepEqual(read(typed), plain);
  assert.equal(read(`https://yard.local:8443/p/${PRODUCT}.${TOKEN}`).code, PRODUCT);
});

test("a bare code is read, and our page of a code without a token", () => {
  assert.deepEqual(read(CODE), { kind: "code", code: CODE, subject: SUBJECT, subjects: [SUBJECT], remarks: [] });
  assert.equal(read(`]d2${PRODUCT.toLowerCase()}`).code, PRODUCT);
  assert.deepEqual(read(`${CODE}V1`).remarks, ["NON_STANDARD_TAIL"]);
  assert.equal(read(`https://labels.packtrace.example/p/${CODE}`).kind, "code");
});

test("what only looks like our label is told with the host that it pretends to be", () => {
  const hosts = [
    "labels.packtrace.example.evil.test", "labels.packtrace.example@evil.test", "evil.test@labels.packtrace.example",
    "1abels.packtrace.example", "labels.packtrace.exarnple", "labels.pаcktrace.example", "labels-packtrace.example",
    "labels.packtrace.examp1e", "labels.packtrace.shop", "label.packtrace.example", "xn--lbels-5ve.packtrace.example",
    "labels.packtrace.example:444", "labels.packtrace.example.", "láb\u200dels.packtrace.example", "yard.local:8444",
  ];
  for (const host of hosts) {
    const found = read(`https://${host}/p/${CODE}.${TOKEN}`);
    assert.equal(found.kind, "lookalike", host);
    assert.ok(HOSTS.includes(found.like));
    assert.equal("code" in found || "token" in found, false, "nothing of it is used");
  }
  assert.equal(read(OURS.replace("https", "http")).kind, "lookalike");
  assert.equal(read(`https://evil.test\\@labels.packtrace.example/p/${CODE}.${TOKEN}`).kind, "lookalike");
});

test("what is somebody else's is told, with a code that stands in it", () => {
  assert.deepEqual(read(`https://maker.test/b?c=${CODE}`), { kind: "foreign", host: "maker.test", code: CODE });
  assert.deepEqual(read("https://电池.test/x"), { kind: "foreign", host: "电池.test", code: "" });
  for (const text of ["javascript:alert(1)", "weixin://dl/x", "WIFI:S:yard;;", "tel:+86", "data:text/html,x", "intent:x"]) {
    const scheme = `${text.split(":")[0].toLowerCase()}:`;
    assert.deepEqual(read(text), { kind: "foreign", host: scheme, code: "" });
  }
  const other = read("https://labels.packtrace.example/enrol#secret");
  assert.deepEqual(other, { kind: "page", host: "labels.packtrace.example", path: "/enrol#secret" });
});

test("a truck's slip is read in whatever case a scanner gives its token, and says the consignment", () => {
  const slip = `https://labels.packtrace.example/c/uscc:91440300MA5000002N/T-20261123.A.${TOKEN}`;
  const plain = { kind: "slip", subject: "consignment:uscc:91440300MA5000002N/T-20261123.A", token: TOKEN, remarks: [] };
  for (const text of [slip, slip.toUpperCase(), `]Q1${slip}\r\n`, slip.slice(8), `${slip}/`, `${slip}?lang=en`, slip.replace("uscc:", "uscc%3A"), slip.replace("/T", "/\r\nT")]) {
    assert.deepEqual(read(text), plain, text);
  }
  assert.equal(read(slip.replace("labels.", "1abels.")).kind, "lookalike");
  assert.equal(read(slip.replace("https", "http")).kind, "lookalike");
  assert.deepEqual(read(slip.replace("labels.packtrace.example", "maker.test")), { kind: "foreign", host: "maker.test", code: "" });
});

test("a slip of another form is unreadable, and no message repeats its token", () => {
  const slip = `https://labels.packtrace.example/c/uscc:91440300MA5000002N/T-1.${TOKEN}`;
  const wrong = [slip.slice(0, -1), `${slip}A`, slip.replace(`.${TOKEN}`, ""), slip.replace("uscc:", "org:"), slip.replace("T-1", "T%2F1"), slip.replace("/T-1", ""), slip.replace("T-1", "-T"), slip.replace("91440300MA5000002N", "9144")];
  for (const text of wrong) {
    const { kind, refusal } = read(text);
    assert.equal(kind, "unreadable", text);
    assert.equal(refusal.code, "LABEL_MALFORMED", text);
    assert.doesNotMatch(refusal.message, /FRGGZ/);
  }
});

test("what another phone shows is told apart from a label", () => {
  const frame = `PTF1${"MFRGGZDF".repeat(8)}`;
  assert.deepEqual(read(`]Q1${frame.toLowerCase()}\n`), { kind: "frame", text: frame });
  assert.equal(read("PTF1MFRG").kind, "unreadable", "too short to be one");
});

test("a damaged label is unreadable, and says where", () => {
  const wrong = {
    BATTERY_CODE_INVALID: ["04Q", "", "电池", CODE.replace("C4", "D4")],
    LABEL_MALFORMED: [OURS.slice(0, -1), `${OURS.replace(".M", "M")}`, OURS.replace(TOKEN, "1".repeat(20)), `${OURS}A`, OURS.replace(TOKEN, ""), `https://x.test/${"a".repeat(400)}`],
  };
  for (const [code, texts] of Object.entries(wrong)) {
    for (const text of texts) {
      const { kind, refusal } = read(text);
      assert.equal(kind, "unreadable", text);
      assert.equal(refusal.code, code, text);
      assert.doesNotMatch(refusal.message, /FRGGZ/, "a token is not repeated");
      assert.match(refusal.message, /expected .*, got /);
      assert.match(refusal.message, /^[\x20-\x7e]*$/, "quoted in ASCII");
    }
  }
});

test("any text is accepted as something, and nothing is thrown", () => {
  const next = chance(11);
  const pieces = [..."]Q1:/.@?#\\ %\n\r\t\x00<>\"'", OURS, CODE, TOKEN, "https://", "labels.packtrace.example", "/p/", "。", "\u202e", "\ud800", "🔋"];
  for (let round = 0; round < 3000; round++) {
    const text = Array.from({ length: next(6) }, () => pieces[next(pieces.length)]).join("");
    const found = read(text);
    if (found.kind === "label") assert.ok(text.toUpperCase().includes(CODE) && text.toUpperCase().includes(TOKEN), text);
  }
});

const { hosts: VECTOR_HOSTS, cases: VECTORS } = JSON.parse(readFileSync(here("docs/vectors/scans/cases.json"), "utf8"));

test("published scans are what they say", () => {
  for (const { name, text, kind, says } of VECTORS) {
    const found = accept(text, { hosts: VECTOR_HOSTS });
    assert.equal(found.kind, kind, name);
    if (kind === "label" || kind === "code") {
      const { code, subjects, token = "", remarks } = found;
      assert.deepEqual({ ...says, code, subjects, token, remarks }, says, name);
      assert.equal(found.subject, subjects[0]);
    }
    if (found.refusal) assert.doesNotMatch(found.refusal.message, /ABCDEFGH/, name);
  }
});

withCases("scans that were changed by chance are read as Python reads them", ({ scans }) => {
  const counted = { label: 0, code: 0, other: 0 };
  for (const { text, says } of scans) {
    const found = accept(text, { hosts: VECTOR_HOSTS });
    const isOurs = says !== null && ["", ...VECTOR_HOSTS].includes(says.host) && !/http:/i.test(narrow(text).replace(BLANKS, ""));
    assert.equal(found.kind === "label" || found.kind === "code", isOurs, `${JSON.stringify(text)} ${JSON.stringify(found)}`);
    if (isOurs) {
      const { code, subjects, token = "", remarks } = found;
      assert.deepEqual({ ...says, code, subjects, token, remarks }, says, JSON.stringify(text));
    }
    counted[isOurs ? found.kind : "other"] += 1;
  }
  for (const [kind, count] of Object.entries(counted)) assert.ok(count > 200, `${kind}: ${count}`);
});

test("a battery's subject may be typed as it stands", () => {
  const subject = "battery:tag:uscc:91440300MA5000002N/Tag-7.b";
  const code = subject.slice("battery:tag:".length);
  assert.deepEqual(read(subject), { kind: "code", code, subject, subjects: [subject], remarks: [] });
  assert.equal(read(subject.replace("2N", "2M")).kind, "foreign", "a check digit that does not fit");
  assert.equal(read(`battery:iso15459:${CODE}`).kind, "foreign", "which would be a second chain");
});

withCases("label texts are read, remarked and refused as Python does, to the position", ({ labels }) => {
  const seen = new Set();
  for (const { text, code, remarks, refusal } of labels) {
    let found;
    try {
      found = { ...readCode(text), refusal: null };
    } catch (error) {
      assert.ok(error instanceof Refusal, String(error));
      found = { code: null, remarks: [], refusal: { at: error.at, expected: error.expected, got: error.got } };
    }
    assert.deepEqual(found, { code, remarks, refusal }, JSON.stringify(text));
    for (const remark of remarks) seen.add(remark);
    seen.add(refusal ? "refused" : "read");
  }
  const every = ["AMBIGUOUS_LETTER", "JOINED_LINES", "NON_STANDARD_TAIL", "WIDE_CHARACTERS", "read", "refused"];
  assert.deepEqual([...seen].sort(), every);
});

withCases("a label has the digest that Python gives it", async ({ label_digests }) => {
  for (const { code, token, digest } of label_digests) assert.equal(await labelDigest(code, token), digest);
});

withCases("a slip has the token that Python gives it", async ({ slip_tokens }) => {
  for (const { subject, nonce, token } of slip_tokens) assert.equal(await slipToken(subject, nonce), token);
});
