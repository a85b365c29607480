// Battery codes of GB/T 34014-2017, 24 characters or 19 of a product of second life, as a label or a keyboard gives them.
//
// What is read, remarked and refused, at which position, is the same as of trace/codes/battery_code.py; tests hold that.
import { Refusal, quote } from "./refusal.js";

/** @typedef {{code: string, remarks: string[]}} ReadCode `remarks`: stable names, in alphabetical order */

const MAX_TEXT = 80; // characters; a scan with AIM prefix, tail and line ends has under 40
const LENGTH = 24;
const SECOND_LIFE_LENGTH = 19;

// Date tables: year 1 = 2011 … Y = 2040, month 1 … C, day 1 … Y = 30 and 0 = 31. I, O, Q, U and Z are not in them.
const DATE_ALPHABET = "123456789ABCDEFGHJKLMNPRSTVWXY";
const ALNUM = ["ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "A-Z or 0-9"];
const PRODUCT = ["PMC", "P, M or C (pack, module, cell)"];
const TYPE = ["ABCDEFGZ", "a battery type, A-G or Z"];
const DATE = [
  [DATE_ALPHABET, "a production year, 1-9 or A-Y without I, O, Q, U"],
  [DATE_ALPHABET.slice(0, 12), "a production month, 1-9 or A-C"],
  [`0${DATE_ALPHABET}`, "a production day, 0-9 or A-Y without I, O, Q, U"],
];
const DIGIT = ["0123456789", "a digit of the serial"];
const times = (place, count) => Array(count).fill(place);
const PLACES = [...times(ALNUM, 3), PRODUCT, TYPE, ...times(ALNUM, 9), ...DATE, ...times(DIGIT, 7)];
const SECOND_LIFE_PLACES = [
  ...times(ALNUM, 3), PRODUCT, TYPE, ...times(ALNUM, 2), ...DATE, ...times(DIGIT, 7),
  ["R", "R, the mark of a re-coded product"], PRODUCT,
];

// White space as Python knows it, which the group separators of GS1 belong to.
const BLANK = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
/** For `replace`. */
export const BLANKS = new RegExp(`${BLANK}+`, "g");
const AROUND = new RegExp(`^${BLANK}+|${BLANK}+$`, "g");
// ISO/IEC 15424 symbology identifiers: ]Q1 is QR, ]d2 Data Matrix, ]C1 Code 128.
const AIM_PREFIX = new RegExp(`^${BLANK}*\\][A-Za-z][0-9A-Za-z]`);

/**
 * Makes full-width characters, as a Chinese keyboard writes them, narrow.
 * @param {string} text
 * @returns {string}
 */
export const narrow = (text) =>
  text
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replaceAll("\u3000", " ");

/**
 * Takes off what scanners put round a text: an AIM prefix, blanks and line ends.
 * @param {string} text
 * @returns {string}
 */
export const unwrap = (text) => text.replace(AIM_PREFIX, "").replace(AROUND, "");

/**
 * Reads a battery code from what a scanner, a camera or a keyboard gave.
 * @param {string} raw
 * @returns {ReadCode}
 * @throws {Refusal} BATTERY_CODE_INVALID; `at` is the position, counted from 1 in the text without prefix and blanks
 */
export function readCode(raw) {
  if ([...raw].length > MAX_TEXT) throw refusal(MAX_TEXT + 1, `at most ${MAX_TEXT} characters`, `${[...raw].length}`);
  const remarks = [];
  let text = narrow(raw);
  if (text !== raw) remarks.push("WIDE_CHARACTERS");
  text = unwrap(text);
  if (/[\r\n]/.test(text)) remarks.push("JOINED_LINES");
  text = text.replace(BLANKS, "");
  // Outside ASCII, upper case can change a text's length and meaning.
  if (/^[\x00-\x7f]*$/.test(text)) text = text.toUpperCase();
  const characters = [...text];
  if (/^[\x20-\x7e]{1,2}$/.test(characters.slice(LENGTH).join(""))) {
    remarks.push("NON_STANDARD_TAIL");
    text = characters.slice(0, LENGTH).join("");
  }
  checkCode(text);
  // The manufacturer may choose any letter there, and labels exist in both readings.
  const free = text.length === LENGTH ? text.slice(0, 3) + text.slice(5, 14) : text.slice(0, 3) + text.slice(5, 7);
  if (/[IO]/.test(free)) remarks.push("AMBIGUOUS_LETTER");
  return { code: text, remarks: remarks.sort() };
}

/**
 * Decides whether a text is a code, upper case and without spaces.
 * @param {string} text
 * @returns {void}
 * @throws {Refusal} BATTERY_CODE_INVALID
 */
export function checkCode(text) {
  const characters = [...text];
  const isFull = characters.length === LENGTH;
  if (!isFull && characters.length !== SECOND_LIFE_LENGTH) {
    const got = `${characters.length}: ${quote(text)}`;
    throw refusal(Math.min(characters.length, LENGTH) + 1, `${LENGTH} or ${SECOND_LIFE_LENGTH} characters`, got);
  }
  const places = isFull ? PLACES : SECOND_LIFE_PLACES;
  const at = places.findIndex(([allowed], place) => !allowed.includes(characters[place]));
  if (at >= 0) throw refusal(at + 1, places[at][1], quote(characters[at]));
  const start = isFull ? 14 : 7;
  const [year, month, day] = characters.slice(start, start + 3).map((letter) => DATE_ALPHABET.indexOf(letter) + 1);
  const days = new Date(Date.UTC(2010 + year, month, 0)).getUTCDate();
  if ((day || 31) > days) {
    const expected = `a day that ${2010 + year}-${String(month).padStart(2, "0")} has`;
    throw refusal(start + 3, expected, `${characters[start + 2]} (${day || 31})`);
  }
}

function refusal(position, expected, got) {
  return new Refusal("BATTERY_CODE_INVALID", { where: `battery code, position ${position}`, expected, got, at: position });
}
