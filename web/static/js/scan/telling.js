// A scan in words: what it is where it names no battery, why the camera is dark, who reads the pictures.
import { t } from "../ui/texts.js";
import { halfOf } from "./halves.js";

/** @typedef {import("../core/label.js").Accepted} Accepted */
/** @typedef {{mark: "bad" | "warn", title: string, lines: string[]}} Told */

// What batterycode.js expects at a place, which it says in English.
const EXPECTED = {
  "A-Z or 0-9": t("a letter or a digit"),
  "P, M or C (pack, module, cell)": t("P, M or C (pack, module, cell)"),
  "a battery type, A-G or Z": t("a battery type, A-G or Z"),
  "a production year, 1-9 or A-Y without I, O, Q, U": t("a production year, 1-9 or A-Y without I, O, Q, U"),
  "a production month, 1-9 or A-C": t("a production month, 1-9 or A-C"),
  "a production day, 0-9 or A-Y without I, O, Q, U": t("a production day, 0-9 or A-Y without I, O, Q, U"),
  "a digit of the serial": t("a digit of the serial number"),
  "R, the mark of a re-coded product": t("R, the mark of a re-coded product"),
};

/**
 * What a scan is that names no battery and no truck.
 * @param {Accepted} accepted
 * @param {string} raw what was scanned
 * @returns {Told}
 */
export function tellOther(accepted, raw) {
  switch (accepted.kind) {
    case "lookalike":
      return {
        mark: "bad", title: t("Careful: this is not our label"),
        lines: [
          accepted.host === accepted.like
            ? t("It names %(host)s over plain http; our labels say https.", { host: accepted.host })
            : t("It names %(host)s, which looks like %(like)s and is somebody else's.", { host: spelled(accepted.host), like: accepted.like }),
          t("It was not opened, and nothing of it is used. Do not open it with another app either; tell your foreman."),
        ],
      };
    case "foreign":
      return {
        mark: "warn", title: t("Somebody else's code"),
        lines: [
          t("It names %(host)s. It was not opened.", { host: spelled(accepted.host) }),
          accepted.code ? t("The code of a battery stands in it:") : t("Look for the label with a code of 24 characters, or type that code."),
        ],
      };
    case "page":
      return {
        mark: "warn", title: t("A page of ours, and no battery"),
        lines: [t("This code opens a page, as for the enrolment of a phone. Open it with the camera app of the phone; nothing is opened from here.")],
      };
    case "frame":
      return { mark: "warn", title: t("What another phone shows"), lines: [t("Two phones hand over under “Hand over”. Open it there, and scan again.")] };
    default:
      return tellUnreadable(accepted, raw);
  }
}

/** A host with its ASCII form beside it, where a letter of another script may look like one of ours. */
function spelled(host) {
  if (/^[\x20-\x7e]*$/.test(host)) return host;
  try {
    return `${host} (${new URL(`https://${host}/`).hostname})`;
  } catch {
    return host; // no host that a browser would open
  }
}

function tellUnreadable({ refusal }, raw) {
  const half = halfOf(raw);
  if (half) {
    const lines = [
      half.part === "first"
        ? t("These 14 characters are its first half, the design part: %(text)s.", { text: half.text })
        : t("These 10 characters are its second half, the production part: %(text)s.", { text: half.text }),
      t("The other half is on the label too: scan it, or type all 24 characters."),
    ];
    return { mark: "warn", title: t("Half a code"), lines };
  }
  if (refusal.code === "LABEL_MALFORMED") {
    return {
      mark: "bad", title: t("A damaged label"),
      lines: [t("It begins as one of ours, and what follows was cut or misread. Scan it again from closer, or type the 24 characters.")],
    };
  }
  return { mark: "bad", title: t("No battery code"), lines: [whyNoCode(refusal), t("I and 1, O and 0 look alike: compare with the label.")] };
}

function whyNoCode({ expected, got, at }) {
  if (/^(24 or 19|at most)/.test(expected)) {
    return t("A code has 24 characters, that of a re-coded product 19; this has %(count)s.", { count: parseInt(got, 10) });
  }
  if (expected.startsWith("a day that")) return t("Characters 15 to 17 are the date of production, and there is no such day.");
  return t("Character %(at)s has to be %(expected)s; it is %(got)s.", { at, expected: EXPECTED[expected] ?? expected, got });
}

/** Why the camera can't be used, and what to do. @param {import("./camera.js").Why} why @returns {string} */
export function tellCamera(why) {
  return {
    denied: t("The camera is not allowed for this page. Allow it in the browser: tap the sign before the address, then Permissions. Until then take a photo, use a scanner, or type the code."),
    none: t("There is no camera here that can be used. Choose a photo, use a scanner, or type the code."),
    busy: t("Another app uses the camera. Close it, and tap again."),
    insecure: t("The camera works over https only. Choose a photo, use a scanner, or type the code."),
    broken: t("The camera did not start. Choose a photo, use a scanner, or type the code."),
  }[why];
}

/** Who reads the pictures. @param {import("./engines.js").EngineName} name @returns {string} */
export function tellEngine(name) {
  return {
    worker: t("Pictures are read on this phone, by zxing; also without a network."),
    browser: t("Pictures are read on this phone, by the browser; also without a network."),
    node: t("Pictures are sent to the node to be read, and kept nowhere: the reader for this phone is not there. Without a network use a scanner, or type the code."),
  }[name];
}

/** @param {string} readBy @returns {string} */
export const tellReadBy = (readBy) =>
  ({ camera: t("camera"), scanner: t("scanner"), photo: t("photo"), typed: t("typed") })[readBy] ?? readBy;
