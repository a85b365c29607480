// Takes along what a yard without a network needs: what the organisation holds or expects, who the others are, the rules.
import { Offline, api } from "./api.js";
import { all, get, put, putAll } from "./db.js";
import { device } from "./keyring.js";
import { keepAnswers } from "./known.js";
import { setting } from "./settings.js";
import { changed } from "./signals.js";

const PAGE = 200; // lines of a yard in one answer
const MOST_KEYS = 300; // organisations whose keys are taken along
const AT_ONCE = 4; // requests
const FRESH = 10 * 60_000; // ms until heads are asked for again
const WHOLE = 12 * 3_600_000; // ms until everything is

/** @typedef {{step: "node" | "yard" | "parties" | "keys" | "schemas", done: number, of: number | null}} Progress */
/** @typedef {{at: string, whole_at: string, items: number, parties: number}} Taken */

/** The node answered, but not with what was asked for. */
export class Refused extends Error {
  constructor(path, { status, body }) {
    super(`${path}: ${status} ${body?.code ?? ""} ${body?.detail ?? ""}`.trim());
    this.name = "Refused";
    this.code = body?.code ?? "";
  }
}

/**
 * Takes everything along, or only what changes by the hour.
 * @param {{whole?: boolean, progress?: (said: Progress) => void}} [how]
 * @returns {Promise<Taken>}
 * @throws {import("./api.js").Offline | Refused} what was kept before that stays
 */
export async function preload({ whole = true, progress = () => {} } = {}) {
  const before = await preloaded();
  await keepData("node", "/node");
  await keepData("lifecycle", "/lifecycle");
  progress({ step: "node", done: 1, of: 1 });
  const items = await takeYard(progress);
  const at = new Date().toISOString();
  let { whole_at: wholeAt = null, parties = 0 } = before ?? {};
  if (whole || !wholeAt) {
    const found = await takeParties(progress);
    await takeKeys(found, progress);
    await takeSchemas(progress);
    [wholeAt, parties] = [at, found.length];
  }
  const value = { at, whole_at: wholeAt, items, parties };
  await put("data", { name: "preloaded", value });
  changed("known");
  return value;
}

/**
 * Takes along what is old by now, if there is a network and a key, and no other page does the same.
 * @returns {Promise<void>}
 */
export async function keepFresh() {
  if (!navigator.onLine || !(await device())) return;
  const { at, whole_at: wholeAt } = (await preloaded()) ?? {};
  const isOlder = (time, than) => !time || Date.now() - Date.parse(time) > than;
  if (!isOlder(at, FRESH)) return;
  const take = (lock) => (lock ? preload({ whole: isOlder(wholeAt, WHOLE) }) : null);
  try {
    await navigator.locks.request("packtrace-preload", { ifAvailable: true }, take);
  } catch (error) {
    if (!(error instanceof Offline || error instanceof Refused)) throw error;
    console.info("the yard could not be taken along now:", error.message);
  }
}

/** @returns {Promise<Taken | null>} when this was last done */
export const preloaded = async () => (await get("data", "preloaded"))?.value ?? null;

async function takeYard(progress) {
  const seen = new Set();
  for (let page = ""; page !== null; ) {
    const body = await ask(`/yard?limit=${PAGE}${page}`);
    await keepAnswers(body.items);
    body.items.forEach(({ subject }) => seen.add(subject));
    await put("data", { name: "organisation", value: body.organisation });
    progress({ step: "yard", done: seen.size, of: null });
    page = body.next ? `&page=${encodeURIComponent(body.next)}` : null;
  }
  // What is in the yard no more stays known, as one that may come back, and is not listed there.
  const gone = (await all("known")).filter(({ subject, part }) => part && !seen.has(subject));
  await putAll("known", gone.map((row) => ({ ...row, part: null, base: { ...row.base, part: null } })));
  return seen.size;
}

async function takeParties(progress) {
  const found = [];
  for (let page = ""; page !== null; ) {
    const body = await ask(`/organisations${page}`);
    found.push(...body.organisations);
    progress({ step: "parties", done: found.length, of: null });
    page = body.next ? `?page=${encodeURIComponent(body.next)}` : null;
  }
  const own = (await get("data", "organisation"))?.value;
  const rows = [];
  for (const { id, name, roles, region, suspended } of found) {
    const old = await get("parties", id);
    rows.push({
      org: id, name_zh: name.zh, name_en: name.en, region, suspended,
      roles: roles.filter(({ valid }) => valid).map(({ role }) => role),
      sites: own?.id === id ? own.sites : old?.sites ?? [], keys: old?.keys ?? [],
    });
  }
  await putAll("parties", rows);
  return rows;
}

/** Keys of those whom this device deals with come first: without a network, theirs is the signature that it must check. */
async function takeKeys(parties, progress) {
  const near = new Set([await setting("org"), await setting("counterparty")]);
  for (const known of await all("known")) {
    for (const org of [known.custodian, known.offer?.consignee, known.consignor, known.consignee]) near.add(org);
  }
  const wanted = parties.filter(({ org, keys }) => near.has(org) || !keys.length);
  const some = wanted.sort((one, other) => near.has(other.org) - near.has(one.org)).slice(0, MOST_KEYS);
  let done = 0;
  await each(some, async (party) => {
    const { keys } = await ask(`/organisations/${encodeURIComponent(party.org)}/keys`);
    const valid = keys.filter(({ state }) => state === "valid").map(({ kid, jwk, use }) => ({ kid, jwk, use }));
    await put("parties", { ...party, keys: valid });
    progress({ step: "keys", done: (done += 1), of: some.length });
  });
}

/** Schemas change with the rules alone: what is here of the same digest is not fetched again. */
async function takeSchemas(progress) {
  const { rules, schemas } = await ask("/schemas");
  const kept = await get("data", "schemas");
  if (kept?.rules === rules.sha256) return;
  const found = Object.create(null);
  let done = 0;
  await each(schemas, async ({ type, url }) => {
    found[type] = await ask(url);
    progress({ step: "schemas", done: (done += 1), of: schemas.length });
  });
  await put("data", { name: "schemas", value: { ...found }, rules: rules.sha256 });
}

async function keepData(name, path) {
  await put("data", { name, value: await ask(path) });
}

async function ask(path) {
  const answer = await api(path);
  if (answer.status !== 200 || typeof answer.body !== "object" || answer.body === null) throw new Refused(path, answer);
  return answer.body;
}

async function each(items, run) {
  const waiting = [...items];
  const work = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
