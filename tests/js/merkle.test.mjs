import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { test } from "node:test";
import { toHex, utf8 } from "../../web/static/js/core/bytes.js";
import { checkConsistency, checkInclusion, leafHash, nodeHash, rootAt, rootOf, rowsOf } from "../../web/static/js/core/merkle.js";
import { b64, flipped, hex, published, refused, vectorsFolder, verdict, withVectors } from "./support.mjs";

const files = (folder) =>
  readdirSync(folder).flatMap((name) => {
    const path = `${folder}/${name}`;
    return statSync(path).isDirectory() ? files(path) : path.endsWith(".json") ? [path] : [];
  });

/** RFC 6962, 2.1, word for word. */
async function definition(hashes) {
  if (hashes.length < 2) return hashes.length ? hashes[0] : rootOf([]);
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return nodeHash(await definition(hashes.slice(0, split)), await definition(hashes.slice(split)));
}

/** The audit path of RFC 6962, 2.1.1. */
async function path(index, hashes) {
  if (hashes.length === 1) return [];
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  const [left, right] = [hashes.slice(0, split), hashes.slice(split)];
  return index < split
    ? [...(await path(index, left)), await definition(right)]
    : [...(await path(index - split, right)), await definition(left)];
}

/** The consistency proof of RFC 6962, 2.1.2. */
async function consistency(old, hashes, isWhole = true) {
  if (old === hashes.length) return isWhole ? [] : [await definition(hashes)];
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  const [left, right] = [hashes.slice(0, split), hashes.slice(split)];
  return old <= split
    ? [...(await consistency(old, left, isWhole)), await definition(right)]
    : [...(await consistency(old - split, right, false)), await definition(left)];
}

const leaves = await Promise.all(Array.from({ length: 70 }, (_, at) => leafHash(utf8(`leaf ${at}`))));

test("the root is the definition's at every size", async () => {
  for (let size = 0; size <= 70; size++) {
    assert.equal(toHex(await rootOf(leaves.slice(0, size))), toHex(await definition(leaves.slice(0, size))));
  }
});

test("the rows of a tree give the root of every tree that it grew from", async () => {
  const rows = await rowsOf(leaves);
  for (let size = 0; size <= 70; size++) {
    assert.equal(toHex(await rootAt(rows, size)), toHex(await definition(leaves.slice(0, size))));
  }
});

test("an inclusion proof holds, and none with a bit, a place, a size or a length changed", async () => {
  for (const size of [1, 2, 3, 7, 8, 9, 64, 65]) {
    const root = await rootOf(leaves.slice(0, size));
    for (const index of new Set([0, 1, size >> 1, size - 1].filter((at) => at < size))) {
      const proof = await path(index, leaves.slice(0, size));
      const given = { proof, index, size, leaf: leaves[index], root };
      await checkInclusion(given);
      const wrong = [
        { leaf: flipped(given.leaf) }, { root: flipped(root) }, { index: index ^ 1 }, { index: size }, { index: -1 },
        { index: 0.5 }, { proof: [...proof, root] }, { leaf: given.leaf.subarray(1) }, { size: size * 2 + 1 },
        ...proof.map((hash, at) => ({ proof: proof.with(at, flipped(hash)) })),
        ...proof.map((_, at) => ({ proof: proof.toSpliced(at, 1) })),
      ];
      for (const change of wrong) await refused("LOG_INCLUSION_INVALID", () => checkInclusion({ ...given, ...change }));
    }
  }
});

test("a consistency proof holds, and none with anything changed", async () => {
  for (const newSize of [1, 2, 3, 8, 9, 13]) {
    for (let oldSize = 1; oldSize <= newSize; oldSize++) {
      const proof = await consistency(oldSize, leaves.slice(0, newSize));
      const [oldRoot, newRoot] = [await rootOf(leaves.slice(0, oldSize)), await rootOf(leaves.slice(0, newSize))];
      const given = { proof, oldSize, newSize, oldRoot, newRoot };
      await checkConsistency(given);
      const wrong = [
        { oldRoot: flipped(oldRoot) }, { newRoot: flipped(newRoot) }, { proof: [...proof, oldRoot] },
        { oldSize: 0 }, { oldSize: newSize + 1 },
        ...proof.map((hash, at) => ({ proof: proof.with(at, flipped(hash)) })),
        ...proof.map((_, at) => ({ proof: proof.toSpliced(at, 1) })),
      ];
      for (const change of wrong) await refused("LOG_CONSISTENCY_INVALID", () => checkConsistency({ ...given, ...change }));
    }
  }
});

withVectors("the published reference tree has our hashes", async () => {
  const tree = published("merkle/reference-tree.json");
  const hashes = await Promise.all(tree.leaf_inputs_hex.map((each) => leafHash(hex(each))));
  const rows = await rowsOf(hashes);
  for (const [level, row] of tree.node_hashes_hex_by_level.entries()) {
    assert.deepEqual(rows[level].slice(0, row.length).map(toHex), row);
  }
  for (const [size, root] of tree.root_hashes_hex_by_tree_size.entries()) {
    assert.equal(toHex(await rootOf(hashes.slice(0, size))), root);
  }
});

for (const [kind, rows] of [["inclusion", 53], ["consistency", 57]]) {
  withVectors(`the published probes of ${kind} are judged as published`, async () => {
    const found = files(`${vectorsFolder}/merkle/${kind}`).map((path) => path.slice(vectorsFolder.length + 1));
    assert.equal(found.length, rows);
    for (const name of found) {
      const row = published(name);
      const proof = (row.proof ?? []).map(b64);
      const given =
        kind === "inclusion"
          ? { proof, index: row.leafIdx, size: row.treeSize, leaf: b64(row.leafHash ?? ""), root: b64(row.root ?? "") }
          : { proof, oldSize: row.size1, newSize: row.size2, oldRoot: b64(row.root1 ?? ""), newRoot: b64(row.root2 ?? "") };
      const short = Object.values(given).flat().some((each) => each instanceof Uint8Array && each.length !== 32);
      const code = kind === "inclusion" ? "LOG_INCLUSION_INVALID" : "LOG_CONSISTENCY_INVALID";
      const run = () => (kind === "inclusion" ? checkInclusion(given) : checkConsistency(given));
      // Upstream takes hashes of any length where no hash is computed of them.
      assert.equal(await verdict(run), row.wantErr || short ? code : "ok", name);
    }
  });
}

withVectors("a log written in Go has our roots and verdicts", async () => {
  const log = published("generated/log-by-go-xmod.json");
  const hashes = await Promise.all(log.leaves_base64.map((each) => leafHash(b64(each))));
  for (const [size, note] of Object.entries(log.checkpoints_by_size)) {
    assert.deepEqual(await rootOf(hashes.slice(0, Number(size))), b64(note.split("\n")[2]));
  }
  for (const row of log.inclusion) {
    const given = { index: row.leaf_index, size: row.tree_size, leaf: b64(row.leaf_hash), root: b64(row.root_hash) };
    const found = await verdict(() => checkInclusion({ ...given, proof: row.proof.map(b64) }));
    assert.equal(found === "ok", row.valid);
  }
  for (const row of log.consistency) {
    const roots = { oldRoot: b64(row.old_root), newRoot: b64(row.new_root) };
    const given = { oldSize: row.old_size, newSize: row.new_size, ...roots, proof: row.proof.map(b64) };
    assert.equal((await verdict(() => checkConsistency(given))) === "ok", row.valid);
  }
});
