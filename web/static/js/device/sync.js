// Sends what waits, in order, from whichever page or service worker holds the lock: never two of them at once.
import { Offline, api } from "./api.js";
import { all, change } from "./db.js";
import { sendEvidence } from "./evidence.js";
import { reasonsOf } from "./explaining.js";
import { learn, rebuild } from "./known.js";
import { shareParked } from "./parked.js";
import { readPresentation } from "./presentation.js";
import { checkReceipt } from "./receipts.js";
import { inOrder } from "./row.js";
import { alone, changed, onChange } from "./signals.js";
import { backoff, judgeAnswer } from "./verdicts.js";

const TAG = "outbox";
const EVERY = 30_000; // ms between attempts while something waits
const TROUBLE = 3; // answers in a row that are none, after which the node is left alone for now

/** @typedef {import("./row.js").Row} Row */

/**
 * Sends every row that may go.
 * @param {{urgent?: boolean}} [how] `urgent`: also rows whose time to try again has not come
 * @returns {Promise<number>} how many are left that a later flush may send
 */
export const flush = ({ urgent = false } = {}) => alone("outbox", () => send(urgent));

async function send(urgent) {
  const done = new Set();
  let trouble = 0;
  for (;;) {
    const row = await next(done, urgent);
    if (!row) break;
    done.add(row.id);
    try {
      const reached = await sendOne(row);
      trouble = reached ? 0 : trouble + 1;
    } catch (error) {
      if (!(error instanceof Offline)) throw error;
      await settle(row, { state: "here", why: row.why });
      break;
    }
    if (trouble === TROUBLE) break;
  }
  const { left } = plan(await all("outbox"), Date.now(), false);
  return left + (await afterwards(urgent));
}

/** What follows once the records are sent: the bytes that they name, and what is shared with other devices. */
async function afterwards(urgent) {
  const missing = await sendEvidence();
  await shareParked({ urgent });
  return missing;
}

/** The first row that may be sent now. Rows are read anew each time: some may have come, or been signed anew. */
async function next(done, urgent) {
  const rows = await all("outbox");
  for (const row of plan(rows, Date.now(), urgent).barred) await park(row);
  return plan(rows, Date.now(), urgent).ready.find(({ id }) => !done.has(id)) ?? null;
}

/**
 * Which rows may be sent, which wait behind others, and which have nothing to stand on.
 * @param {Row[]} rows
 * @param {number} at now, in ms
 * @param {boolean} urgent
 * @returns {{ready: Row[], barred: Row[], left: number}} `barred`: they name a record that was refused; `left`: rows that
 *   some later flush may send without anybody's doing
 */
export function plan(rows, at, urgent) {
  const ready = [];
  const barred = [];
  const subjects = new Set(); // of rows that are still to go
  const ids = new Set();
  const refused = new Set();
  let left = 0;
  const hold = (row) => {
    row.subjects.forEach((subject) => subjects.add(subject));
    row.ids.forEach((id) => ids.add(id));
  };
  for (const row of inOrder(rows)) {
    if (row.state === "accepted") continue;
    if (row.state === "refused") row.ids.forEach((id) => refused.add(id));
    else if (row.state === "parked") hold(row);
    else if (row.links.some((id) => refused.has(id))) {
      barred.push(row);
      hold(row);
    } else if (row.subjects.some((subject) => subjects.has(subject)) || row.links.some((id) => ids.has(id))) hold(row);
    else {
      left += 1;
      if (urgent || row.next_at <= at) ready.push(row);
      hold(row);
    }
  }
  return { ready, barred, left };
}

/** Sends one row; whether the node answered as a node does. */
async function sendOne(row) {
  await settle(row, { state: "sending" });
  const request =
    row.events.length === 1
      ? { body: row.events[0], headers: { "Content-Type": "application/jose" } }
      : { json: { events: row.events } };
  const answer = await api("/events", { method: "POST", as: "nobody", ...request });
  const verdict = judgeAnswer(answer, row.ids, row.tries);
  if (verdict.state === "accepted") return keepReceipt(row, answer.body);
  const waits = verdict.state === "here" ? { tries: row.tries + 1, next_at: Date.now() + verdict.wait } : {};
  await settle(row, { state: verdict.state, why: verdict.why, ...waits });
  if (verdict.state !== "here") await forgetPlace(row, verdict.why);
  if (verdict.state === "refused") await settle(row, { why: { ...verdict.why, reasons: await reasonsOf(row) } });
  return verdict.state !== "here";
}

/** A receipt that does not hold is no receipt: the row stays, and says so. */
async function keepReceipt(row, body) {
  const { id, entry, proof, recorded_at, leaf_index } = body;
  const checked = await checkReceipt({ id, entry, proof }, row.ids.at(-1));
  if (!checked.holds) {
    const why = { code: "RECEIPT_INVALID", detail: `${checked.code}: ${checked.detail}` };
    await settle(row, { state: "here", why, tries: row.tries + 1, next_at: Date.now() + backoff(row.tries) });
    return false;
  }
  const receipt = { id, entry, proof, recorded_at, leaf_index, isPinned: checked.isPinned };
  await settle(row, { state: "accepted", why: null, receipts: [receipt] });
  for (const event of row.events) {
    const { id: head, statement } = await readPresentation(event);
    await learn(statement.sub, { seq: statement.seq, head, statement, recordedAt: recorded_at });
  }
  changed("known");
  return true;
}

/** What was counted as waiting does not stand where it was signed. */
async function forgetPlace(row, why) {
  for (const subject of row.subjects) await rebuild(subject);
  if (row.subjects.length === 1 && Number.isSafeInteger(why.head_seq) && why.head_seq >= 0 && why.head) {
    await learn(row.subject, { seq: why.head_seq, head: why.head });
  }
  changed("known");
}

const park = (row) =>
  settle(row, { state: "parked", why: { code: "EARLIER_REFUSED", detail: "it stands on a record that was refused" } });

/** Writes what became of a row, unless it was signed anew meanwhile: then that is another record. */
async function settle(row, members) {
  await change("outbox", row.id, (now) => (now && now.ids.join() === row.ids.join() ? { ...now, ...members } : null));
  changed("outbox");
}

// ---- when ----

let timer = null;

/** Sends in a moment, and asks the browser to do so should this page be gone by then. */
export function soon() {
  if (typeof document === "undefined") return; // the service worker is woken by the browser
  clearTimeout(timer);
  timer = setTimeout(() => void attempt(), 50);
  void registerSync();
}

/**
 * Keeps sending for as long as the page is open. Called once by each page.
 * @returns {void}
 */
export function startSync() {
  const try_ = () => void attempt();
  addEventListener("online", () => void attempt({ urgent: true }));
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && try_());
  setInterval(try_, EVERY);
  onChange(({ what }) => what === "outbox" && void registerSync());
  try_();
}

async function attempt(how) {
  try {
    return await flush(how);
  } catch (error) {
    console.error("what waits could not be sent", error);
    return null;
  }
}

async function registerSync() {
  try {
    const registration = await navigator.serviceWorker?.ready;
    await registration?.sync?.register(TAG);
  } catch {
    // A browser without background sync, or one that was told not to: the page sends by itself.
  }
}
