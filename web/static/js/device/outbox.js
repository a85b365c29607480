// What this phone signed: kept until the log has it, and after that with its receipt. Nothing is ever dropped.
import { get, transact } from "./db.js";
import { advance } from "./known.js";
import { linksOf, readPresentation } from "./presentation.js";
import { changed } from "./signals.js";
import { soon } from "./sync.js";

export { onChange, alone } from "./signals.js";
export { flush } from "./sync.js";
export { resign } from "./resign.js";
export { readFile, saveFile } from "./files.js";

/** @typedef {"here" | "sending" | "accepted" | "refused" | "parked"} RowState */
/**
 * One submission: an event, or a group that stands or falls together, in order.
 * @typedef {{id: string, events: string[], ids: string[], subjects: string[], links: string[], type: string, subject: string,
 *   occurred_at: string, iss: string, kid: string, said: any, state: RowState, why: import("./verdicts.js").Why | null,
 *   receipts: any[], order: number, tries: number, next_at: number, evidence: string[], parked_id?: string,
 *   before?: {events: string[], why: any}[]}} Row
 */

/**
 * Puts a submission on the phone, durably, and counts it where the next one will stand.
 * @param {{presentation: string} | string | ({presentation: string} | string)[]} submission in the order of the group
 * @param {{said?: any, evidence?: string[], after?: string[]}} [with_] `said`: what is shown of it; `evidence`: SHA-256 of
 *   what goes with it; `after`: ids of events that have to be recorded before it, beside those that it names
 * @returns {Promise<Row>}
 * @throws {import("../core/refusal.js").Refusal} it can't be read: nothing that was not signed is kept
 */
export async function add(submission, { said = null, evidence = [], after = [] } = {}) {
  const events = [submission].flat().map((each) => (typeof each === "string" ? each : each.presentation));
  const signed = await Promise.all(events.map(readPresentation));
  const made = await rowOf(events, signed);
  const row = { ...made, links: [...new Set([...made.links, ...after])], said, evidence };
  const kept = await transact("outbox", "readwrite", (rows, keep) => {
    const request = rows.getAll();
    request.onsuccess = () => {
      const same = request.result.find(({ id }) => id === row.id);
      if (same) return keep(same);
      // A clock that is put back must not put a record before one that it stands on.
      const last = request.result.reduce((most, { order }) => Math.max(most, order), 0);
      const next = { ...row, order: Math.max(Date.now(), last + 1) };
      rows.add(next);
      return keep(next);
    };
  });
  for (const { statement, id } of signed) await advance(statement, id);
  changed("outbox");
  soon();
  return kept;
}

/**
 * The members of a row that follow from what was signed.
 * @param {string[]} events
 * @param {import("./presentation.js").Signed[]} signed
 * @returns {Promise<Omit<Row, "said" | "evidence" | "order">>}
 */
export async function rowOf(events, signed) {
  const [{ statement, kid }] = signed;
  const ids = signed.map(({ id }) => id);
  return {
    id: ids.at(-1), events, ids, subjects: [...new Set(signed.map((each) => each.statement.sub))],
    links: [...new Set(signed.flatMap((each) => linksOf(each.statement)))].filter((id) => !ids.includes(id)),
    type: statement.type, subject: statement.sub, occurred_at: statement.occurred_at, iss: statement.iss, kid,
    state: "here", why: null, receipts: [], tries: 0, next_at: 0,
  };
}

/** @returns {Promise<Row[]>} in the order in which they are sent */
export const rows = () =>
  transact("outbox", "readonly", (store, keep) => {
    const request = store.getAll();
    request.onsuccess = () => keep(inOrder(request.result));
  });

/** @param {string} id @returns {Promise<Row | null>} */
export const row = (id) => get("outbox", id);

/** @param {Row[]} found @returns {Row[]} */
export const inOrder = (found) => found.sort((one, other) => one.order - other.order || (one.id < other.id ? -1 : 1));

/** @returns {Promise<number>} how many are signed and not yet recorded, whatever keeps them */
export const waiting = async () => (await rows()).filter(({ state }) => state !== "accepted").length;
