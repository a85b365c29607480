// A statement as it is signed: composed whole, shown to its signer, and only then signed.
//
// Withheld members are not in what is composed. Signing puts the digest of a disclosure in their place, with a fresh salt,
// and gives the disclosures along for the door of the log (docs/format.md, section 5).
import { base64url } from "../core/base64url.js";
import { formatPresentation, withhold } from "../core/disclosures.js";
import { EVENT, signJws } from "../core/jws.js";
import { Refusal } from "../core/refusal.js";

/** @typedef {import("../core/keys.js").Signer} Signer */
/** @typedef {{seq: number, prev?: string | null}} Place where the next event of a chain stands */
/** @typedef {Record<string, any>} Statement a payload, `docs/format.md`, section 3 */
/** @typedef {{presentation: string, id: string, statement: Statement}} Signed `statement` as signed, with its slots */

const VERSION = 1;
const NONCE_BYTES = 16;
const SALT_BYTES = 16;
const MEMBER = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** Stands in the statements of a group for the id that signing gives the first of them. */
export const LEADER = "<id of the first>";

const fresh = (count) => crypto.getRandomValues(new Uint8Array(count));

/**
 * Composes a statement; what is in it is what will be signed.
 * @param {{type: string, subject: string, data: Record<string, any>, withheld?: Record<string, any>, occurredAt: string |
 *   Date, place: Place, iss: string, aud: string, nonce?: Uint8Array}} said `aud`: the origin of the log; `occurredAt`: a
 *   moment, told in whole seconds of UTC
 * @returns {Statement} frozen; it says nothing of withheld members
 * @throws {Refusal} STATEMENT_INCOMPLETE
 */
export function compose({ type, subject, data, withheld = {}, occurredAt, place, iss, aud, nonce = fresh(NONCE_BYTES) }) {
  for (const [where, text] of Object.entries({ type, subject, iss, aud })) {
    if (typeof text !== "string" || text === "") throw incomplete(where, "a text", "none");
  }
  const { seq, prev } = place;
  if (!Number.isSafeInteger(seq) || seq < 0) throw incomplete("seq", "a whole number from 0", String(seq));
  if (seq > 0 !== Boolean(prev))
    throw incomplete("prev", seq > 0 ? "the id of the event before" : "none at seq 0", prev || "none");
  checkApart(data, withheld);
  return frozen({
    v: VERSION,
    aud,
    nonce: base64url(nonce),
    type,
    sub: subject,
    seq,
    ...(seq > 0 ? { prev } : {}),
    iss,
    occurred_at: formatTime(occurredAt),
    data: structuredClone(data),
  });
}

/**
 * Signs a statement.
 * @param {Statement} statement as composed
 * @param {{signer: Signer, withheld?: Record<string, any>}} how `withheld`: member of `data` -> the value that is withheld
 * @returns {Promise<Signed>}
 * @throws {Refusal} a value that compact form can't say, or a member that is withheld and in the open
 */
export async function sign(statement, { signer, withheld = {} }) {
  checkApart(statement.data, withheld);
  const data = { ...statement.data };
  const disclosures = [];
  for (const [member, value] of Object.entries(withheld)) {
    const { slot, disclosure } = await withhold(value, fresh(SALT_BYTES));
    data[member] = slot;
    disclosures.push(disclosure);
  }
  const signed = { ...statement, data };
  const { text, id } = await signJws(signed, signer, EVENT);
  return { presentation: formatPresentation(text, disclosures), id, statement: signed };
}

/**
 * Signs statements that belong together: the log takes all of them or none.
 *
 * The first is signed first, and its id stands from then on where the others say `LEADER`: in their data, or as the `prev`
 * of one that goes on with the same chain.
 * @param {{statement: Statement, withheld?: Record<string, any>}[]} parts in their order
 * @param {{signer: Signer}} how
 * @returns {Promise<Signed[]>}
 * @throws {Refusal} as `sign`
 */
export async function signGroup(parts, { signer }) {
  /** @type {Signed[]} */
  const signed = [];
  for (const { statement, withheld = {} } of parts) {
    const leader = signed[0]?.id;
    signed.push(await sign(leader === undefined ? statement : named(statement, leader), { signer, withheld }));
  }
  return signed;
}

/**
 * A moment in whole seconds of UTC, as statements tell it.
 * @param {string | Date} moment
 * @returns {string} `2026-11-23T04:40:00Z`
 * @throws {Refusal} STATEMENT_INCOMPLETE
 */
export function formatTime(moment) {
  const date = moment instanceof Date ? moment : new Date(moment);
  const year = date.getUTCFullYear();
  if (Number.isNaN(date.getTime()) || year < 1 || year > 9999) throw incomplete("occurred_at", "a moment", String(moment));
  return `${date.toISOString().slice(0, 19)}Z`;
}

/** What is withheld is withheld: the same member never stands in the open as well. */
function checkApart(data, withheld) {
  for (const member of Object.keys(withheld)) {
    if (!MEMBER.test(member)) throw incomplete(`data/${member}`, "a member's name", "another text");
    if (Object.hasOwn(data, member)) throw incomplete(`data/${member}`, "a withheld member", "one in the open");
  }
}

/** The value, with the leader's id wherever it is asked for. */
function named(value, leader) {
  if (value === LEADER) return leader;
  if (Array.isArray(value)) return value.map((each) => named(each, leader));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, named(each, leader)]));
}

function frozen(value) {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(frozen);
  return Object.freeze(value);
}

const incomplete = (where, expected, got) => new Refusal("STATEMENT_INCOMPLETE", { where, expected, got });
