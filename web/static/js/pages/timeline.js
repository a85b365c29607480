// Timeline: what the chain of a battery says, checked on this device.
import { accept } from "../core/label.js";
import { allKnown } from "../device/known.js";
import { rows } from "../device/outbox.js";
import { readPresentation } from "../device/presentation.js";
import { setting } from "../device/settings.js";
import { onChange } from "../device/signals.js";
import { check } from "../show/check.js";
import { doubts } from "../show/lies.js";
import { comparePin } from "../show/pins.js";
import { verdict, verification } from "../show/report.js";
import { save } from "../show/save.js";
import { loadStory, openWithheld } from "../show/story.js";
import { codeOf, nameOf, roleName, threadView } from "../show/timeline.js";
import { threadOf } from "../show/thread.js";
import { word, words as loadWords } from "../show/words.js";
import { announce, byId, h, put } from "../ui/dom.js";
import { either, link, moment, t } from "../ui/texts.js";

const subject = subjectOf(location.pathname);
/** @type {{summary: import("../show/inspect.js").Summary, opened: Map<string, any>} | null} */
let shown = null;

if (!subject) put(byId("verdicts"), h("p", { class: "mark bad" }, t("This is no battery code. Scan the label, or type the code.")), again());
else {
  put(byId("code"), groups(codeOf(subject)));
  await show();
  onChange(({ what }) => what === "outbox" && void showWaiting());
}

/** The battery of this address: a code as it was scanned, or a subject. */
function subjectOf(path) {
  let text;
  try {
    text = decodeURIComponent(path.replace(/^\/batteries\//, ""));
  } catch {
    return "";
  }
  if (text.startsWith("battery:")) return /^battery:[a-z0-9]+:[!-~]{1,160}$/.test(text) ? text : "";
  const said = accept(text, { hosts: [] });
  return said.kind === "code" ? said.subject : "";
}

async function show() {
  put(byId("verdicts"), h("p", { class: "nothing" }, t("Reading and checking …")));
  try {
    const story = await loadStory(subject);
    if (story.kept) await showStory(story, await setting("org"));
    else await showStranger(story);
  } catch (error) {
    // Without storage, or where the checking part fails: nothing is shown that was not checked.
    put(byId("verdicts"), h("p", { class: "mark bad" }, t("Not checked: %(why)s", { why: error.message })), passport());
    put(byId("thread"));
    console.warn(error);
  }
  announce(byId("verdicts").querySelector(".mark")?.textContent ?? "");
}

async function showStory(story, org) {
  const { kept, told } = story;
  const trust = await setting("trust");
  const words = await loadWords();
  const inspected = await check(kept.bytes, { trust });
  if (inspected.what !== "report") throw new Error("expected a report of the bundle");
  const { summary } = inspected;
  const thread = threadOf(subject, summary.own, summary.findings, words);
  const own = await recordedHere();
  const against = {
    subject, org, told: story.isFresh && told ? { seq: told.seq, head: told.head } : null, end: kept.end, before: story.before,
    complete: kept.complete, own, isFresh: story.isFresh,
  };
  const found = doubts(summary, thread, against);
  if (trust && summary.verdict !== "REFUTED" && story.isFresh) found.push(await comparePin(summary));
  const all = found.filter(Boolean);
  const opened = await openWithheld(summary.own, kept.withheld);
  const isBad = summary.verdict === "REFUTED" || thread.isWrong || all.some(({ severity }) => severity === "bad");
  put(byId("verdicts"),
    isBad && summary.verdict !== "REFUTED" ? h("p", { class: "mark bad verdict", dataset: { verdict: "REFUTED" } }, t("Something is wrong with this history.")) : verdict(summary),
    all.map(({ severity, code, text }) => h("p", { class: `mark ${severity}`, dataset: { doubt: code } }, text)),
    !trust && h("p", { class: "mark warn" }, t("Whose log it is was not checked: this device has pinned no trust file.")),
    h("p", { class: "kind" }, story.isFresh ? t("From the node, just now.") : t("Kept on this phone, from %(at)s.", { at: moment(kept.at) }),
      story.why ? ` ${reason(story)}` : ""));
  put(byId("standing"), standing(thread.standing, summary, words));
  put(byId("tools"),
    h("button", { type: "button", class: "big", onclick: () => save(`${codeOf(subject)}.zip`, kept.bytes, "application/zip") }, t("Export for an inspector (zip)")),
    passport(), h("button", { type: "button", class: "big plain", onclick: () => void show() }, t("Check again")));
  shown = { summary, opened };
  await showWaiting();
  put(byId("checked"), h("details", {}, h("summary", {}, t("What was checked, and what was not")),
    ...(await verification(summary, { file: `${codeOf(subject)}.zip` }))));
}

async function showWaiting() {
  if (!shown) return;
  put(byId("thread"), h("h2", {}, t("The events")), await threadView(shown.summary, { opened: shown.opened, waiting: await waiting() }));
}

/** Own records of this battery that the log does not have. */
async function waiting() {
  const found = [];
  for (const row of await rows()) {
    if (row.state === "accepted" || !row.subjects.includes(subject)) continue;
    for (const { statement, id } of await Promise.all(row.events.map(readPresentation))) {
      if (statement.sub === subject) found.push({ statement, id, state: row.state });
    }
  }
  return found;
}

/** Ids of own records of this battery that were recorded, as their receipts say. */
async function recordedHere() {
  const found = [];
  for (const row of (await rows()).filter(({ state, subjects }) => state === "accepted" && subjects.includes(subject))) {
    for (const { statement, id } of await Promise.all(row.events.map(readPresentation))) if (statement.sub === subject) found.push(id);
  }
  return found;
}

function standing({ custodian, stage, capacity }, { names }, words) {
  const places = { nobody: t("nobody who is enrolled"), none: t("none"), parent: t("whoever holds the battery around it") };
  const held = Object.hasOwn(places, custodian) ? places[custodian] : nameOf(custodian, names);
  const pairs = [[t("Stage"), stage && word(words.stages, stage)], [t("Held by"), held], [t("Held as"), capacity && roleName(capacity)]];
  return h("dl", {}, ...pairs.filter(([, value]) => value).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

// ---- those who may not see events ----

/** What everybody is told, and why there is no more. */
async function showStranger(story) {
  const { told } = story;
  const known = told ?? (await allKnown()).find((row) => row.subject === subject) ?? null;
  put(byId("verdicts"), h("p", { class: story.isOffline || !told ? "mark warn" : "card" }, reason(story)), !told && !story.isOffline && again());
  put(byId("tools"), passport(), !story.isEnrolled && h("a", { class: "big plain", href: link("/enrol") }, t("Enrol this device")));
  if (!known?.stage) return;
  const pairs = [
    [t("Stage"), known.stage_name ? either(known.stage_name) : known.stage], [t("Chemistry"), known.chemistry],
    [t("Maker"), known.maker && either({ zh: known.maker.name_zh, en: known.maker.name_en })],
    [t("Events so far"), Number.isSafeInteger(known.seq) && known.seq >= 0 ? String(known.seq + 1) : ""],
  ];
  put(byId("standing"), h("dl", {}, ...pairs.filter(([, value]) => value).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    !told && known.fetched_at && h("p", { class: "kind" }, t("Kept on this phone, from %(at)s.", { at: moment(known.fetched_at) })));
}

/** Why events are not shown, in a plain sentence. */
function reason({ isOffline, isEnrolled, why, told }) {
  if (isOffline) return t("There is no network, and this phone has not kept the events of this battery.");
  if (why?.status === 404 && !told) return t("The log says nothing of this battery.");
  if (why?.status === 401 || !isEnrolled) {
    return t("Its events are shown to whoever holds it or held it, to whom it is offered, and to the authority. This phone has no key that shows who you are.");
  }
  if (why?.status === 403) {
    return t("Its events are shown to whoever holds it or held it, to whom it is offered, and to the authority. Your organisation has no part in it.");
  }
  const said = why ? [why.status, why.code, why.detail].join(" ") : "–";
  return t("The node did not give its events: %(why)s", { why: said });
}

function passport() {
  return h("a", { class: "big plain", href: link(`/p/${encodeURIComponent(codeOf(subject))}`) }, t("Public passport"));
}

function again() {
  return h("a", { class: "big", href: link("/scan") }, t("Scan"));
}

/** A code in groups, to be read out. */
function groups(code) {
  return code.length === 24 ? [0, 8, 16].map((at) => [h("span", {}, code.slice(at, at + 8)), " "]) : code;
}
