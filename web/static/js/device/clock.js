// What time it is: the device's clock, put right by what the node's answers say. Phones in a yard are minutes off.
import { keepSetting, setting } from "./settings.js";

const NOTICED = 2_000; // ms; HTTP's Date has whole seconds, and answers take their time
const BEYOND = 366 * 86_400_000; // ms; a clock that differs more is not one to follow

let offset = 0;
let isRead = false;

async function read() {
  if (isRead) return;
  isRead = true;
  const kept = await setting("clock_offset_ms", 0);
  if (Number.isSafeInteger(kept)) offset = kept;
}

/** @returns {Promise<Date>} now, as the node would have it */
export async function now() {
  await read();
  return new Date(Date.now() + offset);
}

/** @returns {Promise<number>} by how much the device is behind the node, in ms; negative where it is ahead */
export async function clockOffset() {
  await read();
  return offset;
}

/** @returns {Promise<string>} now, as `occurred_at` has it: UTC in whole seconds */
export const occurredNow = async () => `${(await now()).toISOString().slice(0, 19)}Z`;

/**
 * Learns from the `Date` of an answer of the node.
 * @param {string | null} date
 * @param {number} askedAt when the request was sent, by the device's clock, in ms
 * @returns {Promise<void>}
 */
export async function learnClock(date, askedAt) {
  const said = Date.parse(date ?? "");
  if (Number.isNaN(said)) return;
  await read();
  const found = said - Math.round((askedAt + Date.now()) / 2);
  if (Math.abs(found - offset) <= NOTICED || Math.abs(found) > BEYOND) return;
  offset = Math.abs(found) <= NOTICED ? 0 : found;
  await keepSetting("clock_offset_ms", offset);
}
