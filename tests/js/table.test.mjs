// Rows of a spreadsheet: pasted or told by the node, read as statements, and what was mangled is told, never guessed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { TableError, cellName, findHeads, parsePasted, readRows, typeOf } from "../../web/static/js/office/table.js";

const CODE = "04QPB76836300JBC40000903";
const column = (name, kind, more = {}) => ({
  name, kind, zh: `${name}中`, en: name.toUpperCase(), required: false, withheld: false, unit: "", choices: [], pattern: "", most: 500, says: "", example: "", ...more,
});
const COLUMNS = [
  column("code", "code", { required: true, zh: "电池编码", en: "Battery code" }),
  column("occurred_at", "time", { required: true }),
  column("condition", "choice", { required: true, choices: [{ value: "intact", zh: "完好", en: "intact" }, { value: "leaking", zh: "漏液", en: "leaking" }, { value: "leak", zh: "漏液", en: "leak" }] }),
  column("mass.g", "kilograms", { most: 1_000_000_000, unit: "kg" }),
  column("mass.basis", "choice", { choices: [{ value: "measured", zh: "实测", en: "measured" }] }),
  column("token", "text", { withheld: true, pattern: "^[A-Z2-7]{20}$", most: 20 }),
  column("consignee", "text", { pattern: "^org:uscc:[0-9]{8}[0-9A-Z]{10}$", most: 132 }),
  column("soh_permille", "whole", { most: 1100, unit: "‰" }),
];
const HOW = { hosts: ["packs.example"], now: new Date("2026-11-23T12:00:00Z"), me: "org:uscc:91440300MA5000005X" };
const text = (said) => ({ kind: "text", text: said });

/** One row with these cells, by the name of their column. */
function read(cells, how = HOW) {
  const given = { code: text(CODE), occurred_at: text("2026-11-20 14:30"), condition: text("intact"), ...cells };
  const line = { row: 7, cells: COLUMNS.map(({ name }) => given[name] ?? null) };
  return readRows([line], new Map(COLUMNS.entries()), how)[0];
}
const codes = ({ problems }) => problems.map(({ at, code }) => `${at} ${code}`);

test("pasted cells keep tabs, line ends and quotes that stand in quotes", () => {
  const given = 'a\tb\r\n"c\td"\t"say ""e""\nf"\n\n\tg\t\n';
  assert.deepEqual(parsePasted(given), [
    { row: 1, cells: [text("a"), text("b")] },
    { row: 2, cells: [text("c\td"), text('say "e"\nf')] },
    { row: 4, cells: [null, text("g")] },
  ]);
  assert.deepEqual(parsePasted(""), []);
  assert.deepEqual(parsePasted("x"), [{ row: 1, cells: [text("x")] }]);
});

test("a paste that is too much, or whose quotes don't close, is refused", () => {
  for (const [given, code] of [
    ["x\n".repeat(2_001), "TOO_MANY_ROWS"], ["\n".repeat(5_000) + "x", "TOO_MANY_ROWS"], ["x\t".repeat(61) + "x", "TOO_MANY_COLUMNS"],
    ["x".repeat(2_001), "TOO_LONG"], ['"x', "QUOTE_OPEN"], ['"x"y\tz', "QUOTE_OPEN"],
  ]) {
    assert.throws(() => parsePasted(given), (error) => error instanceof TableError && error.code === code, code);
  }
  assert.equal(parsePasted("x\n".repeat(2_000)).length, 2_000);
});

test("headings are found in any order, in either language, and what is none of ours is named", () => {
  const lines = parsePasted(`battery.taken_in\t收货\n\t每行\ncondition\tcode\ncondition中 CONDITION *\t电池编码 Battery code *\tColour\nintact\t${CODE}\tred`);
  assert.equal(typeOf(lines), "battery.taken_in");
  const { heads, from, unknown } = findHeads(lines, COLUMNS);
  assert.deepEqual([...heads].map(([at, { name }]) => [at, name]), [[0, "condition"], [1, "code"]]);
  assert.deepEqual([from, unknown], [4, ["Colour"]]);
  const bare = findHeads(parsePasted(`${CODE}\t2026-11-20`), COLUMNS);
  assert.deepEqual([bare.from, bare.heads.get(1).name], [0, "occurred_at"]);
  assert.throws(() => findHeads(parsePasted("code\tBattery code"), COLUMNS), { code: "TWO_HEADS" });
});

test("a good row is a statement", () => {
  const found = read({
    "mass.g": { kind: "number", text: "438.5" }, "mass.basis": text("measured 实测"), condition: text("完好"),
    token: text("ABCDEFGHIJ234567QRST"), consignee: text("91440300MA5000004D"), soh_permille: text("812"),
  });
  assert.deepEqual(found.problems, []);
  assert.equal(found.subject, `battery:gbt34014:${CODE}`);
  assert.equal(found.occurredAt.getTime(), new Date(2026, 10, 20, 14, 30).getTime());
  assert.deepEqual(found.data, { condition: "intact", mass: { g: 438_500, basis: "measured" }, consignee: "org:uscc:91440300MA5000004D", soh_permille: 812 });
  assert.deepEqual(found.withheld, { token: "ABCDEFGHIJ234567QRST" });
});

test("a code that a spreadsheet mangled is told, never guessed", () => {
  for (const [cell, code] of [
    [{ kind: "number", text: "1.23E+23" }, "CODE_IS_NUMBER"], [{ kind: "number", text: "4277" }, "CODE_IS_NUMBER"],
    [text("1.23E+23"), "CODE_IS_NUMBER"], [text("4.0E+22"), "CODE_IS_NUMBER"],
    [{ kind: "time", text: "2026-11-20T00:00:00" }, "CODE_IS_DATE"],
    [text("1CB240000003B3C0221953"), "CODE_IS_SHORT"], // 001CB… without its zeros
    [text("4QPB76836300JBC40000903"), "CODE_IS_SHORT"],
    [{ kind: "formula", text: "" }, "IS_FORMULA"], [{ kind: "error", text: "#REF!" }, "IS_ERROR"],
    [text("not a code"), "CODE_IS_NONE"], [text("https://evil.example/p/" + CODE), "CODE_IS_NONE"],
    [text("org:uscc:91440300MA5000005X"), "CODE_IS_NONE"], [null, "MISSING"], [text("  "), "MISSING"],
  ]) {
    const found = read({ code: cell });
    assert.deepEqual(codes(found), [`A7 ${code}`], JSON.stringify(cell));
    assert.equal(found.subject, null);
  }
  for (const good of [CODE.toLowerCase(), ` ${CODE} `, `https://packs.example/p/${CODE}.ABCDEFGHIJ234567QRST`, "battery:tag:uscc:91440300MA5000005X/A-7"]) {
    assert.deepEqual(codes(read({ code: text(good) })), [], good);
  }
});

test("a time is one that exists, is over, and has its hour", () => {
  const at = (said, kind = "text", how = HOW) => read({ occurred_at: { kind, text: said } }, how);
  for (const good of ["2026-11-20 14:30", "2026/11/20 14:30:00", "2026年11月20日 14:30", "2026-11-20T14:30"]) {
    assert.equal(at(good).occurredAt?.getTime(), new Date(2026, 10, 20, 14, 30).getTime(), good);
  }
  assert.equal(at("2026-11-20T14:30:00", "time").occurredAt.getHours(), 14);
  assert.equal(at("2026-11-20T06:30:00Z").occurredAt.toISOString(), "2026-11-20T06:30:00.000Z");
  for (const [said, kind, code] of [
    ["2026-02-30 10:00", "text", "TIME_IS_NONE"], ["2026-11-20 25:00", "text", "TIME_IS_NONE"], ["20.11.2026 10:00", "text", "TIME_IS_NONE"],
    ["yesterday", "text", "TIME_IS_NONE"], ["46349.6", "number", "TIME_IS_NUMBER"], ["2026-11-25 10:00", "text", "TIME_AHEAD"],
    ["2026-11-20", "text", "TIME_OF_DAY_MISSING"], ["2026-11-20T00:00:00", "time", "TIME_OF_DAY_MISSING"],
  ]) assert.deepEqual(codes(at(said, kind)), [`B7 ${code}`], said);
  assert.equal(at("2026-11-20", "text", { ...HOW, timeOfDay: "18:00" }).occurredAt.getTime(), new Date(2026, 10, 20, 18, 0).getTime());
});

test("numbers and choices that can't be meant exactly are told with what is allowed", () => {
  for (const [cells, code] of [
    [{ "mass.g": text("438.5555"), "mass.basis": text("实测") }, "D7 NO_KILOGRAMS"], [{ "mass.g": text("1e3"), "mass.basis": text("实测") }, "D7 NO_KILOGRAMS"],
    [{ "mass.g": text("-1") }, "D7 NO_KILOGRAMS"], [{ "mass.g": { kind: "number", text: "1E+20" } }, "D7 NO_KILOGRAMS"],
    [{ soh_permille: text("1101") }, "H7 NO_WHOLE"], [{ soh_permille: text("81.2") }, "H7 NO_WHOLE"],
    [{ condition: text("漏液") }, "C7 NO_CHOICE"], [{ condition: text("fine") }, "C7 NO_CHOICE"], [{ condition: null }, "C7 MISSING"],
    [{ token: text("short") }, "F7 NO_FIT"], [{ token: { kind: "number", text: "1.2E+19" } }, "F7 NUMBER_MANGLED"],
    [{ consignee: text("somebody") }, "G7 NO_FIT"], [{ consignee: { kind: "number", text: "9144030000000000000" } }, "G7 NUMBER_MANGLED"],
  ]) assert.deepEqual(codes(read(cells)), [code], code);
  assert.equal(read({ token: text("short") }).problems[0].values.got, ""); // a token is repeated in no message
  const parties = [{ org: "org:uscc:91440300MA5000004D", name_zh: "拆解厂", name_en: "Dismantler" }];
  assert.equal(read({ consignee: text("拆解厂") }, { ...HOW, parties }).data.consignee, parties[0].org);
  assert.deepEqual(codes(read({ consignee: text("拆解厂") }, { ...HOW, parties: [...parties, { ...parties[0], org: "org:uscc:91440300MA5000005X" }] })), ["G7 NO_FIT"]);
});

test("the example is left out, and the same row twice is told", () => {
  const row = (number, code) => ({ row: number, cells: [text(code), text("2026-11-20 14:30"), text("intact")] });
  const found = readRows([row(6, `例 Example: ${CODE}`), row(7, CODE), row(8, CODE)], new Map(COLUMNS.entries()), HOW);
  assert.deepEqual(found.map(({ row: number, problems }) => [number, problems.length]), [[7, 0], [8, 1]]);
  assert.equal(found[1].problems[0].values.row, 7);
});

test("cells are called as a spreadsheet calls them", () => {
  assert.deepEqual([0, 25, 26, 51, 52, 701, 702].map((at) => cellName(at, 9)), ["A9", "Z9", "AA9", "AZ9", "BA9", "ZZ9", "AAA9"]);
});
