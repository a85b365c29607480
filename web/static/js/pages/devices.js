// Devices: what an organisation signs with. Who administers adds those that ask, and revokes those that are lost.
import { Offline } from "../device/api.js";
import { get } from "../device/db.js";
import { enrolledKey } from "../device/keyring.js";
import { setting } from "../device/settings.js";
import { parsePublicJwk } from "../core/keys.js";
import { Refusal } from "../core/refusal.js";
import { add, addOwn, askAsMember, devices, examine, revoke } from "../enrolment/administering.js";
import { Refused, wordsOfKey } from "../enrolment/joining.js";
import { command, guessedName, mark, reasonOf, sixWords, useOf } from "../enrolment/shown.js";
import { standings } from "../enrolment/standing.js";
import { listenToScanner } from "../scan/wedge.js";
import { announce, byId, h, put } from "../ui/dom.js";
import { link, moment, t } from "../ui/texts.js";

const EVERY = 3_000; // ms between questions, while somebody looks
const page = byId("page");
const [own, asking, inviting, list] = ["own", "asking", "inviting", "list"].map((id) => h("section", { id }));
let invited = ""; // id of the invitation whose symbol is on the screen
let shownAs = ""; // what is on the screen: nothing moves under a finger while it is the same

async function begin() {
  const found = await standings();
  if (!found.length) {
    put(page,
      h("p", {}, t("This device is not enrolled, so it can't show the devices of an organisation.")),
      h("a", { class: "huge", href: link("/enrol") }, t("Enrol this device")),
      h("details", {}, h("summary", {}, t("For whoever has the administrator's key in a file")),
        h("p", {}, t("The first device of an organisation is invited and approved on the machine of the node:")),
        command("packtrace device invite ORG --url https://HOST"), command("packtrace device approve SIX WORDS"), command("packtrace device list ORG")));
    return;
  }
  put(page, asking, own, inviting, list, scannerTest());
  await showOwn(found);
  if (!(await enrolledKey("sign")) && !(await enrolledKey("admin"))) return;
  showInvite();
  for (;;) {
    await refresh();
    await pause();
  }
}

/** How this device itself stands. */
async function showOwn(found) {
  const origin = await setting("origin");
  const cards = [];
  for (const { row, standing } of found) {
    cards.push(h("div", { class: "card" },
      h("div", { class: "row" }, h("strong", { class: "grow" }, row.name || t("No name")), chip(standing)),
      h("p", {}, useOf({ use: row.use, sites: [], types: [] })),
      h("p", { class: "help" }, row.org),
      standing === "revoked" && mark("bad", t("The key of this device was revoked; it signs nothing any more. What waits stays in the outbox, and can be saved to a file.")),
      standing === "suspended" && mark("warn", t("%(org)s is suspended: its keys sign nothing at present. What waits stays on this device.", { org: row.org })),
      h("details", {}, h("summary", {}, t("Six words of this key")), h("div", { class: "small" }, sixWords(await wordsOfKey(row, origin), "")))));
  }
  const isRevoked = found.some(({ standing }) => standing === "revoked");
  put(own, h("h2", {}, t("This device")), cards, await storage(),
    isRevoked && [h("a", { class: "big", href: link("/outbox") }, t("Outbox")), h("a", { class: "big plain", href: link("/enrol") }, t("Enrol this device"))]);
}

/** What a handheld scanner types, shown and not followed. */
function scannerTest() {
  const said = h("output", { class: "command", for: "scanner" }, t("Nothing yet."));
  let stop = null;
  const begin = ({ target }) => {
    if (target.open) stop ??= listenToScanner(document, (text) => put(said, text));
    else stop = void stop?.();
  };
  return h("details", { id: "scanner", ontoggle: begin }, h("summary", {}, t("Test my scanner")),
    h("p", {}, t("Pull its trigger on a label, whatever has the focus. Below stands what it typed; nothing is recorded. If nothing appears, set it to end with Enter and to a US keyboard.")), said);
}

/** Whether the browser promised to keep the key. */
async function storage() {
  const persists = await navigator.storage?.persisted?.().catch(() => null);
  if (persists === undefined || persists === null) return null;
  if (persists) return h("p", { class: "help" }, t("The browser keeps this site's data, and so the key, until you clear it."));
  const ask = async (event) => {
    const granted = await navigator.storage.persist();
    put(event.target.parentElement, mark(granted ? "good" : "warn", granted ? t("The browser keeps this site's data, and so the key, until you clear it.") : t("The browser promised nothing. Add this page to the home screen: then it keeps the key.")));
  };
  return h("div", {}, h("p", { class: "help" }, t("The browser may clear this site's data, and with it the key, when it runs out of room.")),
    h("button", { type: "button", class: "big plain", onclick: ask }, t("Ask it to keep the key")));
}

async function refresh() {
  let told;
  try {
    told = await devices();
  } catch (error) {
    await trouble(error);
    return;
  }
  const admin = await enrolledKey("admin");
  const isAdmin = Boolean(admin && told.admins.includes(admin.kid));
  const signs = Boolean(await enrolledKey("sign"));
  const looks = JSON.stringify([told, isAdmin, signs]);
  if (looks === shownAs || page.querySelector(".sheet")) return; // nothing new, or somebody is about to confirm
  shownAs = looks;
  await showAsking(told, isAdmin);
  showList(told, isAdmin, signs);
}

async function trouble(error) {
  if (error instanceof Offline) {
    if (!shownAs) put(list, mark("warn", t("The node can't be reached. Is there a network?")));
    return;
  }
  if (!(error instanceof Refused)) throw error;
  shownAs = "";
  put(asking);
  put(list, mark("bad", reasonOf(error)));
  await showOwn(await standings());
}

/** Those that wait for an administrator. */
async function showAsking(told, isAdmin) {
  const before = asking.childElementCount;
  const cards = [];
  for (const request of told.requests) {
    try {
      cards.push(askingCard(request, await examine(request, told), told, isAdmin));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      cards.push(h("div", { class: "card" }, mark("bad", t("A request with a key that proves nothing; turn it away.")), away(request)));
    }
  }
  put(asking, cards.length > 0 && h("h2", {}, t("Asks to join")), cards);
  if (told.requests.some(({ id }) => id === invited)) byId("symbol").replaceChildren(); // it has done what it is for
  if (cards.length && !before) {
    announce(t("A device asks to join."));
    asking.scrollIntoView({ block: "start" });
  }
}

function askingCard(request, { words, isProven }, told, isAdmin) {
  const button = h("button", { type: "button", class: "huge", disabled: !isProven, onclick: (event) => confirmed(event, () => add(request, told), t("Added.")) }, t("Yes, the same: add it"));
  return h("div", { class: "card asks" },
    h("h3", {}, request.name || t("No name")),
    h("p", {}, useOf(request)),
    request.use === "admin" && mark("warn", t("It will be able to add and revoke every other device.")),
    sixWords(words, t("Does that device show exactly these six words?")),
    h("p", { class: "help" }, t("Look at its screen, or have them read out. If one differs, somebody else's device asks.")),
    isAdmin
      ? [button, !isProven && h("p", { class: "waits" }, t("The device is renewing its proof. Leave its page open for some seconds, and try again."))]
      : [h("p", {}, t("An administrator adds it, in a browser that has an admin key, or by:")), command(`packtrace device approve ${words}`)],
    away(request));
}

const away = (request) =>
  h("button", { type: "button", class: "big plain", onclick: (event) => confirmed(event, () => askAsMember(`/invitations/${encodeURIComponent(request.id)}`, { method: "DELETE" }), t("Turned away.")) }, t("No: turn it away"));

/** Does something that was confirmed, once, and says what came of it. */
async function confirmed(event, act, done) {
  const button = event.target;
  const place = button.closest(".card, .sheet") ?? page;
  for (const each of place.querySelectorAll("button")) each.disabled = true;
  try {
    await act();
    announce(done);
    shownAs = "";
    place.remove();
    await refresh();
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Offline || error instanceof Refusal)) throw error;
    place.querySelector(".failed")?.remove();
    place.append(h("div", { class: "failed" }, mark("bad", error instanceof Offline ? t("The node can't be reached. Is there a network?") : reasonOf(error))));
    for (const each of place.querySelectorAll("button")) each.disabled = false;
    shownAs = "";
  }
}

/** An invitation, as a square to be scanned. */
function showInvite() {
  const name = h("input", { id: "invited-name", type: "text", maxlength: "100", autocomplete: "off", "aria-describedby": "invited-help" });
  const use = h("input", { id: "invited-admin", type: "checkbox" });
  const site = h("select", { id: "invited-at" }, h("option", { value: "" }, t("Everywhere")));
  const form = h("form", { onsubmit: (event) => invite(event, name, use, site) },
    h("div", { class: "field" }, h("label", { for: "invited-name" }, t("Name of the device")),
      h("p", { class: "help", id: "invited-help" }, t("Such as “Gate 1”. Left empty, the device says it itself.")), name),
    h("div", { class: "field", id: "invited-site", hidden: true }, h("label", { for: "invited-at" }, t("Where it may sign")), site),
    h("p", { id: "invited-use" }),
    h("button", { type: "submit", class: "huge" }, t("Invite a device")));
  put(inviting, h("h2", {}, t("Invite a device")), form, h("div", { id: "symbol" }));
  void ownSites().then((sites) => {
    site.append(...sites.map((each) => h("option", { value: each }, t("Only at %(site)s", { site: each }))));
    byId("invited-site").hidden = !sites.length;
  });
  void enrolledKey("admin").then((key) => {
    if (key) put(byId("invited-use"), h("label", { class: "choice" }, use, t("To administer: it will add and revoke devices")));
  });
}

/** @returns {Promise<string[]>} as far as this device took them along */
async function ownSites() {
  const own = await get("parties", await setting("org"));
  return (own?.sites ?? []).map(({ site }) => site).filter(Boolean);
}

async function invite(event, name, use, site) {
  event.preventDefault();
  const button = event.submitter ?? event.target.querySelector("button");
  button.disabled = true;
  const place = byId("symbol");
  try {
    const wishes = { url: location.origin, ...(name.value.trim() && { name: name.value.normalize("NFC").trim() }), ...(site.value && !use.checked && { sites: [site.value] }) };
    const made = await askAsMember("/invitations", { json: use.checked ? { ...wishes, use: "admin" } : wishes, by: use.checked ? "admin" : undefined });
    invited = made.id;
    put(place,
      h("p", {}, t("Scan this square with the camera of the new device. It is for one device, until %(time)s.", { time: moment(made.expires_at) })),
      isHere(made.link) && mark("warn", t("This link opens on this machine alone. For phones, start the node with: packtrace serve --https")),
      drawn(made.symbol, t("QR code of the invitation")),
      h("details", {}, h("summary", {}, t("Or open this link on it")), command(made.link)),
      h("button", { type: "button", class: "big plain", onclick: (clicked) => takeBack(clicked, made.id) }, t("Take the invitation back")));
    place.scrollIntoView({ block: "nearest" });
    shownAs = "";
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Offline)) throw error;
    put(place, mark("bad", error instanceof Offline ? t("The node can't be reached. Is there a network?") : reasonOf(error)));
  }
  button.disabled = false;
}

const isHere = (address) => ["localhost", "127.0.0.1", "[::1]"].includes(new URL(address).hostname);

async function takeBack(event, id) {
  event.target.disabled = true;
  try {
    await askAsMember(`/invitations/${encodeURIComponent(id)}`, { method: "DELETE" });
    put(byId("symbol"), h("p", { role: "status" }, t("Taken back: no device comes with it any more.")));
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Offline)) throw error;
    event.target.disabled = false;
  }
}

/** A symbol of modules, black on white whatever the theme. */
function drawn(rows, label) {
  const canvas = h("canvas", { class: "symbol", width: rows[0].length, height: rows.length, role: "img", "aria-label": label });
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000000";
  rows.forEach((row, y) => [...row].forEach((each, x) => each === "1" && context.fillRect(x, y, 1, 1)));
  return canvas;
}

/** Every device that the organisation added, those in force first. */
function showList(told, isAdmin, signs) {
  const rows = [...told.devices].reverse().sort((one, other) => (one.state === "valid" ? 0 : 1) - (other.state === "valid" ? 0 : 1));
  const ownToo = isAdmin && !signs && h("div", { class: "card" },
    h("p", {}, t("This device administers and does not sign. It can do both, with a key of its own for each.")),
    h("button", { type: "button", class: "big", onclick: (event) => confirmed(event, () => addOwn(guessedName(), told), t("Added.")) }, t("Let this device sign too")));
  put(list, ownToo, h("h2", {}, t("All devices")),
    rows.length ? h("ul", { class: "list" }, rows.map((each) => h("li", { class: "card", id: `device-${each.kid}` }, deviceRow(each, told, isAdmin)))) : h("p", { class: "nothing" }, t("None yet.")));
}

function deviceRow(each, told, isAdmin) {
  const revoked = each.revoked_at && t("revoked %(time)s: %(reason)s", { time: moment(each.revoked_at), reason: reasons()[each.reason] ?? each.reason });
  const seen = each.seen_at && t("last seen %(time)s", { time: moment(each.seen_at) });
  const words = h("div", { class: "small" });
  const details = h("details", { ontoggle: () => void fill() }, h("summary", {}, t("Six words, key, revoking")), words,
    h("p", { class: "help" }, t("Key"), " ", h("code", {}, each.kid)));
  const fill = async () => {
    if (words.childElementCount) return;
    const { kid } = await parsePublicJwk(each.jwk);
    put(words, sixWords(await wordsOfKey({ kid, org: told.organisation, use: each.use }, await setting("origin")), t("Six words of this key")));
  };
  if (each.state !== "revoked" && each.state !== "expired") details.append(...revoking(each, told, isAdmin));
  return [
    h("div", { class: "row" }, h("strong", { class: "grow" }, each.name || t("No name")), chip(each.state)),
    h("p", {}, useOf(each)),
    h("p", { class: "help" }, t("added %(time)s", { time: moment(each.added_at) }), seen && `; ${seen}`, revoked && `; ${revoked}`),
    details,
  ];
}

const reasons = () => ({ lost: t("lost or stolen"), left_use: t("retired"), superseded: t("replaced by another"), compromised: t("its key is in other hands") });

function revoking(each, told, isAdmin) {
  if (!isAdmin) {
    return [h("p", {}, t("An administrator revokes it, in a browser that has an admin key, or by:")), command(`packtrace device revoke ${each.kid} --reason lost`)];
  }
  const open = (event) => {
    const since = h("input", { id: `since-${each.kid}`, type: "datetime-local", step: "60" });
    const choices = Object.entries(reasons()).map(([value, text], at) =>
      h("label", { class: "choice" }, h("input", { type: "radio", name: `why-${each.kid}`, value, checked: at === 0 }), text));
    const sheet = h("div", { class: "sheet" },
      h("h3", {}, t("Revoke %(name)s", { name: each.name || t("No name") })),
      h("p", {}, t("It signs nothing from then on. Records that wait on it are refused; what it signed before stands. This can't be undone: the device would be enrolled anew.")),
      h("fieldset", {}, h("legend", {}, t("Why?")), choices),
      h("div", { class: "field" }, h("label", { for: since.id }, t("Out of your hands since (if you know)")), since),
      h("button", { type: "button", class: "huge danger", onclick: (clicked) => {
        const reason = sheet.querySelector("input:checked").value;
        void confirmed(clicked, () => revoke(each.kid, { reason, since: since.value ? new Date(since.value) : undefined }, told), t("Revoked."));
      } }, t("Revoke")),
      h("button", { type: "button", class: "big plain", onclick: () => sheet.replaceWith(event.target) }, t("Keep it")));
    event.target.replaceWith(sheet);
    sheet.querySelector("input").focus();
  };
  return [h("button", { type: "button", class: "big danger", onclick: open }, t("Lost, or retired: revoke …"))];
}

function chip(state) {
  const words = { valid: t("in force"), revoked: t("revoked"), expired: t("expired"), not_yet_valid: t("not yet in force"), replaced: t("replaced"), suspended: t("suspended"), unknown: t("not in the log"), offline: t("as last known") };
  return h("span", { class: "chip", dataset: { state } }, words[state] ?? state);
}

/** Some seconds; and as long as nobody looks. */
async function pause() {
  await new Promise((resolve) => setTimeout(resolve, EVERY));
  if (document.visibilityState === "hidden") {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

await begin();
