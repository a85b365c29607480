// Scan: four ways in, and what a scan says. Nothing that was scanned is ever opened.
import { accept } from "../core/label.js";
import { NoStorage, get, put as keepRow } from "../device/db.js";
import { select, selection } from "../device/selection.js";
import { onChange } from "../device/signals.js";
import { addScan, removeScan } from "../scan/batch.js";
import { NoCamera, look, openCamera } from "../scan/camera.js";
import { card, codeGroups } from "../scan/card.js";
import { ReaderAway, openEngine } from "../scan/engines.js";
import { sortOut } from "../scan/frame.js";
import { halfOf, makeHalves } from "../scan/halves.js";
import { inquire, recall, standing, whichOf } from "../scan/knowing.js";
import { list } from "../scan/list.js";
import { takeOpened } from "../scan/opened.js";
import { ourHosts } from "../scan/ours.js";
import { NoPicture, readPhoto } from "../scan/photo.js";
import { makeSightings } from "../scan/sightings.js";
import { tellCamera, tellEngine, tellOther, tellReadBy } from "../scan/telling.js";
import { listenToScanner } from "../scan/wedge.js";
import { byId, h, put } from "../ui/dom.js";
import { keep, kept } from "../ui/kept.js";
import { failure, success, wake } from "../ui/sounds.js";
import { link, t } from "../ui/texts.js";

/** @typedef {import("../scan/batch.js").Scan} Scan */
/** @typedef {import("../scan/knowing.js").Found} Found */

const LIST = "scanned"; // its row among the drafts
const LIST_KEPT_MS = 12 * 3_600_000; // a shift

const video = /** @type {HTMLVideoElement} */ (byId("video"));
const sightings = makeSightings();
const halves = makeHalves();

let hosts = await ourHosts();
let who = await standing();
/** @type {readonly Scan[]} */
let rows = [];
/** @type {Map<string, Found>} */
const found = new Map();
let isChoosing = false;
/** Whether each scan goes on a list, or takes the place of the one before. */
let isMany = kept("scan-many") === "yes";

// ---- what was scanned ----

/** Every way in ends here: the texts that were seen together. */
function take(texts, readBy) {
  const at = performance.now();
  const seen = texts.map(({ text, format }) => ({ text, format, accepted: accept(text, { hosts }) }));
  const news = seen.filter(({ text }) => sightings.isNew(text, at));
  if (news.length === 0 || isChoosing) return;
  // With what is new, all that is in view counts: of two labels the one that stayed is one, too.
  const { one, several } = sortOut(readBy === "camera" ? seen : news);
  if (several && !several.every(({ accepted }) => isListed(accepted))) choose(several, readBy);
  else if (one) settle(one, readBy);
}

const isListed = ({ subject }) => isMany && rows.some((row) => row.subject === subject);

function settle({ text, format, accepted }, readBy) {
  if (accepted.kind === "label" || accepted.kind === "code") {
    void hear(accepted, readBy, format);
    return;
  }
  if (!isMany) rows = []; // what the node says late of the battery before is not shown in place of this
  if (accepted.kind === "slip") {
    show(slipCard(accepted));
    say("good", t("The handover slip of a truck"));
  } else {
    const { mark, title, lines } = tellOther(accepted, text);
    const half = accepted.kind === "unreadable" && halfOf(text);
    const whole = half && halves.add(half, performance.now());
    const code = whole || (accepted.kind === "foreign" && accepted.code);
    show(h("div", { class: "card", role: "alert" },
      h("h2", {}, title), ...lines.map((line) => h("p", {}, line)),
      whole && h("p", {}, t("The other half was scanned just now. Are both of this battery?")),
      code && h("button", { class: "big", type: "button", onclick: () => take([{ text: code, format: "" }], readBy) },
        t("Look up"), " ", h("span", { class: "code" }, codeGroups(code)))));
    say(mark, title, false);
  }
}

/** A battery was read: the list grows, or its card takes the place of the one before. */
async function hear({ subjects, code, token = null, kind, remarks }, readBy, format) {
  const at = new Date().toISOString();
  const subject = subjects.length > 1 ? await whichOf(subjects) : subjects[0];
  const scan = { subject, code, token, read_by: readBy, kind, remarks, at };
  const told = h("span", { class: "code" }, codeGroups(scan.code));
  if (!isMany) {
    rows = [scan];
    say("good", t("Read:"), true, told, ` (${[tellReadBy(scan.read_by), format].filter(Boolean).join(", ")})`);
    void tell(scan);
    pauseCamera();
    return;
  }
  const { rows: grown, outcome } = addScan(rows, scan);
  rows = grown;
  if (outcome === "again") return say("warn", t("Already on the list:"), false, told);
  if (outcome === "second") return say("bad", t("Another label for a battery that is on the list: look at both."), false, told);
  say("good", t("Number %(count)s:", { count: rows.length }), true, told);
  void keepList();
  void tell(scan);
}

/** Shows what is known at once, and what the node says when it says it. */
async function tell(scan) {
  for (const ask of [recall, inquire]) {
    const answer = await ask(scan, who);
    if (!rows.some(({ subject }) => subject === scan.subject)) return; // taken off, or another was scanned meanwhile
    if (ask === recall && answer.source === "unknown" && navigator.onLine && !isMany) {
      show(h("p", { class: "card" }, t("Looking it up…")));
      continue;
    }
    found.set(scan.subject, answer);
    render();
    if (ask === inquire && answer.label === "other") failure();
  }
}

function render() {
  offerStart();
  if (isMany) {
    const all = rows.map((scan) => found.get(scan.subject) ?? { scan, known: null, source: "unknown", label: "no token", steps: [], names: {} });
    show(rows.length > 0 && list(all, who, { onStep: goOn, onRemove: remove, onEmpty: empty }));
  } else {
    const answer = rows.length > 0 && found.get(rows[0].subject);
    show(answer && card(answer, who, (step) => goOn(step.type, [rows[0].subject])));
  }
}

function remove(subject) {
  rows = removeScan(rows, subject);
  found.delete(subject);
  void keepList();
  render();
  say("warn", t("Taken off the list."), false);
}

function empty() {
  rows = [];
  found.clear();
  void keepList();
  render();
}

/** A step was chosen: the scans go to its form, over the device and never in an address. */
async function goOn(type, subjects) {
  await select(rows.filter(({ subject }) => subjects.includes(subject)));
  await keepList(true);
  location.assign(link(type === "handover.offered" ? "/handover" : `/record?type=${encodeURIComponent(type)}`));
}

/** A truck's slip leads to its consignment, where its packs are counted; its token is for whoever has no key. */
function slipCard({ subject }) {
  const name = subject.slice("consignment:".length);
  return h("article", { class: "card" },
    h("h2", {}, t("The handover slip of a truck")), h("p", { class: "code" }, name),
    h("a", { class: "huge", href: link(`/consignments/${name}`) }, t("Open this consignment")));
}

/** Several batteries in view: a person says which. */
function choose(several, readBy) {
  isChoosing = true;
  const done = (chosen) => {
    isChoosing = false;
    show(null);
    render();
    chosen.forEach((each) => settle(each, readBy));
  };
  show(h("div", { class: "card", role: "alert" },
    h("h2", {}, t("Several labels are in view. Which one?")),
    ...several.map((each) => {
      const { code, subject } = each.accepted;
      return h("button", { class: "big code", type: "button", onclick: () => done([each]) }, codeGroups(code ?? subject.replace("consignment:", "")));
    }),
    isMany && h("button", { class: "big", type: "button", onclick: () => done(several) }, t("All %(count)s", { count: several.length })),
    h("button", { class: "big plain", type: "button", onclick: () => done([]) }, t("None of them"))));
  say("warn", t("Several labels are in view."), false);
}

/** What was unfolded stays so, and what had the focus has it, when the same is told anew. */
function show(content) {
  const result = byId("result");
  const unfolded = [...result.querySelectorAll("details[open] > summary")].map((each) => each.textContent);
  const step = result.contains(document.activeElement) ? document.activeElement.dataset.step : undefined;
  put(result, content || null);
  for (const each of result.querySelectorAll("summary")) each.parentElement.open = unfolded.includes(each.textContent);
  if (step) result.querySelector(`[data-step="${CSS.escape(step)}"]`)?.focus();
}

/** In words, with a shape, a sound and a shake. */
function say(mark, text, isGood = mark === "good", ...more) {
  put(byId("said-last"), h("p", { class: `mark ${mark}` }, text, more.length > 0 && " ", ...more));
  if (isGood) success();
  else failure();
}

// ---- the list is kept, so that a page that was closed loses nothing ----

async function keepList(isHandedOn = false) {
  try {
    if (isMany) await keepRow("drafts", { id: LIST, scans: rows, handed: isHandedOn, at: Date.now() });
  } catch (error) {
    if (!(error instanceof NoStorage)) throw error;
  }
}

async function restoreList() {
  try {
    const row = isMany && (await get("drafts", LIST));
    if (!row || Date.now() - row.at > LIST_KEPT_MS) return;
    if (row.handed && (await selection()).length === 0) return; // the form is done with them
    rows = row.scans;
    render();
    rows.forEach((scan) => void tell(scan));
  } catch (error) {
    if (!(error instanceof NoStorage)) throw error;
  }
}

// ---- camera ----

let engine = null;
let camera = null;
let stopLooking = () => {};

/** A list that was begun is gone on with; it is emptied by its own button alone. */
function begin(many) {
  if (many && !isMany) rows = [];
  isMany = many;
  keep("scan-many", many ? "yes" : "no");
  render();
  return startCamera();
}

async function startCamera() {
  wake();
  if (!isMany) show(null);
  put(byId("camera-said"), null);
  byId("finder").hidden = false;
  offerStart();
  try {
    const opening = openCamera(video); // asks for leave while the engine is fetched
    engine ??= openEngine();
    camera = await opening;
    const reader = await engine;
    byId("engine").textContent = tellEngine(reader.name);
    byId("engine").dataset.engine = reader.name;
    stopLooking = look(video, reader, { onFound: (symbols) => take(symbols, "camera"), onAway: tellAway });
    showTorch();
  } catch (error) {
    pauseCamera();
    if (!(error instanceof NoCamera)) throw error;
    put(byId("camera-said"), h("p", { class: "mark warn", role: "alert" }, tellCamera(error.why)));
    failure();
  }
}

function pauseCamera() {
  stopLooking();
  camera?.close();
  camera = null;
  byId("finder").hidden = true;
  offerStart();
}

/** What the two buttons do now, if the camera is not on. */
function offerStart() {
  const isOn = !byId("finder").hidden;
  const hasList = isMany && rows.length > 0;
  byId("start").hidden = isOn;
  byId("start-many").hidden = isOn || hasList;
  byId("start").textContent = hasList ? t("Go on scanning with the camera") : t("Scan with the camera");
}

const tellAway = (isAway) =>
  void put(byId("camera-said"), isAway && h("p", { class: "mark warn", role: "status" }, t("The node can't be reached, and has to read the pictures: use a scanner, or type the code.")));

function showTorch() {
  const torch = byId("torch");
  torch.hidden = !camera?.torch;
  torch.setAttribute("aria-pressed", "false");
}

async function switchTorch() {
  const isOn = byId("torch").getAttribute("aria-pressed") !== "true";
  await camera?.torch?.(isOn);
  byId("torch").setAttribute("aria-pressed", String(isOn));
}

// ---- photo and typed ----

async function takePhoto({ target }) {
  const [file] = target.files;
  target.value = ""; // the same photo may be chosen again
  if (!file) return;
  wake();
  put(byId("said-last"), h("p", {}, t("Reading the photo…")));
  try {
    engine ??= openEngine();
    const symbols = await readPhoto(file, await engine);
    if (symbols.length > 0) symbols.forEach(({ text }) => sightings.forget(text));
    if (symbols.length > 0) take(symbols, "photo");
    else say("bad", t("No label can be read in this photo: go closer, hold it level, avoid reflections."));
  } catch (error) {
    if (error instanceof NoPicture) say("bad", t("This file is no photo that can be opened here: JPEG and PNG can."));
    else if (error instanceof ReaderAway) say("bad", t("The node can't be reached, and has to read the pictures: use a scanner, or type the code."));
    else throw error;
  }
}

function takeTyped(event) {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (byId("typed"));
  if (!field.value.trim()) return;
  wake();
  sightings.forget(field.value);
  const { kind } = accept(field.value, { hosts });
  take([{ text: field.value, format: "" }], "typed");
  if (kind === "label" || kind === "code") field.value = "";
  field.blur(); // a scanner that types next writes into no field
}

// ---- the page ----

byId("start").addEventListener("click", () => begin(isMany && rows.length > 0));
byId("start-many").addEventListener("click", () => begin(true));
video.addEventListener("click", pauseCamera);
byId("pause").addEventListener("click", pauseCamera);
byId("torch").addEventListener("click", switchTorch);
byId("photo").addEventListener("change", takePhoto);
byId("type").addEventListener("submit", takeTyped);
listenToScanner(document, (text) => {
  take([{ text, format: "" }], "scanner");
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden && camera) pauseCamera(); // the light of the camera goes out with the page
});
onChange(async ({ what }) => {
  if (what !== "outbox" && what !== "known") return;
  for (const scan of rows) found.set(scan.subject, await recall(scan, who));
  if (!isChoosing && rows.length > 0) render();
});
document.documentElement.dataset.ready = "yes";
await restoreList();
const opened = await takeOpened();
if (opened) take([{ text: opened, format: "" }], "camera");
