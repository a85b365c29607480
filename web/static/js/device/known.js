// What this device knows of batteries, lots and consignments, so that it can sign without a network.
//
// A row holds what the node last said (`base`), and what follows from the device's own records that wait (`ahead`), folded
// over it in their order. So a second record of a day stands on the first, though nobody has recorded that one yet.
import { advance as foldOne } from "../record/fold.js";
import { Offline, api } from "./api.js";
import { all, change, get, put, putAll } from "./db.js";
import { readPresentation } from "./presentation.js";

export { keepFresh, preload, preloaded } from "./preload.js";

/** @typedef {{seq: number, prev: string | null}} Place */
/**
 * @typedef {Record<string, any> & {subject: string, seq: number, head: string | null, ahead: string[],
 *   fetched_at: string | null}} Known
 */

const FOUND = 10_000; // ms for a look-up by hand; somebody stands before the pack and waits

/**
 * @param {string} subject
 * @returns {Promise<Known | null>} null where this device has never heard of it
 */
export const lookUp = (subject) => get("known", subject);

/** @returns {Promise<Known[]>} every subject that this device knows */
export const allKnown = () => all("known");

/**
 * Asks the node, where there is a network, and gives what is known then.
 * @param {string} subject
 * @returns {Promise<Known | null>}
 */
export async function refresh(subject) {
  try {
    const { status, body } = await api(`/subjects/${encodeURI(subject)}`, { patience: FOUND });
    if (status === 200 && body?.subject === subject) await keepAnswers([body]);
    else if (status === 404 && body?.code === "SUBJECT_UNKNOWN") await keepAnswers([unknown(subject)]);
  } catch (error) {
    if (!(error instanceof Offline)) throw error;
  }
  return lookUp(subject);
}

/**
 * Where the next event of a chain stands, as far as this device knows.
 * @param {string} subject
 * @returns {Promise<Place>} seq 0 for one that was never seen
 */
export async function place(subject) {
  const row = await lookUp(subject);
  return row && row.seq >= 0 ? { seq: row.seq + 1, prev: row.head } : { seq: 0, prev: null };
}

/**
 * Counts an own record that waits: the next one stands on it.
 * @param {Record<string, any>} statement
 * @param {string} id
 * @returns {Promise<Known>}
 */
export async function advance(statement, id) {
  const fold = await folding();
  return change("known", statement.sub, (row) => {
    const known = row ?? blank(statement.sub);
    return known.ahead.includes(id) ? known : ahead(known, statement, id, fold);
  });
}

/**
 * Keeps what the node said of subjects, and counts the own records that wait over it.
 * @param {any[]} answers each with `subject`, `seq` and `head`
 * @returns {Promise<void>}
 */
export async function keepAnswers(answers) {
  const at = new Date().toISOString();
  const waiting = await waitingEvents();
  const fold = await folding();
  const rows = [];
  for (const answer of answers.map(plain)) {
    const old = await get("known", answer.subject);
    // An answer may be older than what was learnt from a receipt meanwhile.
    const base = old?.base && old.base.seq > answer.seq ? old.base : { ...standing(old?.base, answer), ...answer };
    rows.push(over(base, waiting, fold, at));
  }
  await putAll("known", rows);
}

/**
 * Works a subject out anew from what the node last said and the records that wait now.
 * @param {string} subject
 * @param {Set<string>} [without] ids of events that are not to count, since they are signed anew
 * @returns {Promise<Known | null>}
 */
export async function rebuild(subject, without = new Set()) {
  const row = await lookUp(subject);
  if (!row) return null;
  const waiting = (await waitingEvents()).filter(({ id }) => !without.has(id));
  const known = over(row.base ?? unknown(subject), waiting, await folding(), row.fetched_at);
  await put("known", known);
  return known;
}

/**
 * Learns that an event is recorded: from a receipt, or from a refusal that names the head.
 * @param {string} subject
 * @param {{seq: number, head: string | null, statement?: Record<string, any>, recordedAt?: string | null}} said
 * @returns {Promise<void>}
 */
export async function learn(subject, { seq, head, statement, recordedAt }) {
  const fold = await folding();
  await change("known", subject, (row) => {
    const known = row ?? blank(subject);
    const base = known.base ?? unknown(subject);
    if (seq <= base.seq) return row;
    const told = statement && seq === base.seq + 1 ? fold(base, statement, head, recordedAt) : base;
    // What is known of it beside its place may be older than that.
    return { ...known, base: { ...told, subject, seq, head } };
  });
  await rebuild(subject);
}

// ---- how rows are made ----

/** What the yard told of it and a look at it alone does not, as long as nobody else has it now. */
function standing(before, { custodian, part }) {
  if (!before || part !== undefined || before.custodian !== custodian) return {};
  return { part: before.part, since: before.since };
}

/** Organisations by their ids; what they are called is told by `parties`, in the language of the page. */
const plain = (answer) => ({ ...answer, ...idOf(answer, "custodian", "none"), ...idOf(answer, "maker", "") });
const idOf = (answer, name, absent) => (typeof answer[name] === "object" ? { [name]: answer[name]?.id ?? absent } : {});

const unknown = (subject) => ({ subject, seq: -1, head: null });
const blank = (subject) => ({ ...unknown(subject), base: unknown(subject), ahead: [], fetched_at: null });

/** What the node last said, and over it the own records that stand on it. */
function over(base, waiting, fold, at) {
  let known = { ...base, base, ahead: [], fetched_at: at };
  for (const { statement, id } of waiting) {
    const isNext = statement.seq === known.seq + 1 && (statement.prev ?? null) === known.head;
    if (statement.sub === known.subject && isNext) known = ahead(known, statement, id, fold);
  }
  return known;
}

function ahead(known, statement, id, fold) {
  const { base, ahead: before, fetched_at, ...said } = known;
  const folded = fold(said, statement, id, null);
  return { ...folded, subject: known.subject, seq: statement.seq, head: id, base, ahead: [...before, id], fetched_at };
}

/** The own events that are signed and not yet recorded, in the order in which they will be sent. */
async function waitingEvents() {
  const rows = (await all("outbox")).filter(({ state }) => state === "here" || state === "sending");
  rows.sort((one, other) => one.order - other.order);
  const events = await Promise.all(rows.flatMap((row) => row.events.map(readPresentation)));
  return events.map(({ id, statement }) => ({ id, statement }));
}

/** What a statement does to what is known: the life cycle's own table, once this device has it. */
async function folding() {
  const lifecycle = (await get("data", "lifecycle"))?.value ?? null;
  return (known, statement, id, recordedAt) => {
    if (!lifecycle) return known; // its place in the chain is counted all the same
    try {
      return foldOne(known, statement, id, recordedAt ?? null, lifecycle);
    } catch (error) {
      console.error("what follows from an own record could not be worked out", error);
      return known;
    }
  };
}
