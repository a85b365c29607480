// Public keys as JWK, their key id, and the key that a device makes for itself.
import { base64url, parseBase64url } from "./base64url.js";
import { join, sha256, subtle, utf8 } from "./bytes.js";
import { checkEd25519, checkPrimeOrder } from "./ed25519.js";
import { Refusal } from "./refusal.js";

/** @typedef {{kind: "Ed25519" | "P-256", raw: Uint8Array, jwk: Record<string, string>, kid: string}} PublicKey */
/** @typedef {{publicKey: PublicKey, sign: (message: Uint8Array) => Promise<Uint8Array>}} Signer */

const MEMBERS = { Ed25519: ["crv", "kty", "x"], "P-256": ["crv", "kty", "x", "y"] };
const ES256 = { name: "ECDSA", hash: "SHA-256" };

/**
 * Reads a public key that is registered, and refuses those under which signatures prove nothing.
 * @param {any} value a JWK with exactly the members that RFC 7638 hashes
 * @returns {Promise<PublicKey>}
 * @throws {Refusal} KEY_MALFORMED or KEY_WEAK
 */
export async function parsePublicJwk(value) {
  const crv = typeof value === "object" && value !== null ? value.crv : undefined;
  const members = Object.hasOwn(MEMBERS, String(crv)) ? MEMBERS[crv] : null;
  if (!members) throw malformed("JWK member crv", "Ed25519 or P-256", "another value");
  const names = Object.keys(value).sort();
  // Values are left out of the message: one of them might be the private part.
  if (names.join() !== members.join()) throw malformed("JWK", `exactly the members ${members.join(", ")}`, "others");
  const kty = crv === "Ed25519" ? "OKP" : "EC";
  if (value.kty !== kty) throw malformed("JWK member kty", `${kty} for ${crv}`, "another value");
  const raw = members.slice(2).map((name) => coordinate(value[name], `JWK member ${name}`));
  if (crv === "Ed25519") {
    checkPrimeOrder(raw[0]);
    return publicKey("Ed25519", raw[0]);
  }
  const point = join(Uint8Array.of(4), ...raw);
  await importP256(point);
  return publicKey("P-256", point);
}

/**
 * @param {"Ed25519" | "P-256"} kind
 * @param {Uint8Array} raw 32 bytes, or the 65 of an uncompressed point
 * @returns {Promise<PublicKey>} with its RFC 7638 thumbprint as `kid`
 */
export async function publicKey(kind, raw) {
  const jwk =
    kind === "Ed25519"
      ? { crv: "Ed25519", kty: "OKP", x: base64url(raw) }
      : { crv: "P-256", kty: "EC", x: base64url(raw.subarray(1, 33)), y: base64url(raw.subarray(33)) };
  // RFC 7638, 3.3: the required members in lexicographic order, no white space; as they stand above.
  return { kind, raw, jwk, kid: base64url(await sha256(utf8(JSON.stringify(jwk)))) };
}

/**
 * What signs with a pair of WebCrypto keys, of which the private one need not be extractable.
 * @param {CryptoKeyPair} pair Ed25519, or ECDSA on P-256
 * @returns {Promise<Signer>}
 */
export async function signerOf(pair) {
  const kind = pair.privateKey.algorithm.name === "Ed25519" ? "Ed25519" : "P-256";
  const raw = new Uint8Array(await subtle().exportKey("raw", pair.publicKey));
  const algorithm = kind === "Ed25519" ? { name: "Ed25519" } : ES256;
  const sign = async (message) => new Uint8Array(await subtle().sign(algorithm, pair.privateKey, message));
  return { publicKey: await publicKey(kind, raw), sign };
}

/**
 * Makes a key that can't be read out: Ed25519, or P-256 where the browser knows no other.
 * @returns {Promise<CryptoKeyPair>}
 */
export async function makeKeyPair() {
  try {
    return await subtle().generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
  } catch {
    return subtle().generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  }
}

/**
 * Checks a 64-byte signature of JOSE by the rule of the key's kind (docs/format.md, 4.1).
 * @param {PublicKey} key
 * @param {Uint8Array} message
 * @param {Uint8Array} signature
 * @returns {Promise<void>}
 * @throws {Refusal} SIGNATURE_INVALID
 */
export async function checkRawSignature(key, message, signature) {
  if (key.kind === "Ed25519") return checkEd25519(key.raw, message, signature);
  const refuse = (expected, got) => new Refusal("SIGNATURE_INVALID", { where: "signature", expected, got });
  if (signature.length !== 64) throw refuse("64 bytes", `${signature.length}`);
  const imported = await importP256(key.raw);
  if (!(await subtle().verify(ES256, imported, signature, message))) {
    throw refuse("an ES256 signature by this key", "another");
  }
}

async function importP256(point) {
  try {
    return await subtle().importKey("raw", point, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
  } catch {
    throw malformed("P-256 public key", "a point on the curve", "none");
  }
}

function coordinate(text, where) {
  if (typeof text !== "string") throw malformed(where, "text", typeof text);
  let raw;
  try {
    raw = parseBase64url(text, where);
  } catch (error) {
    throw malformed(where, error.expected, error.got);
  }
  if (raw.length !== 32) throw malformed(where, "32 bytes", `${raw.length}`);
  return raw;
}

const malformed = (where, expected, got) => new Refusal("KEY_MALFORMED", { where, expected, got });
