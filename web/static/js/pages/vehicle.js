// VIN tick-off: the packs that must be in a vehicle appear, each scan turns one green, and a missing one is said with its reason.
//
// The VIN stays in the field and in what is withheld. The device keeps what the node answered under a salted digest, so that
// it goes on without a network where the vehicle was looked up before.
import { base64url } from "../core/base64url.js";
import { sha256, utf8 } from "../core/bytes.js";
import { accept } from "../core/label.js";
import { loadContext, schemaOf } from "../record/context.js";
import { newVehicle } from "../record/groups.js";
import { check, dataOf } from "../record/schema.js";
import { compose, sign } from "../record/statement.js";
import { Offline, api } from "../device/api.js";
import { get, put as keepRow } from "../device/db.js";
import { signer } from "../device/keyring.js";
import { keepAnswers, lookUp, place } from "../device/known.js";
import { add } from "../device/outbox.js";
import { select } from "../device/selection.js";
import { keepSetting, setting } from "../device/settings.js";
import { isChecked, parseVin } from "../office/vin.js";
import { NoCamera, look, openCamera } from "../scan/camera.js";
import { openEngine } from "../scan/engines.js";
import { ourHosts } from "../scan/ours.js";
import { makeSightings } from "../scan/sightings.js";
import { tellCamera } from "../scan/telling.js";
import { listenToScanner } from "../scan/wedge.js";
import { announce, byId, h, put } from "../ui/dom.js";
import { failure, success, wake } from "../ui/sounds.js";
import { either, link, t } from "../ui/texts.js";

const ROLE = "vehicle_dismantler";
const MOST = 64; // packs of a vehicle, by the schema

const field = (id) => /** @type {HTMLInputElement} */ (byId(id));
const codeOf = (subject) => subject.split(":").slice(2).join(":");
const WHY = () => ({
  not_said: t("not said"), removed_before: t("was taken out before"), swapped: t("was swapped"), stolen: t("was stolen"),
  sold_apart: t("was sold apart"), lost_in_accident: t("was lost in an accident"),
});

const context = await loadContext();
const hosts = await ourHosts();
const sightings = makeSightings();
const roles = (context.me?.roles ?? []).map((role) => (typeof role === "string" ? role : role.role));

/**
 * The vehicle that stands here, and what was seen of it.
 * @type {{id: string, vehicle: any, isNew: boolean, seen: Record<string, {token: string | null, read_by: string}>,
 *   why: Record<string, string>, signed: boolean} | null}
 */
let at = null;
let vin = ""; // of it; in memory alone
let busy = false;

async function begin() {
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    void guarded(find);
  });
  byId("vin").addEventListener("input", sayVin);
  byId("type").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field("code").value;
    field("code").value = "";
    hear(text, "typed");
  });
  byId("camera").addEventListener("click", () => void guarded(camera ? stopCamera : startCamera));
  byId("go").addEventListener("click", () => void guarded(review));
  listenToScanner(document, (text) => hear(text, "scanner"));
  field("find").disabled = false; // before, the form would have sent itself
  if (!context.isEnrolled) tell(t("This device is not enrolled yet: vehicles are looked up by a member's device."));
}

// ---- the vehicle ----

function sayVin() {
  const read = parseVin(field("vin").value);
  const length = field("vin").value.replace(/\s/g, "").length;
  byId("vin-said").textContent = !read
    ? length >= 17 ? t("A VIN has 17 characters, without I, O and Q.") : ""
    : isChecked(read) ? t("The check digit fits.") : t("The check digit does not fit. Vehicles made for Europe have none; for any other, compare again.");
}

async function find() {
  const read = parseVin(field("vin").value);
  if (!read) return fail(t("A VIN has 17 characters, without I, O and Q."));
  vin = read;
  const id = await idOf(read);
  let said;
  try {
    const { status, ok, body } = await api("/vehicles/find", { json: { vin: read } });
    if (!ok && status !== 404) return fail(body.detail ?? `HTTP ${status}`);
    said = ok ? body.vehicles : [];
  } catch (error) {
    if (!(error instanceof Offline)) throw error;
    const kept = await get("drafts", id);
    if (!kept) return fail(t("No network, and this device has not looked this vehicle up before. Scan its packs and record them; look the vehicle up when there is a network."));
    return open(kept);
  }
  const kept = await get("drafts", id);
  if (said.length > 1) return choose(id, said, kept);
  return open(fresh(id, said[0] ?? null, kept));
}

/** Two vehicles claim one VIN: somebody is wrong, and a person has to look. */
function choose(id, vehicles, kept) {
  byId("packs").hidden = true;
  put(byId("choose"), h("section", { class: "card" },
    h("p", { class: "mark warn" }, t("Two vehicles on record have this VIN. Choose the one whose packs you see.")),
    vehicles.map((vehicle) => h("button", { type: "button", class: "big plain", onclick: () => void open(fresh(id, vehicle, kept)) },
      vehicle.batteries.map(({ subject }) => codeOf(subject)).join(", ") || t("no packs"), vehicle.scrapped ? [" · ", t("scrapped")] : null))));
}

/** What the node says now, with what was ticked here before. */
function fresh(id, vehicle, kept) {
  const isNew = vehicle === null;
  const unknown = { subject: kept?.isNew ? kept.vehicle.subject : newVehicle(), seq: -1, head: null, packs: 1, swap_model: false, scrapped: false, batteries: [] };
  const same = kept && (isNew ? kept.isNew : kept.vehicle.subject === vehicle.subject);
  return { id, vehicle: vehicle ?? (same ? kept.vehicle : unknown), isNew, seen: same ? kept.seen : {}, why: same ? kept.why : {}, signed: same ? kept.signed : false };
}

async function open(found) {
  at = found;
  put(byId("choose"));
  put(byId("sheet"));
  const { vehicle } = at;
  const heads = vehicle.batteries.map(({ subject, seq, head, stage, stage_name, custodian }) => ({ subject, seq, head, stage, stage_name, custodian }));
  // What the device knows better of a pack, as its holder, is left as it is.
  const news = [];
  for (const each of heads) if (((await lookUp(each.subject))?.seq ?? -1) < each.seq) news.push(each);
  await keepAnswers([...news, ...(at.isNew ? [] : [{ subject: vehicle.subject, seq: vehicle.seq, head: vehicle.head, packs: vehicle.packs, swap_model: vehicle.swap_model, batteries: vehicle.batteries.map(({ subject }) => subject) }])]);
  await keep();
  byId("packs").hidden = false;
  show();
  byId("count").focus();
}

const keep = () => keepRow("drafts", at);

/** Under what the answer is kept: nobody reads the VIN off it who has not the phone. */
async function idOf(read) {
  let salt = await setting("vin-salt");
  if (!salt) await keepSetting("vin-salt", (salt = base64url(crypto.getRandomValues(new Uint8Array(16)))));
  return `vehicle:${base64url(await sha256(utf8(`${salt}\n${read}`)))}`;
}

// ---- ticking off ----

const expected = () => at.vehicle.batteries.filter(({ in_it }) => in_it).map(({ subject }) => subject);
/** Packs in it that neither we nor nobody holds: the log refuses to have their vehicle scrapped. */
const elsewhere = () =>
  at.vehicle.swap_model ? [] : at.vehicle.batteries.filter(({ in_it, custodian }) => in_it && ![context.org, "nobody"].includes(custodian)).map(({ subject }) => subject);
const present = () => Object.keys(at.seen).filter((subject) => expected().includes(subject) || at.isNew || expected().length < at.vehicle.packs);
const strangers = () => Object.keys(at.seen).filter((subject) => !present().includes(subject));
/** Those that must be there and were not seen: by their code, or by a number where the log knows of fewer. */
function missing() {
  if (at.vehicle.swap_model) return [];
  const named = expected().filter((subject) => !at.seen[subject]);
  const unnamed = Math.max(0, at.vehicle.packs - present().length - named.length);
  return [...named, ...Array.from({ length: unnamed }, (_, number) => `#${number + 1}`)];
}

function hear(text, readBy) {
  wake();
  const asVin = parseVin(text);
  if (asVin && accept(text, { hosts }).kind !== "code") {
    field("vin").value = asVin;
    sayVin();
    void guarded(find);
    return;
  }
  if (!at) return void fail(t("First the VIN, then the packs."));
  const read = accept(text, { hosts });
  if (read.kind !== "label" && read.kind !== "code") return void fail(t("This is no code of a battery."));
  if (!read.subject.startsWith("battery:")) return void fail(t("This is no code of a battery."));
  tell("");
  const isNews = !at.seen[read.subject];
  at.seen = { ...at.seen, [read.subject]: { token: read.token ?? at.seen[read.subject]?.token ?? null, read_by: readBy } };
  at.signed = false;
  put(byId("sheet"));
  void keep();
  const isStranger = strangers().includes(read.subject);
  if (isStranger) failure();
  else if (isNews) success();
  show();
  announce(isStranger ? t("%(code)s does not belong in this vehicle", { code: codeOf(read.subject) }) : t("%(code)s is here", { code: codeOf(read.subject) }));
}

function show() {
  const { vehicle } = at;
  const here = present();
  const away = missing();
  byId("count").textContent = t("%(here)s of %(count)s packs are here", { here: here.length, count: Math.max(vehicle.packs, here.length) });
  put(byId("said"),
    vehicle.scrapped ? h("p", { class: "mark bad" }, t("This vehicle is recorded as scrapped already.")) : null,
    elsewhere().length ? h("p", { class: "mark warn" }, t("Held by somebody else on record: %(codes)s. The log takes the scrapping once they are handed over or released.", { codes: elsewhere().map(codeOf).join(", ") })) : null,
    vehicle.swap_model ? h("p", { class: "mark warn" }, t("A swap model: its packs belong to a pool, and none need be in it.")) : null,
    at.isNew ? h("p", { class: "mark warn" }, t("No vehicle on record has this VIN. Say how many packs belong in it, scan those that are there, and it goes on record with what you sign.")) : null);
  const lines = [
    ...here.map((subject) => line(subject, "present", t("is here"))),
    ...away.map((subject) => line(subject, "missing", t("not seen yet"))),
    ...strangers().map((subject) => line(subject, "stranger", t("does not belong in this vehicle"))),
    ...vehicle.batteries.filter(({ in_it, subject }) => !in_it && !at.seen[subject]).map(({ subject, stage_name }) => line(subject, "", t("went on: %(stage)s", { stage: either(stage_name) }))),
  ];
  put(byId("ticks"), lines);
  put(byId("unknown"), at.isNew ? asNew() : null);
  const button = field("go");
  const may = roles.includes(ROLE);
  button.hidden = !may;
  button.disabled = busy || vehicle.scrapped || at.signed;
  button.textContent = t("Scrap it: %(here)s here, %(away)s missing", { here: here.length, away: away.length });
  put(byId("next"), here.length ? onwards(here, may) : null);
}

function line(subject, state, word) {
  const isNamed = !subject.startsWith("#");
  const why = state === "missing" && roles.includes(ROLE);
  const id = `why-${subject.replace(/[^A-Za-z0-9]/g, "-")}`;
  return h("li", { dataset: { state, subject: isNamed ? subject : "" } },
    h("div", {},
      h("span", { class: "code" }, isNamed ? codeOf(subject) : t("a pack that the log does not know")), " ", h("span", { class: "word" }, word),
      why ? h("div", { class: "field" },
        h("label", { for: id }, t("Why is it missing?")),
        h("select", { id, onchange: (event) => { at.why = { ...at.why, [subject]: event.target.value }; void keep(); } },
          Object.entries(WHY()).map(([value, said]) => h("option", { value, selected: (at.why[subject] ?? "not_said") === value }, said)))) : null));
}

/** A vehicle of which the log knows nothing: how many packs, and whether they are swapped. */
function asNew() {
  const set = (members) => {
    at.vehicle = { ...at.vehicle, ...members };
    void keep();
    show();
  };
  const count = h("input", { id: "how-many", type: "number", inputmode: "numeric", min: "1", max: String(MOST), value: String(at.vehicle.packs), onchange: (event) => set({ packs: Math.min(MOST, Math.max(1, Number.parseInt(event.target.value, 10) || 1)) }) });
  return h("div", {},
    h("div", { class: "field" }, h("label", { for: "how-many" }, t("How many packs belong in it?")), count),
    h("label", { class: "choice" }, h("input", { type: "checkbox", checked: at.vehicle.swap_model, onchange: (event) => set({ swap_model: event.target.checked }) }), t("It is a swap model")));
}

/** What is recorded of the packs themselves, in the forms of those steps. */
function onwards(here, scraps) {
  const go = async (type) => {
    const when = new Date().toISOString();
    await select(here.map((subject) => ({ subject, code: codeOf(subject), kind: at.seen[subject].token ? "label" : "code", remarks: [], at: when, ...at.seen[subject] })));
    location.assign(link(`/record?type=${type}`));
  };
  return h("div", {},
    scraps ? h("button", { type: "button", class: "big plain", onclick: () => void go("battery.taken_in") }, t("Take in the packs that are here")) : null,
    h("button", { type: "button", class: "big plain", onclick: () => void go("battery.removed") }, t("Record that they were taken out for use")));
}

// ---- signing ----

const dataOfScrapping = () => ({
  packs: Math.max(at.vehicle.packs, at.isNew ? present().length : 0), swap_model: at.vehicle.swap_model, present: present(),
  missing: missing().map((subject) => ({ ...(subject.startsWith("#") ? {} : { battery: subject }), why: at.why[subject] ?? "not_said" })),
});

async function review() {
  const data = dataOfScrapping();
  const schema = await schemaOf("vehicle.scrapped");
  const wrong = schema ? check(dataOf(schema), data) : [];
  if (wrong.length) return fail(t("That went wrong: %(why)s", { why: `${wrong[0].pointer} ${wrong[0].code}` }));
  put(byId("sheet"), h("section", { class: "sheet", "aria-label": t("What you sign") },
    h("h2", {}, t("What you sign")),
    h("dl", {},
      h("dt", {}, t("Statement")), h("dd", {}, t("The vehicle is scrapped")),
      h("dt", {}, t("VIN")), h("dd", { class: "code" }, vin || t("none: look it up again to say it"), vin ? [" ", h("span", { class: "kind" }, t("(withheld)"))] : null),
      h("dt", {}, t("Packs that belong in it")), h("dd", {}, String(data.packs), data.swap_model ? [", ", t("swap model")] : null),
      h("dt", {}, t("Here")), h("dd", { class: "code" }, data.present.map(codeOf).join(", ") || t("none")),
      h("dt", {}, t("Missing")), h("dd", {}, data.missing.map(({ battery, why }) => [battery ? codeOf(battery) : t("a pack that the log does not know"), WHY()[why]].join(": ")).join("; ") || t("none")),
      h("dt", {}, t("Signed by")), h("dd", {}, context.org)),
    h("button", { type: "button", id: "sign", class: "huge", onclick: () => void guarded(() => signIt(data)) }, t("Sign")),
    h("button", { type: "button", class: "big plain", onclick: () => put(byId("sheet")) }, t("Back"))));
  byId("sign").focus();
}

async function signIt(data) {
  const { subject } = at.vehicle;
  const withheld = vin ? { vin } : {};
  const occurredAt = (await loadContext()).now;
  const statement = compose({ type: "vehicle.scrapped", subject, data, withheld, occurredAt, place: await place(subject), iss: context.org, aud: context.origin });
  await add(await sign(statement, { signer: await signer(), withheld }), { said: { type: statement.type, subject, data } });
  at.signed = true;
  await keep();
  success();
  const heading = h("h2", { tabindex: "-1" }, t("Signed: the vehicle is scrapped"));
  put(byId("sheet"), h("section", { class: "sheet", id: "done" }, heading, h("p", {}, h("a", { href: link("/outbox") }, t("Outbox")))));
  heading.focus();
}

// ---- camera, and together ----

/** @type {{close: () => void} | null} */
let camera = null;
let stopLooking = () => {};

async function startCamera() {
  wake();
  put(byId("camera-said"));
  byId("finder").hidden = false;
  try {
    const video = /** @type {HTMLVideoElement} */ (byId("video"));
    camera = await openCamera(video);
    const engine = await openEngine();
    stopLooking = look(video, engine, { onAway: () => {}, onFound: (symbols) => {
      for (const { text } of symbols) if (sightings.isNew(text, performance.now())) hear(text, "camera");
    } });
    byId("camera").textContent = t("Stop the camera");
  } catch (error) {
    stopCamera();
    if (!(error instanceof NoCamera)) throw error;
    put(byId("camera-said"), h("p", { class: "mark warn" }, tellCamera(error.why)));
  }
}

function stopCamera() {
  stopLooking();
  camera?.close();
  camera = null;
  byId("finder").hidden = true;
  byId("camera").textContent = t("Scan packs with the camera");
}

document.addEventListener("visibilitychange", () => document.hidden && camera && stopCamera());

async function guarded(work) {
  if (busy) return;
  busy = true;
  wake();
  tell("");
  try {
    await work();
  } catch (error) {
    fail(t("That went wrong: %(why)s", { why: error.message }));
    throw error;
  } finally {
    busy = false;
    if (at) show();
  }
}

function fail(text) {
  failure();
  tell(text);
}

function tell(text) {
  const place_ = byId("problem");
  place_.textContent = text;
  place_.className = text ? "mark bad" : "";
}

await begin();
