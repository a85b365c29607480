// The compact form of JSON that everything signed is written in: docs/format.md, section 2, character by character.
//
// What is refused, at which byte, what was expected and what there was are the same as of the strict reader in Python
// (signing/compact_scan.py); tests hold that. An object is read into one without prototype, since `__proto__` is a name
// like any other.
import { latin1, utf8 } from "./bytes.js";
import { Refusal, ascii } from "./refusal.js";
import { findRefused, isNfc } from "./unicode.js";

/** Bytes of a payload at most. */
export const DEFAULT_LIMIT = 32_768;
const MAX_DEPTH = 16;
const NAME = /(?:[A-Za-z_][A-Za-z0-9_]{0,63}|\.\.\.)/y;
const WHOLE_NAME = new RegExp(`^${NAME.source}$`);
const CODE = "NON_CANONICAL_ENCODING";
const A_NAME = "a member name [A-Za-z_][A-Za-z0-9_]{0,63}";
const WHOLE = "the whole document";

/**
 * Reads one object in compact form; `formatCompact` of the result gives the bytes back.
 * @param {Uint8Array} bytes exactly as signed
 * @param {number} [limit] the most bytes
 * @returns {Record<string, any>}
 * @throws {Refusal} NON_CANONICAL_ENCODING, with the byte in `at`
 */
export const parseCompact = (bytes, limit = DEFAULT_LIMIT) => scan(bytes, "{", limit);

/**
 * Reads one array by the same rules, as disclosures are written.
 * @param {Uint8Array} bytes
 * @param {number} [limit]
 * @returns {any[]}
 * @throws {Refusal} as `parseCompact`
 */
export const parseCompactArray = (bytes, limit = DEFAULT_LIMIT) => scan(bytes, "[", limit);

/**
 * Writes an object, or an array, in compact form, members in their order. Nothing is converted: a fraction, a date or a
 * text that is not in NFC is refused, so that what is signed is what the caller said.
 * @param {Record<string, any> | any[]} value
 * @param {number} [limit]
 * @returns {Uint8Array}
 * @throws {Refusal} NON_CANONICAL_ENCODING; `where` is the JSON pointer of the place
 */
export function formatCompact(value, limit = DEFAULT_LIMIT) {
  const bytes = utf8(write(value, "", 1));
  if (bytes.length > limit) throw refusal(WHOLE, `at most ${limit} bytes`, `${bytes.length}`);
  return bytes;
}

const refusal = (where, expected, got, at) => new Refusal(CODE, { where, expected, got, at });

// Written here and not by JSON.stringify, which asks values how they would like to be written.
function write(value, pointer, depth) {
  const where = pointer || WHOLE;
  if (typeof value === "string") return writeText(value, where);
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isInteger(value)) throw refusal(where, "an integer", String(value));
    if (!Number.isSafeInteger(value)) throw refusal(where, "an integer within ±(2^53-1)", "a larger one");
    return String(value); // of -0, which is no integer of its own, "0"
  }
  const isArray = Array.isArray(value);
  const isPlain = isArray || (value !== null && typeof value === "object" && isPrototype(Object.getPrototypeOf(value)));
  if (!isPlain) {
    const got = value === null ? "null" : typeof value;
    throw refusal(where, "a string, an integer, true, false, an object or an array", got);
  }
  if (depth > MAX_DEPTH) throw refusal(where, `nesting at most ${MAX_DEPTH} deep`, "deeper");
  if (isArray) return `[${Array.from(value, (item, index) => write(item, `${pointer}/${index}`, depth + 1)).join()}]`;
  const members = Object.entries(value).map(([name, item]) => {
    if (!WHOLE_NAME.test(name)) throw refusal(where, A_NAME, ascii(name.slice(0, 80)));
    return `"${name}":${write(item, `${pointer}/${name}`, depth + 1)}`;
  });
  return `{${members.join()}}`;
}

const isPrototype = (found) => found === null || found === Object.prototype;

function writeText(text, where) {
  const at = findRefused(text);
  if (at >= 0) throw refusal(where, "a character that signed text may hold", `${codeName(text, at)} at character ${at}`);
  if (!isNfc(text)) throw refusal(where, "text in Unicode NFC", "another form");
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

function scan(bytes, opening, limit) {
  if (bytes.length > limit) throw refusal(`byte ${limit}`, `at most ${limit} bytes`, `${bytes.length}`, limit);
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const at = firstWrongByte(bytes);
    throw refusal(`byte ${at}`, "UTF-8", `byte 0x${bytes[at].toString(16).padStart(2, "0")}`, at);
  }
  const scanner = new Scanner(text);
  if (scanner.peek() !== opening) scanner.refuse(`'${opening}'`);
  const value = scanner.value(1);
  if (scanner.at < text.length) scanner.refuse("the end of the document");
  return value;
}

// A decoder tells that something is wrong and not where: the longest beginning that it takes ends there.
function firstWrongByte(bytes) {
  const isFine = (end) => {
    try {
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, end), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  let fine = 0;
  let wrong = bytes.length;
  if (isFine(wrong)) wrong += 1; // only the last character is cut off
  while (wrong - fine > 1) {
    const middle = (fine + wrong) >> 1;
    if (isFine(middle)) fine = middle;
    else wrong = middle;
  }
  // `fine` bytes are taken, the last of which may begin a character that is not gone on with.
  let at = Math.min(fine, bytes.length);
  for (let back = 1; back <= 3 && at - back >= 0; back++) {
    const byte = bytes[at - back];
    if ((byte & 0xc0) === 0x80) continue;
    const width = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    if (width > back) at -= back;
    break;
  }
  return at;
}

const ESCAPES = { '"': '"', "\\": "\\", n: "\n" };

class Scanner {
  constructor(text) {
    this.text = text;
    this.at = 0; // in units of UTF-16; refusals say bytes
  }

  peek() {
    return this.text.charAt(this.at);
  }

  refuse(expected, got = "", at = this.at) {
    const there = at < this.text.length ? nameCharacter(this.text, at) : "the end of the document";
    const offset = utf8(this.text.slice(0, at)).length;
    throw refusal(`byte ${offset}`, expected, got || there, offset);
  }

  value(depth) {
    const first = this.peek();
    if (first === '"') return this.string();
    if (first === "{" || first === "[") {
      if (depth > MAX_DEPTH) this.refuse(`nesting at most ${MAX_DEPTH} deep`, "deeper nesting");
      return first === "{" ? this.object(depth) : this.array(depth);
    }
    return first && "-+.0123456789".includes(first) ? this.integer() : this.word();
  }

  object(depth) {
    const members = Object.create(null);
    this.at += 1;
    if (this.peek() === "}") {
      this.at += 1;
      return members;
    }
    for (;;) {
      const start = this.at;
      const name = this.name();
      if (name in members) this.refuse("each member once in its object", `'${name}' again`, start);
      if (this.peek() !== ":") this.refuse("':'");
      this.at += 1;
      members[name] = this.value(depth + 1);
      if (this.ends("}")) return members;
    }
  }

  array(depth) {
    const items = [];
    this.at += 1;
    if (this.peek() === "]") {
      this.at += 1;
      return items;
    }
    for (;;) {
      items.push(this.value(depth + 1));
      if (this.ends("]")) return items;
    }
  }

  /** Steps over a comma or the end of what is open; tells whether it was the end. */
  ends(closing) {
    const after = this.peek();
    if (after !== "," && after !== closing) this.refuse(`',' or '${closing}'`);
    this.at += 1;
    return after === closing;
  }

  name() {
    if (this.peek() !== '"') this.refuse("a member name in double quotes");
    const name = this.match(NAME, this.at + 1);
    if (!name || this.text.charAt(this.at + 1 + name.length) !== '"') {
      const rest = this.text.slice(this.at + 1, this.at + 140);
      this.refuse(A_NAME, ascii([...rest].slice(0, 65).join("").split('"')[0]));
    }
    this.at += name.length + 2;
    return name;
  }

  match(pattern, at = this.at) {
    pattern.lastIndex = at;
    return pattern.exec(this.text)?.[0] ?? "";
  }

  integer() {
    const literal = this.match(/[-+0-9.eE]+/y);
    if (!/^(?:0|-?[1-9][0-9]*)$/.test(literal)) this.refuse("an integer 0|-?[1-9][0-9]*", literal.slice(0, 40));
    // Seventeen characters hold the largest; what is longer would be rounded.
    if (literal.length > 17 || !Number.isSafeInteger(Number(literal))) {
      this.refuse("an integer within ±(2^53-1)", literal.slice(0, 40));
    }
    this.at += literal.length;
    return Number(literal);
  }

  word() {
    const word = this.match(/[A-Za-z]+/y);
    if (word === "true" || word === "false") {
      this.at += word.length;
      return word === "true";
    }
    this.refuse("a string, an integer, true, false, '{' or '['", word && `'${word.slice(0, 40)}'`);
  }

  string() {
    const start = this.at;
    let text = "";
    this.at += 1;
    for (;;) {
      const part = this.match(/[^"\\]*/y);
      // A raw line feed is refused too: it is written as an escape.
      const refused = findRefused(part.replaceAll("\n", "\0"));
      if (refused >= 0) {
        this.refuse("a character that signed text may hold", nameCharacter(this.text, this.at + refused), this.at + refused);
      }
      text += part;
      this.at += part.length;
      const stop = this.peek();
      if (stop === '"') break;
      if (!stop) this.refuse("'\"' at the end of the string");
      const escaped = ESCAPES[this.text.charAt(this.at + 1)];
      if (escaped === undefined) this.refuseEscape();
      text += escaped;
      this.at += 2;
    }
    this.at += 1;
    if (!isNfc(text)) this.refuse("text in Unicode NFC", "another form", start);
    return text;
  }

  refuseEscape() {
    const [letter = ""] = [...this.text.slice(this.at + 1, this.at + 3)];
    const got = letter === "u" ? [...this.text.slice(this.at + 1, this.at + 11)].slice(0, 5).join("") : letter;
    this.refuse('only the escapes \\" \\\\ \\n, all else raw', ascii(`\\${got}`).replaceAll("\\\\", "\\"));
  }
}

function nameCharacter(text, at) {
  const code = text.codePointAt(at);
  return code >= 0x20 && code < 0x7f ? ascii(text[at]) : codeName(text, at);
}

const codeName = (text, at) => `U+${text.codePointAt(at).toString(16).toUpperCase().padStart(4, "0")}`;

/** @param {Uint8Array} bytes @returns {boolean} */
export const isAscii = (bytes) => !/[^\x00-\x7f]/.test(latin1(bytes));
