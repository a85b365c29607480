// What a statement can only say as this device knows it: filled in for its signer, who sees it before signing.
//
// The same as trace/known_data.py. Nothing is filled in that somebody has to see, weigh or decide.

/** @typedef {import("./fold.js").Known} Known */

const IN_CAPACITY = new Set(["battery.retired", "battery.repaired", "battery.requalified", "battery.removed"]);
const ANSWERS = new Set(["handover.accepted", "handover.declined", "handover.withdrawn"]);

/**
 * Members of `data` that follow from what is known.
 * @param {string} type
 * @param {Known | null} known
 * @param {import("./fold.js").Lifecycle} lifecycle
 * @returns {Record<string, any>}
 */
export function filled(type, known, lifecycle) {
  if (!known) return {};
  if (type.endsWith(".voided")) return known.last ? { event: known.last.id } : {};
  const found = {};
  if (known.offer && ANSWERS.has(type)) {
    found.offer = known.offer.event;
    if (type === "handover.accepted") found.capacity = known.offer.capacity;
  }
  if (IN_CAPACITY.has(type) && known.capacity) found.capacity = known.capacity;
  if (type === "battery.removed" && known.vehicle) found.vehicle = known.vehicle;
  if (type === "battery.dismantled") {
    const parts = [...new Set([...(known.components ?? []), ...(known.parts ?? [])])];
    if (parts.length) found.children = parts.map((battery) => ({ battery }));
  }
  if (type === "battery.returned" && lifecycle.waste.includes(known.before)) found.stage = "waste";
  if (type === "vehicle.scrapped" && known.packs) {
    found.packs = known.packs;
    found.swap_model = known.swap_model;
    if (known.batteries?.length) found.present = known.batteries;
  }
  return found;
}
