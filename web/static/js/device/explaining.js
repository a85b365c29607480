// Why a node does not take a record, by its own rules and in both languages, so that the reason is there without a network.
import { Offline, api } from "./api.js";
import { splitPresentation } from "../core/disclosures.js";

/** @typedef {{zh: string, en: string, detail: string}} Reason */

const MOST = 10; // reasons of one record

/**
 * @param {{events: string[]}} row
 * @returns {Promise<Reason[]>} none where the node would take it now, or could not be asked
 */
export async function reasonsOf({ events }) {
  try {
    const { status, body } = await api("/explain", { json: requestOf(events) });
    if (status !== 200 || !Array.isArray(body?.reasons)) return [];
    return body.reasons.slice(0, MOST).map(({ rule, where, detail }) => ({
      zh: String(rule?.zh ?? ""), en: String(rule?.en ?? ""), detail: [where, detail].filter(Boolean).join(": ").slice(0, 500),
    }));
  } catch (error) {
    if (error instanceof Offline) return [];
    throw error;
  }
}

function requestOf(events) {
  if (events.length > 1) return { events };
  const { jws, disclosures } = splitPresentation(events[0]);
  return disclosures.length ? { event: jws, disclosures } : { event: jws };
}
