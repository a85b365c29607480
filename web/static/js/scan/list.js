// The list of many batteries: what each is, a way to take each off, and the steps that many of them share.
import { h } from "../ui/dom.js";
import { t } from "../ui/texts.js";
import { sharedSteps } from "./batch.js";
import { codeGroups, sorted, stageName } from "./card.js";
import { verb } from "./verbs.js";
import { whyNot } from "./whynot.js";

/** @typedef {import("./knowing.js").Found} Found */
/** @typedef {import("./knowing.js").Standing} Standing */

const SHOWN = 4;

/**
 * @param {Found[]} all the newest last
 * @param {Standing} who
 * @param {{onStep: (type: string, subjects: string[]) => void, onRemove: (subject: string) => void, onEmpty: () => void}} on
 * @returns {HTMLElement}
 */
export function list(all, who, { onStep, onRemove, onEmpty }) {
  return h("section", { class: "batch", "aria-labelledby": "batch-count" },
    h("h2", { id: "batch-count" }, all.length === 1 ? t("1 battery") : t("%(count)s batteries", { count: all.length })),
    who.org && all.length > 0 && shared(all, who, onStep),
    h("ol", { class: "list" }, ...[...all].reverse().map((found) => row(found, who, onRemove))),
    all.length > 1 && h("button", { class: "big plain", type: "button", onclick: onEmpty }, t("Empty the list")));
}

function row({ scan, known, source, label }, who, onRemove) {
  const words = [
    source === "unknown" ? t("not known on this phone") : source === "absent" ? t("not on record") : stageName(known, who.lifecycle),
    label === "other" && t("not the label on record"), known?.damaged && t("damaged"),
  ].filter(Boolean).join(" · ");
  const sign = label === "other" || known?.damaged ? "bad" : source === "unknown" || source === "absent" ? "warn" : "good";
  return h("li", { class: "card row", dataset: { subject: scan.subject } },
    h("div", { class: "grow" }, h("div", { class: "code" }, codeGroups(scan.code)), h("div", { class: `sign ${sign}` }, words)),
    h("button", { class: "remove plain", type: "button", onclick: () => onRemove(scan.subject), "aria-label": t("Remove %(code)s", { code: scan.code }) }, t("Remove")));
}

function shared(all, who, onStep) {
  const steps = sorted(sharedSteps(all.map(({ scan, steps }) => ({ subject: scan.subject, steps }))));
  if (steps.length === 0) return h("p", { class: "mark warn" }, t("Nothing is for your organisation to do with these now."));
  const others = steps.slice(SHOWN);
  const of = (step, at) => sharedStep(step, at, all, who, onStep);
  return h("div", { class: "steps" },
    ...steps.slice(0, SHOWN).map(of),
    others.length > 0 && h("details", {}, h("summary", {}, t("%(count)s more steps", { count: others.length })), ...others.map((step) => of(step, 1))));
}

function sharedStep(step, at, all, { lifecycle }, onStep) {
  const values = { step: verb(step), count: step.subjects.length, all: all.length };
  const text = step.barred.length ? t("%(step)s: %(count)s of %(all)s", values) : t("%(step)s: all %(count)s", values);
  const reasons = new Map();
  for (const { subject, why } of step.barred) {
    const { scan, names } = all.find((found) => found.scan.subject === subject);
    const reason = why ? whyNot(why, { lifecycle, names }) : t("it is another kind of thing");
    reasons.set(reason, [...(reasons.get(reason) ?? []), scan.code]);
  }
  return h("div", {},
    h("button", { class: at === 0 ? "huge" : "big", type: "button", dataset: { step: step.type }, onclick: () => onStep(step.type, step.subjects) }, text),
    step.barred.length > 0 && h("details", { class: "barred" },
      h("summary", {}, t("Not for %(count)s of them: show", { count: step.barred.length })),
      h("ul", {}, ...[...reasons].map(([reason, codes]) => h("li", {}, reason, h("ul", {}, ...codes.map((code) => h("li", { class: "code" }, codeGroups(code)))))))));
}
