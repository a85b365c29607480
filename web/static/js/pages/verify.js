// Verify: what is dropped or chosen is checked on this device.
import { setting } from "../device/settings.js";
import { check } from "../show/check.js";
import { MOST } from "../show/inspect.js";
import { verification } from "../show/report.js";
import { subjectLink, threadView } from "../show/timeline.js";
import { announce, byId, h, put } from "../ui/dom.js";
import { moment, t } from "../ui/texts.js";

const NAME = 80; // characters of a file's name that are shown

/** @type {{text: string, said: string} | null} */
let trust = null;
/** @type {Uint8Array[]} */
const checkpoints = [];
let turn = Promise.resolve();
/** @type {AbortController | null} */
let running = null;

await pinned();
byId("files").addEventListener("change", ({ target }) => {
  take([...target.files]);
  target.value = "";
});
byId("stop").addEventListener("click", () => running?.abort());
const drop = byId("drop");
for (const name of ["dragenter", "dragover"]) addEventListener(name, (event) => over(event, true));
addEventListener("dragleave", (event) => over(event, false));
addEventListener("drop", (event) => {
  over(event, false);
  take([...(event.dataTransfer?.files ?? [])]);
});

function over(event, isOver) {
  event.preventDefault(); // else the browser opens the file in place of the page
  drop.classList.toggle("over", isOver);
}

/** The trust file that was pinned when this device was enrolled. */
async function pinned() {
  let text = null;
  try {
    text = await setting("trust");
  } catch {
    // A browser that keeps nothing has pinned nothing.
  }
  trust = text ? { text, said: t("the trust file that was pinned when this device was enrolled") } : null;
  showTrust();
}

function showTrust() {
  const said = trust
    ? h("span", { class: "mark good" }, t("Checked against: %(what)s.", { what: trust.said }))
    : h("span", { class: "mark warn" }, t("No trust file: what you drop is checked against itself, and whose log it is stays open. Drop the trust file first."));
  const given = checkpoints.length > 0 && h("span", { class: "mark good" }, t("Checkpoints from elsewhere: %(count)s.", { count: checkpoints.length }));
  put(byId("trust"), said, given);
}

/** One after the other, small ones first: a trust file that comes along with a bundle is meant for it. */
function take(files) {
  for (const file of [...files].sort((one, other) => one.size - other.size)) turn = turn.then(() => checkFile(file));
}

async function checkFile(file) {
  const card = h("section", { class: "card result" }, h("h2", {}, file.name.slice(0, NAME)));
  const result = h("div", {});
  card.append(result);
  running = new AbortController();
  byId("busy").hidden = false;
  byId("doing").textContent = t("Checking %(name)s …", { name: file.name.slice(0, NAME) });
  const bar = byId("progress");
  bar.removeAttribute("value");
  try {
    if (file.size > MOST) throw new RangeError(t("Larger than a page can hold: use the command."));
    const bytes = new Uint8Array(await file.arrayBuffer());
    const progress = (done, total) => {
      bar.max = total || 1;
      bar.value = done;
    };
    const inspected = await check(bytes, { trust: trust?.text ?? null, checkpoints, progress, signal: running.signal });
    await showInspected(result, inspected, file, bytes);
  } catch (error) {
    put(result, h("p", { class: "mark bad" }, t("Not checked: %(why)s", { why: error.message })));
  }
  running = null;
  byId("busy").hidden = true;
  byId("results").prepend(card);
  const said = card.querySelector(".mark");
  announce(`${file.name.slice(0, NAME)}: ${said?.textContent ?? ""}`);
}

async function showInspected(into, inspected, file, bytes) {
  if (inspected.what === "trust") {
    trust = { text: inspected.text, said: t("the trust file %(name)s, of %(origin)s", { name: file.name.slice(0, NAME), origin: inspected.origin }) };
    showTrust();
    put(into, h("p", { class: "mark good" }, t("A trust file of the log %(origin)s. From now on it is what this page believes.", { origin: inspected.origin })));
  } else if (inspected.what === "checkpoint") {
    checkpoints.push(bytes);
    showTrust();
    const { origin, size } = inspected;
    put(into, h("p", { class: "mark good" }, t("A checkpoint of the log %(origin)s at size %(size)s. What you drop from now on is compared with it.", { origin, size })));
  } else {
    const { summary } = inspected;
    const kinds = {
      battery: t("Bundle of one battery"), log: t("Bundle of a whole log"), receipt: t("Receipt of one event"),
      events: t("Events without a log"), unreadable: t("Not a bundle, receipt or events"),
    };
    put(into,
      h("p", { class: "kind" }, kinds[summary.kind], ` · ${moment(new Date())}`),
      summary.subject && h("p", {}, subjectLink(summary.subject)),
      await verification(summary, { file: file.name }),
      summary.own.length > 0 && h("details", {}, h("summary", {}, t("The events")), await threadView(summary, {})));
  }
}
