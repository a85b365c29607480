// From what was typed to what waits in the outbox: composed for the place where each chain ends, signed, kept.
import { now } from "../device/clock.js";
import { device, signer } from "../device/keyring.js";
import { lookUp, place } from "../device/known.js";
import { add, alone } from "../device/outbox.js";
import { setting } from "../device/settings.js";
import { followers } from "./groups.js";
import { compose, formatTime, signGroup } from "./statement.js";

/** @typedef {import("./groups.js").Part} Part */
/** @typedef {{statement: Record<string, any>, withheld: Record<string, any>}} Composed */

/** Something was recorded meanwhile on a chain, so that the statement would no longer stand at its end. */
export class PlaceMoved extends Error {
  constructor(subject) {
    super(`${subject} has gone on meanwhile`);
    this.name = "PlaceMoved";
  }
}

/** This device has no enrolled key. */
export class NoKey extends Error {}

/**
 * Composes a statement and those that must follow it, each for the end of its chain.
 * @param {Part} first
 * @param {{occurredAt?: string | Date, asked?: {data: any, withheld: any}, lifecycle: any}} how
 * @returns {Promise<Composed[]>} one submission
 * @throws {NoKey}
 */
export async function composeGroup(first, { occurredAt, asked, lifecycle }) {
  const own = await device();
  if (!own) throw new NoKey("no enrolled key");
  const aud = await setting("origin");
  const at = formatTime(occurredAt ?? (await now()));
  const known = await lookUp(first.subject);
  const other = first.type === "identity.linked" ? await lookUp(first.data.battery) : null;
  const isNew = first.type === "identity.linked" && (other?.seq ?? -1) < 0;
  const parts = [first, ...followers(first, known, { asked, isNew, lifecycle })];
  const composed = [];
  for (const { type, subject, data, withheld = {} } of parts) {
    const where = await place(subject);
    const statement = compose({ type, subject, data, withheld, occurredAt: at, place: where, iss: own.org, aud });
    composed.push({ statement, withheld });
  }
  return composed;
}

/**
 * Signs submissions, each whole, and puts them in the outbox. What was composed is signed as it is, or none of it is.
 * @param {{parts: Composed[], evidence?: string[]}[]} submissions
 * @param {(done: number) => void} [progress]
 * @returns {Promise<import("../device/outbox.js").Row[]>}
 * @throws {PlaceMoved} before anything is signed
 */
export const signAll = (submissions, progress = () => {}) =>
  alone("signing", async () => {
    for (const { statement } of submissions.flatMap(({ parts }) => parts)) {
      const { seq, prev } = await place(statement.sub);
      if (seq !== statement.seq || (prev ?? undefined) !== statement.prev) throw new PlaceMoved(statement.sub);
    }
    const by = await signer();
    const rows = [];
    for (const { parts, evidence = [] } of submissions) {
      const signed = await signGroup(parts, { signer: by });
      const [{ statement, withheld }] = parts;
      const said = { type: statement.type, subject: statement.sub, data: { ...statement.data, ...withheld } };
      rows.push(await add(signed, { said, evidence }));
      progress(rows.length);
    }
    return rows;
  });
