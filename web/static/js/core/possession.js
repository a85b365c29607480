// Proof of possession: whoever registers a key shows that it can sign with it, for this place and no other.
import { POP, checkSignature, parseJws, signJws } from "./jws.js";
import { Refusal, ascii } from "./refusal.js";

const LIMIT = 2_048; // bytes of payload: two identifiers, two digests

/**
 * @param {{aud: string, sub: string, head?: string}} place origin of the log, the chain in which the key is to be
 *   registered, and that chain's last event where it has begun
 * @param {import("./keys.js").Signer} signer of the key to be registered
 * @returns {Promise<string>}
 */
export const signPossession = async (place, signer) =>
  (await signJws(claims(place, signer.publicKey.kid), signer, POP)).text;

/**
 * Checks that the holder of `key` proved it for exactly this log, chain and head.
 * @param {string} text
 * @param {import("./keys.js").PublicKey} key
 * @param {{aud: string, sub: string, head?: string}} place
 * @returns {Promise<void>}
 * @throws {Refusal} KEY_NOT_PROVEN
 */
export async function checkPossession(text, key, place) {
  const refuse = (where, expected, got) =>
    new Refusal("KEY_NOT_PROVEN", { where: `proof of possession, ${where}`, expected, got });
  let said;
  try {
    const jws = await parseJws(text, POP, LIMIT);
    await checkSignature(jws, key);
    said = jws.value;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse("proof", `one signed by ${key.kid}`, error.message);
  }
  const expected = claims(place, key.kid);
  for (const name of new Set([...Object.keys(expected), ...Object.keys(said)])) {
    if (expected[name] !== said[name]) {
      throw refuse(`member ${name}`, expected[name] ?? "no such member", ascii(String(said[name] ?? "no such member")));
    }
  }
}

const claims = ({ aud, sub, head }, kid) => ({ aud, sub, kid, ...(head === undefined ? {} : { head }) });
