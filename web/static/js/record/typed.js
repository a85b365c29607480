// From what was typed and chosen to what a statement says: units, times, codes and texts, by the schema.
//
// Typed values have the shape of the content, with texts where that has numbers. What was left empty is left out.
import { labelDigest } from "../core/label.js";
import { readCode } from "../core/batterycode.js";
import { Refusal } from "../core/refusal.js";
import { findRefused, toNfc } from "../core/unicode.js";
import { NumberError, check, disclosedOf, parseDecimal } from "./schema.js";
import { formatTime } from "./statement.js";
import { unitOf } from "./words.js";

/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {import("./schema.js").Problem | {pointer: string, code: string, expected?: any, got?: any}} Problem */
/**
 * @typedef {"battery" | "party" | "vehicle" | "batch" | "consignment" | "lot" | "model" | "holding" | "time" | "site" |
 *   "region" | "digest" | "text"} TextKind what a text of a schema is, as its description tells
 */

/** @type {[begins: string, kind: TextKind][]} */
const KINDS = [
  ["a battery or a lot", "holding"],
  ["a battery", "battery"],
  ["an organisation", "party"],
  ["a vehicle", "vehicle"],
  ["a batch", "batch"],
  ["a consignment", "consignment"],
  ["a lot", "lot"],
  ["a model", "model"],
  ["UTC in whole", "time"],
  ["a site", "site"],
  ["a region", "region"],
  ["a SHA-256", "digest"],
];

/** @param {Schema} schema @returns {TextKind} */
export const textKind = ({ description = "" }) => KINDS.find(([begins]) => description.startsWith(begins))?.[1] ?? "text";

/** @param {Schema} schema @returns {boolean} whether it is a mass and how it is known */
export const isMass = ({ properties }) => Boolean(properties?.g && properties.basis);

/**
 * What a statement says, from what was typed.
 * @param {Schema} schema of `data`
 * @param {Record<string, any>} typed
 * @returns {{data: Record<string, any>, withheld: Record<string, any>, problems: Problem[]}} as far as it could be read
 */
export function readTyped(schema, typed) {
  const problems = [];
  const data = {};
  const withheld = {};
  for (const [name, inner] of Object.entries(schema.properties)) {
    const disclosed = disclosedOf(inner);
    const value = convert(disclosed ?? inner, name, typed[name], `/data/${name}`, problems);
    if (value === undefined) continue;
    if (!disclosed) data[name] = value;
    else {
      withheld[name] = value;
      problems.push(...check(disclosed, value, `/data/${name}`));
    }
  }
  const told = new Set(problems.map(({ pointer }) => pointer));
  const said = check(schema, data, "/data").filter(({ pointer }) => !told.has(pointer) && !isBelow(pointer, told));
  return { data, withheld, problems: [...problems, ...said] };
}

const isBelow = (pointer, told) =>
  [...told].some((each) => pointer.startsWith(`${each}/`) || each.startsWith(`${pointer}/`));

function convert(schema, name, value, pointer, problems) {
  if (value === undefined || value === null || value === "") return undefined;
  if (schema.enum || schema.const !== undefined) return value;
  switch (schema.type) {
    case "object":
      return convertObject(schema, value, pointer, problems);
    case "array":
      return convertList(schema, name, value, pointer, problems);
    case "integer":
      return convertNumber(name, value, pointer, problems);
    case "boolean":
      return value === "true" ? true : value === "false" ? false : value;
    default:
      return convertText(schema, value, pointer, problems);
  }
}

function convertObject(schema, value, pointer, problems) {
  if (isMass(schema) && blank(value.g)) return undefined; // how a mass would be known is preset
  const found = {};
  for (const [name, inner] of Object.entries(schema.properties)) {
    const read = convert(inner, name, value[name], `${pointer}/${name}`, problems);
    if (read !== undefined) found[name] = read;
  }
  return Object.keys(found).length ? found : undefined;
}

function convertList(schema, name, value, pointer, problems) {
  const items =
    name === "not_measured" && !Array.isArray(value)
      ? Object.entries(value)
          .filter(([, reason]) => !blank(reason))
          .map(([what, reason]) => ({ what, reason }))
      : value;
  const read = items.map((item, at) => convert(schema.items, name, item, `${pointer}/${at}`, problems));
  const found = read.filter((item) => item !== undefined);
  return found.length || !(schema.minItems > 0 || name === "not_measured") ? found : undefined;
}

function convertNumber(name, value, pointer, problems) {
  if (typeof value === "number") return value;
  const { digits, unit } = unitOf(name);
  try {
    return parseDecimal(value, digits);
  } catch (error) {
    if (!(error instanceof NumberError)) throw error;
    problems.push({ pointer, code: error.code === "DIGITS" ? "DIGITS" : "NUMBER", expected: { digits, unit }, got: value });
    return undefined;
  }
}

function convertText(schema, value, pointer, problems) {
  const kind = textKind(schema);
  const text = toNfc(String(value).replaceAll("\r\n", "\n").replaceAll("\r", "\n").trim());
  if (!text) return undefined;
  const at = findRefused(text);
  if (at >= 0) {
    problems.push({ pointer, code: "CHARACTER", expected: at + 1, got: text.codePointAt(at) });
    return undefined;
  }
  if (kind === "time") return timeOf(text, pointer, problems);
  if (kind === "battery" || kind === "holding") return batteryOf(text, pointer, problems);
  return kind === "region" ? text.toUpperCase() : text;
}

function timeOf(text, pointer, problems) {
  try {
    return formatTime(text);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    problems.push({ pointer, code: "TIME", got: text });
    return undefined;
  }
}

function batteryOf(text, pointer, problems) {
  if (/^(?:battery|lot):/.test(text)) return text;
  // A scanner types the address of a label: the code is in it, and its host says nothing about the battery.
  const label = /\/p\/([0-9A-Za-z]{19,24})(?:\.[A-Za-z2-7]{20})?$/.exec(text);
  try {
    return `battery:gbt34014:${readCode(label ? label[1] : text).code}`;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    problems.push({ pointer, code: "CODE", expected: error.expected, got: error.got, at: error.at });
    return undefined;
  }
}

const blank = (text) => text === undefined || text === null || String(text).trim() === "";

/** @param {string} subject @returns {string} the code of a battery, without kind and scheme */
export const codeOf = (subject) => subject.split(":").slice(2).join(":");

/**
 * The digest that stands for a label in the log.
 * @param {string} subject
 * @param {string | null} token
 * @returns {Promise<string>} nothing where there is no token
 */
export const labelOfToken = async (subject, token) => (token ? labelDigest(codeOf(subject), token) : "");
