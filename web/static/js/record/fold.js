// What an event of this device makes of what it knows of a subject, before anybody has recorded it.
//
// The same as trace/lifecycle/folding, over the members with which the API tells of a subject; tests hold that the two
// agree. It judges nothing. What the device does not know it does not make up: such a member stays away.

/** @typedef {Record<string, any>} Known members of `GET /api/v1/subjects/<subject>`, of which any may be missing */
/** @typedef {Record<string, any>} Lifecycle answer of `GET /api/v1/lifecycle` */
/**
 * @typedef {{type: string, chain: string, by: {relation: string, roles: string[]}[], zh: string, en: string, stages:
 *   string[], stage: string, custody: string, offer: string, hold: string, bars: string[], licence: string, acts_as:
 *   boolean, leads: string[], follows: string[], joint: boolean, voidable: boolean, also: string[]}} Row a row of the table
 */

export const ABSENT = "-";
export const NOBODY = "nobody";
export const NONE = "none";
const PARENT = "parent";

/** @param {string} subject @returns {string} the kind of its chain */
export const kindOf = (subject) => subject.slice(0, subject.indexOf(":"));

/**
 * Who holds it, as far as is known.
 * @param {Known | null} known
 * @returns {string | undefined} an organisation, `nobody` or `none`; undefined where that is not known
 */
export function custodianOf(known) {
  const custodian = known?.custodian;
  if (custodian === null) return NONE;
  return typeof custodian === "object" ? custodian.id : custodian;
}

/** @param {Lifecycle} lifecycle @param {string} type @param {string} subject @returns {Row | null} its row, on this chain */
export function rowOf(lifecycle, type, subject) {
  const rows = lifecycle.rows.filter((row) => row.type === type);
  return rows.find(({ chain }) => chain === kindOf(subject)) ?? rows[0] ?? null;
}

/** @param {Lifecycle} lifecycle @param {string} capacity @returns {string} the waste stage of what is held in it */
export const wasteStage = (lifecycle, capacity) =>
  lifecycle.roles.find(({ role }) => role === capacity)?.waste_stage ?? "retired";

/**
 * What is known of a subject after an event of its chain.
 * @param {Known} known before it
 * @param {Record<string, any>} statement
 * @param {string} id of the event
 * @param {string | null} recordedAt when the log recorded it; null while it waits
 * @param {Lifecycle} lifecycle
 * @returns {Known} with `last`: the event, for whoever may want to undo it
 */
export function advance(known, statement, id, recordedAt, lifecycle) {
  const row = rowOf(lifecycle, statement.type, statement.sub);
  const { previous, steps, ...before } = known; // the node's own list of steps is of before
  const last = { id, type: statement.type, iss: statement.iss, at: recordedAt ?? statement.occurred_at };
  if (!row) return { ...before, last };
  if (row.stage === "before" || statement.type.endsWith(".voided")) return { ...undone(known, statement), last: null };
  const after = (FOLDS[row.chain] ?? same)(before, statement, id, row, lifecycle);
  return { ...after, last, previous: before };
}

const same = (known) => known;

/** The state before the event that is undone, where this device has seen it. */
function undone({ previous, last, subject, label, base }, { data, sub }) {
  if (previous && last?.id === data.event) {
    const { seq, head, stage, ...rest } = previous;
    return { ...rest, stage: stage ?? (seq === undefined || seq < 0 ? ABSENT : undefined), subject: sub };
  }
  return { subject: subject ?? sub, label, ...(base ? { base } : {}) };
}

// ---- batteries ----

function foldBattery(known, statement, id, row, lifecycle) {
  const { type, iss, data } = statement;
  const before = { ...known, stage: known.stage ?? ABSENT, capacity: known.capacity ?? "" };
  const acts = row.acts_as ? (data.capacity ?? before.capacity) : before.capacity;
  const custodian = before.stage === "in_pack" ? PARENT : (custodianOf(known) ?? NONE);
  const holding = held(row, statement, before, acts);
  const after = {
    ...before,
    ...(CHANGES[type]?.(before, statement, lifecycle) ?? {}),
    ...holding,
    stage: stageAfter(row, data, before, acts, lifecycle),
  };
  if (data.condition !== undefined) after.condition = data.condition;
  const isMoved = holding.custodian !== undefined && custodianOf(holding) !== custodian;
  if (isMoved) after.site = data.site ?? ""; // who held it before knew where it was
  if (row.offer !== "stays") after.offer = undefined;
  if (type === "handover.offered") after.offer = offerOf(statement, id);
  after.offered = Boolean(after.offer);
  if (type === "battery.fitted") after.custodian = like(known, iss); // whoever holds the parent, which is the signer
  return told(after, before, type, data, lifecycle);
}

/** Custodian and capacity after it. */
function held(row, { type, iss, data }, before, acts) {
  switch (row.custody) {
    case "same":
      // Whoever repairs as something else holds it as before.
      return { capacity: row.stage === "same" ? before.capacity : acts };
    case "signer":
      return { custodian: like(before, iss), capacity: capacityOfSigner(type, before, acts) };
    case "consignee":
      return { custodian: like(before, iss), capacity: acts };
    case PARENT:
      return { custodian: PARENT, capacity: "" };
    case NONE:
      return { custodian: like(before, NONE), capacity: acts }; // the last capacity stays: its children go on in it
    case NOBODY:
      return { custodian: like(before, NOBODY), capacity: "" };
    case "named":
      return { custodian: like(before, data.party), capacity: data.capacity };
    default: // declared
      return data.holder === "signer"
        ? { custodian: like(before, iss), capacity: acts }
        : { custodian: like(before, NOBODY), capacity: "" };
  }
}

function stageAfter(row, data, before, capacity, lifecycle) {
  const waste = wasteStage(lifecycle, capacity);
  switch (row.stage) {
    case "same":
      return before.stage;
    case "waste":
    case "parent":
      return waste;
    case "waste_or_same":
      return isWaste(before.stage, lifecycle) || before.stage === "lost"
        ? wasteStage(lifecycle, data.capacity)
        : before.stage;
    case "intake":
      return lifecycle.in_use.includes(before.stage) && ["dealer", "repairer"].includes(capacity) ? before.stage : waste;
    case "declared":
      return data.stage === "waste" ? waste : data.stage;
    case "restored":
      return before.before;
    case "returned":
      return isWaste(before.before, lifecycle) ? waste : data.stage;
    default:
      return row.stage;
  }
}

function capacityOfSigner(type, before, acts) {
  if (type === "battery.manufactured") return "battery_maker";
  if (type === "battery.repurposed") return "repurposer";
  return type === "battery.found" ? before.before_capacity : acts;
}

const isWaste = (stage, lifecycle) => lifecycle.waste.includes(stage);

/** The words in which the API tells of a stage, and what a passport says of the battery. */
function told(after, before, type, data, lifecycle) {
  const stage = lifecycle.stages.find((each) => each.stage === after.stage);
  after.stage_name = stage ? { zh: stage.zh, en: stage.en } : undefined;
  const standing = ["lost", "exported"].includes(after.stage) ? after.before : after.stage;
  if (isWaste(standing, lifecycle) || ["dismantled", "recycled"].includes(standing)) after.status = "waste";
  else if (type === "battery.requalified") after.status = data.operation;
  else if (type === "battery.repurposed") after.status = "repurposed";
  else if (after.status === "waste") after.status = "original";
  return after;
}

/** A party in the form in which the API tells of custodians, or as a plain id where the row has those. */
const like = (known, party) =>
  typeof known.custodian === "string" || known.custodian === undefined ? party : party === NONE ? null : { id: party };

const offerOf = ({ data }, id) => ({
  event: id,
  consignee: data.consignee,
  capacity: data.capacity,
  expires_at: data.expires_at,
  consignment: data.consignment ?? "",
  ...(data.mass ? { mass: data.mass } : {}),
});

const once = (...lists) => [...new Set(lists.flat())];
const gone = ({ stage, capacity }, { type, iss }) => ({
  before: stage,
  before_capacity: capacity,
  lost_by: type === "battery.lost" ? iss : "",
});
const back = () => ({ before: "", before_capacity: "", lost_by: "" });

function manufactured(_known, { iss, data }) {
  const { model, chemistry, mass, energy_wh, put_in = [], components = [], components_list } = data;
  return {
    maker: { id: iss },
    model: model ? { subject: model, chemistry, mass_g: mass?.g ?? 0, energy_wh: energy_wh ?? 0 } : null,
    chemistry,
    label: data.label,
    components: once(components, put_in),
    components_root: components_list?.root ?? "",
    components_count: components_list?.count ?? 0,
    parts: put_in,
  };
}

function repaired(known, { data: { put_in = [], took_out = [] } }) {
  const left = (list) => (list ?? []).filter((part) => !took_out.includes(part));
  return { components: once(left(known.components), put_in), parts: once(left(known.parts), put_in) };
}

/**
 * What changes beside stage, custody and offer.
 * @type {Record<string, (known: Known, statement: any, lifecycle: Lifecycle) => Known>}
 */
const CHANGES = {
  "battery.manufactured": manufactured,
  "battery.repurposed": (known, said) => ({ ...manufactured(known, said), use: said.data.intended_use }),
  "battery.registered": (_known, { iss, data }, { unsafe }) => ({
    declared_by: iss,
    conflicts_with: data.conflicts_with ?? "",
    label: data.label ?? "",
    damaged: unsafe.includes(data.condition),
    ...(data.chemistry ? { chemistry: data.chemistry } : {}),
  }),
  "identity.linked": (_known, { data }) => ({ into: data.battery }),
  "battery.taken_in": back,
  "battery.found": back,
  "battery.returned": () => ({ ...back(), vehicle: "", packs: 0 }),
  "custody.assigned": back,
  "battery.installed": (_known, { data }) => ({ vehicle: data.vehicle, packs: data.of }),
  "battery.removed": () => ({ vehicle: "", packs: 0 }),
  "battery.repaired": repaired,
  "battery.fitted": (_known, { data }) => ({ parent: data.parent }),
  "battery.taken_out": () => ({ parent: "" }),
  "battery.inspected": (known, { data }) => (data.clears_damage ? { damaged: false } : { damaged: known.damaged }),
  "battery.moved": (_known, { data }) => ({ site: data.site }),
  "label.reissued": (_known, { data }) => ({ label: data.label }),
  "battery.incident": () => ({ damaged: true }),
  "battery.dismantled": (_known, { data }) => ({ residues: data.residues }),
  "battery.extracted": (known, { data }) => ({ parent: data.parent, label: data.label ?? known.label ?? "" }),
  "battery.used_in": (_known, { data }) => ({ into: data.product }),
  "battery.recycled": (_known, { data }) => ({ batch: data.batch, charged_g: data.mass.g }),
  "battery.exported": gone,
  "battery.lost": gone,
};

// ---- lots and what else has a chain ----

function foldLot(known, statement, id, row) {
  const { type, iss, data } = statement;
  const offer = row.offer === "stays" ? known.offer : undefined;
  const after = { ...known, offer, offered: Boolean(offer) };
  switch (type) {
    case "lot.made":
      return {
        ...after,
        stage: "held",
        custodian: like(known, iss),
        capacity: data.capacity,
        kind: data.kind,
        chemistry: data.chemistry ?? "",
        g: data.mass.g,
        charges: [],
        site: data.site ?? "",
        offer: undefined,
        offered: false,
      };
    case "handover.offered":
      return { ...after, offer: offerOf(statement, id), offered: true };
    case "handover.accepted":
      return { ...after, custodian: like(known, iss), capacity: data.capacity, site: data.site ?? "" };
    case "custody.assigned":
      return { ...after, stage: "held", custodian: like(known, data.party), capacity: data.capacity, site: "" };
    case "lot.rebooked":
      return { ...known, capacity: data.capacity };
    case "lot.charged": {
      const charges = [...(known.charges ?? []), { event: id, batch: data.batch, g: data.mass.g }];
      const g = known.g - data.mass.g;
      return g ? { ...known, g, charges } : { ...known, g, charges, stage: "charged", custodian: like(known, NONE) };
    }
    case "lot.lost":
      return { ...after, stage: "lost", custodian: like(known, NOBODY), capacity: "", site: "" };
    default:
      return row.custody === NONE ? { ...after, stage: row.stage, custodian: like(known, NONE) } : after;
  }
}

function foldVehicle(known, { type, iss, data }) {
  const batteries = (known.batteries ?? []).filter((each) => each !== data.battery);
  if (type === "vehicle.fitted") {
    return {
      ...known,
      packs: data.packs,
      swap_model: data.swap_model,
      batteries: [...batteries, data.battery],
      last_by: iss,
    };
  }
  if (type === "vehicle.taken_out") return { ...known, batteries, last_by: iss };
  return type === "vehicle.scrapped" ? { ...known, scrapped: true, last_by: iss } : known;
}

const foldBatch = (known, { type, iss, data }) =>
  type === "batch.opened"
    ? { ...known, owner: iss, closed: false, site: data.site ?? "" }
    : { ...known, closed: true, outputs: data.outputs };

const foldConsignment = (known, { type, iss, data }) =>
  type === "consignment.dispatched"
    ? { ...known, consignor: iss, consignee: data.consignee, arrived: false }
    : { ...known, arrived: true };

const FOLDS = { battery: foldBattery, lot: foldLot, vehicle: foldVehicle, batch: foldBatch, consignment: foldConsignment };
