// What types of events, stages and findings are called, made by the node from the life cycle and the catalogue of findings.
import { either } from "../ui/texts.js";

/** @typedef {{zh: string, en: string}} Both */
/**
 * @typedef {{types: Record<string, Both & {stage: string, custody: string}>, stages: Record<string, Both>, in_use: string[],
 *   findings: Record<string, Both & {severity: string, step: number}>}} Words
 */

/** @type {Promise<Words> | null} */
let kept = null;

/** @returns {Promise<Words>} without any, where they can't be had: then codes are shown as they are */
export function words() {
  kept ??= load();
  return kept;
}

async function load() {
  try {
    const answer = await fetch(new URL("../../texts/words.json", import.meta.url), { credentials: "omit" });
    if (answer.ok) return await answer.json();
  } catch {
    // Codes say it too.
  }
  return { types: {}, stages: {}, in_use: [], findings: {} };
}

/** A word of a table, or the code itself. @param {Record<string, any>} table @param {string} code */
export const word = (table, code) => (Object.hasOwn(table, code) ? either(table[code]) : code);
