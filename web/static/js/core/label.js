// What a scan says: our label, a bare code, or something else that is told and never followed.
//
// Camera, handheld scanner, photo and keyboard all come through `accept`. A scanned text is untrusted: nothing here, and
// nothing that is returned, is ever opened.
import { base32 } from "./base32.js";
import { base64url } from "./base64url.js";
import { BLANKS, narrow, readCode, unwrap } from "./batterycode.js";
import { sha256, utf8 } from "./bytes.js";
import { isParty } from "./party.js";
import { isBattery, isToken, readPrinted } from "./printed.js";
import { Refusal } from "./refusal.js";

/**
 * @typedef {{kind: "label", code: string, token: string, subject: string, subjects: string[], remarks: string[]}
 *   | {kind: "code", code: string, subject: string, subjects: string[], remarks: string[]}
 *   | {kind: "slip", token: string, subject: string, remarks: string[]}
 *   | {kind: "frame", text: string}
 *   | {kind: "page", host: string, path: string}
 *   | {kind: "lookalike", host: string, like: string}
 *   | {kind: "foreign", host: string, code: string}
 *   | {kind: "unreadable", refusal: Refusal}} Accepted
 *
 * `label` has the label's token, to be compared with the chain by `labelDigest`. `subjects` are all batteries that have the
 * code, `subject` is the likeliest: codes of two schemes may look the same. `slip` is the handover slip of a truck,
 * whose subject is a consignment. `frame` is part of what another phone shows. `page` is another page of our own host.
 * `lookalike` pretends to be `like`, a host of ours. `foreign` is somebody else's address, or no address of the web (then
 * `host` is the scheme with its colon); `code` is a battery code that stands in it, or empty: somebody may offer to look
 * it up. `unreadable` says at which position.
 */

const CONTEXT = "packtrace-label/v1";
const SLIP_CONTEXT = "packtrace-slip/v1";
const MAX_TEXT = 300; // characters
const DNS_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const BARE = new RegExp(`^(${DNS_LABEL}(?:\\.${DNS_LABEL})*(?::[1-9][0-9]{0,4})?)(?=/[pc]/)`, "i"); // without its scheme
const USUAL_PORT = { https: /:443$/, http: /:80$/ };
const FRAME = /^PTF1[A-Z2-7]{24,1000}$/i; // handover/frames.js

/**
 * Reads what a scan or a keyboard gave.
 * @param {string} raw
 * @param {{hosts: string[]}} ours the hosts of our labels, lower-case, with the port where it is not that of https
 * @returns {Accepted}
 */
export function accept(raw, { hosts }) {
  try {
    const wide = narrow(raw);
    const text = unwrap(wide);
    if (FRAME.test(text)) return { kind: "frame", text: text.toUpperCase() };
    if ([...raw].length > MAX_TEXT) throw malformed("length", `at most ${MAX_TEXT} characters`, `${[...raw].length}`);
    const remarks = wide === raw ? [] : ["WIDE_CHARACTERS"];
    if (isBattery(text)) return { kind: "code", code: text.split(":").slice(2).join(":"), ...meant([text]), remarks };
    const address = parseAddress(text, hosts);
    if (!address) return readBare(raw);
    if (!hosts.includes(address.host) || address.scheme !== "https") return tellOther(address, hosts);
    return readAddress(address, remarks);
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    return { kind: "unreadable", refusal };
  }
}

/**
 * The digest by which a chain knows a label (docs/format.md, 7.5).
 * @param {string} code as printed: what follows `battery:<scheme>:` in the subject
 * @param {string} token 20 characters of base32
 * @returns {Promise<string>} 43 characters
 */
export const labelDigest = async (code, token) => base64url(await sha256(utf8(`${CONTEXT}\n${code}\n${token}`)));

/**
 * The token of a handover slip, as trace/codes/slip.py derives it; nobody needs the node for it.
 * @param {string} subject the consignment
 * @param {string} nonce of its `consignment.dispatched`
 * @returns {Promise<string>} 20 characters of base32
 */
export async function slipToken(subject, nonce) {
  const digest = await sha256(utf8(`${SLIP_CONTEXT}\n${subject}\n${nonce}`));
  return base32(digest.subarray(0, 13)).slice(0, 20);
}

const malformed = (where, expected, got) => new Refusal("LABEL_MALFORMED", { where: `label, ${where}`, expected, got });
const meant = (subjects) => ({ subject: subjects[0], subjects });

function readBare(raw) {
  const { code, remarks } = readCode(raw);
  return { kind: "code", code, ...meant([`battery:gbt34014:${code}`]), remarks };
}

/** The parts of an address, or null where the text is none. A scanner may have left the scheme off. */
function parseAddress(text, hosts) {
  // With a Chinese input method on, keyboard scanners write these two for the full stop and the slash.
  const typed = text.replaceAll("\u3002", ".").replaceAll("\u3001", "/").replace(BLANKS, "");
  const isBare = hosts.some((host) => typed.toLowerCase().startsWith(`${host}/`)) || BARE.test(typed);
  const [, scheme, rest] = /^([A-Za-z][A-Za-z0-9+.-]*):([^]*)$/.exec(isBare ? `https://${typed}` : typed) ?? [];
  if (!scheme) return null;
  const [, host, path] = /^\/\/([^/?#\\]*)([^]*)$/.exec(rest) ?? [null, "", rest];
  const plain = scheme.toLowerCase();
  return { scheme: plain, host: host.toLowerCase().replace(USUAL_PORT[plain] ?? /$^/, ""), path };
}

function readAddress({ host, path }, remarks) {
  const bare = unescaped(path.replace(/[?#][^]*$/, ""));
  if (/^\/c\//i.test(bare)) return readSlip(bare, remarks);
  if (!/^\/p\//i.test(bare)) return { kind: "page", host, path: path.slice(0, MAX_TEXT) };
  const { code, subjects, token } = readPrinted(bare.slice(3).replace(/\/$/, ""));
  const found = { code, ...meant(subjects), remarks };
  return token ? { kind: "label", ...found, token } : { kind: "code", ...found };
}

/** Escapes of ASCII as what they stand for; any other is no part of a label, and stays none. */
const unescaped = (path) => path.replace(/%([0-7][0-9a-f])/gi, (_, digits) => String.fromCharCode(parseInt(digits, 16)));

/** The address on a handover slip: `/c/<organisation>/<name>.<token>`. The name keeps its case, as its party gave it. */
function readSlip(path, remarks) {
  const [, party, name, token] = /^\/c\/([^/]+)\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\.([^/.]*)\/?$/i.exec(path) ?? [];
  if (token === undefined) throw malformed("slip", "/c/<organisation>/<name>.<token>", "something else");
  const [scheme, id] = party.split(":");
  const owner = `${scheme.toLowerCase()}:${(id ?? "").toUpperCase()}`;
  if (!isParty(owner)) throw malformed("organisation", "uscc:, lei: or duns: and its id", "something else");
  if (!isToken(token.toUpperCase())) throw malformed("token", "20 characters of A-Z 2-7", "something else");
  return { kind: "slip", subject: `consignment:${owner}/${name}`, token: token.toUpperCase(), remarks };
}

function tellOther({ scheme, host, path }, hosts) {
  if (scheme !== "https" && scheme !== "http") return { kind: "foreign", host: `${scheme}:`, code: "" };
  const like = hosts.find((own) => host === own || pretends(host, own) || path.startsWith("\\"));
  if (like !== undefined) return { kind: "lookalike", host, like };
  return { kind: "foreign", host, code: codeIn(path) };
}

/** A battery code that stands by itself in somebody else's address. */
function codeIn(path) {
  for (const word of path.split(/[^A-Za-z0-9]+/)) {
    if (word.length !== 24 && word.length !== 19) continue;
    try {
      return readCode(word).code;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
  return "";
}

// ---- hosts that want to be taken for ours ----

const ALIKE = new Map(Object.entries({
  0: "o", 1: "l", i: "l", "|": "l", 3: "e", 5: "s", а: "a", е: "e", о: "o", р: "p", с: "c", у: "y", х: "x", і: "l",
  ѕ: "s", ј: "j", һ: "h", ԁ: "d", к: "k", т: "t", г: "r", α: "a", ο: "o", ν: "v", τ: "t", κ: "k", ρ: "p", ε: "e", ı: "l",
}));

/** What a hasty eye sees of a host: letters that look alike are one, marks and hyphens are not seen. */
function skeleton(host) {
  const plain = host.normalize("NFKD").replace(/[\p{M}\p{Cf}-]/gu, "").toLowerCase();
  return [...plain].map((letter) => ALIKE.get(letter) ?? letter).join("").replaceAll("rn", "m").replaceAll("vv", "w");
}

function pretends(host, own) {
  // Whatever stands before an @ or within another name is not where the address leads.
  if (host.includes(own) || host.includes("@")) return true;
  const [seen, ours] = [skeleton(host), skeleton(own)];
  if (distance(seen, ours) <= 2) return true;
  // A long part of our name in another place: packtrace.example as packtrace.shop.
  const parts = ours.split(/[.:]/).filter((part) => part.length >= 6);
  if (parts.some((part) => seen.includes(part))) return true;
  // A name in punycode shows its ASCII letters before the last hyphen.
  const hidden = host.split(".").map((part) => (part.startsWith("xn--") ? part.slice(4).replace(/-[^-]*$/, "") : part));
  return host.includes("xn--") && distance(skeleton(hidden.join(".")), ours) <= 3;
}

/** How many letters to change, leave out or put in (Levenshtein). */
function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let down = 1; down <= one.length; down++) {
    const next = [down];
    for (let at = 1; at <= other.length; at++) {
      const changed = row[at - 1] + (one[down - 1] === other[at - 1] ? 0 : 1);
      next.push(Math.min(changed, row[at] + 1, next[at - 1] + 1));
    }
    row = next;
  }
  return row[other.length];
}
