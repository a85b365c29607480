// A statement in words, with everything that is in it: what is seen on the sheet is what is signed.
import { LEADER } from "./statement.js";
import { formatDecimal } from "./schema.js";
import { codeOf } from "./typed.js";
import { labelOf, unitOf, wordOf } from "./words.js";

/**
 * One value of a statement. `pointer` is its place in the statement, `text` the value in words, `raw` as it is signed where
 * the words are others; `isWithheld`: the log keeps its digest alone.
 * @typedef {{pointer: string, path: string[], label: string, text: string, raw: string, isWithheld: boolean}} Line
 */
/**
 * @typedef {{language: string, nameOf?: (party: string) => string, showTime?: (text: string) => string, t: (text: string,
 *   values?: any) => string}} Telling
 */

const DIGEST = /^[A-Za-z0-9_-]{43}$/;
/** Members that say where a statement stands, and not what happened. */
export const TECHNICAL = new Set(["v", "aud", "nonce", "seq", "prev"]);

/**
 * Every value of a statement, in its order: of withheld members what is withheld.
 * @param {Record<string, any>} statement as composed
 * @param {Record<string, any>} withheld member of `data` -> value
 * @param {Telling} telling
 * @returns {Line[]}
 */
export function linesOf(statement, withheld, telling) {
  const lines = [];
  const { data, ...rest } = statement;
  for (const [name, value] of Object.entries(rest)) walk(value, [name], statement.type, false, telling, lines);
  if (!Object.keys(data).length && !Object.keys(withheld).length)
    lines.push(lineOf(data, ["data"], statement.type, false, telling));
  for (const [name, value] of Object.entries(data)) walk(value, ["data", name], statement.type, false, telling, lines);
  for (const [name, value] of Object.entries(withheld)) walk(value, ["data", name], statement.type, true, telling, lines);
  return lines;
}

function walk(value, path, type, isWithheld, telling, lines) {
  if (typeof value === "object" && value !== null && Object.keys(value).length) {
    for (const [name, inner] of Object.entries(value)) walk(inner, [...path, name], type, isWithheld, telling, lines);
  } else lines.push(lineOf(value, path, type, isWithheld, telling));
}

function lineOf(value, path, type, isWithheld, telling) {
  const raw = typeof value === "object" ? JSON.stringify(value) : String(value);
  const { text, label } = { text: textOf(value, path, telling), label: labelOfPath(path, type, telling) };
  return { pointer: `/${path.join("/")}`, path, label, text, raw, isWithheld };
}

/** The names of the members down to the value, those of lists with their number. */
function labelOfPath(path, type, { language }) {
  const names = path[0] === "data" && path.length > 1 ? path.slice(1) : path;
  const said = [];
  let within = type;
  for (const name of names) {
    if (/^[0-9]+$/.test(name)) said.push(`${said.pop() ?? ""} ${Number(name) + 1}`.trim());
    else {
      const label = labelOf(name, language, within);
      // A mass is called so once, and not again for its grams.
      if (!(name === "g" && said.at(-1) === label)) said.push(label);
      within = name;
    }
  }
  return said.join(language === "zh" ? "：" : ": ");
}

/** A value in words. */
function textOf(value, path, telling) {
  const { language, t } = telling;
  const member = path.findLast((name) => !/^[0-9]+$/.test(name));
  if (typeof value === "object" && value !== null) return t("none");
  if (typeof value === "boolean") return wordOf(value, language, member);
  if (typeof value === "number") return numberText(value, member, path, t);
  if (value === LEADER) return t("the first record of this group");
  if (path.length === 1 || isName(value)) return nameText(value, path, telling);
  if (DIGEST.test(value)) return `${value.slice(0, 8)}…`;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) return telling.showTime?.(value) ?? value;
  const isFree =
    ["note", "reason", "zh", "en", "laboratory", "number", "treated"].includes(member) && /\s|[^a-z_]/.test(value);
  return isFree ? value : wordOf(value, language, member);
}

function numberText(value, member, path, t) {
  if (path.length === 1) return String(value);
  const { unit, digits } = unitOf(member);
  const said = formatDecimal(value, digits);
  return unit === "%"
    ? `${said} %`
    : unit
      ? `${said} ${unit === "months" ? t("months") : unit === "bytes" ? t("bytes") : unit}`
      : said;
}

const isName = (text) => /^(?:org|battery|vehicle|batch|lot|consignment|model|keys|log|notes):/.test(text);

function nameText(text, path, { language, nameOf, showTime, t }) {
  if (path[0] === "type") return text;
  if (path[0] === "occurred_at") return showTime?.(text) ?? text;
  if (text.startsWith("org:")) {
    const name = nameOf?.(text) ?? "";
    return name ? `${name} (${text.slice(4)})` : text.slice(4);
  }
  if (text.startsWith("battery:gbt34014:"))
    return codeOf(text)
      .match(/.{1,8}/g)
      .join(" ");
  if (text.startsWith("battery:")) return codeOf(text);
  if (text.startsWith("vehicle:")) return t("vehicle %(name)s", { name: text.slice(8, 16) });
  if (/^(?:batch|lot|consignment|model):/.test(text)) return text.slice(text.indexOf("/") + 1);
  return path.length === 1 ? text : wordOf(text, language, path.at(-1));
}
