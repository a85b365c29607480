// The one set of Ed25519 signatures and keys that Packtrace accepts, whatever a browser's own library thinks of them.
//
// Libraries disagree: some accept keys of small order, under which one fixed signature holds for every message. The rule
// (docs/format.md, 4.1): 1. the public key encodes y below p, and is not of small order; 2. R is not of small order; 3. S is
// below the order L; 4. [S]B = R + [k]A without the cofactor. 1 to 3 are looked at here, 4 is left to WebCrypto, or done
// here where the browser has no Ed25519 (older in-app browsers). Nothing secret passes through, so time may vary.
import { join, same, subtle } from "./bytes.js";
import { Refusal } from "./refusal.js";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n; // order of the base point, RFC 8032, 5.1
const Y = 2n ** 255n - 1n; // mask that takes the sign of x off an encoded point
const Y_OF_ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const SMALL_ORDER_Y = new Set([1n, P - 1n, 0n, Y_OF_ORDER_8, P - Y_OF_ORDER_8]);

/**
 * Checks one signature by the strict rule.
 * @param {Uint8Array} key 32 bytes
 * @param {Uint8Array} message
 * @param {Uint8Array} signature 64 bytes
 * @returns {Promise<void>}
 * @throws {Refusal} SIGNATURE_INVALID
 */
export async function checkEd25519(key, message, signature) {
  if (key.length !== 32) throw invalid("public key", "32 bytes", `${key.length}`);
  if (signature.length !== 64) throw invalid("signature", "64 bytes", `${signature.length}`);
  const y = littleEndian(key) & Y;
  if (y >= P || SMALL_ORDER_Y.has(y)) throw invalid("public key", "a canonical point of large order", "a weak one");
  if (SMALL_ORDER_Y.has((littleEndian(signature.subarray(0, 32)) & Y) % P)) {
    throw invalid("R", "a point of large order", "one of small order");
  }
  if (littleEndian(signature.subarray(32)) >= L) throw invalid("S", "a number below the group order", "a larger one");
  if (!(await holds(key, message, signature))) {
    throw invalid("signature", "a strict Ed25519 signature by this key", "another");
  }
}

/**
 * Checks that 32 bytes are the canonical encoding of a point of prime order, as a registered key must be. It takes some
 * ten milliseconds, so what was found sound is remembered.
 * @param {Uint8Array} key
 * @returns {void}
 * @throws {Refusal} KEY_WEAK
 */
export function checkPrimeOrder(key) {
  const name = key.join();
  if (known.has(name)) return;
  const weak = (expected, got) => new Refusal("KEY_WEAK", { where: "Ed25519 public key", expected, got });
  const y = littleEndian(key) & Y;
  if (key.length !== 32 || y >= P) throw weak("32 bytes with y below 2^255-19", "a second spelling of a point");
  if (SMALL_ORDER_Y.has(y)) throw weak("a point of prime order", "one of small order");
  const point = decode(key);
  if (!point || !isNeutral(multiply(point, L))) throw weak("a point of prime order", "another, or no point");
  if (known.size < 1024) known.add(name);
}

const known = new Set();

/**
 * Step 4 of the rule with big integers: whether [S]B = R + [k]A, compared as R's encoding.
 * @param {Uint8Array} key
 * @param {Uint8Array} message
 * @param {Uint8Array} signature
 * @returns {Promise<boolean>}
 */
export async function holdsByArithmetic(key, message, signature) {
  const r = signature.subarray(0, 32);
  const digest = new Uint8Array(await subtle().digest("SHA-512", join(r, key, message)));
  const a = decode(key);
  if (!a) return false;
  const negative = [mod(-a[0]), a[1], a[2], mod(-a[3])];
  const s = multiply(BASE, littleEndian(signature.subarray(32)));
  return same(encode(add(s, multiply(negative, littleEndian(digest) % L))), r);
}

async function holds(key, message, signature) {
  let imported;
  try {
    imported = await subtle().importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    // The browser has no Ed25519, or finds no point in the key; then there is none here either.
    return holdsByArithmetic(key, message, signature);
  }
  return subtle().verify({ name: "Ed25519" }, imported, signature, message);
}

const invalid = (where, expected, got) => new Refusal("SIGNATURE_INVALID", { where, expected, got });

// ---- the curve, RFC 8032, 5.1: points as X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z ----

const mod = (number) => ((number % P) + P) % P;

function power(base, exponent) {
  let result = 1n;
  for (let square = mod(base), rest = exponent; rest; rest >>= 1n, square = (square * square) % P) {
    if (rest & 1n) result = (result * square) % P;
  }
  return result;
}

const inverse = (number) => power(number, P - 2n);
const D = mod(-121665n * inverse(121666n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);
const NEUTRAL = [0n, 1n, 1n, 0n];

function littleEndian(bytes) {
  let number = 0n;
  for (let at = bytes.length - 1; at >= 0; at--) number = (number << 8n) | BigInt(bytes[at]);
  return number;
}

/** The point that 32 bytes encode (5.1.3), or null. */
function decode(bytes) {
  const number = littleEndian(bytes);
  const y = number & Y;
  if (y >= P) return null;
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  const w = mod(u * inverse(v));
  let x = power(w, (P + 3n) / 8n);
  if (mod(x * x - w)) x = mod(x * ROOT_OF_MINUS_ONE);
  if (mod(x * x - w)) return null;
  const sign = number >> 255n;
  if (!x && sign) return null;
  if ((x & 1n) !== sign) x = P - x;
  return [x, y, 1n, mod(x * y)];
}

function encode([x, y, z]) {
  const scale = inverse(z);
  let number = mod(y * scale) | ((mod(x * scale) & 1n) << 255n);
  return Uint8Array.from({ length: 32 }, () => {
    const byte = Number(number & 255n);
    number >>= 8n;
    return byte;
  });
}

/** The complete addition of 5.1.4, which serves for doubling too. */
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * D * t2);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function multiply(point, number) {
  let result = NEUTRAL;
  for (let double = point, rest = number; rest; rest >>= 1n, double = add(double, double)) {
    if (rest & 1n) result = add(result, double);
  }
  return result;
}

const isNeutral = ([x, y, z]) => x === 0n && y === z;

const BASE = decode(Uint8Array.from({ length: 32 }, (_, at) => (at ? 0x66 : 0x58)));
