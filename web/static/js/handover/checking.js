// What another phone shows is somebody else's word: each event is read strictly, its signature checked with the keys that
// this phone took along, and it is held against what this phone knows. Pure: no storage, no clock, no network.
//
// Whatever is false refuses the whole set. What could not be checked is told and goes on: the log judges it at the door.
import { checkDisclosures, splitPresentation } from "../core/disclosures.js";
import { EVENT, checkSignature, parseJws } from "../core/jws.js";
import { Refusal } from "../core/refusal.js";
import { offersRoot } from "./root.js";

/** @typedef {import("../core/keys.js").PublicKey} PublicKey */
/** @typedef {{kind: "offers" | "answers", submissions: string[][]}} Set */
/**
 * @typedef {{presentation: string, id: string, kid: string, statement: Record<string, any>, isChecked: boolean}} Read
 *   `isChecked`: whether its signature could be checked here
 */
/** @typedef {{code: string, values: Record<string, any>}} Remark */
/**
 * @typedef {(kid: string, org: string) => Promise<{org: string, key: PublicKey} | null>} FindKey the key of this id, of
 *   whichever organisation; null where this phone does not have it
 */
/**
 * @typedef {{subject: string, id: string, seq: number, data: Record<string, any>, isChecked: boolean, remarks: Remark[],
 *   barred: Remark | null}} Offer `barred`: why it can't be accepted
 */
/**
 * @typedef {{giver: string, consignment: string, offers: Offer[], dispatched: Read | null, submissions: Read[][],
 *   unchecked: string[], remarks: Remark[]}} Given `unchecked`: ids of keys that this phone does not have
 */

const OFFERED = "handover.offered";
const DISPATCHED = "consignment.dispatched";
const ANSWERS = ["handover.accepted", "handover.declined"];
const ARRIVED = "consignment.arrived";

/**
 * What a giver shows, for the organisation of this phone.
 * @param {Set} set
 * @param {{org: string, origin: string, at: Date, findKey: FindKey,
 *   standing: (subject: string) => Promise<{seq: number, head: string | null} | null>}} here `standing`: where this phone
 *   knows a chain to end, null or seq -1 where it does not know it
 * @returns {Promise<Given>}
 * @throws {Refusal} WRONG_SET, MALFORMED_JWS and the like, SIGNATURE_INVALID, KEY_MISMATCH, WRONG_CONSIGNEE, SET_INCONSISTENT
 */
export async function checkOffers(set, { org, origin, at, findKey, standing }) {
  if (set.kind !== "offers") throw refusal("WRONG_SET", "offers", "the answer to offers");
  const submissions = await readAll(set, origin, findKey);
  const events = submissions.flat();
  // What else a chain says, of whomever, is what an offer stands on and no phone has sent yet.
  const ends = [...checkChains(events).values()];
  const offers = events.filter((event) => event.statement.type === OFFERED && ends.includes(event));
  if (!offers.length) throw refusal("WRONG_SET", "an offer that stands", "none");
  const giver = oneSigner(offers);
  if (giver === org) throw refusal("WRONG_SET", "offers of another organisation", "our own");
  for (const { statement } of offers) {
    if (statement.data.consignee !== org) throw refusal("WRONG_CONSIGNEE", org, String(statement.data.consignee));
  }
  const names = new Set(offers.map(({ statement }) => statement.data.consignment ?? ""));
  if (names.size > 1) throw refusal("SET_INCONSISTENT", "offers of one consignment", `of ${names.size}`);
  const [consignment] = names;
  const dispatched = events.filter(({ statement }) => statement.type === DISPATCHED);
  if (dispatched.length) oneSigner([...offers, ...dispatched]);
  const found = await Promise.all(offers.map((offer) => weigh(offer, events, at, standing)));
  return {
    giver, consignment, offers: found, dispatched: dispatched[0] ?? null, submissions,
    unchecked: unchecked(events),
    remarks: await checkDispatch(dispatched, offers, consignment, org),
  };
}

/**
 * What a taker shows back, for who made the offers.
 * @param {Set} set
 * @param {{org: string, origin: string, findKey: FindKey,
 *   offers: Map<string, {subject: string, seq: number, consignee: string, capacity: string, consignment?: string}>}} here
 *   `offers`: those of this organisation that stand, by their ids
 * @returns {Promise<{taker: string, accepted: Read[], declined: Read[], arrived: Read | null, submissions: Read[][],
 *   unchecked: string[]}>}
 * @throws {Refusal} WRONG_SET, MALFORMED_JWS and the like, SIGNATURE_INVALID, KEY_MISMATCH, WRONG_CONSIGNEE, NO_OPEN_OFFER,
 *   CHAIN_LINK_BROKEN, WRONG_CAPACITY, SET_INCONSISTENT
 */
export async function checkAnswers(set, { org, origin, findKey, offers }) {
  if (set.kind !== "answers") throw refusal("WRONG_SET", "the answer to our offers", "offers");
  const submissions = await readAll(set, origin, findKey);
  const events = submissions.flat();
  const taker = oneSigner(events);
  if (taker === org) throw refusal("WRONG_SET", "the answer of another organisation", "our own");
  checkChains(events);
  const answers = events.filter(({ statement }) => ANSWERS.includes(statement.type));
  const arrived = events.filter(({ statement }) => statement.type === ARRIVED);
  if (!answers.length || answers.length + arrived.length !== events.length || arrived.length > 1) {
    throw refusal("WRONG_SET", "answers to our offers and nothing else", "other events");
  }
  for (const { statement } of answers) {
    const { data, sub, seq, prev, iss, type } = statement;
    const offer = offers.get(data.offer);
    if (!offer || offer.subject !== sub) throw refusal("NO_OPEN_OFFER", `an offer of ours of ${sub}`, String(data.offer));
    if (offer.consignee !== iss) throw refusal("WRONG_CONSIGNEE", offer.consignee, iss);
    if (prev !== data.offer || seq !== offer.seq + 1) throw refusal("CHAIN_LINK_BROKEN", "an answer right behind the offer", String(prev));
    const isAsOffered = type !== "handover.accepted" || data.capacity === offer.capacity;
    if (!isAsOffered) throw refusal("WRONG_CAPACITY", offer.capacity, String(data.capacity));
  }
  for (const { statement } of arrived) {
    const named = answers.every(({ statement: { data } }) => offers.get(data.offer)?.consignment === statement.sub);
    if (!named) throw refusal("SET_INCONSISTENT", "the arrival of the consignment that was offered", statement.sub);
  }
  const of = (type) => answers.filter(({ statement }) => statement.type === type);
  return {
    taker, accepted: of("handover.accepted"), declined: of("handover.declined"), arrived: arrived[0] ?? null, submissions,
    unchecked: unchecked(events),
  };
}

// ---- what holds for either ----

async function readAll({ submissions }, origin, findKey) {
  return Promise.all(submissions.map((events) => Promise.all(events.map((text) => readOne(text, origin, findKey)))));
}

async function readOne(presentation, origin, findKey) {
  const { jws: text, disclosures } = splitPresentation(presentation);
  const jws = await parseJws(text, EVENT);
  const statement = jws.value;
  await checkDisclosures(statement, disclosures);
  checkMembers(statement);
  if (statement.aud !== origin) throw refusal("WRONG_LOG", origin, statement.aud);
  const found = await findKey(jws.kid, statement.iss);
  if (found) {
    if (found.org !== statement.iss) throw refusal("KEY_MISMATCH", `a key of ${statement.iss}`, `one of ${found.org}`);
    await checkSignature(jws, found.key);
  }
  return { presentation, id: jws.id, kid: jws.kid, statement, isChecked: Boolean(found) };
}

/** What every statement has, as far as it is relied on here; the rest is for the schemas at the door. */
function checkMembers({ v, aud, type, sub, seq, prev, iss, occurred_at, data }) {
  const areTexts = [aud, type, sub, iss, occurred_at].every((text) => typeof text === "string" && text);
  const hasPlace = Number.isSafeInteger(seq) && seq >= 0 && (seq === 0 ? prev === undefined : typeof prev === "string");
  if (v !== 1 || !areTexts || !hasPlace || typeof data !== "object" || data === null || Array.isArray(data)) {
    throw refusal("SCHEMA_INVALID", "the members of a statement", "others");
  }
}

function oneSigner(events) {
  const signers = new Set(events.map(({ statement }) => statement.iss));
  if (signers.size !== 1) throw refusal("SET_INCONSISTENT", "events of one organisation", `of ${signers.size}`);
  return [...signers][0];
}

/** Events of one chain follow each other, so that none is shown twice, left out or put in another order; the last of each. */
function checkChains(events) {
  const last = new Map();
  for (const event of events) {
    const { sub, seq, prev } = event.statement;
    const before = last.get(sub);
    if (before && (seq !== before.statement.seq + 1 || prev !== before.id)) {
      throw refusal("CHAIN_LINK_BROKEN", `an event right behind ${before.id}`, `${seq} behind ${prev}`);
    }
    last.set(sub, event);
  }
  return last;
}

const unchecked = (events) => [...new Set(events.filter(({ isChecked }) => !isChecked).map(({ kid }) => kid))];

// ---- offers ----

async function weigh({ id, statement, isChecked }, events, at, standing) {
  const { sub, seq, data } = statement;
  const expires = Date.parse(data.expires_at);
  const chain = events.filter((event) => event.statement.sub === sub);
  const known = await standing(sub);
  const barred = (code, values = {}) => ({ subject: sub, id, seq, data, isChecked, remarks: [], barred: { code, values } });
  if (!(at.getTime() < expires)) return barred("OFFER_EXPIRED", { at: String(data.expires_at) });
  const remarks = [];
  if (!known || known.seq < 0) remarks.push({ code: "NOT_KNOWN_HERE", values: {} });
  else if (known.seq > seq || (known.seq === seq && known.head !== id)) return barred("CHAIN_WENT_ON", { seq: known.seq });
  else if (known.seq < seq) {
    // What is shown begins right behind what is known, or it is not known what lies between.
    const [first] = chain;
    const follows = chain.find((event) => event.statement.seq === known.seq + 1);
    if (!follows) remarks.push({ code: "GAP", values: { from: known.seq + 1, to: first.statement.seq - 1 } });
    else if (follows.statement.prev !== known.head) return barred("CHAIN_LINK_BROKEN", { seq: known.seq });
  }
  return { subject: sub, id, seq, data, isChecked, remarks, barred: null };
}

/** The dispatch binds its offers; one that speaks of others is told, since those may have been sent on another way. */
async function checkDispatch(dispatched, offers, consignment, org) {
  if (!dispatched.length) return [];
  const [{ statement }] = dispatched;
  if (dispatched.length > 1 || statement.sub !== consignment || statement.data.consignee !== org) {
    throw refusal("SET_INCONSISTENT", `the dispatch of ${consignment || "what is offered"}`, statement.sub);
  }
  const { count, root } = await offersRoot(offers.map(({ id }) => id));
  const said = statement.data.offers ?? {};
  if (said.count === count && said.root === root) return [];
  return [{ code: "OTHER_OFFERS", values: { said: said.count, shown: count } }];
}

const refusal = (code, expected, got) => new Refusal(code, { where: "what the other phone shows", expected, got });
