// Which statements may follow where a battery or lot stands, for this organisation, and why the others may not.
//
// Columns of the life cycle's own table decide (GET /api/v1/lifecycle), in the order in which trace/lifecycle/judge.py asks
// them; tests hold that the two agree. What no column says is checked by the log when the event is sent, and named in
// `checks`.
import { ABSENT, NOBODY, NONE, custodianOf, kindOf } from "./fold.js";

/** @typedef {import("./fold.js").Known} Known */
/** @typedef {import("./fold.js").Row} Row */
/** @typedef {import("./fold.js").Lifecycle} Lifecycle */
/** @typedef {{code: string, values: Record<string, any>}} Why */
/**
 * @typedef {{org: string, roles: ({role: string, scope?: string[], from?: string | null, until?: string | null} | string)[],
 *   suspended?: boolean, on_hold?: boolean, sites?: {name: string}[], vendor_codes?: string[], types?: string[]}} Me
 *   as the node tells of an organisation; `types`: those that this device's key may sign, all where there are none
 */
/**
 * @typedef {{type: string, zh: string, en: string, allowed: boolean, why: Why | null, capacities: string[], checks:
 *   string[]}} Step `capacities`: roles in which it may be done, where it asks for one; `checks`: what is looked at when it
 *   is sent
 */

const ENDINGS = new Set(["charged", "split", "final"]);
/** Who stands to the subject in one of these ways can't be told from it: these rows are no steps of a scan. */
const ELSEWHERE = new Set(["registrar", "admin", "dismantler", "group", "authority", "author", "maker"]);
const HOLDABLE = new Set(["battery", "lot", "batch"]);

/**
 * The statements about a subject: those that are lawful first, and of them those that are made most.
 * @param {Known | null} known null where this device has never heard of the subject: then `subject` says which it is
 * @param {Me} me
 * @param {Lifecycle} lifecycle
 * @param {Date} now as the node would have it
 * @param {string} [subject]
 * @returns {Step[]}
 */
export function steps(known, me, lifecycle, now, subject = known?.subject ?? "") {
  const kind = kindOf(subject);
  const at = { ...known, subject };
  const rows = lifecycle.rows.filter((row) => row.chain === kind && !row.follows.length && !isElsewhere(row));
  const found = rows.map((row) => step(row, at, me, lifecycle, now)).filter((each) => each !== null);
  const place = ({ type, allowed }) => (allowed ? 0 : 1_000) + (OFTEN.indexOf(type) + 1 || OFTEN.length + 1);
  return found.sort((one, other) => place(one) - place(other));
}

/** What is done most in a yard comes first; the rest as the table has it. */
const OFTEN = [
  "handover.accepted",
  "handover.declined",
  "battery.taken_in",
  "battery.registered",
  "battery.dismantled",
  "battery.recycled",
  "battery.removed",
  "battery.installed",
  "handover.offered",
  "handover.withdrawn",
  "battery.retired",
  "battery.inspected",
  "battery.repaired",
  "battery.moved",
  "battery.incident",
];

/**
 * One of them.
 * @param {Row} row
 * @param {Known} known
 * @param {Me} me
 * @param {Lifecycle} lifecycle
 * @param {Date} now
 * @returns {Step | null} null where it concerns somebody else: to undo what another signed
 */
export function step(row, known, me, lifecycle, now) {
  const { type, zh, en } = row;
  if (row.stage === "before" && !isOwnLast(known, me)) return null;
  const found = standing(row, known, me, lifecycle, now);
  const why =
    found.why ??
    keyMay(row, me) ??
    CONDITIONS.reduce((barred, check) => barred ?? check(row, known, me, lifecycle, found, now), null);
  return { type, zh, en, allowed: why === null, why, capacities: why ? [] : found.capacities, checks: row.also };
}

/**
 * What the columns of the table say: `check_standing` of the judge, without link and group.
 * @param {Row} row
 * @param {Known} known
 * @param {Me} me
 * @param {Lifecycle} lifecycle
 * @param {Date} now
 * @returns {{why: Why | null, capacities: string[]}}
 */
export function standing(row, known, me, lifecycle, now) {
  const offer = openOffer(known, now);
  const barred = (why) => ({ why, capacities: [] });
  if (me.suspended) return barred({ code: "PARTY_SUSPENDED", values: {} });
  const why = stageWhy(row, known, lifecycle);
  if (why) return barred(why);
  const signer = relation(row, known, me, offer, now);
  if (signer.why) return signer;
  if (offer && row.offer === "bars") return barred({ code: "OFFER_OPEN", values: { ...offer } });
  if (HOLDABLE.has(row.chain) && isHeld(row, known, me))
    return barred({ code: "HELD_BY_AUTHORITY", values: { holds: known.holds ?? [] } });
  for (const bar of row.bars) {
    if (bar === "damage" && known.damaged) return barred({ code: "DAMAGED", values: {} });
    if (bar === "contest" && (known.contested || known.origin_contested))
      return barred({ code: "ORIGIN_CONTESTED", values: {} });
    if (bar === "conflict" && known.conflicts_with && known.conflict_open !== false) {
      return barred({ code: "IDENTITY_CONFLICT", values: { battery: known.conflicts_with } });
    }
  }
  return signer;
}

/** @param {Known} known @returns {string | undefined} undefined where this device does not know it */
export function stageOf(known) {
  if (known.stage !== undefined) return known.stage;
  // The node told of the chain and of no stage: its beginning was voided. Or it told that there is none.
  const isToldAbsent = known.tier !== undefined || (known.seq === -1 && Boolean(known.fetched_at));
  return isToldAbsent ? ABSENT : undefined;
}

/** Nobody was asked about it yet: it may have begun, or not. */
const isNeverSeen = (known) => known.stage === undefined && !known.fetched_at && (known.seq ?? -1) < 0;

/**
 * The offer that stands: one that has expired is closed without an event.
 * @param {Known} known
 * @param {Date} now
 * @returns {Record<string, string> | null}
 */
export function openOffer({ offer }, now) {
  return offer && now.getTime() < Date.parse(offer.expires_at) ? offer : null;
}

/** @param {Me} me @param {Date} now @param {string} [licence] @returns {string[]} roles that are valid, with that licence */
export function rolesOf(me, now, licence = "") {
  const at = now.getTime();
  return me.roles
    .filter((each) => {
      if (typeof each === "string") return !licence;
      const begun = !each.from || Date.parse(each.from) <= at;
      return begun && (!each.until || at < Date.parse(each.until)) && (!licence || (each.scope ?? []).includes(licence));
    })
    .map((each) => (typeof each === "string" ? each : each.role));
}

const isElsewhere = (row) => row.by.every(({ relation: by }) => ELSEWHERE.has(by));
const isOwnLast = ({ last, head, previous }, me) => Boolean(last && previous && last.id === head && last.iss === me.org);

function stageWhy(row, known, lifecycle) {
  if (!row.stages.length) return null;
  const stage = stageOf(known);
  if (isNeverSeen(known) && row.stages.includes(ABSENT)) return null;
  if (stage === undefined) return { code: "NOT_KNOWN_HERE", values: {} };
  if (row.stages.includes(stage)) return null;
  const ended = lifecycle.ended.includes(stage) || ENDINGS.has(stage);
  return {
    code: ended ? "PACK_TERMINAL" : "ILLEGAL_TRANSITION",
    values: { stages: row.stages, stage, custodian: custodianOf(known) },
  };
}

/** How the signer stands to the subject, with a role that the row asks for; and the capacities in which it may act. */
function relation(row, known, me, offer, now) {
  const standing_ = row.by.filter((by) => !ELSEWHERE.has(by.relation) && stands(by.relation, row, known, me, offer));
  if (!standing_.length) return { why: signerWhy(row, known, offer), capacities: [] };
  const held = rolesOf(me, now, row.licence);
  const capacities = new Set();
  let fits = false;
  for (const { roles } of standing_) {
    const can = roles.length ? held.filter((role) => roles.includes(role)) : held;
    if (can.length || (!roles.length && !row.licence)) fits = true;
    if (row.acts_as) can.forEach((role) => capacities.add(role));
  }
  if (fits) return { why: null, capacities: [...capacities] };
  const roles = [...new Set(standing_.flatMap((by) => by.roles))].sort();
  return { why: { code: "SIGNER_ROLE_FORBIDDEN", values: { roles, held, licence: row.licence } }, capacities: [] };
}

function stands(by, row, known, me, offer) {
  switch (by) {
    case "custodian":
      return custodianOf(known) === me.org;
    case "first":
      return stageOf(known) === ABSENT || isNeverSeen(known);
    case "consignee":
      return offer !== null && offer.consignee === me.org;
    case "nobody":
      return custodianOf(known) === NOBODY && known.stage !== "in_pack"; // what is inside another is its holder's
    case "reporter":
      // Who reported it is told to few; the node's list of steps knows it where nothing has happened here since.
      return known.lost_by === undefined
        ? (known.steps ?? []).some(({ type }) => type === row.type)
        : known.lost_by === me.org;
    case "owner":
      return ownerOf(known.subject) === me.org;
    case "receiver":
      return known.consignee === me.org;
    default:
      return by === "anyone" || by === "signer";
  }
}

/** @param {string} subject @returns {string} the organisation whose id its name carries, or nothing */
export function ownerOf(subject) {
  const found = /^(?:model|consignment|batch|lot|battery:tag):([a-z]+:[0-9A-Z]+)\//.exec(subject);
  return found ? `org:${found[1]}` : "";
}

function signerWhy(row, known, offer) {
  const wanted = new Set(row.by.map(({ relation: by }) => by));
  if (wanted.size === 1 && wanted.has("first")) {
    return { code: "ILLEGAL_TRANSITION", values: { stages: [ABSENT], stage: stageOf(known) } };
  }
  if (wanted.size === 1 && wanted.has("consignee") && !offer) {
    return { code: "NO_OPEN_OFFER", values: known.offer ? { expires_at: known.offer.expires_at } : {} };
  }
  const isHolding = row.chain === "battery" || row.chain === "lot";
  return {
    code: isHolding ? "NOT_CUSTODIAN" : "NOT_OWNER",
    values: { wanted: [...wanted], custodian: custodianOf(known) ?? NONE },
  };
}

function isHeld(row, known, me) {
  if (row.hold === "passes" || row.hold === "flags") return false;
  const near = Boolean(known.on_hold || known.holds?.length);
  if (near || row.hold !== "bars") return near;
  const holder = custodianOf(known);
  return Boolean(me.on_hold) || (Boolean(known.custodian_on_hold) && holder !== me.org);
}

/** A key may be for some types alone. */
const keyMay = (row, { types }) =>
  types?.length && !types.includes(row.type) ? { code: "KEY_USE_FORBIDDEN", values: { types } } : null;

// ---- what no column says, and this device knows all the same ----

/**
 * @type {((row: Row, known: Known, me: Me, lifecycle: Lifecycle, found: {capacities: string[]}, now: Date) => Why |
 *   null)[]}
 */
const CONDITIONS = [
  function offerToAnswer(row, known, _me, _lifecycle, _found, now) {
    if (!row.also.includes("offer_named") || openOffer(known, now)) return null;
    return { code: "NO_OPEN_OFFER", values: known.offer ? { expires_at: known.offer.expires_at } : {} };
  },
  function offeredCapacity(row, known, _me, lifecycle, found) {
    if (!row.also.includes("capacity_offered") || !known.offer) return null;
    const { capacity } = known.offer;
    if (!found.capacities.includes(capacity)) {
      return { code: "SIGNER_ROLE_FORBIDDEN", values: { roles: [capacity], held: found.capacities, licence: "" } };
    }
    found.capacities = [capacity];
    if (!isInUse(known, lifecycle) || !lifecycle.in_use_barred_to.includes(capacity)) return null;
    return { code: "WRONG_CAPACITY", values: { capacity, stage: known.stage } };
  },
  function anotherCapacity(row, known, _me, _lifecycle, found) {
    if (!row.also.includes("other_capacity")) return null;
    found.capacities = found.capacities.filter((role) => role !== known.capacity);
    return found.capacities.length ? null : { code: "NO_OTHER_CAPACITY", values: { capacity: known.capacity } };
  },
  function ownSite(row, _known, me) {
    return row.also.includes("own_site") && me.sites && !me.sites.length ? { code: "NO_SITE", values: {} } : null;
  },
  function onlyPacks(row, known) {
    const product = row.also.includes("pack_only") ? productOf(known.subject) : "P";
    return product === "P" ? null : { code: "WRONG_PRODUCT_TYPE", values: { product } };
  },
  function onlyForTraction(row, known) {
    const isOther = row.also.includes("traction_only") && known.use && known.use !== "traction";
    return isOther ? { code: "NOT_FOR_TRACTION", values: { use: known.use } } : null;
  },
  function ownVendorCode(row, known, me) {
    const isProduct = row.also.includes("own_product_code");
    const scheme = known.subject.split(":")[1];
    if (!row.also.includes("own_vendor_code") && !(isProduct && scheme === "gbt34014")) return null;
    const code = known.subject.slice("battery:gbt34014:".length);
    const isOwn = !me.vendor_codes || me.vendor_codes.includes(code.slice(0, 3));
    const fits = scheme === "gbt34014" && code.length === (isProduct ? 19 : 24) && isOwn;
    return fits ? null : { code: "FOREIGN_VENDOR_CODE", values: { codes: me.vendor_codes ?? [] } };
  },
  function ownName(row, known, me) {
    const asks = ["registration", "own_product_code", "own_lot"].some((name) => row.also.includes(name));
    const owner = asks && ownerOf(known.subject);
    return owner && owner !== me.org ? { code: "FOREIGN_TAG", values: { owner } } : null;
  },
  function batchIsOpen(row, known) {
    return row.also.includes("batch_open") && known.closed ? { code: "BATCH_CLOSED", values: {} } : null;
  },
  function begunOrNot(row, known) {
    const isThere = (known.seq ?? -1) >= 0;
    const isWrong = (row.also.includes("chain_absent") && isThere) || (row.also.includes("batch_open") && !isThere);
    return isWrong
      ? { code: "ILLEGAL_TRANSITION", values: { stages: [isThere ? ABSENT : "open"], stage: isThere ? "open" : ABSENT } }
      : null;
  },
  function stillUndone(row, { last }, _me, lifecycle, _found, now) {
    if (row.stage !== "before" || !last) return null;
    const type = last.type;
    if (!lifecycle.rows.some((each) => each.type === type && each.voidable))
      return { code: "NOT_VOIDABLE", values: { type } };
    const hours = lifecycle.policy.void_hours;
    const isLate = now.getTime() > Date.parse(last.at) + hours * 3_600_000;
    return isLate ? { code: "VOID_TOO_LATE", values: { hours } } : null;
  },
];

const isInUse = (known, lifecycle) => lifecycle.in_use.includes(known.stage);

/** @param {string} subject @returns {string} P, M or C as the code says; P where it says nothing */
export function productOf(subject) {
  const code = /^battery:gbt34014:([A-Z0-9]{24}|[A-Z0-9]{19})$/.exec(subject)?.[1];
  if (!code) return "P";
  return code.length === 19 ? code.at(-1) : code[3];
}
