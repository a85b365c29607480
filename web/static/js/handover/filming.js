// Reads what another phone shows: its row of codes, by the camera, or its file.
import { readFile } from "../device/files.js";
import { Refusal } from "../core/refusal.js";
import { h, put } from "../ui/dom.js";
import { failure, success } from "../ui/sounds.js";
import { t } from "../ui/texts.js";
import { makeCollector } from "./frames.js";
import { makeReader } from "./reader.js";

/** @typedef {import("./frames.js").Set} Set */

/**
 * @param {{kind: "offers" | "answers", label: string, onSet: (set: Set) => Promise<void>, tell: (refusal: Refusal) => string}} how
 *   `onSet` may refuse what was read; `tell` says so in words
 * @returns {{element: HTMLElement, close: () => void}}
 */
export function makeFilming({ kind, label, onSet, tell }) {
  const collector = makeCollector();
  const said = h("p", { class: "counting", role: "status" });
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("Codes read") });
  const wrong = h("div", {});
  let isBusy = false;

  const give = async (set) => {
    try {
      await onSet(set);
      success();
      reader.close();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      failure();
      put(wrong, h("p", { class: "mark bad", role: "alert" }, tell(error)));
    }
  };
  const feed = async (texts) => {
    if (isBusy) return;
    for (const text of texts) {
      const progress = collector.feed(text.trim().replace(/^\][A-Za-z]\d/, "").toUpperCase());
      if (!progress) continue;
      bar.hidden = false;
      bar.max = progress.count;
      bar.value = progress.have;
      put(said, t("%(have)s of %(count)s codes", { have: progress.have, count: progress.count }));
      if (!progress.isWhole) continue;
      isBusy = true;
      try {
        put(wrong);
        await give(await collector.assemble(progress.name));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        put(wrong, h("p", { class: "mark warn", role: "alert" }, t("The codes do not fit together; they are read again.")));
      } finally {
        isBusy = false;
      }
      return;
    }
  };
  const reader = makeReader({ label, onTexts: (texts) => void feed(texts), each: true });
  const picked = h("input", { class: "unseen", type: "file", id: `file-${kind}`, accept: ".ndjson,.txt,text/plain,application/x-ndjson", onchange: () => void pick() });
  const pick = async () => {
    const [file] = picked.files;
    if (!file) return;
    const lines = await readFile(file);
    picked.value = "";
    const broken = lines.find((line) => line.wrong);
    if (broken || !lines.length) {
      put(wrong, h("p", { class: "mark bad", role: "alert" }, broken ? t("Line %(line)s of the file can't be read.", { line: broken.line }) : t("There is nothing in the file.")));
      return;
    }
    await give({ kind, submissions: lines.map(({ text }) => submissionOf(text)) });
  };
  const element = h("div", {}, reader.element, said, bar, wrong,
    h("label", { class: "big plain", for: picked.id }, t("Or open their file")), picked);
  return { element, close: reader.close };
}

/** A line that could be read is a submission: an event, or the events of a group. */
function submissionOf(line) {
  if (!line.startsWith("{")) return [line];
  const { events, event, disclosures } = JSON.parse(line);
  return events ?? [disclosures ? [event, ...disclosures, ""].join("~") : event];
}
