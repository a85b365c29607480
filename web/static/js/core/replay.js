// Steps 3 and 5 to 7 of the verification: entries in the order of the log, each event's form, key, signature and place in
// its chain. Schemas, life cycle and custody (the rest of 6, and 8) need the rule set, and are the command's.
//
// After a refused event its chain is only followed from link to link, and what rests on it is undecided, so that one wrong
// event gives one error and not a hundred.
import { parseEntry, readEvent } from "./entry.js";
import { checkSignature } from "./jws.js";
import { Refusal } from "./refusal.js";
import { Registry } from "./registry.js";

/** @typedef {import("./findings.js").Findings} Findings */
/**
 * @typedef {{leaf: number, id: string, kid: string, alg: string, statement: Record<string, any>, recordedAt: string,
 *   signed: boolean, linked: boolean}} Event `signed`: by a key in force; `linked`: right after the event before it
 */

// In a bundle of one battery these may mean that the bundle lacks something, not that the log does.
const MAY_BE_ABSENT = new Set(["SEQUENCE_GAP", "KEY_UNKNOWN"]);

/** The log as its entries give it, and what is wrong with them. */
export class Replay {
  /**
   * @param {string} origin
   * @param {Findings} findings
   * @param {{trust: import("./trust.js").Trust | null, whole: boolean}} given `whole`: every leaf comes
   */
  constructor(origin, findings, { trust, whole }) {
    this.origin = origin;
    this.findings = findings;
    this.trust = trust;
    this.whole = whole;
    this.registry = new Registry(origin);
    /** @type {Event[]} */
    this.events = [];
    this.heads = new Map(); // subject -> {seq, id}
    this.unsound = new Set(); // chains with something refused or undecided
    this.latest = "";
  }

  /**
   * Takes in the next entry.
   * @param {number} leaf its index
   * @param {Uint8Array} bytes
   * @returns {Promise<void>}
   */
  async take(leaf, bytes) {
    const entry = this.#readEntry(leaf, bytes);
    if (!entry) return;
    let jws;
    try {
      jws = await readEvent(entry.event, this.origin);
    } catch (error) {
      this.#refuseUnread(error, leaf);
      return;
    }
    const event = this.#note(leaf, jws, entry.recordedAt);
    const { sub } = jws.value;
    if (this.unsound.has(sub)) {
      this.#follow(event); // a signature after a refused event says nothing that could be judged
      return;
    }
    const head = this.heads.get(sub);
    try {
      if (jws.value.type === "log.opened") this.#checkFounding(event);
      const by = await this.registry.findKey(jws, entry.recordedAt);
      await checkSignature(jws, by.key);
      event.signed = true;
      this.#checkLink(event);
      event.linked = true;
      await this.registry.checkApprovals(jws, by);
      await this.registry.apply(jws, head?.id);
    } catch (error) {
      this.#break(error, event);
      return;
    }
    const shaky = this.#registryOf(jws.value).filter((chain) => chain !== sub && this.unsound.has(chain));
    if (shaky.length) {
      this.findings.add("DEPENDS_ON_REFUTED", `it rests on ${shaky.join(", ")}`, this.#at(event));
      this.unsound.add(sub);
    }
    this.#move(event);
  }

  #readEntry(leaf, bytes) {
    try {
      const entry = parseEntry(bytes);
      if (entry.recordedAt < this.latest) {
        const detail = `recorded_at: expected ${this.latest} or later, got ${entry.recordedAt}`;
        this.findings.add("TIME_REGRESSION", detail, { leaf });
      } else this.latest = entry.recordedAt;
      return entry;
    } catch (error) {
      this.findings.addRefusal(error, { leaf });
      return null;
    }
  }

  #note(leaf, { id, kid, alg, value }, recordedAt) {
    const event = { leaf, id, kid, alg, statement: value, recordedAt, signed: false, linked: false };
    this.events.push(event);
    return event;
  }

  /** Form, version or address is wrong: nothing can be made of the event but its place, if it says one. */
  #refuseUnread(error, leaf) {
    const { value, id } = error.jws ?? {};
    const subject = typeof value?.sub === "string" ? value.sub : undefined;
    this.findings.addRefusal(error, { leaf, subject, id });
    if (subject === undefined) return;
    this.unsound.add(subject);
    const head = this.heads.get(subject);
    if (Number.isSafeInteger(value.seq) && value.seq > (head?.seq ?? -1)) this.heads.set(subject, { seq: value.seq, id });
  }

  /** Step 5: who registers, and who signs checkpoints, is whom the trust file names. */
  #checkFounding(event) {
    const { sub, data } = event.statement;
    if (event.leaf !== 0 || sub !== `log:${this.origin}`) {
      throw new Refusal("LOG_NOT_OPENED", { where: "log.opened", expected: "it at leaf 0", got: `leaf ${event.leaf}` });
    }
    if (!this.trust) return;
    const said = (kids) => [...kids].sort().join(", ");
    const { registrars, threshold, logKeys } = this.trust;
    const named = Array.isArray(data.log_keys) ? data.log_keys.map(String) : [];
    if (said(named) !== said(logKeys.map(({ text }) => text))) {
      this.findings.add("LOG_KEY_UNTRUSTED", "log_keys: expected those of the trust file, got others", this.#at(event));
    }
    // The kids are known once their keys are read, which `finish` of the founding does.
    this.founding = { event, expected: said(registrars), threshold };
  }

  /**
   * What can be said of `log.opened` once its keys are registered, and at the end.
   * @returns {void}
   */
  checkRegistrars() {
    if (!this.founding || this.founding.done) return;
    const { event, expected, threshold } = this.founding;
    this.founding.done = true;
    const kids = [...this.registry.keys.values()].filter(({ use }) => use === "registrar").map(({ key }) => key.kid);
    const got = kids.sort().join(", ");
    if (got === expected && this.registry.threshold === threshold) return;
    const detail = `registrars: expected ${threshold} of ${expected}, got ${this.registry.threshold} of ${got}`;
    this.findings.add("REGISTRAR_UNKNOWN", detail, this.#at(event));
  }

  #at({ leaf, id, statement }) {
    return { leaf, subject: statement.sub, id };
  }

  #registryOf({ iss }) {
    const party = iss.slice("org:".length);
    return [`log:${this.origin}`, `org:${party}`, `keys:${party}`];
  }

  #checkLink({ id, statement: { sub, seq, prev } }) {
    const head = this.heads.get(sub);
    const next = head ? head.seq + 1 : 0;
    if (seq === next && prev === head?.id) return;
    const refusal = (code, where, expected, got) => new Refusal(code, { where, expected, got });
    if (seq > next) throw refusal("SEQUENCE_GAP", "seq", `${next}`, `${seq}`);
    if (seq === next) throw refusal("CHAIN_LINK_BROKEN", "prev", head?.id ?? "no member", prev ?? "no member");
    const isKnown = this.events.filter((event) => event.id === id).length > 1;
    throw refusal(isKnown ? "DUPLICATE_EVENT" : "FORKED_CHAIN", "seq", `${next}`, `${seq}, where another event stands`);
  }

  /** An event was not taken in: from here on its chain is only followed. */
  #break(error, event) {
    if (!(error instanceof Refusal)) throw error;
    const wasRested = this.#registryOf(event.statement).some((chain) => this.unsound.has(chain));
    if (wasRested && !event.linked && error.code.startsWith("KEY_")) {
      this.findings.add("DEPENDS_ON_REFUTED", `the signer's registration is not sound: ${error.message}`, this.#at(event));
    } else this.#report(error, event);
    const isLink = ["SEQUENCE_GAP", "CHAIN_LINK_BROKEN", "DUPLICATE_EVENT", "FORKED_CHAIN"].includes(error.code);
    if (isLink || event.linked) this.#move(event);
    else this.#follow(event);
    this.unsound.add(event.statement.sub);
  }

  #report(error, event) {
    const code = !this.whole && MAY_BE_ABSENT.has(error.code) ? "BUNDLE_INCOMPLETE" : error.code;
    this.findings.add(code, error.message, this.#at(event));
  }

  #follow(event) {
    try {
      this.#checkLink(event);
      event.linked = true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#report(error, event);
    }
    this.#move(event);
  }

  #move({ id, statement: { sub, seq } }) {
    if (seq > (this.heads.get(sub)?.seq ?? -1)) this.heads.set(sub, { seq, id });
  }
}
