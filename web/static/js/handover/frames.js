// A set of bytes as a row of QR codes that a screen shows one after another, and put together again from enough of them.
//
// A frame is `PTF1` and, in base32 (letters and digits, which QR symbols pack as such), the set's name, its own number, how
// many chunks there are and bytes in all, a chunk, and a CRC-32 over these. The first frames carry the chunks; every later
// one carries the exclusive or of about half of them, which its number tells. So a camera that misses some need not wait
// until just those come again: any frames do, and a few more than there are chunks are enough.
import { base32, parseBase32 } from "../core/base32.js";
import { base64url } from "../core/base64url.js";
import { checksum, join, same } from "../core/bytes.js";
import { Refusal } from "../core/refusal.js";
import { NAME_SIZE, nameOf, unpack } from "./packing.js";

/** @typedef {{name: Uint8Array, index: number, count: number, length: number, chunk: Uint8Array}} Frame */

const MARK = "PTF1";
const HEAD = NAME_SIZE + 7;
const TAIL = 4;
/** Bytes of a set that one frame carries at most. */
export const CHUNK = 290;
const MAX_CHUNK = 600;
/** Chunks of a set. */
export const MAX_CHUNKS = 400;
/** Frames of a set, of which no two are alike. */
export const MAX_FRAMES = 0xffff;
const MOST_SETS = 4; // that are collected at once

/**
 * The frames of a set, made when they are shown.
 * @param {{name: Uint8Array, bytes: Uint8Array}} set
 * @param {number} [most] bytes a frame
 * @returns {{count: number, frame: (index: number) => string}} `count`: of chunks; `index` from 0, below `MAX_FRAMES`
 * @throws {Refusal} SET_TOO_LARGE
 */
export function framesOf({ name, bytes }, most = CHUNK) {
  const count = Math.max(1, Math.ceil(bytes.length / most));
  if (count > MAX_CHUNKS) {
    throw new Refusal("SET_TOO_LARGE", { where: "set", expected: `at most ${MAX_CHUNKS} codes`, got: `${count}` });
  }
  const size = Math.ceil(bytes.length / count);
  const padded = new Uint8Array(size * count);
  padded.set(bytes);
  const frame = (index) => {
    const chunk = new Uint8Array(size);
    const parts = partsOf(index, count);
    for (let at = 0; at < count; at++) if (parts[at]) xor(chunk, padded.subarray(at * size, (at + 1) * size));
    return formatFrame({ name, index, count, length: bytes.length, chunk });
  };
  return { count, frame };
}

/** Which chunks a frame is made of: itself, or about half of all, drawn by its number (mulberry32). */
function partsOf(index, count) {
  const parts = new Uint8Array(count);
  if (index < count) {
    parts[index] = 1;
    return parts;
  }
  let state = index;
  for (let at = 0; at < count; at++) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    parts[at] = ((mixed ^ (mixed >>> 14)) >>> 31) & 1;
  }
  parts[index % count] = 1; // never none at all
  return parts;
}

function xor(into, other) {
  for (let at = 0; at < into.length; at++) into[at] ^= other[at];
}

/** @param {Frame} frame @returns {string} */
export function formatFrame({ name, index, count, length, chunk }) {
  const numbers = Uint8Array.of(index >> 8, index & 255, count >> 8, count & 255, length >> 16, (length >> 8) & 255, length & 255);
  const body = join(name, numbers, chunk);
  return MARK + base32(join(body, fourBytes(checksum(body))));
}

/**
 * Reads one frame.
 * @param {string} text
 * @returns {Frame | null} null where it is none, or a damaged one: the next one will do
 */
export function parseFrame(text) {
  if (!text.startsWith(MARK)) return null;
  let bytes;
  try {
    bytes = parseBase32(text.slice(MARK.length), "frame");
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
  const body = bytes.subarray(0, Math.max(0, bytes.length - TAIL));
  if (body.length < HEAD || !same(bytes.subarray(body.length), fourBytes(checksum(body)))) return null;
  const [index, count] = [NAME_SIZE, NAME_SIZE + 2].map((at) => body[at] * 256 + body[at + 1]);
  const length = body[NAME_SIZE + 4] * 65_536 + body[NAME_SIZE + 5] * 256 + body[NAME_SIZE + 6];
  const chunk = body.slice(HEAD);
  const isSound = count > 0 && count <= MAX_CHUNKS && chunk.length <= MAX_CHUNK && chunk.length === Math.ceil(length / count);
  return isSound && length ? { name: body.slice(0, NAME_SIZE), index, count, length, chunk } : null;
}

/**
 * Collects frames until a set is whole. Those of other sets in between (a second phone, the answer to an older question)
 * are kept apart by name, so that nothing is ever put together of two.
 * @returns {{feed: (text: string) => Progress, assemble: (name: string) => Promise<Set>}}
 * @typedef {{name: string, have: number, count: number, isNew: boolean, isWhole: boolean} | null} Progress null: no frame;
 *   `have`: chunks that are known, or will be once the others are
 * @typedef {{kind: "offers" | "answers", submissions: string[][]}} Set
 */
export function makeCollector() {
  const sets = new Map(); // by name, the one that was seen last at the end
  return {
    feed(text) {
      const frame = parseFrame(text);
      if (!frame) return null;
      const name = base64url(frame.name);
      let set = sets.get(name);
      // Two that contradict each other: somebody shows forged frames of this name. It begins anew.
      if (!set || set.count !== frame.count || set.length !== frame.length || contradicts(set, frame)) set = begin(frame);
      const isNew = take(set, frame);
      sets.delete(name);
      sets.set(name, set);
      if (sets.size > MOST_SETS) sets.delete(sets.keys().next().value);
      return { name, have: set.rows.size, count: set.count, isNew, isWhole: set.rows.size === set.count };
    },
    async assemble(name) {
      const set = sets.get(name);
      sets.delete(name); // if it is damaged, it is read anew
      if (!set || set.rows.size < set.count) throw damaged("all codes", "some of them");
      const chunks = Array.from({ length: set.count }, (_, at) => set.rows.get(at).subarray(set.count));
      const found = await unpack(join(...chunks).subarray(0, set.length));
      if (base64url(await nameOf(found.kind, found.submissions)) !== name) throw damaged("the events that it names", "others");
      return found;
    },
  };
}

/**
 * Rows of the elimination (Gauss and Jordan, over bits), by the chunk that each stands for: which chunks it is made of, a
 * byte for each, and behind these their exclusive or. In no row is there a chunk for which another one stands.
 */
const begin = ({ count, length }) => ({ count, length, rows: new Map() });

function reduced({ rows, count }, { index, chunk }) {
  const row = join(partsOf(index, count), chunk);
  for (const [at, other] of rows) if (row[at]) xor(row, other);
  return row;
}

/** Whether the frame is made of what is known, and says something else. */
function contradicts(set, frame) {
  const row = reduced(set, frame);
  return row.subarray(0, set.count).every((part) => !part) && row.some((byte) => byte);
}

function take(set, frame) {
  const row = reduced(set, frame);
  const pivot = row.subarray(0, set.count).indexOf(1);
  if (pivot < 0) return false;
  for (const other of set.rows.values()) if (other[pivot]) xor(other, row);
  set.rows.set(pivot, row);
  return true;
}

const damaged = (expected, got) => new Refusal("SET_DAMAGED", { where: "what the other phone shows", expected, got });

function fourBytes(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
