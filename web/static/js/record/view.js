// The page of a form: which packs, what is filled in, the fields, what differs from pack to pack, and when it was.
import { accept, labelDigest } from "../core/label.js";
import { keepEvidence } from "../device/evidence.js";
import { setting } from "../device/settings.js";
import { h } from "../ui/dom.js";
import { kilograms, language, t } from "../ui/texts.js";
import { schemaOf } from "./context.js";
import { custodianOf } from "./fold.js";
import { makeForm } from "./form.js";
import { ASKED, newVehicle } from "./groups.js";
import { groups, ownMembers, packRows, statedMass } from "./packs.js";
import { dataOf } from "./schema.js";
import { openBatches } from "./start.js";
import { codeOf } from "./typed.js";
import { labelOf, wordOf } from "./words.js";

/**
 * @typedef {{element: HTMLElement, main: any, beside: {schema: any, title: string, form: any} | null, packs: HTMLElement |
 *   null, lost: HTMLElement}} View `beside`: what is asked for a statement that follows; `lost`: problems that no field
 *   shows
 */

/**
 * @param {import("./session.js").Session} session
 * @param {import("./session.js").Form} form
 * @param {() => void} save
 * @returns {Promise<View>}
 */
export async function makeView(session, form, save) {
  const { type, schema, context, known, scans } = session;
  const isBulk = scans.length > 1;
  const skip = new Set(isBulk ? ["mass"].filter((name) => ownMembers(schema).includes(name)) : []);
  const how = {
    typed: form.typed,
    fixed: form.fixed,
    skip,
    capacities: form.capacities,
    keepFile,
    newVehicle,
    onInput: save,
    sites: (context.me.sites ?? []).map(({ name }) => name),
    parties: context.parties.filter(({ org, suspended }) => org !== context.org && !suspended),
    batches: await openBatches(context.org),
    leastDays: context.lifecycle.policy.offer_least_days,
    labelDigest: (text) => digestOfLabel(text, scans[0].subject),
    isDamaged: scans.some(({ subject }) => known.get(subject)?.damaged),
    barred: scans.some(({ subject }) => context.lifecycle.in_use.includes(known.get(subject)?.stage))
      ? context.lifecycle.in_use_barred_to
      : [],
  };
  const main = makeForm({ ...how, type, schema });
  const beside = await besideOf(session, form, how);
  const packs = isBulk
    ? packRows({ schema, subjects: scans.map(({ subject }) => subject), known, own: form.own, onInput: save })
    : null;
  const lost = h("div", { class: "mark bad", role: "alert", hidden: true });
  const element = h(
    "form",
    { novalidate: true, onsubmit: (event) => event.preventDefault() },
    h(
      "div",
      {},
      head(session, form),
      lost,
      main.element,
      beside ? [h("h2", {}, beside.title), beside.form.element] : null,
      isBulk && ownMembers(schema).includes("mass") ? massOfMany(form, save, schema) : null,
      packs,
      whenField(form, save),
    ),
  );
  return { element, main, beside, packs, lost };
}

/** The packs, and what is filled in and not asked. */
function head({ scans, known, type, nameOf, context }, form) {
  const named = scans
    .slice(0, 1)
    .map(({ subject }) => h("p", { class: "code" }, groups(codeOf(subject) || subject.slice(subject.indexOf("/") + 1))));
  const stated = scans.length === 1 ? statedMass(known.get(scans[0].subject)) : null;
  const shown = [...form.fixed].filter(
    (name) => !["offer", "event", "label"].includes(name) && form.typed[name] !== undefined,
  );
  const from = scans.length === 1 && type.startsWith("handover.") ? custodianOf(known.get(scans[0].subject)) : "";
  const unknown = scans.filter(({ subject }) => known.get(subject)?.stage === undefined && !known.get(subject)?.fetched_at);
  return h(
    "div",
    { class: "card about" },
    scans.length > 1 ? h("p", {}, t("%(count)s packs, listed below", { count: scans.length })) : named,
    h(
      "dl",
      {},
      from?.startsWith("org:") && from !== context.org
        ? [h("dt", {}, t("Held by")), h("dd", {}, nameOf(from) || from)]
        : null,
      stated !== null ? [h("dt", {}, t("Mass stated")), h("dd", {}, kilograms(stated))] : null,
      scans.length === 1
        ? shown.map((name) => [h("dt", {}, labelOf(name, language, type)), h("dd", {}, filledWord(name, form.typed[name]))])
        : null,
    ),
    unknown.length
      ? h("p", { class: "mark warn" }, t("Not known on this device yet: it is checked when it is sent."))
      : null,
  );
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
  return {
    schema,
    title,
    form: makeForm({
      ...how,
      type: beside.type,
      schema,
      typed: form.beside,
      fixed: new Set(),
      skip: new Set(),
      isWhole: true,
    }),
  };
}

const subset = (schema, members) => ({
  ...schema,
  properties: Object.fromEntries(members.map((name) => [name, schema.properties[name]])),
  required: schema.required.filter((name) => members.includes(name)),
});

function massOfMany(form, save, schema) {
  const basis = h(
    "select",
    {
      id: "basis",
      onchange: (event) => {
        form.bulk.basis = event.target.value;
        save();
      },
    },
    schema.properties.mass.properties.basis.enum.map((word) =>
      h("option", { value: word }, wordOf(word, language, "basis")),
    ),
  );
  basis.value = form.bulk.basis;
  const reason =
    schema.properties.not_measured && !(schema.required ?? []).includes("mass")
      ? h(
          "div",
          { class: "field" },
          h("label", { for: "reason" }, t("Why some are not measured")),
          h("input", {
            id: "reason",
            value: form.bulk.reason,
            oninput: (event) => {
              form.bulk.reason = event.target.value;
              save();
            },
          }),
        )
      : null;
  return h(
    "div",
    {},
    h("h2", {}, t("Pack by pack")),
    h("div", { class: "field" }, h("label", { for: "basis" }, labelOf("basis", language, "mass")), basis),
    reason,
  );
}

function whenField(form, save) {
  const input = h("input", {
    id: "when",
    type: "datetime-local",
    step: "60",
    value: form.when,
    oninput: (event) => {
      form.when = event.target.value;
      save();
    },
  });
  return h(
    "details",
    { open: Boolean(form.when) },
    h("summary", {}, t("When: now, or earlier")),
    h(
      "div",
      { class: "field", dataset: { when: "" } },
      h("label", { for: "when" }, t("Done at (leave empty for now)")),
      input,
      h("p", { class: "problem", hidden: true }),
    ),
  );
}

/** The digest of a new label, from its address as it was scanned or from its secret as it was typed. */
async function digestOfLabel(text, subject) {
  const code = codeOf(subject);
  const plain = text.trim().toUpperCase();
  if (/^[A-Z2-7]{20}$/.test(plain)) return labelDigest(code, plain);
  const found = accept(text, { hosts: [location.host, await setting("label-host", location.host)] });
  return found.kind === "label" && found.code === code ? labelDigest(code, found.token) : "";
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
