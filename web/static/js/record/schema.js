// The JSON Schemas of statements (GET /api/v1/schemas/<type>): what fits them, and how people write what stands in them.
//
// They use a small part of JSON Schema (docs/format.md), and this reads that part and refuses to judge by any other. Tests
// hold that it finds the same statements wrong as the log does.

/** @typedef {Record<string, any>} Schema */
/**
 * @typedef {{pointer: string, code: "MISSING" | "UNKNOWN" | "KIND" | "CHOICE" | "RANGE" | "LENGTH" | "FORM" | "COUNT" |
 *   "FEWEST", expected: any, got: any, says?: string}} Problem `says`: what such a text is, as the schema puts it
 */

const KEYWORDS = new Set([
  "type",
  "properties",
  "required",
  "additionalProperties",
  "minProperties",
  "enum",
  "const",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "pattern",
  "items",
  "minItems",
  "maxItems",
  "description",
  "x-reference",
  "x-disclosed",
  "x-correctable",
]);

/**
 * What is wrong with a value, by a schema.
 * @param {Schema} schema
 * @param {any} value
 * @param {string} [pointer]
 * @returns {Problem[]} none where it fits
 * @throws {TypeError} the schema has a keyword that this does not know
 */
export function check(schema, value, pointer = "") {
  for (const keyword of Object.keys(schema)) {
    if (!KEYWORDS.has(keyword)) throw new TypeError(`schema: expected a keyword that is known, got ${keyword}`);
  }
  const wrong = (code, expected, got) => [
    { pointer, code, expected, got, ...(schema.description ? { says: schema.description } : {}) },
  ];
  if (schema.const !== undefined && value !== schema.const) return wrong("CHOICE", [schema.const], value);
  if (schema.enum && !schema.enum.includes(value)) return wrong("CHOICE", schema.enum, value);
  switch (schema.type) {
    case "string":
      return checkText(schema, value, wrong);
    case "integer":
      if (!Number.isSafeInteger(value)) return wrong("KIND", "integer", value);
      return value < schema.minimum || value > schema.maximum ? wrong("RANGE", [schema.minimum, schema.maximum], value) : [];
    case "boolean":
      return typeof value === "boolean" ? [] : wrong("KIND", "boolean", value);
    case "array":
      return checkList(schema, value, pointer, wrong);
    case "object":
      return checkObject(schema, value, pointer, wrong);
    default:
      return [];
  }
}

function checkText(schema, value, wrong) {
  if (typeof value !== "string") return wrong("KIND", "string", value);
  const length = [...value].length;
  if (length < schema.minLength || length > schema.maxLength)
    return wrong("LENGTH", [schema.minLength, schema.maxLength], length);
  return schema.pattern && !new RegExp(schema.pattern).test(value) ? wrong("FORM", schema.pattern, value) : [];
}

function checkList(schema, value, pointer, wrong) {
  if (!Array.isArray(value)) return wrong("KIND", "array", value);
  const { minItems = 0, maxItems = Infinity } = schema;
  if (value.length < minItems || value.length > maxItems) return wrong("COUNT", [minItems, maxItems], value.length);
  return value.flatMap((item, at) => check(schema.items, item, `${pointer}/${at}`));
}

function checkObject(schema, value, pointer, wrong) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong("KIND", "object", value);
  const names = Object.keys(value);
  const found = [];
  if (names.length < (schema.minProperties ?? 0)) found.push(...wrong("FEWEST", schema.minProperties, names.length));
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name))
      found.push({ pointer: `${pointer}/${name}`, code: "MISSING", expected: name, got: undefined });
  }
  for (const name of names) {
    const inner = Object.hasOwn(schema.properties, name) ? schema.properties[name] : null;
    if (inner) found.push(...check(inner, value[name], `${pointer}/${name}`));
    else found.push({ pointer: `${pointer}/${name}`, code: "UNKNOWN", expected: undefined, got: name });
  }
  return found;
}

/** @param {Schema} schema of a whole statement @returns {Schema} of its `data` */
export const dataOf = (schema) => schema.properties.data;

/** @param {Schema} schema of a member @returns {Schema | null} of the value that is withheld there */
export const disclosedOf = (schema) => schema["x-disclosed"] ?? null;

// ---- numbers as people write them ----

/** What was typed is no number, or one that its unit can't say exactly. */
export class NumberError extends Error {
  /** @param {"KIND" | "DIGITS"} code @param {number} digits that may stand after the point */
  constructor(code, digits) {
    super(`expected a number with at most ${digits} digits after the point`);
    this.name = "NumberError";
    this.code = code;
    this.digits = digits;
  }
}

/**
 * The integer that is signed for a number as it was typed: `437.5` kilograms with 3 digits are 437500 grams.
 *
 * No fraction of a number is ever computed with, so that what is signed is what was typed.
 * @param {string} text with a point or a comma; full-width digits, as Chinese keyboards write them, are taken too
 * @param {number} digits after the point, at most
 * @returns {number}
 * @throws {NumberError}
 */
export function parseDecimal(text, digits) {
  const plain = text.normalize("NFKC").trim().replace(",", ".").replace("。", ".");
  const found = /^([0-9]{1,15})(?:\.([0-9]{0,15}))?$/.exec(plain);
  if (!found) throw new NumberError("KIND", digits);
  const [, whole, fraction = ""] = found;
  if (fraction.slice(digits).replace(/0+$/, "")) throw new NumberError("DIGITS", digits);
  const value = Number(whole + fraction.slice(0, digits).padEnd(digits, "0"));
  if (!Number.isSafeInteger(value)) throw new NumberError("KIND", digits);
  return value;
}

/**
 * An integer as people write it, exactly: 437500 with 3 digits is `437.5`.
 * @param {number} value
 * @param {number} digits
 * @returns {string}
 */
export function formatDecimal(value, digits) {
  if (!digits) return String(value);
  const padded = String(Math.abs(value)).padStart(digits + 1, "0");
  const fraction = padded.slice(-digits).replace(/0+$/, "");
  return `${value < 0 ? "-" : ""}${padded.slice(0, -digits)}${fraction ? `.${fraction}` : ""}`;
}
