// What somebody dropped on the page: told by its content, never by its name, and checked as far as a browser can.
//
// Nothing here touches a page, so all of it runs in a worker, and in Node.
import { verifyBundle, verifyReceipt } from "../core/bundle.js";
import { checkStatement } from "../core/entry.js";
import { Findings } from "../core/findings.js";
import { parseCheckpointText, parseNote } from "../core/note.js";
import { Refusal } from "../core/refusal.js";
import { parseTrust } from "../core/trust.js";
import { readZip } from "../core/zip.js";
import { readPresentation } from "../device/presentation.js";

/** @typedef {import("../core/bundle.js").Report} Report */
/** @typedef {import("../core/replay.js").Event} Event */
/**
 * @typedef {Omit<Report, "events" | "kind"> & {kind: "battery" | "log" | "receipt" | "events" | "unreadable",
 *   counts: {events: number, signed: number, linked: number, chains: number, batteries: number, organisations: number},
 *   span: {first: string, last: string} | null, own: Event[], names: Record<string, {zh?: string, en?: string}>,
 *   receipts: Map<number, Uint8Array>, more: number}} Summary `own`: of one battery its events and the notes on it;
 *   `more`: findings beyond those that are listed
 */
/**
 * @typedef {{what: "report", summary: Summary} | {what: "trust", origin: string, text: string}
 *   | {what: "checkpoint", origin: string, size: number}} Inspected
 */

export const MOST = 300 << 20; // bytes of a file
const LISTED = 200; // findings that go to the page
const LINE = 4 << 20; // characters
const TEXT = 64 << 20; // bytes of anything but a zip

/**
 * @param {Uint8Array} bytes
 * @param {{trust: string | null, checkpoints?: Uint8Array[], progress?: (done: number, total: number) => void}} given
 *   `trust`: the text of a trust file, from elsewhere
 * @returns {Promise<Inspected>}
 */
export async function inspect(bytes, { trust, checkpoints = [], progress }) {
  const found = kindOf(bytes);
  try {
    if (found.kind === "trust") return { what: "trust", origin: (await parseTrust(bytes)).origin, text: found.text };
    if (found.kind === "checkpoint") {
      const { origin, size } = parseCheckpointText(parseNote(bytes).text);
      return { what: "checkpoint", origin, size };
    }
    const trusted = trust === null ? null : await parseTrust(new TextEncoder().encode(trust));
    if (found.kind === "zip") {
      const files = await readZip(bytes);
      const report = await verifyBundle(files, { trust: trusted, checkpoints, progress });
      return { what: "report", summary: summaryOf(report, files) };
    }
    if (found.kind === "receipt") return { what: "report", summary: summaryOf(await verifyReceipt(bytes, { trust: trusted })) };
    if (found.kind === "events") return { what: "report", summary: await readEvents(found.texts, trusted, progress) };
    throw new Refusal("SOURCE_UNREADABLE", { where: "file", expected: "a bundle, a receipt or events", got: "another file" });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { what: "report", summary: refused(error) };
  }
}

/** What a file is, by how it begins; JSON by its members. */
function kindOf(bytes) {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return { kind: "zip" };
  if (bytes.length > TEXT) return { kind: "unknown" };
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { kind: "unknown" };
  }
  if (text.startsWith("c2sp.org/tlog-proof@")) return { kind: "receipt" };
  if (text.includes("\n\n— ")) return { kind: "checkpoint" };
  const said = text.startsWith("{") ? parse(text) : null;
  if (isObject(said) && "log_keys" in said) return { kind: "trust", text };
  if (isObject(said) && "proof" in said) return { kind: "receipt" };
  // A page of events as the node answers, or lines as `packtrace submit` takes them.
  if (isObject(said) && Array.isArray(said.events)) {
    return { kind: "events", texts: said.events.map((each) => (isObject(each) ? String(each.jws) : String(each))) };
  }
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  if (lines.length && lines.every((line) => /^(?:\{.*\}|[A-Za-z0-9_-]+\.[A-Za-z0-9_.~-]+)$/.test(line))) {
    return { kind: "events", texts: lines.flatMap(textsOf) };
  }
  return { kind: "unknown" };
}

function textsOf(line) {
  if (!line.startsWith("{")) return [line];
  const said = line.length <= LINE ? parse(line) : null;
  if (isObject(said) && Array.isArray(said.events)) return said.events.map(String);
  if (isObject(said) && typeof said.event === "string") {
    const { event, disclosures = [] } = said;
    return [Array.isArray(disclosures) && disclosures.length ? [event, ...disclosures, ""].join("~") : event];
  }
  return [""];
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Events without a log: the form of each, what it withholds, and how they follow each other. Who signed needs the registry.
 * @param {string[]} texts
 */
async function readEvents(texts, trust, progress = () => {}) {
  const findings = new Findings();
  const events = [];
  const heads = new Map();
  findings.add("NOTHING_CHECKED", "events without a log: neither whether they are in one nor who signed them can be checked");
  for (const [at, text] of texts.entries()) {
    if (at % 64 === 0) progress(at, texts.length);
    const place = { place: `${at + 1}` };
    try {
      const { id, kid, statement } = await readPresentation(text);
      checkStatement(statement, trust?.origin ?? String(statement.aud));
      const head = heads.get(statement.sub);
      const { sub, seq, prev } = statement;
      const linked = head ? seq === head.seq + 1 && prev === head.id : true;
      if (!linked) {
        const code = seq === head.seq + 1 ? "CHAIN_LINK_BROKEN" : seq > head.seq ? "BUNDLE_INCOMPLETE" : "FORKED_CHAIN";
        findings.add(code, `expected seq ${head.seq + 1} after ${head.id}, got seq ${seq} after ${prev}`, { ...place, subject: sub, id });
      }
      heads.set(sub, { seq, id });
      events.push({ leaf: at, id, kid, alg: "", statement, recordedAt: "", signed: false, linked });
    } catch (error) {
      findings.addRefusal(error, place);
    }
  }
  const done = (step, name, isDone) => {
    const verdict = findings.verdict((finding) => finding.step === step && finding.code !== "NOTHING_CHECKED");
    return { step, name, isDone, verdict: isDone || verdict === "REFUTED" ? verdict : "UNDECIDED" };
  };
  const names = ["source", "checkpoint signed with Ed25519", "entries", "tree", "registry"];
  const steps = [
    ...names.map((name, at) => done(at + 1, name, at === 0)),
    done(6, "form of each event", true), done(6, "signature of each event", false), done(6, "schema of each event", false),
    done(7, "chains", true), done(8, "life cycle and custody", false), done(9, "batches, lots, masses", false),
    done(10, "deadlines", false), done(11, "seen before", false),
  ];
  const checked = findings.verdict();
  const report = {
    kind: "events", verdict: checked === "REFUTED" ? checked : "UNDECIDED", checked, steps, findings: findings.all,
    origin: events[0]?.statement.aud ?? "", size: 0, root: "", subject: "", events, uncheckedKeys: [],
  };
  return summaryOf(report);
}

/** What could not even be opened. */
function refused(error) {
  const findings = new Findings();
  findings.addRefusal(error, { place: error.where });
  const checked = findings.verdict();
  const steps = [{ step: 1, name: "source", isDone: true, verdict: checked }];
  return summaryOf({
    kind: "unreadable", verdict: checked === "REFUTED" ? checked : "UNDECIDED", checked, steps, findings: findings.all,
    origin: "", size: 0, root: "", subject: "", events: [], uncheckedKeys: [],
  });
}

/**
 * What a page shows of a report: of a whole log, counts in place of its events.
 * @param {Report} report
 * @param {Map<string, Uint8Array>} [files]
 * @returns {Summary}
 */
export function summaryOf({ events, findings, ...report }, files = new Map()) {
  const subjects = new Set(events.map(({ statement }) => statement.sub));
  const of = (kind) => [...subjects].filter((subject) => subject.startsWith(`${kind}:`)).length;
  const isOwn = ({ statement: { sub } }) => sub === report.subject || sub === `notes:${report.subject}`;
  const own = report.kind === "battery" ? events.filter(isOwn) : report.kind === "log" ? [] : events.slice(0, LISTED);
  const times = events.map(({ recordedAt }) => recordedAt).filter(Boolean);
  const at = (leaf) => [leaf, files.get(`receipts/${leaf}`)];
  // Those that refute first: a page that shows some of many must not leave out the gravest.
  const sorted = [...findings].sort((one, other) => (one.severity === other.severity ? 0 : one.severity === "ERROR" ? -1 : 1));
  return {
    ...report,
    findings: sorted.slice(0, LISTED), more: Math.max(0, findings.length - LISTED),
    counts: {
      events: events.length, signed: events.filter(({ signed }) => signed).length,
      linked: events.filter(({ linked }) => linked).length, chains: subjects.size, batteries: of("battery"),
      organisations: of("org"),
    },
    span: times.length ? { first: times[0], last: times.at(-1) } : null,
    own, names: namesIn(events), receipts: new Map(own.map(({ leaf }) => at(leaf)).filter(([, bytes]) => bytes)),
  };
}

/** The names of organisations, as the registrar enrolled them; of what was refused, none. */
function namesIn(events) {
  const names = Object.create(null);
  for (const { statement: { type, sub, data }, signed, linked } of events) {
    if (!signed || !linked || (type !== "org.enrolled" && type !== "org.changed") || !isObject(data.name)) continue;
    const { zh, en } = data.name;
    names[sub] = { ...(typeof zh === "string" && { zh }), ...(typeof en === "string" && { en }) };
  }
  return { ...names };
}
