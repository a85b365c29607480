// The card of one battery: what it is, who holds it, what to beware of, whether its label is the right one, and what may be
// done next.
import { custodianOf } from "../record/fold.js";
import { h } from "../ui/dom.js";
import { either, kilograms, link, moment, t } from "../ui/texts.js";
import { verb } from "./verbs.js";
import { whyNot } from "./whynot.js";

/** @typedef {import("./knowing.js").Found} Found */
/** @typedef {import("./knowing.js").Standing} Standing */
/** @typedef {import("../record/steps.js").Step} Step */

const SHOWN = 4; // steps that are buttons at once; the others are behind one tap
/** Steps in the order in which a yard takes them most often; the others follow as the table has them. */
const USUAL = [
  "handover.accepted", "battery.taken_in", "battery.removed", "battery.dismantled", "battery.recycled", "handover.offered",
  "battery.retired", "battery.registered", "battery.inspected", "battery.installed", "battery.repaired", "battery.moved",
  "battery.released", "battery.rebooked", "handover.withdrawn", "handover.declined",
];

/**
 * @param {Found} found
 * @param {Standing} who
 * @param {(step: Step) => void} onStep
 * @returns {HTMLElement}
 */
export function card(found, who, onStep) {
  const { scan, known, source, names } = found;
  const isThere = known && source !== "absent";
  return h("article", { class: "card found", "aria-labelledby": "found-code" },
    h("h2", { id: "found-code", class: "code" }, codeGroups(scan.code)),
    isThere && h("p", { class: "state" }, stageName(known, who.lifecycle)),
    sourceMark(found, who),
    !isThere && !scan.subject.startsWith("battery:gbt34014:") &&
      h("p", { class: "mark warn" }, t("It is no code of GB/T 34014, with 24 or 19 characters, but of another kind. Compare it with the label, character by character.")),
    ...warnings(known),
    labelMark(found.label, who),
    isThere && listed(holding(known, names, who)),
    who.org ? stepsOf(found, who, onStep) : enrolFirst(),
    isThere && listed(facts(known, names, who)),
    h("p", { class: "row" },
      h("a", { class: "big plain grow", href: link(`/p/${scan.code}`) }, t("Passport")),
      who.org && isThere && h("a", { class: "big plain grow", href: link(`/batteries/${scan.code}`) }, t("Timeline"))));
}

/** A code as it is printed, in groups that can be read out. @param {string} code @returns {HTMLElement[]} */
export function codeGroups(code) {
  const groups = /^[A-Z0-9]{19,24}$/.test(code) ? code.match(/.{1,8}/g) : [code];
  return groups.flatMap((group, at) => (at ? [" ", h("span", {}, group)] : [h("span", {}, group)]));
}

/** @param {import("../device/known.js").Known} known @param {any} lifecycle @returns {string} its stage in words */
export function stageName({ stage, stage_name: told, base }, lifecycle) {
  const named = lifecycle?.stages.find((each) => each.stage === stage);
  if (named) return either(named);
  return told && (base?.stage ?? stage) === stage ? either(told) : (stage ?? "");
}

/** What an organisation is called. @param {string} org @param {Record<string, any>} names @param {string} own */
export function nameOf(org, names, own) {
  if (!org) return "";
  if (org === "nobody") return t("nobody");
  if (org === "none") return t("nobody any more");
  const name = names[org] ? either(names[org]) || org : org;
  return org === own ? t("%(name)s (this is you)", { name }) : name;
}

function sourceMark({ known, source }, who) {
  if (source === "absent") return h("p", { class: "mark warn" }, t("Not on record: this log says nothing of it."));
  if (source === "unknown") {
    const text = who.org
      ? t("Not known on this phone, and there is no network. Record anyway: it is checked when it is sent.")
      : t("Not known on this phone, and there is no network.");
    return h("p", { class: "mark warn" }, text);
  }
  if (source === "kept" && known.fetched_at) {
    return h("p", { class: "soft" }, t("As this phone was told on %(at)s; there is no newer word.", { at: moment(known.fetched_at) }));
  }
  return known?.ahead?.length ? h("p", { class: "soft" }, t("With what waits on this phone to be sent.")) : null;
}

function warnings(known) {
  if (!known) return [];
  return [
    known.damaged && t("Damaged: keep away, do not move it, and call the fire service if it smokes or is warm."),
    (known.on_hold || known.holds?.length > 0) && t("Held by an authority: most steps are barred until that is lifted."),
    (known.origin_contested || known.contested) && t("Its maker contests where it comes from."),
  ].filter(Boolean).map((text) => h("p", { class: "mark bad", role: "alert" }, text));
}

function labelMark(label, who) {
  switch (label) {
    case "record":
      return h("p", { class: "mark good" }, t("The label that was scanned is the one on record."));
    case "other":
      return h("p", { class: "mark bad", role: "alert" }, t("The label that was scanned is not the one on record: it was replaced, or belongs to another battery, or is false."));
    case "none on record":
      return h("p", { class: "mark warn" }, t("No label of this battery is on record, so the one that was scanned proves nothing."));
    case "no token":
      return who.org ? h("p", { class: "soft" }, t("Read by its code alone: whether the label is the right one was not checked.")) : null;
    default:
      return h("p", { class: "soft" }, t("Which label is on record is not known here: not checked."));
  }
}

/** Who has it and who is to have it: before the steps, which follow from that. */
const holding = (known, names, { org }) => [
  [t("Held by"), nameOf(custodianOf(known), names, org)],
  [t("Offered to"), known.offer && nameOf(known.offer.consignee, names, org)],
];

/** What else is known: below the steps, which are what somebody with gloves on came for. */
function facts(known, names, { lifecycle }) {
  const role = lifecycle?.roles.find((each) => each.role === known.capacity);
  return [
    [t("In the capacity of"), role && either(role)],
    [t("Offer ends"), known.offer && moment(known.offer.expires_at)],
    [t("Maker"), nameOf(known.maker, names, "")],
    [t("Chemistry"), known.chemistry],
    [t("Nominal mass"), known.model?.mass_g && kilograms(known.model.mass_g)],
  ];
}

function listed(rows) {
  const told = rows.filter(([, value]) => value);
  return told.length > 0 && h("dl", {}, ...told.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function enrolFirst() {
  return h("div", {},
    h("p", {}, t("This phone has no key yet, so it can look things up and record nothing. Whoever looks after the devices of your organisation shows you a code to enrol it.")),
    h("a", { class: "big", href: link("/enrol") }, t("How to enrol this phone")));
}

function stepsOf({ steps, source, known, names }, { lifecycle }, onStep) {
  const lawful = sorted(steps.filter(({ allowed }) => allowed));
  const barred = steps.filter(({ allowed }) => !allowed);
  const button = (step, at) =>
    h("button", { class: at === 0 ? "huge" : "big", type: "button", dataset: { step: step.type }, onclick: () => onStep(step) }, verb(step));
  const more = lawful.slice(SHOWN);
  return h("section", { class: "steps", "aria-label": t("Next steps") },
    lawful.length === 0 && h("p", { class: "mark warn" }, noSteps(source, known)),
    ...lawful.slice(0, SHOWN).map(button),
    more.length > 0 && h("details", {}, h("summary", {}, t("%(count)s more steps", { count: more.length })), ...more.map((step) => button(step, 1))),
    barred.length > 0 && h("details", { class: "barred" }, h("summary", {}, t("Why %(count)s other steps are barred", { count: barred.length })),
      h("ul", {}, ...barred.map((step) => h("li", {}, h("strong", {}, verb(step)), t(": "), whyNot(step.why, { lifecycle, names }))))));
}

const noSteps = (source, known) =>
  source === "absent" || !known
    ? t("Your organisation can begin no record of it.")
    : t("Nothing is for your organisation to do with it now.");

/** @param {Step[]} steps @returns {Step[]} the usual ones first */
export function sorted(steps) {
  const place = ({ type }) => (USUAL.includes(type) ? USUAL.indexOf(type) : USUAL.length);
  return [...steps].sort((one, other) => place(one) - place(other));
}
