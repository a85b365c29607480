// What was scanned and goes to a form. It is kept on the device and never in an address: it holds the tokens of labels.
import { change, del, get } from "./db.js";

const ID = "selection";

/**
 * @typedef {{subject: string, code: string, token: string | null, read_by: string, kind: string, remarks: any[],
 *   at: string}} Scan
 */

/** @param {Scan[]} scans in place of what was selected before @returns {Promise<void>} */
export const select = async (scans) => void (await change("drafts", ID, () => ({ id: ID, scans, at: Date.now() })));

/** @returns {Promise<Scan[]>} in the order in which they were scanned; none where nothing is selected */
export const selection = async () => (await get("drafts", ID))?.scans ?? [];

/** @returns {Promise<void>} */
export const clearSelection = () => del("drafts", ID);

/** @param {string} subject @returns {Promise<Scan | null>} the scan of a subject, if it is selected */
export const scanOf = async (subject) => (await selection()).find((scan) => scan.subject === subject) ?? null;
