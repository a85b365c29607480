// What this device remembers of its user's choices: `{name, value}` rows.
import { all, del, get, put } from "./db.js";

/**
 * @param {string} name
 * @param {any} [fallback]
 * @returns {Promise<any>} the value, or `fallback` where nothing was kept
 */
export async function setting(name, fallback = null) {
  const row = await get("settings", name);
  return row ? row.value : fallback;
}

/** @param {string} name @param {any} value @returns {Promise<void>} */
export const keepSetting = (name, value) => put("settings", { name, value });

/** @param {string} name @returns {Promise<void>} */
export const forgetSetting = (name) => del("settings", name);

/** @returns {Promise<Record<string, any>>} every setting by its name */
export async function settings() {
  const found = Object.create(null);
  for (const { name, value } of await all("settings")) found[name] = value;
  return found;
}
