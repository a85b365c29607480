// The form of a step, made from the schema of its type: what is needed first, what may be said below.
//
// It keeps what was typed as typed (typed.js makes a statement of it), so that a draft is what stood on the screen.
import { h } from "../ui/dom.js";
import { language, t } from "../ui/texts.js";
import { choice, flag, number, text } from "./fields.js";
import { files, items, part } from "./lists.js";
import { mass } from "./masses.js";
import { tellProblem } from "./problems.js";
import { disclosedOf } from "./schema.js";
import { isMass } from "./typed.js";
import { labelOf } from "./words.js";

/** Members that follow from the rest, or that only a machine can say: no form asks for them. */
const MACHINE = new Set([
  "linked",
  "predecessor",
  "approvals",
  "agreed",
  "leader",
  "dismantled",
  "installed",
  "removed",
  "listed",
  "components_list",
  "token",
  "offer",
  "event",
  "hold",
  "inputs",
  "split",
  "not_measured",
  "parent",
]);
/** What is asked for in view though nobody must say it, in this order, until there are IN_VIEW fields. */
const WANTED = ["mass", "condition", "packing", "soh_permille", "clears_damage", "site"];
const IN_VIEW = 6;

/** @typedef {import("./fields.js").How} How */

/**
 * @param {How} how
 * @returns {{element: HTMLElement, show: (problems: import("./typed.js").Problem[]) => import("./typed.js").Problem[]}}
 *   `show` writes problems beside their fields, and gives back those that have none
 */
export function makeForm(how) {
  const names = Object.keys(how.schema.properties).filter(
    (name) => !MACHINE.has(name) && !how.fixed.has(name) && !how.skip?.has(name),
  );
  const required = new Set(how.schema.required ?? []);
  const first = names.filter((name) => (required.has(name) || how.isWhole) && name !== "evidence");
  for (const name of WANTED) {
    if (first.length < IN_VIEW && names.includes(name) && !first.includes(name) && !isPreset(name, how)) first.push(name);
  }
  first.sort((one, other) => Number(other === "mass") - Number(one === "mass"));
  const hasFiles = names.includes("evidence");
  const rest = names.filter((name) => !first.includes(name) && name !== "evidence");
  const make = (name) =>
    member(how, how.schema.properties[name], name, how.typed, `/data/${name}`, required.has(name), how.type);
  const more = rest.map(make);
  const element = h(
    "div",
    { class: "fields" },
    first.map(make),
    hasFiles ? files(how, required.has("evidence")) : null,
    more.length ? h("details", { class: "more" }, h("summary", {}, t("More that can be said")), more) : null,
  );
  return { element, show: (problems) => showProblems(element, problems) };
}

/** Where there is one site, nobody is asked for it; nor what is to be done about damage where there is none. */
const isPreset = (name, how) =>
  (name === "site" && how.sites.length <= 1) || (["clears_damage", "packing"].includes(name) && !how.isDamaged);

function member(how, schema, name, typed, pointer, isRequired, within) {
  const shape = disclosedOf(schema) ?? schema;
  const said = { how, schema: shape, name, typed, pointer, isRequired, label: labelOf(name, language, within), member };
  if (isMass(shape)) return mass(said);
  if (shape.enum)
    return choice({
      ...said,
      words: name === "capacity" && how.capacities.length && within !== "handover.offered" ? how.capacities : shape.enum,
    });
  switch (shape.type) {
    case "boolean":
      return flag(said);
    case "integer":
      return number(said);
    case "array":
      return items(said);
    case "object":
      return part(said);
    default:
      return text(said);
  }
}

// ---- problems ----

function showProblems(element, problems) {
  for (const place of element.querySelectorAll(".field")) {
    const line = place.querySelector(":scope > .problem");
    if (line) line.hidden = true;
    place.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
  }
  const lost = [];
  for (const problem of problems) {
    const place = placeOf(element, problem.pointer);
    if (!place) {
      lost.push(problem);
      continue;
    }
    const line = place.querySelector(":scope > .problem") ?? place.querySelector(".problem");
    if (!line) {
      lost.push(problem);
      continue;
    }
    line.textContent = tellProblem(problem);
    line.hidden = false;
    place.querySelector("input, select, textarea")?.setAttribute("aria-invalid", "true");
    for (let at = place; at && at !== element; at = at.parentElement) if (at.matches("details")) at.open = true;
  }
  return lost;
}

/** The field of a value, or of the nearest thing that it is part of. */
function placeOf(element, pointer) {
  for (let at = pointer; at.length > "/data".length; at = at.slice(0, at.lastIndexOf("/"))) {
    const found = [...element.querySelectorAll("[data-pointer]")].find((each) => each.dataset.pointer === at);
    if (found) return found.matches(".mass") ? found.querySelector(".field") : found;
  }
  return null;
}
