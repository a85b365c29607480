// Waiting records as a file: the lines that `packtrace submit` takes. Whoever has the file can hand it in, without a key.
import { transact } from "./db.js";
import { readPresentation } from "./presentation.js";
import { inOrder } from "./row.js";

const MOST = 64 << 20; // bytes of a file that is read
const LINE = 4 << 20; // characters, as the node takes
const KEPT = new Set(["here", "sending", "parked", "refused"]);

/** @typedef {import("./presentation.js").Signed} Signed */
/** @typedef {{line: number, text: string, events: Signed[], wrong: string | null}} Line */

/**
 * The records that the log does not have yet, as NDJSON: `JWS~disclosure~…~`, or `{"events":[…]}` for a group.
 * @returns {Promise<{name: string, blob: Blob, count: number}>} withheld values are in it, as they are in what is sent
 */
export async function saveFile() {
  const rows = await transact("outbox", "readonly", (store, keep) => {
    const request = store.getAll();
    request.onsuccess = () => keep(request.result);
  });
  const lines = inOrder(rows).filter(({ state, aside }) => KEPT.has(state) && !aside).map(formatLine);
  const name = `packtrace-waiting-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.ndjson`;
  return { name, blob: new Blob(lines.map((line) => `${line}\n`), { type: "application/x-ndjson" }), count: lines.length };
}

/** @param {{events: string[]}} row @returns {string} */
export const formatLine = ({ events }) => (events.length === 1 ? events[0] : JSON.stringify({ events }));

/**
 * Reads such a file, for whoever hands it in. What can't be read is told beside its line and spoils no other.
 * @param {Blob} file
 * @returns {Promise<Line[]>} lines that are not blank
 * @throws {RangeError} more than is taken at once
 */
export async function readFile(file) {
  if (file.size > MOST) throw new RangeError(`expected at most ${MOST} bytes, got ${file.size}`);
  const text = await file.text();
  const lines = [];
  for (const [number, each] of text.split("\n").entries()) {
    const line = each.trim();
    if (line) lines.push({ line: number + 1, text: line, ...(await readLine(line)) });
  }
  return lines;
}

async function readLine(line) {
  try {
    if (line.length > LINE) throw new RangeError(`expected at most ${LINE} characters, got ${line.length}`);
    const events = line.startsWith("{") ? eventsOf(JSON.parse(line)) : [line];
    return { events: await Promise.all(events.map(readPresentation)), wrong: null };
  } catch (error) {
    return { events: [], wrong: error.message };
  }
}

function eventsOf(value) {
  const names = Object.keys(value).sort().join();
  const areTexts = (list) => Array.isArray(list) && list.length > 0 && list.every((each) => typeof each === "string");
  if (names === "events" && areTexts(value.events)) return value.events;
  if (names === "event" && typeof value.event === "string") return [value.event];
  if (names === "disclosures,event" && typeof value.event === "string" && areTexts(value.disclosures)) {
    return [[value.event, ...value.disclosures, ""].join("~")];
  }
  throw new TypeError('expected a JWS, {"event": …} or {"events": […]}');
}
