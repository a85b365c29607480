// What one frame, photo or line says, with all the symbols in it: one battery, or several, of which a person chooses.

/** @typedef {import("../core/label.js").Accepted} Accepted */
/** @typedef {{text: string, format: string, accepted: Accepted}} Seen */

/**
 * Sorts out what was seen together. A label and the bare code of one battery are one battery; what names none gives way to
 * what does. Two batteries are never chosen from here.
 * @param {Seen[]} seen at least one
 * @returns {{one: Seen} | {several: Seen[]}}
 */
export function sortOut(seen) {
  const named = new Map();
  for (const each of seen) {
    const subject = subjectOf(each.accepted);
    if (!subject) continue;
    const before = named.get(subject);
    if (!before || rank(each.accepted) > rank(before.accepted)) named.set(subject, each);
  }
  const found = [...named.values()];
  if (found.length === 1) return { one: found[0] };
  if (found.length > 1) return { several: found };
  // What pretends to be ours is told before what is merely unknown.
  return { one: [...seen].sort((one, other) => rank(other.accepted) - rank(one.accepted))[0] };
}

const RANKS = { label: 9, slip: 9, code: 8, foreign: 3, lookalike: 5, page: 4, frame: 4, unreadable: 1 };
const rank = ({ kind }) => RANKS[kind] ?? 0;

/** What it is about: a battery, a consignment, or a battery whose code stands in somebody else's address. */
const subjectOf = (accepted) =>
  accepted.subject ?? (accepted.kind === "foreign" && accepted.code ? `battery:gbt34014:${accepted.code}` : "");
