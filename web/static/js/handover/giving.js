// What handing over says: an offer for each pack, and for a truck the dispatch that binds them. Pure.
import { base32 } from "../core/base32.js";
import { offersRoot } from "./root.js";

/** @typedef {{g: number, basis: "measured" | "nameplate" | "shared_ticket"}} Mass */
/**
 * @typedef {{packs: {subject: string, mass: Mass | null, damaged: boolean}[], consignee: string, capacity: string,
 *   expiresAt: string, packing: string, note: string, truck: null | {name: string, unNumber: string, passed: boolean,
 *   treated: string, carrier: string, mass: Mass | null, plate: string, driver: string}}} Form
 */

export const UN_NUMBERS = ["UN3480", "UN3481", "UN3090", "UN3091", "UN3536", "UN3556", "none"];
export const PACKINGS = ["normal", "damaged", "critical"];
export const MAX_PACKS = 200; // under one Sign

/**
 * The statements of a form, in the order in which they are recorded.
 * @param {Form} form
 * @param {string} org who hands over
 * @returns {import("./signing.js").Draft[]}
 */
export function draftsOf(form, org) {
  const { consignee, capacity, expiresAt, packing, note, truck } = form;
  const consignment = truck && consignmentOf(org, truck.name);
  const offers = form.packs.map(({ subject, mass, damaged }) => ({
    type: "handover.offered",
    subject,
    data: without({
      consignee, capacity, expires_at: expiresAt, mass, consignment, note,
      packing: damaged && packing === "normal" ? "damaged" : packing,
    }),
  }));
  return truck ? [...offers, dispatch(form, consignment)] : offers;
}

function dispatch({ packs, consignee, packing, truck }, consignment) {
  const { unNumber, passed, treated, carrier, mass, plate, driver } = truck;
  const isDamaged = packs.some(({ damaged }) => damaged) && packing === "normal";
  const said = without({
    consignee, carrier, mass, un_number: unNumber, packing: isDamaged ? "damaged" : packing,
    safety_check: without({ passed, treated }),
  });
  return {
    type: "consignment.dispatched",
    subject: consignment,
    withheld: without({ plate, driver }),
    data: async (ids) => ({ ...said, offers: await offersRoot(ids) }),
    isAfterAll: true,
  };
}

/**
 * A dispatch that was refused, over the offers that stand now: one of them was signed anew, or does not stand any more.
 * @param {{subject: string, data: Record<string, any>}} said what it said, withheld values with it
 * @param {string[]} ids of the offers
 * @returns {import("./signing.js").Draft}
 */
export function dispatchAgain({ subject, data: { plate, driver, offers: _, ...data } }, ids) {
  return {
    type: "consignment.dispatched", subject, withheld: without({ plate, driver }), after: ids,
    data: async () => ({ ...data, offers: await offersRoot(ids) }),
  };
}

/** @param {string} org @param {string} name @returns {string} the subject of a consignment */
export const consignmentOf = (org, name) => `consignment:${org.slice("org:".length)}/${name}`;

/**
 * A name for a truck that leaves today: capitals and digits, so that no scanner changes it.
 * @param {Date} at
 * @param {Uint8Array} random three bytes
 * @returns {string}
 */
export const nameFor = (at, random) => `T-${at.toISOString().slice(0, 10).replaceAll("-", "")}-${base32(random).slice(0, 4)}`;

/**
 * In what capacities the consignee can take them all over.
 * @param {string[]} roles of the consignee
 * @param {(string | undefined)[]} stages of what is handed over
 * @param {{in_use: string[], in_use_barred_to: string[], roles: {role: string}[]}} lifecycle
 * @returns {string[]}
 */
export function capacitiesOf(roles, stages, lifecycle) {
  const isInUse = stages.some((stage) => lifecycle.in_use.includes(stage));
  const barred = new Set(["carrier", "registrar", "regulator", ...(isInUse ? lifecycle.in_use_barred_to : [])]);
  return roles.filter((role) => !barred.has(role));
}

/** The end of an offer, so many days from now, in whole seconds. @param {Date} at @param {number} days */
export const endOf = (at, days) => `${new Date(at.getTime() + days * 86_400_000).toISOString().slice(0, 19)}Z`;

/** What was left empty is not said. */
const without = (members) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined && value !== ""));
