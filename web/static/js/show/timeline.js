// The thread of a battery as a page shows it. Whatever was signed is shown as text, and nothing of it is believed.
import { labelOf, unitOf, wordOf } from "../record/words.js";
import { h } from "../ui/dom.js";
import { either, kilograms, language, link, moment, t } from "../ui/texts.js";
import { line } from "./report.js";
import { save } from "./save.js";
import { isSubject, namedIn, text, threadOf } from "./thread.js";
import { word, words as loadWords } from "./words.js";

/** @typedef {import("./inspect.js").Summary} Summary */
/**
 * @typedef {{name: string, state: "disclosed" | "withheld" | "erased" | "false", value?: any}} Opened a withheld member, and
 *   what of it was shown; `false`: a value that is not the one that was signed
 */

const LATE = 86_400; // s after which a record counts as late
const AHEAD = 300; // s that clocks may differ
const MOST_FACTS = 40; // members of one statement
const LONGEST = 2_000; // characters of one text that are shown

/**
 * @param {Summary} summary of a bundle of one battery, or a few events
 * @param {{opened?: Map<string, Opened[]>, waiting?: {statement: Record<string, any>, id: string, state: string}[]}} more
 *   `waiting`: this device's own records that the log does not have
 * @returns {Promise<HTMLElement>}
 */
export async function threadView(summary, { opened = new Map(), waiting = [] } = {}) {
  const words = await loadWords();
  const subject = summary.subject || text(summary.own[0]?.statement.sub);
  const { items } = threadOf(subject, summary.own, summary.findings, words);
  const show = { words, names: summary.names, receipts: summary.receipts, opened, isJudged: summary.kind === "battery" };
  return h("ol", { class: "thread" },
    ...items.map((item) => (item.what === "gap" ? gap(item) : entry(item, show))),
    ...waiting.map((each) => waitingView(each, show)));
}

function gap({ from, to }) {
  const said = from === to ? t("Event %(from)s is missing here.", { from }) : t("Events %(from)s to %(to)s are missing here.", { from, to });
  return h("li", { class: "wrong", dataset: { gap: `${from}-${to}` } }, h("div", { class: "card gap wrong" }, h("p", { class: "mark bad" }, said)));
}

function entry(item, show) {
  const { event, wrong, isVoided } = item;
  const { type, seq, data } = event.statement;
  const kind = item.what === "note" ? "note" : "";
  return h("li", { class: [wrong.length ? "wrong" : "", kind].join(" ").trim(), dataset: { seq: String(seq), type, id: event.id } },
    h("article", { class: "card" },
      h("h3", { class: isVoided ? "struck" : "" }, word2(show.words.types, type), " ",
        h("span", { class: "seq" }, item.what === "note" ? t("note %(seq)s", { seq }) : `#${seq}`)),
      isVoided && h("p", { class: "mark warn" }, t("Voided by a later event.")),
      times(item),
      h("dl", {}, ...facts(item, show).flatMap(([name, ...value]) => [h("dt", {}, name), h("dd", {}, ...value)])),
      ...difference(item),
      links(data),
      checks(item, show),
      item.notes.length > 0 && h("ol", { class: "thread" }, ...item.notes.map((note) => entry(note, show))),
      h("details", {}, h("summary", {}, t("All that was signed")), signed(event, show)),
    ));
}

const word2 = (table, code) => (Object.hasOwn(table, code) ? word(table, code) : clip(code));

/** Both times: the signer's claim, and the log's. */
function times({ event, late_s }) {
  const { occurred_at } = event.statement;
  const claimed = h("span", {}, t("%(at)s, as the signer says", { at: when(occurred_at) }));
  if (!event.recordedAt) return h("p", { class: "times" }, claimed);
  const isLate = late_s !== null && late_s > LATE;
  const isAhead = late_s !== null && late_s < -AHEAD;
  const how = late_s === null || Math.abs(late_s) <= AHEAD ? t("recorded by the log %(at)s", { at: when(event.recordedAt) })
    : isAhead ? t("recorded by the log %(at)s: before it is said to have happened", { at: when(event.recordedAt) })
      : t("recorded by the log %(at)s, %(late)s later", { at: when(event.recordedAt), late: lasting(late_s) });
  return h("p", { class: "times" }, claimed, h("span", { class: isLate || isAhead ? "late" : "", dataset: { late: String(late_s ?? "") } }, how));
}

const when = (at) => (Number.isFinite(Date.parse(at)) ? moment(at) : clip(at));

/** A stretch of time in its largest unit. @param {number} seconds */
export function lasting(seconds) {
  const [size, unit] = seconds >= 172_800 ? [86_400, "day"] : seconds >= 5_400 ? [3_600, "hour"] : [60, "minute"];
  return new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en-GB", { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 })
    .format(seconds / size);
}

function facts({ event, mass, before, after, what }, show) {
  const { type, data: said, iss } = event.statement;
  const data = typeof said === "object" && said !== null ? said : {};
  const rows = [[t("By"), nameOf(iss, show.names)]];
  if (what === "event" && show.isJudged) {
    if (after.custodian !== before.custodian) {
      const from = before.custodian === "none" ? [] : [holder(before.custodian, show), " → "];
      rows.push([t("Custody"), ...from, holder(after.custodian, show)]);
    }
    if (after.stage && after.stage !== before.stage) rows.push([t("Stage"), word(show.words.stages, after.stage)]);
  }
  if (mass) rows.push([labelOf("mass", language), massText(mass)]);
  for (const [name, value] of Object.entries(data).slice(0, MOST_FACTS)) {
    const told = told_(name, value, show);
    if (told) rows.push([clip(labelOf(name, language, type)), told]);
  }
  const set = typeof data.set === "object" && data.set !== null ? data.set : {};
  for (const [name, value] of Object.entries(set).slice(0, MOST_FACTS)) {
    const corrected = name === "mass" ? massText(massIn(value)) : told_(name, value, show) || clip(JSON.stringify(value));
    rows.push([t("Corrected: %(member)s", { member: clip(labelOf(name, language)) }), corrected]);
  }
  if (Array.isArray(data.evidence)) rows.push([labelOf("evidence", language), String(data.evidence.length)]);
  for (const each of show.opened.get(event.id) ?? []) rows.push([clip(labelOf(each.name, language)), withheld(each)]);
  return rows;
}

/** What people read of a member: words, names, times and numbers. Ids, subjects and lists stand elsewhere; then empty. */
function told_(name, value, show) {
  if (typeof value === "boolean") return wordOf(value, language, name);
  if (Number.isSafeInteger(value)) {
    const { unit, digits } = unitOf(name);
    const locale = language === "zh" ? "zh-CN" : "en-GB";
    return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value / 10 ** digits)} ${unit}`.trim();
  }
  if (typeof value !== "string" || !value || /^[A-Za-z0-9_-]{43}$/.test(value) || isSubject(value)) return "";
  if (value.startsWith("org:")) return nameOf(value, show.names);
  return /^\d{4}-\d\d-\d\dT[\d:]+Z$/.test(value) ? when(value) : clip(wordOf(value, language, name));
}

/** A role, in words. @param {string} role */
export const roleName = (role) => wordOf(role, language, "role");

const massIn = (value) => ({ g: Number(value?.g), basis: text(value?.basis), scale_g: Number(value?.scale_g) || null });

function massText({ g, basis, scale_g }) {
  if (!Number.isFinite(g)) return "?";
  const parts = [clip(wordOf(basis, language, "basis")), scale_g && t("in steps of %(mass)s", { mass: kilograms(scale_g) })];
  return `${kilograms(g)} (${parts.filter(Boolean).join(", ")})`;
}

function difference({ difference: found }) {
  if (!found) return [];
  const sign = found.g > 0 ? "+" : "−";
  const share = `${sign}${Math.abs(found.permille) / 10} %`;
  return [h("p", { class: "mark warn", dataset: { difference: String(found.g) } },
    t("%(mass)s against the mass said before (%(share)s)", { mass: `${sign}${kilograms(Math.abs(found.g))}`, share }))];
}

function withheld({ state, value }) {
  if (state === "disclosed") return clip(typeof value === "string" ? value : JSON.stringify(value));
  if (state === "false") return h("span", { class: "mark bad" }, t("The node shows another value than the one that was signed."));
  return state === "erased" ? t("erased") : t("withheld from you");
}

function links(data) {
  const named = namedIn(data);
  if (!named.length) return null;
  const titles = { parent: t("Part of, or made from:"), child: t("Its parts, or what it became:"), other: t("See also:") };
  return h("div", { class: "links" }, ...["parent", "child", "other"].flatMap((as) => {
    const of = named.filter((each) => each.as === as);
    return of.length ? [h("span", {}, titles[as]), ...of.map(({ subject }) => subjectLink(subject))] : [];
  }));
}

/** A link to what has a page; of others the name. @param {string} subject */
export function subjectLink(subject) {
  const code = codeOf(subject);
  const path = subject.startsWith("battery:") ? `/batteries/${encodeURIComponent(code)}`
    : subject.startsWith("consignment:") ? `/consignments/${subject.slice("consignment:".length).split("/").map(encodeURIComponent).join("/")}` : "";
  return path ? h("a", { href: link(path), class: "code" }, code) : h("span", { class: "code" }, subject);
}

/** What is read off the label; of other schemes the whole subject. @param {string} subject */
export const codeOf = (subject) => subject.replace(/^battery:gbt34014:/, "");

/** The signature and the place, as this page found them itself. */
function checks({ event, wrong, unsure, holds }, show) {
  const lines = [...wrong, ...unsure].map((finding) => line(finding, show.words.findings));
  const state = wrong.length ? h("p", { class: "checks bad" }, t("Refuted on this device."))
    : holds ? h("p", { class: "checks good" }, t("Signature and place in the chain hold, checked on this device."))
      : show.isJudged ? h("p", { class: "checks warn" }, t("Not judged: something before it is wrong or missing."))
        : h("p", { class: "checks warn" }, t("Form checked. Who signed it needs the log."));
  return h("div", {}, state, lines.length > 0 && h("ul", { class: "list" }, ...lines));
}

function signed({ id, kid, leaf, statement }, show) {
  const receipt = show.receipts.get(leaf);
  const give = () => save(`receipt-${leaf}.txt`, receipt, "text/plain");
  return h("div", {}, receipt && h("button", { type: "button", class: "big plain", onclick: give }, t("Save the receipt")), h("pre", { tabindex: "0" }, clip(JSON.stringify(statement, null, 1), 40_000)),
    h("dl", { class: "technical" }, h("dt", {}, t("Event")), h("dd", {}, id), h("dt", {}, t("Key")), h("dd", {}, kid), h("dt", {}, t("Leaf")), h("dd", {}, String(leaf))));
}

function holder(party, show) {
  const known = { nobody: t("nobody who is enrolled"), none: t("none"), parent: t("whoever holds the battery around it") };
  return Object.hasOwn(known, party) ? known[party] : nameOf(party, show.names);
}

/** An organisation by its name, and where that is not known by its id. */
export function nameOf(party, names) {
  return Object.hasOwn(names, party) ? clip(either(names[party]) || party) : clip(party);
}

const clip = (said, most = LONGEST) => (String(said).length > most ? `${String(said).slice(0, most)} …` : String(said));

/** An own record that the log does not have yet. */
function waitingView({ statement, id, state }, show) {
  const states = { here: t("on this phone"), sending: t("being sent"), parked: t("parked"), refused: t("refused") };
  return h("li", { class: "note", dataset: { waiting: id } }, h("article", { class: "card gap" },
    h("h3", {}, word2(show.words.types, statement.type), " ", h("span", { class: "chip", dataset: { state } }, states[state] ?? state)),
    h("p", { class: "times" }, h("span", {}, t("%(at)s, as the signer says", { at: when(statement.occurred_at) })),
      h("span", {}, t("not in the log yet"))),
    h("p", {}, h("a", { href: link("/outbox") }, t("Outbox")))));
}
