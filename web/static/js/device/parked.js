// Records that came too late, shared by the devices of one organisation: whoever has a network first signs them again.
//
// What comes from the node here is only proposed. Before a device signs it, it checks that a key of its own organisation
// signed the very same statement, and its user reads what it says.
import { checkSignature, parseJws, EVENT } from "../core/jws.js";
import { parsePublicJwk } from "../core/keys.js";
import { Offline, api } from "./api.js";
import { all, change, get, put } from "./db.js";
import { device } from "./keyring.js";
import { readPresentation } from "./presentation.js";
import { checkReceipt } from "./receipts.js";
import { rowOf } from "./row.js";
import { changed } from "./signals.js";

/** @typedef {import("./row.js").Row} Row */
/**
 * @typedef {{id: string, events: string[], kid: string, code: string, detail: string, parked_at: string, settled: boolean,
 *   taken: {kid: string, at: string, as: string[]} | null}} Parked as the node tells it
 */

const OFTEN = 60_000; // ms between looks at what others parked

/** Another device signs the record again, or has: this one must not do the same. */
export class TakenElsewhere extends Error {
  constructor(detail) {
    super(detail || "another device of the organisation signs this record again");
    this.name = "TakenElsewhere";
  }
}

/** What the node proposes to sign again is not what a device of this organisation signed. */
export class NotGenuine extends Error {
  constructor(detail) {
    super(detail);
    this.name = "NotGenuine";
  }
}

/**
 * Shares what is parked here, and learns what became of it and what other devices parked. Without a network, or without a
 * key, nothing happens.
 * @param {{urgent?: boolean}} [how] `urgent`: look at once, though that was done a moment ago
 * @returns {Promise<void>}
 */
export async function shareParked({ urgent = false } = {}) {
  const own = await device();
  if (!own) return;
  try {
    for (const row of await all("outbox")) {
      // What stands on a refused record has no place until that one is mended; what another organisation signed is its own.
      const isOurs = row.iss === own.org && row.why?.code !== "EARLIER_REFUSED";
      if (row.state === "parked" && isOurs && row.shared !== row.ids.at(-1)) await share(row);
    }
    const at = Date.parse((await get("data", "parked"))?.at ?? "");
    if (urgent || !(Math.abs(Date.now() - at) < OFTEN)) await takeList();
  } catch (error) {
    if (!(error instanceof Offline)) throw error;
  }
}

/** @returns {Promise<Parked[]>} what other devices of the organisation parked and nobody has settled, as last heard */
export async function parkedElsewhere() {
  const own = new Set((await all("outbox")).flatMap(({ ids, shared }) => [...ids, shared]));
  const list = (await get("data", "parked"))?.value ?? [];
  return list.filter(({ id, settled, taken }) => !settled && !own.has(id) && !taken?.as.some((each) => own.has(each)));
}

/**
 * Says by which events this device replaces a record that others know of.
 * @param {string} id under which it is shared
 * @param {string[]} ids of the events that were signed in its place
 * @returns {Promise<void>}
 * @throws {TakenElsewhere | Offline} without a network nobody can know whether another device does the same
 */
export async function take(id, ids) {
  const { status, body } = await api(`/parked/${id}/take`, { json: { as: ids } });
  if (status === 200) return;
  if (status === 404) throw new TakenElsewhere(""); // somebody let it go
  if (status === 409) throw new TakenElsewhere(body?.detail);
  throw new Offline(new Error(`${status} ${body?.code ?? ""}`));
}

/**
 * Puts a record that another device parked into this one's outbox, to be read and signed again here.
 * @param {Parked} parked
 * @returns {Promise<Omit<Row, "order">>} as a parked row, not yet kept
 * @throws {NotGenuine}
 */
export async function adopt(parked) {
  const own = await device();
  const keys = await ownKeys(own.org);
  const signed = [];
  for (const text of parked.events) {
    const read = await readPresentation(text);
    if (read.statement.iss !== own.org) throw new NotGenuine(`iss: expected ${own.org}, got another`);
    const key = keys.get(read.kid);
    if (!key) throw new NotGenuine(`kid: expected a key of ${own.org}, got ${read.kid}`);
    try {
      await checkSignature(await parseJws(read.jws, EVENT), key);
    } catch (error) {
      throw new NotGenuine(error.message);
    }
    signed.push(read);
  }
  if (!signed.length || signed.at(-1).id !== parked.id) throw new NotGenuine("id: expected that of the last event");
  const { status } = await api(`/events/${parked.id}`);
  if (status === 200) throw new NotGenuine("expected a record that the log does not have, got one that it has");
  const why = { code: parked.code, detail: parked.detail };
  const [{ statement }] = signed;
  const said = { type: statement.type, subject: statement.sub, data: statement.data };
  return { ...rowOf(parked.events, signed), said, evidence: [], state: "parked", why, shared: parked.id, from: parked.kid };
}

/** @param {string} id @returns {Promise<void>} nobody is asked to sign it again @throws {Offline} */
export async function letGo(id) {
  const { status, body } = await api(`/parked/${id}`, { method: "DELETE" });
  if (status !== 204 && status !== 404) throw new Offline(new Error(`${status} ${body?.code ?? ""}`));
  await takeList();
}

// ---- in both directions ----

async function share(row) {
  const { code, detail } = row.why;
  const json = { events: row.events, code, detail: detail.slice(0, 1_000) };
  const { status, body } = await api("/parked", { json });
  if (status !== 200 && status !== 201) return; // it stays parked on this phone alone
  const before = row.shared;
  await keep(row, { shared: body.id });
  if (before && before !== body.id) await api(`/parked/${before}`, { method: "DELETE" });
}

async function takeList() {
  const list = [];
  for (let page = ""; page !== null; ) {
    const { status, body } = await api(`/parked${page}`);
    if (status !== 200) return; // what was heard before stays
    list.push(...body.parked);
    page = body.next ? `?page=${encodeURIComponent(body.next)}` : null;
  }
  await put("data", { name: "parked", value: list, at: new Date().toISOString() });
  const byId = new Map(list.map((each) => [each.id, each]));
  for (const row of await all("outbox")) {
    if (row.state === "parked" && row.shared) await follow(row, byId.get(row.shared));
  }
  changed("parked");
}

/** What became of an own record that others could sign again. */
async function follow(row, parked) {
  if (!parked) {
    await keep(row, { state: "refused", why: { code: "GIVEN_UP", detail: "a device of the organisation let it go" } });
  } else if (parked.settled) {
    // The log has it itself, or what another device signed in its place.
    const stand_in = parked.taken?.as ?? [];
    const receipt = (await fetchReceipt(row.ids.at(-1))) ?? (stand_in.length ? await fetchReceipt(stand_in.at(-1)) : null);
    if (!receipt) return;
    const signed_again = receipt.id === row.ids.at(-1) ? undefined : stand_in;
    await keep(row, { state: "accepted", why: null, receipts: [receipt], signed_again });
  } else if (parked.taken?.at !== row.taken?.at) await keep(row, { taken: parked.taken });
}

/** The receipt that shows that what another device signed is in the log; without one that holds, nothing is believed. */
async function fetchReceipt(id) {
  const { status, body } = await api(`/events/${id}/receipt`);
  if (status !== 200 || typeof body?.proof !== "string") return null;
  const { entry, proof, recorded_at, leaf_index } = body;
  const checked = await checkReceipt({ id, entry, proof }, id);
  return checked.holds ? { id, entry, proof, recorded_at, leaf_index, isPinned: checked.isPinned } : null;
}

async function ownKeys(org) {
  const answer = await api(`/organisations/${encodeURIComponent(org)}/keys`);
  if (answer.status !== 200) throw new NotGenuine(`keys of ${org}: ${answer.status}`);
  const found = new Map();
  for (const { kid, jwk, state, use } of answer.body.keys) {
    if (state === "valid" && use === "sign") found.set(kid, await parsePublicJwk(jwk));
  }
  return found;
}

async function keep(row, members) {
  await change("outbox", row.id, (now) => (now && now.ids.join() === row.ids.join() ? { ...now, ...members } : null));
  changed("outbox");
}
