// The keys of this device. They are made here, can't be read out, and are worth nothing until the registrar added them.
import { makeKeyPair, signerOf } from "../core/keys.js";
import { all, change, put } from "./db.js";
import { setting } from "./settings.js";

/** @typedef {"waiting" | "enrolled" | "revoked"} KeyState */
/**
 * @typedef {{kid: string, org: string, use: "sign" | "admin", pair: CryptoKeyPair, jwk: Record<string, string>,
 *   name: string, state: KeyState, at: string}} KeyRow
 */

/**
 * Makes a key for an organisation, and keeps it as one that waits to be enrolled.
 * @param {{org: string, use?: "sign" | "admin", name?: string}} said
 * @returns {Promise<KeyRow>}
 */
export async function makeKey({ org, use = "sign", name = "" }) {
  const pair = await makeKeyPair();
  const { kid, jwk } = (await signerOf(pair)).publicKey;
  const row = { kid, org, use, pair, jwk, name, state: "waiting", at: new Date().toISOString() };
  await put("keys", row);
  return row;
}

/** @returns {Promise<KeyRow[]>} every key of this device, the newest first */
export const keys = async () => (await all("keys")).sort((one, other) => (one.at < other.at ? 1 : -1));

/** @param {string} kid @returns {Promise<KeyRow | null>} */
export const markEnrolled = (kid) => mark(kid, "enrolled");

/** @param {string} kid @returns {Promise<KeyRow | null>} */
export const markRevoked = (kid) => mark(kid, "revoked");

const mark = (kid, state) => change("keys", kid, (row) => row && { ...row, state });

/**
 * The newest enrolled key of this device's organisation.
 * @param {"sign" | "admin"} [use]
 * @returns {Promise<KeyRow | null>}
 */
export async function enrolledKey(use = "sign") {
  const org = await setting("org");
  const found = (await keys()).filter((key) => key.state === "enrolled" && key.use === use);
  return found.find((key) => key.org === org) ?? null;
}

/** @returns {Promise<{org: string, key: KeyRow} | null>} whose device this is, and what it signs with */
export async function device() {
  const key = await enrolledKey("sign");
  return key && { org: key.org, key };
}

/**
 * What signs with this device's key.
 * @param {"sign" | "admin"} [use]
 * @returns {Promise<import("../core/keys.js").Signer>}
 * @throws {NotEnrolled}
 */
export async function signer(use = "sign") {
  const key = await enrolledKey(use);
  if (!key) throw new NotEnrolled();
  return signerOf(key.pair);
}

/** This device has no enrolled key: it can read what is public, and sign nothing. */
export class NotEnrolled extends Error {
  constructor() {
    super("this device has no enrolled key");
    this.name = "NotEnrolled";
  }
}
