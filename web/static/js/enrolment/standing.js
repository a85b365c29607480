// Whether this device may still sign. A key that was revoked, or an organisation that is suspended, is learnt from what is
// public, and said in words. What waits on the device stays there, and can be saved to a file.
import { Offline, api } from "../device/api.js";
import { keys, markRevoked } from "../device/keyring.js";
import { changed } from "../device/signals.js";

/**
 * @typedef {"valid" | "revoked" | "expired" | "not_yet_valid" | "replaced" | "suspended" | "unknown" | "offline"} Standing
 */

/**
 * Asks how a key of this device stands, and remembers a revocation.
 * @param {import("../device/keyring.js").KeyRow} row
 * @returns {Promise<Standing>} `unknown`: the node knows no such key
 */
export async function standing(row) {
  const path = `/organisations/${encodeURIComponent(row.org)}`;
  try {
    const [own, all] = [await api(path, { as: "nobody" }), await api(`${path}/keys`, { as: "nobody" })];
    if (!own.ok || !all.ok || !Array.isArray(all.body?.keys)) return own.status === 404 ? "unknown" : "offline";
    const state = all.body.keys.find(({ kid }) => kid === row.kid)?.state ?? "unknown";
    if (state === "revoked" && row.state !== "revoked") {
      await markRevoked(row.kid);
      changed("known"); // the head of every page says so
    }
    return state === "valid" && own.body.suspended ? "suspended" : state;
  } catch (error) {
    if (error instanceof Offline) return "offline";
    throw error;
  }
}

let asked = "";

/**
 * Looks once into why a key of this device is not taken any more.
 * @param {string} kid
 */
export async function learn(kid) {
  if (asked === kid) return;
  asked = kid;
  const row = (await keys()).find((key) => key.kid === kid);
  if (row) await standing(row);
}

/**
 * Asks about every key of this device that is enrolled, or was.
 * @returns {Promise<{row: import("../device/keyring.js").KeyRow, standing: Standing}[]>} the newest first
 */
export async function standings() {
  const rows = (await keys()).filter(({ state }) => state !== "waiting");
  const found = [];
  for (const row of rows) found.push({ row, standing: row.state === "revoked" ? "revoked" : await standing(row) });
  return found;
}
