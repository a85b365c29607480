// Statements that stand or fall together: what must follow the first, on which chain, and what each of them says of it.
//
// The same as `group_data` of trace/known_data.py. The id of the first stands as `LEADER` until that is signed.
import { LEADER } from "./statement.js";

/** @typedef {import("./fold.js").Known} Known */
/** @typedef {{type: string, subject: string, data: Record<string, any>, withheld?: Record<string, any>}} Part */

/** What is asked for beside the first statement's own members: the type that follows, and which of its members. */
export const ASKED = {
  "battery.installed": { type: "vehicle.fitted", members: ["swap_model", "vin", "region"] },
  "identity.linked": { type: "battery.registered", members: ["basis", "read_by"] },
};

/**
 * The statements that follow one, in the order in which the log demands them.
 * @param {Part} first
 * @param {Known | null} known its subject, before it
 * @param {{asked?: {data: Record<string, any>, withheld: Record<string, any>}, isNew?: boolean, lifecycle: any}} more
 *   `asked`: what was said beside it; `isNew`: the other chain of an `identity.linked` has not begun
 * @returns {Part[]}
 */
export function followers({ type, subject, data }, known, { asked = { data: {}, withheld: {} }, isNew = false, lifecycle }) {
  const capacity = known?.capacity ?? "";
  switch (type) {
    case "battery.installed":
      return [
        {
          type: "vehicle.fitted",
          subject: data.vehicle,
          withheld: asked.withheld,
          data: { battery: subject, installed: LEADER, packs: data.of, ...asked.data },
        },
      ];
    case "battery.removed":
      return data.vehicle
        ? [{ type: "vehicle.taken_out", subject: data.vehicle, data: { battery: subject, removed: LEADER } }]
        : [];
    case "battery.dismantled":
      return data.children.map(({ battery, g }) => ({
        type: "battery.extracted",
        subject: battery,
        data: { parent: subject, dismantled: LEADER, capacity, mass: { g, basis: data.mass.basis } },
      }));
    case "battery.manufactured":
    case "battery.repurposed":
      return fitted(subject, data.put_in);
    case "battery.repaired":
      return [
        ...(data.took_out ?? []).map((part) => ({
          type: "battery.taken_out",
          subject: part,
          data: { parent: subject, leader: LEADER, capacity: capacity || data.capacity },
        })),
        ...fitted(subject, data.put_in),
      ];
    case "identity.linked":
      return isNew
        ? [
            {
              type: "battery.registered",
              subject: data.battery,
              data: { linked: LEADER, ...asItStood(known, lifecycle), ...asked.data },
            },
          ]
        : [];
    case "lot.split":
      return data.into.map(({ lot, g }) => ({ type: "lot.made", subject: lot, data: shareOf(known, capacity, g) }));
    case "lot.made":
      return (data.lots ?? []).map((lot) => ({ type: "lot.merged", subject: lot, data: { into: subject, leader: LEADER } }));
    default:
      return [];
  }
}

const fitted = (parent, parts = []) =>
  parts.map((part) => ({ type: "battery.fitted", subject: part, data: { parent, leader: LEADER } }));

/** How a battery is registered under the code by which it goes on. */
function asItStood(known, { waste }) {
  const stage = waste.includes(known?.stage) ? "waste" : known?.stage;
  return { stage, capacity: known?.capacity, holder: "signer", ...(known?.condition ? { condition: known.condition } : {}) };
}

/** What a lot is split into is what the lot was. */
const shareOf = (known, capacity, g) => ({
  split: LEADER,
  capacity,
  kind: known?.kind,
  ...(known?.chemistry ? { chemistry: known.chemistry } : {}),
  mass: { g, basis: "measured" },
});

/** @returns {string} a vehicle that nobody has named yet: 16 random bytes, as its VIN stays out of the log */
export function newVehicle() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `vehicle:${btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "")}`;
}
