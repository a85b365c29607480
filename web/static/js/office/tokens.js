// What becomes of the tokens on labels: made here, kept by nobody but this device and whoever is handed the file.
//
// A line of the file is what `packtrace labels` writes: with it the same label is printed again, by its owner or by a thief.
import { base32 } from "../core/base32.js";
import { labelDigest } from "../core/label.js";

const TOKEN = /^[A-Z2-7]{20}$/;
const RANDOM = 13; // bytes, of which 100 bits are used
const MOST = 32 << 20; // bytes of a file

/**
 * @typedef {{subject: string, code: string, token: string, digest: string, name_zh?: string, name_en?: string, mass_g?: number}} Ticket
 *   one label: whoever knows `token` can claim to have seen it; `digest` is what the chain gets to know
 */

/** @returns {string} 100 fresh random bits */
export const freshToken = () => base32(crypto.getRandomValues(new Uint8Array(RANDOM))).slice(0, 20);

/** What is printed of a subject: what follows `battery:<scheme>:`. @param {string} subject */
export const codeOf = (subject) => subject.split(":").slice(2).join(":");

/**
 * @param {string} subject
 * @param {{name_zh?: string, name_en?: string, mass_g?: number}} shown what stands beside the symbol
 * @param {string} [token]
 * @returns {Promise<Ticket>}
 */
export async function makeTicket(subject, shown, token = freshToken()) {
  const code = codeOf(subject);
  return { subject, code, token, digest: await labelDigest(code, token), ...shown };
}

/** @param {Ticket[]} tickets @returns {Blob} the file of tokens, a line each */
export const tokenFile = (tickets) =>
  new Blob(
    tickets.map(({ subject, code, token, digest, name_zh, name_en, mass_g }) =>
      `${JSON.stringify({ subject, code, token, digest, ...(name_zh ? { name: name_zh } : {}), ...(name_en ? { name_en } : {}), ...(mass_g ? { mass_g } : {}) })}\n`),
    { type: "application/x-ndjson" },
  );

/**
 * Reads a file of tokens, this page's or that of `packtrace labels`.
 * @param {Blob} file
 * @returns {Promise<Ticket[]>}
 * @throws {TypeError} a line that is none; `line` says which, and no token is repeated
 * @throws {RangeError} more than is taken
 */
export async function readTokenFile(file) {
  if (file.size > MOST) throw new RangeError(`expected at most ${MOST} bytes, got ${file.size}`);
  const tickets = [];
  for (const [at, line] of (await file.text()).split("\n").entries()) {
    if (!line.trim()) continue;
    const ticket = await readLine(line);
    if (!ticket) throw Object.assign(new TypeError("expected a line of a file of tokens"), { line: at + 1 });
    tickets.push(ticket);
  }
  return tickets;
}

async function readLine(line) {
  let said;
  try {
    said = JSON.parse(line);
  } catch {
    return null;
  }
  const { subject, token, name = "", name_en = "", mass_g } = said ?? {};
  if (typeof subject !== "string" || !subject.startsWith("battery:") || !TOKEN.test(token)) return null;
  if (typeof name !== "string" || typeof name_en !== "string") return null;
  const ticket = await makeTicket(subject, { name_zh: name, name_en, ...(Number.isSafeInteger(mass_g) ? { mass_g } : {}) }, token);
  return said.digest === undefined || said.digest === ticket.digest ? ticket : null;
}

/**
 * Parts labels into files of whole sheets, so that a long run shows how far it is and no answer is too large.
 * @template T
 * @param {T[]} labels
 * @param {number} slots of a sheet
 * @param {number} start the first slot that is still there, from 1
 * @param {number} most labels at once
 * @returns {{labels: T[], start: number}[]}
 */
export function intoFiles(labels, slots, start, most = 400) {
  const whole = Math.max(1, Math.floor(most / slots)) * slots;
  const files = [];
  let at = 0;
  let first = start;
  while (at < labels.length) {
    const count = Math.min(whole - (first - 1), most);
    files.push({ labels: labels.slice(at, at + count), start: first });
    at += count;
    first = 1;
  }
  return files;
}
