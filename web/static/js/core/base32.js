// base32 in capitals and without padding (RFC 4648, section 6): letters and digits that QR symbols pack as such.
import { Refusal } from "./refusal.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const VALUES = new Map([...ALPHABET].map((letter, value) => [letter, value]));

/** @param {Uint8Array} bytes @returns {string} `parseBase32` gives the bytes back */
export function base32(bytes) {
  let text = "";
  let held = 0; // bits that no letter has yet
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >>> (bits - 5)) & 31];
  }
  return bits ? text + ALPHABET[(held << (5 - bits)) & 31] : text;
}

/**
 * Decodes what `base32` writes, and nothing else.
 * @param {string} text
 * @param {string} [where] what it is, for the message
 * @returns {Uint8Array}
 * @throws {Refusal} NON_CANONICAL_ENCODING
 */
export function parseBase32(text, where = "base32") {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let at = 0;
  let held = 0;
  let bits = 0;
  for (const letter of text) {
    const value = VALUES.get(letter);
    if (value === undefined) throw refused(where, "another character");
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (held >>> bits) & 255;
    }
  }
  // What is left is less than a letter of no byte, and zeros.
  if (bits >= 5 || held & ((1 << bits) - 1)) throw refused(where, "spare bits, or a letter too many");
  return bytes;
}

const refused = (where, got) => new Refusal("NON_CANONICAL_ENCODING", { where, expected: "canonical base32", got });
