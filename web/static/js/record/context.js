// Who records, by which rules, and who the others are: what this device has of it, or the node where there is a network.
import { Offline, api } from "../device/api.js";
import { now } from "../device/clock.js";
import { all, get, put } from "../device/db.js";
import { device } from "../device/keyring.js";
import { setting } from "../device/settings.js";

/**
 * @typedef {{org: string, me: import("./steps.js").Me | null, lifecycle: import("./fold.js").Lifecycle | null, parties:
 *   any[], origin: string, now: Date, isEnrolled: boolean}} Context `me` is null where nothing of the own organisation is
 *   known
 */

/** @returns {Promise<Context>} */
export async function loadContext() {
  const own = await device();
  const org = own?.org ?? (await setting("org", ""));
  const [lifecycle, me, parties] = [await lifecycleOf(), org ? await meOf(org) : null, await all("parties")];
  return { org, me, lifecycle, parties, origin: await setting("origin", ""), now: await now(), isEnrolled: own !== null };
}

/** @returns {Promise<import("./fold.js").Lifecycle | null>} null where it was never fetched and there is no network */
export const lifecycleOf = async () => (await get("data", "lifecycle"))?.value ?? fetched("lifecycle", "/lifecycle");

/**
 * The schema of a type.
 * @param {string} type
 * @returns {Promise<Record<string, any> | null>}
 */
export async function schemaOf(type) {
  const kept = (await get("data", "schemas"))?.value?.[type] ?? (await get("data", `schema:${type}`))?.value;
  return kept ?? fetched(`schema:${type}`, `/schemas/${encodeURIComponent(type)}`);
}

async function meOf(org) {
  const kept = (await get("data", "organisation"))?.value;
  if (kept?.id === org) return asMe(kept);
  const found = await ask(`/organisations/${encodeURIComponent(org)}`);
  return found ? asMe(found) : null;
}

const asMe = ({ id, roles, sites, vendor_codes, suspended }) => ({ org: id, roles, sites, vendor_codes, suspended });

async function fetched(name, path) {
  const value = await ask(path);
  if (value) await put("data", { name, value });
  return value;
}

async function ask(path) {
  try {
    const { status, body } = await api(path);
    return status === 200 && typeof body === "object" ? body : null;
  } catch (error) {
    if (error instanceof Offline) return null;
    throw error;
  }
}

/** @param {any[]} parties @param {string} language @returns {(org: string) => string} the name of a party, or nothing */
export const namer = (parties, language) => {
  const names = new Map(
    parties.map((party) => [party.org, party[`name_${language}`] || party.name_en || party.name_zh || ""]),
  );
  return (org) => names.get(org) ?? "";
};
