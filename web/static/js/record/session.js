// One recording from form to receipt: a draft that survives, a sheet of the very statements, one signature, what came of it.
import { accept, labelDigest } from "../core/label.js";
import { api, Offline } from "../device/api.js";
import { now } from "../device/clock.js";
import { allKnown } from "../device/known.js";
import { del, get, put as keepRow } from "../device/db.js";
import { keepEvidence } from "../device/evidence.js";
import { onChange, row as outboxRow } from "../device/outbox.js";
import { clearSelection, select } from "../device/selection.js";
import { keepSetting, setting } from "../device/settings.js";
import { announce, byId, h, put } from "../ui/dom.js";
import { failure, success, wake } from "../ui/sounds.js";
import { kilograms, language, link, moment, t } from "../ui/texts.js";
import { schemaOf } from "./context.js";
import { filled } from "./filled.js";
import { custodianOf } from "./fold.js";
import { makeForm } from "./form.js";
import { ASKED, newVehicle } from "./groups.js";
import { groups, ownData, ownMembers, packRows, showOwnProblems, statedMass } from "./packs.js";
import { tellProblem } from "./problems.js";
import { dataOf } from "./schema.js";
import { makeSheet } from "./sheet.js";
import { NoKey, PlaceMoved, composeGroup, signAll } from "./submission.js";
import { codeOf, readTyped } from "./typed.js";
import { labelOf, wordOf } from "./words.js";

/** Members that are filled in and not asked again; what is in a pack is filled in, and looked at. */
const TAKEN = new Set(["offer", "event", "capacity", "vehicle", "stage"]);
/** What is the same from one time to the next, and is remembered on the device. */
const REMEMBERED = ["site", "capacity", "consignee", "destination", "un_number", "packing", "chemistry", "process", "batch"];
const SAVE_AFTER = 300; // ms after the last key
const STATES = () => ({ here: t("on this phone"), sending: t("sent"), accepted: t("accepted"), refused: t("refused"), parked: t("parked") });

/**
 * @typedef {{type: string, schema: Record<string, any>, context: import("./context.js").Context, nameOf: (org: string) => string,
 *   known: Map<string, any>, page: HTMLElement, leftOut: HTMLElement | null, scans: any[], steps: any[], rest: any[]}} Session
 */

/** @param {Session} session */
export async function fillIn(session) {
  const { type, schema, scans, context } = session;
  const draftId = `form:${type}:${scans[0].subject}:${scans.length}`;
  const draft = await get("drafts", draftId);
  const start = await begin(session);
  const form = draft?.typed ? { ...start, ...draft, typed: { ...draft.typed, ...pick(start.typed, start.fixed) } } : start;
  let timer = 0;
  const save = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void keepRow("drafts", { id: draftId, typed: form.typed, own: form.own, beside: form.beside, bulk: form.bulk, when: form.when, at: Date.now() }), SAVE_AFTER);
  };
  let view = await makeView(session, form, save);
  const review = async () => {
    const read = readAll(session, form, view, await now());
    if (read.problems) {
      failure();
      announce(t("Something is missing or not as expected."));
      return;
    }
    await keepRow("drafts", { id: draftId, typed: form.typed, own: form.own, beside: form.beside, bulk: form.bulk, when: form.when, at: Date.now() });
    await showSheet(session, form, read, () => {
      show();
      byId("title").focus();
    }, () => done(session, form, draftId, timer));
  };
  const again = draft?.typed
    ? h("div", { class: "row again" }, h("p", { class: "grow", role: "status" }, t("What you typed before is here again.")),
        h("button", { type: "button", class: "plain", onclick: () => void startAnew(draftId, timer) }, t("Start anew")))
    : null;
  const show = () => {
    put(session.page, session.leftOut, again, view.element,
      h("div", { class: "sticky" }, h("button", { type: "button", class: "big", id: "review", onclick: () => void review() }, t("Review"))));
  };
  const question = draft?.typed ? null : lastQuestion(session, form);
  if (!question) return show();
  const answer = async (word) => {
    form.typed[question.name] = word;
    view = await makeView(session, form, save);
    await review();
  };
  return put(session.page, session.leftOut, askLast(session, question, answer, show));
}

/**
 * Where all but one word of a list is filled in for many packs, that is asked by itself: then their sheet is one tap away.
 * @param {Session} session
 * @param {any} form
 * @returns {{name: string, words: string[]} | null}
 */
function lastQuestion(session, form) {
  if (session.scans.length < 2 || ASKED[session.type]) return null;
  const [missing, ...others] = openProblems(session, readTyped(session.schema, form.typed));
  const name = missing?.pointer.slice("/data/".length);
  const words = session.schema.properties[name]?.enum;
  return !others.length && missing?.code === "MISSING" && words ? { name, words } : null;
}

const askLast = ({ type, scans }, { name, words }, answer, show) =>
  h("section", { class: "card", id: "question" },
    h("h2", {}, t("%(what)s of all %(count)s", { what: labelOf(name, language, type), count: scans.length })),
    words.map((word) => h("button", { type: "button", class: "big", dataset: { word }, onclick: () => void answer(word) }, wordOf(word, language, name))),
    h("button", { type: "button", class: "big plain", id: "whole-form", onclick: show }, t("Say more: pack by pack, masses, photos")));

async function startAnew(draftId, timer) {
  clearTimeout(timer);
  await del("drafts", draftId);
  location.reload();
}

const pick = (from, names) => Object.fromEntries([...names].filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));

/** What is filled in before anybody types. */
async function begin({ type, schema, context, known, scans, steps }) {
  const [scan] = scans;
  const properties = schema.properties;
  const remembered = (await setting(`defaults:${type}`, {})) ?? {};
  const typed = {};
  for (const name of REMEMBERED) if (properties[name] && remembered[name] !== undefined && name !== "capacity") typed[name] = remembered[name];
  if (properties.mass && remembered.basis) typed.mass = { basis: remembered.basis, ...(remembered.scale_g ? { scale_g: remembered.scale_g } : {}) };
  const sites = (context.me.sites ?? []).map(({ name }) => name);
  if (properties.site && sites.length === 1) [typed.site] = sites;
  if (properties.site && !typed.site && sites.includes(await setting("site"))) typed.site = await setting("site");
  const own = known.get(scan.subject);
  Object.assign(typed, filled(type, own, context.lifecycle));
  const fixed = new Set(Object.keys(typed).filter((name) => TAKEN.has(name) && Object.hasOwn(filled(type, own, context.lifecycle), name)));
  const capacities = steps.map((step) => step.capacities).reduce((all, each) => all.filter((role) => each.includes(role)));
  if (properties.capacity && type !== "handover.offered" && type !== "handover.accepted") {
    if (!capacities.includes(typed.capacity)) {
      typed.capacity = capacities.includes(remembered.capacity) ? remembered.capacity : capacities.length === 1 ? capacities[0] : undefined;
      fixed.delete("capacity");
    }
    if (capacities.length === 1) fixed.add("capacity");
  }
  if (properties.read_by && scans.every(({ read_by }) => properties.read_by.enum.includes(read_by))) {
    typed.read_by = scan.read_by;
    fixed.add("read_by");
  }
  if (type === "battery.registered" && scan.token) {
    typed.label = await labelDigest(codeOf(scan.subject), scan.token);
    fixed.add("label");
  }
  if (type === "batch.closed") Object.assign(typed, await inputsOf(scan.subject));
  if (properties.batch) typed.batch ??= (await openBatches(context.org))[0];
  return { typed, fixed, capacities, own: {}, beside: {}, bulk: { basis: remembered.basis ?? "measured", reason: t("no scale here") }, when: "" };
}

/** What went into a batch the log knows: its number, mass and root can't be told without a network. */
async function inputsOf(subject) {
  try {
    const { status, body } = await api(`/statements/batch.closed/template?subject=${encodeURIComponent(subject)}`);
    return status === 200 && typeof body.data?.inputs?.count === "number" ? { inputs: body.data.inputs } : {};
  } catch (error) {
    if (error instanceof Offline) return {};
    throw error;
  }
}

/** Photos and documents are hashed and kept on the device; their bytes follow once the record is in the log. */
async function keepFile(file, kind) {
  try {
    return { ...(await keepEvidence(file, { kind })), name: file.name };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Error(t("The file is empty, or larger than 32 MB."));
  }
}

const openBatches = async (org) =>
  (await allKnown()).filter(({ subject, owner, closed }) => subject.startsWith("batch:") && owner === org && !closed).map(({ subject }) => subject);

// ---- the form ----

async function makeView(session, form, save) {
  const { type, schema, context, known, scans } = session;
  const isBulk = scans.length > 1;
  const skip = new Set(isBulk ? ["mass"].filter((name) => ownMembers(schema).includes(name)) : []);
  const how = {
    typed: form.typed, fixed: form.fixed, skip, capacities: form.capacities, keepFile, newVehicle, onInput: save,
    sites: (context.me.sites ?? []).map(({ name }) => name),
    parties: context.parties.filter(({ org, suspended }) => org !== context.org && !suspended),
    batches: await openBatches(context.org),
    leastDays: context.lifecycle.policy.offer_least_days,
    labelDigest: (text) => digestOfLabel(text, scans[0].subject),
    isDamaged: scans.some(({ subject }) => known.get(subject)?.damaged),
    barred: scans.some(({ subject }) => context.lifecycle.in_use.includes(known.get(subject)?.stage)) ? context.lifecycle.in_use_barred_to : [],
  };
  const main = makeForm({ ...how, type, schema });
  const beside = await besideOf(session, form, how);
  const packs = isBulk ? packRows({ schema, subjects: scans.map(({ subject }) => subject), known, own: form.own, onInput: save }) : null;
  const lost = h("div", { class: "mark bad", role: "alert", hidden: true });
  const element = h("form", { novalidate: true, onsubmit: (event) => event.preventDefault() },
    h("div", {}, head(session, form), lost, main.element, beside ? [h("h2", {}, beside.title), beside.form.element] : null,
      isBulk && ownMembers(schema).includes("mass") ? massOfMany(form, save, schema) : null, packs, whenField(form, save)));
  return { element, main, beside, packs, lost };
}

/** The packs, and what is filled in and not asked. */
function head({ scans, known, type, nameOf, context }, form) {
  const named = scans.slice(0, 1).map(({ subject }) => h("p", { class: "code" }, groups(codeOf(subject) || subject.slice(subject.indexOf("/") + 1))));
  const stated = scans.length === 1 ? statedMass(known.get(scans[0].subject)) : null;
  const shown = [...form.fixed].filter((name) => !["offer", "event", "label"].includes(name) && form.typed[name] !== undefined);
  const from = scans.length === 1 && type.startsWith("handover.") ? custodianOf(known.get(scans[0].subject)) : "";
  const unknown = scans.filter(({ subject }) => known.get(subject)?.stage === undefined && !known.get(subject)?.fetched_at);
  return h("div", { class: "card about" },
    scans.length > 1 ? h("p", {}, t("%(count)s packs, listed below", { count: scans.length })) : named,
    h("dl", {},
      from?.startsWith("org:") && from !== context.org ? [h("dt", {}, t("Held by")), h("dd", {}, nameOf(from) || from)] : null,
      stated !== null ? [h("dt", {}, t("Mass stated")), h("dd", {}, kilograms(stated))] : null,
      scans.length === 1 ? shown.map((name) => [h("dt", {}, labelOf(name, language, type)), h("dd", {}, filledWord(name, form.typed[name]))]) : null),
    unknown.length ? h("p", { class: "mark warn" }, t("Not known on this device yet: it is checked when it is sent.")) : null);
}

const filledWord = (name, value) => (name === "vehicle" ? value.slice(8, 16) : wordOf(value, language, name));

/** What the statements that follow say, and nobody but the signer knows. */
async function besideOf({ type, context }, form, how) {
  const beside = ASKED[type];
  if (!beside) return null;
  const whole = await schemaOf(beside.type);
  if (!whole) return null;
  const schema = subset(dataOf(whole), beside.members);
  const title = context.lifecycle.rows.find((row) => row.type === beside.type)[language];
  return { schema, title, form: makeForm({ ...how, type: beside.type, schema, typed: form.beside, fixed: new Set(), skip: new Set(), isWhole: true }) };
}

const subset = (schema, members) => ({
  ...schema,
  properties: Object.fromEntries(members.map((name) => [name, schema.properties[name]])),
  required: schema.required.filter((name) => members.includes(name)),
});

function massOfMany(form, save, schema) {
  const basis = h("select", { id: "basis", onchange: (event) => {
    form.bulk.basis = event.target.value;
    save();
  } }, schema.properties.mass.properties.basis.enum.map((word) => h("option", { value: word }, wordOf(word, language, "basis"))));
  basis.value = form.bulk.basis;
  const reason = schema.properties.not_measured && !(schema.required ?? []).includes("mass")
    ? h("div", { class: "field" }, h("label", { for: "reason" }, t("Why some are not measured")),
        h("input", { id: "reason", value: form.bulk.reason, oninput: (event) => {
          form.bulk.reason = event.target.value;
          save();
        } }))
    : null;
  return h("div", {}, h("h2", {}, t("Pack by pack")), h("div", { class: "field" }, h("label", { for: "basis" }, labelOf("basis", language, "mass")), basis), reason);
}

function whenField(form, save) {
  const input = h("input", { id: "when", type: "datetime-local", step: "60", value: form.when, oninput: (event) => {
    form.when = event.target.value;
    save();
  } });
  return h("details", { open: Boolean(form.when) }, h("summary", {}, t("When: now, or earlier")),
    h("div", { class: "field", dataset: { when: "" } }, h("label", { for: "when" }, t("Done at (leave empty for now)")), input, h("p", { class: "problem", hidden: true })));
}

/** The digest of a new label, from its address as it was scanned or from its secret as it was typed. */
async function digestOfLabel(text, subject) {
  const code = codeOf(subject);
  const plain = text.trim().toUpperCase();
  if (/^[A-Z2-7]{20}$/.test(plain)) return labelDigest(code, plain);
  const found = accept(text, { hosts: [location.host, await setting("label-host", location.host)] });
  return found.kind === "label" && found.code === code ? labelDigest(code, found.token) : "";
}

// ---- reading the form ----

function readAll({ type, schema, scans, context, known }, form, view, at) {
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
  put(view.lost, lost.map((problem) => h("p", {}, `${labelOf(problem.pointer.split("/")[2] ?? "", language, type)}: ${tellProblem(problem)}`)));
  view.lost.hidden = !lost.length;
  const problems = shown.length + (beside?.problems.length ?? 0) + ownProblems.size + (when.problem ? 1 : 0);
  if (problems) view.element.querySelector("[aria-invalid], .problem:not([hidden])")?.scrollIntoView({ block: "center" });
  if (problems) view.element.querySelector("[aria-invalid]")?.focus();
  return { problems, firsts, asked: beside ? { data: beside.data, withheld: beside.withheld } : undefined, occurredAt: when.at };
}

/** What is wrong in the form of all, without what is filled in pack by pack. */
function openProblems({ type, schema, scans }, read) {
  if (scans.length < 2) return read.problems;
  const own = new Set(["offer", "read_by", ...(type === "handover.accepted" ? ["capacity"] : []), ...(ownMembers(schema).includes("mass") ? ["mass"] : [])]);
  return read.problems.filter(({ pointer }) => !own.has(pointer.split("/")[2]));
}

/** What one pack says: of all that is the same, and what follows from its scan and from what is known of it. */
function firstOf(type, schema, scan, read, form, known) {
  const data = { ...read.data };
  const withheld = { ...read.withheld };
  for (const [name, value] of Object.entries(filled(type, known, { waste: [] }))) if (form.fixed.has(name) && name !== "stage") data[name] = value;
  if (form.fixed.has("read_by")) data.read_by = scan.read_by;
  if (schema.properties.token && scan.token) withheld.token = scan.token;
  if (data.evidence) data.evidence = data.evidence.map(({ kind, sha256, media_type, bytes }) => ({ kind, sha256, media_type, bytes }));
  return { type, subject: scan.subject, data, withheld };
}

function readWhen({ when }, at, tolerance) {
  if (!when) return { at, problem: null };
  const date = new Date(when);
  if (Number.isNaN(date.getTime())) return { at, problem: { pointer: "/occurred_at", code: "TIME", got: when } };
  const isAhead = date.getTime() > at.getTime() + tolerance * 1000;
  return { at: date, problem: isAhead ? { pointer: "/occurred_at", code: "FUTURE", got: moment(date) } : null };
}

// ---- the sheet ----

async function showSheet(session, form, read, back, finish) {
  const { page, context, nameOf, known } = session;
  let composed;
  const compose = async () => {
    composed = [];
    for (const first of read.firsts) {
      composed.push(await composeGroup(first, { occurredAt: read.occurredAt, asked: read.asked, lifecycle: context.lifecycle }));
    }
  };
  const status = h("p", { role: "status" });
  const draw = async (remark) => {
    await compose();
    const sheet = makeSheet(composed.flat(), { lifecycle: context.lifecycle, nameOf, remarks: (statement) => remarksOn(statement, known.get(statement.sub), form, read) });
    put(page, h("h2", { id: "sheet", tabindex: "-1" }, t("Please check. This is what you sign.")), remark ? h("p", { class: "mark warn", role: "alert" }, remark) : null, sheet,
      h("div", { class: "sticky" },
        h("button", { type: "button", class: "huge", id: "sign", onclick: (event) => void sign(event.target) }, composed.length > 1 ? t("Sign %(count)s records", { count: composed.length }) : t("Sign")),
        status, h("button", { type: "button", class: "big plain", id: "back", onclick: back }, t("Change something"))));
    byId("sheet").focus();
  };
  const sign = async (button) => {
    wake();
    button.disabled = true;
    const evidence = (form.typed.evidence ?? []).map(({ sha256 }) => sha256);
    try {
      const rows = await signAll(composed.map((parts) => ({ parts, evidence })), (count) => {
        status.textContent = composed.length > 1 ? t("%(done)s of %(count)s signed", { done: count, count: composed.length }) : "";
      });
      success();
      await finish()(rows);
    } catch (error) {
      failure();
      button.disabled = false;
      if (error instanceof PlaceMoved) await draw(t("Something was recorded on it meanwhile. Please check once more."));
      else if (error instanceof NoKey) status.textContent = t("This device has no key yet, so it can't sign.");
      else throw error;
    }
  };
  await draw();
}

/** What is worth knowing before signing, and is not in the statement. */
function remarksOn(statement, known, form, read) {
  const said = [];
  const stated = statedMass(known);
  const { mass, evidence, read_by } = statement.data;
  if (statement.type === "handover.accepted" && stated !== null && mass && mass.g !== stated) {
    const difference = mass.g - stated;
    said.push(t("Stated: %(stated)s. Difference: %(difference)s. Both are recorded.", { stated: kilograms(stated), difference: `${difference > 0 ? "+" : "−"}${kilograms(Math.abs(difference))}` }));
  }
  const first = read.firsts.find(({ subject, type }) => subject === statement.sub && type === statement.type);
  const takes = ["battery.taken_in", "battery.removed", "battery.returned"].includes(statement.type) && first && custodianOf(known) === "nobody";
  if (statement.type === "battery.dismantled") {
    const { children, residues } = statement.data;
    const out = [...children, ...residues].reduce((sum, { g }) => sum + g, 0);
    if (out !== mass.g) said.push(t("What came out weighs %(out)s, the battery %(mass)s. Both are recorded.", { out: kilograms(out), mass: kilograms(mass.g) }));
  }
  if (takes && read_by && !first.withheld.token && !evidence?.some(({ kind }) => kind === "photo")) {
    said.push(t("Neither the secret of the label nor a photo is with it: it will be marked as a label that nobody saw."));
  }
  return said;
}

// ---- afterwards ----

function done(session, form, draftId, timer) {
  return async (rows) => {
    clearTimeout(timer);
    await del("drafts", draftId);
    await remember(session.type, form);
    if (session.rest.length) await select(session.rest);
    else await clearSelection();
    const { page } = session;
    const list = h("ul", { class: "list", id: "signed" });
    const draw = async () => {
      const now_ = await Promise.all(rows.map(async (row) => (await outboxRow(row.id)) ?? row));
      put(list, now_.map((row) => h("li", { class: "card" },
        h("div", { class: "row" }, h("span", { class: "code grow" }, groups(codeOf(row.subject) || row.subject.slice(row.subject.indexOf("/") + 1))),
          h("span", { class: "chip", dataset: { state: row.state } }, STATES()[row.state])),
        h("p", { class: "kind" }, t("Record %(id)s", { id: row.id.slice(0, 8) })),
        row.why ? h("p", { class: "problem" }, row.why.detail || row.why.code) : null)));
      const accepted = now_.filter(({ state }) => state === "accepted").length;
      announce(t("%(accepted)s of %(count)s accepted", { accepted, count: now_.length }));
    };
    onChange(({ what }) => what === "outbox" && void draw());
    put(page, h("h2", { id: "ready", tabindex: "-1" }, rows.length > 1 ? t("%(count)s records are signed", { count: rows.length }) : t("Signed")), list,
      session.rest.length ? h("a", { class: "huge", href: link(`/record?type=${encodeURIComponent(session.type)}`) }, t("Next pack (%(count)s left)", { count: session.rest.length })) : null,
      h("a", { class: session.rest.length ? "big plain" : "huge", href: link("/scan") }, t("Scan the next")),
      rows.length === 1 ? h("a", { class: "big plain", href: link(`/record?subject=${encodeURIComponent(rows[0].subject)}`) }, t("Another step on this pack")) : null,
      h("a", { class: "big plain", href: link("/outbox") }, t("Outbox")));
    await draw();
    byId("ready").focus();
  };
}

async function remember(type, form) {
  const kept = Object.fromEntries(REMEMBERED.filter((name) => typeof form.typed[name] === "string" && form.typed[name]).map((name) => [name, form.typed[name]]));
  const mass = form.typed.mass;
  await keepSetting(`defaults:${type}`, { ...kept, basis: mass?.basis ?? form.bulk.basis, ...(mass?.scale_g ? { scale_g: mass.scale_g } : {}) });
  if (kept.site) await keepSetting("site", kept.site);
}
