// What was signed, taken apart again: the statement, its id, the values that it withholds, and what it refers to.
import { checkDisclosures, formatPresentation, splitPresentation, withhold } from "../core/disclosures.js";
import { EVENT, parseJws, signJws } from "../core/jws.js";
import { base64url } from "../core/base64url.js";

/**
 * @typedef {{id: string, kid: string, jws: string, statement: Record<string, any>, values: Map<string, any>}} Signed
 *   `values`: what is withheld, by the JSON pointer of its slot
 */

const ID = /^[A-Za-z0-9_-]{43}$/;
const SALT = 16; // bytes

/**
 * Reads `JWS` or `JWS~disclosure~…~`; the signature is not checked.
 * @param {string} text
 * @returns {Promise<Signed>}
 * @throws {import("../core/refusal.js").Refusal}
 */
export async function readPresentation(text) {
  const { jws, disclosures } = splitPresentation(text);
  const { id, kid, value } = await parseJws(jws, EVENT);
  const opened = await checkDisclosures(value, disclosures);
  const values = new Map([...opened].map(([pointer, disclosure]) => [pointer, disclosure.value]));
  return { id, kid, jws, statement: value, values };
}

/**
 * The ids of events that a statement names: the one before it, and those that its data refers to.
 * @param {Record<string, any>} statement
 * @returns {string[]}
 */
export function linksOf({ prev, data }) {
  const found = new Set(prev ? [prev] : []);
  walk(data, (text) => {
    if (ID.test(text)) found.add(text);
    return text;
  });
  return [...found];
}

/**
 * Signs the same statement again, at another place and by another key of the same organisation: what it says, when it
 * happened and what it withholds stay; nonce and salts are new.
 * @param {Signed} signed
 * @param {{place: {seq: number, prev?: string | null}, signer: import("../core/keys.js").Signer,
 *   renamed?: Map<string, string>}} how `renamed`: ids of events that were signed again, old to new
 * @returns {Promise<{presentation: string, id: string, statement: Record<string, any>}>}
 */
export async function signAgain({ statement, values }, { place, signer, renamed = new Map() }) {
  const { seq, prev } = place;
  const { v, aud, type, sub, iss, occurred_at } = statement;
  const disclosures = [];
  const withheld = new Map();
  for (const [pointer, value] of values) {
    const { slot, disclosure } = await withhold(value, crypto.getRandomValues(new Uint8Array(SALT)));
    withheld.set(pointer, slot);
    disclosures.push(disclosure);
  }
  const data = replaced(statement.data, "/data", withheld, renamed);
  const nonce = base64url(crypto.getRandomValues(new Uint8Array(16)));
  const again = { v, aud, nonce, type, sub, seq, ...(seq > 0 ? { prev } : {}), iss, occurred_at, data };
  const { text, id } = await signJws(again, signer, EVENT);
  return { presentation: formatPresentation(text, disclosures), id, statement: again };
}

function replaced(value, pointer, withheld, renamed) {
  if (withheld.has(pointer)) return withheld.get(pointer);
  if (typeof value === "string") return renamed.get(value) ?? value;
  if (Array.isArray(value)) return value.map((item, at) => replaced(item, `${pointer}/${at}`, withheld, renamed));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.create(null);
  for (const [name, item] of Object.entries(value)) members[name] = replaced(item, `${pointer}/${name}`, withheld, renamed);
  return members;
}

function walk(value, visit) {
  if (typeof value === "string") visit(value);
  else if (typeof value === "object" && value !== null) Object.values(value).forEach((item) => walk(item, visit));
}
