// A verification, as people read it: the verdict in the command's words, what was done, what was not, and what to do then.
import { h } from "../ui/dom.js";
import { moment, t } from "../ui/texts.js";
import { word, words } from "./words.js";

/** @typedef {import("./inspect.js").Summary} Summary */

const SHOWN = 20; // findings before the rest is folded away

/**
 * @param {Summary} summary
 * @param {{file?: string}} [about] the name of what was checked
 * @returns {Promise<HTMLElement[]>}
 */
export async function verification(summary, { file = "" } = {}) {
  const { findings } = await words();
  return [
    ...verdict(summary),
    figures(summary),
    summary.findings.length > 0 && found(summary, findings),
    steps(summary),
    summary.kind !== "unreadable" && summary.kind !== "events" && rest(file),
    technical(summary),
  ].filter(Boolean);
}

/** The verdict: REFUTED, UNDECIDED, or that what was checked holds; never VERIFIED, since steps are left to the command. */
export function verdict({ verdict: said, checked, kind, findings }) {
  if (said === "REFUTED") {
    return [h("p", { class: "mark bad verdict", dataset: { verdict: "REFUTED" } }, t("REFUTED: this record is wrong."))];
  }
  if (checked === "VERIFIED") {
    return [
      h("p", { class: "mark good verdict", dataset: { verdict: "CHECKED" } }, t("What was checked here holds.")),
      h("p", { class: "mark warn" }, t("UNDECIDED as a whole: some steps are not done in a browser. They are listed below.")),
    ];
  }
  const isStranger = findings.some(({ code }) => code === "TRUST_ABSENT");
  return [
    h("p", { class: "mark warn verdict", dataset: { verdict: "UNDECIDED" } }, t("UNDECIDED: evidence is missing.")),
    kind !== "events" && isStranger && h("p", { class: "mark warn" }, t("Whose log it is was not checked: there is no trust file.")),
  ].filter(Boolean);
}

function figures({ counts, size, span, kind }) {
  if (!counts.events) return null;
  const row = (value, text) => h("li", {}, h("strong", {}, String(value)), " ", text);
  return h("ul", { class: "figures" },
    row(counts.events, t("events read")),
    kind !== "events" && kind !== "receipt" && row(counts.signed, t("signatures hold")),
    kind !== "receipt" && row(counts.linked, t("in their place in the chain")),
    kind === "log" && row(counts.batteries, t("batteries")),
    kind === "log" && row(counts.organisations, t("organisations")),
    size > 0 && row(size, t("entries in the log")),
    span && h("li", { class: "span" }, span.first === span.last ? moment(span.first) : `${moment(span.first)} – ${moment(span.last)}`),
  );
}

function found({ findings, more }, catalogue) {
  const lines = findings.map((finding) => line(finding, catalogue));
  const folded = lines.slice(SHOWN);
  return h("section", { class: "findings" },
    h("h3", {}, t("What was found")),
    h("ul", { class: "list" }, ...lines.slice(0, SHOWN)),
    folded.length > 0 && h("details", {}, h("summary", {}, t("%(count)s more", { count: folded.length + more })), h("ul", { class: "list" }, ...folded)),
  );
}

/** One finding: what it means, its code, where, and the evidence. */
export function line({ code, severity, detail, leaf, subject, place }, catalogue) {
  const isBad = severity === "ERROR";
  const where = [place, leaf !== undefined && t("leaf %(leaf)s", { leaf }), subject].filter(Boolean).join(", ");
  return h("li", { class: `finding ${isBad ? "bad" : "warn"}`, dataset: { code } },
    h("strong", {}, word(catalogue, code)),
    h("span", { class: "evidence" }, `${isBad ? t("wrong") : t("not checked")} · ${code}${where ? ` · ${where}` : ""}`),
    h("span", { class: "evidence" }, detail),
  );
}

function steps({ steps: all }) {
  const names = stepNames();
  const row = ({ step, name, isDone, verdict: said }) => {
    const [mark, text] = said === "REFUTED" ? ["bad", t("wrong")] : !isDone ? ["undone", t("not done here")]
      : said === "VERIFIED" ? ["good", t("done, holds")] : ["warn", t("done, evidence is missing")];
    return h("li", { dataset: { step: name, done: String(isDone) } },
      h("span", { class: "number" }, String(step)), h("span", { class: "grow" }, names[name] ?? name), h("span", { class: `said ${mark}` }, text));
  };
  return h("section", {}, h("h3", {}, t("Step by step")), h("ol", { class: "steps" }, ...all.map(row)));
}

const stepNames = () => ({
  source: t("Files: whole, bounded, nothing that does not belong"),
  "checkpoint signed with Ed25519": t("Checkpoint: the log's signature (Ed25519)"),
  "checkpoint signed with ML-DSA-44": t("Checkpoint: the log's second signature (ML-DSA-44)"),
  witnesses: t("Checkpoint: witnesses and quorum"),
  entries: t("Entries: form and times"),
  tree: t("Each entry is in the log"),
  registry: t("Who is enrolled, with which keys"),
  "form of each event": t("Each event: form"),
  "signature of each event": t("Each event: signature by a key in force"),
  "schema of each event": t("Each event: what its type may say"),
  chains: t("Each chain: no gap, nothing swapped"),
  "life cycle and custody": t("Life cycle and custody"),
  "batches, lots, masses": t("Batches, lots and masses"),
  deadlines: t("Deadlines"),
  "seen before": t("Against what was seen before"),
});

/** What the browser left out, the command does. A file's name goes into a command line only where no shell reads it twice. */
function rest(file) {
  const isPlain = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(file);
  return h("section", {},
    h("h3", {}, t("For the rest, on a computer")),
    h("p", {}, t("The same file, with the trust file that you have from somebody whom you trust:")),
    h("pre", { tabindex: "0" }, `packtrace verify ${isPlain ? file : "FILE"} --trust trust.json`));
}

function technical({ origin, size, root, uncheckedKeys }) {
  if (!origin) return null;
  const pairs = [[t("Log"), origin], size > 0 && [t("Tree size"), String(size)], root && [t("Root"), root],
    uncheckedKeys.length > 0 && [t("Keys not checked here"), uncheckedKeys.join(", ")]].filter(Boolean);
  return h("details", {}, h("summary", {}, t("Checkpoint")),
    h("dl", { class: "technical" }, ...pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}
