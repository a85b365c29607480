// Bytes: UTF-8, ASCII, hexadecimal digits, joining, comparing, CRC-32, and SHA-256 of WebCrypto.

const encoder = new TextEncoder();

/** @param {string} text @returns {Uint8Array} its UTF-8 */
export const utf8 = (text) => encoder.encode(text);

/** @param {Uint8Array} bytes @returns {string} a character for each byte; what is ASCII stays what it is */
export function latin1(bytes) {
  let text = "";
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/** @param {Uint8Array} bytes @returns {string} in lower-case hexadecimal digits */
export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {...Uint8Array} parts @returns {Uint8Array} */
export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {Uint8Array} one @param {Uint8Array} other @returns {boolean} */
export const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

/** @param {number | bigint} number @returns {Uint8Array} eight bytes, big-endian */
export function eightBytes(number) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return bytes;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** @param {Uint8Array} bytes @returns {number} CRC-32 as in zip: against damage, not against anybody's will */
export function checksum(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/**
 * WebCrypto, which a browser has on https and on this machine alone.
 * @returns {SubtleCrypto}
 */
export function subtle() {
  const found = globalThis.crypto?.subtle;
  if (!found) throw new Error("no WebCrypto: the page must be opened over https");
  return found;
}

/** @param {...Uint8Array} parts @returns {Promise<Uint8Array>} SHA-256 over all of them */
export const sha256 = async (...parts) =>
  new Uint8Array(await subtle().digest("SHA-256", parts.length === 1 ? parts[0] : join(...parts)));
