import assert from "node:assert/strict";
import { test } from "node:test";
import { NumberError, check, dataOf, formatDecimal, parseDecimal } from "../../web/static/js/record/schema.js";
import { chance, withCases } from "./support.mjs";

withCases("a statement's content is found wrong if and only if the log finds it wrong, at the same place", ({ shapes, schemas }) => {
  const counts = { right: 0, wrong: 0 };
  for (const { type, data, where } of shapes) {
    const problems = check(dataOf(schemas[type]), data, "/data");
    const said = `${type} ${JSON.stringify(data)}: ${JSON.stringify(problems)}; the log: ${where}`;
    assert.equal(problems.length > 0, where.length > 0, said);
    const found = problems.map(({ pointer }) => pointer);
    for (const place of where) assert.ok(found.some((each) => each === place || each.startsWith(`${place}/`)), said);
    counts[where.length ? "wrong" : "right"] += 1;
  }
  assert.ok(counts.right > 300 && counts.wrong > 600, JSON.stringify(counts));
});

test("a schema with a keyword that is not known decides nothing", () => {
  assert.throws(() => check({ type: "string", not: {} }, "x"), TypeError);
});

test("a mass is what was typed, to the gram", () => {
  const good = { "437.5": 437_500, "0.001": 1, 438: 438_000, "438.": 438_000, "438.000000": 438_000, "1,25": 1_250, "４３８．５": 438_500, " 7 ": 7_000 };
  for (const [text, grams] of Object.entries(good)) assert.equal(parseDecimal(text, 3), grams, text);
  for (const text of ["", "-1", "1e3", "1.2.3", "1 000", "1,000.5", "NaN", "0x10", "９９９９９９９９９９９９９９９９", "٣", "1/2", "½"]) {
    assert.throws(() => parseDecimal(text, 3), (error) => error instanceof NumberError && error.code === "KIND", text);
  }
  assert.throws(() => parseDecimal("0.0005", 3), (error) => error instanceof NumberError && error.code === "DIGITS");
  assert.throws(() => parseDecimal("1.5", 0), (error) => error instanceof NumberError && error.code === "DIGITS");
  assert.equal(parseDecimal("0.1", 3) + parseDecimal("0.2", 3), parseDecimal("0.3", 3));
});

test("numbers are written and read without loss", () => {
  const below = chance(5);
  for (let round = 0; round < 3_000; round++) {
    const value = below(2 ** 31) * (round % 2 ? 1 : 1_000);
    for (const digits of [0, 1, 3]) assert.equal(parseDecimal(formatDecimal(value, digits), digits), value);
  }
  assert.equal(formatDecimal(437_500, 3), "437.5");
  assert.equal(formatDecimal(1, 3), "0.001");
  assert.equal(formatDecimal(873, 1), "87.3");
});
