// The largest checkpoint of the log that this device verified: a node that shows less, or another past, is caught.
import { checkConsistency } from "../core/merkle.js";
import { parseBase64 } from "../core/base64url.js";
import { Refusal } from "../core/refusal.js";
import { Offline, api } from "../device/api.js";
import { change, get } from "../device/db.js";
import { t } from "../ui/texts.js";

/**
 * Compares what was just verified with the pin, and moves the pin on where all is well.
 * @param {{origin: string, size: number, root: string}} seen `root` in hexadecimal digits
 * @returns {Promise<import("./lies.js").Doubt | null>}
 */
export async function comparePin({ origin, size, root }) {
  const name = `pin:${origin}`;
  const pin = (await get("data", name))?.value ?? null;
  if (pin && size === pin.size && root !== pin.root) return split();
  if (pin && size < pin.size) {
    return { severity: "bad", code: "LOG_ROLLED_BACK", text: t("The log is smaller than this device has seen it: %(size)s entries in place of %(before)s.", { size, before: pin.size }) };
  }
  if (pin && size > pin.size) {
    try {
      const { status, body } = await api(`/consistency?from=${pin.size}&to=${size}`, { as: "nobody" });
      if (status !== 200) return notCompared();
      const proof = body.hashes.map((each) => parseBase64(String(each), "hash", "LOG_CONSISTENCY_INVALID"));
      await checkConsistency({ proof, oldSize: pin.size, newSize: size, oldRoot: bytes(pin.root), newRoot: bytes(root) });
    } catch (error) {
      if (error instanceof Refusal) return split();
      if (error instanceof Offline || error instanceof TypeError) return notCompared();
      throw error;
    }
  }
  await change("data", name, (row) => (row && row.value.size > size ? null : { name, value: { size, root } }));
  return null;
}

const split = () => ({ severity: "bad", code: "TREE_SPLIT_VIEW", text: t("The log shows this device another past than before.") });
const notCompared = () => ({ severity: "warn", code: "PIN_NOT_COMPARED", text: t("Whether the log goes on from what this device saw before could not be compared.") });
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (digits) => parseInt(digits, 16));
