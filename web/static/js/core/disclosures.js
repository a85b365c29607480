// Withheld members: a digest is signed in place of a value, and the value is shown to whom it concerns.
//
// One named slot holds one value, `"vin":[{"...":"<digest>"}]`, the array-element disclosure of RFC 9901, 4.2.4.2. There are
// no lists, no decoys and no disclosures within disclosures (docs/format.md, section 5).
import { base64url, parseBase64url } from "./base64url.js";
import { sha256, utf8 } from "./bytes.js";
import { formatCompact, parseCompactArray } from "./compact.js";
import { Refusal } from "./refusal.js";

/** @typedef {{text: string, digest: string, salt: Uint8Array, value: any}} Disclosure */

const SALT_BYTES = 16; // the fewest
const MOST = 64;
const LIMIT = 8_192; // bytes of salt and value
const SLOT = "...";

const malformed = (where, expected, got) => new Refusal("DISCLOSURE_MALFORMED", { where, expected, got });
const mismatch = (where, expected, got) => new Refusal("DISCLOSURE_MISMATCH", { where, expected, got });
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const digestOf = async (text) => base64url(await sha256(utf8(text)));

/**
 * Makes the slot to be signed in place of `value`, and the disclosure that opens it.
 * @param {any} value whatever compact form can say; it holds no slot itself
 * @param {Uint8Array} salt at least 16 random bytes, fresh for each value
 * @returns {Promise<{slot: {"...": string}[], disclosure: string}>}
 * @throws {Refusal} DISCLOSURE_MALFORMED
 */
export async function withhold(value, salt) {
  checkSalt(salt);
  checkNoSlot(value);
  let written;
  try {
    written = formatCompact([base64url(salt), value], LIMIT);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw malformed("withheld value", error.expected, error.got);
  }
  const disclosure = base64url(written);
  return { slot: [{ [SLOT]: await digestOf(disclosure) }], disclosure };
}

/** @param {string} jws @param {string[]} disclosures @returns {string} the JWS with its disclosures, as it travels */
export const formatPresentation = (jws, disclosures) => (disclosures.length ? [jws, ...disclosures, ""].join("~") : jws);

/**
 * Takes `JWS~disclosure~…~` apart.
 * @param {string} text
 * @returns {{jws: string, disclosures: string[]}}
 * @throws {Refusal} DISCLOSURE_MALFORMED
 */
export function splitPresentation(text) {
  const [jws, ...disclosures] = text.split("~");
  const last = disclosures.pop();
  if (last === undefined || (last === "" && !disclosures.length)) return { jws, disclosures: [] };
  if (last !== "") throw malformed("presentation", "'~' at the end", "text after the last one");
  if (disclosures.length > MOST) throw malformed("presentation", `at most ${MOST} disclosures`, `${disclosures.length}`);
  if (disclosures.includes("")) throw malformed("presentation", "a disclosure at every place", "none");
  return { jws, disclosures };
}

/**
 * Reads one disclosure: base64url of a compact array of salt and value.
 * @param {string} text
 * @returns {Promise<Disclosure>}
 * @throws {Refusal} DISCLOSURE_MALFORMED; what there is instead is not in it, for it may be a piece of the value
 */
export async function parseDisclosure(text) {
  if (text.length > Math.ceil((LIMIT * 4) / 3)) throw malformed("disclosure", `at most ${LIMIT} bytes`, "more");
  let parts;
  let salt;
  try {
    parts = parseCompactArray(parseBase64url(text), LIMIT);
    if (parts.length === 2 && typeof parts[0] === "string") salt = parseBase64url(parts[0]);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw malformed("disclosure", error.expected, "something else");
  }
  if (!salt) throw malformed("disclosure", "an array of a salt and a value", "another");
  checkSalt(salt);
  checkNoSlot(parts[1]);
  return { text, digest: await digestOf(text), salt, value: parts[1] };
}

/**
 * Each slot of a payload, by its JSON pointer, with its digest.
 * @param {any} value
 * @returns {Map<string, string>} pointer -> digest, in the payload's order
 * @throws {Refusal} DISCLOSURE_MALFORMED: `...` stands anywhere but in a slot, or beside no digest
 */
export function findSlots(value) {
  const found = new Map();
  find(value, "", found);
  return found;
}

/**
 * Checks that each slot has exactly one disclosure and each disclosure a slot, as at the door of a log.
 * @param {any} payload
 * @param {string[]} disclosures
 * @returns {Promise<Map<string, Disclosure>>} by the slot's pointer
 * @throws {Refusal} DISCLOSURE_MALFORMED or DISCLOSURE_MISMATCH
 */
export async function checkDisclosures(payload, disclosures) {
  const { slots, opened } = await match(payload, disclosures);
  for (const pointer of slots.values()) {
    if (!opened.has(pointer)) throw mismatch(pointer, "its disclosure", "none");
  }
  return opened;
}

/**
 * The payload with the withheld values that were disclosed in their places; slots without disclosure stay as they are.
 * @param {any} payload
 * @param {string[]} disclosures
 * @returns {Promise<any>}
 * @throws {Refusal} as `checkDisclosures`, but for slots without disclosure
 */
export async function disclosed(payload, disclosures) {
  const { opened } = await match(payload, disclosures);
  return replace(payload, "", opened);
}

async function match(payload, disclosures) {
  const slots = new Map(); // digest -> pointer
  for (const [pointer, digest] of findSlots(payload)) {
    if (slots.has(digest)) throw mismatch(pointer, "a digest of its own", `that of ${slots.get(digest)}`);
    slots.set(digest, pointer);
  }
  const opened = new Map();
  for (const [number, text] of disclosures.entries()) {
    const disclosure = await parseDisclosure(text);
    const pointer = slots.get(disclosure.digest);
    if (pointer === undefined) {
      throw mismatch(`disclosure ${number}`, "the value of a slot", `digest ${disclosure.digest}, which no slot holds`);
    }
    if (opened.has(pointer)) throw mismatch(`disclosure ${number}`, `one for ${pointer}`, "a second");
    opened.set(pointer, disclosure);
  }
  return { slots, opened };
}

const isSlot = (value) =>
  Array.isArray(value) && value.length === 1 && isObject(value[0]) && Object.keys(value[0]).join() === SLOT;

function find(value, pointer, found) {
  if (isSlot(value)) {
    const digest = value[0][SLOT];
    let size = -1;
    try {
      if (typeof digest === "string") size = parseBase64url(digest).length;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    if (size !== 32) throw malformed(pointer, "a digest of 32 bytes", "something else");
    found.set(pointer, digest);
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => find(item, `${pointer}/${index}`, found));
  } else if (isObject(value)) {
    if (Object.hasOwn(value, SLOT)) throw malformed(pointer || "/", "a slot alone in its array", "'...' elsewhere");
    for (const [name, item] of Object.entries(value)) find(item, `${pointer}/${name}`, found);
  }
}

function replace(value, pointer, opened) {
  if (opened.has(pointer)) return opened.get(pointer).value;
  if (Array.isArray(value)) return value.map((item, index) => replace(item, `${pointer}/${index}`, opened));
  if (!isObject(value)) return value;
  const members = Object.create(null);
  for (const [name, item] of Object.entries(value)) members[name] = replace(item, `${pointer}/${name}`, opened);
  return members;
}

function checkNoSlot(value) {
  if (isObject(value) && Object.hasOwn(value, SLOT)) throw malformed("withheld value", "no member '...' inside", "one");
  if (typeof value === "object" && value !== null) Object.values(value).forEach(checkNoSlot);
}

function checkSalt(salt) {
  if (salt.length < SALT_BYTES) throw malformed("salt", `at least ${SALT_BYTES} bytes`, `${salt.length}`);
}
