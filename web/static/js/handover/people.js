// The other organisations as this phone knows them: names, roles, and the keys with which their signatures are checked.
import { parsePublicJwk } from "../core/keys.js";
import { Refusal } from "../core/refusal.js";
import { Offline, api } from "../device/api.js";
import { all, get, put } from "../device/db.js";
import { either } from "../ui/texts.js";

const PATIENCE = 4_000; // ms; somebody stands there with the other phone

/** @param {{name_zh?: string, name_en?: string, org?: string, id?: string} | null} party @param {string} [org] */
export const nameOf = (party, org = "") => either({ zh: party?.name_zh, en: party?.name_en }) || party?.org || party?.id || org;

/** @param {string} org @returns {Promise<string>} what it is called, or its id */
export const named = async (org) => nameOf(await get("parties", org), org);

/** @param {string} own @returns {Promise<any[]>} everybody else who may hold a battery, by name */
export async function counterparties(own) {
  const holders = (await all("parties")).filter(({ org, roles, suspended }) => org !== own && !suspended && roles.some(canHold));
  return holders.sort((one, other) => nameOf(one).localeCompare(nameOf(other)));
}

/** @param {string} role @returns {boolean} whether a battery can be held in it */
export const canHold = (role) => !["carrier", "registrar", "regulator"].includes(role);

/**
 * Finds keys by their ids among those that this phone took along; one that is not there is asked for, if there is a network.
 * @returns {import("./checking.js").FindKey}
 */
export function keyFinder() {
  let byKid = null;
  const asked = new Map(); // one question for all events that a key signed
  return async (kid, org) => {
    byKid ??= keysOf(await all("parties"));
    const found = byKid.get(kid);
    if (found) return parsed(found);
    if (!asked.has(org)) asked.set(org, ask(org));
    byKid = new Map([...byKid, ...keysOf([await asked.get(org)].filter(Boolean))]);
    return byKid.has(kid) ? parsed(byKid.get(kid)) : null;
  };
}

const keysOf = (parties) =>
  new Map(parties.flatMap(({ org, keys }) => (keys ?? []).map(({ kid, jwk }) => [kid, { org, jwk }])));

async function parsed({ org, jwk }) {
  try {
    return { org, key: await parsePublicJwk(jwk) };
  } catch (error) {
    if (error instanceof Refusal) return null; // a key that proves nothing is none
    throw error;
  }
}

async function ask(org) {
  if (navigator.onLine === false) return null;
  try {
    const { status, body } = await api(`/organisations/${encodeURIComponent(org)}/keys`, { patience: PATIENCE });
    if (status !== 200) return null;
    const keys = body.keys.filter(({ state }) => state === "valid").map(({ kid, jwk, use }) => ({ kid, jwk, use }));
    const old = await get("parties", org);
    if (old) await put("parties", { ...old, keys });
    return { org, keys };
  } catch (error) {
    if (error instanceof Offline) return null;
    throw error;
  }
}
