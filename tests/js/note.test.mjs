import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { utf8 } from "../../web/static/js/core/bytes.js";
import { formatNote, openCheckpoint, parseCheckpointText, parseNote, parseVkey, signedBy } from "../../web/static/js/core/note.js";
import { parseTlogProof } from "../../web/static/js/core/tlogproof.js";
import { isQuorumMet, parseTrust } from "../../web/static/js/core/trust.js";
import { b64, flipped, here, published, refused, text, vectorsFolder, verdict, withCases, withVectors } from "./support.mjs";

const file = (path) => new Uint8Array(readFileSync(here(path)));
const CHECKPOINT = file("docs/vectors/example/checkpoint");
const TRUST = text(file("docs/vectors/example/trust.json"));

withVectors("notes and keys of Go are judged as Go does", async () => {
  const { open, vkeys } = published("signed-note/x-mod-note-cases.json");
  for (const { name, vkeys: named, note, ok, error, verified } of open) {
    if (error === "malformed note") {
      await refused("CHECKPOINT_MALFORMED", () => parseNote(utf8(note)), name);
      continue;
    }
    const { signed } = await signedBy(parseNote(utf8(note)), await Promise.all(named.map(parseVkey)));
    assert.equal(signed.size > 0, ok, name);
    if (ok) assert.deepEqual([...signed.keys()].map((vkey) => vkey.name), verified);
    assert.deepEqual(formatNote(parseNote(utf8(note))), utf8(note));
  }
  for (const row of vkeys) assert.equal(await verdict(() => parseVkey(row.vkey)), row.ok ? "ok" : "VERIFIER_KEY_INVALID");
});

withVectors("published cosigner keys and examples are judged strictly", async () => {
  for (const row of published("signed-note/cosignature-vkeys.json").vkeys) {
    assert.equal(await verdict(() => parseVkey(row.vkey)), row.ok ? "ok" : "VERIFIER_KEY_INVALID", row.name);
  }
  for (const { vkey, note } of published("signed-note/c2sp-spec-examples.json").verifiable) {
    assert.equal((await signedBy(parseNote(utf8(note)), [await parseVkey(vkey)])).signed.size, 1);
  }
});

withVectors("published checkpoints and proofs are judged strictly", async () => {
  for (const each of published("signed-note/checkpoint-parse-cases.json")) {
    const found = await verdict(() => parseCheckpointText(each.text));
    assert.equal(found, each.strict_c2sp_ok ? "ok" : "CHECKPOINT_MALFORMED", each.desc);
  }
  for (const each of published("signed-note/tlog-proof-cases.json")) {
    assert.equal(await verdict(() => parseTlogProof(utf8(each.proof))), each.ok ? "ok" : "LOG_PROOF_MALFORMED", each.name);
    if (!each.ok) continue;
    const proof = parseTlogProof(utf8(each.proof));
    assert.equal(proof.index, each.index);
    assert.deepEqual(proof.hashes, each.hashes.map(b64));
    assert.equal(text(proof.checkpoint), each.checkpoint);
    assert.deepEqual(proof.extra, each.extra_b64 === null ? null : b64(each.extra_b64));
  }
});

withVectors("checkpoints of a public log open", async () => {
  const vkey = await parseVkey(published("tlog-tiles/tessera-log.json").vkey);
  for (let size = 0; size < 9; size++) {
    const bytes = new Uint8Array(readFileSync(`${vectorsFolder}/tlog-tiles/tessera-log/checkpoint.${size}`));
    const { checkpoint } = await openCheckpoint(bytes, { origin: vkey.name, logKeys: [vkey] });
    assert.equal(checkpoint.size, size);
  }
});

test("a checkpoint opens with both keys of its log, and not with a bit changed or a signature gone", async () => {
  const { origin, logKeys } = await parseTrust(utf8(TRUST));
  const { checkpoint, checked, unchecked } = await openCheckpoint(CHECKPOINT, { origin, logKeys });
  assert.equal(checkpoint.size, 3);
  // ML-DSA-44 is checked, or said not to have been: never passed over.
  assert.deepEqual([...checked, ...unchecked].map(({ algorithm }) => algorithm).sort(), [1, 6]);
  assert.equal(checked[0].algorithm, 1);
  const note = parseNote(CHECKPOINT);
  const open = (signatures, more = {}) =>
    openCheckpoint(formatNote({ ...note, signatures, ...more }), { origin, logKeys });
  for (const kept of [[], [note.signatures[0]], [note.signatures[1]]]) {
    await refused(kept.length ? "CHECKPOINT_SIGNATURE_INVALID" : "CHECKPOINT_MALFORMED", () => open(kept));
  }
  const wrong = { ...note.signatures[0], signature: flipped(note.signatures[0].signature) };
  await refused("CHECKPOINT_SIGNATURE_INVALID", () => open([...note.signatures, wrong]), "one wrong line spoils the note");
  const short = { ...note.signatures[1], signature: note.signatures[1].signature.subarray(1) };
  await refused("CHECKPOINT_SIGNATURE_INVALID", () => open([note.signatures[0], short]));
  await refused("CHECKPOINT_SIGNATURE_INVALID", () => open(note.signatures, { text: note.text.replace("\n3\n", "\n4\n") }));
  await refused("CHECKPOINT_ORIGIN_MISMATCH", () => openCheckpoint(CHECKPOINT, { origin: "other.example", logKeys }));
  await refused("CHECKPOINT_SIGNATURE_INVALID", () => openCheckpoint(CHECKPOINT, { origin, logKeys: [] }));
  await refused("CHECKPOINT_SIGNATURE_INVALID", () => openCheckpoint(CHECKPOINT, { origin, logKeys: [logKeys[1]] }));
  const stranger = { name: "w", keyId: "00000000", signature: new Uint8Array(64) };
  assert.equal((await open([...note.signatures, stranger])).checkpoint.size, 3, "lines of other keys are passed over");
  const extended = CHECKPOINT.slice();
  await refused("CHECKPOINT_MALFORMED", () => openCheckpoint(utf8(`${note.text}extension\n\n`), { origin, logKeys }));
  await refused("CHECKPOINT_MALFORMED", () => openCheckpoint(extended.subarray(1, -1), { origin, logKeys }));
});

test("a trust file says what it says once, and nothing else", async () => {
  const trust = await parseTrust(utf8(TRUST));
  assert.equal(trust.quorum, "none");
  const said = JSON.parse(TRUST);
  const cosigner = published("signed-note/cosignature-vkeys.json").vkeys[1].vkey;
  const groups = { g: { threshold: 1, members: ["w"] } };
  const witnessed = await parseTrust(utf8(JSON.stringify({ ...said, witnesses: { w: cosigner }, groups, quorum: "g" })));
  assert.equal(isQuorumMet(witnessed, []), false);
  assert.equal(isQuorumMet(witnessed, witnessed.witnesses.values()), true);
  assert.equal(isQuorumMet(trust, []), true);
  const wrong = [
    { more: 1 }, { origin: "Other.example" }, { origin: "other.example" }, { log_keys: [] }, { quorum: "w" },
    { registrars: { ...said.registrars, threshold: 0 } }, { registrars: { ...said.registrars, threshold: 99 } },
    { log_keys: [said.log_keys[0], said.log_keys[0]] }, { groups: { g: { threshold: 1, members: ["x"] } } },
    { witnesses: { w: cosigner }, groups: { g: { threshold: 2, members: ["w"] } } }, { witnesses: { w: 1 } },
    { witnesses: { w: cosigner, x: cosigner } }, { witnesses: { none: cosigner } }, { witnesses: { w: said.log_keys[0] } },
    { witnesses: { w: cosigner }, groups: { g: groups.g, h: groups.g } },
  ];
  for (const change of wrong) {
    await refused("SOURCE_UNREADABLE", () => parseTrust(utf8(JSON.stringify({ ...said, ...change }))), JSON.stringify(change));
  }
  const texts = [
    TRUST.replace("{", '{"quorum":"none",'), TRUST.replace('"threshold": 1', '"threshold": 1.0'), "[]", "{", "", `\ufeff${TRUST}`,
    TRUST.replace('"threshold": 1', '"threshold": 1, "threshold": 1'),
  ];
  for (const each of texts) await refused("SOURCE_UNREADABLE", () => parseTrust(utf8(each)), each.slice(0, 40));
  await refused("VERIFIER_KEY_INVALID", () => parseTrust(utf8(TRUST.replace(said.log_keys[0], `${said.log_keys[0]}A`))));
});

withCases("quorums are met where Python finds them met", async ({ quorums }) => {
  const met = new Set();
  for (const each of quorums) {
    const trust = await parseTrust(utf8(JSON.stringify(each.trust)));
    const { signed } = await signedBy(parseNote(utf8(each.note)), [...trust.witnesses.values()]);
    assert.equal(isQuorumMet(trust, signed.keys()), each.met);
    met.add(each.met);
  }
  assert.equal(met.size, 2);
});
