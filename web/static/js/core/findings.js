// What a verification says: findings under the codes of docs/findings.md, and verdicts in the words of the command.
import { Refusal } from "./refusal.js";

/** @typedef {"VERIFIED" | "REFUTED" | "UNDECIDED"} Verdict */
/**
 * @typedef {{code: string, severity: "ERROR" | "UNCHECKED", step: number, detail: string, leaf?: number, subject?: string,
 *   id?: string, place?: string}} Finding
 */

const CODES = {
  1: "BUNDLE_MALFORMED RECEIPT_MISMATCH LOG_PROOF_MALFORMED",
  2: "CHECKPOINT_MALFORMED CHECKPOINT_ORIGIN_MISMATCH CHECKPOINT_SIGNATURE_INVALID CHECKPOINT_MISPLACED " +
    "VERIFIER_KEY_INVALID LOG_KEY_UNTRUSTED",
  3: "ENTRY_MALFORMED TIME_INVALID TIME_REGRESSION",
  4: "LOG_ROOT_MISMATCH LOG_TILE_INVALID LOG_TILE_MISMATCH LOG_INCLUSION_INVALID",
  5: "LOG_NOT_OPENED REGISTRAR_UNKNOWN REGISTRY_QUORUM_UNMET APPROVAL_INVALID KEY_WEAK KEY_MALFORMED KEY_ALREADY_BOUND " +
    "KEY_NOT_PROVEN",
  6: "MALFORMED_JWS NON_CANONICAL_ENCODING WRONG_TYP ALG_NOT_ALLOWED SCHEMA_INVALID SUBJECT_INVALID BATTERY_CODE_INVALID " +
    "WRONG_AUDIENCE KEY_UNKNOWN KEY_FOREIGN KEY_MISMATCH KEY_REVOKED_AT_SIGNING KEY_NOT_VALID_AT_SIGNING " +
    "KEY_USE_FORBIDDEN SIGNATURE_INVALID",
  7: "CHAIN_LINK_BROKEN SEQUENCE_GAP FORKED_CHAIN DUPLICATE_EVENT",
  11: "LOG_CONSISTENCY_INVALID TREE_SPLIT_VIEW CHECKPOINT_BEYOND_LOG",
};
const UNCHECKED = {
  1: "SOURCE_UNREADABLE SOURCE_TOO_LARGE BUNDLE_INCOMPLETE BUNDLE_UNEXPECTED_FILE RECEIPT_ALONE",
  2: "TRUST_ABSENT WITNESS_QUORUM_UNMET",
  4: "NOTHING_CHECKED",
  6: "UNKNOWN_EVENT_VERSION",
  7: "DEPENDS_ON_REFUTED",
  11: "CHECKPOINT_AHEAD CHECKPOINT_UNUSABLE PIN_NOT_COMPARED",
};
const kinds = (steps, severity) =>
  Object.entries(steps).flatMap(([step, codes]) => codes.split(" ").map((code) => [code, { severity, step: Number(step) }]));

/** The severity and the step of every code that the browser can say. */
export const KINDS = new Map([...kinds(CODES, "ERROR"), ...kinds(UNCHECKED, "UNCHECKED")]);

/** What was found so far. */
export class Findings {
  constructor() {
    /** @type {Finding[]} */
    this.all = [];
  }

  /**
   * @param {string} code
   * @param {string} detail
   * @param {{leaf?: number, subject?: string, id?: string, place?: string}} [at]
   */
  add(code, detail, at = {}) {
    const kind = KINDS.get(code);
    if (!kind) throw new Error(`no finding is called ${code}`);
    this.all.push({ code, ...kind, detail, ...at });
  }

  /** Adds what was refused; what is no refusal is a fault of the program and goes on. */
  addRefusal(error, at = {}) {
    if (!(error instanceof Refusal)) throw error;
    this.add(error.code, error.message, at);
  }

  /** @param {(finding: Finding) => boolean} [of] @returns {Verdict} */
  verdict(of = () => true) {
    const found = this.all.filter(of);
    if (found.some(({ severity }) => severity === "ERROR")) return "REFUTED";
    return found.length ? "UNDECIDED" : "VERIFIED";
  }
}
