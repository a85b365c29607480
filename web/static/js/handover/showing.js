// Shows signed submissions to another phone: a row of QR codes, one after another, for as long as somebody looks.
import { formatLine } from "../device/files.js";
import { h, put } from "../ui/dom.js";
import { t } from "../ui/texts.js";
import { MAX_FRAMES, framesOf } from "./frames.js";
import { pack } from "./packing.js";

/** Codes a second. A camera of 30 pictures a second sees each of them at least twice. */
export const RATE = 10;
const RATES = [5, RATE, 15];
const QUIET = 4; // modules of white, as readers want it
const DOTS = 1200; // of the drawing at most; the page shows it as wide as the screen

/** What draws QR codes, or null where it was not installed on the node. */
export async function drawer() {
  try {
    const { encode } = await import("../../vendor/uqr/index.js");
    return (text) => encode(text, { ecc: "L", border: QUIET });
  } catch {
    return null;
  }
}

/**
 * @param {"offers" | "answers"} kind
 * @param {string[][]} submissions
 * @returns {Promise<HTMLElement>} it stops by itself once it is taken off the page
 */
export async function showing(kind, submissions) {
  const draw = await drawer();
  const frames = draw && framesOf(await pack(kind, submissions));
  const file = fileOf(kind, submissions);
  return h("section", { class: "showing", "aria-label": t("For the other phone") },
    frames ? film(frames, draw) : h("p", { class: "mark warn" }, t("This node cannot draw codes in the browser (its npm packages are not installed): hand the file over.")),
    h("details", {}, h("summary", {}, t("Or hand it over as a file")),
      h("p", {}, t("The file holds what the codes hold: signed records that anybody may send to the log.")),
      h("button", { class: "big plain", type: "button", onclick: () => void share(file) }, t("Save or share the file"))));
}

function film({ count, frame }, draw) {
  const canvas = h("canvas", { role: "img", "aria-label": t("QR code for the other phone") });
  const said = count > 1 ? t("%(count)s codes at least; they change all the time", { count }) : t("One code");
  let rate = RATE;
  let at = 0;
  let timer = null;
  const show = () => {
    paint(canvas, draw(frame(at)).data);
    canvas.dataset.frame = String(at);
  };
  const step = () => {
    if (!canvas.isConnected && canvas.dataset.shown) return stop();
    canvas.dataset.shown = "1";
    at = (at + 1) % MAX_FRAMES;
    show();
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
  };
  const run = () => {
    stop();
    if (count > 1) timer = setInterval(step, 1000 / rate);
  };
  show();
  run();
  const pause = h("button", { class: "plain grow", type: "button", onclick: () => {
    if (timer) stop();
    else run();
    put(pause, timer ? t("Pause") : t("Go on"));
  } }, t("Pause"));
  const speed = h("select", { "aria-label": t("Codes a second"), onchange: () => {
    rate = Number(speed.value);
    if (timer) run();
  } }, ...RATES.map((each) => h("option", { value: String(each), selected: each === RATE }, t("%(count)s codes a second", { count: each }))));
  return h("div", { class: "film" }, canvas, h("p", { class: "counting" }, said), count > 1 && h("div", { class: "row" }, pause, h("div", { class: "grow" }, speed)));
}

/** A symbol in whole dots a module, so that all are of one size; black on white whatever the theme. */
export function paint(canvas, modules) {
  const scale = Math.max(1, Math.floor(DOTS / modules.length));
  if (canvas.width !== scale * modules.length) canvas.width = canvas.height = scale * modules.length;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000";
  for (const [row, line] of modules.entries()) {
    for (const [column, isDark] of line.entries()) {
      if (isDark) context.fillRect(column * scale, row * scale, scale, scale);
    }
  }
}

// ---- as a file ----

const fileOf = (kind, submissions) =>
  new File(submissions.map((events) => `${formatLine({ events })}\n`), `packtrace-${kind}.ndjson`, { type: "application/x-ndjson" });

async function share(file) {
  // Sharing wants a kind of file that other programs know.
  const shared = new File([file], file.name.replace("ndjson", "txt"), { type: "text/plain" });
  if (navigator.canShare?.({ files: [shared] })) {
    try {
      await navigator.share({ files: [shared] });
      return;
    } catch (error) {
      if (error.name === "AbortError") return;
    }
  }
  const address = URL.createObjectURL(file);
  h("a", { href: address, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
