// An inclusion proof that stands alone (c2sp.org/tlog-proof@v1): what a receipt is.
import { parseBase64 } from "./base64url.js";
import { latin1 } from "./bytes.js";
import { Refusal, quote } from "./refusal.js";

/** @typedef {{index: number, hashes: Uint8Array[], checkpoint: Uint8Array, extra: Uint8Array | null}} TlogProof */

const HEADER = "c2sp.org/tlog-proof@v1";
const MAX_HASHES = 63;
const MAX_EXTRA = 1 << 20; // bytes
const MAX_NOTE = 1 << 20;
const MAX_PROOF = MAX_NOTE + 2 * MAX_EXTRA;
const CODE = "LOG_PROOF_MALFORMED";
const refusal = (where, expected, got) => new Refusal(CODE, { where, expected, got });

/**
 * Parses a proof; verifies nothing, and `extra` is never verified by the proof itself.
 * @param {Uint8Array} bytes
 * @returns {TlogProof}
 * @throws {Refusal} LOG_PROOF_MALFORMED; the message names the line
 */
export function parseTlogProof(bytes) {
  if (bytes.length > MAX_PROOF) throw refusal("proof", `at most ${MAX_PROOF} bytes`, `${bytes.length}`);
  const text = latin1(bytes);
  const end = text.indexOf("\n\n");
  if (end < 0) throw refusal("proof", "an empty line before the checkpoint", "none");
  const lines = text.slice(0, end).split("\n");
  if (lines[0] !== HEADER) throw refusal("proof, line 1", HEADER, quote(lines[0]));
  let at = 1;
  let extra = null;
  if (lines[at]?.startsWith("extra ")) {
    extra = parseBase64(lines[at].slice(6), `proof, line ${at + 1}`, CODE);
    if (!extra.length || extra.length > MAX_EXTRA) throw refusal("extra data", `1 to ${MAX_EXTRA} bytes`, `${extra.length}`);
    at += 1;
  }
  const [, digits] = /^index (0|[1-9][0-9]{0,15})$/.exec(lines[at] ?? "") ?? [];
  if (digits === undefined || !Number.isSafeInteger(Number(digits))) {
    throw refusal(`proof, line ${at + 1}`, "index and a decimal up to 2^53-1", quote(lines[at] ?? "the end"));
  }
  const hashes = lines.slice(at + 1).map((line, number) => {
    const hash = parseBase64(line, `proof, line ${at + number + 2}`, CODE);
    if (hash.length !== 32) throw refusal(`proof, line ${at + number + 2}`, "32 bytes", `${hash.length}`);
    return hash;
  });
  if (hashes.length > MAX_HASHES) throw refusal("proof", `at most ${MAX_HASHES} hashes`, `${hashes.length}`);
  const checkpoint = bytes.subarray(end + 2);
  if (!checkpoint.length || checkpoint.length > MAX_NOTE) {
    throw refusal("checkpoint", `1 to ${MAX_NOTE} bytes`, `${checkpoint.length}`);
  }
  return { index: Number(digits), hashes, checkpoint, extra };
}
