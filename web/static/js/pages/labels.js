// Labels: for one pack or thousands, drawn by the node, with tokens that are made here.
//
// The token of a label is its secret. For a re-issue it is made on this device, the label is drawn first, and only then is
// the statement signed that kills the old one: no pack is left with a dead label and no new one.
import { compose, sign } from "../record/statement.js";
import { Offline, api } from "../device/api.js";
import { now } from "../device/clock.js";
import { del, get, put as keepRow } from "../device/db.js";
import { device, signer } from "../device/keyring.js";
import { allKnown, lookUp, place, refresh } from "../device/known.js";
import { add } from "../device/outbox.js";
import { selection } from "../device/selection.js";
import { keepSetting, setting } from "../device/settings.js";
import { accept } from "../core/label.js";
import { Refused, fetchFile } from "../office/fetch.js";
import { learnPlaces } from "../office/places.js";
import { codeOf, intoFiles, makeTicket, readTokenFile, tokenFile } from "../office/tokens.js";
import { announce, byId, h, put } from "../ui/dom.js";
import { failure, success, wake } from "../ui/sounds.js";
import { either, link, t } from "../ui/texts.js";

const DRAFT = "labels";
const SAMPLE = "AAAAAAAAAAAAAAAAAAAA"; // a token of nobody, for looking at
const SHOWN = 200; // packs in the list
const ASKED = 100; // packs of whose model the node is asked one by one
const SLOTS = { L7160: 21, L7161: 18, L7163: 14, L7165: 8, single: 1 };

const me = await device();
const aud = await setting("origin");
/** Subjects that are ticked. @type {Set<string>} */
const ticked = new Set();
/** What was read from a file of tokens. @type {import("../office/tokens.js").Ticket[]} */
let kept = [];
let busy = false;
let models = new Map();

const field = (id) => /** @type {HTMLInputElement} */ (byId(id));
const purpose = () => document.querySelector("input[name=purpose]:checked").value;

async function begin() {
  field("host").value = await setting("label-host", location.host);
  for (const { subject } of await selection()) if (subject?.startsWith("battery:")) ticked.add(subject);
  await showHeld();
  await showPending();
  byId("order").addEventListener("submit", (event) => event.preventDefault());
  byId("order").addEventListener("input", later);
  byId("order").addEventListener("change", changed);
  byId("tokens").addEventListener("change", takeTokens);
  byId("test").addEventListener("click", () => guarded(testPage));
  byId("go").addEventListener("click", () => guarded(go));
  await changed();
}

// ---- which packs ----

async function showHeld() {
  const known = (await allKnown()).filter(({ subject, stage }) => subject.startsWith("battery:") && stage);
  const mine = known.filter((row) => idOf(row.custodian) === me?.org).sort((one, other) => (one.subject < other.subject ? -1 : 1));
  const scanned = [...ticked].filter((subject) => !mine.some((row) => row.subject === subject));
  const rows = [...scanned.map((subject) => known.find((row) => row.subject === subject) ?? { subject }), ...mine];
  if (!rows.length) {
    put(byId("held"), h("p", { class: "nothing" }, t("This device knows of no pack that you hold. Paste codes, or scan packs first."), " ", h("a", { href: link("/scan") }, t("Scan"))));
    return;
  }
  const all = h("label", { class: "choice" }, h("input", { type: "checkbox", onchange: (event) => tickAll(rows, event.target.checked) }), t("All %(count)s that are listed or held", { count: rows.length }));
  const list = rows.slice(0, SHOWN).map((row) =>
    h("label", { class: "choice" },
      h("input", { type: "checkbox", checked: ticked.has(row.subject), dataset: { subject: row.subject }, onchange: (event) => tick(row.subject, event.target.checked) }),
      h("span", { class: "code" }, codeOf(row.subject)), row.stage_name ? h("span", { class: "kind" }, either(row.stage_name)) : null));
  put(byId("held"), all, h("div", { class: "picks", role: "group", tabindex: "0", "aria-label": t("Packs that were scanned or that you hold") }, list),
    rows.length > SHOWN ? h("p", { class: "help" }, t("The first %(shown)s of %(count)s are listed.", { shown: SHOWN, count: rows.length })) : null);
}

function tick(subject, on) {
  if (on) ticked.add(subject);
  else ticked.delete(subject);
}

function tickAll(rows, on) {
  for (const { subject } of rows) tick(subject, on);
  for (const box of document.querySelectorAll("#held input[data-subject]")) box.checked = on;
}

/** @returns {{subjects: string[], unread: {line: number, text: string, why: string}[]}} each once, in order */
function chosen() {
  const subjects = new Set(ticked);
  const unread = [];
  for (const [at, raw] of field("pasted").value.split("\n").entries()) {
    const text = raw.trim();
    if (!text) continue;
    const read = text.startsWith("battery:") ? { kind: "code", subject: text } : accept(text, { hosts: [field("host").value, location.host] });
    if (read.subject?.startsWith("battery:")) subjects.add(read.subject);
    else unread.push({ line: at + 1, text: text.slice(0, 40), why: whyNot(read) });
  }
  return { subjects: [...subjects], unread };
}

const whyNot = (read) => (read.kind === "unreadable" ? read.refusal.message : t("this is no code of a battery"));

async function takeTokens() {
  const [file] = field("tokens").files;
  kept = [];
  tell("");
  if (file) {
    try {
      kept = await readTokenFile(file);
    } catch (error) {
      field("tokens").value = ""; // so that the same file can be chosen again once it is mended
      tell(error instanceof TypeError ? t("Line %(line)s of the file is no line of a file of tokens.", { line: error.line }) : t("The file is too large."));
    }
  }
  await changed();
}

// ---- on what ----

function order() {
  const [format, sheet] = field("format").value.split(" ");
  return { host: field("host").value.trim().toLowerCase(), format, sheet, dpi: Number(field("dpi").value), outlines: format === "pdf" && field("outlines").checked };
}

const startSlot = (sheet) => Math.min(Math.max(1, Number.parseInt(field("slot").value, 10) || 1), SLOTS[sheet]);

/** What stands beside the symbol: what was typed, else what this device and the model say. */
async function shownOf(subject) {
  const typed = { name_zh: field("name-zh").value.trim(), name_en: field("name-en").value.trim(), mass_g: grams(field("mass").value) };
  let row = await lookUp(subject);
  if (!row?.model && chosen().subjects.length <= ASKED) row = await refresh(subject);
  const model = row?.model?.subject ? await modelOf(row.model.subject) : {};
  const mass = typed.mass_g ?? row?.mass?.g ?? row?.model?.mass_g ?? null;
  return {
    name_zh: (typed.name_zh || model.zh || "").slice(0, 80), name_en: (typed.name_en || model.en || "").slice(0, 80),
    ...(mass ? { mass_g: mass } : {}),
  };
}

/** The name of a model, as its maker published it; read once. */
function modelOf(subject) {
  if (!models.has(subject)) models.set(subject, readModel(subject));
  return models.get(subject);
}

async function readModel(subject) {
  try {
    const { ok, body } = await api(`/subjects/${encodeURI(subject)}/events?limit=100`);
    return ok ? Object.assign({}, ...body.events.map(({ jws }) => dataOf(jws).name ?? {})) : {};
  } catch (error) {
    if (error instanceof Offline) return {};
    throw error;
  }
}

const dataOf = (jws) => {
  const bytes = Uint8Array.from(atob(jws.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)).data;
};

function grams(text) {
  const read = /^([0-9]{1,6})(?:[.,]([0-9]{1,3}))?$/.exec(text.trim());
  return read ? Number(read[1]) * 1000 + Number((read[2] ?? "").padEnd(3, "0")) : null;
}

// ---- what is shown ----

let timer = null;
function later() {
  clearTimeout(timer);
  timer = setTimeout(() => void changed(), 400);
}

async function changed() {
  clearTimeout(timer);
  const why = purpose();
  const { format, sheet } = order();
  byId("purpose-help").textContent = {
    reissue: t("This device makes a new secret token, and you sign that it replaces the old label. Once that is recorded, a scan of the old label says: superseded."),
    new: t("This device makes a secret token for each label. Its digest goes into the event with which the pack comes into the log: keep the file of tokens until then."),
    again: t("Only whoever kept the tokens can print a label of record again: neither the node nor the log has them. Without the file, make a new label in place of the old one."),
  }[why];
  byId("reason-field").hidden = why !== "reissue";
  byId("tokens-field").hidden = why !== "again";
  byId("which").hidden = why === "again";
  byId("dpi-field").hidden = !/^(zpl|png)/.test(format);
  byId("slot-field").hidden = format !== "pdf" || SLOTS[sheet] === 1;
  field("slot").max = SLOTS[sheet];
  byId("outlines-field").hidden = format !== "pdf" || SLOTS[sheet] === 1;
  byId("test").hidden = format !== "pdf" || SLOTS[sheet] === 1;
  put(byId("sheet"));
  const { subjects, unread } = why === "again" ? { subjects: kept.map(({ subject }) => subject), unread: [] } : chosen();
  byId("count").textContent = why === "again" ? "" : t("%(count)s packs chosen", { count: subjects.length });
  put(byId("unread"), unread.slice(0, 20).map(({ line, text, why: reason }) =>
    h("li", { class: "problem" }, t("Line %(line)s: %(text)s: %(why)s", { line, text, why: reason }))));
  const button = field("go");
  button.disabled = busy || !me || !subjects.length || unread.length > 0;
  button.textContent = why === "reissue" ? t("Make %(count)s new labels", { count: subjects.length }) : t("Make %(count)s labels", { count: subjects.length });
  if (!me) tell(t("This device is not enrolled yet: labels are printed for members."));
  await preview(subjects[0]);
}

let previewed = 0;
let picture = "";
async function preview(subject) {
  const number = ++previewed;
  if (!me) return;
  const ticket = { code: subject ? codeOf(subject) : "04QPB76836300JBC40000903", token: SAMPLE, ...(subject ? await shownOf(subject) : {}) };
  try {
    const { ok, body } = await api("/labels/preview", { json: { ...order(), labels: [ticket] } });
    if (number !== previewed) return; // another one was asked for meanwhile
    if (!ok) return void put(byId("preview"), h("p", { class: "mark bad" }, body.detail ?? ""));
    URL.revokeObjectURL(picture);
    picture = URL.createObjectURL(new Blob([body.svg], { type: "image/svg+xml" }));
    put(byId("preview"),
      h("img", { src: picture, alt: t("Label of %(code)s", { code: ticket.code }), width: 635, height: Math.round((635 * body.height_mm) / body.width_mm) }),
      h("dl", {},
        h("dt", {}, t("Size")), h("dd", {}, `${body.width_mm} × ${body.height_mm} mm`),
        h("dt", {}, t("Module")), h("dd", {}, `${(body.module_um / 1000).toFixed(2)} mm`),
        h("dt", {}, t("Read from up to")), h("dd", {}, t("%(near)s cm by a phone with 1280 dots across, %(far)s cm with 1920", { near: body.reach_cm[1280], far: body.reach_cm[1920] }))),
      body.chinese ? null : h("p", { class: "mark warn" }, t("The node has no font with Chinese letters: the labels will have their Latin text alone.")));
  } catch (error) {
    if (!(error instanceof Offline)) throw error;
    put(byId("preview"), h("p", { class: "mark warn" }, t("No network: the node draws the labels. Packs can be chosen meanwhile.")));
  }
}

// ---- printing ----

async function testPage() {
  const { host, sheet } = order();
  const file = await fetchFile("/labels", { json: { host, format: "pdf", sheet, outlines: true, labels: [] } });
  put(byId("test-file"), download(file));
}

async function go() {
  const { subjects } = chosen();
  if (purpose() === "reissue") return review(subjects);
  const tickets = purpose() === "again" ? kept : await ticketsOf(subjects);
  await keepSetting("label-host", order().host);
  if (purpose() === "new") await keepRow("drafts", { id: DRAFT, tickets, signed: true, at: Date.now() });
  const files = await draw(tickets);
  await done(tickets, files, purpose() === "new" ? 0 : null);
}

/** What is signed, in words, before anything is made. */
async function review(subjects) {
  const reason = field("reason");
  put(byId("sheet"), h("section", { class: "sheet", "aria-label": t("What you sign") },
    h("h2", {}, t("What you sign")),
    h("dl", {},
      h("dt", {}, t("Statement")), h("dd", {}, t("A new label replaces the one of record")),
      h("dt", {}, t("Packs")), h("dd", {}, subjects.length === 1 ? codeOf(subjects[0]) : String(subjects.length)),
      h("dt", {}, t("The old label")), h("dd", {}, reason.selectedOptions[0].textContent),
      h("dt", {}, t("Signed by")), h("dd", {}, me.org)),
    h("p", {}, t("From the moment at which this is recorded the old labels count no more. The new ones are drawn before you sign, so put them on at once.")),
    h("button", { type: "button", id: "sign", class: "huge", onclick: () => guarded(() => reissue(subjects, reason.value)) }, t("Sign %(count)s", { count: subjects.length })),
    h("button", { type: "button", class: "big plain", onclick: () => put(byId("sheet")) }, t("Back"))));
  byId("sign").focus();
}

async function reissue(subjects, reason) {
  await keepSetting("label-host", order().host);
  const absent = (await learnPlaces(subjects)).find(({ seq }) => seq < 0);
  if (absent) throw new Refused(422, { detail: t("%(code)s is not in the log: there is no label of record to replace.", { code: codeOf(absent.subject) }) });
  const tickets = await ticketsOf(subjects);
  await keepRow("drafts", { id: DRAFT, tickets, reason, signed: false, at: Date.now() });
  const files = await draw(tickets); // fails: nothing is signed, and the old labels count
  await signAll(tickets, reason);
  await done(tickets, files, tickets.length);
}

async function signAll(tickets, reason) {
  const signing = await signer();
  const occurredAt = await now();
  steps(tickets.length);
  for (const { subject, digest } of tickets) {
    const statement = compose({
      type: "label.reissued", subject, data: { label: digest, reason }, occurredAt, place: await place(subject), iss: me.org, aud,
    });
    await add(await sign(statement, { signer: signing }), { said: { type: statement.type, subject, data: statement.data } });
    step();
  }
  const draft = await get("drafts", DRAFT);
  if (draft) await keepRow("drafts", { ...draft, signed: true });
}

async function ticketsOf(subjects) {
  const tickets = [];
  for (const subject of subjects) tickets.push(await makeTicket(subject, await shownOf(subject)));
  return tickets;
}

/** The labels as files of whole sheets, one after the other. */
async function draw(tickets) {
  const said = order();
  const slots = said.format === "pdf" ? SLOTS[said.sheet] : 1;
  const parts = intoFiles(tickets, slots, slots > 1 ? startSlot(said.sheet) : 1);
  steps(tickets.length);
  const files = [];
  for (const { labels, start } of parts) {
    const json = { ...said, start_slot: start, labels: labels.map(({ code, token, name_zh, name_en, mass_g }) => ({ code, token, name_zh: name_zh ?? "", name_en: name_en ?? "", ...(mass_g ? { mass_g } : {}) })) };
    const file = await patiently(() => fetchFile("/labels", { json }));
    files.push({ blob: file.blob, name: parts.length > 1 ? file.name.replace(/(\.\w+)?$/, `-${files.length + 1}$1`) : file.name });
    step(labels.length);
  }
  return files;
}

/** Asks again where the node serves others just now. */
async function patiently(ask) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      const waits = error instanceof Refused && (error.status === 503 || error.status === 429) && tries < 6;
      if (!waits) throw error;
      await new Promise((resolve) => setTimeout(resolve, 3_000));
    }
  }
}

async function done(tickets, files, signed) {
  success();
  const heading = h("h2", { tabindex: "-1" }, t("%(count)s labels are ready", { count: tickets.length }));
  put(byId("sheet"), h("section", { class: "sheet", id: "ready", "aria-label": t("Labels") },
    heading,
    files.map(download),
    signed ? h("p", { class: "mark good" }, t("Signed: %(count)s. They are sent by themselves; the old labels are dead once they are recorded.", { count: signed }), " ", h("a", { href: link("/outbox") }, t("Outbox"))) : null));
  heading.focus();
  announce(heading.textContent);
  ticked.clear();
  field("pasted").value = "";
  byId("count").textContent = "";
  await showHeld();
  await showPending();
}

/** Tokens that this device still has: to print again, to keep, or to forget. */
async function showPending() {
  const draft = await get("drafts", DRAFT);
  if (!draft) return void put(byId("pending"));
  put(byId("pending"), h("section", { class: "card", "aria-label": t("Tokens on this device") },
    h("h2", {}, t("Tokens on this device")),
    h("p", {}, t("The tokens of %(count)s labels are kept here until you say that the labels are on. Whoever has them can copy the labels.", { count: draft.tickets.length })),
    draft.signed ? null : h("p", { class: "mark warn" }, t("Not signed yet: the old labels still count.")),
    h("p", { class: "row" },
      h("button", { type: "button", class: "plain", onclick: () => guarded(async () => done(draft.tickets, await draw(draft.tickets), null)) }, t("Print them once more")),
      h("button", { type: "button", class: "plain", onclick: () => saveTokens(draft.tickets) }, t("Save the file of tokens")),
      draft.signed
        ? h("button", { type: "button", id: "forget", class: "danger", onclick: forget }, t("Labels are on: forget the tokens"))
        : h("button", { type: "button", class: "plain", onclick: () => guarded(async () => { await signAll(draft.tickets, draft.reason); await showPending(); }) }, t("Sign %(count)s", { count: draft.tickets.length })),
      draft.signed ? null : h("button", { type: "button", class: "danger", onclick: forget }, t("Drop these labels")))));
}

async function forget() {
  await del("drafts", DRAFT);
  put(byId("sheet"));
  await showPending();
  announce(t("The tokens are forgotten."));
}

function saveTokens(tickets) {
  const a = download({ blob: tokenFile(tickets), name: "labels.tokens.ndjson" });
  a.click();
}

/** A link by which a file is saved. */
function download({ blob, name }) {
  return h("a", { class: "big", href: URL.createObjectURL(blob), download: name }, t("Save %(name)s", { name }), ` (${kilobytes(blob.size)})`);
}

const kilobytes = (bytes) => `${Math.max(1, Math.round(bytes / 1024))} KiB`;

// ---- together ----

/** One thing at a time; what goes wrong is told in words. */
async function guarded(work) {
  if (busy) return;
  busy = true;
  wake();
  tell("");
  field("go").disabled = true;
  try {
    await work();
  } catch (error) {
    failure();
    if (error instanceof Offline) tell(t("No network: nothing was made and nothing was signed. The node draws the labels."));
    else if (error instanceof Refused) tell(error.message);
    else {
      tell(t("That went wrong: %(why)s", { why: error.message }));
      throw error;
    }
  } finally {
    busy = false;
    byId("progress").hidden = true;
    if (purpose() !== "reissue" || !document.getElementById("sign")) field("go").disabled = !chosen().subjects.length && !kept.length;
  }
}

function steps(count) {
  const bar = /** @type {HTMLProgressElement} */ (byId("progress"));
  bar.hidden = count < 2;
  bar.max = count;
  bar.value = 0;
}

function step(count = 1) {
  /** @type {HTMLProgressElement} */ (byId("progress")).value += count;
}

function tell(text) {
  const place_ = byId("problem");
  place_.textContent = text;
  place_.className = text ? "mark bad" : "";
}

const idOf = (party) => (typeof party === "string" ? party : (party?.id ?? ""));

await begin();
