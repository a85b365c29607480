// Signed submissions in few bytes, for a code on a screen; what comes out again is the same text to the last character.
//
// A JWS is mostly base64url: of JSON that repeats from one battery to the next, and of digests, nonces and signatures that
// no compression makes smaller. So the JSON is taken out of its base64url, the random bytes out of the JSON, each digest is
// kept once, and what is left is deflated. The name of a set is a digest of the submissions themselves: whatever goes
// wrong on the way, nobody is given another text.
//
//   set      = version kind flags length-of-random random text        (version 1; flags 1: the text is deflated)
//   text     = count { count presentation }                          (submissions, each of one event or a group)
//   presentation = 0 length bytes | 1 json 00 json 00 count { json 00 }   (as it is | header, payload, disclosures)
//   json     = bytes, in which 01 stands for "<the next 32 random bytes>", 02 number for one of these that was there
//              before, and 03 for "<the next 16>"; the signature's 64 bytes follow those of its event
//
// Numbers are of seven bits a byte, the lowest first (LEB128). The second count is one more than the disclosures, or 0
// where the presentation has no tilde.
import { base64url, parseBase64url } from "../core/base64url.js";
import { join, latin1, sha256, utf8 } from "../core/bytes.js";
import { Refusal } from "../core/refusal.js";

/** @typedef {string[]} Submission presentations (`JWS~disclosure~…~`) that are recorded together, in order */
/** @typedef {"offers" | "answers"} Kind */

export const CONTEXT = "packtrace-handover/v1";
/** Bytes of a set's name. */
export const NAME_SIZE = 10;
export const MAX_PACKED = 256 << 10; // bytes
const MAX_TEXT = 4 << 20; // bytes, unpacked
const MAX_EVENTS = 5000;
const VERSION = 1;
const KINDS = ["offers", "answers"];
const DEFLATED = 1;
const [END, NEW, SEEN, NONCE] = [0, 1, 2, 3];
const [AS_IT_IS, JWS] = [0, 1];

/**
 * The name of a set: the first bytes of SHA-256 over the context, the kind and each presentation, each with its length.
 * @param {Kind} kind
 * @param {Submission[]} submissions
 * @returns {Promise<Uint8Array>}
 */
export async function nameOf(kind, submissions) {
  const parts = [utf8(`${CONTEXT}\n${kind}\n`), number(submissions.length)];
  for (const submission of submissions) {
    parts.push(number(submission.length));
    for (const text of submission.map(utf8)) parts.push(number(text.length), text);
  }
  return (await sha256(...parts)).slice(0, NAME_SIZE);
}

/**
 * Packs submissions.
 * @param {Kind} kind
 * @param {Submission[]} submissions
 * @returns {Promise<{name: Uint8Array, bytes: Uint8Array}>}
 * @throws {Refusal} SET_TOO_LARGE, or MALFORMED_JWS: not ASCII
 */
export async function pack(kind, submissions) {
  const out = { random: [], numbers: new Map(), text: [number(submissions.length)] };
  for (const submission of submissions) {
    out.text.push(number(submission.length));
    for (const presentation of submission) out.text.push(...packed(presentation, out));
  }
  const [random, text] = [join(...out.random), join(...out.text)];
  const deflated = await deflate(text);
  const flags = deflated ? DEFLATED : 0;
  const head = Uint8Array.of(VERSION, KINDS.indexOf(kind), flags);
  const bytes = join(head, number(random.length), random, deflated ?? text);
  if (bytes.length > MAX_PACKED || text.length > MAX_TEXT) {
    throw new Refusal("SET_TOO_LARGE", { where: "set", expected: `at most ${MAX_PACKED} bytes`, got: `${bytes.length}` });
  }
  return { name: await nameOf(kind, submissions), bytes };
}

/**
 * Unpacks what `pack` made. Only who compares `nameOf` of the result with the name that it was given knows that it is whole.
 * @param {Uint8Array} bytes
 * @returns {Promise<{kind: Kind, submissions: Submission[]}>}
 * @throws {Refusal} SET_DAMAGED
 */
export async function unpack(bytes) {
  if (bytes.length > MAX_PACKED) throw damaged(`at most ${MAX_PACKED} bytes`, `${bytes.length}`);
  const outer = reader(bytes);
  if (outer.byte() !== VERSION) throw damaged("version 1", "another: update the app on this phone");
  const kind = KINDS[outer.byte()];
  const flags = outer.byte();
  if (!kind || flags > DEFLATED) throw damaged("a kind that is known", "another");
  const random = reader(outer.take(outer.number()));
  const rest = outer.take(outer.left());
  const text = reader(flags ? await inflate(rest) : rest);
  const seen = [];
  const submissions = list(text, text.number(), () => list(text, text.number(), () => unpacked(text, random, seen)));
  if (text.left() || random.left()) throw damaged("nothing behind the last event", "something");
  return { kind, submissions };
}

// ---- one presentation ----

/** Its bytes in the text; what is random goes to `out`. Whatever is not shaped as our own events are goes as it is. */
function packed(presentation, out) {
  if (/[^\x00-\x7f]/.test(presentation)) {
    throw new Refusal("MALFORMED_JWS", { where: "presentation", expected: "ASCII", got: "other characters" });
  }
  const inside = openUp(presentation);
  if (!inside) {
    const plain = utf8(presentation);
    return [Uint8Array.of(AS_IT_IS), number(plain.length), plain];
  }
  const [signature, hasTilde, [header, payload, ...disclosures]] = inside;
  const parts = [Uint8Array.of(JWS), ...substituted(header, out), ...substituted(payload, out)];
  parts.push(number(hasTilde ? disclosures.length + 1 : 0));
  for (const each of disclosures) parts.push(...substituted(each, out));
  out.random.push(signature);
  return parts;
}

/** The signature, whether there is a tilde, and the JSON of header, payload and disclosures, a character for each byte. */
function openUp(presentation) {
  const [jws, ...behind] = presentation.split("~");
  const [header, payload, signature, ...more] = jws.split(".");
  if (signature === undefined || more.length || (behind.length && behind.pop() !== "")) return null;
  try {
    const last = parseBase64url(signature);
    const texts = [header, payload, ...behind].map((part) => latin1(parseBase64url(part)));
    if (last.length !== 64 || texts.some((text) => /[\x00-\x1f]/.test(text))) return null;
    return [last, presentation.includes("~"), texts];
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

/** JSON with its digests and nonces taken out, and its end. */
function substituted(json, out) {
  const parts = [];
  let from = 0;
  for (const match of json.matchAll(/"(?:[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{22})"/g)) {
    const bytes = canonical(match[0].slice(1, -1));
    if (!bytes) continue;
    parts.push(bytesOf(json.slice(from, match.index)), ...marked(bytes, match[0], out));
    from = match.index + match[0].length;
  }
  return [...parts, bytesOf(json.slice(from)), Uint8Array.of(END)];
}

function marked(bytes, text, { random, numbers }) {
  if (bytes.length === 16) {
    random.push(bytes);
    return [Uint8Array.of(NONCE)];
  }
  const before = numbers.get(text);
  if (before !== undefined) return [Uint8Array.of(SEEN), number(before)];
  numbers.set(text, numbers.size);
  random.push(bytes);
  return [Uint8Array.of(NEW)];
}

function unpacked(text, random, seen) {
  const tag = text.byte();
  if (tag === AS_IT_IS) return latin1(text.take(text.number()));
  if (tag !== JWS) throw damaged("an event", "something else");
  const parts = [json(text, random, seen), json(text, random, seen)];
  const tildes = text.number();
  if (tildes > 65) throw damaged("at most 64 disclosures", `${tildes - 1}`);
  const disclosures = Array.from({ length: Math.max(0, tildes - 1) }, () => json(text, random, seen));
  const jws = [...parts, random.take(64)].map(base64url).join(".");
  return tildes ? `${[jws, ...disclosures.map(base64url)].join("~")}~` : jws;
}

function json(text, random, seen) {
  const parts = [];
  for (;;) {
    const piece = text.until(NONCE);
    parts.push(piece);
    const mark = text.byte();
    if (mark === END) return join(...parts);
    if (mark === NONCE) parts.push(utf8(`"${base64url(random.take(16))}"`));
    else {
      if (mark === NEW) seen.push(utf8(`"${base64url(random.take(32))}"`));
      const digest = seen[mark === NEW ? seen.length - 1 : text.number()];
      if (!digest) throw damaged("a digest that was there before", "none");
      parts.push(digest);
    }
  }
}

function canonical(text) {
  try {
    return parseBase64url(text);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

const bytesOf = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

// ---- numbers and bounds ----

function number(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Uint8Array.of(...bytes, value);
}

function list(text, length, one) {
  if (length > MAX_EVENTS) throw damaged(`at most ${MAX_EVENTS} events`, `${length}`);
  // Each takes a byte at least: no number makes this longer than what is there.
  if (length > text.left()) throw damaged("as many events as it says", "fewer");
  return Array.from({ length }, one);
}

function reader(bytes) {
  let at = 0;
  const take = (length) => {
    if (length > bytes.length - at) throw damaged("more bytes", "its end");
    at += length;
    return bytes.subarray(at - length, at);
  };
  const byte = () => take(1)[0];
  return {
    take,
    byte,
    left: () => bytes.length - at,
    /** The bytes up to the first that is not greater than `last`. */
    until(last) {
      let end = at;
      while (end < bytes.length && bytes[end] > last) end += 1;
      return take(end - at);
    },
    number() {
      let value = 0;
      for (let factor = 1; factor < 2 ** 28; factor *= 128) {
        const next = byte();
        value += (next & 127) * factor;
        if (next < 128) return value;
      }
      throw damaged("a number of four bytes at most", "a longer one");
    },
  };
}

const damaged = (expected, got) => new Refusal("SET_DAMAGED", { where: "what the other phone shows", expected, got });

// ---- deflate ----

/** Null where the browser can't, or where it would not help. */
async function deflate(bytes) {
  if (typeof CompressionStream === "undefined") return null;
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const done = new Uint8Array(await new Response(stream).arrayBuffer());
  return done.length < bytes.length ? done : null;
}

async function inflate(bytes) {
  if (typeof DecompressionStream === "undefined") throw damaged("a browser that can unpack", "an older one: take the file");
  const parts = [];
  let length = 0;
  try {
    const opened = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    for (;;) {
      const { done, value } = await opened.read();
      if (done) return join(...parts);
      length += value.length;
      if (length > MAX_TEXT) {
        await opened.cancel();
        throw damaged(`at most ${MAX_TEXT} bytes`, "more");
      }
      parts.push(value);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw damaged("deflated text", "damaged data");
  }
}
