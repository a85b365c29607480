// Verifies, in the browser and without a network, a bundle of one battery, a bundle of a whole log, or a receipt.
//
// The numbers are the steps of docs/format.md, section 9. What a browser does not do is in every report under its step, so
// that nobody takes a part for the whole: `verdict` is never VERIFIED, `checked` is the verdict on what was done.
import { latin1, same, toHex } from "./bytes.js";
import { Findings } from "./findings.js";
import { checkInclusion, leafHash, rootAt, rowsOf } from "./merkle.js";
import { openCheckpoint, parseCheckpointText, parseNote, parseVkey, sameKey, signedBy } from "./note.js";
import { Refusal, quote } from "./refusal.js";
import { Replay } from "./replay.js";
import { parseEntry, readEvent } from "./entry.js";
import { parseTlogProof } from "./tlogproof.js";
import { isQuorumMet, parseJsonObject } from "./trust.js";

/** @typedef {import("./trust.js").Trust} Trust */
/** @typedef {import("./findings.js").Verdict} Verdict */
/** @typedef {Map<string, Uint8Array>} Files by their names in the bundle */
/**
 * @typedef {{kind: "battery" | "log" | "receipt", verdict: "REFUTED" | "UNDECIDED", checked: Verdict,
 *   steps: {step: number, name: string, verdict: Verdict, isDone: boolean}[], findings: import("./findings.js").Finding[],
 *   origin: string, size: number, root: string, subject: string, events: import("./replay.js").Event[],
 *   uncheckedKeys: string[]}} Report
 */

const VKEYS = ["log.vkey", "log-ml-dsa.vkey"];
const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;
const RULES = /^rules\/[A-Za-z0-9_-]{43}\.json$/;
const EVERY = 64; // entries after which progress is told
const EVIDENCE = /^evidence\/[0-9a-f]{64}$/;

/**
 * @param {Files} files
 * @param {{trust: Trust | null, checkpoints?: Uint8Array[], progress?: (done: number, total: number) => void}} given
 *   `checkpoints`: from elsewhere, to compare with; `progress` is told now and then how many entries were looked at
 * @returns {Promise<Report>}
 */
export async function verifyBundle(files, { trust, checkpoints = [], progress = () => {} }) {
  const audit = new Audit(trust, files.has("bundle.json") ? "battery" : "log", progress);
  const head = await audit.openHead(files.get("checkpoint"), files);
  if (!head) return audit.report();
  if (audit.kind === "battery") await readBattery(audit, files);
  else await readLog(audit, files);
  for (const [number, note] of checkpoints.entries()) await audit.compare(note, `given checkpoint ${number + 1}`, true);
  return audit.report();
}

/**
 * @param {Uint8Array} bytes a tlog-proof with its entry, or `{"id","entry","proof"}` as a node answers
 * @param {{trust: Trust | null}} given
 * @returns {Promise<Report>} with the one event; alone a receipt proves that the log recorded it, and no more
 */
export async function verifyReceipt(bytes, { trust }) {
  const audit = new Audit(trust, "receipt");
  try {
    const proof = bytes[0] === 0x7b ? await parseAnswer(bytes) : parseProof(bytes);
    audit.findings.add("RECEIPT_ALONE", "neither the chain nor the signer's registration comes with it");
    if (await audit.openHead(proof.checkpoint, new Map())) await audit.readReceipt(proof);
  } catch (error) {
    audit.findings.addRefusal(error, { place: "receipt" });
  }
  return audit.report();
}

class Audit {
  constructor(trust, kind, progress = () => {}) {
    this.trust = trust;
    this.kind = kind;
    this.progress = progress;
    this.findings = new Findings();
    this.subject = "";
    this.events = [];
    this.roots = new Map(); // size -> root that the entries give
    this.keys = trust?.logKeys ?? [];
    this.unchecked = [];
    this.isQuorumMet = false;
    if (!trust) this.findings.add("TRUST_ABSENT", "checked against itself: whose it is was not checked");
  }

  /** Step 2 for the checkpoint against which all is verified. */
  async openHead(bytes, files) {
    if (!bytes) {
      this.findings.add("BUNDLE_INCOMPLETE", "expected checkpoint, got none", { place: "checkpoint" });
      return null;
    }
    await this.#compareVkeys(files);
    try {
      this.origin = this.trust?.origin ?? parseCheckpointText(parseNote(bytes).text).origin;
      this.head = parseCheckpointText(parseNote(bytes).text);
      const opened = await this.#open(bytes);
      this.unchecked = opened.unchecked.map(({ keyId }) => keyId);
    } catch (error) {
      this.findings.addRefusal(error, { place: "checkpoint" });
    }
    return this.head?.origin === this.origin ? this.head : null;
  }

  async #open(bytes) {
    if (!this.keys.length) return { checkpoint: parseCheckpointText(parseNote(bytes).text), unchecked: [] };
    const opened = await openCheckpoint(bytes, { origin: this.origin, logKeys: this.keys });
    if (this.trust && this.trust.quorum !== "none") {
      const { signed } = await signedBy(opened.note, [...this.trust.witnesses.values()]);
      if (isQuorumMet(this.trust, signed.keys()) && opened.checkpoint.size === this.head.size) this.isQuorumMet = true;
    }
    return opened;
  }

  /** What a bundle says of the log's keys is compared with the trusted ones, and used only where there are none. */
  async #compareVkeys(files) {
    const named = VKEYS.flatMap((name) => (files.has(name) ? latin1(files.get(name)).split("\n").filter(Boolean) : []));
    if (!named.length) return;
    try {
      const vkeys = await Promise.all(named.map(parseVkey));
      if (!this.trust) this.keys = vkeys;
      else if (vkeys.length !== this.keys.length || !vkeys.every((vkey) => this.keys.some((own) => sameKey(own, vkey)))) {
        this.findings.add("LOG_KEY_UNTRUSTED", "expected the keys of the trust file, got others", { place: VKEYS[0] });
      }
    } catch (error) {
      this.findings.addRefusal(error, { place: VKEYS[0] });
    }
  }

  /** Steps 3 and 5 to 7, for entries in the order of the log. */
  async replay(entries, whole) {
    const replay = new Replay(this.origin, this.findings, { trust: this.trust, whole });
    for (const [at, [leaf, bytes]] of entries.entries()) {
      await replay.take(leaf, bytes);
      replay.checkRegistrars();
      if (at % EVERY === 0) this.progress(at, entries.length);
    }
    this.progress(entries.length, entries.length);
    this.events = replay.events;
    this.heads = replay.heads;
  }

  async readReceipt({ index, hashes, extra }) {
    const place = { leaf: index };
    try {
      const { size, root } = this.head;
      await checkInclusion({ proof: hashes, index, size, leaf: await leafHash(extra), root });
      const { event, recordedAt } = parseEntry(extra);
      const { id, kid, alg, value } = await readEvent(event, this.origin);
      this.events = [{ leaf: index, id, kid, alg, statement: value, recordedAt, signed: false, linked: false }];
    } catch (error) {
      this.findings.addRefusal(error, place);
    }
  }

  /** Step 11: another checkpoint, stored in the bundle or from elsewhere. */
  async compare(bytes, place, isGiven) {
    let other;
    try {
      other = (await this.#open(bytes)).checkpoint;
    } catch (error) {
      if (!isGiven) this.findings.addRefusal(error, { place });
      else if (error instanceof Refusal) this.findings.add("CHECKPOINT_UNUSABLE", error.message, { place });
      else throw error;
      return null;
    }
    const { size, root } = other;
    const sizes = `size ${size} against ${this.head.size}`;
    if (size > this.head.size) this.findings.add(isGiven ? "CHECKPOINT_AHEAD" : "CHECKPOINT_BEYOND_LOG", sizes, { place });
    else if (size === this.head.size) {
      if (!same(root, this.head.root)) this.findings.add("TREE_SPLIT_VIEW", `two roots at size ${size}`, { place });
    } else if (this.kind !== "log") this.findings.add("PIN_NOT_COMPARED", sizes, { place });
    else {
      const own = await this.rootAt(size);
      if (own && !same(root, own)) this.findings.add("LOG_CONSISTENCY_INVALID", `another root at size ${size}`, { place });
    }
    return other;
  }

  async rootAt(size) {
    if (!this.hashes || size > this.hashes.length) return null;
    this.rows ??= await rowsOf(this.hashes);
    return rootAt(this.rows, size);
  }

  report() {
    if (!this.events.length) this.findings.add("NOTHING_CHECKED", "no event could be read");
    const { trust, findings } = this;
    if (trust && trust.quorum !== "none" && this.head && !this.isQuorumMet) {
      findings.add("WITNESS_QUORUM_UNMET", `expected the quorum ${trust.quorum} at size ${this.head.size}, got less`);
    }
    const isAlone = this.kind === "receipt";
    const done = (step, name, isDone = true) => {
      const verdict = findings.verdict((finding) => finding.step === step);
      return { step, name, isDone, verdict: isDone || verdict === "REFUTED" ? verdict : "UNDECIDED" };
    };
    const steps = [
      done(1, "source"),
      done(2, "checkpoint signed with Ed25519", this.keys.length > 0),
      done(2, "checkpoint signed with ML-DSA-44", this.keys.length > 1 && !this.unchecked.length),
      done(2, "witnesses", Boolean(trust)),
      done(3, "entries"),
      done(4, "tree"),
      done(5, "registry", !isAlone),
      done(6, "form of each event"),
      done(6, "signature of each event", !isAlone),
      done(6, "schema of each event", false),
      done(7, "chains", !isAlone),
      done(8, "life cycle and custody", false),
      done(9, "batches, lots, masses", false),
      done(10, "deadlines", false),
      done(11, "seen before", this.kind === "log"),
    ];
    const checked = findings.verdict();
    return {
      kind: this.kind, verdict: checked === "REFUTED" ? checked : "UNDECIDED", checked, steps, findings: findings.all,
      origin: this.origin ?? "", size: this.head?.size ?? 0, root: this.head ? toHex(this.head.root) : "",
      subject: this.subject, events: this.events, uncheckedKeys: this.unchecked,
    };
  }
}

// ---- one battery ----

async function readBattery(audit, files) {
  const entries = [];
  try {
    const leaves = readAbout(audit, files);
    const listed = new Set(leaves.map((leaf) => `receipts/${leaf}`));
    checkNames(audit, files, (name) => name === "bundle.json" || listed.has(name));
    for (const leaf of leaves) {
      const place = `receipts/${leaf}`;
      if (!files.has(place)) audit.findings.add("BUNDLE_INCOMPLETE", `expected ${place}, got none`, { place });
      else entries.push(await readProven(audit, files.get(place), leaf, files.get("checkpoint")));
    }
  } catch (error) {
    audit.findings.addRefusal(error, { place: "bundle.json" });
  }
  await audit.replay(entries.filter(Boolean), false);
  if (audit.subject && !audit.heads.has(audit.subject)) {
    audit.findings.add("BUNDLE_INCOMPLETE", `expected events of ${audit.subject}, got none`, { subject: audit.subject });
  }
}

function readAbout(audit, files) {
  const about = parseJsonObject(files.get("bundle.json"), "bundle.json");
  const wrong = (where, expected) => new Refusal("BUNDLE_MALFORMED", { where, expected, got: "something else" });
  if (Object.keys(about).sort().join() !== "format,leaves,size,subject") {
    const got = quote(Object.keys(about).join());
    throw new Refusal("SOURCE_UNREADABLE", { where: "bundle.json", expected: "format, subject, size and leaves", got });
  }
  if (about.format !== "packtrace-bundle/1") throw wrong("format", "packtrace-bundle/1");
  const { subject, size, leaves } = about;
  if (typeof subject !== "string" || !/^battery:[!-~]{1,160}$/.test(subject)) throw wrong("subject", "a battery");
  const isNext = (leaf, at) => Number.isSafeInteger(leaf) && leaf > (leaves[at - 1] ?? -1);
  if (!Array.isArray(leaves) || !leaves.every(isNext)) throw wrong("leaves", "leaf indexes, each once and ascending");
  audit.subject = subject;
  if (size !== audit.head.size) audit.findings.add("BUNDLE_MALFORMED", `size: expected ${audit.head.size}, got ${size}`);
  return leaves;
}

/** Step 4 for one entry: it is in the tree, at the place and under the checkpoint of the bundle. */
async function readProven(audit, bytes, leaf, checkpoint) {
  const place = { place: `receipts/${leaf}`, leaf };
  try {
    const proof = parseProof(bytes);
    if (proof.index !== leaf || !same(proof.checkpoint, checkpoint)) {
      audit.findings.add("RECEIPT_MISMATCH", `expected leaf ${leaf} under the bundle's checkpoint, got another`, place);
      return null;
    }
    const { size, root } = audit.head;
    await checkInclusion({ proof: proof.hashes, index: leaf, size, leaf: await leafHash(proof.extra), root });
    return [leaf, proof.extra];
  } catch (error) {
    audit.findings.addRefusal(error, place);
    return null;
  }
}

function parseProof(bytes) {
  const proof = parseTlogProof(bytes);
  if (!proof.extra) throw new Refusal("LOG_PROOF_MALFORMED", { where: "extra", expected: "the entry", got: "nothing" });
  return proof;
}

async function parseAnswer(bytes) {
  const said = parseJsonObject(bytes, "receipt");
  const mismatch = (where, expected) => new Refusal("RECEIPT_MISMATCH", { where, expected, got: "another" });
  const names = ["id", "entry", "proof"];
  if (!names.every((name) => typeof said[name] === "string")) {
    const got = quote(Object.keys(said).join());
    throw new Refusal("SOURCE_UNREADABLE", { where: "receipt", expected: names.join(", "), got });
  }
  const proof = parseProof(new TextEncoder().encode(said.proof));
  if (latin1(proof.extra) !== said.entry) throw mismatch("entry", "the entry that is proven");
  if ("leaf_index" in said && said.leaf_index !== proof.index) throw mismatch("leaf_index", `${proof.index}`);
  const { event, recordedAt } = parseEntry(proof.extra);
  if ("recorded_at" in said && said.recorded_at !== recordedAt) throw mismatch("recorded_at", recordedAt);
  if ("checkpoint" in said && said.checkpoint !== new TextDecoder().decode(proof.checkpoint)) {
    throw mismatch("checkpoint", "the checkpoint of the proof");
  }
  const { origin } = parseCheckpointText(parseNote(proof.checkpoint).text);
  if ((await readEvent(event, origin)).id !== said.id) throw mismatch("id", "that of the event");
  return proof;
}

// ---- a whole log ----

async function readLog(audit, files) {
  const { size, root } = audit.head;
  checkNames(audit, files, (name) => /^checkpoints\/\d+$|^tile\//.test(name));
  const entries = readEntries(audit, files, size);
  audit.hashes = await Promise.all(entries.map(leafHash));
  await audit.replay([...entries.entries()], true);
  if (entries.length < size) {
    audit.findings.add("BUNDLE_INCOMPLETE", `expected ${size} entries, got ${entries.length}`, { leaf: entries.length });
  } else {
    await compareTiles(audit, files, size);
    const found = await audit.rootAt(size);
    if (!same(found, root)) {
      audit.findings.add("LOG_ROOT_MISMATCH", `root at size ${size}: expected ${toHex(root)}, got ${toHex(found)}`);
    }
  }
  for (const name of [...files.keys()].filter((each) => each.startsWith("checkpoints/")).sort()) {
    const other = await audit.compare(files.get(name), name, false);
    if (other && name !== `checkpoints/${other.size}`) {
      audit.findings.add("CHECKPOINT_MISPLACED", `expected size ${name.slice(12)}, got ${other.size}`, { place: name });
    }
  }
}

function readEntries(audit, files, size) {
  const entries = [];
  while (entries.length < size) {
    const width = Math.min(256, size - entries.length);
    const place = tilePath("entries", entries.length / 256, width);
    const bytes = files.get(place);
    if (!bytes) break;
    const cut = splitEntries(bytes, width);
    if (!cut) {
      const at = { place, leaf: entries.length };
      audit.findings.add("LOG_TILE_INVALID", `${place}: expected ${width} entries, got others`, at);
      break;
    }
    entries.push(...cut);
  }
  return entries;
}

function splitEntries(bytes, width) {
  const entries = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const end = at + 2 + bytes[at] * 256 + bytes[at + 1];
    if (end > bytes.length) return null;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return at === bytes.length && entries.length === width ? entries : null;
}

/** Step 4: stored tiles are those that the entries give. */
async function compareTiles(audit, files, size) {
  const rows = (audit.rows ??= await rowsOf(audit.hashes));
  for (let level = 0; level * 8 < rows.length && size; level++) {
    const row = rows[level * 8];
    for (let start = 0; start < row.length; start += 256) {
      const place = tilePath(level, start / 256, Math.min(256, row.length - start));
      const stored = files.get(place);
      if (!stored) audit.findings.add("BUNDLE_INCOMPLETE", `expected ${place}, got none`, { place });
      else {
        const own = (at) => stored.subarray(32 * at, 32 * at + 32);
        const wrong = row.slice(start, start + 256).findIndex((hash, at) => !same(hash, own(at)));
        if (wrong < 0 && stored.length === 32 * Math.min(256, row.length - start)) continue;
        const leaf = (start + Math.max(0, wrong)) * 256 ** level;
        audit.findings.add("LOG_TILE_MISMATCH", "expected the hashes of the entries, got others", { place, leaf });
      }
    }
  }
}

function tilePath(level, index, width) {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/.{3}/g);
  const last = groups.pop();
  const name = [...groups.map((group) => `x${group}`), last].join("/");
  return `tile/${level}/${name}${width === 256 ? "" : `.p/${width}`}`;
}

/** Step 1: nothing but what belongs in a bundle, and the log's keys. */
function checkNames(audit, files, isOwn) {
  for (const name of VKEYS) {
    if (!files.has(name)) audit.findings.add("BUNDLE_INCOMPLETE", `expected ${name}, got none`, { place: name });
  }
  for (const name of files.keys()) {
    const isKnown = name === "checkpoint" || VKEYS.includes(name) || RULES.test(name) || EVIDENCE.test(name) || isOwn(name);
    if (!isKnown) audit.findings.add("BUNDLE_UNEXPECTED_FILE", "it was not checked", { place: quote(name) });
  }
}
