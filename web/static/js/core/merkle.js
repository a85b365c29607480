// The Merkle tree of RFC 6962, section 2.1: hashes, roots, and proofs checked to their exact length.
import { join, same, sha256, toHex } from "./bytes.js";
import { Refusal } from "./refusal.js";

/** Bytes of a hash. */
export const HASH_SIZE = 32;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** @param {Uint8Array} data @returns {Promise<Uint8Array>} SHA-256(0x00 || data) */
export const leafHash = (data) => sha256(LEAF, data);

/** @param {Uint8Array} left @param {Uint8Array} right @returns {Promise<Uint8Array>} SHA-256(0x01 || left || right) */
export const nodeHash = (left, right) => sha256(NODE, left, right);

/**
 * Every row of the tree over these leaf hashes, the leaves first; a row holds the complete subtrees of its height.
 * @param {Uint8Array[]} hashes
 * @returns {Promise<Uint8Array[][]>}
 */
export async function rowsOf(hashes) {
  const rows = [hashes];
  for (let row = hashes; row.length > 1; rows.push(row)) {
    const pairs = Array.from({ length: row.length >> 1 }, (_, at) => nodeHash(row[2 * at], row[2 * at + 1]));
    row = await Promise.all(pairs);
  }
  return rows;
}

/**
 * Root of the tree over these leaf hashes; of the empty tree, SHA-256 of nothing.
 * @param {Uint8Array[]} hashes
 * @returns {Promise<Uint8Array>}
 */
export async function rootOf(hashes) {
  return rootAt(await rowsOf(hashes), hashes.length);
}

/**
 * Root of the tree over the first leaves of a larger one, whose rows hold every complete subtree that it needs.
 * @param {Uint8Array[][]} rows as `rowsOf` gives them
 * @param {number} size at most that of the larger tree
 * @returns {Promise<Uint8Array>}
 */
export async function rootAt(rows, size) {
  if (!size) return sha256(new Uint8Array());
  // The complete subtrees that the size's bits name, from the smallest, which is the right-most, to the largest.
  let root = null;
  for (let level = 0, left = size; left; level++, left = Math.floor(left / 2)) {
    if (left % 2) root = root ? await nodeHash(rows[level][left - 1], root) : rows[level][left - 1];
  }
  return root;
}

/**
 * Checks that a leaf hash is leaf `index` of the tree of this size and root.
 * @param {{proof: Uint8Array[], index: number, size: number, leaf: Uint8Array, root: Uint8Array}} given
 * @returns {Promise<void>}
 * @throws {Refusal} LOG_INCLUSION_INVALID
 */
export async function checkInclusion({ proof, index, size, leaf, root }) {
  const refuse = (where, expected, got) => new Refusal("LOG_INCLUSION_INVALID", { where, expected, got });
  if (!isCount(index) || !isCount(size) || index >= size) {
    throw refuse("leaf index", `less than the tree size ${size}`, `${index}`);
  }
  checkLengths([leaf, root, ...proof], refuse);
  // Below this level the paths to this leaf and to the last one differ; above, all siblings are on the left.
  const inner = differingBits(BigInt(index), BigInt(size) - 1n);
  const expected = inner + ones(BigInt(index) >> BigInt(inner));
  if (proof.length !== expected) throw refuse("inclusion proof", `${expected} hashes`, `${proof.length}`);
  let computed = leaf;
  for (const [level, sibling] of proof.entries()) {
    const isRight = level >= inner || bit(BigInt(index), level);
    computed = await (isRight ? nodeHash(sibling, computed) : nodeHash(computed, sibling));
  }
  if (!same(computed, root)) throw refuse(`root of the tree of size ${size}`, toHex(root), toHex(computed));
}

/**
 * Checks that the tree of the new size and root begins with the tree of the old size and root.
 * @param {{proof: Uint8Array[], oldSize: number, newSize: number, oldRoot: Uint8Array, newRoot: Uint8Array}} given
 * @returns {Promise<void>}
 * @throws {Refusal} LOG_CONSISTENCY_INVALID
 */
export async function checkConsistency({ proof, oldSize, newSize, oldRoot, newRoot }) {
  const refuse = (where, expected, got) => new Refusal("LOG_CONSISTENCY_INVALID", { where, expected, got });
  if (!isCount(oldSize) || !isCount(newSize) || oldSize < 1 || oldSize > newSize) {
    throw refuse("old size", `1 to ${newSize} (the new size)`, `${oldSize}`);
  }
  checkLengths([oldRoot, newRoot, ...proof], refuse);
  // The proof starts at the largest complete subtree that ends where the old tree ends: `level` is its height and
  // `index` its place. It is omitted where it is the whole old tree, whose root is at hand.
  let level = 0n;
  while (!bit(BigInt(oldSize), level)) level += 1n;
  const index = (BigInt(oldSize) - 1n) >> level;
  const isWhole = index === 0n;
  const inner = differingBits(index, (BigInt(newSize) - 1n) >> level);
  const siblings = inner + ones(index >> BigInt(inner));
  const expected = oldSize === newSize ? 0 : isWhole ? siblings : siblings + 1;
  if (proof.length !== expected) throw refuse("consistency proof", `${expected} hashes`, `${proof.length}`);
  if (oldSize === newSize) {
    if (!same(oldRoot, newRoot)) throw refuse(`root of the tree of size ${newSize}`, toHex(oldRoot), toHex(newRoot));
    return;
  }
  let [old, now] = isWhole ? [oldRoot, oldRoot] : [proof[0], proof[0]];
  for (const [height, sibling] of (isWhole ? proof : proof.slice(1)).entries()) {
    if (height >= inner || bit(index, height)) {
      [old, now] = [await nodeHash(sibling, old), await nodeHash(sibling, now)];
    } else now = await nodeHash(now, sibling);
  }
  if (!same(old, oldRoot)) throw refuse(`root of the tree of size ${oldSize}`, toHex(oldRoot), toHex(old));
  if (!same(now, newRoot)) throw refuse(`root of the tree of size ${newSize}`, toHex(newRoot), toHex(now));
}

const isCount = (number) => Number.isSafeInteger(number) && number >= 0;
const bit = (number, at) => ((number >> BigInt(at)) & 1n) === 1n;
const differingBits = (one, other) => (one === other ? 0 : (one ^ other).toString(2).length);
const ones = (number) => number.toString(2).replaceAll("0", "").length;

function checkLengths(hashes, refuse) {
  const wrong = hashes.find((hash) => hash.length !== HASH_SIZE);
  if (wrong) throw refuse("hash", `${HASH_SIZE} bytes`, `${wrong.length}`);
}
