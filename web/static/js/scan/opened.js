// A label that the phone's own camera opened as a passport, handed on to the scan page: never in an address, since it holds
// the label's token.
import { NoStorage, del, get } from "../device/db.js";

export const OPENED = "opened"; // its row among the drafts
const FRESH_MS = 10 * 60_000;

/** @returns {Promise<string | null>} the label's address, once */
export async function takeOpened() {
  try {
    const row = await get("drafts", OPENED);
    if (!row) return null;
    await del("drafts", OPENED);
    return Date.now() - row.at < FRESH_MS ? row.text : null;
  } catch (error) {
    if (error instanceof NoStorage) return null;
    throw error;
  }
}
