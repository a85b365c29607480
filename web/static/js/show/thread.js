// The story of one battery, as its signed events tell it: what was said, when, by whom, and what became of it.
//
// Statements come as they were signed, and no schema was checked: any member may be anything.

/** @typedef {import("../core/replay.js").Event} Event */
/** @typedef {import("../core/findings.js").Finding} Finding */
/** @typedef {{g: number, basis: string, scale_g: number | null}} Mass */
/** @typedef {{custodian: string, stage: string, capacity: string}} Standing `custodian`: an organisation, or nobody, none, parent */
/**
 * @typedef {{what: "event" | "note", event: Event, wrong: Finding[], unsure: Finding[], holds: boolean, isVoided: boolean,
 *   notes: Item[], mass: Mass | null, difference: {g: number, permille: number} | null, before: Standing, after: Standing,
 *   late_s: number | null}} Item `holds`: signature and place were checked, and nothing is wrong; `late_s`: from the claimed
 *   time to the log's; null where there is none
 */
/** @typedef {{what: "gap", from: number, to: number}} Gap seq numbers that are missing */
/** @typedef {{items: (Item | Gap)[], head: {seq: number, id: string} | null, standing: Standing, isWrong: boolean}} Thread */

const WASTE_AT = { recycler: "at_recycler", repurposer: "at_repurposer", pack_dismantler: "at_dismantler", vehicle_dismantler: "at_dismantler" };
const NOWHERE = Object.freeze({ custodian: "none", stage: "-", capacity: "" });

/**
 * @param {string} subject
 * @param {Event[]} own its events and the notes on it, in the order of the log
 * @param {Finding[]} findings
 * @param {import("./words.js").Words} words
 * @returns {Thread}
 */
export function threadOf(subject, own, findings, words) {
  const items = own.map((event) => itemOf(event, subject, findings));
  const chain = items.filter(({ what }) => what === "event");
  const standing = stand(chain, words);
  const byId = new Map(items.map((item) => [item.event.id, item]));
  for (const item of chain) {
    const { type, data } = item.event.statement;
    const undone = type === "battery.voided" ? byId.get(text(data?.event)) : undefined;
    if (undone && item.holds) undone.isVoided = true;
  }
  const loose = attach(items, byId);
  weigh(chain);
  const shown = withGaps(items.filter((item) => item.what === "event" || loose.has(item)), isPart(items));
  const last = chain.at(-1)?.event;
  return {
    items: shown, head: last ? { seq: last.statement.seq, id: last.id } : null, standing,
    isWrong: items.some(({ wrong }) => wrong.length > 0) || shown.some(({ what }) => what === "gap"),
  };
}

const isPart = (items) => items.some(({ what }) => what === "event");

function itemOf(event, subject, findings) {
  const of = findings.filter(({ leaf, id }) => (id !== undefined ? id === event.id : leaf === event.leaf));
  const wrong = of.filter(({ severity }) => severity === "ERROR");
  return {
    what: event.statement.sub === subject ? "event" : "note", event, wrong,
    unsure: of.filter(({ severity }) => severity !== "ERROR"),
    holds: event.signed && event.linked && !wrong.length, isVoided: false, notes: [], mass: massOf(event.statement.data),
    difference: null, before: NOWHERE, after: NOWHERE, late_s: lateness(event),
  };
}

/** Notes go into the thread of the event that they are about; those about none stand by themselves. */
function attach(items, byId) {
  const loose = new Set();
  for (const item of items.filter(({ what }) => what === "note")) {
    const { data } = item.event.statement;
    const about = byId.get(text(data?.event)) ?? byId.get(text(data?.hold));
    if (about && about !== item && !isAbout(about, item, byId)) about.notes.push(item);
    else loose.add(item);
  }
  return loose;
}

/** Whether one note hangs on another, so that none hangs on itself: ids can't go round, but a forged bundle's may look so. */
function isAbout(item, other, byId) {
  const seen = new Set();
  for (let at = item; at && !seen.has(at); at = byId.get(text(at.event.statement.data?.event))) {
    if (at === other) return true;
    seen.add(at);
  }
  return false;
}

function withGaps(items, hasChain) {
  const shown = [];
  let next = 0;
  for (const item of items) {
    const { seq } = item.event.statement;
    if (item.what === "event") {
      if (hasChain && seq > next) shown.push({ what: "gap", from: next, to: seq - 1 });
      next = Math.max(next, seq + 1);
    }
    shown.push(item);
  }
  return shown;
}

// ---- masses ----

/** @param {any} data @returns {Mass | null} */
export function massOf(data) {
  const { g, basis, scale_g } = data?.mass ?? {};
  return Number.isSafeInteger(g) ? { g, basis: text(basis), scale_g: Number.isSafeInteger(scale_g) ? scale_g : null } : null;
}

/** Each mass against the one before it, corrected ones as they were corrected. */
function weigh(chain) {
  let last = null;
  for (const item of chain) {
    const corrected = item.notes.filter(({ event, holds }) => holds && event.statement.type === "note.corrected");
    const masses = corrected.map(({ event }) => massOf(event.statement.data?.set)).filter(Boolean);
    const mass = masses.at(-1) ?? item.mass;
    if (!mass || item.isVoided) continue;
    if (last && last.g > 0 && mass.g !== last.g) {
      item.difference = { g: mass.g - last.g, permille: Math.round(((mass.g - last.g) * 1000) / last.g) };
    }
    last = mass;
  }
}

// ---- times ----

function lateness({ statement: { occurred_at }, recordedAt }) {
  const seconds = (Date.parse(recordedAt) - Date.parse(occurred_at)) / 1000;
  return Number.isFinite(seconds) ? Math.round(seconds) : null;
}

// ---- custody ----

/** Who held it and where it stood after each event, by the columns of the life cycle's table. It judges nothing. */
function stand(chain, words) {
  let now = NOWHERE;
  const past = [];
  for (const item of chain) {
    item.before = now;
    // What is wrong moves nothing; what is not judged is told as it was said.
    if (!item.wrong.length) now = after(item.event, now, past, words);
    item.after = now;
    past.push(item);
  }
  return now;
}

function after({ id, statement }, before, past, words) {
  const { type, iss } = statement;
  const data = typeof statement.data === "object" && statement.data !== null ? statement.data : {};
  const row = Object.hasOwn(words.types, type) ? words.types[type] : null;
  if (!row) return before;
  if (type === "battery.voided") return past.find((item) => item.event.id === data.event && item.event.id !== id)?.before ?? before;
  let capacity = text(data.capacity) || before.capacity;
  let { custodian } = before;
  if (row.custody === "signer" || row.custody === "consignee") custodian = iss;
  else if (row.custody === "nobody" || row.custody === "none") custodian = row.custody;
  else if (row.custody === "parent") custodian = "parent";
  else if (row.custody === "named") custodian = text(data.party);
  else if (row.custody === "declared") custodian = data.holder === "signer" ? iss : "nobody";
  if (custodian === "nobody" || custodian === "parent") capacity = "";
  return { custodian, stage: stageAfter(row.stage, data, before, past, words), capacity };
}

function stageAfter(rule, data, before, past, words) {
  const isInUse = words.in_use.includes(before.stage);
  const waste = Object.hasOwn(WASTE_AT, data.capacity) ? WASTE_AT[data.capacity] : "retired";
  const same = before.stage;
  switch (rule) {
    case "same": return same;
    case "waste": return waste;
    case "intake": return isInUse && ["dealer", "repairer"].includes(data.capacity) ? same : waste;
    case "waste_or_same": return isInUse ? same : waste;
    case "declared": case "returned": return text(data.stage) && data.stage !== "waste" ? data.stage : waste;
    case "restored": return past.findLast((item) => item.event.statement.type === "battery.lost")?.before.stage ?? same;
    case "parent": return "";
    default: return Object.hasOwn(words.stages, rule) ? rule : same;
  }
}

// ---- what is named ----

const SUBJECT = /^(?:battery|vehicle|consignment|batch|lot|model):[!-~]{1,160}$/;
const LINKED = /^(?:battery|consignment|batch|lot):/;
/** @param {string} said @returns {boolean} whether it names a thing, and is no word */
export const isSubject = (said) => SUBJECT.test(said);
const PARENTS = new Set(["parent", "sources", "predecessor"]);
const CHILDREN = new Set(["children", "components", "took_out", "put_in", "product"]);

/**
 * The things that a statement names and that people look up, each once.
 * @param {any} data
 * @returns {{subject: string, as: "parent" | "child" | "other"}[]}
 */
export function namedIn(data) {
  const found = new Map();
  for (const [name, value] of entries(data)) {
    const as = PARENTS.has(name) ? "parent" : CHILDREN.has(name) ? "child" : "other";
    each(value, 0, (said) => isSubject(said) && LINKED.test(said) && !found.has(said) && found.set(said, as));
  }
  return [...found].map(([subject, as]) => ({ subject, as }));
}

function each(value, depth, visit) {
  if (typeof value === "string") visit(value);
  else if (depth < 16) for (const [, item] of entries(value)) each(item, depth + 1, visit);
}

const entries = (value) => (typeof value === "object" && value !== null ? Object.entries(value) : []);
export const text = (value) => (typeof value === "string" ? value : "");
