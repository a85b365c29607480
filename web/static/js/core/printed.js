// What stands behind the host on a label, `<code>` or `<code>.<token>`, and the batteries that a code can mean: as
// trace/codes/scan.py and trace/codes/subjects.py read them.
import { checkCode } from "./batterycode.js";
import { isParty } from "./party.js";
import { Refusal, quote } from "./refusal.js";

const TOKEN = /^[A-Z2-7]{20}$/; // base32 of 100 bits
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const CODES = { gbt40098: /^[A-Z0-9]{8,40}$/, iso15459: /^[A-Z0-9][A-Z0-9._/-]{3,49}$/ };
const DATE = "[1-9A-HJ-NPR-TV-Y][1-9A-C][0-9A-HJ-NPR-TV-Y][0-9]{7}";
const HEAD = "[A-Z0-9]{3}[PMC][A-GZ][A-Z0-9]{2}";
const FORM = `${HEAD}[A-Z0-9]{7}${DATE}|${HEAD}${DATE}R[PMC]`;
const WHOLE = new RegExp(`^(?:${FORM})$`);
const BEGINS = new RegExp(`^(?:${FORM})[^]`);

/**
 * Decides whether a text has the form of a label's token.
 * @param {string} text upper case
 * @returns {boolean}
 */
export const isToken = (text) => TOKEN.test(text);

/**
 * Reads what stands behind the host. A party's own tag keeps its case; all other codes are upper case.
 * @param {string} text
 * @returns {{code: string, subjects: string[], token: string}} `subjects`: the likeliest first; `token` may be empty
 * @throws {Refusal} LABEL_MALFORMED; its message does not repeat what may be a damaged token
 */
export function readPrinted(text) {
  const dot = text.lastIndexOf(".");
  const last = text.slice(dot + 1).toUpperCase();
  const hasToken = dot > 0 && isToken(last);
  const code = hasToken ? text.slice(0, dot) : text;
  const subjects = subjectsOf(code);
  if (subjects.length === 0) {
    const got = `${quote(code.split(".")[0].slice(0, 19))}...`; // what is longer may have a token in it
    throw new Refusal("LABEL_MALFORMED", { where: "label", expected: "a code, a dot and a token of 20 characters", got });
  }
  return { code: subjects[0].split(":").slice(2).join(":"), subjects, token: hasToken ? last : "" };
}

/** The batteries that a code can mean. */
function subjectsOf(code) {
  const upper = code.toUpperCase();
  // A code of ISO/IEC 15459 may go on so; a token that was cut short or lost its dot is likelier, and would be told
  // everybody.
  if (BEGINS.test(upper)) return [];
  return ["gbt34014", "tag", "gbt40098", "iso15459"]
    .map((scheme) => `battery:${scheme}:${scheme === "tag" ? code : upper}`).filter(isBattery);
}

/**
 * Decides whether a text is the subject of a battery.
 * @param {string} text
 * @returns {boolean}
 */
export function isBattery(text) {
  const [, scheme, code] = /^battery:([a-z0-9]+):([^]*)$/.exec(text) ?? [];
  if (scheme === "gbt34014") return isGbt34014(code);
  if (scheme === "tag") {
    const slash = code.indexOf("/");
    return slash > 0 && isParty(code.slice(0, slash)) && NAME.test(code.slice(slash + 1));
  }
  // Under two schemes one battery would have two chains.
  return Object.hasOwn(CODES, scheme ?? "") && CODES[scheme].test(code) && !WHOLE.test(code);
}

function isGbt34014(code) {
  try {
    checkCode(code);
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return false;
  }
}
