// Recording a step: what was scanned, a form, a sheet that says all of it, one signature.
import { lookUp, refresh } from "../device/known.js";
import { select, selection } from "../device/selection.js";
import { readCode } from "../core/batterycode.js";
import { Refusal } from "../core/refusal.js";
import { loadContext, namer, schemaOf } from "../record/context.js";
import { rowOf } from "../record/fold.js";
import { groups } from "../record/packs.js";
import { tellProblem } from "../record/problems.js";
import { dataOf } from "../record/schema.js";
import { fillIn } from "../record/session.js";
import { rolesOf, step as stepOf, steps } from "../record/steps.js";
import { codeOf } from "../record/typed.js";
import { sharedSteps } from "../scan/batch.js";
import { verb } from "../scan/verbs.js";
import { whyNot } from "../scan/whynot.js";
import { byId, h, put } from "../ui/dom.js";
import { either, language, link, t } from "../ui/texts.js";

const page = byId("page");
const asked = new URL(location.href).searchParams;
/** Steps that begin something with a name of one's own, and not with a scan. */
const NAMED = { "batch.opened": "batch", "lot.made": "lot" };
/** What belongs together with other statements, or is about one record: one pack after the other. */
const ONE_BY_ONE = new Set([
  "battery.installed",
  "battery.removed",
  "battery.dismantled",
  "battery.repaired",
  "battery.manufactured",
  "battery.repurposed",
  "battery.voided",
  "identity.linked",
  "label.reissued",
  "lot.split",
  "lot.merged",
  "lot.voided",
  "batch.closed",
]);

const context = await loadContext();
const nameOf = namer(context.parties, language);
const names = Object.fromEntries(context.parties.map(({ org, name_zh, name_en }) => [org, { zh: name_zh, en: name_en }]));
const why = (reason) => whyNot(reason, { lifecycle: context.lifecycle, names });
async function begin() {
  if (!context.isEnrolled)
    return say("bad", t("This device has no key yet, so it can't sign."), "/enrol", t("Enrol this device"));
  if (!context.lifecycle || !context.me) {
    return say(
      "bad",
      t("The rules are not on this device yet. Open this page once with a network."),
      "/yard",
      t("Take the yard along"),
    );
  }
  const type = asked.get("type");
  const scans = await scanned(type);
  if (!type) return scans.length ? choose(scans) : begins();
  const row = context.lifecycle.rows.find((each) => each.type === type);
  if (!row) return say("bad", t("There is no such step: %(type)s", { type }), "/scan", t("Scan"));
  byId("title").textContent = verb(row); // as the button that led here
  if (NAMED[type] && !scans.length) return name(type);
  if (!scans.length) return begins(type);
  return chosen(type, scans);
}

/** What was scanned; or the subject in the address, which holds no secret. */
async function scanned(type) {
  const subject = asked.get("subject");
  const found = await selection();
  if (!subject) return NAMED[type] ? [] : found.filter((scan) => scan.subject);
  const scan = found.find((each) => each.subject === subject);
  return [scan ?? { subject, code: codeOf(subject), token: null, read_by: "typed" }];
}

function say(kind, text, path, word) {
  put(
    page,
    h("p", { class: `mark ${kind}`, role: "alert" }, text),
    path ? h("a", { class: "big", href: link(path) }, word) : null,
  );
}

// ---- without a scan ----

function begins(type = "") {
  const input = h("input", {
    id: "code",
    class: "code",
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    required: true,
  });
  const wrong = h("p", { class: "problem", id: "wrong", role: "alert", hidden: true });
  const go = async (event) => {
    event.preventDefault();
    try {
      const { code } = readCode(input.value);
      await select([
        {
          subject: `battery:gbt34014:${code}`,
          code,
          token: null,
          read_by: "typed",
          kind: "code",
          remarks: [],
          at: new Date().toISOString(),
        },
      ]);
      location.assign(link(`/record${type ? `?type=${encodeURIComponent(type)}` : ""}`));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      wrong.textContent = tellProblem({ pointer: "/code", code: "CODE", expected: error.expected, got: error.got });
      wrong.hidden = false;
      input.focus();
    }
  };
  const roles = rolesOf(context.me, context.now);
  const named = Object.keys(NAMED).filter(
    (each) =>
      each !== type &&
      rowOf(context.lifecycle, each, `${NAMED[each]}:`).by.some(
        (by) => !by.roles.length || by.roles.some((role) => roles.includes(role)),
      ),
  );
  put(
    page,
    h("a", { class: "huge", href: link("/scan") }, t("Scan")),
    h(
      "form",
      { onsubmit: go, novalidate: true },
      h("div", { class: "field" }, h("label", { for: "code" }, t("Or type the code of a battery")), input, wrong),
      h("button", { class: "big plain" }, t("Go on")),
    ),
    type
      ? null
      : named.map((each) =>
          h(
            "a",
            { class: "big plain", href: link(`/record?type=${each}`) },
            rowOf(context.lifecycle, each, `${NAMED[each]}:`)[language],
          ),
        ),
  );
}

/** Something of one's own needs a name that nobody has used. */
function name(type) {
  const kind = NAMED[type];
  const day = context.now.toISOString().slice(0, 10);
  const input = h("input", {
    id: "name",
    value: `${kind}-${day}`,
    autocomplete: "off",
    spellcheck: "false",
    maxlength: "64",
    pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}",
    required: true,
  });
  const wrong = h("p", { class: "problem", role: "alert", hidden: true });
  const go = async (event) => {
    event.preventDefault();
    if (!input.reportValidity()) return;
    const subject = `${kind}:${context.org.slice(4)}/${input.value}`;
    const known = await refresh(subject);
    if ((known?.seq ?? -1) >= 0) {
      wrong.textContent = t("There is one of this name already. Expected another name.");
      wrong.hidden = false;
      return;
    }
    location.assign(link(`/record?type=${encodeURIComponent(type)}&subject=${encodeURIComponent(subject)}`));
  };
  put(
    page,
    h(
      "form",
      { onsubmit: (event) => void go(event) },
      h(
        "div",
        { class: "field" },
        h("label", { for: "name" }, t("Name")),
        input,
        h("p", { class: "help" }, t("Letters, digits, dot, hyphen and underscore")),
        wrong,
      ),
      h("button", { class: "big" }, t("Go on")),
    ),
  );
}

// ---- which step ----

async function choose(scans) {
  const each = await Promise.all(
    scans.map(async (scan) => ({
      subject: scan.subject,
      steps: steps(await knownOf(scan.subject), context.me, context.lifecycle, context.now, scan.subject),
    })),
  );
  const shared = sharedSteps(each);
  put(
    page,
    about(scans),
    h(
      "div",
      { class: "steps" },
      shared.map(({ type, subjects, ...told }) =>
        h(
          "a",
          { class: "big", href: link(`/record?type=${encodeURIComponent(type)}`) },
          either(told),
          scans.length > 1 ? ` (${subjects.length})` : "",
        ),
      ),
    ),
    shared.length ? null : h("p", { class: "mark warn" }, t("Nothing can be recorded on this by you now.")),
    scans.length === 1 ? barred(each[0].steps) : null,
  );
}

const barred = (found) =>
  h(
    "details",
    {},
    h("summary", {}, t("What can't be recorded now, and why")),
    h(
      "dl",
      {},
      found.filter(({ allowed }) => !allowed).map((each) => [h("dt", {}, either(each)), h("dd", {}, why(each.why))]),
    ),
  );

const about = (scans) =>
  h(
    "ul",
    { class: "list about" },
    scans.slice(0, 6).map(({ subject }) => h("li", { class: "code" }, groups(codeOf(subject) || subject))),
    scans.length > 6 ? h("li", {}, t("and %(count)s more", { count: scans.length - 6 })) : null,
  );

/** What is known; asked for anew where there is a network and one stands before the pack. */
async function knownOf(subject, isAlone = false) {
  const known = await lookUp(subject);
  const isFresh = known?.fetched_at && Date.now() - Date.parse(known.fetched_at) < 60_000;
  if (known && (!isAlone || isFresh || !navigator.onLine)) return known;
  return (await refresh(subject)) ?? known;
}

// ---- the step ----

async function chosen(type, scans) {
  put(page, h("p", { role: "status" }, t("One moment")));
  const schema = await schemaOf(type);
  if (!schema)
    return say(
      "bad",
      t("The form is not on this device yet. Open it once with a network."),
      "/yard",
      t("Take the yard along"),
    );
  const known = new Map();
  for (const { subject } of scans) known.set(subject, await knownOf(subject, scans.length === 1));
  const told = scans.map((scan) => {
    const row = rowOf(context.lifecycle, type, scan.subject);
    return {
      scan,
      step: stepOf(row, { ...known.get(scan.subject), subject: scan.subject }, context.me, context.lifecycle, context.now),
    };
  });
  const open = told.filter(({ step }) => step?.allowed || step?.why.code === "NOT_KNOWN_HERE");
  const left = told.filter((each) => !open.includes(each));
  const queue = ONE_BY_ONE.has(type) ? open.slice(0, 1) : open;
  const leftOut = left.length
    ? h(
        "details",
        { class: "mark warn", open: !open.length },
        h("summary", {}, t("%(count)s can't be taken along", { count: left.length })),
        h(
          "ul",
          {},
          left.map(({ scan, step }) =>
            h(
              "li",
              {},
              h("span", { class: "code" }, groups(codeOf(scan.subject) || scan.subject)),
              ": ",
              step ? why(step.why) : t("The last record on it is not this device's."),
            ),
          ),
        ),
      )
    : null;
  if (!open.length) {
    put(
      page,
      leftOut,
      h("a", { class: "big", href: link("/record") }, t("Other steps")),
      h("a", { class: "huge", href: link("/scan") }, t("Scan")),
    );
    return;
  }
  await fillIn({
    type,
    schema: dataOf(schema),
    context,
    nameOf,
    known,
    page,
    leftOut,
    scans: queue.map(({ scan }) => scan),
    steps: queue.map(({ step }) => step),
    rest: open.slice(queue.length).map(({ scan }) => scan),
  });
}

await begin();
