// A device joins its organisation: it looks at its invitation, makes a key that never leaves it, proves it, and waits until
// an administrator has added it. Until then it can sign nothing.
import { signerOf } from "../core/keys.js";
import { utf8 } from "../core/bytes.js";
import { signPossession } from "../core/possession.js";
import { parseTrust } from "../core/trust.js";
import { deviceWords, trustWords } from "../core/words.js";
import { api } from "../device/api.js";
import { all, change, del } from "../device/db.js";
import { keys, makeKey, markEnrolled, markRevoked } from "../device/keyring.js";
import { keepSetting, setting } from "../device/settings.js";
import { changed } from "../device/signals.js";

/** @typedef {import("../device/keyring.js").KeyRow} KeyRow */
/**
 * @typedef {{state: string, organisation: any, use: "sign" | "admin", name: string, sites: string[], types: string[],
 *   expires_at: string, origin: string, subject: string, head: string | null, trust: string | null}} Told what the node says
 */

const SECRET = /^[A-Za-z0-9_-]{22,100}$/;
const KEPT = "packtrace-invitation"; // for this tab alone, until the key has it
const ATTEMPTS = 4; // at a proof, while the chain of keys moves under it
const OF_THE_LOG = ["known", "parties", "data"];

/** The node refused; `code` says why. */
export class Refused extends Error {
  constructor({ status, body, headers }) {
    super(body?.detail ?? `status ${status}`);
    this.name = "Refused";
    this.code = body?.code ?? `${status}`;
    this.head = body?.head ?? null;
    this.retryAfter = Number(headers?.get?.("Retry-After") ?? 0);
  }
}

/**
 * Takes the secret out of the address, so that it stays in no history and on no screen.
 * @returns {string | null}
 */
export function takeSecret() {
  const found = location.hash.slice(1);
  if (found) history.replaceState(null, "", location.pathname + location.search);
  try {
    if (SECRET.test(found)) sessionStorage.setItem(KEPT, found);
    return sessionStorage.getItem(KEPT);
  } catch {
    return SECRET.test(found) ? found : null;
  }
}

/** Forgets it: a key is bound to it, or it is of no use. */
export function dropSecret() {
  try {
    sessionStorage.removeItem(KEPT);
  } catch {
    // Nothing was kept.
  }
}

/** @param {string} secret @returns {Promise<Told>} @throws {Refused} */
export const look = async (secret) => told(await api("/enrolment/invitation", { json: { secret }, as: "nobody" }));

/** @returns {Promise<KeyRow | null>} the key of this device that waits, if one does */
export const waitingKey = async () => (await keys()).find((key) => key.state === "waiting" && key.secret) ?? null;

/**
 * Makes the key, and asks for it to be added.
 * @param {string} secret
 * @param {Told} invitation
 * @param {string} name what people are to call this device
 * @returns {Promise<{row: KeyRow, told: Told}>}
 * @throws {Refused}
 */
export async function ask(secret, invitation, name) {
  const { organisation, use, origin } = invitation;
  const { kid } = await makeKey({ org: organisation.id, use, name: invitation.name || name });
  // Kept before it is asked, so that a phone that is switched off now goes on later.
  const row = await change("keys", kid, (made) => ({ ...made, secret, origin }));
  dropSecret();
  try {
    return await prove(row, invitation.head);
  } catch (error) {
    if (error instanceof Refused && /^(INVITATION|KEY)_/.test(error.code)) await del("keys", kid); // for good
    throw error;
  }
}

/**
 * Asks how a request stands, and proves the key anew where the chain of keys has moved.
 * @param {KeyRow} row
 * @returns {Promise<{row: KeyRow, told: Told}>}
 * @throws {Refused}
 */
export async function askAgain(row) {
  if (!row.possession) return prove(row, row.head ?? null);
  const answer = told(await request(row, row.possession), row);
  return answer.state === "waiting" && answer.head !== row.head ? prove(row, answer.head) : { row, told: answer };
}

async function prove(row, first) {
  let head = first;
  for (let attempt = 1; ; attempt++) {
    const place = { aud: row.origin, sub: subjectOf(row.org), ...(head === null ? {} : { head }) };
    const possession = await signPossession(place, await signerOf(row.pair));
    try {
      const answer = told(await request(row, possession), row);
      const kept = await change("keys", row.kid, (before) => before && { ...before, possession, head });
      return { row: kept ?? row, told: answer };
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== "KEY_NOT_PROVEN" || attempt === ATTEMPTS) throw error;
      head = error.head;
    }
  }
}

const request = ({ secret, jwk, name }, possession) =>
  api("/enrolment/request", { json: { secret, jwk, possession, ...(name ? { name } : {}) }, as: "nobody" });

/**
 * The key is in the log: this device is the organisation's from now on.
 * @param {KeyRow} row
 * @param {Told} answer
 */
export async function finish(row, answer) {
  if ((await setting("origin")) !== answer.origin || (await setting("org")) !== row.org) {
    for (const store of OF_THE_LOG) await empty(store); // what it knew was another's; records that wait stay
  }
  await keepSetting("org", row.org);
  await keepSetting("origin", answer.origin);
  if (answer.trust !== null) await keepSetting("trust", answer.trust);
  if (answer.sites.length === 1) await keepSetting("site", answer.sites[0]);
  await settle(row.kid);
  await markEnrolled(row.kid);
  changed("known"); // the head of every page says whose device it is
}

/** The request came to nothing; the key is of no use. @param {KeyRow} row */
export const giveUp = (row) => del("keys", row.kid);

/** @param {KeyRow} row */
export async function leave(row) {
  await settle(row.kid);
  await markRevoked(row.kid);
}

/** The secret and the proof have done what they are for. */
const settle = (kid) => change("keys", kid, (row) => row && { ...row, secret: null, possession: null });

async function empty(store) {
  const path = { known: "subject", parties: "org", data: "name" }[store];
  for (const row of await all(store)) await del(store, row[path]);
}

/** @param {KeyRow} row @param {string} origin @returns {Promise<string>} */
export const wordsOfKey = ({ kid, org, use }, origin) => deviceWords({ origin, org, kid, use });

/**
 * Whom this device will believe, in six words; and whether it believed others before.
 * @param {Told} answer
 * @returns {Promise<{words: string, other: "" | "log" | "trust"}>} no words where the node has no trust file
 * @throws {import("../core/refusal.js").Refusal} it is none, or one of another log
 */
export async function trustOf({ origin, trust }) {
  const [keptOrigin, keptTrust] = [await setting("origin"), await setting("trust")];
  if (trust === null) return { words: "", other: keptOrigin && keptOrigin !== origin ? "log" : "" };
  const parsed = await parseTrust(utf8(trust));
  if (parsed.origin !== origin) throw new Refused({ status: 0, body: { code: "TRUST_OTHER", detail: parsed.origin } });
  const words = await trustWords(trust);
  if (keptOrigin && keptOrigin !== origin) return { words, other: "log" };
  const isOther = keptTrust && (await trustWords(keptTrust)) !== words;
  return { words, other: isOther ? "trust" : "" };
}

const subjectOf = (org) => `keys:${org.replace(/^org:/, "")}`;

/** The node's answer, if it is one, and one to this request. */
function told(answer, row = null) {
  if (!answer.ok || typeof answer.body !== "object") throw new Refused(answer);
  const { organisation, origin, subject } = answer.body;
  if (subject !== subjectOf(organisation.id) || (row && (organisation.id !== row.org || origin !== row.origin))) {
    throw new Refused({ status: 0, body: { code: "ANSWER_OTHER", detail: "an answer about something else" } });
  }
  return answer.body;
}
