// Which rows of the outbox another phone has to have, so that what is shown to it stands on something. Pure.

/** @typedef {import("../device/outbox.js").Row} Row */

/**
 * Rows that are shown, with those before them that the log does not have yet and on which they stand.
 * @param {Row[]} rows of the outbox, in order
 * @param {(row: Row) => boolean} isWanted
 * @returns {Row[]} in order
 */
export function needed(rows, isWanted) {
  const subjects = new Set();
  const ids = new Set();
  const found = [];
  for (const row of [...rows].reverse()) {
    const carries = row.subjects.some((subject) => subjects.has(subject)) || row.ids.some((id) => ids.has(id));
    if (!isWanted(row) && !(carries && row.state !== "accepted" && row.state !== "refused")) continue;
    found.unshift(row);
    row.subjects.forEach((subject) => subjects.add(subject));
    row.links.forEach((id) => ids.add(id));
  }
  return found;
}

/** Own offers of a consignment, or of some batteries, and the dispatch. @param {{org: string, ids: Set<string>}} said */
export const isOfferOf = ({ org, ids }) => (row) => row.iss === org && row.ids.some((id) => ids.has(id));

/** @param {Row[]} rows @returns {string[][]} submissions, as they are packed */
export const submissionsOf = (rows) => rows.map(({ events }) => events);
