// Asks the node. Whoever has an enrolled key shows who it is by a token that lives some minutes; there are no cookies.
import { signJws, READ } from "../core/jws.js";
import { signerOf } from "../core/keys.js";
import { learnClock, now } from "./clock.js";
import { enrolledKey } from "./keyring.js";
import { setting } from "./settings.js";

const PREFIX = "/api/v1";
const PATIENCE = 20_000; // ms until a network that says nothing counts as none
const TOKEN_LIVES = 300; // s
const TOKEN_KEPT = 240; // s; so that none runs out on its way

/** @typedef {{status: number, ok: boolean, body: any, headers: Headers}} Answer `body`: JSON as values, else text */

/** There is no network, or the node can't be reached over it. What was asked may have arrived all the same. */
export class Offline extends Error {
  constructor(cause) {
    super("the node can't be reached", { cause });
    this.name = "Offline";
  }
}

/**
 * Asks the node.
 * @param {string} path below `/api/v1`, as `/node`
 * @param {{method?: string, json?: any, body?: BodyInit, headers?: Record<string, string>, as?: "device" | "nobody",
 *   patience?: number}} [said] `json` is sent as JSON; `as`: with this device's token where it has a key, or as a stranger
 * @returns {Promise<Answer>} whatever the node answered; what is no answer of a node has a status and a text
 * @throws {Offline}
 */
export async function api(path, { method, json, body, headers = {}, as = "device", patience = PATIENCE } = {}) {
  const asked = { Accept: "application/json, application/problem+json", ...headers };
  if (json !== undefined) asked["Content-Type"] = "application/json";
  const token = as === "device" ? await readToken() : null;
  if (token) asked.Authorization = `Bearer ${token}`;
  const sent = json !== undefined ? JSON.stringify(json) : body;
  const askedAt = Date.now();
  let response;
  let text;
  try {
    response = await fetch(path.startsWith("/api/") ? path : PREFIX + path, {
      method: method ?? (sent === undefined ? "GET" : "POST"),
      headers: asked, body: sent, credentials: "omit", cache: "no-store", redirect: "error",
      signal: AbortSignal.timeout(patience),
    });
    text = await response.text();
  } catch (error) {
    throw new Offline(error);
  }
  const value = parse(response, text);
  // A hotel's login page has a clock too; only what is JSON is taken for the node.
  if (value !== undefined) await learnClock(response.headers.get("Date"), askedAt);
  if (token && response.status === 401 && value?.code === "TOKEN_INVALID") doubt(kept?.kid);
  return { status: response.status, ok: response.ok, body: value === undefined ? text : value, headers: response.headers };
}

function parse(response, text) {
  if (!/^application\/(?:[a-z.+-]+\+)?json\b/.test(response.headers.get("Content-Type") ?? "")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The node took our token for none: it is learnt why, so that a revoked device says so. @param {string} [kid] */
function doubt(kid) {
  kept = null;
  if (kid) import("../enrolment/standing.js").then(({ learn }) => learn(kid)).catch(() => {});
}

/** @type {{kid: string, until: number, token: string} | null} */
let kept = null;

/** @returns {Promise<string | null>} a token of this device, or null where it has no enrolled key */
export async function readToken() {
  const key = await enrolledKey("sign");
  const aud = key && (await setting("origin"));
  if (!aud) return null;
  const at = Math.floor((await now()).getTime() / 1000);
  if (kept?.kid === key.kid && at < kept.until && at >= kept.until - TOKEN_LIVES) return kept.token;
  const claims = { aud, iss: key.org, iat: at, exp: at + TOKEN_LIVES };
  const { text } = await signJws(claims, await signerOf(key.pair), READ);
  kept = { kid: key.kid, until: at + TOKEN_KEPT, token: text };
  return text;
}
