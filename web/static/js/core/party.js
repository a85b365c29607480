// Organisations, `<scheme>:<id>`, whose check digits have to fit: as trace/codes/party.py.

/** The form, before check digits. */
export const PARTY = /^(?:uscc:[0-9]{8}[0-9A-HJ-NPQRTUWXY]{10}|lei:[0-9A-Z]{18}[0-9]{2}|duns:[0-9]{9})$/;
const USCC_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"; // GB 32100-2015

/**
 * Decides whether a text is an organisation's id.
 * @param {string} text
 * @returns {boolean}
 */
export function isParty(text) {
  if (!PARTY.test(text)) return false;
  const [scheme, id] = text.split(":");
  if (scheme === "uscc") return usccFits(id);
  return scheme === "lei" ? leiFits(id) : true; // a D-U-N-S number has no check digit
}

/** Modulo 31 with weights 3 to the power of the place. */
function usccFits(id) {
  const worth = (digit, place) => USCC_DIGITS.indexOf(digit) * (3 ** place % 31);
  const sum = [...id.slice(0, 17)].reduce((total, digit, place) => total + worth(digit, place), 0);
  return USCC_DIGITS[(31 - (sum % 31)) % 31] === id[17];
}

/** ISO 7064, mod 97-10. It computes 02 to 98; 00, 01 and 99 leave the same remainders. */
function leiFits(id) {
  const digits = [...id].map((letter) => parseInt(letter, 36)).join("");
  const rest = [...digits].reduce((remainder, digit) => (remainder * 10 + Number(digit)) % 97, 0);
  return rest === 1 && !["00", "01", "99"].includes(id.slice(18));
}
