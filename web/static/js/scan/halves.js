// Codes that are printed in two parts: GB/T 34014 lets the design part (14 characters) and the production part (10) stand in
// symbols of their own. Two halves are put together only when somebody says so: they may be of two batteries.
import { readCode, narrow, unwrap } from "../core/batterycode.js";
import { Refusal } from "../core/refusal.js";

const FIRST = /^[A-Z0-9]{3}[PMC][A-GZ][A-Z0-9]{9}$/;
const SECOND = /^[1-9A-HJ-NPRSTV-Y][1-9A-C][0-9A-HJ-NPRSTV-Y][0-9]{7}$/;

/**
 * @param {string} raw what was scanned
 * @returns {{part: "first" | "second", text: string} | null} null where it is no half
 */
export function halfOf(raw) {
  const text = unwrap(narrow(raw)).toUpperCase();
  if (FIRST.test(text)) return { part: "first", text };
  return SECOND.test(text) ? { part: "second", text } : null;
}

/**
 * Remembers the last half of each kind for a minute.
 * @param {number} [keepMs]
 * @returns {{add: (half: {part: "first" | "second", text: string}, at: number) => string | null}} `add` gives the whole code
 *   where the other half is known and both together are one
 */
export function makeHalves(keepMs = 60_000) {
  const kept = { first: null, second: null };
  return {
    add(half, at) {
      kept[half.part] = { text: half.text, at };
      const { first, second } = kept;
      if (!first || !second || Math.abs(first.at - second.at) > keepMs) return null;
      try {
        return readCode(first.text + second.text).code;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return null;
      }
    },
  };
}
