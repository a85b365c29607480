import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { base64, base64url, parseBase64, parseBase64url } from "../../web/static/js/core/base64url.js";
import { utf8 } from "../../web/static/js/core/bytes.js";
import { formatCompact, parseCompact } from "../../web/static/js/core/compact.js";
import { Refusal } from "../../web/static/js/core/refusal.js";
import { isNfc, toNfc } from "../../web/static/js/core/unicode.js";
import { chance, here, hex, refused, text, withCases } from "./support.mjs";

const FOLDER = here("docs/vectors/compact");
const NAMES = readdirSync(FOLDER).filter((name) => existsSync(`${FOLDER}/${name}/compact.json`));

function refusalOf(bytes, limit) {
  try {
    parseCompact(bytes, limit);
    return null;
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return { at: error.at, expected: error.expected, got: error.got };
  }
}

for (const name of NAMES) {
  const bytes = new Uint8Array(readFileSync(`${FOLDER}/${name}/compact.json`));
  if (name.endsWith("_fail")) {
    test(`vector ${name} is refused at its byte, in the words of the vector`, () => {
      const { at, expected, got } = JSON.parse(readFileSync(`${FOLDER}/${name}/expected.json`, "utf8"));
      assert.deepEqual(refusalOf(bytes), { at, expected, got });
    });
  } else {
    test(`vector ${name} is read, and written as it was`, () => {
      assert.deepEqual(formatCompact(parseCompact(bytes)), bytes);
    });
  }
}

withCases("documents changed by chance are judged as Python judges them, to the byte and the word", ({ compact }) => {
  assert.ok(compact.length > 1000);
  let taken = 0;
  for (const { data, refusal } of compact) {
    const bytes = hex(data);
    assert.deepEqual(refusalOf(bytes), refusal, JSON.stringify(text(bytes)));
    taken += refusal ? 0 : 1;
  }
  assert.ok(taken > 50 && taken < compact.length / 2);
});

withCases("texts are in NFC where Python finds them so", ({ nfc }) => {
  for (const { text: given, is_nfc } of nfc) assert.equal(isNfc(given), is_nfc, escape(given));
});

test("characters that Unicode assigned after 15.1 neither move nor join others", () => {
  // U+0897 (16.0) is a mark above; as an unassigned character it stays where it is, before a mark below.
  const later = "a\u0897\u0316";
  assert.ok(isNfc(later));
  assert.equal(toNfc(later), later);
  assert.equal(isNfc("e\u0301\u0897"), false);
  assert.equal(toNfc("e\u0301\u0897"), "\u00e9\u0897");
});

test("a member called __proto__ is a member, and changes no object", () => {
  const bytes = utf8('{"__proto__":{"polluted":true},"constructor":1}');
  const value = parseCompact(bytes);
  assert.equal({}.polluted, undefined);
  assert.equal(value.polluted, undefined);
  assert.deepEqual(formatCompact(value), bytes);
});

test("what compact form can't say is not written", async () => {
  const wrong = [null, 0.5, NaN, 2 ** 53, undefined, () => 1, new Date(0), new Map(), 1n, "\u0000", "e\u0301", "\ud800"];
  for (const value of wrong) await refused("NON_CANONICAL_ENCODING", () => formatCompact({ a: value }));
  for (const name of ["", "1a", "a-b", "电", "a".repeat(65), "...."]) {
    await refused("NON_CANONICAL_ENCODING", () => formatCompact({ [name]: 1 }));
  }
  let deep = 1;
  for (let level = 0; level < 17; level++) deep = [deep];
  await refused("NON_CANONICAL_ENCODING", () => formatCompact(deep));
  await refused("NON_CANONICAL_ENCODING", () => formatCompact({ a: "x".repeat(100) }, 50));
  // A value that would write itself does not get to.
  await refused("NON_CANONICAL_ENCODING", () => formatCompact({ a: { toJSON: () => 1 } }));
});

test("whatever is written is read as the same value", () => {
  const next = chance(5);
  const texts = ["", "电池", "🔋", 'a"b\\c', "line\nfeed", "/<>&'", "\u00e9"];
  const make = (depth) => {
    const kind = next(depth > 4 ? 3 : 5);
    if (kind === 0) return texts[next(texts.length)];
    if (kind === 1) return next(2) ? next(2 ** 31) : -next(2 ** 31) - 1;
    if (kind === 2) return next(2) === 1;
    if (kind === 3) return Array.from({ length: next(4) }, () => make(depth + 1));
    return Object.fromEntries(Array.from({ length: next(4) }, (_, at) => [`m${at}`, make(depth + 1)]));
  };
  for (let round = 0; round < 300; round++) {
    const value = { v: make(1) };
    const bytes = formatCompact(value);
    assert.equal(text(bytes), JSON.stringify(value));
    assert.deepEqual(JSON.parse(JSON.stringify(parseCompact(bytes))), value);
  }
});

test("base64url has one text for each byte string", async () => {
  const next = chance(7);
  for (let round = 0; round < 500; round++) {
    const bytes = Uint8Array.from({ length: next(40) }, () => next(256));
    assert.equal(base64url(bytes), Buffer.from(bytes).toString("base64url"));
    assert.deepEqual(parseBase64url(base64url(bytes)), bytes);
    assert.deepEqual(parseBase64(base64(bytes), "it"), bytes);
    const text = Array.from({ length: next(8) }, () => "AQgwBZz09-_+/= \u00e9"[next(16)]).join("");
    const canonical = Buffer.from(text, "base64url").toString("base64url") === text;
    if (canonical) assert.equal(base64url(parseBase64url(text)), text);
    else await refused("NON_CANONICAL_ENCODING", () => parseBase64url(text), text);
    const standard = Buffer.from(text, "base64").toString("base64") === text;
    if (!standard) await refused("NON_CANONICAL_ENCODING", () => parseBase64(text, "it"), text);
  }
  for (const text of ["=", "A===", "====", "AB==", "AA==\n"]) {
    await refused("NON_CANONICAL_ENCODING", () => parseBase64(text, "it"), text);
  }
});
