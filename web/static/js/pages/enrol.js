// Enrol this device: from the scanned invitation to a key that signs.
import { Offline } from "../device/api.js";
import { enrolledKey } from "../device/keyring.js";
import { setting } from "../device/settings.js";
import { all } from "../device/db.js";
import { Refusal } from "../core/refusal.js";
import { ask, askAgain, dropSecret, finish, giveUp, leave, look, Refused, takeSecret, trustOf, waitingKey, wordsOfKey } from "../enrolment/joining.js";
import { guessedName, mark, nameOf, reasonOf, sixWords, useOf } from "../enrolment/shown.js";
import { standings } from "../enrolment/standing.js";
import { announce, byId, h, put } from "../ui/dom.js";
import { link, t } from "../ui/texts.js";

const EVERY = 2_000; // ms between questions, while somebody looks
const page = byId("page");
const secret = takeSecret();

async function begin() {
  if (!isSecureContext || !globalThis.crypto?.subtle) {
    put(page, mark("bad", t("A key can't be made here: open this page over https, in the browser of the phone.")));
    return;
  }
  const row = await waitingKey();
  if (secret && row?.secret !== secret) await invited();
  else if (row) await goOn(row);
  else await uninvited();
}

/** What the invitation is for, and the one button. */
async function invited() {
  put(page, h("p", { class: "waits", role: "status" }, t("Looking at the invitation …")));
  let invitation;
  let trust;
  try {
    invitation = await look(secret);
    trust = await trustOf(invitation);
  } catch (error) {
    refused(error, () => location.reload());
    return;
  }
  const { organisation } = invitation;
  const name = h("input", { id: "name", type: "text", value: guessedName(), maxlength: "100", autocomplete: "off", disabled: Boolean(invitation.name) });
  if (invitation.name) name.value = invitation.name;
  const button = h("button", { type: "submit", class: "huge" }, t("Enrol this device"));
  const form = h("form", { onsubmit: (event) => join(event, invitation, name, button) },
    h("div", { class: "field" },
      h("label", { for: "name" }, t("Name of this device")),
      h("p", { class: "help", id: "name-help" }, invitation.name ? t("The administrator chose it.") : t("So that people know which one it is. It goes into the log for good: better where it is used than whose it is.")),
      name),
    button);
  name.setAttribute("aria-describedby", "name-help");
  put(page,
    h("section", { class: "card" },
      h("h2", {}, nameOf(organisation)),
      h("dl", {},
        h("dt", {}, t("Organisation")), h("dd", {}, organisation.id),
        h("dt", {}, t("This device")), h("dd", {}, useOf(invitation)))),
    organisation.suspended && mark("warn", t("This organisation is suspended: its keys sign nothing at present.")),
    await previous(organisation),
    form,
    h("p", { class: "help" }, t("A key is made on this device and never leaves it. There is no password.")),
    believed(invitation, trust));
}

/** Whom the device will believe; said aloud where it believed somebody else. */
function believed({ origin, trust }, { words, other }) {
  const log = h("dl", {}, h("dt", {}, t("Log")), h("dd", {}, origin));
  if (trust === null) return h("details", {}, h("summary", {}, t("The log that this device will believe")), log, mark("warn", t("This node hands out no trust file, so receipts can't be checked on this device.")));
  const shown = h("div", { class: "small" }, sixWords(words, t("Six words of its trust file. Where they hang on the wall of the office, compare them:")));
  const warning = { log: t("So far this device belonged to another log. What waits in its outbox stays for that one."), trust: t("These are not the six words that this device knew of this log. Ask the administrator before you go on.") }[other];
  return h("details", { open: other !== "" }, h("summary", {}, t("The log that this device will believe")), warning && mark("warn", warning), log, shown);
}

/** Somebody else's device becomes ours: that is said first. */
async function previous(organisation) {
  const before = await enrolledKey("sign");
  if (!before || before.org === organisation.id) return null;
  const waits = (await all("outbox")).filter(({ state }) => state !== "accepted").length;
  return mark("warn", t("This device signs for %(org)s now; that ends here.", { org: before.org }), waits ? ` ${t("%(count)s of its records still wait: send them or save them to a file first.", { count: waits })}` : "");
}

async function join(event, invitation, name, button) {
  event.preventDefault();
  if (button.disabled) return;
  button.disabled = true;
  try {
    const { row, told } = await ask(secret, invitation, name.value.normalize("NFC").trim());
    await shown(row, told);
  } catch (error) {
    const row = await waitingKey();
    if (error instanceof Offline && row) await wait(row, null);
    else refused(error, () => location.reload());
  }
}

async function goOn(row) {
  put(page, h("p", { class: "waits", role: "status" }, t("Asking how it stands …")));
  try {
    const { row: now, told } = await askAgain(row);
    await shown(now, told);
  } catch (error) {
    if (error instanceof Offline) await wait(row, null);
    else refused(error, () => startAnew(row), t("Start anew"));
  }
}

/** @param {any} told what the node says by now */
async function shown(row, told) {
  if (told.state === "waiting") await wait(row, told);
  else if (told.state === "enrolled") await enrolled(row, told);
  else if (told.state === "revoked") {
    await leave(row);
    await ended(t("This device was enrolled and revoked again. Ask for another invitation."));
  } else {
    await giveUp(row);
    await ended(told.state === "refused" ? t("The administrator turned this device away. If that was a mistake, ask for another invitation.") : t("Nobody added this device in time. Ask for another invitation."));
  }
}

/** Six words, until an administrator has compared them. */
async function wait(row, told) {
  const words = await wordsOfKey(row, row.origin);
  const line = h("p", { class: "waits", role: "status" }, told ? t("Waiting for the administrator …") : t("No network. This page goes on by itself once there is one."));
  put(page,
    h("section", { class: "card" },
      h("h2", {}, t("Do both screens show the same six words?")),
      sixWords(words, told ? t("Read them to the administrator of %(name)s:", { name: nameOf(told.organisation) }) : t("Read them to the administrator:")),
      h("p", {}, t("The administrator sees them under Devices, or types them after: packtrace device approve")),
      h("p", {}, t("If the words there differ, it is not this device that asks: don't confirm."))),
    line,
    h("button", { type: "button", class: "big plain", onclick: () => startAnew(row) }, t("Stop")));
  announce(t("Waiting for the administrator …"));
  await watch(row, line);
}

async function watch(row, line) {
  for (let current = row; ;) {
    await pause();
    try {
      const answer = await askAgain(current);
      current = answer.row;
      if (answer.told.state !== "waiting") {
        await shown(current, answer.told);
        return;
      }
      line.textContent = t("Waiting for the administrator …");
    } catch (error) {
      if (error instanceof Offline) line.textContent = t("No network. This page goes on by itself once there is one.");
      else if (error instanceof Refused && error.code === "TOO_MANY_REQUESTS") await pause();
      else {
        refused(error, () => startAnew(row), t("Start anew"));
        return;
      }
    }
  }
}

/** Some seconds; and as long as nobody looks, so that a phone in a pocket asks nothing. */
async function pause() {
  await new Promise((resolve) => setTimeout(resolve, EVERY));
  if (document.visibilityState === "hidden") {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

async function startAnew(row) {
  await giveUp(row);
  dropSecret();
  location.replace(link("/enrol"));
}

/** The device is enrolled: it takes along what it needs offline, and leads on. */
async function enrolled(row, told) {
  await finish(row, told);
  const isAdmin = row.use === "admin";
  const progress = h("p", { class: "waits", role: "status" }, t("Taking along what is needed without a network …"));
  put(page,
    mark("good", isAdmin ? t("This device now administers the devices of %(name)s", { name: nameOf(told.organisation) }) : t("Enrolled. This device now signs for %(name)s", { name: nameOf(told.organisation) })),
    isAdmin ? h("a", { class: "huge", href: link("/devices") }, t("Devices")) : [h("a", { class: "huge", href: link("/scan") }, t("Scan")), h("a", { class: "big plain", href: link("/yard") }, t("My yard"))],
    h("p", { class: "help" }, t("If it is lost, or handed to somebody else, revoke it under Devices at once. Clearing this site's data loses the key; then enrol anew.")),
    !isAdmin && progress,
    h("details", {}, h("summary", {}, t("Six words of this key")), h("div", { class: "small" }, sixWords(await wordsOfKey(row, told.origin), ""))));
  announce(t("Enrolled."));
  await navigator.storage?.persist?.().catch(() => false);
  if (isAdmin) return;
  try {
    const { preload } = await import("../device/known.js");
    const { items } = await preload();
    progress.className = "help";
    progress.textContent = t("Ready without a network: %(count)s batteries, lots and consignments of yours are on this device.", { count: items });
  } catch {
    progress.className = "help";
    progress.textContent = t("Not all that is needed without a network is on this device yet. Open the page Scan once more where there is a network.");
  }
}

/** Without an invitation: how this device stands, and how to come by one. */
async function uninvited() {
  const [own] = await standings();
  const state = own && {
    valid: () => mark("good", t("This device is enrolled for %(org)s.", { org: own.row.org })),
    offline: () => mark("good", t("This device is enrolled for %(org)s.", { org: own.row.org })),
    suspended: () => mark("warn", t("%(org)s is suspended: its keys sign nothing at present. What waits stays on this device.", { org: own.row.org })),
    revoked: () => mark("bad", t("The key of this device was revoked; it signs nothing any more. What waits stays in the outbox, and can be saved to a file.")),
  }[own.standing];
  put(page,
    state?.() ?? null,
    own?.standing === "revoked" && h("a", { class: "big", href: link("/outbox") }, t("Outbox")),
    own?.standing === "valid" && h("a", { class: "huge", href: link("/scan") }, t("Scan")),
    h("section", { class: "card" },
      h("h2", {}, own ? t("To enrol it anew, or for another organisation") : t("How to enrol this device")),
      h("ol", {},
        h("li", {}, t("An administrator of your organisation opens Devices and taps “Invite a device”.")),
        h("li", {}, t("Scan the square on that screen with this phone's camera, and open the link.")),
        h("li", {}, t("Compare six words on both screens. That is all.")))),
    own && h("a", { class: "big plain", href: link("/devices") }, t("Devices")));
}

async function ended(text) {
  dropSecret();
  put(page, mark("bad", text), h("a", { class: "big plain", href: link("/enrol") }, t("How to enrol this device")));
}

function refused(error, again, label = t("Try again")) {
  if (!(error instanceof Refused || error instanceof Refusal || error instanceof Offline)) throw error;
  const isOver = error instanceof Refused && error.code.startsWith("INVITATION_");
  if (isOver) dropSecret();
  put(page,
    mark("bad", error instanceof Offline ? t("The node can't be reached. Is there a network?") : reasonOf(error)),
    !isOver && h("button", { type: "button", class: "big", onclick: again }, label),
    isOver && h("a", { class: "big plain", href: link("/enrol") }, t("How to enrol this device")));
  announce(t("That did not work."));
}

// A second QR that is scanned while this page is open changes nothing but the fragment.
addEventListener("hashchange", () => location.reload());
await begin();
