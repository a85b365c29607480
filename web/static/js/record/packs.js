// Many packs in one form: below what is the same for all, what each of them says by itself.
import { h } from "../ui/dom.js";
import { language, kilograms, t } from "../ui/texts.js";
import { parseDecimal, NumberError } from "./schema.js";
import { codeOf, isMass } from "./typed.js";
import { tellProblem } from "./problems.js";
import { labelOf, wordOf } from "./words.js";

const SHOWN = 400; // packs; more than one form takes

/** @param {Record<string, any>} schema of `data` @returns {string[]} the members that differ from pack to pack */
export const ownMembers = (schema) =>
  ["mass", "condition"].filter((name) => schema.properties[name] && (name !== "mass" || isMass(schema.properties.mass)));

/** @param {any} known @returns {number | null} grams that the consignor stated */
export const statedMass = (known) => known?.offer?.mass?.g ?? null;

/**
 * @param {{schema: Record<string, any>, subjects: string[], known: Map<string, any>, own: Record<string, any>, onInput: ()
 *   => void}} how `own`: subject -> what was typed for it
 * @returns {HTMLElement}
 */
export function packRows({ schema, subjects, known, own, onInput }) {
  const names = ownMembers(schema);
  const isNeeded = schema.required?.includes("mass");
  const rows = subjects.slice(0, SHOWN).map((subject) => {
    const typed = (own[subject] ??= {});
    const stated = statedMass(known.get(subject));
    const inputs = [];
    if (names.includes("mass")) {
      const id = `m${subject}`;
      inputs.push(
        h(
          "div",
          { class: "field", dataset: { pointer: "mass" } },
          h(
            "label",
            { for: id },
            labelOf("mass", language),
            isNeeded ? null : h("span", { class: "kind" }, " ", t("(if known)")),
          ),
          h(
            "div",
            { class: "with-unit" },
            h("input", {
              id,
              inputmode: "decimal",
              autocomplete: "off",
              value: typed.mass ?? "",
              oninput: (event) => {
                typed.mass = event.target.value;
                onInput();
              },
            }),
            h("span", { class: "unit" }, "kg"),
          ),
          stated === null ? null : h("p", { class: "help" }, t("stated: %(mass)s", { mass: kilograms(stated) })),
          h("p", { class: "problem", hidden: true }),
        ),
      );
    }
    if (names.includes("condition")) {
      const select = h(
        "select",
        {
          id: `c${subject}`,
          onchange: (event) => {
            typed.condition = event.target.value;
            onInput();
          },
        },
        h("option", { value: "" }, t("as all")),
        schema.properties.condition.enum.map((word) => h("option", { value: word }, wordOf(word, language, "condition"))),
      );
      select.value = typed.condition ?? "";
      inputs.push(h("div", { class: "field" }, h("label", { for: `c${subject}` }, labelOf("condition", language)), select));
    }
    return h(
      "li",
      { class: "card", dataset: { sub: subject } },
      h("span", { class: "code" }, groups(codeOf(subject))),
      inputs.length ? h("div", { class: "pair" }, inputs) : null,
    );
  });
  return h("ol", { class: "list packs" }, rows);
}

/** @param {string} code @returns {string} in groups that the eye can hold */
export const groups = (code) => (/^[A-Z0-9]{19,24}$/.test(code) ? code.match(/.{1,8}/g).join(" ") : code);

/**
 * What one pack says: the same for all, with its own mass and condition.
 * @param {Record<string, any>} data of all
 * @param {Record<string, any>} typed of this one
 * @param {{basis: string, reason: string, schema: Record<string, any>}} how `basis`: how masses are known; `reason`: why
 *   those that are missing are not measured
 * @returns {{data: Record<string, any>, problem: any}}
 */
export function ownData(data, typed, { basis, reason, schema }) {
  const said = { ...data };
  if (typed.condition) said.condition = typed.condition;
  if (!schema.properties.mass) return { data: said, problem: null };
  if (!typed.mass?.trim()) {
    const can = schema.properties.not_measured && !(schema.required ?? []).includes("mass");
    if (can && reason.trim()) said.not_measured = [...(said.not_measured ?? []), { what: "mass", reason: reason.trim() }];
    const problem = (schema.required ?? []).includes("mass") ? { pointer: "/data/mass/g", code: "MISSING" } : null;
    return { data: said, problem };
  }
  try {
    said.mass = { g: parseDecimal(typed.mass, 3), basis };
    return { data: said, problem: null };
  } catch (error) {
    if (!(error instanceof NumberError)) throw error;
    const code = error.code === "DIGITS" ? "DIGITS" : "NUMBER";
    return { data: said, problem: { pointer: "/data/mass/g", code, expected: { digits: 3 }, got: typed.mass } };
  }
}

/** @param {HTMLElement} element @param {Map<string, any>} problems subject -> what is wrong */
export function showOwnProblems(element, problems) {
  for (const row of element.querySelectorAll("[data-sub]")) {
    const problem = problems.get(row.dataset.sub);
    const line = row.querySelector(".problem");
    if (!line) continue;
    line.textContent = problem ? tellProblem(problem) : "";
    line.hidden = !problem;
    const input = row.querySelector("input");
    if (problem) input?.setAttribute("aria-invalid", "true");
    else input?.removeAttribute("aria-invalid");
  }
}
