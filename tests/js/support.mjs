// What every unit asks for: the published vectors, the cases that Python wrote, seeded chance, and "is refused".
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Refusal } from "../../web/static/js/core/refusal.js";

/** A file of the checkout. */
export const here = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
export const hex = (text) => Uint8Array.from(text.match(/../g) ?? [], (digits) => parseInt(digits, 16));
export const b64 = (text) => new Uint8Array(Buffer.from(text, "base64"));
export const text = (bytes) => new TextDecoder().decode(bytes);

const VECTORS = process.env.PACKTRACE_VECTORS || here("../shared/vectors");
const CASES = process.env.PACKTRACE_JS_CASES;

/** Published test data, by its path below the folder of vectors. */
export const published = (path) => JSON.parse(readFileSync(`${VECTORS}/${path}`, "utf8"));
export const vectorsFolder = VECTORS;

/** A test of published vectors; without them it says why it is skipped, and in CI it fails. */
export function withVectors(name, run) {
  const skip = !existsSync(VECTORS) && process.env.CI !== "true" && `no published test data at ${VECTORS}`;
  test(name, { skip }, run);
}

/** A test of cases that Python judged, which `pytest tests/web/test_js_units.py` writes before it runs this. */
export function withCases(name, run) {
  const skip = !CASES && process.env.CI !== "true" && "run by pytest tests/web/test_js_units.py, which writes the cases";
  test(name, { skip }, () => run(JSON.parse(readFileSync(CASES, "utf8"))));
}

/** What is refused, as its code; anything else that is thrown is a fault. */
export async function verdict(run) {
  try {
    await run();
    return "ok";
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.code;
  }
}

/** Asserts that it is refused with this code. */
export async function refused(code, run, message) {
  assert.equal(await verdict(run), code, message);
}

/** Numbers below `most` by a seed, the same on every run (mulberry32). */
export function chance(seed) {
  let state = seed;
  return (most) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % most;
  };
}

/** The bytes with one bit changed. */
export function flipped(bytes, bit = 0) {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] ^= 1 << (bit & 7);
  return copy;
}
