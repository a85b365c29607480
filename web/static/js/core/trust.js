// Whom a verifier believes: the trust file (docs/format.md, 8.4), which is never taken from what is verified.
import { ED25519, ED25519_COSIGNATURE, ML_DSA_44, parseVkey } from "./note.js";
import { Refusal, quote } from "./refusal.js";

/** @typedef {import("./note.js").VerifierKey} VerifierKey */
/**
 * @typedef {{origin: string, logKeys: VerifierKey[], registrars: string[], threshold: number,
 *   witnesses: Map<string, VerifierKey>, groups: Map<string, {threshold: number, members: string[]}>, quorum: string}} Trust
 */

const MAX_FILE = 1 << 22; // bytes
const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const ORIGIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*(?:/[a-z0-9][a-z0-9._-]{0,62})*$`);
const NAME = /^[^\s\x00-\x1f\x85#][^\s\x00-\x1f\x85]*$/;
const refusal = (where, expected, got) => new Refusal("SOURCE_UNREADABLE", { where, expected, got });

/**
 * Reads a trust file strictly: exactly its members, none twice, no fractions, keys that are sound.
 * @param {Uint8Array} bytes
 * @returns {Promise<Trust>}
 * @throws {Refusal} SOURCE_UNREADABLE or VERIFIER_KEY_INVALID
 */
export async function parseTrust(bytes) {
  const said = parseJsonObject(bytes, "trust file");
  const objects = { registrars: isObject, witnesses: isObject, groups: isObject };
  members(said, "trust file", { origin: isText, log_keys: isTexts, ...objects, quorum: isText });
  const { origin, registrars, quorum } = said;
  members(registrars, "trust file/registrars", { threshold: Number.isSafeInteger, kids: isTexts });
  if (origin.length > 128 || !ORIGIN.test(origin)) throw refusal("trust file/origin", "a lower-case host", quote(origin));
  const logKeys = await keysOf(said.log_keys, "log_keys", [ED25519, ML_DSA_44]);
  if (!logKeys.length || !logKeys.every((vkey) => vkey.name === origin)) {
    throw refusal("trust file/log_keys", `one or more keys named ${origin}`, "others");
  }
  const names = Object.keys(said.witnesses);
  const vkeys = await keysOf(Object.values(said.witnesses), "witnesses", [ED25519_COSIGNATURE, ML_DSA_44]);
  const witnesses = new Map(names.map((name, at) => [name, vkeys[at]]));
  const groups = readGroups(said.groups, witnesses);
  if (registrars.threshold < 1 || registrars.threshold > registrars.kids.length) {
    throw refusal("trust file/registrars/threshold", `1 to ${registrars.kids.length}`, `${registrars.threshold}`);
  }
  if (quorum !== "none" && !witnesses.has(quorum) && !groups.has(quorum)) {
    throw refusal("trust file/quorum", "none, or a witness or group that is defined", quote(quorum));
  }
  return { origin, logKeys, registrars: registrars.kids, threshold: registrars.threshold, witnesses, groups, quorum };
}

/**
 * Whether these witnesses are enough; `quorum none` asks for nobody.
 * @param {Trust} trust
 * @param {Iterable<VerifierKey>} cosigning those whose cosignatures of one checkpoint held
 * @returns {boolean}
 */
export function isQuorumMet(trust, cosigning) {
  if (trust.quorum === "none") return true;
  const keys = new Set(cosigning);
  const met = new Set([...trust.witnesses].filter(([, vkey]) => keys.has(vkey)).map(([name]) => name));
  for (const [name, { threshold, members: within }] of trust.groups) {
    // Members come first, so one pass is enough.
    if (within.filter((member) => met.has(member)).length >= threshold) met.add(name);
  }
  return met.has(trust.quorum);
}

/**
 * Reads one JSON object in UTF-8; fractions and members that occur twice are refused.
 * @param {Uint8Array} bytes
 * @param {string} where
 * @returns {Record<string, any>}
 * @throws {Refusal} SOURCE_UNREADABLE
 */
export function parseJsonObject(bytes, where) {
  if (bytes.length > MAX_FILE) throw refusal(where, `at most ${MAX_FILE} bytes`, `${bytes.length}`);
  let value;
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw refusal(where, "JSON in UTF-8 without a byte order mark", "something else");
  }
  if (!isObject(value)) throw refusal(where, "an object", "another value");
  checkTokens(text, where);
  return value;
}

// `JSON.parse` takes the last of two members of one name, and 1.0 for 1; what it took is looked at again, piece by piece.
function checkTokens(text, where) {
  const open = []; // a set of names for an object, null for an array
  let before = "";
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (/^-?[0-9]/.test(token) && !/^-?[0-9]+$/.test(token)) throw refusal(where, "integers and texts", quote(token));
    else if (token[0] === '"' && open.at(-1) && (before === "{" || before === ",")) {
      const name = JSON.parse(token);
      if (open.at(-1).has(name)) throw refusal(where, "each member once", `${quote(name)} twice`);
      if (name === "__proto__") throw refusal(where, "another name", quote(name));
      open.at(-1).add(name);
    }
    before = token;
  }
}

const isText = (value) => typeof value === "string";
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isTexts = (value) => Array.isArray(value) && value.every(isText) && new Set(value).size === value.length;

function members(value, where, expected) {
  const names = Object.keys(expected);
  if (!isObject(value) || Object.keys(value).sort().join() !== [...names].sort().join()) {
    const got = isObject(value) ? quote(Object.keys(value).join()) : typeof value;
    throw refusal(where, `the members ${names.join(", ")}`, got);
  }
  const wrong = names.find((name) => !expected[name](value[name]));
  if (wrong) throw refusal(`${where}/${wrong}`, "a value of its kind", "another");
}

async function keysOf(texts, where, types) {
  if (!texts.every(isText)) throw refusal(`trust file/${where}`, "verifier keys", "something else");
  const vkeys = await Promise.all(texts.map(parseVkey));
  // One key under two names would count twice.
  if (new Set(vkeys.map((vkey) => vkey.key.join())).size !== vkeys.length) {
    throw refusal(`trust file/${where}`, "different keys", "one twice");
  }
  if (!vkeys.every((vkey) => types.includes(vkey.algorithm))) {
    throw refusal(`trust file/${where}`, `keys of the types ${types.join(", ")}`, "another");
  }
  return vkeys;
}

function readGroups(said, witnesses) {
  const groups = new Map();
  const used = new Set();
  for (const name of witnesses.keys()) checkName(name);
  for (const [name, group] of Object.entries(said)) {
    const where = `trust file/groups/${quote(name)}`;
    checkName(name);
    members(group, where, { threshold: Number.isSafeInteger, members: isTexts });
    if (witnesses.has(name)) throw refusal(where, "a name not yet defined", "one twice");
    if (group.threshold < 1 || group.threshold > group.members.length) {
      throw refusal(where, `a threshold of 1 to ${group.members.length}`, `${group.threshold}`);
    }
    for (const member of group.members) {
      const isKnown = (witnesses.has(member) || groups.has(member)) && !used.has(member);
      if (!isKnown) throw refusal(where, "members defined before it, of no other group", quote(member));
      used.add(member);
    }
    groups.set(name, { threshold: group.threshold, members: group.members });
  }
  return groups;
}

function checkName(name) {
  const isReserved = ["all", "any", "none"].includes(name);
  if (isReserved || !NAME.test(name)) throw refusal("trust file", "a name that is not reserved", quote(name));
}
