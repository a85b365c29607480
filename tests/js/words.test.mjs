import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { hasLabel, hasWord, labelOf, stageWord, unitOf, wordOf } from "../../web/static/js/record/words.js";
import { here, withCases } from "./support.mjs";

const FOLDER = here("schemas/statements");
const SCHEMAS = readdirSync(FOLDER).map((name) => JSON.parse(readFileSync(`${FOLDER}/${name}`, "utf8")));

/** Each member and each word of a closed list, wherever it stands. */
function* named(schema, member = "") {
  for (const value of schema.enum ?? []) yield { member, value };
  if (typeof schema.const === "string") yield { member, value: schema.const };
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    yield { member: name };
    yield* named(inner, name);
  }
  for (const inner of [schema.items, schema["x-disclosed"]]) if (inner) yield* named(inner, member);
}

test("every member and every word of every type is told in both languages", () => {
  let count = 0;
  for (const schema of SCHEMAS) {
    for (const name of Object.keys(schema.properties)) assert.ok(hasLabel(name), name);
    for (const { member, value } of named(schema.properties.data)) {
      const said = `${schema.title} ${member}${value === undefined ? "" : `: ${value}`}`;
      if (value === undefined) {
        assert.ok(hasLabel(member), said);
        assert.match(labelOf(member, "en"), /^[ -~]+$/, said);
        assert.match(labelOf(member, "zh"), /\p{Script=Han}/u, said);
      } else {
        assert.ok(hasWord(member, value), said);
        assert.match(wordOf(value, "en", member), /^[ -~]+$/, said);
        assert.match(wordOf(value, "zh", member), /\p{Script=Han}/u, said);
      }
      count += 1;
    }
  }
  assert.ok(count > 900, String(count));
});

test("every quantity has a unit in which people say it", () => {
  for (const schema of SCHEMAS) {
    for (const { member, value } of named(schema.properties.data)) {
      if (value === undefined && /_(?:g|wh|mv|mah|permille|months|kwh)$/.test(member)) assert.notEqual(unitOf(member).unit, "", member);
    }
  }
  assert.deepEqual(unitOf("g"), { unit: "kg", digits: 3 });
  assert.deepEqual(unitOf("soh_permille"), { unit: "%", digits: 1 });
  assert.deepEqual(unitOf("position"), { unit: "", digits: 0 });
});

test("what is not known is said as it stands, and no name reaches into objects", () => {
  assert.equal(labelOf("constructor", "en"), "constructor");
  assert.equal(wordOf("__proto__", "zh"), "__proto__");
  assert.equal(labelOf("capacity", "en", "handover.offered"), "To be taken over as");
  assert.equal(labelOf("basis", "zh", "mass"), "数据来源");
});

withCases("stages are called as the life cycle calls them, and lots have words as well", ({ lifecycle }) => {
  assert.equal(stageWord("at_recycler", "en", lifecycle), "at a recycler");
  for (const row of lifecycle.rows) {
    for (const stage of row.stages) assert.match(stageWord(stage, "zh", lifecycle), /\p{Script=Han}/u, `${row.type}: ${stage}`);
  }
});
