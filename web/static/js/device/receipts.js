// Whether a receipt holds: this device checks it against the log's key that was pinned at enrolment, whoever sent it.
import { verifyReceipt } from "../core/bundle.js";
import { utf8 } from "../core/bytes.js";
import { parseTrust } from "../core/trust.js";
import { setting } from "./settings.js";

/** @typedef {{id: string, entry: string, proof: string}} Receipt */
/**
 * @typedef {{holds: boolean, isPinned: boolean, code: string | null, detail: string, leaf: number | null,
 *   recordedAt: string | null}} Checked
 */

/**
 * @param {Receipt} receipt as the node answered
 * @param {string} id of the event that it must be about
 * @returns {Promise<Checked>} `isPinned`: whether there was a trust file to check it against; without one it is checked
 *   against itself, and whose log it is stays unknown
 */
export async function checkReceipt(receipt, id) {
  const file = await setting("trust");
  const trust = file ? await parseTrust(utf8(file)) : null;
  const { id: said, entry, proof } = receipt;
  const report = await verifyReceipt(utf8(JSON.stringify({ id: said, entry, proof })), { trust });
  const wrong = report.findings.find(({ severity }) => severity === "ERROR");
  const [event] = report.events;
  const isOurs = event?.id === id && said === id;
  const found = { isPinned: Boolean(trust), leaf: event?.leaf ?? null, recordedAt: event?.recordedAt ?? null };
  if (wrong) return { ...found, holds: false, code: wrong.code, detail: wrong.detail };
  const other = `expected the receipt of ${id}, got another`;
  if (!isOurs) return { ...found, holds: false, code: "RECEIPT_MISMATCH", detail: other };
  return { ...found, holds: true, code: null, detail: "" };
}
