// A record that came too late for its place is signed again where the chain ends now: the same statement, with its own
// time, by this device. Records of this phone that stood on it are signed again with it, in their order.
import { all, put } from "./db.js";
import { device, NotEnrolled, signer } from "./keyring.js";
import { advance, lookUp, place, rebuild, refresh } from "./known.js";
import { take } from "./parked.js";
import { readPresentation, signAgain } from "./presentation.js";
import { rowOf } from "./row.js";
import { alone, changed } from "./signals.js";
import { soon } from "./sync.js";

/** @typedef {import("./row.js").Row} Row */

/** The record is another organisation's: nobody signs for it here. */
export class NotOurs extends Error {
  constructor(iss) {
    super(`the record is signed for ${iss}`);
    this.name = "NotOurs";
  }
}

/**
 * @param {Row} row parked or refused
 * @returns {Promise<Row>} the row as it waits now, under its new id; what was signed before is kept in it
 * @throws {NotOurs | NotEnrolled}
 * @throws {import("./parked.js").TakenElsewhere | import("./api.js").Offline} of a record that other devices know of
 */
export const resign = (row) => alone("outbox", () => signRowAgain(row));

async function signRowAgain(row) {
  const own = await device();
  if (!own) throw new NotEnrolled();
  if (row.iss !== own.org) throw new NotOurs(row.iss);
  const rows = dependants(row, await all("outbox"));
  const replaced = new Set(rows.flatMap(({ ids }) => ids));
  const places = new Map(); // where the next event of each chain stands, as this goes on
  for (const subject of new Set(rows.flatMap(({ subjects }) => subjects))) {
    await refresh(subject);
    if (await lookUp(subject)) await rebuild(subject, replaced);
    places.set(subject, await place(subject));
  }
  const how = { places, renamed: new Map(), signer: await signer() };
  const fresh = [];
  for (const each of rows) fresh.push(await signOne(each, how));
  // Others are told before anything is kept, so that no two devices record the same twice.
  for (const each of fresh) if (each.shared) await take(each.shared, each.ids);
  for (const each of fresh) await keep(each);
  changed("outbox");
  soon();
  return fresh[0];
}

async function signOne(row, { places, renamed, signer: by }) {
  const events = [];
  const signed = [];
  for (const event of row.events) {
    const old = await readPresentation(event);
    const { sub } = old.statement;
    const how = { place: places.get(sub), signer: by, renamed };
    const { presentation, id, statement } = await signAgain(old, how);
    places.set(sub, { seq: statement.seq + 1, prev: id });
    renamed.set(old.id, id);
    events.push(presentation);
    signed.push({ id, statement, kid: by.publicKey.kid });
  }
  const after = (row.after ?? []).map((id) => renamed.get(id) ?? id);
  const { ids, links } = rowOf(events, signed, after);
  const before = [...(row.before ?? []), { events: row.events, why: row.why }];
  return {
    ...row, events, ids, links, after, kid: by.publicKey.kid, state: "here", why: null, tries: 0, next_at: 0, receipts: [], aside: false, before,
  };
}

async function keep(row) {
  await put("outbox", row);
  for (const event of row.events) {
    const { id, statement } = await readPresentation(event);
    await advance(statement, id);
  }
}

/**
 * The row itself, and those of this phone that wait behind it: they name it, or one that does, or stand on the same chain.
 * @param {Row} row
 * @param {Row[]} rows
 * @returns {Row[]} in the order in which they are sent
 */
export function dependants(row, rows) {
  const found = [row];
  const ids = new Set(row.ids);
  const subjects = new Set(row.subjects);
  for (const each of [...rows].sort((one, other) => one.order - other.order)) {
    const waits = each.id !== row.id && ["here", "sending", "parked"].includes(each.state) && each.order > row.order;
    const isBehind = each.links.some((id) => ids.has(id)) || each.subjects.some((subject) => subjects.has(subject));
    if (!waits || !isBehind) continue;
    found.push(each);
    each.ids.forEach((id) => ids.add(id));
    each.subjects.forEach((subject) => subjects.add(subject));
  }
  return found;
}
