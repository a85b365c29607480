// Rows of a spreadsheet, read as statements: pasted text, or the cells of a workbook as the node told them.
//
// What a spreadsheet made of a cell is told and never undone: nobody can know which zeros 1.23E+23 had.
import { accept } from "../core/label.js";

/** @typedef {{kind: "text" | "number" | "time" | "flag" | "formula" | "error", text: string}} Cell */
/** @typedef {{row: number, cells: (Cell | null)[]}} Line */
/**
 * @typedef {{name: string, zh: string, en: string, kind: "code" | "time" | "choice" | "kilograms" | "whole" | "text",
 *   required: boolean, withheld: boolean, unit: string, choices: {value: string, zh: string, en: string}[], pattern: string,
 *   most: number, says: string, example: string}} Column as `GET /api/v1/rows` has it
 */
/** @typedef {{at: string, column: string, code: string, values: Record<string, any>}} Problem `at`: a cell, as C7 */
/**
 * @typedef {{row: number, subject: string | null, token: string | null, occurredAt: Date | null, data: Record<string, any>,
 *   withheld: Record<string, any>, problems: Problem[], shown: string[]}} Read
 */

export const MOST_ROWS = 2_000;
const MOST_COLUMNS = 60;
const MOST_TEXT = 2_000; // characters of a cell
const EXAMPLE = /^例 Example:/;
const HEADS = 12; // rows among which the headings are looked for
const EXACT = 1e15; // integers beyond it have lost digits in a spreadsheet

/** More than is taken, or no table. */
export class TableError extends Error {
  /** @param {"TOO_MANY_ROWS" | "TOO_MANY_COLUMNS" | "TOO_LONG" | "QUOTE_OPEN" | "NO_HEADS" | "TWO_HEADS"} code @param {Record<string, any>} values */
  constructor(code, values) {
    super(code);
    this.name = "TableError";
    this.code = code;
    this.values = values;
  }
}

/**
 * Reads what a spreadsheet puts on the clipboard: tabs between cells, and quotes round those that hold tabs or line ends.
 * @param {string} text
 * @returns {Line[]} rows that are not empty
 * @throws {TableError}
 */
export function parsePasted(text) {
  /** @type {Line[]} */
  const lines = [];
  let row = 1;
  let cells = [];
  let at = 0;
  const source = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
  const endRow = () => {
    if (cells.length > MOST_COLUMNS) throw new TableError("TOO_MANY_COLUMNS", { row, most: MOST_COLUMNS });
    while (cells.length && cells.at(-1) === null) cells.pop();
    if (cells.length) lines.push({ row, cells });
    if (lines.length > MOST_ROWS || row > MOST_ROWS) throw new TableError("TOO_MANY_ROWS", { most: MOST_ROWS });
    cells = [];
    row += 1;
  };
  while (at < source.length) {
    let cell;
    if (source[at] === '"') {
      const end = closing(source, at + 1);
      if (end < 0) throw new TableError("QUOTE_OPEN", { row });
      cell = source.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
    } else {
      const end = endOf(source, at);
      cell = source.slice(at, end);
      at = end;
    }
    if (cell.length > MOST_TEXT) throw new TableError("TOO_LONG", { row, most: MOST_TEXT });
    cells.push(cell.trim() ? { kind: "text", text: cell } : null);
    if (at >= source.length || source[at] === "\n") endRow();
    else if (at === source.length - 1) cells.push(null);
    at += 1;
  }
  if (cells.length) endRow();
  return lines;
}

/** Where a quoted cell ends; -1 where it does not, or something stands behind it. */
function closing(source, from) {
  for (let at = source.indexOf('"', from); at >= 0; at = source.indexOf('"', at + 2)) {
    if (source[at + 1] !== '"') return at + 1 >= source.length || "\t\n".includes(source[at + 1]) ? at : -1;
  }
  return -1;
}

function endOf(source, from) {
  const tab = source.indexOf("\t", from);
  const line = source.indexOf("\n", from);
  return Math.min(tab < 0 ? source.length : tab, line < 0 ? source.length : line);
}

/**
 * Finds which column is which, by the headings of our workbook in any order, or else by the order of the step's columns.
 * @param {Line[]} lines
 * @param {Column[]} columns of the step
 * @returns {{heads: Map<number, Column>, from: number, unknown: string[]}} `from`: index of the first line of data; `unknown`:
 *   headings that are none of ours, whose cells are not read
 * @throws {TableError} a heading twice
 */
export function findHeads(lines, columns) {
  let found = null;
  for (const [at, { cells }] of lines.slice(0, HEADS).entries()) {
    const heads = new Map();
    const unknown = [];
    for (const [number, cell] of cells.entries()) {
      if (!cell) continue;
      const column = columns.find((each) => isHead(cell.text, each));
      if (!column) unknown.push(cell.text.slice(0, 60));
      else if ([...heads.values()].includes(column)) throw new TableError("TWO_HEADS", { name: cell.text.slice(0, 60) });
      else heads.set(number, column);
    }
    // The lowest line of headings is the last before the data: names, what is allowed, titles.
    if ([...heads.values()].some(({ kind }) => kind === "code")) found = { heads, from: at + 1, unknown };
  }
  return found ?? { heads: new Map(columns.entries()), from: 0, unknown: [] };
}

/** Whether a cell is the heading of a column: its name, a title, or both titles with unit and star, as we write them. */
function isHead(text, { name, zh, en, unit }) {
  const plain = text.trim().replace(/\s*\*$/, "").toLowerCase();
  const titles = [name, zh, en, `${zh} ${en}`, `${zh} (${unit}) ${en}`, `${zh} (${unit})`, `${en} (${unit})`];
  return titles.some((title) => title.toLowerCase() === plain);
}

/** The type of statement that a workbook of ours names in its first cell. @param {Line[]} lines @returns {string} or nothing */
export const typeOf = (lines) => /^[a-z]+\.[a-z_]+$/.exec(lines[0]?.cells[0]?.text.trim() ?? "")?.[0] ?? "";

/** A cell as a spreadsheet calls it. @param {number} column from 0 @param {number} row */
export function cellName(column, row) {
  let letters = "";
  for (let rest = column + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  return `${letters}${row}`;
}

/**
 * Reads the rows of data. A row of which nothing is wrong can be signed.
 * @param {Line[]} lines behind the headings
 * @param {Map<number, Column>} heads
 * @param {{hosts: string[], now: Date, timeOfDay?: string, me: string, parties?: {org: string, name_zh?: string, name_en?: string}[]}} how
 *   `timeOfDay`: as 14:30, for rows that have a date alone; `me`: the own organisation
 * @returns {Read[]}
 */
export function readRows(lines, heads, how) {
  const seen = new Map();
  return lines.filter(({ cells }) => !isExample(cells, heads)).map((line) => {
    const read = readRow(line, heads, how);
    if (read.subject && read.occurredAt) {
      const same = `${read.subject} ${read.occurredAt.getTime()}`;
      if (seen.has(same)) read.problems.push({ at: `${line.row}`, column: "code", code: "ROW_TWICE", values: { row: seen.get(same) } });
      else seen.set(same, line.row);
    }
    return read;
  });
}

const isExample = (cells, heads) => [...heads.keys()].some((at) => EXAMPLE.test(cells[at]?.text ?? ""));

function readRow({ row, cells }, heads, how) {
  /** @type {Read} */
  const read = { row, subject: null, token: null, occurredAt: null, data: {}, withheld: {}, problems: [], shown: [] };
  for (const [at, column] of heads) {
    const cell = cells[at] ?? null;
    const wrong = (code, values = {}) => void read.problems.push({ at: cellName(at, row), column: column.name, code, values });
    if (!cell || !cell.text.trim() && cell.kind === "text") {
      if (column.required) wrong("MISSING");
    } else if (cell.kind === "formula" || cell.kind === "error") wrong(cell.kind === "formula" ? "IS_FORMULA" : "IS_ERROR", { got: cell.text });
    else keepValue(read, column, READERS[column.kind](cell, column, wrong, how));
  }
  const names = [...heads.values()].map(({ name }) => name);
  for (const name of ["code", "occurred_at"]) {
    if (!names.includes(name)) read.problems.push({ at: `${row}`, column: name, code: "NO_COLUMN", values: {} });
  }
  if (read.token && names.includes("token") === false) read.token = null;
  if (read.data.mass && !("g" in read.data.mass)) delete read.data.mass; // its basis alone says nothing
  return read;
}

function keepValue(read, { name, withheld }, value) {
  if (value === undefined) return;
  if (name === "code") {
    read.subject = value.subject;
    read.token = value.token ?? null;
  } else if (name === "occurred_at") read.occurredAt = value;
  else if (withheld) read.withheld[name] = value;
  else if (name.includes(".")) {
    const [outer, inner] = name.split(".");
    read.data[outer] = { ...read.data[outer], [inner]: value };
  } else read.data[name] = value;
}

// ---- cells ----

const READERS = { code: readCode, time: readTime, choice: readChoice, kilograms: readKilograms, whole: readWhole, text: readText };

function readCode(cell, _column, wrong, { hosts }) {
  const text = cell.text.trim();
  if (cell.kind === "time") return wrong("CODE_IS_DATE", { got: text });
  if (cell.kind !== "text" || /^[0-9]+([.,][0-9]+)?E\+?[0-9]{2,3}$/i.test(text)) return wrong("CODE_IS_NUMBER", { got: text });
  const read = accept(text, { hosts });
  if (read.kind === "label" || read.kind === "code") {
    return read.subject.startsWith("battery:") ? read : wrong("CODE_IS_NONE", { got: text.slice(0, 60) });
  }
  if (/^battery:[a-z0-9]+:[A-Za-z0-9._/:-]{1,120}$/.test(text)) return { subject: text };
  // A code may have begun with zeros, which a spreadsheet drops; which, nobody knows.
  if (/^[1-9][0-9A-Z]{2}[0-9A-Z]{17,20}$/i.test(text) && text.length !== 24) return wrong("CODE_IS_SHORT", { got: text, length: text.length });
  if (read.kind === "unreadable") return wrong("CODE_IS_NONE", { got: text.slice(0, 60), why: read.refusal.message });
  return wrong("CODE_IS_NONE", { got: text.slice(0, 60) });
}

function readTime(cell, { name }, wrong, { now, timeOfDay = "" }) {
  const text = cell.text.trim();
  if (cell.kind !== "text" && cell.kind !== "time") return wrong("TIME_IS_NUMBER", { got: text });
  const read = /^([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[T ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?:\.0+)?(Z)?)?$/.exec(text);
  if (!read) return wrong("TIME_IS_NONE", { got: text.slice(0, 60) });
  const isMidnight = cell.kind === "time" && /T00:00:00$/.test(text); // a cell with a date alone
  const [, year, month, day, hour, minute, second, zone] = read;
  let clock = hour === undefined || isMidnight ? null : [hour, minute, second ?? "0"];
  if (!clock) {
    const given = /^([0-9]{1,2}):([0-9]{2})$/.exec(timeOfDay);
    if (!given) return wrong("TIME_OF_DAY_MISSING", { got: text.slice(0, 10) });
    clock = [given[1], given[2], "0"];
  }
  const parts = [Number(year), Number(month) - 1, Number(day), ...clock.map(Number)];
  const moment = zone ? new Date(Date.UTC(...parts)) : new Date(...parts);
  const back = zone
    ? [moment.getUTCFullYear(), moment.getUTCMonth(), moment.getUTCDate(), moment.getUTCHours(), moment.getUTCMinutes(), moment.getUTCSeconds()]
    : [moment.getFullYear(), moment.getMonth(), moment.getDate(), moment.getHours(), moment.getMinutes(), moment.getSeconds()];
  if (back.join() !== parts.join()) return wrong("TIME_IS_NONE", { got: text.slice(0, 60) });
  if (name === "occurred_at") return moment > now ? wrong("TIME_AHEAD", { got: text }) : moment;
  return `${moment.toISOString().slice(0, 19)}Z`;
}

function readChoice(cell, { choices }, wrong) {
  const text = cell.text.trim();
  const plain = text.toLowerCase();
  const found = choices.filter(({ value, zh, en }) => [value, zh, en, `${value} ${zh}`, `${value} ${en}`].some((each) => each.toLowerCase() === plain));
  if (found.length === 1) return found[0].value;
  const exact = choices.find(({ value }) => value === text); // a word may be that of two
  return exact ? exact.value : wrong("NO_CHOICE", { got: text.slice(0, 60), choices });
}

function readKilograms(cell, { most }, wrong) {
  const grams = decimal(cell, 3);
  return grams === null || grams > most ? wrong("NO_KILOGRAMS", { got: cell.text.slice(0, 40) }) : grams;
}

function readWhole(cell, { most }, wrong) {
  const value = decimal(cell, 0);
  return value === null || value > most ? wrong("NO_WHOLE", { got: cell.text.slice(0, 40), most }) : value;
}

/** The integer for a number as it is written, with so many digits after the point; null where it can't say that exactly. */
function decimal({ kind, text }, digits) {
  if (kind !== "text" && kind !== "number") return null;
  const plain = text.normalize("NFKC").trim().replace(/^([0-9]+),([0-9]+)$/, "$1.$2");
  const read = /^([0-9]{1,15})(?:\.([0-9]{1,15}))?$/.exec(plain);
  if (!read) return null;
  const fraction = (read[2] ?? "").replace(/0+$/, "");
  if (fraction.length > digits) return null;
  const value = Number(read[1] + fraction.padEnd(digits, "0"));
  return Number.isSafeInteger(value) ? value : null;
}

function readText(cell, { name, pattern, most, says }, wrong, how) {
  if (cell.kind === "time" || cell.kind === "flag") return wrong("NO_TEXT", { got: cell.text });
  if (cell.kind === "number" && (/E/.test(cell.text) || Math.abs(Number(cell.text)) >= EXACT)) return wrong("NUMBER_MANGLED", { got: cell.text });
  const text = (SHORT[name] ?? ((said) => said))(cell.text.trim().normalize("NFC"), how);
  if ([...text].length > most) return wrong("TOO_LONG", { most, got: [...text].length });
  return pattern && !new RegExp(pattern).test(text) ? wrong("NO_FIT", { got: name === "token" ? "" : text.slice(0, 60), says }) : text;
}

/** What people write for short, where only one thing can be meant. */
const SHORT = {
  consignee(text, { parties = [] }) {
    if (/^(uscc|lei|duns):/.test(text)) return `org:${text}`;
    if (/^[0-9]{8}[0-9A-Z]{10}$/.test(text)) return `org:uscc:${text}`;
    const named = parties.filter(({ name_zh, name_en }) => text === name_zh || text === name_en);
    return named.length === 1 ? named[0].org : text;
  },
  batch: (text, { me }) => (/^[A-Za-z0-9._-]+$/.test(text) ? `batch:${me.replace(/^org:/, "")}/${text}` : text),
  consignment: (text, { me }) => (/^[A-Za-z0-9._-]+$/.test(text) ? `consignment:${me.replace(/^org:/, "")}/${text}` : text),
};
