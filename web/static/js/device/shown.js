// What a record says, line by line and in words, for whoever is about to sign it again or wonders what waits.
import { labelOf, unitOf, wordOf } from "../record/words.js";
import { rowOf as rowOfTable } from "../record/fold.js";
import { get } from "./db.js";
import { readPresentation } from "./presentation.js";

const LINES = 200; // of one record; what is longer says so
const DIGEST = /^[A-Za-z0-9_-]{43}$/;

/** @typedef {{label: string, text: string}} Line */
/** @typedef {{title: string, subject: string, at: string, lines: Line[], isWhole: boolean}} Shown */

/**
 * @param {string[]} events presentations of a row
 * @param {"en" | "zh"} language
 * @returns {Promise<Shown[]>} one for each event; texts of others stand in it as they are
 */
export async function shownEvents(events, language) {
  const lifecycle = (await get("data", "lifecycle"))?.value ?? null;
  return Promise.all(events.map(async (text) => {
    const { statement, values } = await readPresentation(text);
    const { type, sub, occurred_at: at } = statement;
    const lines = [...linesOf(statement.data, "/data", { language, type, values, path: [] })];
    const title = lifecycle ? rowOfTable(lifecycle, type, sub)?.[language] ?? type : type;
    return { title, subject: codeOf(sub), at, lines: lines.slice(0, LINES), isWhole: lines.length <= LINES };
  }));
}

/** @param {string} subject @returns {string} the code of a battery in groups, as labels have it; any other subject as it is */
export function codeOf(subject) {
  const [, code] = /^battery:gbt34014:([0-9A-Z]{19,24})$/.exec(subject) ?? [];
  return code ? code.match(/.{1,8}/g).join(" ") : subject;
}

function* linesOf(value, pointer, how) {
  if (how.values.has(pointer)) yield* linesOf(how.values.get(pointer), "", how);
  else if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) {
      yield* linesOf(item, `${pointer}/${at}`, { ...how, path: numbered(how.path, at, value) });
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      if (name === "scale_g") continue; // how finely the scale reads says little to a person
      const within = how.path.at(-1)?.name ?? how.type;
      const label = labelOf(name, how.language, within);
      yield* linesOf(item, `${pointer}/${name}`, { ...how, path: [...how.path, { name, label }] });
    }
  } else yield { label: how.path.map(({ label }) => label).join(" › "), text: textOf(value, how) };
}

const numbered = (path, at, list) =>
  list.length > 1 ? [...path.slice(0, -1), { ...path.at(-1), label: `${path.at(-1)?.label ?? ""} ${at + 1}` }] : path;

function textOf(value, { path, language }) {
  const name = path.at(-1)?.name ?? "";
  if (typeof value === "number") {
    const { unit, digits } = unitOf(name);
    return unit ? `${value / 10 ** digits} ${unit}` : String(value);
  }
  if (typeof value === "string" && DIGEST.test(value)) return `${value.slice(0, 8)}…`;
  return wordOf(value, language, name);
}
