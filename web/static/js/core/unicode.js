// Which texts may be signed: the characters that are refused, and Unicode NFC as versions 14.0 to 15.1 define it.
//
// Browsers know newer tables than the format does. What Unicode assigned later is treated as unassigned, as
// docs/format.md, section 2, asks, so that one text has one verdict.

// Control characters but the line feed, separators and bidi controls that hide or reorder text, surrogates,
// noncharacters, and the combining marks that came to Unicode between versions 14.0 and 15.1.
const REFUSED = new RegExp(
  "[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\p{Surrogate}" +
    "\\p{Noncharacter_Code_Point}" +
    "\\u{10efd}-\\u{10eff}\\u{11f41}\\u{11f42}\\u{1e08f}\\u{1e4ec}-\\u{1e4ef}]",
  "u",
);

// What came after 15.1 and takes part in normalisation: combining marks, what decomposes, and what composes. The ranges
// are those of Unicode 18.0.
const LATER = new RegExp(
  "[\\u05c8\\u05c9\\u0897\\u1acf-\\u1af0\\u{105c9}\\u{105d2}\\u{105da}\\u{105e4}\\u{10d69}-\\u{10d6d}" +
    "\\u{10ecb}-\\u{10ecf}\\u{10ef0}-\\u{10efb}\\u{10efc}\\u{11382}-\\u{11385}\\u{1138b}\\u{1138e}\\u{11390}\\u{11391}" +
    "\\u{113b8}\\u{113bb}\\u{113c2}\\u{113c5}\\u{113c7}-\\u{113c9}\\u{113ce}-\\u{113d0}\\u{1611e}-\\u{16129}\\u{1612f}" +
    "\\u{16d63}\\u{16d67}-\\u{16d6a}\\u{1d127}\\u{1d128}\\u{1d250}-\\u{1d252}\\u{1d25b}\\u{1d25c}\\u{1d25f}" +
    "\\u{1d280}\\u{1d281}\\u{1e5ee}\\u{1e5ef}\\u{1e6e3}\\u{1e6e6}\\u{1e6ee}\\u{1e6ef}\\u{1e6f5}]",
  "u",
);

/** @param {string} text @returns {number} where the first refused character stands, or -1 */
export const findRefused = (text) => text.search(REFUSED);

/** @param {string} text @returns {boolean} */
export const isNfc = (text) =>
  text.normalize("NFC") === text ||
  // An unassigned character neither moves nor joins others, so what is between two of them stands for itself.
  (LATER.test(text) && text.split(LATER).every((part) => part.normalize("NFC") === part));

/** @param {string} text @returns {string} the text in NFC, as it may be signed */
export const toNfc = (text) =>
  text
    .split(new RegExp(`(${LATER.source})`, "u"))
    .map((part) => (LATER.test(part) ? part : part.normalize("NFC")))
    .join("");
