// Photos and tickets that go with a record: their digest is signed, their bytes follow once the record is in the log.
import { base64url } from "../core/base64url.js";
import { sha256 } from "../core/bytes.js";
import { Offline, api } from "./api.js";
import { all, change, del, get, put } from "./db.js";
import { readPresentation } from "./presentation.js";
import { changed } from "./signals.js";

const MOST = 32 << 20; // bytes of one, as the node takes
const SLOW = 120_000; // ms for a photo over a bad line
const MEDIA_TYPE = /^[a-z0-9.+-]+\/[a-z0-9.+-]+$/;

/** @typedef {{kind: string, sha256: string, media_type: string, bytes: number}} Document as `data.evidence` lists it */

/**
 * Hashes a file on the device and keeps its bytes.
 * @param {Blob} file
 * @param {{kind?: string}} [said] photo, ticket, certificate, … as the schemas know it
 * @returns {Promise<Document>} what the statement is to say of it
 * @throws {RangeError} empty, or more than a node takes
 */
export async function keepEvidence(file, { kind } = {}) {
  if (!file.size || file.size > MOST) throw new RangeError(`expected 1 to ${MOST} bytes, got ${file.size}`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const digest = base64url(await sha256(bytes));
  const said = file.type.toLowerCase().split(";")[0].trim();
  const media_type = MEDIA_TYPE.test(said) && said.length <= 100 ? said : "application/octet-stream";
  const document = {
    kind: kind ?? (media_type.startsWith("image/") ? "photo" : "other"), sha256: digest, media_type, bytes: bytes.length,
  };
  await put("evidence", { ...document, blob: new Blob([bytes], { type: media_type }), at: new Date().toISOString() });
  return document;
}

/** @param {string} sha256 @returns {Promise<Blob | null>} the bytes, while this device still has them */
export const evidence = async (sha256) => (await get("evidence", sha256))?.blob ?? null;

/**
 * Hands in the bytes that recorded events name and this device still keeps. What was handed in is not kept here any longer.
 * @returns {Promise<number>} how many are left
 */
export async function sendEvidence() {
  const rows = await all("outbox");
  const needed = new Set(rows.filter(({ state }) => state !== "accepted").flatMap(({ evidence: digests }) => digests));
  let left = 0;
  for (const row of rows.filter((each) => each.state === "accepted" && each.evidence.length && !each.evidence_sent)) {
    const missing = await sendOf(row);
    if (!missing) {
      await change("outbox", row.id, (now) => now && { ...now, evidence_sent: true });
      for (const digest of row.evidence.filter((each) => !needed.has(each))) await del("evidence", digest);
      changed("evidence");
    }
    left += missing;
  }
  return left;
}

async function sendOf(row) {
  const named = await eventsByDigest(row);
  let missing = 0;
  for (const digest of row.evidence) {
    const blob = await evidence(digest);
    if (!blob) continue; // gone with the storage: the record says that it was there
    // What another device signed in its place names the same documents.
    const events = row.signed_again ?? [named.get(digest)].filter(Boolean);
    if (!(await handIn(events, digest, blob))) missing += 1;
  }
  return missing;
}

/** Whether it is settled: handed in, or refused for good, which no later attempt changes. */
async function handIn(events, digest, blob) {
  const headers = { "Content-Type": "application/octet-stream" };
  try {
    for (const event of events) {
      const path = `/events/${event}/evidence/${digest}`;
      const { status } = await api(path, { method: "POST", body: blob, headers, as: "nobody", patience: SLOW });
      if (status === 200 || status === 201) return true;
      if (![404, 413, 422].includes(status)) return false;
    }
  } catch (error) {
    if (error instanceof Offline) return false;
    throw error;
  }
  return true;
}

/** Which event of a row names which document. */
async function eventsByDigest(row) {
  const found = new Map();
  for (const text of row.events) {
    const { id, statement } = await readPresentation(text);
    const { evidence: listed = [], documents = [], set = {} } = statement.data;
    for (const { sha256: digest } of [...listed, ...documents, ...(set.evidence ?? [])]) found.set(digest, id);
  }
  return found;
}
