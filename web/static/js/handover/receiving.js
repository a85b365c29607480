// Taking over: a list that fills as packs are scanned, what was not expected, one sheet to review, and one Sign.
import { accept } from "../core/label.js";
import { del, get, put as keepRow } from "../device/db.js";
import { select } from "../device/selection.js";
import { setting } from "../device/settings.js";
import { PlaceMoved } from "../record/submission.js";
import { makeSheet } from "../record/sheet.js";
import { wordOf } from "../record/words.js";
import { codeGroups } from "../scan/card.js";
import { ourHosts } from "../scan/ours.js";
import { tellOther } from "../scan/telling.js";
import { announce, h, put } from "../ui/dom.js";
import { failure, success } from "../ui/sounds.js";
import { kilograms, language, link, t } from "../ui/texts.js";
import { makeReader } from "./reader.js";
import { choice, field, number, summary } from "./forms.js";
import { composeAll, signAll } from "./signing.js";
import { CONDITIONS, REASONS, claimed, countOf, draftsOf, nothingYet, seen, told, unseen } from "./taking.js";

/** @typedef {import("./taking.js").Expected & {remark?: string}} Waited */

/**
 * @param {{id: string, expected: Waited[], consignment: string, canArrive: boolean, giver: string, lifecycle: any,
 *   nameOf: (org: string) => string, onSigned: (ids: string[]) => Promise<void>}} given `id`: under which the draft is kept; `canArrive`: whether the dispatch
 *   is known, so that its arrival can be told
 * @returns {Promise<HTMLElement>}
 */
export async function receiving({ id, expected, consignment, canArrive, giver, lifecycle, nameOf, onSigned }) {
  const draft = `taking:${id}`;
  const hosts = await ourHosts();
  let taking = (await get("drafts", draft))?.taking ?? nothingYet();
  const place = h("div", {});
  const last = h("div", { role: "status", class: "heard" });
  const body = h("div", {});

  const keep = (next) => {
    taking = next;
    void keepRow("drafts", { id: draft, taking, at: Date.now() });
    render();
  };
  const hear = (text, readBy) => {
    const found = accept(text, { hosts });
    if (found.kind === "slip" && found.subject === consignment) return;
    if (found.kind !== "label" && found.kind !== "code") {
      failure();
      const { mark, title } = tellOther(found, text);
      put(last, h("p", { class: `mark ${mark}` }, title));
      return;
    }
    const scan = { subject: found.subject, code: found.code, token: found.token ?? null, read_by: readBy, at: new Date().toISOString() };
    const { taking: next, outcome } = seen(taking, expected, scan);
    const code = h("span", { class: "code" }, codeGroups(found.code));
    if (outcome === "here") success();
    else failure();
    const [mark, text_] = { here: ["good", t("Here:")], again: ["warn", t("Counted before:")], unexpected: ["bad", t("Not expected:")] }[outcome];
    put(last, h("p", { class: `mark ${mark}` }, text_, " ", code));
    if (outcome !== "again") keep(next);
  };
  const reader = makeReader({ label: t("Scan the packs"), onTexts: (texts, readBy) => texts.forEach((text) => hear(text, readBy)) });
  const typed = typing((text) => hear(text, "typed"));

  const render = () => {
    const { here, missing } = countOf(taking, expected);
    put(body,
      h("p", { class: "count", "aria-live": "polite" }, h("strong", {}, t("%(here)s of %(all)s", { here: here.length, all: expected.length })),
        " ", missing.length ? t("missing: %(count)s", { count: missing.length }) : t("all here"),
        taking.unexpected.length > 0 && [", ", t("not expected: %(count)s", { count: taking.unexpected.length })]),
      h("progress", { max: Math.max(1, expected.length), value: here.length, "aria-label": t("Packs that are here") }),
      taking.unexpected.length > 0 && unexpectedOnes(taking, keep),
      missing.length > 0 && section(t("Missing (%(count)s)", { count: missing.length }), missing.length <= 12,
        missing.map((each) => missingRow(each, () => hear(each.subject.slice(each.subject.indexOf(":", 8) + 1), "typed")))),
      here.length > 0 && section(t("Here (%(count)s)", { count: here.length }), here.length <= 3, here.map((each) => hereRow(each, taking, keep))),
      consignment && canArrive && whole(taking, keep),
      h("button", { class: "huge", type: "button", disabled: here.length === 0, onclick: () => void review() }, t("Review and sign")));
  };

  const review = async () => {
    reader.close();
    const site = await setting("site", "");
    const drafts = draftsOf(taking, expected, { consignment: canArrive ? consignment : "", site });
    const reviewed = await composeAll(drafts);
    const { here, missing } = countOf(taking, expected);
    const accepted = here.filter(({ subject }) => !taking.ticks[subject].declined);
    const sign = h("button", { class: "huge", type: "button", onclick: () => void press() }, t("Sign %(count)s records", { count: drafts.length }));
    const state = h("p", { class: "counting", role: "status" });
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
      await del("drafts", draft);
      success();
      announce(t("Signed."));
      await onSigned(ids);
    };
    const noted = here.filter(({ subject }) => taking.ticks[subject].condition !== "intact" || taking.ticks[subject].mass_g || taking.ticks[subject].declined);
    put(place, h("section", { class: "sheet", "aria-label": t("What you sign") },
      h("h2", {}, t("What you sign")),
      summary([
        [t("From"), giver],
        [t("Consignment"), consignment.slice(consignment.lastIndexOf("/") + 1)],
        [t("You take over"), t("%(count)s packs", { count: accepted.length })],
        [t("You decline"), here.length - accepted.length ? t("%(count)s packs", { count: here.length - accepted.length }) : ""],
        [t("Missing, and theirs as before"), missing.length ? t("%(count)s packs", { count: missing.length }) : ""],
        [t("Not expected"), taking.unexpected.length ? t("%(count)s, named in the arrival and not taken over by it", { count: taking.unexpected.length }) : ""],
        [t("You say that you have"), taking.unexpected.some(({ isClaimed }) => isClaimed) ? t("%(count)s packs", { count: taking.unexpected.filter(({ isClaimed }) => isClaimed).length }) : ""],
        [t("Mass of all"), taking.mass_g ? kilograms(taking.mass_g) : ""],
        [t("Seal"), { yes: t("intact"), no: t("broken") }[taking.seal] ?? ""],
        [t("Note"), taking.note],
      ]),
      noted.length > 0 && h("ul", {}, ...noted.map((each) => h("li", {}, codeOf(each.subject), " ", notes(taking.ticks[each.subject])))),
      h("details", {}, h("summary", {}, t("All %(count)s records, word for word", { count: drafts.length })), ...sheetsOf(reviewed.composed, { lifecycle, nameOf })),
      sign, state,
      h("button", { class: "big plain", type: "button", onclick: list }, t("Back to the list"))));
    place.scrollIntoView();
  };
  const list = () => {
    put(place, reader.element, last, typed, body);
    render();
  };
  list();
  return place;
}

/** Each type by itself, so that what many say alike is said once. */
export function sheetsOf(composed, telling) {
  const known = composed.filter(({ statement }) => statement).map(({ statement, withheld = {} }) => ({ statement, withheld }));
  const types = [...new Set(known.map(({ statement }) => statement.type))];
  return types.map((type) => makeSheet(known.filter(({ statement }) => statement.type === type), telling));
}

/** @param {string} subject @returns {HTMLElement} */
export function codeOf(subject) {
  return h("span", { class: "code" }, codeGroups(subject.slice(subject.indexOf(":", subject.indexOf(":") + 1) + 1)));
}

function typing(onText) {
  const input = h("input", { id: "typed", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: 300 });
  const submit = (event) => {
    event.preventDefault();
    if (!input.value.trim()) return;
    onText(input.value);
    input.value = "";
  };
  return h("details", {}, h("summary", {}, t("Type a code")),
    h("form", { onsubmit: submit }, h("div", { class: "field" }, h("label", { for: "typed" }, t("The code on the label")), input), h("button", { class: "big plain" }, t("Count it"))));
}

const section = (title, isOpen, rows) => h("details", { open: isOpen }, h("summary", {}, title), h("ul", { class: "list" }, ...rows));

function missingRow({ subject, mass_g, remark }, onHere) {
  return h("li", { class: "card row", dataset: { subject } },
    h("div", { class: "grow" }, codeOf(subject), h("div", { class: "soft" }, [mass_g && kilograms(mass_g), remark].filter(Boolean).join(" · "))),
    h("button", { class: "plain tick", type: "button", onclick: onHere }, t("Here it is")));
}

function hereRow({ subject, mass_g }, taking, keep) {
  const tick = taking.ticks[subject];
  const say = (members) => keep(told(taking, subject, members));
  const bad = tick.declined || tick.condition !== "intact";
  return h("li", { class: "card", dataset: { subject } },
    h("div", { class: "row" }, h("div", { class: "grow" }, codeOf(subject),
      h("div", { class: bad ? "warn" : "good" }, tick.declined ? t("will be declined") : t("here"), notes(tick) && `, ${notes(tick)}`))),
    h("details", {}, h("summary", {}, t("Mass, condition, decline")),
      field(t("Mass, if you weighed it"), number({ value: tick.mass_g, onchange: (grams) => say({ mass_g: grams }) }), t("Offered: %(mass)s", { mass: mass_g ? kilograms(mass_g) : t("not stated") })),
      field(t("Condition"), choice(CONDITIONS, tick.condition, (each) => wordOf(each, language, "condition"), (condition) => say({ condition }))),
      field(t("Take it over?"), choice(["", ...REASONS], tick.declined, (reason) => (reason ? t("Decline: %(reason)s", { reason: wordOf(reason, language, "reason") }) : t("Yes")), (declined) => say({ declined }))),
      h("button", { class: "big plain", type: "button", onclick: () => keep(unseen(taking, subject)) }, t("It is not here after all"))));
}

const notes = ({ condition, mass_g, declined }) =>
  [declined && wordOf(declined, language, "reason"), condition !== "intact" && wordOf(condition, language, "condition"), mass_g && kilograms(mass_g)].filter(Boolean).join(", ");

/** Nobody's custody moves by a truck: each of them is recorded by itself, or stays where it belongs. */
function unexpectedOnes(taking, keep) {
  const go = async ({ subject, code, token, read_by }, type) => {
    await select([{ subject, code, token, read_by, kind: token ? "label" : "code", remarks: [], at: new Date().toISOString() }]);
    location.assign(link(`/record?type=${type}`));
  };
  return h("section", { class: "card", "aria-label": t("Not expected") },
    h("h2", {}, t("Not expected (%(count)s)", { count: taking.unexpected.length })),
    h("p", {}, t("They are named in the arrival. What is nobody's can be taken in; what was never recorded can be registered; for what somebody else holds, let them offer it, or say that you have it.")),
    h("ul", { class: "list" }, ...taking.unexpected.map((each) => h("li", { dataset: { subject: each.subject } }, codeOf(each.subject),
      h("label", { class: "choice" }, h("input", { type: "checkbox", checked: each.isClaimed, onchange: ({ target }) => keep(claimed(taking, each.subject, target.checked)) }), t("Say that you have it")),
      h("div", { class: "row" },
        h("button", { class: "plain grow", type: "button", onclick: () => void go(each, "battery.taken_in") }, t("Take in")),
        h("button", { class: "plain grow", type: "button", onclick: () => void go(each, "battery.registered") }, t("Register")),
        h("button", { class: "plain grow", type: "button", onclick: () => keep(unseen(taking, each.subject)) }, t("Remove")))))));
}

function whole(taking, keep) {
  return h("details", {}, h("summary", {}, t("The truck: mass, seal, note")),
    field(t("Mass of all, by the weighbridge"), number({ value: taking.mass_g, onchange: (mass_g) => keep({ ...taking, mass_g }) })),
    field(t("Seal"), choice(["", "yes", "no"], taking.seal, (seal) => ({ "": t("not said"), yes: t("intact"), no: t("broken") })[seal], (seal) => keep({ ...taking, seal }))),
    field(t("Note"), h("input", { value: taking.note, maxlength: 500, onchange: ({ target }) => keep({ ...taking, note: target.value.trim() }) })));
}
