// Rows of a workbook: what was done on paper becomes statements on this device, and each row is told what became of it.
import { lifecycleOf, schemaOf } from "../record/context.js";
import { check, dataOf } from "../record/schema.js";
import { filled } from "../record/filled.js";
import { compose, sign } from "../record/statement.js";
import { Offline, api } from "../device/api.js";
import { now } from "../device/clock.js";
import { all, del, get, put as keepRow } from "../device/db.js";
import { device, signer } from "../device/keyring.js";
import { lookUp, place, refresh } from "../device/known.js";
import { add, onChange, row as outboxRow } from "../device/outbox.js";
import { setting } from "../device/settings.js";
import { Refused, fetchFile } from "../office/fetch.js";
import { learnPlaces } from "../office/places.js";
import { TableError, cellName, findHeads, parsePasted, readRows, typeOf } from "../office/table.js";
import { announce, byId, h, put } from "../ui/dom.js";
import { failure, success, wake } from "../ui/sounds.js";
import { kilograms, language, moment, t } from "../ui/texts.js";

const DRAFT = "rows";
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const SHOWN = 60; // rows that are listed at first
const ANSWERS = new Set(["handover.accepted", "handover.declined"]); // to an offer, which the node tells

const me = await device();
const aud = await setting("origin");
const field = (id) => /** @type {HTMLInputElement} */ (byId(id));

/** @type {{type: string, zh: string, en: string, columns: import("../office/table.js").Column[]}[]} */
let steps = [];
/** What was handed in. @type {{sheet: string, leftOut: string[], lines: import("../office/table.js").Line[]} | null} */
let given = null;
/** @type {{type: string, heads: Map<number, any>, rows: (import("../office/table.js").Read & {outbox?: string})[]} | null} */
let table = null;
let isWhole = false; // whether every row is listed
let busy = false;

const stepOf = (type) => steps.find((step) => step.type === type);
const told = (both) => (language === "zh" ? both.zh : both.en);

// ---- what is handed in ----

async function begin() {
  byId("source").addEventListener("submit", (event) => event.preventDefault());
  steps = await loadSteps();
  put(byId("step"), steps.map((step) => h("option", { value: step.type }, told(step))));
  if (!steps.length) tell(t("No network, and this device has not read yet which columns there are. Open this page once with a network."));
  if (!me) tell(t("This device is not enrolled yet: rows are signed by a member's device."));
  byId("template").addEventListener("click", () => guarded(template));
  byId("book").addEventListener("change", () => guarded(takeBook));
  byId("pasted").addEventListener("input", () => guarded(takePasted));
  byId("step").addEventListener("change", () => guarded(read));
  byId("clock").addEventListener("change", () => guarded(read));
  byId("all").addEventListener("click", showAll);
  byId("go").addEventListener("click", () => guarded(signAll));
  byId("outcome").addEventListener("click", () => guarded(outcome));
  byId("file").addEventListener("submit", (event) => {
    event.preventDefault();
    void filing();
  });
  const today = await now();
  field("until").value = dayOf(today);
  field("since").value = `${dayOf(today).slice(0, 8)}01`;
  field("get-filing").disabled = !me;
  onChange(({ what }) => what === "outbox" && table && void showRows());
  await showEarlier();
}

/** The columns of every step: from the node, or as it told them before. */
async function loadSteps() {
  try {
    const { ok, body } = await api("/rows", { as: "nobody" });
    if (ok) {
      await keepRow("data", { name: "rows", value: body.steps });
      return body.steps;
    }
  } catch (error) {
    if (!(error instanceof Offline)) throw error;
  }
  return (await get("data", "rows"))?.value ?? [];
}

async function template() {
  put(byId("template-file"), download(await fetchFile(`/rows/${field("step").value}/template`)));
}

async function takeBook() {
  const [file] = field("book").files;
  if (!file) return;
  field("pasted").value = "";
  try {
    const { status, ok, body } = await api("/rows", { method: "POST", body: file, headers: { "Content-Type": XLSX }, patience: 90_000 });
    if (!ok) throw new Refused(status, body);
    given = { sheet: body.sheet, leftOut: body.left_out.filter((name) => name !== "choices"), lines: body.rows };
  } finally {
    field("book").value = ""; // so that the same file can be chosen again once it is mended
  }
  await read();
}

async function takePasted() {
  const text = field("pasted").value;
  given = text.trim() ? { sheet: "rows", leftOut: [], lines: parsePasted(text) } : null;
  await read();
}

/** Reads what was handed in as rows of the step that it names, or of the one that is chosen. */
async function read() {
  table = null;
  isWhole = false;
  put(byId("sheet"));
  put(byId("outcome-file"));
  byId("read").hidden = !given;
  if (!given) return;
  const named = stepOf(typeOf(given.lines));
  if (named) field("step").value = named.type;
  const step = stepOf(field("step").value);
  const { heads, from, unknown } = findHeads(given.lines, step.columns);
  const how = {
    hosts: [location.host, await setting("label-host", location.host)], now: await now(), timeOfDay: field("clock").value,
    me: me?.org ?? "", parties: await all("parties"),
  };
  const rows = readRows(given.lines.slice(from), heads, how);
  table = { type: step.type, heads, rows };
  await complete(rows, step);
  put(byId("remarks"),
    unknown.length ? h("p", { class: "mark warn" }, t("Columns that are none of this step, and are not read: %(names)s", { names: unknown.join(", ") })) : null,
    given.leftOut.length ? h("p", { class: "mark warn" }, t("Only the first sheet that is shown was read. Left out: %(names)s", { names: given.leftOut.join(", ") })) : null);
  await showRows();
  announce(byId("summary").textContent);
}

/** Adds what the device knows, and checks each row by the schema of the statement. */
async function complete(rows, step) {
  const schema = await schemaOf(step.type);
  const lifecycle = (await lifecycleOf()) ?? { waste: [] };
  for (const row of rows) {
    if (!row.subject) continue;
    let known = await lookUp(row.subject);
    if (ANSWERS.has(step.type) && !known?.offer) known = await refresh(row.subject);
    const own = schema ? filled(step.type, known, lifecycle) : {};
    for (const [name, value] of Object.entries(own)) {
      if (Object.hasOwn(row.data, name) || !Object.hasOwn(dataOf(schema).properties, name)) continue;
      row.data[name] = value;
      row.problems = row.problems.filter(({ column, code }) => !(column === name && code === "MISSING"));
    }
    if (ANSWERS.has(step.type) && !row.data.offer) row.problems.push({ at: `${row.row}`, column: "code", code: "NO_OFFER", values: {} });
    if (!schema || row.problems.length) continue;
    for (const wrong of check(dataOf(schema), row.data)) {
      const column = wrong.pointer.slice(1).replaceAll("/", ".");
      const at = [...table.heads].find(([, each]) => each.name === column)?.[0];
      row.problems.push({ at: at === undefined ? `${row.row}` : cellName(at, row.row), column, code: wrong.code === "MISSING" ? "MISSING" : "NO_FIT", values: { got: String(wrong.got ?? "").slice(0, 60), says: wrong.says ?? "" } });
    }
  }
}

// ---- what is shown ----

const isGood = (row) => row.problems.length === 0;
const isOpen = (row) => isGood(row) && !row.outbox;

async function showRows() {
  const { rows } = table;
  const good = rows.filter(isGood).length;
  byId("summary").textContent = t("%(good)s of %(count)s rows can be signed", { good, count: rows.length });
  // What is wrong comes first: it is what somebody has to do something about.
  const sorted = [...rows].sort((one, other) => Number(isGood(one)) - Number(isGood(other)) || one.row - other.row);
  put(byId("rows"), await Promise.all((isWhole ? sorted : sorted.slice(0, SHOWN)).map(card)));
  byId("all").hidden = isWhole || rows.length <= SHOWN;
  byId("all").textContent = t("Show all %(count)s rows", { count: rows.length });
  const open = rows.filter(isOpen).length;
  const button = field("go");
  button.textContent = t("Sign %(count)s records", { count: open });
  button.disabled = busy || !open || !me;
  button.hidden = !open && rows.some((row) => row.outbox);
  byId("outcome").hidden = !rows.length;
}

function showAll() {
  isWhole = true;
  void showRows();
}

async function card(row) {
  const state = await stateOf(row);
  return h("li", { dataset: { state: isGood(row) ? "good" : "bad", row: String(row.row) } },
    h("h3", { class: "row" },
      h("span", {}, t("Row %(row)s", { row: row.row })),
      h("span", { class: "code" }, row.subject?.split(":").slice(2).join(":") ?? ""),
      state ? h("span", { class: "chip", dataset: { state: state.chip } }, CHIPS()[state.outcome]) : null),
    isGood(row) ? h("p", {}, sentence(row)) : row.problems.map((problem) => h("p", { class: "problem" }, inWords(problem))),
    state?.why ? h("p", { class: "problem" }, state.why) : null);
}

/** What a row says, in words: all that is signed for it. */
function sentence(row) {
  const parts = [moment(row.occurredAt)];
  for (const [name, value] of Object.entries({ ...row.data, ...row.withheld })) {
    if (name === "mass") parts.push(`${kilograms(value.g)}, ${word("mass.basis", value.basis)}${value.scale_g ? `, ${value.scale_g} g` : ""}`);
    else if (name === "offer") parts.push(t("the open offer"));
    else parts.push(`${title(name)}: ${Object.hasOwn(row.withheld, name) ? hidden(value) : word(name, value)}`);
  }
  return parts.join(" · ");
}

const hidden = (value) => t("withheld, %(count)s characters", { count: String(value).length });
const columnOf = (name) => stepOf(table.type)?.columns.find((column) => column.name === name);
const title = (name) => (columnOf(name) ? told(columnOf(name)) : name);
const word = (name, value) => {
  const choice = columnOf(name)?.choices.find((each) => each.value === value);
  return choice ? told(choice) : String(value);
};

const inWords = ({ at, column, code, values }) => t("%(at)s, %(column)s: %(why)s", { at, column: title(column), why: reason(code, values) });

/** What is wrong with a cell: expected, and got. */
function reason(code, { got = "", says = "", most = "", why = "", row = "", length = "", choices = [] }) {
  const words = {
    MISSING: () => t("expected a value, got none"),
    NO_COLUMN: () => t("there is no such column"),
    IS_FORMULA: () => t("expected a value, got a formula: formulas are not computed here. Paste the value alone"),
    IS_ERROR: () => t("expected a value, got the error %(got)s", { got }),
    CODE_IS_NUMBER: () => t("the spreadsheet took the code for a number (%(got)s) and lost characters of it: format the column as text, and type the code again", { got }),
    CODE_IS_DATE: () => t("the spreadsheet took the code for a date (%(got)s): format the column as text, and type the code again", { got }),
    CODE_IS_SHORT: () => t("%(got)s has %(length)s characters, expected 24 or 19: the spreadsheet may have dropped zeros at its beginning. Compare with the label", { got, length }),
    CODE_IS_NONE: () => (why ? t("expected the code of a battery, got %(got)s (%(why)s)", { got, why }) : t("expected the code of a battery, got %(got)s", { got })),
    ROW_TWICE: () => t("row %(row)s says the same pack at the same time", { row }),
    TIME_IS_NUMBER: () => t("expected a date and a time, got the number %(got)s: format the column as date", { got }),
    TIME_IS_NONE: () => t("expected a date and a time that exist, as 2026-11-23 14:30, got %(got)s", { got }),
    TIME_OF_DAY_MISSING: () => t("expected a time of day beside %(got)s: say above at which time rows are to count that have a date alone", { got }),
    TIME_AHEAD: () => t("expected a time that is over, got %(got)s", { got }),
    NO_CHOICE: () => t("expected one of %(allowed)s, got %(got)s", { allowed: choices.map((each) => (each.value === told(each) ? each.value : `${each.value} ${told(each)}`)).join(", "), got }),
    NO_KILOGRAMS: () => t("expected kilograms with at most three digits after the point, as 438.5, got %(got)s", { got }),
    NO_WHOLE: () => t("expected a whole number up to %(most)s, got %(got)s", { most, got }),
    NO_TEXT: () => t("expected a text, got %(got)s", { got }),
    NUMBER_MANGLED: () => t("the spreadsheet took the text for a number (%(got)s) and lost characters of it: format the column as text", { got }),
    TOO_LONG: () => t("expected at most %(most)s characters, got %(got)s", { most, got }),
    NO_FIT: () => t("expected %(says)s, got %(got)s", { says: says || t("another form"), got: got || t("another text") }),
    NO_OFFER: () => t("no open offer of this pack to us is known"),
  };
  return words[code]?.() ?? code;
}

const CHIPS = () => ({
  accepted: t("accepted"), waiting: t("waits to be sent"), parked: t("parked"), refused: t("refused"),
});

/** What became of a row that was signed. */
async function stateOf({ outbox }) {
  if (!outbox) return null;
  const found = await outboxRow(outbox);
  const state = found?.state ?? "here";
  const outcome = state === "here" || state === "sending" ? "waiting" : state;
  return { chip: state, outcome, event: outbox, why: found?.why ? [found.why.code, found.why.detail].filter(Boolean).join(": ") : "" };
}

// ---- signing ----

async function signAll() {
  const open = table.rows.filter(isOpen);
  const { type } = table;
  try {
    await learnPlaces(open.map(({ subject }) => subject));
  } catch (error) {
    if (!(error instanceof Offline)) throw error; // signed on what this device knows
  }
  const signing = await signer();
  const bar = /** @type {HTMLProgressElement} */ (byId("progress"));
  bar.hidden = false;
  bar.max = open.length;
  bar.value = 0;
  for (const row of open) {
    const { subject, data, withheld, occurredAt } = row;
    const statement = compose({ type, subject, data, withheld, occurredAt, place: await place(subject), iss: me.org, aud });
    const kept = await add(await sign(statement, { signer: signing, withheld }), { said: { type, subject, data: { ...data, ...withheld } } });
    row.outbox = kept.id;
    bar.value += 1;
    if (bar.value % 25 === 0 || bar.value === open.length) await keepDraft();
  }
  success();
  await showRows();
  byId("summary").focus();
  announce(t("%(count)s records are signed", { count: open.length }));
}

/** The rows with what was signed of them, so that their workbook can still be had tomorrow. */
async function keepDraft() {
  const signed = table.rows.filter(({ outbox }) => outbox).map(({ row, outbox }) => ({ row, outbox }));
  await keepRow("drafts", { id: DRAFT, type: table.type, given, signed, clock: field("clock").value, at: Date.now() });
}

async function showEarlier() {
  const draft = await get("drafts", DRAFT);
  if (!draft) return void put(byId("earlier"));
  const open = async () => {
    field("step").value = draft.type;
    field("clock").value = draft.clock;
    given = draft.given;
    await read();
    for (const { row, outbox } of draft.signed) {
      const found = table.rows.find((each) => each.row === row);
      if (found) Object.assign(found, { outbox, problems: [] });
    }
    await showRows();
  };
  put(byId("earlier"), h("section", { class: "card", "aria-label": t("Rows that were signed last") },
    h("p", {}, t("%(count)s rows were signed here on %(when)s.", { count: draft.signed.length, when: moment(draft.at) })),
    h("p", { class: "row" },
      h("button", { type: "button", class: "plain", onclick: () => guarded(open) }, t("Show what became of them")),
      h("button", { type: "button", class: "plain", onclick: async () => { await del("drafts", DRAFT); await showEarlier(); } }, t("Put them away")))));
}

/** The rows again as a workbook, each with what became of it. */
async function outcome() {
  const byNumber = new Map(table.rows.map((row) => [row.row, row]));
  const rows = await Promise.all(given.lines.map(async ({ row, cells }) => {
    const read_ = byNumber.get(row);
    const state = read_ && (await stateOf(read_));
    const said = !read_ ? {} : state ? { outcome: state.outcome, event: state.event, why: state.why.slice(0, 2_000) }
      : { outcome: "not_signed", why: read_.problems.map(inWords).join("; ").slice(0, 2_000) };
    return { row, cells: cells.map((cell) => cell && (cell.kind === "formula" ? t("(a formula)") : cell.text)), ...said };
  }));
  put(byId("outcome-file"), download(await fetchFile("/rows/outcome", { json: { sheet: given.sheet, rows } })));
}

// ---- filing ----

const dayOf = (moment_) => new Date(moment_.getTime() + 8 * 3_600_000).toISOString().slice(0, 10); // the platform's time is UTC+8

async function filing() {
  const said = byId("filing-problem");
  said.textContent = "";
  said.className = "";
  field("get-filing").disabled = true;
  try {
    put(byId("filing-file"), download(await fetchFile(`/filing?from=${field("since").value}&to=${field("until").value}`)));
  } catch (error) {
    if (!(error instanceof Offline || error instanceof Refused)) throw error;
    said.className = "mark bad";
    said.textContent = error instanceof Offline ? t("No network: the node gathers a filing.") : error.message;
  } finally {
    field("get-filing").disabled = false;
  }
}

// ---- together ----

const download = ({ blob, name }) =>
  h("a", { class: "big", href: URL.createObjectURL(blob), download: name }, t("Save %(name)s", { name }));

async function guarded(work) {
  if (busy) return;
  busy = true;
  wake();
  tell("");
  try {
    await work();
  } catch (error) {
    failure();
    if (error instanceof Offline) tell(t("No network: the node reads and writes workbooks. Rows that are pasted can be signed without."));
    else if (error instanceof Refused) tell(error.message);
    else if (error instanceof TableError) tell(tableInWords(error));
    else {
      tell(t("That went wrong: %(why)s", { why: error.message }));
      throw error;
    }
  } finally {
    busy = false;
    byId("progress").hidden = true;
    if (table) await showRows();
  }
}

const tableInWords = ({ code, values }) => ({
  TOO_MANY_ROWS: t("Expected at most %(most)s rows, got more.", values), TOO_MANY_COLUMNS: t("Row %(row)s: expected at most %(most)s columns, got more.", values),
  TOO_LONG: t("Row %(row)s: expected at most %(most)s characters in a cell, got more.", values),
  QUOTE_OPEN: t("Row %(row)s: a cell begins with a quotation mark and does not end with one.", values),
  TWO_HEADS: t("The heading %(name)s stands twice.", values),
})[code] ?? code;

function tell(text) {
  const place_ = byId("problem");
  place_.textContent = text;
  place_.className = text ? "mark bad" : "";
}

await begin();
