// The list that grows while one scans: each battery once, and what the steps are that all of them can take.

/**
 * @typedef {{subject: string, code: string, token: string, read_by: string, kind: string, remarks: string[], at: string}} Scan
 * @typedef {{type: string, zh: string, en: string, allowed: boolean, why?: {code: string, values?: object}}} Step
 * @typedef {"added" | "again" | "label" | "second"} Outcome `again`: it is in the list. `label`: it is, and now with the
 *   token of its label. `second`: it is, with the token of another label; the first stays, and somebody must look.
 */

/**
 * Adds a scan.
 * @param {readonly Scan[]} rows the newest last
 * @param {Scan} scan
 * @returns {{rows: readonly Scan[], outcome: Outcome}}
 */
export function addScan(rows, scan) {
  const at = rows.findIndex((row) => row.subject === scan.subject);
  if (at < 0) return { rows: [...rows, scan], outcome: "added" };
  const known = rows[at];
  if (!scan.token || scan.token === known.token) return { rows, outcome: "again" };
  if (known.token) return { rows, outcome: "second" };
  return { rows: replaced(rows, at, scan), outcome: "label" };
}

/**
 * Takes a battery off the list.
 * @param {readonly Scan[]} rows
 * @param {string} subject
 * @returns {readonly Scan[]}
 */
export const removeScan = (rows, subject) => rows.filter((row) => row.subject !== subject);

/**
 * What can be done with many at once: each step that is lawful for one of them at least, those first that are lawful
 * for most, otherwise as the table orders them.
 * @param {readonly {subject: string, steps: readonly Step[]}[]} each
 * @returns {{type: string, zh: string, en: string, subjects: string[], barred: {subject: string, why: object | null}[]}[]}
 *   `subjects` are those for which it is lawful, `barred` the others
 */
export function sharedSteps(each) {
  const found = new Map();
  for (const { steps } of each) {
    for (const { type, zh, en, allowed } of steps) {
      if (allowed && !found.has(type)) found.set(type, { type, zh, en, subjects: [], barred: [] });
    }
  }
  for (const shared of found.values()) {
    for (const { subject, steps } of each) {
      const step = steps.find(({ type }) => type === shared.type);
      if (step?.allowed) shared.subjects.push(subject);
      else shared.barred.push({ subject, why: step?.why ?? null });
    }
  }
  return [...found.values()].sort((one, other) => other.subjects.length - one.subjects.length);
}

const replaced = (rows, at, row) => [...rows.slice(0, at), row, ...rows.slice(at + 1)];
