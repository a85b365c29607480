// Who has which key, as the registry's entries say it: steps 5 and 6 of the verification (docs/format.md, 4.2 to 4.4).
import { base64url } from "./base64url.js";
import { sha256 } from "./bytes.js";
import { formatCompact } from "./compact.js";
import { APPROVAL, checkSignature, parseJws } from "./jws.js";
import { parsePublicJwk } from "./keys.js";
import { checkPossession } from "./possession.js";
import { Refusal, quote } from "./refusal.js";

/** @typedef {import("./jws.js").Jws} Jws */
/**
 * @typedef {{key: import("./keys.js").PublicKey, org: string, use: string, from?: string, until?: string, types?: string[],
 *   sites?: string[]}} Registered
 */

// Acts that need as many registrars as the log's threshold says, where a registrar signs them.
const JOINT = new Set([
  "log.key_changed", "registrar.key_changed", "log.rules_adopted", "log.sealed", "org.enrolled", "org.changed",
  "org.suspended", "org.reinstated", "org.key_recovered", "custody.assigned", "battery.voided", "lot.voided",
  "vehicle.voided",
]);

/**
 * The uses of the keys that may sign a type; a test holds that they are those of the life cycle's table.
 * @param {string} type
 * @returns {string[]}
 */
export function usesOf(type) {
  if (type === "log.opened") return ["sign"]; // begins the log, with a key that it names itself
  if (/^(?:log|registrar|org)\./.test(type) || type === "custody.assigned") return ["registrar"];
  if (type.startsWith("key.")) return ["admin"];
  return type.endsWith(".voided") || type === "battery.exported" ? ["sign", "registrar"] : ["sign"];
}

/** @param {string} type @returns {boolean} whether further registrars approve it, where a registrar signs it */
export const isJoint = (type) => JOINT.has(type);

const refusal = (code, where, expected, got) => new Refusal(code, { where, expected, got });
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isTexts = (value) => Array.isArray(value) && value.every((item) => typeof item === "string");
const partyOf = (subject) => subject.slice(subject.indexOf(":") + 1);

/** The keys that the entries so far have registered. */
export class Registry {
  /** @param {string} origin of the log */
  constructor(origin) {
    this.origin = origin;
    /** @type {Map<string, Registered>} */
    this.keys = new Map();
    this.revoked = new Set(); // "party kid"
    this.threshold = 0; // of registrars; 0 before the log is opened
  }

  /**
   * The key that signed, if its organisation may sign this type with it at that time.
   * @param {Jws} jws
   * @param {string} recordedAt
   * @returns {Promise<Registered>}
   * @throws {Refusal} KEY_UNKNOWN, KEY_FOREIGN, KEY_REVOKED_AT_SIGNING, KEY_NOT_VALID_AT_SIGNING or KEY_USE_FORBIDDEN
   */
  async findKey({ kid, value }, recordedAt) {
    const { type, iss, data } = value;
    const found = type === "log.opened" ? await this.#foundingKey(kid, data) : this.keys.get(kid);
    if (!found) throw refusal("KEY_UNKNOWN", "kid", "a key registered in the log", kid);
    if (found.org !== iss) throw refusal("KEY_FOREIGN", "kid", `a key of ${iss}`, `${kid}, a key of ${found.org}`);
    if (this.revoked.has(`${partyOf(iss)} ${kid}`)) {
      throw refusal("KEY_REVOKED_AT_SIGNING", "kid", "a key in force", `${kid}, which is revoked`);
    }
    const at = Date.parse(recordedAt);
    if ((found.from && at < Date.parse(found.from)) || (found.until && at >= Date.parse(found.until))) {
      const span = `${found.from ?? "the beginning"} to ${found.until ?? "the end"}`;
      throw refusal("KEY_NOT_VALID_AT_SIGNING", "kid", `a key valid at ${recordedAt}`, `one valid from ${span}`);
    }
    const uses = usesOf(type);
    if (!uses.includes(found.use)) throw refusal("KEY_USE_FORBIDDEN", "kid", `a key for ${uses.join(" or ")}`, found.use);
    if (found.types?.length && !found.types.includes(type)) {
      throw refusal("KEY_USE_FORBIDDEN", "kid", `a key that may sign ${type}`, `one for ${found.types.join(", ")}`);
    }
    if (found.sites?.length && !found.sites.includes(data.site)) {
      throw refusal("KEY_USE_FORBIDDEN", "/data/site", found.sites.join(" or "), quote(String(data.site ?? "no site")));
    }
    return found;
  }

  /**
   * Checks that enough registrars stand behind a joint act (4.3).
   * @param {Jws} jws
   * @param {Registered} by
   * @returns {Promise<void>}
   * @throws {Refusal} APPROVAL_INVALID or REGISTRY_QUORUM_UNMET
   */
  async checkApprovals({ kid, value }, by) {
    if (!isJoint(value.type) || by.use !== "registrar") return;
    const { approvals = [], ...data } = value.data;
    if (!isTexts(approvals)) throw refusal("APPROVAL_INVALID", "/data/approvals", "compact JWS", "something else");
    // The one place where a payload is written again: members stay in the order in which they stand.
    const members = Object.entries(value).map(([name, item]) => [name, name === "data" ? data : item]);
    const statement = base64url(await sha256(formatCompact(Object.fromEntries(members))));
    const approving = new Set([kid]);
    for (const [index, text] of approvals.entries()) {
      const where = `/data/approvals/${index}`;
      try {
        const approval = await parseJws(text, APPROVAL);
        const registrar = this.keys.get(approval.kid);
        if (registrar?.use !== "registrar") throw refusal("APPROVAL_INVALID", where, "a registrar's key", approval.kid);
        await checkSignature(approval, registrar.key);
        const said = Object.keys(approval.value).sort().join();
        if (said !== "aud,statement" || approval.value.aud !== this.origin || approval.value.statement !== statement) {
          throw refusal("APPROVAL_INVALID", where, `an approval of ${statement}`, "one of another statement");
        }
        approving.add(approval.kid);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        throw refusal("APPROVAL_INVALID", where, error.expected, error.got);
      }
    }
    if (approving.size < this.threshold) {
      throw refusal("REGISTRY_QUORUM_UNMET", "/data/approvals", `${this.threshold} registrars`, `${approving.size}`);
    }
  }

  /**
   * Takes in what an event says of keys. New ones must be sound, nobody's yet, and proven.
   * @param {Jws} jws
   * @param {string | undefined} head of its chain before it
   * @returns {Promise<void>}
   * @throws {Refusal} KEY_WEAK, KEY_MALFORMED, KEY_ALREADY_BOUND, KEY_NOT_PROVEN or SCHEMA_INVALID
   */
  async apply({ value }, head) {
    const { type, sub, data } = value;
    const party = partyOf(sub);
    const prove = (given, org, use, more = {}) => this.#prove(given, { org, use, ...more }, { aud: this.origin, sub, head });
    if (type === "log.opened" || type === "registrar.key_changed") return this.#setRegistrars(data, prove);
    if (type === "org.enrolled") this.#add(await prove(data.admin, sub, "admin"));
    if (type === "org.key_recovered") this.#add(await prove(data, sub, "admin", { from: data.from }));
    if (type === "key.added") {
      const { use, from, until, types, sites } = data;
      this.#add(await prove(data, `org:${party}`, use, { from, until, types, sites }));
    }
    if (type === "key.revoked" || type === "org.key_revoked") this.revoked.add(`${party} ${data.kid}`);
  }

  async #setRegistrars(data, prove) {
    if (!Array.isArray(data.registrars) || !data.registrars.every(isObject) || !Number.isSafeInteger(data.threshold)) {
      throw refusal("SCHEMA_INVALID", "/data/registrars", "registrars and a threshold", "something else");
    }
    const named = [];
    for (const given of data.registrars) {
      const { kid } = await parsePublicJwk(given.jwk);
      const known = this.keys.get(kid);
      const isKept = known?.use === "registrar";
      if (isKept && known.org !== given.org) {
        throw refusal("KEY_FOREIGN", "/data/registrars", known.org, quote(String(given.org)));
      }
      named.push(isKept ? known : await prove(given, given.org, "registrar"));
    }
    const kids = new Set(named.map(({ key }) => key.kid));
    if (kids.size !== named.length) {
      throw refusal("KEY_ALREADY_BOUND", "/data/registrars", "different keys", "one key twice");
    }
    if (data.threshold < 1 || data.threshold > kids.size) {
      throw refusal("REGISTRY_QUORUM_UNMET", "/data/threshold", `1 to ${kids.size}`, `${data.threshold}`);
    }
    // Who is no registrar any more signs and approves nothing.
    for (const each of this.keys.values()) if (each.use === "registrar" && !kids.has(each.key.kid)) each.use = "former";
    named.forEach((each) => this.#add(each));
    this.threshold = data.threshold;
  }

  #add(registered) {
    this.keys.set(registered.key.kid, registered);
  }

  async #prove(given, registered, place) {
    if (!isObject(given) || typeof given.possession !== "string") {
      throw refusal("KEY_NOT_PROVEN", "possession", "a proof of possession", "none");
    }
    const { org, use, types = [], sites = [] } = registered;
    if (![org, use].every((each) => typeof each === "string") || !isTexts(types) || !isTexts(sites)) {
      throw refusal("SCHEMA_INVALID", "/data", "what a key is for", "something else");
    }
    for (const time of [registered.from, registered.until]) {
      if (time === undefined || Date.parse(time) >= 0) continue;
      throw refusal("TIME_INVALID", "/data", "a time", quote(String(time)));
    }
    const key = await parsePublicJwk(given.jwk);
    if (this.keys.has(key.kid)) {
      throw refusal("KEY_ALREADY_BOUND", "jwk", "a key that nobody has registered", key.kid);
    }
    await checkPossession(given.possession, key, place);
    return { key, ...registered };
  }

  /** The registrar's key that `log.opened` itself names; the trust file says whether to believe it. */
  async #foundingKey(kid, data) {
    for (const given of Array.isArray(data.registrars) ? data.registrars.filter(isObject) : []) {
      const key = await parsePublicJwk(given.jwk);
      if (key.kid === kid) return { key, org: given.org, use: "sign" };
    }
    return undefined;
  }
}
