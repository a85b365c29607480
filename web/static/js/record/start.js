// What a form begins with: what the device knows, what was chosen the last time, what follows from the scan.
import { labelDigest } from "../core/label.js";
import { Offline, api } from "../device/api.js";
import { allKnown } from "../device/known.js";
import { keepSetting, setting } from "../device/settings.js";
import { t } from "../ui/texts.js";
import { filled } from "./filled.js";
import { codeOf } from "./typed.js";

/** Members that are filled in and not asked again; what is in a pack is filled in, and looked at. */
const TAKEN = new Set(["offer", "event", "capacity", "vehicle", "stage"]);
/** What is the same from one time to the next, and is remembered on the device. */
const REMEMBERED = ["site", "capacity", "consignee", "destination", "un_number", "packing", "chemistry", "process", "batch"];

/**
 * What is filled in before anybody types.
 * @param {import("./session.js").Session} session
 * @returns {Promise<import("./session.js").Form>}
 */
export async function begin({ type, schema, context, known, scans, steps }) {
  const [scan] = scans;
  const properties = schema.properties;
  const remembered = (await setting(`defaults:${type}`, {})) ?? {};
  const typed = {};
  for (const name of REMEMBERED)
    if (properties[name] && remembered[name] !== undefined && name !== "capacity") typed[name] = remembered[name];
  if (properties.mass && remembered.basis)
    typed.mass = { basis: remembered.basis, ...(remembered.scale_g ? { scale_g: remembered.scale_g } : {}) };
  const sites = (context.me.sites ?? []).map(({ name }) => name);
  if (properties.site && sites.length === 1) [typed.site] = sites;
  if (properties.site && !typed.site && sites.includes(await setting("site"))) typed.site = await setting("site");
  const own = known.get(scan.subject);
  Object.assign(typed, filled(type, own, context.lifecycle));
  const fixed = new Set(
    Object.keys(typed).filter((name) => TAKEN.has(name) && Object.hasOwn(filled(type, own, context.lifecycle), name)),
  );
  const capacities = steps.map((step) => step.capacities).reduce((all, each) => all.filter((role) => each.includes(role)));
  if (properties.capacity && type !== "handover.offered" && type !== "handover.accepted") {
    if (!capacities.includes(typed.capacity)) {
      typed.capacity = capacities.includes(remembered.capacity)
        ? remembered.capacity
        : capacities.length === 1
          ? capacities[0]
          : undefined;
      fixed.delete("capacity");
    }
    if (capacities.length === 1) fixed.add("capacity");
  }
  if (properties.read_by && scans.every(({ read_by }) => properties.read_by.enum.includes(read_by))) {
    typed.read_by = scan.read_by;
    fixed.add("read_by");
  }
  if (type === "battery.registered" && scan.token) {
    typed.label = await labelDigest(codeOf(scan.subject), scan.token);
    fixed.add("label");
  }
  if (type === "batch.closed") Object.assign(typed, await inputsOf(scan.subject));
  if (properties.batch) typed.batch ??= (await openBatches(context.org))[0];
  return {
    typed,
    fixed,
    capacities,
    own: {},
    beside: {},
    bulk: { basis: remembered.basis ?? "measured", reason: t("no scale here") },
    when: "",
  };
}

/** What went into a batch the log knows: its number, mass and root can't be told without a network. */
async function inputsOf(subject) {
  try {
    const { status, body } = await api(`/statements/batch.closed/template?subject=${encodeURIComponent(subject)}`);
    return status === 200 && typeof body.data?.inputs?.count === "number" ? { inputs: body.data.inputs } : {};
  } catch (error) {
    if (error instanceof Offline) return {};
    throw error;
  }
}

/** @param {string} org @returns {Promise<string[]>} its batches that are open, as far as this device knows */
export const openBatches = async (org) =>
  (await allKnown())
    .filter(({ subject, owner, closed }) => subject.startsWith("batch:") && owner === org && !closed)
    .map(({ subject }) => subject);

/**
 * Keeps what is likely to be the same the next time.
 * @param {string} type
 * @param {import("./session.js").Form} form
 * @returns {Promise<void>}
 */
export async function remember(type, form) {
  const kept = Object.fromEntries(
    REMEMBERED.filter((name) => typeof form.typed[name] === "string" && form.typed[name]).map((name) => [
      name,
      form.typed[name],
    ]),
  );
  const mass = form.typed.mass;
  await keepSetting(`defaults:${type}`, {
    ...kept,
    basis: mass?.basis ?? form.bulk.basis,
    ...(mass?.scale_g ? { scale_g: mass.scale_g } : {}),
  });
  if (kept.site) await keepSetting("site", kept.site);
}
