// My yard: what I hold, what is offered to me, what waits. From what the phone knows, with a network or without.
import { Offline } from "../device/api.js";
import { now } from "../device/clock.js";
import { all } from "../device/db.js";
import { device } from "../device/keyring.js";
import { allKnown } from "../device/known.js";
import { waiting as waitingCount } from "../device/outbox.js";
import { Refused, preload, preloaded } from "../device/preload.js";
import { onChange } from "../device/signals.js";
import { LONG_DAYS, counted, daysHere, filtered, isOpen, siteOf, stockOf } from "../show/stock.js";
import { codeOf, lasting, subjectLink } from "../show/timeline.js";
import { word, words as loadWords } from "../show/words.js";
import { byId, h, put } from "../ui/dom.js";
import { either, link, moment, t } from "../ui/texts.js";

const SHOWN = 60; // lines of a list at first, and with each tap on more
const STALE = 3_600_000; // ms after which the yard is loaded anew by itself
const TAIL = 6; // characters by which people tell packs apart

const words = await loadWords();
const own = await device();
/** @type {Record<string, {zh?: string, en?: string}>} */
let names = {};
/** @type {import("../show/stock.js").Stock | null} */
let stock = null;
let at = await now();
let most = SHOWN;
let isLoading = false;
let drawing = null;

if (!own) {
  put(byId("state"), h("p", { class: "mark warn" }, t("This phone belongs to no organisation yet, so it has no yard to show.")),
    h("a", { class: "big", href: link("/enrol") }, t("Enrol this device")));
} else {
  byId("load").hidden = false;
  byId("fetch").addEventListener("click", () => void load());
  byId("wanted").addEventListener("submit", (event) => event.preventDefault());
  for (const id of ["end", "stage", "site"]) byId(id).addEventListener("input", () => {
    most = SHOWN;
    drawHeld();
  });
  byId("further").addEventListener("click", () => {
    most += SHOWN;
    drawHeld();
  });
  await draw();
  onChange(() => {
    clearTimeout(drawing);
    drawing = setTimeout(() => void draw(), 200); // many changes come together
  });
  const before = await preloaded();
  if (!before || Date.now() - Date.parse(before.at) > STALE) void load();
}

async function load() {
  if (isLoading) return;
  isLoading = true;
  byId("busy").hidden = false;
  byId("fetch").disabled = true;
  const steps = {
    node: t("the rules"), yard: t("what is in the yard"), parties: t("the other organisations"), keys: t("their keys"), schemas: t("the forms"),
  };
  const bar = byId("progress");
  const progress = ({ step, done, of }) => {
    const far = of ? `${done} / ${of}` : done;
    byId("doing").textContent = t("Loading %(what)s: %(done)s", { what: steps[step] ?? step, done: far });
    if (of) [bar.max, bar.value] = [of, done];
    else bar.removeAttribute("value");
  };
  let failed = "";
  try {
    await preload({ progress });
  } catch (error) {
    if (error instanceof Offline) failed = t("No network. What was loaded before is still here.");
    else if (error instanceof Refused) failed = t("The node did not answer as it should: %(why)s", { why: error.message });
    else throw error;
  } finally {
    isLoading = false;
    byId("busy").hidden = true;
    byId("fetch").disabled = false;
  }
  await draw();
  if (failed) byId("loaded").prepend(h("span", { class: "mark warn" }, failed));
}

async function draw() {
  at = await now();
  names = Object.fromEntries((await all("parties")).map(({ org, name_zh, name_en }) => [org, { zh: name_zh, en: name_en }]));
  stock = stockOf(await allKnown(), own.org, at);
  const before = await preloaded();
  const count = await waitingCount();
  put(byId("state"), count > 0 && h("a", { class: "big plain", href: link("/outbox") }, t("%(count)s records wait on this phone", { count })));
  put(byId("loaded"), before ? t("Last loaded %(at)s: %(items)s things, %(parties)s organisations.", { at: moment(before.at), items: before.items, parties: before.parties })
    : t("Never loaded on this phone."));
  drawOffered();
  drawRoad();
  section("given", t("Offered by me, not answered"), stock.given, (row) => [
    t("to %(name)s", { name: nameOf(row.offer.consignee) }), until(row)]);
  drawWaiting();
  choices();
  drawHeld();
  section("own", t("My open batches"), stock.own, (row) => [since(row)]);
}

function drawOffered() {
  const into = byId("offered");
  into.hidden = !stock.offered.length;
  const further = stock.offered.length > SHOWN && h("p", { class: "nothing" }, t("%(count)s more", { count: stock.offered.length - SHOWN }));
  put(into, h("h2", {}, t("Offered to me"), " ", h("span", { class: "seq" }, String(stock.offered.length))),
    h("a", { class: "huge", href: link("/scan") }, t("Scan to take over")),
    h("ul", { class: "list" }, ...stock.offered.slice(0, SHOWN).map((row) => line(row, [
      t("from %(name)s", { name: nameOf(custodian(row)) }), stage(row), until(row)]))), further);
}

function drawRoad() {
  const into = byId("road");
  const { expected, sent } = stock;
  into.hidden = !expected.length && !sent.length;
  put(into, h("h2", {}, t("On the road")), h("ul", { class: "list" },
    ...expected.map((row) => line(row, [t("to me, from %(name)s", { name: nameOf(row.consignor) }), since(row)])),
    ...sent.map((row) => line(row, [t("from me, to %(name)s", { name: nameOf(row.consignee) }), since(row)]))));
}

function drawWaiting() {
  section("waiting", t("Waits longest"), stock.waiting.slice(0, 10), (row) => [stage(row), since(row)],
    t("The rules in force name no deadline for keeping. Listed is what has been here for %(days)s days and more, by the log's clock.", { days: LONG_DAYS }));
}

function section(id, title, rows, said, note = "") {
  const into = byId(id);
  into.hidden = !rows.length;
  put(into, h("h2", {}, title, " ", h("span", { class: "seq" }, String(rows.length))), note && h("p", { class: "kind" }, note),
    h("ul", { class: "list" }, ...rows.slice(0, SHOWN).map((row) => line(row, said(row)))),
    rows.length > SHOWN && h("p", { class: "nothing" }, t("%(count)s more", { count: rows.length - SHOWN })));
}

/** What there is to choose from, with how many there are of each. */
function choices() {
  fill(byId("stage"), t("All stages"), counted(stock.held, (row) => row.stage), (value) => word(words.stages, value));
  const sites = counted(stock.held, siteOf);
  byId("by-site").hidden = !sites.length;
  fill(byId("site"), t("All sites"), sites, (value) => value);
}

function fill(select, every, counts, name) {
  const chosen = select.value;
  put(select, h("option", { value: "" }, every), ...counts.map(([value, count]) => h("option", { value }, `${name(value)} (${count})`)));
  select.value = counts.some(([value]) => value === chosen) ? chosen : "";
}

function drawHeld() {
  byId("held").hidden = false;
  const rows = filtered(stock.held, { end: byId("end").value, stage: byId("stage").value, site: byId("site").value });
  byId("count").textContent = String(stock.held.length);
  byId("wanted").hidden = !stock.held.length;
  byId("matching").textContent = stock.held.length === 0 ? t("Nothing, as far as this phone knows.")
    : rows.length === stock.held.length ? "" : t("%(count)s of %(all)s fit.", { count: rows.length, all: stock.held.length });
  put(byId("items"), rows.slice(0, most).map((row) => line(row, [stage(row), siteOf(row), since(row), isOpen(row, at) && t("offered")])));
  byId("further").hidden = rows.length <= most;
}

// ---- lines ----

function line(row, said) {
  const text = said.filter(Boolean).join(" · ");
  const ahead = row.ahead?.length > 0 && h("span", { class: "chip", dataset: { state: "here" } }, t("on this phone"));
  const isLinked = row.subject.startsWith("battery:");
  const inner = [code(row.subject), h("span", { class: "about" }, text), ahead];
  const address = `/batteries/${encodeURIComponent(codeOf(row.subject))}`;
  return h("li", { dataset: { subject: row.subject } },
    isLinked ? h("a", { class: "card item", href: link(address) }, ...inner)
      : h("div", { class: "card item" }, subjectLink(row.subject), h("span", { class: "about" }, text), ahead));
}

/** The code with its last characters set off: by those, people tell one pack from the next. */
function code(subject) {
  const text = codeOf(subject);
  return h("span", { class: "code" }, text.slice(0, -TAIL), h("strong", {}, text.slice(-TAIL)));
}

function stage(row) {
  return row.stage ? word(words.stages, row.stage) : "";
}

function since(row) {
  const days = daysHere(row, at);
  return days === null ? "" : days === 0 ? t("since today") : t("for %(time)s", { time: lasting(days * 86_400) });
}

function until(row) {
  const left = Math.floor((Date.parse(row.offer?.expires_at ?? "") - at.getTime()) / 1000);
  return Number.isFinite(left) ? t("expires in %(time)s", { time: lasting(Math.max(60, left)) }) : "";
}

function custodian(row) {
  return typeof row.custodian === "object" ? (row.custodian?.id ?? "") : (row.custodian ?? "");
}

function nameOf(org) {
  return either(names[org] ?? {}) || org || "–";
}
