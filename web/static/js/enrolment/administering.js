// What an administrator's browser does about the devices of its organisation, by an admin key of its own: it adds the key of
// one that asks, and revokes one that is lost. What it signs is what it showed.
import { READ, signJws } from "../core/jws.js";
import { parsePublicJwk, signerOf } from "../core/keys.js";
import { checkPossession, signPossession } from "../core/possession.js";
import { deviceWords } from "../core/words.js";
import { api } from "../device/api.js";
import { now } from "../device/clock.js";
import { enrolledKey, makeKey, markEnrolled, signer } from "../device/keyring.js";
import { setting } from "../device/settings.js";
import { compose, sign } from "../record/statement.js";
import { Refused } from "./joining.js";

const TOKEN_LIVES = 120; // s

/** @typedef {{organisation: string, subject: string, seq: number, head: string | null, admins: string[], devices: any[],
 *   requests: any[], invitations: any[]}} Devices what `GET /devices` tells */

/**
 * Asks about devices, by whichever key this browser has.
 * @param {string} path
 * @param {{method?: string, json?: any, by?: "sign" | "admin"}} [said] `by`: the key that is to ask
 * @returns {Promise<any>} the body
 * @throws {Refused | import("../device/api.js").Offline}
 */
export async function askAsMember(path, { by, ...said } = {}) {
  const isAdmin = by === "admin" || !(await enrolledKey("sign"));
  const headers = isAdmin ? { Authorization: `Bearer ${await adminToken()}` } : {};
  const answer = await api(path, { ...said, headers, as: isAdmin ? "nobody" : "device" });
  if (!answer.ok) throw new Refused(answer);
  return answer.body;
}

/** @returns {Promise<Devices>} */
export const devices = () => askAsMember("/devices");

/** A token by the admin key: it is good for questions about devices, and for nothing else. */
async function adminToken() {
  const key = await enrolledKey("admin");
  if (!key) throw new Refused({ status: 401, body: { code: "TOKEN_REQUIRED", detail: "no enrolled key" } });
  const at = Math.floor((await now()).getTime() / 1000);
  const claims = { aud: await setting("origin"), iss: key.org, iat: at, exp: at + TOKEN_LIVES };
  return (await signJws(claims, await signerOf(key.pair), READ)).text;
}

/**
 * Looks at a request by this browser's own code: the key is sound and proven, and these are its words.
 * @param {any} request
 * @param {Devices} told
 * @returns {Promise<{words: string, kid: string, isProven: boolean}>} `isProven`: over the chain as it stands
 * @throws {import("../core/refusal.js").Refusal} a key under which signatures prove nothing
 */
export async function examine(request, told) {
  const [origin, org] = [await setting("origin"), await ownOrganisation(told)];
  const key = await parsePublicJwk(request.jwk);
  const place = { aud: origin, sub: told.subject, ...(told.head === null ? {} : { head: told.head }) };
  let isProven = true;
  try {
    await checkPossession(request.possession, key, place);
  } catch {
    isProven = false; // the device that waits makes a fresh one, within seconds
  }
  return { words: await deviceWords({ origin, org, kid: key.kid, use: request.use }), kid: key.kid, isProven };
}

/**
 * Adds the key of a device, with exactly what was shown of it.
 * @param {any} request as it was shown
 * @param {Devices} told as it stood then
 */
export async function add(request, told) {
  const { use, jwk, possession, name, sites, types } = request;
  const more = { ...(name && { name }), ...(types.length && { types }), ...(sites.length && { sites }) };
  await act("key.added", { use, jwk, possession, ...more }, told);
}

/**
 * Revokes a key, from the next entry of the log on.
 * @param {string} kid
 * @param {{reason: "lost" | "left_use" | "superseded" | "compromised", since?: Date}} why
 * @param {Devices} told
 */
export async function revoke(kid, { reason, since }, told) {
  const compromised = since ? { compromised_since: `${since.toISOString().slice(0, 19)}Z` } : {};
  await act("key.revoked", { kid, reason, ...compromised }, told);
}

/**
 * Lets this browser, which has an admin key, sign as well: a key of its own for that, which it adds itself.
 * @param {string} name
 * @param {Devices} told
 */
export async function addOwn(name, told) {
  const org = await ownOrganisation(told);
  const row = await makeKey({ org, use: "sign", name });
  const place = { aud: await setting("origin"), sub: told.subject, ...(told.head === null ? {} : { head: told.head }) };
  const possession = await signPossession(place, await signerOf(row.pair));
  await act("key.added", { use: "sign", jwk: row.jwk, possession, ...(name && { name }) }, told);
  await markEnrolled(row.kid);
}

async function act(type, data, told) {
  const iss = await ownOrganisation(told);
  const place = { seq: told.seq + 1, prev: told.head };
  const aud = await setting("origin");
  const statement = compose({ type, subject: told.subject, data, occurredAt: await now(), place, iss, aud });
  const { presentation } = await sign(statement, { signer: await signer("admin") });
  const answer = await api("/events", { json: { event: presentation }, as: "nobody" });
  if (!answer.ok) throw new Refused(answer);
}

/** The organisation of this device, which the node's answer must be about. */
async function ownOrganisation(told) {
  const org = await setting("org");
  if (told.organisation !== org || told.subject !== `keys:${org.replace(/^org:/, "")}`) {
    throw new Refused({ status: 0, body: { code: "ANSWER_OTHER", detail: "an answer about another organisation" } });
  }
  return org;
}
