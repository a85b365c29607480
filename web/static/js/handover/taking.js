// Taking over: what was expected, what came, and what that says. Pure: the page shows it, and keeps it as a draft.

/** @typedef {{subject: string, offer: string, seq: number, capacity: string, mass_g: number | null, expires_at: string}} Expected */
/** @typedef {{read_by: string, at: string, condition: string, mass_g: number | null, declined: string}} Tick */
/**
 * @typedef {{ticks: Record<string, Tick>, unexpected: {subject: string, code: string, token: string | null, read_by: string, isClaimed: boolean}[],
 *   seal: "" | "yes" | "no", mass_g: number | null, note: string}} Taking `declined`: why it is not taken over, or empty
 */

export const CONDITIONS = ["intact", "damaged", "opened", "leaking", "burnt", "unknown"];
export const REASONS = ["damaged", "mass_differs", "wrong_battery", "not_expected", "other"];
const MOST_NAMED = 100; // unexpected ones that an arrival can name
const MOST_MISSING = 200;

/** @returns {Taking} */
export const nothingYet = () => ({ ticks: {}, unexpected: [], seal: "", mass_g: null, note: "" });

/**
 * A label was scanned.
 * @param {Taking} taking
 * @param {Expected[]} expected
 * @param {{subject: string, code: string, token?: string | null, read_by: string, at: string}} scan
 * @returns {{taking: Taking, outcome: "here" | "again" | "unexpected"}} `again`: it was counted before
 */
export function seen(taking, expected, { subject, code, token = null, read_by, at }) {
  if (!expected.some((each) => each.subject === subject)) {
    if (taking.unexpected.some((each) => each.subject === subject)) return { taking, outcome: "again" };
    return { taking: { ...taking, unexpected: [...taking.unexpected, { subject, code, token, read_by, isClaimed: false }] }, outcome: "unexpected" };
  }
  if (taking.ticks[subject]) return { taking, outcome: "again" };
  const tick = { read_by, at, condition: "intact", mass_g: null, declined: "" };
  return { taking: { ...taking, ticks: { ...taking.ticks, [subject]: tick } }, outcome: "here" };
}

/** @param {Taking} taking @param {string} subject @returns {Taking} it was counted by mistake */
export function unseen(taking, subject) {
  const { [subject]: _, ...ticks } = taking.ticks;
  return { ...taking, ticks, unexpected: taking.unexpected.filter((each) => each.subject !== subject) };
}

/** @param {Taking} taking @param {string} subject @param {Partial<Tick>} members @returns {Taking} */
export const told = (taking, subject, members) =>
  ({ ...taking, ticks: { ...taking.ticks, [subject]: { ...taking.ticks[subject], ...members } } });

/** Says that one that was not expected is here, whoever holds it. @param {Taking} taking @param {string} subject @returns {Taking} */
export const claimed = (taking, subject, isClaimed) =>
  ({ ...taking, unexpected: taking.unexpected.map((each) => (each.subject === subject ? { ...each, isClaimed } : each)) });

/** @param {Taking} taking @param {Expected[]} expected @returns {{here: Expected[], missing: Expected[]}} */
export const countOf = (taking, expected) => ({
  here: expected.filter(({ subject }) => taking.ticks[subject]),
  missing: expected.filter(({ subject }) => !taking.ticks[subject]),
});

/**
 * The statements of a taking-over: an answer for each pack that came, and what arrived with the consignment.
 * @param {Taking} taking
 * @param {Expected[]} expected those that can be answered
 * @param {{consignment: string, site: string}} where `consignment`: empty where there is none whose arrival can be told
 * @returns {import("./signing.js").Draft[]}
 */
export function draftsOf(taking, expected, { consignment, site }) {
  const { here, missing } = countOf(taking, expected);
  const answers = here.map((each) => answer(each, taking.ticks[each.subject], site));
  const claims = taking.unexpected.filter(({ isClaimed }) => isClaimed).map(({ subject }) => claim(subject, consignment));
  if (!consignment) return [...answers, ...claims];
  const data = {
    arrived: here.length,
    missing: missing.slice(0, MOST_MISSING).map(({ subject }) => subject),
    unexpected: taking.unexpected.slice(0, MOST_NAMED).map(({ code }) => code.slice(0, 100)),
    ...(taking.mass_g ? { mass: { g: taking.mass_g, basis: "measured" } } : {}),
    ...(taking.seal ? { seal_intact: taking.seal === "yes" } : {}),
    ...(taking.note ? { note: taking.note } : {}),
  };
  return [...answers, { type: "consignment.arrived", subject: consignment, data }, ...claims];
}

/** It moves no custody, and stands in the notes of the battery for who holds it to see. */
const claim = (subject, consignment) => ({
  type: "custody.claimed",
  subject: `notes:${subject}`,
  data: { basis: consignment ? "unexpected_on_truck" : "on_our_premises", note: consignment || "-" },
});

/** Types that answer offers: what is shown to the other phone. */
export const ANSWERS = ["handover.accepted", "handover.declined", "consignment.arrived"];

function answer({ subject, offer, seq, capacity }, { read_by, condition, mass_g, declined }, site) {
  const behind = { seq, id: offer };
  if (declined) return { type: "handover.declined", subject, behind, data: { offer, reason: declined } };
  const mass = mass_g ? { mass: { g: mass_g, basis: "measured" } } : {};
  return { type: "handover.accepted", subject, behind, data: { offer, capacity, condition, read_by, ...mass, ...(site ? { site } : {}) } };
}
