// The form of handing over: what is selected, to whom and until when, on a truck or by hand; then one sheet and one Sign.
import { now } from "../device/clock.js";
import { lookUp, refresh } from "../device/known.js";
import { select } from "../device/selection.js";
import { keepSetting, setting } from "../device/settings.js";
import { loadContext } from "../record/context.js";
import { rowOf } from "../record/fold.js";
import { PlaceMoved } from "../record/submission.js";
import { step } from "../record/steps.js";
import { wordOf } from "../record/words.js";
import { whyNot } from "../scan/whynot.js";
import { announce, h, put } from "../ui/dom.js";
import { success } from "../ui/sounds.js";
import { either, kilograms, language, moment, t } from "../ui/texts.js";
import { choice, field, mark, number, summary } from "./forms.js";
import { MAX_PACKS, PACKINGS, UN_NUMBERS, capacitiesOf, draftsOf, endOf, nameFor } from "./giving.js";
import { counterparties, nameOf } from "./people.js";
import { codeOf, sheetsOf } from "./receiving.js";
import { composeAll, signAll } from "./signing.js";

const USUAL_DAYS = 30;
const REMEMBERED = "defaults:handover.offered";

/**
 * @param {import("../device/selection.js").Scan[]} scans
 * @param {string} org whose phone this is
 * @param {{onSigned: (ids: string[], consignment: string) => Promise<void>, onEmpty: () => void}} then
 * @returns {Promise<HTMLElement>}
 */
export async function handingOver(scans, org, { onSigned, onEmpty }) {
  const { lifecycle, me } = await loadContext();
  if (!lifecycle || !me) return mark("warn", t("This phone does not know the rules yet. Open My yard once with a network."));
  const parties = await counterparties(org);
  const kept = (await setting(REMEMBERED)) ?? {};
  const names = Object.fromEntries(parties.map(({ org: each, name_zh: zh, name_en: en }) => [each, { zh, en }]));
  let packs = await Promise.all(scans.slice(0, MAX_PACKS).map((scan) => packOf(scan, me, { lifecycle, names })));
  const place = h("div", {});
  const said = {
    consignee: parties.some((party) => party.org === kept.consignee) ? kept.consignee : "",
    capacity: kept.capacity ?? "", packing: "normal", days: kept.days ?? USUAL_DAYS, note: "",
    isTruck: packs.length > 1, carrier: kept.carrier ?? "", unNumber: kept.unNumber ?? UN_NUMBERS[0], passed: "",
    treated: "", mass: null, plate: "", driver: "",
    name: nameFor(await now(), crypto.getRandomValues(new Uint8Array(3))),
  };

  const able = () => packs.filter(({ why }) => !why);
  const remove = (subject) => {
    packs = packs.filter((each) => each.subject !== subject);
    void select(scans.filter((scan) => packs.some((each) => each.subject === scan.subject)));
    if (packs.length) form();
    else onEmpty();
  };

  const form = () => {
    const bad = packs.filter(({ why }) => why);
    const party = parties.find((each) => each.org === said.consignee);
    const capacities = party ? capacitiesOf(party.roles, able().map(({ known }) => known?.stage), lifecycle) : [];
    if (!capacities.includes(said.capacity)) said.capacity = capacities[0] ?? "";
    const problems = h("div", {});
    const again = (member) => (value) => {
      said[member] = value;
      form();
    };
    const keep = (member) => ({ target }) => {
      said[member] = target.value.trim();
    };
    put(place,
      h("p", { class: "count" }, h("strong", {}, t("%(count)s packs", { count: able().length })), ` ${massOf(able())}`),
      scans.length > MAX_PACKS && mark("warn", t("At most %(count)s at once; the others stay where they are.", { count: MAX_PACKS })),
      bad.length > 0 && h("section", { class: "card" }, h("h2", {}, t("These can't be handed over")),
        h("ul", { class: "list" }, ...bad.map((each) => packRow(each, remove)))),
      able().length > 0 && h("details", { open: able().length <= 3 }, h("summary", {}, t("Which they are, and what each weighs")),
        h("ul", { class: "list" }, ...able().map((each) => packRow(each, remove)))),
      parties.length
        ? field(t("To whom"), choice(["", ...parties.map((each) => each.org)], said.consignee, (each) => (each ? nameOf(parties.find((found) => found.org === each)) : t("Choose…")), again("consignee")))
        : mark("warn", t("This phone does not know the other organisations yet. Open My yard once with a network.")),
      party && (capacities.length
        ? field(t("To be taken over as"), choice(capacities, said.capacity, (each) => either(lifecycle.roles.find(({ role }) => role === each) ?? {}) || each, (value) => { said.capacity = value; }))
        : mark("bad", t("It can hold none of these as they are: a battery in use goes to nobody who only takes waste. Retire it first."))),
      field(t("Packing"), choice(PACKINGS, said.packing, (each) => wordOf(each, language, "packing"), (value) => { said.packing = value; }),
        able().some(({ damaged }) => damaged) ? t("Packs with an incident are always offered as damaged at least.") : ""),
      field(t("The offer stands for (days)"), h("input", { inputmode: "numeric", value: String(said.days), onchange: keep("days") }),
        t("At least %(least)s after it is recorded; think of phones without a network.", { least: lifecycle.policy.offer_least_days })),
      h("label", { class: "choice" }, h("input", { type: "checkbox", checked: said.isTruck, onchange: ({ target }) => again("isTruck")(target.checked) }), t("They travel together, on one truck")),
      said.isTruck && truck(),
      field(t("Note"), h("input", { value: said.note, maxlength: 500, onchange: keep("note") })),
      problems,
      h("button", { class: "huge", type: "button", onclick: () => void review(problems) }, t("Review and sign")));

    function truck() {
      const carriers = parties.filter(({ roles }) => roles.includes("carrier"));
      return h("section", { class: "card", "aria-label": t("The truck") },
        h("h2", { class: "code" }, said.name),
        field(t("UN number"), choice(UN_NUMBERS, said.unNumber, (each) => (each === "none" ? t("none") : each), (value) => { said.unNumber = value; })),
        field(t("Safety check before packing: every answer is no"), choice(["", "yes", "no"], said.passed, (each) => ({ "": t("Choose…"), yes: t("Passed"), no: t("Not passed") })[each], again("passed"))),
        said.passed === "no" && field(t("What was done about it"), h("input", { value: said.treated, maxlength: 500, onchange: keep("treated") })),
        field(t("Mass of all, by the weighbridge"), number({ value: said.mass, onchange: (grams) => { said.mass = grams; } })),
        carriers.length > 0 && field(t("Carrier"), choice(["", ...carriers.map((each) => each.org)], said.carrier, (each) => (each ? nameOf(carriers.find((found) => found.org === each)) : t("not said")), (value) => { said.carrier = value; })),
        h("details", {}, h("summary", {}, t("Number plate and driver (the log keeps their digests alone)")),
          field(t("Number plate"), h("input", { value: said.plate, maxlength: 20, autocapitalize: "characters", onchange: keep("plate") })),
          field(t("Driver"), h("input", { value: said.driver, maxlength: 100, onchange: keep("driver") }))));
    }
  };

  const review = async (problems) => {
    const wrong = problemsOf(said, able(), lifecycle);
    if (wrong.length) {
      put(problems, ...wrong.map((text) => mark("bad", text)));
      problems.scrollIntoView({ block: "center" });
      return;
    }
    const days = Number(said.days);
    const expiresAt = endOf(await now(), days);
    const drafts = draftsOf({
      packs: able(), consignee: said.consignee, capacity: said.capacity, expiresAt, packing: said.packing, note: said.note,
      truck: said.isTruck ? {
        name: said.name, unNumber: said.unNumber, passed: said.passed === "yes", treated: said.passed === "no" ? said.treated : "",
        carrier: said.carrier, mass: said.mass && { g: said.mass, basis: "measured" }, plate: said.plate, driver: said.driver,
      } : null,
    }, org);
    const reviewed = await composeAll(drafts);
    const party = parties.find((each) => each.org === said.consignee);
    const state = h("p", { class: "counting", role: "status" });
    const sign = h("button", { class: "huge", type: "button", onclick: () => void press() }, t("Sign %(count)s records", { count: drafts.length }));
    const press = async () => {
      sign.disabled = true;
      let ids;
      try {
        ids = await signAll(reviewed, (done, of) => put(state, t("Signed %(done)s of %(of)s", { done, of })));
      } catch (error) {
        if (!(error instanceof PlaceMoved)) throw error;
        put(state, h("span", { class: "bad" }, t("Something was recorded meanwhile. Look at it again, and sign then.")));
        return;
      }
      await keepSetting(REMEMBERED, { consignee: said.consignee, capacity: said.capacity, days, carrier: said.carrier, unNumber: said.unNumber });
      await keepSetting("counterparty", said.consignee);
      success();
      announce(t("Signed."));
      await onSigned(ids, said.isTruck ? drafts.at(-1).subject : "");
    };
    const called = (each) => (each === org ? "" : nameOf(parties.find((found) => found.org === each) ?? null, ""));
    put(place, h("section", { class: "sheet", "aria-label": t("What you sign") },
      h("h2", {}, t("What you sign")),
      summary([
        [t("You hand over"), [t("%(count)s packs", { count: able().length }), massOf(able())].filter(Boolean).join(", ")],
        [t("To"), nameOf(party)],
        [t("To be taken over as"), either(lifecycle.roles.find(({ role }) => role === said.capacity) ?? {}) || said.capacity],
        [t("The offer ends"), moment(expiresAt)],
        [t("Packing"), wordOf(said.packing, language, "packing")],
        [t("Damaged, and offered as that"), able().filter(({ damaged }) => damaged).length ? t("%(count)s packs", { count: able().filter(({ damaged }) => damaged).length }) : ""],
        [t("Note"), said.note],
        ...(said.isTruck ? [
          [t("Consignment"), h("span", { class: "code" }, said.name)], [t("UN number"), said.unNumber === "none" ? t("none") : said.unNumber],
          [t("Safety check"), said.passed === "yes" ? t("Passed") : t("Not passed")], [t("What was done about it"), said.passed === "no" ? said.treated : ""],
          [t("Mass of all"), said.mass && kilograms(said.mass)], [t("Carrier"), said.carrier && called(said.carrier)],
          [t("Number plate"), said.plate], [t("Driver"), said.driver],
        ] : []),
      ]),
      said.isTruck && h("p", {}, t("The dispatch binds these offers, by their number and a digest over them, and is sent after them.")),
      h("details", {}, h("summary", {}, t("All %(count)s records, word for word", { count: able().length })), ...sheetsOf(reviewed.composed, { lifecycle, nameOf: called })),
      sign, state,
      h("button", { class: "big plain", type: "button", onclick: form }, t("Back to the form"))));
    place.scrollIntoView();
  };

  form();
  return place;
}

/** What an offer still lacks, in words. */
function problemsOf(said, packs, lifecycle) {
  const days = Number(said.days);
  const { offer_least_days: least, offer_most_days: most } = lifecycle.policy;
  return [
    packs.length === 0 && t("None of them can be handed over."),
    !said.consignee && t("Say to whom."),
    said.consignee && !said.capacity && t("Say in which capacity."),
    // An offer that is recorded a day later must still stand long enough.
    !(Number.isSafeInteger(days) && days > least && days < most) && t("Let the offer stand for %(least)s to %(most)s days.", { least: least + 1, most: most - 1 }),
    said.isTruck && !said.passed && t("Say whether the safety check was passed."),
    said.isTruck && said.passed === "no" && said.packing === "normal" && !said.treated && t("Say what was done, as the safety check was not passed."),
  ].filter(Boolean);
}

async function packOf({ subject, read_by }, me, { lifecycle, names }) {
  const known = (await lookUp(subject)) ?? (await refresh(subject));
  const row = rowOf(lifecycle, "handover.offered", subject);
  const found = known && known.seq >= 0 ? step(row, known, me, lifecycle, await now()) : null;
  const why = known && known.seq >= 0 ? found?.why ?? null : { code: "NOT_KNOWN_HERE", values: {} };
  return { subject, read_by, known, why: why && whyNot(why, { lifecycle, names }), damaged: Boolean(known?.damaged), mass: null };
}

function packRow(each, remove) {
  const { subject, why, damaged } = each;
  return h("li", { class: "card", dataset: { subject } },
    h("div", { class: "row" }, h("div", { class: "grow" }, codeOf(subject), why && h("div", { class: "bad" }, why), damaged && h("div", { class: "bad" }, t("damaged"))),
      h("button", { class: "plain remove", type: "button", onclick: () => remove(subject) }, t("Remove"))),
    !why && field(t("Mass, if you weighed it"), number({ value: each.mass?.g ?? null, onchange: (grams) => { each.mass = grams && { g: grams, basis: "measured" }; } })));
}

const massOf = (packs) => {
  const sum = packs.reduce((total, { mass }) => total + (mass?.g ?? 0), 0);
  return sum ? kilograms(sum) : "";
};
