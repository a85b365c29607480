// What an answer of the node means for a row of the outbox. Only a node's own refusal is a refusal: what a proxy, a login
// page of a hotel or a node in trouble says is no answer, and the row waits.

/** @typedef {{code: string, detail: string, head?: string | null, head_seq?: number}} Why */
/** @typedef {{state: "accepted" | "parked" | "refused" | "here", why: Why | null, wait: number}} Verdict `wait` in ms */

const SHORTEST = 2_000; // ms
const LONGEST = 15 * 60_000;
/** 409: the place of the chain is taken, or the record before it is not there. Signing on the new head may mend it. */
const STALE = new Set(["PLACE_TAKEN", "CHAIN_LINK_BROKEN", "SEQUENCE_GAP", "FORKED_CHAIN", "DUPLICATE_EVENT"]);
/** What a node answers to a record that it read and does not take. */
const REFUSING = new Set([400, 409, 413, 422]);

/**
 * @param {{status: number, body: any, headers: {get(name: string): string | null}}} answer to `POST /events`
 * @param {string[]} ids of the events that were sent, in order
 * @param {number} tries how often they were sent before
 * @returns {Verdict}
 */
export function judgeAnswer({ status, body, headers }, ids, tries) {
  if (status === 200 || status === 201) {
    return isReceipt(body, ids) ? { state: "accepted", why: null, wait: 0 } : again("ANSWER_UNREADABLE", `${status}`, tries);
  }
  if (REFUSING.has(status) && isProblem(body)) {
    const { code, detail, head = null, head_seq } = body;
    const isStale = status === 409 && (STALE.has(code) || Number.isSafeInteger(head_seq));
    const place = Number.isSafeInteger(head_seq) ? { head, head_seq } : {};
    return { state: isStale ? "parked" : "refused", why: { code, detail: String(detail ?? ""), ...place }, wait: 0 };
  }
  const said = isProblem(body) ? [body.code, String(body.detail ?? "")] : ["ANSWER_UNREADABLE", `${status}`];
  return again(...said, tries, Number(headers.get("Retry-After")) * 1000);
}

/**
 * How long to wait before the same bytes are sent again: twice as long each time, and never all phones at once.
 * @param {number} tries
 * @param {number} [asked] what the node asked for, in ms
 * @param {number} [chance] from 0 to 1
 * @returns {number} ms
 */
export function backoff(tries, asked = 0, chance = Math.random()) {
  const longest = Math.min(LONGEST, SHORTEST * 2 ** Math.min(tries, 20));
  const least = Number.isFinite(asked) && asked > 0 ? Math.min(asked, LONGEST) : 0;
  return Math.round(Math.max(least, longest / 2 + (chance * longest) / 2));
}

/** Whether an answer is the receipt of these events: of the last one, and naming each. Whether it holds is checked later. */
const isReceipt = (body, ids) =>
  typeof body === "object" && body !== null && body.id === ids.at(-1) &&
  ["entry", "proof", "checkpoint"].every((name) => typeof body[name] === "string") &&
  Array.isArray(body.events) && body.events.length === ids.length && ids.every((id, at) => body.events[at]?.id === id);

const isProblem = (body) => typeof body === "object" && body !== null && /^[A-Z][A-Z0-9_]{2,63}$/.test(body.code);

const again = (code, detail, tries, asked = 0) => ({ state: "here", why: { code, detail }, wait: backoff(tries, asked) });
