// From a whole form to the statements that it makes, one for each pack, and what is to be said of them before signing.
import { put, h } from "../ui/dom.js";
import { kilograms, language, moment, t } from "../ui/texts.js";
import { filled } from "./filled.js";
import { custodianOf } from "./fold.js";
import { ownData, ownMembers, showOwnProblems, statedMass } from "./packs.js";
import { tellProblem } from "./problems.js";
import { readTyped } from "./typed.js";
import { labelOf } from "./words.js";

/**
 * @typedef {{problems: number, firsts: import("./groups.js").Part[], asked?: {data: any, withheld: any}, occurredAt: Date}}
 *   Read
 */

/**
 * Everything that was typed, as statements without a place; what is wrong is written beside its field.
 * @param {import("./session.js").Session} session
 * @param {import("./session.js").Form} form
 * @param {import("./view.js").View} view
 * @param {Date} at now
 * @returns {Read}
 */
export function readAll({ type, schema, scans, context, known }, form, view, at) {
  const isBulk = scans.length > 1;
  const read = readTyped(schema, form.typed);
  const shown = openProblems({ type, schema, scans }, read);
  const lost = view.main.show(shown);
  const beside = view.beside ? readTyped(view.beside.schema, form.beside) : null;
  if (beside) lost.push(...view.beside.form.show(beside.problems));
  const when = readWhen(form, at, context.lifecycle.policy.future_tolerance_s);
  const field = view.element.querySelector("[data-when] .problem");
  field.hidden = !when.problem;
  if (when.problem) {
    field.textContent = tellProblem(when.problem);
    field.closest("details").open = true;
  }
  const ownProblems = new Map();
  const firsts = scans.map((scan) => {
    const first = firstOf(type, schema, scan, read, form, known.get(scan.subject));
    if (isBulk) {
      const { data, problem } = ownData(first.data, form.own[scan.subject] ?? {}, { ...form.bulk, schema });
      first.data = data;
      if (problem) ownProblems.set(scan.subject, problem);
    }
    return first;
  });
  if (view.packs) showOwnProblems(view.packs, ownProblems);
  put(
    view.lost,
    lost.map((problem) =>
      h("p", {}, `${labelOf(problem.pointer.split("/")[2] ?? "", language, type)}: ${tellProblem(problem)}`),
    ),
  );
  view.lost.hidden = !lost.length;
  const problems = shown.length + (beside?.problems.length ?? 0) + ownProblems.size + (when.problem ? 1 : 0);
  if (problems) view.element.querySelector("[aria-invalid], .problem:not([hidden])")?.scrollIntoView({ block: "center" });
  if (problems) view.element.querySelector("[aria-invalid]")?.focus();
  return {
    problems,
    firsts,
    asked: beside ? { data: beside.data, withheld: beside.withheld } : undefined,
    occurredAt: when.at,
  };
}

/**
 * What is wrong in the form of all, without what is filled in pack by pack.
 * @param {{type: string, schema: Record<string, any>, scans: any[]}} session
 * @param {{problems: any[]}} read
 * @returns {any[]}
 */
export function openProblems({ type, schema, scans }, read) {
  if (scans.length < 2) return read.problems;
  const own = new Set(["offer", "read_by"]);
  if (type === "handover.accepted") own.add("capacity");
  if (ownMembers(schema).includes("mass")) own.add("mass");
  return read.problems.filter(({ pointer }) => !own.has(pointer.split("/")[2]));
}

/** What one pack says: of all that is the same, and what follows from its scan and from what is known of it. */
function firstOf(type, schema, scan, read, form, known) {
  const data = { ...read.data };
  const withheld = { ...read.withheld };
  for (const [name, value] of Object.entries(filled(type, known, { waste: [] })))
    if (form.fixed.has(name) && name !== "stage") data[name] = value;
  if (form.fixed.has("read_by")) data.read_by = scan.read_by;
  if (schema.properties.token && scan.token) withheld.token = scan.token;
  if (data.evidence)
    data.evidence = data.evidence.map(({ kind, sha256, media_type, bytes }) => ({ kind, sha256, media_type, bytes }));
  return { type, subject: scan.subject, data, withheld };
}

function readWhen({ when }, at, tolerance) {
  if (!when) return { at, problem: null };
  const date = new Date(when);
  if (Number.isNaN(date.getTime())) return { at, problem: { pointer: "/occurred_at", code: "TIME", got: when } };
  const isAhead = date.getTime() > at.getTime() + tolerance * 1000;
  return { at: date, problem: isAhead ? { pointer: "/occurred_at", code: "FUTURE", got: moment(date) } : null };
}

/**
 * What is worth knowing before signing, and is not in the statement.
 * @param {Record<string, any>} statement
 * @param {any} known its subject
 * @param {Read} read
 * @returns {string[]}
 */
export function remarksOn(statement, known, read) {
  const said = [];
  const stated = statedMass(known);
  const { mass, evidence, read_by } = statement.data;
  if (statement.type === "handover.accepted" && stated !== null && mass && mass.g !== stated) {
    const difference = mass.g - stated;
    said.push(
      t("Stated: %(stated)s. Difference: %(difference)s. Both are recorded.", {
        stated: kilograms(stated),
        difference: `${difference > 0 ? "+" : "−"}${kilograms(Math.abs(difference))}`,
      }),
    );
  }
  const first = read.firsts.find(({ subject, type }) => subject === statement.sub && type === statement.type);
  const takes =
    ["battery.taken_in", "battery.removed", "battery.returned"].includes(statement.type) &&
    first &&
    custodianOf(known) === "nobody";
  if (statement.type === "battery.dismantled") {
    const { children, residues } = statement.data;
    const out = [...children, ...residues].reduce((sum, { g }) => sum + g, 0);
    if (out !== mass.g)
      said.push(
        t("What came out weighs %(out)s, the battery %(mass)s. Both are recorded.", {
          out: kilograms(out),
          mass: kilograms(mass.g),
        }),
      );
  }
  if (takes && read_by && !first.withheld.token && !evidence?.some(({ kind }) => kind === "photo")) {
    said.push(t("Neither the secret of the label nor a photo is with it: it will be marked as a label that nobody saw."));
  }
  return said;
}
