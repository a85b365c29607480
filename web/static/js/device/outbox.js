// What this phone signed: kept until the log has it, and after that with its receipt. Nothing is ever dropped.
import { change, get, transact } from "./db.js";
import { advance, rebuild } from "./known.js";
import { readPresentation } from "./presentation.js";
import { inOrder, rowOf } from "./row.js";
import { changed } from "./signals.js";
import { soon } from "./sync.js";

export { adopt, letGo, parkedElsewhere } from "./parked.js";
export { onChange, alone } from "./signals.js";
export { flush } from "./sync.js";
export { resign } from "./resign.js";
export { readFile, saveFile } from "./files.js";

/** @typedef {import("./row.js").Row} Row */

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
  const row = { ...rowOf(events, signed, after), said, evidence };
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

/** @returns {Promise<Row[]>} in the order in which they are sent */
export const rows = () =>
  transact("outbox", "readonly", (store, keep) => {
    const request = store.getAll();
    request.onsuccess = () => keep(inOrder(request.result));
  });

/** @param {string} id @returns {Promise<Row | null>} */
export const row = (id) => get("outbox", id);

/** @returns {Promise<number>} how many are signed and not yet recorded, whatever keeps them, but for those put aside */
export const waiting = async () => (await rows()).filter(({ state, aside }) => state !== "accepted" && !aside).length;

/**
 * Sends a row again as it is, at once: what was refused may be taken now, and who waits need not wait longer.
 * @param {string} id
 * @returns {Promise<void>}
 */
export async function retry(id) {
  const fresh = { state: "here", why: null, next_at: 0, aside: false };
  const again = (now) => (now && now.state !== "accepted" ? { ...now, ...fresh } : null);
  await change("outbox", id, again);
  const kept = await get("outbox", id);
  for (const subject of kept?.subjects ?? []) await rebuild(subject);
  changed("outbox");
  soon();
}

/**
 * Keeps a record that another device parked, as a row of this one.
 * @param {Omit<Row, "order">} made
 * @returns {Promise<Row>}
 */
export async function keepAdopted(made) {
  const row = { ...made, order: Date.now() };
  await change("outbox", row.id, (now) => now ?? row);
  changed("outbox");
  return get("outbox", row.id);
}

/**
 * Puts a record aside that is settled in another way: it stays on the phone, and asks nobody for anything.
 * @param {string} id of one that was refused, or is parked here alone
 * @returns {Promise<void>}
 */
export async function putAside(id) {
  const isAlone = (now) => now?.state === "refused" || (now?.state === "parked" && !now.shared);
  await change("outbox", id, (now) => (isAlone(now) ? { ...now, state: "refused", aside: true } : null));
  changed("outbox");
}
