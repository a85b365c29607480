// What an organisation has to do with, sorted from what its phone knows: held, offered, on the way, waiting.

/** @typedef {Record<string, any> & {subject: string}} Known a row of device/known.js */
/**
 * @typedef {{held: Known[], offered: Known[], given: Known[], expected: Known[], sent: Known[], own: Known[], waiting: Known[]}} Stock
 *   `offered` to this organisation, `given`: offered by it and not answered, `expected` and `sent`: consignments on the road,
 *   `own`: open batches, `waiting`: held for long, the longest first
 */

export const LONG_DAYS = 30;
const DAY = 86_400_000; // ms

/**
 * @param {Known[]} rows
 * @param {string} org
 * @param {Date} now
 * @returns {Stock}
 */
export function stockOf(rows, org, now) {
  const held = rows.filter((row) => partOf(row, org, now) === "held");
  const of = (part) => rows.filter((row) => partOf(row, org, now) === part).sort(bySubject);
  const waiting = held.filter((row) => (daysHere(row, now) ?? 0) >= LONG_DAYS).sort((one, other) => daysHere(other, now) - daysHere(one, now));
  return {
    held: held.sort(bySubject),
    offered: of("offered").sort((one, other) => ends(one) - ends(other)),
    given: held.filter((row) => isOpen(row, now)).sort((one, other) => ends(one) - ends(other)),
    expected: of("expected"), sent: of("sent"), own: of("own"), waiting,
  };
}

/**
 * What this organisation has to do with a subject: as the node said, and as the own records that wait have changed it.
 * @param {Known} row
 * @param {string} org
 * @param {Date} now
 * @returns {"held" | "offered" | "expected" | "sent" | "own" | ""}
 */
export function partOf(row, org, now) {
  const kind = row.subject.slice(0, row.subject.indexOf(":"));
  if (kind !== "battery" && kind !== "lot") return row.part ?? "";
  if (custodianIn(row) === org) return "held";
  if (row.offer?.consignee === org && isOpen(row, now)) return "offered";
  // Of a row without details the node's word stands, unless an own record came after it.
  return row.custodian === undefined && !row.ahead?.length ? (row.part ?? "") : "";
}

const custodianIn = ({ custodian }) => (typeof custodian === "object" ? custodian?.id : custodian);

/** @param {Known} row @param {Date} now @returns {boolean} whether it is under an offer that stands */
export const isOpen = (row, now) => Boolean(row.offer?.consignee) && ends(row) > now.getTime();

const ends = (row) => Date.parse(row.offer?.expires_at ?? "") || Infinity;
const bySubject = (one, other) => (one.subject < other.subject ? -1 : 1);

/** @param {Known} row @param {Date} now @returns {number | null} whole days since it is so, by the log's clock */
export function daysHere(row, now) {
  const since = Date.parse(row.since ?? "");
  return Number.isFinite(since) ? Math.max(0, Math.floor((now.getTime() - since) / DAY)) : null;
}

/** @param {Known} row @returns {string} at which of the organisation's sites, where that was said */
export const siteOf = (row) => (typeof row.facts?.site === "string" ? row.facts.site : typeof row.site === "string" ? row.site : "");

/**
 * Those that fit what somebody typed and chose.
 * @param {Known[]} rows
 * @param {{end?: string, stage?: string, site?: string}} wanted `end`: the last characters of the code, in any case
 * @returns {Known[]}
 */
export function filtered(rows, { end = "", stage = "", site = "" }) {
  const tail = end.replace(/\s/g, "").toUpperCase();
  return rows.filter((row) =>
    (!tail || row.subject.toUpperCase().endsWith(tail)) && (!stage || row.stage === stage) && (!site || siteOf(row) === site));
}

/** @param {Known[]} rows @param {(row: Known) => string} what @returns {[value: string, count: number][]} the most first */
export function counted(rows, what) {
  const counts = new Map();
  for (const row of rows) if (what(row)) counts.set(what(row), (counts.get(what(row)) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
}
