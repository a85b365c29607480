// One row of the outbox: a submission, and what follows from what was signed in it.
import { linksOf } from "./presentation.js";

/** @typedef {"here" | "sending" | "accepted" | "refused" | "parked"} RowState */
/**
 * One submission: an event, or a group that stands or falls together, in order.
 * @typedef {{id: string, events: string[], ids: string[], subjects: string[], links: string[], after: string[], type: string,
 *   subject: string, occurred_at: string, iss: string, kid: string, said: any, state: RowState,
 *   why: import("./verdicts.js").Why | null, receipts: any[], order: number, tries: number, next_at: number,
 *   evidence: string[], evidence_sent?: boolean, shared?: string, from?: string, signed_again?: string[],
 *   aside?: boolean,
 *   before?: {events: string[], why: any}[]}} Row `links`: events that have to be recorded before it; `after`: those of
 *   them that it does not name; `shared`: the id under which other devices know it; `from`: key of the device that parked it
 */

/**
 * The members that follow from what was signed.
 * @param {string[]} events presentations, in order
 * @param {{id: string, kid: string, statement: Record<string, any>}[]} signed the same, read
 * @param {string[]} [after]
 * @returns {Omit<Row, "said" | "evidence" | "order">}
 */
export function rowOf(events, signed, after = []) {
  const [{ statement, kid }] = signed;
  const ids = signed.map(({ id }) => id);
  const named = signed.flatMap((each) => linksOf(each.statement));
  return {
    id: ids.at(-1), events, ids, subjects: [...new Set(signed.map((each) => each.statement.sub))], after,
    links: [...new Set([...named, ...after])].filter((id) => !ids.includes(id)),
    type: statement.type, subject: statement.sub, occurred_at: statement.occurred_at, iss: statement.iss, kid,
    state: "here", why: null, receipts: [], tries: 0, next_at: 0,
  };
}

/** @param {Row[]} rows @returns {Row[]} in the order in which they are sent */
export const inOrder = (rows) => [...rows].sort((one, other) => one.order - other.order || (one.id < other.id ? -1 : 1));
