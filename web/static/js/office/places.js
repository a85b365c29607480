// Where the chains of many packs end, learnt at once, so that what is signed at the desk stands where it says.
import { api } from "../device/api.js";
import { keepAnswers, lookUp } from "../device/known.js";
import { Refused } from "./fetch.js";

const HEADS = 5_000; // at once

/** @typedef {{subject: string, seq: number, head: string | null}} Head */

/**
 * Learns of those that this device has never heard of; the others are known better by what it has.
 * @param {string[]} subjects
 * @returns {Promise<Head[]>} of those that were asked for; `seq` is -1 where the log has nothing
 * @throws {import("../device/api.js").Offline | Refused}
 */
export async function learnPlaces(subjects) {
  const unknown = [];
  for (const subject of new Set(subjects)) if (!(await lookUp(subject))) unknown.push(subject);
  const found = [];
  for (let at = 0; at < unknown.length; at += HEADS) {
    const { status, ok, body } = await api("/heads", { json: { codes: unknown.slice(at, at + HEADS) } });
    if (!ok) throw new Refused(status, body);
    found.push(...body.heads.filter(({ problem }) => !problem).map(({ subject, seq, head }) => ({ subject, seq, head })));
  }
  await keepAnswers(found);
  return found;
}
