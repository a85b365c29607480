// A set of bytes as a row of QR codes that a screen shows one after another, and put together again from any of them.
//
// Frames may be seen in any order and as often as one likes. A frame is `PTF1` and, in base32 (letters and digits, which QR
// symbols pack as such), the set's name, its own number, how many there are, a chunk, and a CRC-32 over all of these.
import { base32, parseBase32 } from "../core/base32.js";
import { base64url } from "../core/base64url.js";
import { checksum, join, same } from "../core/bytes.js";
import { Refusal } from "../core/refusal.js";
import { NAME_SIZE, nameOf, unpack } from "./packing.js";

/** @typedef {{name: Uint8Array, index: number, count: number, chunk: Uint8Array}} Frame */

const MARK = "PTF1";
const HEAD = NAME_SIZE + 4;
const TAIL = 4;
/** Bytes of a set that one frame carries. */
export const CHUNK = 290;
const MAX_CHUNK = 600;
/** Frames of a set. */
export const MAX_FRAMES = 900;
const MOST_SETS = 4; // that are collected at once

/**
 * Cuts a set into frames.
 * @param {{name: Uint8Array, bytes: Uint8Array}} set
 * @param {number} [chunk] bytes a frame
 * @returns {string[]}
 * @throws {Refusal} SET_TOO_LARGE
 */
export function framesOf({ name, bytes }, chunk = CHUNK) {
  const count = Math.max(1, Math.ceil(bytes.length / chunk));
  if (count > MAX_FRAMES) {
    throw new Refusal("SET_TOO_LARGE", { where: "set", expected: `at most ${MAX_FRAMES} codes`, got: `${count}` });
  }
  // All of one size but for the last, which is no longer: each is then as hard to read as the others.
  const size = Math.ceil(bytes.length / count);
  return Array.from({ length: count }, (_, index) =>
    formatFrame({ name, index, count, chunk: bytes.subarray(index * size, (index + 1) * size) }),
  );
}

/** @param {Frame} frame @returns {string} */
export function formatFrame({ name, index, count, chunk }) {
  const body = join(name, Uint8Array.of(index >> 8, index & 255, count >> 8, count & 255), chunk);
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
  const chunk = body.slice(HEAD);
  if (!count || count > MAX_FRAMES || index >= count || chunk.length > MAX_CHUNK) return null;
  return { name: body.slice(0, NAME_SIZE), index, count, chunk };
}

/**
 * Collects frames until a set is whole. Those of other sets in between (a second phone, the answer to an older question)
 * are kept apart by name, so that nothing is ever put together of two.
 * @returns {{feed: (text: string) => Progress, assemble: (name: string) => Promise<Set>}}
 * @typedef {{name: string, have: number, count: number, isNew: boolean, isWhole: boolean} | null} Progress null: no frame
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
      const clashes = (found) => found.count !== frame.count || !same(found.chunks[frame.index] ?? frame.chunk, frame.chunk);
      // Two that contradict each other: somebody shows forged frames of this name. It begins anew.
      if (!set || clashes(set)) set = { count: frame.count, have: 0, chunks: Array(frame.count).fill(null) };
      const isNew = !set.chunks[frame.index];
      if (isNew) {
        set.chunks[frame.index] = frame.chunk;
        set.have += 1;
      }
      sets.delete(name);
      sets.set(name, set);
      if (sets.size > MOST_SETS) sets.delete(sets.keys().next().value);
      return { name, have: set.have, count: set.count, isNew, isWhole: set.have === set.count };
    },
    async assemble(name) {
      const set = sets.get(name);
      sets.delete(name); // if it is damaged, it is read anew
      if (!set || set.have < set.count) throw damaged("all codes", "some of them");
      const found = await unpack(join(...set.chunks));
      if (base64url(await nameOf(found.kind, found.submissions)) !== name) throw damaged("the events that it names", "others");
      return found;
    },
  };
}

const damaged = (expected, got) => new Refusal("SET_DAMAGED", { where: "what the other phone shows", expected, got });

function fourBytes(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
