// Signed notes and verifier keys (C2SP signed-note), and the checkpoints of a log in them (C2SP tlog-checkpoint).
//
// Ed25519 is checked here. ML-DSA-44 is checked where the browser's WebCrypto knows it, which few do; where not, the caller
// is told which key was not checked, and must say so.
import { base64, parseBase64 } from "./base64url.js";
import { eightBytes, join, same, sha256, subtle, toHex, utf8 } from "./bytes.js";
import { checkEd25519, checkPrimeOrder } from "./ed25519.js";
import { HASH_SIZE } from "./merkle.js";
import { Refusal, quote } from "./refusal.js";

/** @typedef {{name: string, algorithm: number, key: Uint8Array, keyId: string, text: string}} VerifierKey */
/** @typedef {{name: string, keyId: string, signature: Uint8Array}} NoteSignature */
/** @typedef {{text: string, signatures: NoteSignature[]}} Note */
/** @typedef {{origin: string, size: number, root: Uint8Array}} Checkpoint */

export const ED25519 = 0x01;
export const ED25519_COSIGNATURE = 0x04;
export const ML_DSA_44 = 0x06;
const KEY_SIZES = { [ED25519]: 32, [ED25519_COSIGNATURE]: 32, [ML_DSA_44]: 1312 };
const SIGNATURE_SIZES = { [ED25519]: 64, [ED25519_COSIGNATURE]: 64, [ML_DSA_44]: 2420 };
const MAX_NOTE = 1 << 20; // bytes
const MAX_SIGNATURES = 100;
const MAX_VKEY = 4096; // characters; one of ML-DSA-44 has some 1,800
const BLANK = /[\x00-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000+]/;
const EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const malformed = (where, expected, got) => new Refusal("CHECKPOINT_MALFORMED", { where, expected, got });
const badKey = (where, expected, got) => new Refusal("VERIFIER_KEY_INVALID", { where, expected, got });
const badSignature = (where, expected, got) => new Refusal("CHECKPOINT_SIGNATURE_INVALID", { where, expected, got });

/**
 * Parses a verifier key, `name+key id in hex+base64(type || key)`; the id is computed again and compared.
 * @param {string} text
 * @returns {Promise<VerifierKey>}
 * @throws {Refusal} VERIFIER_KEY_INVALID: another form, an unknown type, a weak key, or an id of another key
 */
export async function parseVkey(text) {
  const [, name, keyId, encoded] = /^([^+]*)\+([0-9a-f]{8})\+([^]*)$/.exec(text.slice(0, MAX_VKEY + 1)) ?? [];
  if (name === undefined || text.length > MAX_VKEY) throw badKey("verifier key", "name+key id+base64", quote(text));
  const data = parseBase64(encoded, `verifier key of ${quote(name)}`, "VERIFIER_KEY_INVALID");
  if (!name || BLANK.test(name)) throw badKey("key name", "some text without spaces and plus", quote(name));
  const [algorithm, key] = [data[0], data.subarray(1)];
  if (KEY_SIZES[algorithm] !== key.length) throw badKey(`key ${quote(name)}`, "a key of a known type", "another");
  if (algorithm !== ML_DSA_44) {
    try {
      checkPrimeOrder(key);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw badKey(`key ${quote(name)}`, error.expected, error.got);
    }
  }
  const own = toHex((await sha256(utf8(`${name}\n`), data)).subarray(0, 4));
  if (own !== keyId) throw badKey(`key id of ${quote(name)}`, `${own} for this key`, keyId);
  return { name, algorithm, key, keyId, text };
}

/**
 * Parses a signed note; verifies nothing.
 * @param {Uint8Array} bytes
 * @returns {Note}
 * @throws {Refusal} CHECKPOINT_MALFORMED
 */
export function parseNote(bytes) {
  if (bytes.length > MAX_NOTE) throw malformed("note", `at most ${MAX_NOTE} bytes`, `${bytes.length}`);
  let note;
  try {
    note = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("note", "UTF-8", "other bytes");
  }
  if (/[\x00-\x09\x0b-\x1f]/.test(note)) throw malformed("note", "no control character but newline", "one");
  const end = note.lastIndexOf("\n\n");
  const block = note.slice(end + 2);
  if (end < 0 || !block.endsWith("\n")) throw malformed("note", "a text, an empty line and signature lines", "no such");
  const lines = block.slice(0, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw malformed("note", `at most ${MAX_SIGNATURES} signatures`, `${lines.length}`);
  return { text: note.slice(0, end + 1), signatures: lines.map(parseLine) };
}

function parseLine(line) {
  const parts = line.startsWith("— ") ? line.slice(2).split(" ") : [];
  if (parts.length !== 2) throw malformed("signature line", "an em dash, a name and base64", quote(line));
  const [name, encoded] = parts;
  if (!name || BLANK.test(name)) throw malformed("key name", "some text without spaces and plus", quote(name));
  const data = parseBase64(encoded, "signature line", "CHECKPOINT_MALFORMED");
  if (data.length < 5) throw malformed("signature line", "a key id of 4 bytes and a signature", `${data.length} bytes`);
  return { name, keyId: toHex(data.subarray(0, 4)), signature: data.subarray(4) };
}

/**
 * Parses the text of a checkpoint: origin, size and root, a line each. Extension lines are refused.
 * @param {string} text
 * @returns {Checkpoint}
 * @throws {Refusal} CHECKPOINT_MALFORMED; also of sizes beyond 2^53-1, which nothing of ours reaches
 */
export function parseCheckpointText(text) {
  const lines = text.split("\n");
  if (lines.length !== 4 || lines[3]) throw malformed("checkpoint text", "three lines, each ended by a newline", "others");
  const [origin, size, encoded] = lines;
  if (!origin || /[\x00-\x1f]/.test(origin)) throw malformed("origin", "a line of text", quote(origin));
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) {
    throw malformed("tree size", "a decimal without leading zeroes, up to 2^53-1", quote(size));
  }
  const root = parseBase64(encoded, "root hash", "CHECKPOINT_MALFORMED");
  if (root.length !== HASH_SIZE) throw malformed("root hash", `${HASH_SIZE} bytes`, `${root.length}`);
  // There is one empty tree. A made-up root for it would be a head that nothing extends.
  if ((Number(size) === 0) !== (toHex(root) === EMPTY_ROOT)) {
    throw malformed("root hash", "that of the empty tree for size 0 alone", toHex(root));
  }
  return { origin, size: Number(size), root };
}

/**
 * Which of these keys signed the note, and which of them can't be checked in this browser. Lines of other keys are passed
 * over.
 * @param {Note} note
 * @param {VerifierKey[]} vkeys
 * @returns {Promise<{signed: Map<VerifierKey, number | null>, unchecked: VerifierKey[]}>} `signed`: with the earliest time
 *   that the signature carries, POSIX seconds, or null; `unchecked`: there is a signature of this key's name and id
 * @throws {Refusal} CHECKPOINT_SIGNATURE_INVALID: a line with the name and id of one of the keys that the key did not make;
 *   it takes the whole note with it
 */
export async function signedBy(note, vkeys) {
  const signed = new Map();
  const unchecked = [];
  for (const vkey of vkeys) {
    for (const line of note.signatures) {
      if (line.name !== vkey.name || line.keyId !== vkey.keyId) continue;
      const { held, time } = await checkLine(vkey, note.text, line.signature);
      if (held === null) {
        if (!unchecked.includes(vkey)) unchecked.push(vkey);
        continue;
      }
      const before = signed.get(vkey);
      signed.set(vkey, time !== null && before !== undefined ? Math.min(before, time) : time);
    }
  }
  return { signed, unchecked };
}

/**
 * Parses a signed checkpoint and checks that it is the log's own: every key that is trusted must have signed.
 * @param {Uint8Array} bytes
 * @param {{origin: string, logKeys: VerifierKey[]}} log
 * @returns {Promise<{checkpoint: Checkpoint, note: Note, checked: VerifierKey[], unchecked: VerifierKey[]}>} `unchecked`:
 *   keys whose signature is there and can't be checked in this browser
 * @throws {Refusal} CHECKPOINT_MALFORMED, CHECKPOINT_ORIGIN_MISMATCH or CHECKPOINT_SIGNATURE_INVALID
 */
export async function openCheckpoint(bytes, { origin, logKeys }) {
  const note = parseNote(bytes);
  const checkpoint = parseCheckpointText(note.text);
  for (const name of [checkpoint.origin, ...logKeys.map((vkey) => vkey.name)]) {
    if (name === origin) continue;
    throw new Refusal("CHECKPOINT_ORIGIN_MISMATCH", { where: "origin", expected: quote(origin), got: quote(name) });
  }
  if (!logKeys.some((vkey) => vkey.algorithm === ED25519)) {
    throw badSignature("log keys", "one of Ed25519 to trust", "none");
  }
  const { signed, unchecked } = await signedBy(note, logKeys);
  const missing = logKeys.find((vkey) => !signed.has(vkey) && !unchecked.includes(vkey));
  if (missing) throw badSignature("checkpoint", `a signature by key ${missing.keyId}`, "none");
  return { checkpoint, note, checked: [...signed.keys()], unchecked };
}

/** Whether this key made this signature; null where the browser can't tell. */
async function checkLine({ name, algorithm, key, keyId }, text, bytes) {
  const where = `signature of ${quote(name)}+${keyId}`;
  const isTimed = algorithm !== ED25519;
  const size = SIGNATURE_SIZES[algorithm] + (isTimed ? 8 : 0);
  if (bytes.length !== size) throw badSignature(where, `${size} bytes`, `${bytes.length}`);
  const raw = isTimed ? bytes.subarray(8) : bytes;
  const time = isTimed ? new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0) : null;
  if (time !== null && time >= 2n ** 63n) throw badSignature(where, "a time below 2^63", `${time}`);
  const held = algorithm === ML_DSA_44 ? await holdsMlDsa(key, signedTree(name, text, time), raw) : true;
  if (held === false) throw badSignature(where, "one that this key made of this text", "another");
  if (algorithm !== ML_DSA_44) {
    try {
      await checkEd25519(key, utf8(isTimed ? `cosignature/v1\ntime ${time}\n${text}` : text), raw);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw badSignature(where, "one that this key made of this text", "another");
    }
  }
  return { held, time: time === null ? null : Number(time) };
}

/** What a signature of type 0x06 covers (C2SP tlog-cosignature): the tree from its first leaf. */
function signedTree(name, text, time) {
  const { origin, size, root } = parseCheckpointText(text);
  const short = (value) => {
    const data = utf8(value);
    if (data.length > 255) throw malformed("name", "at most 255 bytes", `${data.length}`);
    return join(Uint8Array.of(data.length), data);
  };
  return join(utf8("subtree/v1\n\0"), short(name), eightBytes(time), short(origin), eightBytes(0), eightBytes(size), root);
}

async function holdsMlDsa(key, message, signature) {
  let imported;
  try {
    imported = await subtle().importKey("raw-public", key, { name: "ML-DSA-44" }, false, ["verify"]);
  } catch {
    return null; // the browser has no ML-DSA-44
  }
  return subtle().verify({ name: "ML-DSA-44" }, imported, signature, message);
}

/** @param {VerifierKey} one @param {VerifierKey} other @returns {boolean} */
export const sameKey = (one, other) =>
  one.name === other.name && one.algorithm === other.algorithm && same(one.key, other.key);

/** @param {Note} note @returns {Uint8Array} the bytes of a note */
export function formatNote({ text, signatures }) {
  const line = ({ name, keyId, signature }) => {
    const id = Uint8Array.from(keyId.match(/../g), (digits) => parseInt(digits, 16));
    return `— ${name} ${base64(join(id, signature))}\n`;
  };
  return utf8(`${text}\n${signatures.map(line).join("")}`);
}
