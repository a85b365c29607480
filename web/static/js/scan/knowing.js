// What is known of a scanned battery: where it stands, whether its label is the one on record, and what may be done with it.
//
// First from the device, which is at once; then from the node, where there is a network.
import { labelDigest } from "../core/label.js";
import { Offline, api } from "../device/api.js";
import { now } from "../device/clock.js";
import { NoStorage, get, put } from "../device/db.js";
import { device } from "../device/keyring.js";
import { lookUp, refresh } from "../device/known.js";
import { NOBODY } from "../record/fold.js";
import { steps } from "../record/steps.js";

/** @typedef {import("./batch.js").Scan} Scan */
/** @typedef {import("../device/known.js").Known} Known */
/** @typedef {import("../record/steps.js").Step} Step */
/** @typedef {"record" | "other" | "none on record" | "not known" | "no token"} Label what became of comparing the label */
/** @typedef {"now" | "kept" | "unknown" | "absent"} Source `kept`: by this device; `unknown` to it; `absent` from the log */
/**
 * @typedef {{scan: Scan, known: Known | null, source: Source, label: Label, steps: Step[], names: Record<string, any>}} Found
 *   `names`: what organisations are called, by id
 */
/** @typedef {{org: string, me: import("../record/steps.js").Me | null, lifecycle: any}} Standing of this device; `org` may be empty */

/**
 * Who this device is, and by which table it tells what comes next.
 * @returns {Promise<Standing>} nobody where it has no key
 */
export async function standing() {
  const own = await orNull(device);
  const lifecycle = await orNull(() => kept("lifecycle", "/lifecycle"));
  if (!own) return { org: "", me: null, lifecycle };
  const said = await orNull(() => kept("organisation", `/organisations/${encodeURIComponent(own.org)}`));
  const { types } = own.key;
  return { org: own.org, me: said && { ...said, org: own.org, types }, lifecycle };
}

/** What the device was told once; asked for where it was not. */
async function kept(name, path) {
  const row = await orNull(() => get("data", name));
  if (row) return row.value;
  const { ok, body } = await api(path);
  if (!ok) return null;
  await orNull(() => put("data", { name, value: body }));
  return body;
}

/**
 * What this device knows by itself.
 * @param {Scan} scan
 * @param {Standing} who
 * @returns {Promise<Found>}
 */
export async function recall(scan, who) {
  const known = await orNull(() => lookUp(scan.subject));
  return found(scan, known, known ? (isAbsent(known) ? "absent" : "kept") : "unknown", who);
}

/**
 * What the node says, or else the device.
 * @param {Scan} scan
 * @param {Standing} who
 * @returns {Promise<Found>}
 */
export async function inquire(scan, who) {
  const before = new Date().toISOString();
  try {
    const known = await refresh(scan.subject);
    if (!known) return found(scan, null, "unknown", who);
    const isNew = (known.fetched_at ?? "") >= before;
    return found(scan, known, isAbsent(known) ? "absent" : isNew ? "now" : "kept", who);
  } catch (error) {
    if (!(error instanceof NoStorage)) throw error;
    return askOnly(scan, who);
  }
}

/**
 * Of the batteries that a code can mean, the one that is on record; else the likeliest.
 * @param {string[]} subjects the likeliest first
 * @returns {Promise<string>}
 */
export async function whichOf(subjects) {
  for (const ask of [lookUp, refresh]) {
    for (const subject of subjects) {
      const known = await orNull(() => ask(subject));
      if (known && !isAbsent(known)) return subject;
    }
  }
  return subjects[0];
}

/** Where the browser keeps nothing for this page. */
async function askOnly(scan, who) {
  const answer = await orNull(() => api(`/subjects/${encodeURI(scan.subject)}`, { as: "nobody" }));
  if (answer?.status === 404) return found(scan, null, "absent", who);
  if (!answer?.ok) return found(scan, null, "unknown", who);
  const maker = answer.body.maker?.id ?? "";
  return found(scan, { ...answer.body, maker }, "now", who);
}

async function found(scan, known, source, who) {
  const [label, names] = await Promise.all([compareLabel(scan, known), namesOf(known, source === "now")]);
  return { scan, known, source, label, steps: await lawful(scan, known, source, who), names };
}

const isAbsent = (known) => known.seq < 0;

async function lawful({ subject }, known, source, { me, lifecycle }) {
  if (!me || !lifecycle) return [];
  const at = await orNull(now) ?? new Date();
  if (source !== "unknown") return steps(known, me, lifecycle, at, subject);
  // Nobody here knows whether the log has it: what begins a chain, and taking in what nobody holds, may both be right.
  const first = steps(null, me, lifecycle, at, subject);
  const stage = lifecycle.in_use.find((each) => each === "removed");
  const as = { subject, seq: 0, head: "", tier: "enrolled", stage, custodian: NOBODY };
  const takenIn = steps(as, me, lifecycle, at, subject).filter(({ type }) => type === "battery.taken_in");
  return [...takenIn, ...first.filter(({ type }) => type !== "battery.taken_in")];
}

/**
 * Compares the label that was scanned with the digest that the chain holds: no network is needed for it.
 * @param {Scan} scan
 * @param {Known | null} known
 * @returns {Promise<Label>}
 */
export async function compareLabel({ code, token }, known) {
  if (!token) return "no token";
  if (typeof known?.label !== "string" || !globalThis.crypto?.subtle) return "not known"; // plain http has no digests
  if (!known.label) return "none on record";
  return (await labelDigest(code, token)) === known.label ? "record" : "other";
}

const asked = new Map(); // names of organisations that this page asked the node for

async function namesOf(known, mayAsk) {
  const names = {};
  for (const org of new Set([known?.custodian, known?.maker, known?.offer?.consignee])) {
    if (!org?.startsWith?.("org:")) continue;
    const row = await orNull(() => get("parties", org));
    if (row) names[org] = { zh: row.name_zh, en: row.name_en };
    else if (mayAsk || asked.has(org)) names[org] = await askName(org);
  }
  return names;
}

async function askName(org) {
  if (!asked.has(org)) asked.set(org, orNull(() => api(`/organisations/${encodeURIComponent(org)}`, { as: "nobody" })));
  const answer = await asked.get(org);
  return answer?.ok ? answer.body.name : null;
}

/** What can't be had now, without a network or where the browser keeps nothing for us, bars nothing else. */
async function orNull(ask) {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof NoStorage || error instanceof Offline) return null;
    throw error;
  }
}
