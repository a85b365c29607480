// What `consignment.dispatched` binds: the number of its offers and the root over them (docs/format.md).
import { base64url, parseBase64url } from "../core/base64url.js";
import { leafHash, rootOf } from "../core/merkle.js";

/**
 * @param {string[]} ids event ids of the offers, in any order
 * @returns {Promise<{count: number, root: string}>} RFC 6962, over the ids (32 bytes each) in the order of their bytes
 */
export async function offersRoot(ids) {
  const sorted = ids.map((id) => parseBase64url(id, "event id")).sort(byBytes);
  return { count: ids.length, root: base64url(await rootOf(await Promise.all(sorted.map(leafHash)))) };
}

function byBytes(one, other) {
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return at < 0 ? 0 : one[at] - other[at];
}
