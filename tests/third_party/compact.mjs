// A reader of the compact form, written from docs/format.md, section 2, with what JavaScript has: JSON.stringify writes the
// one text of a value, so what it writes otherwise is not in compact form. What a round trip can't show is looked at.
//
//   node compact.mjs <vectors>     prints the names of the cases that are accepted
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export const check = (holds, why) => {
  if (!holds) throw new Error(why);
};

const REFUSED =
  /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufdd0-\ufdef]|\p{Surrogate}|[\u{10efd}-\u{10eff}\u{11f41}\u{11f42}\u{1e08f}\u{1e4ec}-\u{1e4ef}]/u;
/** Reads bytes in compact form, or throws. */
export function compact(bytes, limit) {
  check(bytes.length <= limit, "too long");
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const value = JSON.parse(text);
  check(JSON.stringify(value) === text, "not in compact form");
  walk(value, 1);
  return value;
}
function walk(value, depth) {
  if (typeof value === "string") {
    check(!REFUSED.test(value) && value.normalize("NFC") === value, "a text that may not be signed");
    for (const character of value) check((character.codePointAt(0) & 0xfffe) !== 0xfffe, "a noncharacter");
  } else if (typeof value === "number") check(Number.isSafeInteger(value), "not an integer");
  else if (typeof value === "object" && value !== null) {
    check(depth <= 16, "too deep");
    if (!Array.isArray(value))
      for (const name of Object.keys(value)) check(/^([A-Za-z_][A-Za-z0-9_]{0,63}|\.\.\.)$/.test(name), `name ${name}`);
    for (const item of Object.values(value)) walk(item, depth + 1);
  } else check(typeof value === "boolean", "null");
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const name of readdirSync(process.argv[2])) {
    if (!statSync(join(process.argv[2], name)).isDirectory()) continue;
    try {
      const value = compact(readFileSync(join(process.argv[2], name, "compact.json")), 32768);
      check(!Array.isArray(value) && typeof value === "object", "not an object");
      console.log(name);
    } catch {
      // refused
    }
  }
}
