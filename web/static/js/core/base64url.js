// base64url in its one canonical spelling (RFC 4648, section 5, as RFC 7515 uses it), and standard base64 in its own.
//
// Decoders are lenient: they read `AB` as they read `AA`, so two texts would carry one signature. Here exactly one text is
// accepted for each byte string.
import { latin1 } from "./bytes.js";
import { Refusal, ascii } from "./refusal.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** @param {Uint8Array} bytes @returns {string} without padding; `parseBase64url` gives the bytes back */
export const base64url = (bytes) =>
  btoa(latin1(bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/**
 * Decodes canonical base64url.
 * @param {string} text
 * @param {string} [where] what it is, for the message
 * @returns {Uint8Array}
 * @throws {Refusal} NON_CANONICAL_ENCODING: another alphabet, padding, a length that no byte string has, or spare bits
 *   that are not zero
 */
export function parseBase64url(text, where = "base64url") {
  const got = wrongWith(text);
  if (got) {
    throw new Refusal("NON_CANONICAL_ENCODING", { where, expected: "unpadded canonical base64url", got });
  }
  return decode(text.replaceAll("-", "+").replaceAll("_", "/"));
}

/** @param {Uint8Array} bytes @returns {string} standard base64 with padding (RFC 4648, section 4) */
export const base64 = (bytes) => btoa(latin1(bytes));

/**
 * Decodes standard base64, of which only the text is accepted that encoding gives back.
 * @param {string} text
 * @param {string} where
 * @param {string} [code] of the refusal
 * @returns {Uint8Array}
 * @throws {Refusal}
 */
export function parseBase64(text, where, code = "NON_CANONICAL_ENCODING") {
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0) {
    let bytes;
    try {
      bytes = decode(text);
    } catch {
      bytes = null; // a mark of padding alone
    }
    if (bytes && base64(bytes) === text) return bytes;
  }
  throw new Refusal(code, { where, expected: "canonical standard base64", got: ascii(text.slice(0, 60)) });
}

const decode = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

function wrongWith(text) {
  const at = text.search(/[^A-Za-z0-9_-]/);
  if (at >= 0) {
    const code = text.codePointAt(at);
    const name = code < 0x80 ? ascii(text[at]) : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
    return `${name} at character ${at}`;
  }
  const over = text.length % 4;
  if (over === 1) return `${text.length} characters, a length that no byte string has`;
  const spare = over === 2 ? 16 : over === 3 ? 4 : 1;
  const last = text[text.length - 1];
  return over && ALPHABET.indexOf(last) % spare ? `last character '${last}', whose unused bits are not zero` : "";
}
