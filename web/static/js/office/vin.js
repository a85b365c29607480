// Vehicle identification numbers, as trace/codes/vin.py reads them: 17 characters, checked for China and North America.

const VIN = /^[A-HJ-NPR-Z0-9]{17}$/;
const VALUES = { A: 1, B: 2, C: 3, D: 4, E: 5, F: 6, G: 7, H: 8, J: 1, K: 2, L: 3, M: 4, N: 5, P: 7, R: 9, S: 2, T: 3, U: 4, V: 5, W: 6, X: 7, Y: 8, Z: 9 };
const WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/**
 * @param {string} text as typed or scanned; full-width letters and the import mark before it are taken too
 * @returns {string | null} in capitals and without spaces; null where it is none
 */
export function parseVin(text) {
  const plain = text.normalize("NFKC").replace(/\s+/g, "").toUpperCase().replace(/^\*|\*$/g, "");
  if (VIN.test(plain)) return plain;
  return /^I[A-HJ-NPR-Z0-9]{17}$/.test(plain) ? plain.slice(1) : null; // Code 39 on imported cars begins with I
}

/** @param {string} vin @returns {boolean} whether its ninth character is the check digit; vehicles for Europe have none */
export function isChecked(vin) {
  const total = [...vin].reduce((sum, letter, at) => sum + (VALUES[letter] ?? Number(letter)) * WEIGHTS[at], 0);
  return vin[8] === "0123456789X"[total % 11];
}
