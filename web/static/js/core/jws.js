// Compact JWS (RFC 7515) as Packtrace writes and reads it: one header shape, one payload grammar, strict both.
//
// `typ` separates what one key may sign, so that a proof of possession is never taken for an event.
import { base64url, parseBase64url } from "./base64url.js";
import { sha256, utf8 } from "./bytes.js";
import { DEFAULT_LIMIT, formatCompact, parseCompact } from "./compact.js";
import { checkRawSignature } from "./keys.js";
import { Refusal, ascii } from "./refusal.js";

/** @typedef {import("./keys.js").PublicKey} PublicKey */
/** @typedef {import("./keys.js").Signer} Signer */
/**
 * @typedef {{text: string, alg: string, kid: string, typ: string, id: string, value: Record<string, any>,
 *   payload: Uint8Array, signature: Uint8Array}} Jws `id`: base64url of SHA-256 over the signing input
 */

export const EVENT = "packtrace-event+jwt";
export const POP = "packtrace-pop+jwt"; // proof of possession of a key
export const APPROVAL = "packtrace-approval+jwt"; // a further registrar's
export const READ = "packtrace-read+jwt"; // bearer token
export const NOTICE = "packtrace-notice+jwt"; // webhook
const TYPES = [EVENT, POP, APPROVAL, READ, NOTICE];

// `Ed25519` is RFC 9864; many libraries know only its older name, which means the same for these keys.
const KIND_OF_ALG = new Map([["Ed25519", "Ed25519"], ["EdDSA", "Ed25519"], ["ES256", "P-256"]]);
const HEADER_LIMIT = 512;
const encoded = (size) => Math.ceil((size * 4) / 3);

/**
 * Signs a value in compact form.
 * @param {Record<string, any>} value
 * @param {Signer} signer
 * @param {string} typ
 * @returns {Promise<{text: string, id: string}>}
 * @throws {Refusal} the value is not one that compact form can say, or `typ` is none that a reader accepts
 */
export async function signJws(value, signer, typ) {
  if (!TYPES.includes(typ)) throw new Refusal("WRONG_TYP", { where: "typ", expected: TYPES.join(", "), got: ascii(typ) });
  const { kind, kid } = signer.publicKey;
  const header = formatCompact({ alg: kind === "Ed25519" ? "Ed25519" : "ES256", kid, typ });
  const input = `${base64url(header)}.${base64url(formatCompact(value))}`;
  const signature = await signer.sign(utf8(input));
  if (signature.length !== 64) {
    const said = { where: "signer", expected: "64 bytes in the form of JOSE", got: `${signature.length}` };
    throw new Refusal("SIGNATURE_INVALID", said);
  }
  return { text: `${input}.${base64url(signature)}`, id: base64url(await sha256(utf8(input))) };
}

/**
 * Reads a compact JWS strictly; the signature is not checked here.
 * @param {string} text
 * @param {string} typ the only one that is accepted
 * @param {number} [limit] the most bytes of payload
 * @returns {Promise<Jws>}
 * @throws {Refusal} MALFORMED_JWS, NON_CANONICAL_ENCODING, WRONG_TYP or ALG_NOT_ALLOWED
 */
export async function parseJws(text, typ, limit = DEFAULT_LIMIT) {
  const malformed = (where, expected, got) => new Refusal("MALFORMED_JWS", { where, expected, got });
  if (/[^\x00-\x7f]/.test(text)) throw malformed("JWS", "ASCII", "other characters");
  if (text.length > encoded(HEADER_LIMIT) + encoded(limit) + encoded(64) + 2) {
    throw malformed("JWS", `a payload of at most ${limit} bytes`, `${text.length} characters`);
  }
  const parts = text.split(".");
  if (parts.length !== 3) throw malformed("JWS", "three parts with a dot between them", `${parts.length}`);
  if (parts[0].length > encoded(HEADER_LIMIT)) {
    throw malformed("JWS header", `at most ${HEADER_LIMIT} bytes`, `${parts[0].length} characters`);
  }
  const header = parseHeader(parseBase64url(parts[0], "JWS header"), malformed);
  if (header.typ !== typ) {
    throw new Refusal("WRONG_TYP", { where: "JWS header member typ", expected: typ, got: ascii(header.typ.slice(0, 64)) });
  }
  const signature = parseBase64url(parts[2], "JWS signature");
  if (signature.length !== 64) throw malformed("JWS signature", "64 bytes", `${signature.length}`);
  const payload = parseBase64url(parts[1], "JWS payload");
  const value = parseCompact(payload, limit);
  const id = base64url(await sha256(utf8(`${parts[0]}.${parts[1]}`)));
  return { text, alg: header.alg, kid: header.kid, typ, id, value, payload, signature };
}

/**
 * Checks that `key` signed `jws`.
 * @param {Jws} jws
 * @param {PublicKey} key
 * @returns {Promise<void>}
 * @throws {Refusal} KEY_MISMATCH, ALG_NOT_ALLOWED or SIGNATURE_INVALID
 */
export async function checkSignature(jws, key) {
  if (jws.kid !== key.kid) {
    throw new Refusal("KEY_MISMATCH", { where: "JWS header member kid", expected: key.kid, got: jws.kid });
  }
  if (KIND_OF_ALG.get(jws.alg) !== key.kind) {
    throw new Refusal("ALG_NOT_ALLOWED", { where: "JWS header member alg", expected: `one for ${key.kind}`, got: jws.alg });
  }
  await checkRawSignature(key, utf8(jws.text.slice(0, jws.text.lastIndexOf("."))), jws.signature);
}

function parseHeader(bytes, malformed) {
  const header = parseCompact(bytes, HEADER_LIMIT);
  const names = Object.keys(header).sort().join(", ");
  if (names !== "alg, kid, typ") throw malformed("JWS header", "exactly the members alg, kid, typ", names || "none");
  if (!Object.values(header).every((value) => typeof value === "string")) {
    throw malformed("JWS header", "text in alg, kid and typ", "another kind of value");
  }
  if (!KIND_OF_ALG.has(header.alg)) {
    const expected = `one of ${[...KIND_OF_ALG.keys()].join(", ")}`;
    throw new Refusal("ALG_NOT_ALLOWED", { where: "JWS header member alg", expected, got: ascii(header.alg.slice(0, 64)) });
  }
  const kid = parseBase64url(header.kid, "JWS header member kid");
  if (kid.length !== 32) throw malformed("JWS header member kid", "32 bytes", `${kid.length}`);
  return header;
}
