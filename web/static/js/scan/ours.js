// Which hosts our labels name: that of this page, and that of the log, which stands in its origin.
import { Offline, api } from "../device/api.js";
import { NoStorage, get, put } from "../device/db.js";
import { setting } from "../device/settings.js";

/** @returns {Promise<string[]>} lower-case, with the port where there is one */
export async function ourHosts() {
  const origin = (await kept(() => setting("origin"))) || (await nodeOrigin());
  return [...new Set([location.host, origin.split("/")[0]].filter(Boolean).map((host) => host.toLowerCase()))];
}

async function nodeOrigin() {
  const known = await kept(() => get("data", "node"));
  if (known?.value?.origin) return known.value.origin;
  try {
    const { ok, body } = await api("/node", { as: "nobody" });
    if (!ok) return "";
    await kept(() => put("data", { name: "node", value: body }));
    return body.origin;
  } catch (error) {
    if (error instanceof Offline) return ""; // the host of the page is known
    throw error;
  }
}

/** What the device keeps, or nothing where it keeps nothing. */
async function kept(read) {
  try {
    return await read();
  } catch (error) {
    if (error instanceof NoStorage) return null;
    throw error;
  }
}
