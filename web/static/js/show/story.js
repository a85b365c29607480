// What this device can tell of one battery: the bundle that the node handed out, or the one that was kept from before.
//
// What is shown is read out of the bundle and checked here. What the node says beside it is only compared with it.
import { findSlots, parseDisclosure } from "../core/disclosures.js";
import { Offline, api, readToken } from "../device/api.js";
import { all, del, get, put } from "../device/db.js";
import { keepAnswers, lookUp } from "../device/known.js";

/** @typedef {{seq: number, head: string | null}} End where a chain ends, as somebody says */
/**
 * @typedef {{subject: string, bytes: Uint8Array, at: string, tier: string, complete: boolean, end: End | null,
 *   withheld: Record<string, {pointer: string, state: string, value?: any, disclosure?: string}[]>}} Kept
 */
/**
 * @typedef {{told: any | null, before: End | null, kept: Kept | null, isFresh: boolean, isOffline: boolean, isEnrolled: boolean,
 *   why: {status: number, code: string, detail: string} | null}} Story `told`: the node's own answer on the battery;
 *   `before`: where this device knew the chain to end before it asked
 */

const PREFIX = "story:";
const MOST = 40; // batteries whose bundles are kept on the device
const MOST_BYTES = 64 << 20; // of one bundle
const PATIENCE = 60_000; // ms; a bundle is made on the spot

/** @param {string} subject @returns {Promise<Story>} */
export async function loadStory(subject) {
  const known = await lookUp(subject);
  const before = known?.base && known.base.seq >= 0 ? { seq: known.base.seq, head: known.base.head } : null;
  const stored = (await get("data", PREFIX + subject))?.value ?? null;
  const story = { told: null, before, kept: stored, isFresh: false, isOffline: false, isEnrolled: false, why: null };
  try {
    story.isEnrolled = (await readToken()) !== null;
    const said = await api(`/subjects/${encodePath(subject)}`);
    if (said.status === 200 && said.body?.subject === subject) {
      story.told = said.body;
      await keepAnswers([said.body]);
    } else story.why = problemOf(said);
    if (story.told && story.isEnrolled) await fetchStory(story, subject);
  } catch (error) {
    if (!(error instanceof Offline)) throw error;
    story.isOffline = true;
  }
  return story;
}

async function fetchStory(story, subject) {
  const events = await fetchWithheld(subject);
  // Last of all: whatever is recorded meanwhile is in it, and never missing from it.
  const { status, bytes, body } = await fetchBundle(subject);
  if (status !== 200) {
    story.why = problemOf({ status, body });
    return;
  }
  story.kept = { subject, bytes, at: new Date().toISOString(), ...events };
  story.isFresh = true;
  await keep(story.kept);
}

/** The bundle, which is no text, and so nothing that `api` reads. */
async function fetchBundle(subject) {
  const token = await readToken();
  try {
    const answer = await fetch(`/api/v1/batteries/${encodePath(subject)}/bundle`, {
      headers: token ? { Authorization: `Bearer ${token}` } : {}, credentials: "omit", cache: "no-store", redirect: "error",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (answer.status !== 200) return { status: answer.status, bytes: null, body: await answer.json().catch(() => null) };
    return { status: 200, bytes: new Uint8Array(await answer.arrayBuffer()), body: null };
  } catch (error) {
    throw new Offline(error);
  }
}

/** What of the withheld members this reader is shown, and what the node says of the chain's end. */
async function fetchWithheld(subject) {
  const withheld = {};
  let last = null;
  for (let page = ""; page !== null; ) {
    const { status, body } = await api(`/batteries/${encodePath(subject)}/events?limit=1000${page}`);
    if (status !== 200 || !Array.isArray(body?.events)) break;
    last = body;
    for (const event of body.events) if (event.withheld?.length) withheld[event.id] = event.withheld;
    page = body.next ? `&page=${encodeURIComponent(body.next)}` : null;
  }
  const end = Number.isSafeInteger(last?.seq) ? { seq: last.seq, head: last.head } : null;
  return { tier: String(last?.tier ?? ""), complete: last?.complete === true, end, withheld };
}

const problemOf = ({ status, body }) => ({ status, code: String(body?.code ?? ""), detail: String(body?.detail ?? "") });

/** A subject in an address; what stands between its slashes is escaped. @param {string} subject */
export const encodePath = (subject) => subject.split("/").map(encodeURIComponent).join("/");

async function keep(kept) {
  if (kept.bytes.length > MOST_BYTES) return;
  await put("data", { name: PREFIX + kept.subject, value: kept });
  const stories = (await all("data")).filter(({ name }) => name.startsWith(PREFIX));
  stories.sort((one, other) => (one.value.at < other.value.at ? 1 : -1));
  for (const { name } of stories.slice(MOST)) await del("data", name);
}

/**
 * What withheld members hold, as far as it was shown and is what was signed.
 * @param {import("../core/replay.js").Event[]} events of the bundle
 * @param {Kept["withheld"]} withheld as the node said
 * @returns {Promise<Map<string, import("./timeline.js").Opened[]>>} by event id
 */
export async function openWithheld(events, withheld) {
  const opened = new Map();
  for (const { id, statement } of events) {
    const slots = slotsIn(statement);
    const said = new Map((withheld[id] ?? []).map((each) => [each.pointer, each]));
    const found = [];
    for (const [pointer, digest] of slots) {
      const name = pointer.slice(pointer.lastIndexOf("/") + 1);
      found.push({ name, ...(await openOne(said.get(pointer), digest)) });
    }
    if (found.length) opened.set(id, found);
  }
  return opened;
}

function slotsIn(statement) {
  try {
    return findSlots(statement);
  } catch {
    return new Map(); // malformed: the verification tells it
  }
}

async function openOne(said, digest) {
  if (said?.state !== "disclosed") return { state: said?.state === "erased" ? "erased" : "withheld" };
  try {
    const disclosure = await parseDisclosure(String(said.disclosure));
    return disclosure.digest === digest ? { state: "disclosed", value: disclosure.value } : { state: "false" };
  } catch {
    return { state: "false" };
  }
}
