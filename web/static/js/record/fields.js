// Single fields: a word of a list, yes or no, a number with its unit, a text by what it is.
import { h, put } from "../ui/dom.js";
import { language, t } from "../ui/texts.js";
import { formatDecimal } from "./schema.js";
import { codeOf, textKind } from "./typed.js";
import { unitOf, wordOf } from "./words.js";

const FEW = 3; // words of a list that are shown as buttons and not as a list to open

/** @typedef {import("./schema.js").Schema} Schema */
/**
 * What a form is made of. `fixed`: members that are filled in and not asked; `skip`: asked elsewhere; `isWhole`: all of it
 * is in view; `barred`: capacities in which what is in use can't be held.
 * @typedef {{type: string, schema: Schema, typed: Record<string, any>, fixed: Set<string>, skip?: Set<string>,
 *   capacities: string[], sites: string[], parties: {org: string, name_zh: string, name_en: string, roles: string[]}[],
 *   batches: string[], newVehicle: () => string, keepFile: (file: File, kind: string) => Promise<Record<string, any>>,
 *   onInput: () => void, labelDigest?: (text: string) => Promise<string>, leastDays: number, isWhole?: boolean,
 *   isDamaged?: boolean, barred?: string[], onConsignee?: () => void}} How
 */
/**
 * One member of a statement: its schema, and the object and name under which what is typed is kept. `member` makes the field
 * of what is inside it.
 * @typedef {{how: How, schema: Schema, name: string, typed: Record<string, any>, pointer: string, isRequired: boolean,
 *   label: string, words?: string[], isLong?: boolean, member?: (...member: any[]) => HTMLElement}} Said
 */

let count = 0;
/** @returns {string} an id that no other field of the page has */
export const fresh = () => `f${(count += 1)}`;

/** A field with its label, its help and a place for what is wrong with it. */
export function field({ pointer, label, isRequired }, control, { help, id, after } = {}) {
  const problem = h("p", { class: "problem", id: `${id}p`, hidden: true });
  const input = control.matches?.("input, select, textarea") ? control : control.querySelector?.("input, select, textarea");
  input?.setAttribute("aria-describedby", `${id}p${help ? ` ${id}h` : ""}`);
  return h(
    "div",
    { class: "field", dataset: { pointer } },
    h("label", { for: id }, label, isRequired ? null : h("span", { class: "kind" }, " ", t("(if known)"))),
    control,
    help ? h("p", { class: "help", id: `${id}h` }, help) : null,
    after ?? null,
    problem,
  );
}

function set(said, value) {
  if (value === "" || value === undefined) delete said.typed[said.name];
  else said.typed[said.name] = value;
  said.how.onInput();
}

/** One word of a closed list. @param {Said} said @returns {HTMLElement} */
export function choice(said) {
  const { how, words, name, typed, isRequired, pointer, label } = said;
  if (typed[name] === undefined && isRequired && words.length === 1) typed[name] = words[0];
  if (words.length <= FEW && isRequired && !said.isLong) {
    const group = fresh();
    return h(
      "fieldset",
      { class: "field", dataset: { pointer } },
      h("legend", {}, label),
      words.map((word) =>
        h(
          "label",
          { class: "choice" },
          h("input", {
            type: "radio",
            name: group,
            value: word,
            checked: typed[name] === word,
            onchange: () => set(said, word),
          }),
          wordOf(word, language, name),
        ),
      ),
      h("p", { class: "problem", hidden: true }),
    );
  }
  const id = fresh();
  const select = h("select", { id, onchange: (event) => set(said, event.target.value) });
  const fill = (some) => {
    put(
      select,
      h("option", { value: "" }, isRequired ? t("Choose") : t("Not said")),
      some.map((word) => h("option", { value: word }, wordOf(word, language, name))),
    );
    select.value = typed[name] ?? "";
  };
  fill(words);
  if (name === "capacity" && how.schema.properties.consignee) followConsignee(said, select, fill);
  return field(said, select, { id });
}

/** Something is offered in a role that the other has, and in which it can be held. */
function followConsignee({ how, words, typed, name }, select, fill) {
  how.onConsignee = () => {
    const roles = how.parties.find(({ org }) => org === typed.consignee)?.roles ?? words;
    const some = words.filter((word) => roles.includes(word) && !(how.barred ?? []).includes(word));
    if (!some.includes(typed[name])) typed[name] = some.length === 1 ? some[0] : "";
    fill(some.length ? some : words);
  };
  how.onConsignee();
}

/** Yes or no. @param {Said} said @returns {HTMLElement} */
export function flag(said) {
  const { name, typed, pointer, label, isRequired } = said;
  const group = fresh();
  const answers = [["true", t("Yes")], ["false", t("No")], ...(isRequired ? [] : [["", t("Not said")]])];
  return h(
    "fieldset",
    { class: "field", dataset: { pointer } },
    h("legend", {}, label),
    answers.map(([value, word]) =>
      h(
        "label",
        { class: "choice" },
        h("input", {
          type: "radio",
          name: group,
          value,
          checked: String(typed[name] ?? "") === value,
          onchange: () => set(said, value),
        }),
        word,
      ),
    ),
    h("p", { class: "problem", hidden: true }),
  );
}

/** A number in the unit in which people say it. @param {Said} said @returns {HTMLElement} */
export function number(said) {
  const { name, typed, schema } = said;
  const { unit, digits } = unitOf(name);
  const id = fresh();
  if (typeof typed[name] === "number") typed[name] = formatDecimal(typed[name], digits);
  const input = h("input", {
    id,
    inputmode: digits ? "decimal" : "numeric",
    autocomplete: "off",
    value: typed[name] ?? "",
    oninput: (event) => set(said, event.target.value),
  });
  const help =
    schema.maximum <= 1_100
      ? t("%(least)s to %(most)s", {
          least: formatDecimal(schema.minimum, digits),
          most: formatDecimal(schema.maximum, digits),
        })
      : null;
  return field(said, unit ? h("div", { class: "with-unit" }, input, h("span", { class: "unit" }, unitWord(unit))) : input, {
    id,
    help,
  });
}

const unitWord = (unit) => (unit === "months" ? t("months") : unit === "bytes" ? t("bytes") : unit);

/** A text, by what it is. @param {Said} said @returns {HTMLElement} */
export function text(said) {
  const { how, schema, name } = said;
  switch (textKind(schema)) {
    case "site":
      return oneOf(
        said,
        how.sites.map((site) => [site, site]),
        { list: true },
      );
    case "party":
      return oneOf(
        said,
        how.parties.map((party) => [party.org, party[`name_${language}`] || party.name_en || party.name_zh || party.org]),
      );
    case "batch":
      return oneOf(
        said,
        how.batches.map((batch) => [batch, batch.slice(batch.indexOf("/") + 1)]),
      );
    case "vehicle":
      return vehicle(said);
    case "digest":
      return name === "label" ? label(said) : plain(said, { class: "code", spellcheck: "false" });
    case "time":
      return name === "expires_at" ? expiry(said) : plain(said, { type: "datetime-local", step: "1" });
    case "battery":
      return plain(said, { class: "code", autocapitalize: "characters", spellcheck: "false", placeholder: "04QPB…" });
    default:
      return plain(said, { long: schema.maxLength >= 200, maxlength: schema.maxLength });
  }
}

function plain(said, { long = false, ...attributes } = {}) {
  const id = fresh();
  const shown = said.typed[said.name] ?? "";
  const value = shown.startsWith?.("battery:gbt34014:") ? codeOf(shown) : shown;
  const more = { id, autocomplete: "off", value, oninput: (event) => set(said, event.target.value), ...attributes };
  return field(said, long ? h("textarea", { ...more, rows: "2" }) : h("input", more), { id });
}

/** One of those that this device knows, or another that is typed. */
function oneOf(said, known, { list = false } = {}) {
  const { typed, name } = said;
  if (!known.length) return plain(said, { spellcheck: "false" });
  const id = fresh();
  const isOther = () => Boolean(typed[name]) && !known.some(([value]) => value === typed[name]);
  const other = h("input", {
    autocomplete: "off",
    "aria-label": said.label,
    hidden: !isOther(),
    value: isOther() ? typed[name] : "",
    oninput: (event) => set(said, event.target.value),
  });
  const select = h(
    "select",
    {
      id,
      onchange: (event) => {
        other.hidden = event.target.value !== "…";
        set(said, event.target.value === "…" ? other.value : event.target.value);
        if (name === "consignee") said.how.onConsignee?.();
        if (!other.hidden) other.focus();
      },
    },
    h("option", { value: "" }, said.isRequired ? t("Choose") : t("Not said")),
    known.map(([value, word]) => h("option", { value }, word)),
    list && known.length ? null : h("option", { value: "…" }, t("Another")),
  );
  select.value = isOther() ? "…" : (typed[name] ?? "");
  return field(said, select, { id, after: other });
}

function vehicle(said) {
  const { typed, name, how } = said;
  const id = fresh();
  if (!typed[name]) typed[name] = how.newVehicle(); // no vehicle is named after its VIN
  return field(
    said,
    h("input", {
      id,
      class: "code",
      spellcheck: "false",
      autocomplete: "off",
      value: typed[name],
      oninput: (event) => set(said, event.target.value),
    }),
    {
      id,
      help: t(
        "A new random name, since the VIN stays out of the log. For a vehicle that is recorded already, put in its name: scan it on the page Vehicle.",
      ),
    },
  );
}

/** A label stands in the log as a digest: it is made of the address or the secret that the new label shows. */
function label(said) {
  const { typed, name, how } = said;
  const id = fresh();
  const read = h("p", { class: "mark good", hidden: !typed[name] }, t("The label was read."));
  const input = h("input", {
    id,
    class: "code",
    spellcheck: "false",
    autocomplete: "off",
    oninput: async (event) => {
      const text = event.target.value;
      const digest = await how.labelDigest(text);
      if (event.target.value !== text) return; // more was typed meanwhile
      read.hidden = !digest;
      set(said, digest || text.trim());
    },
  });
  return field(said, input, { id, help: t("Scan the new label, or type its 20 characters."), after: read });
}

/** An offer stands for days: as many as the rules ask for at least, and some more by default. */
function expiry(said) {
  const { typed, name, how } = said;
  const id = fresh();
  const days = [how.leastDays, 7, 14, 30, 90].filter((each, at, all) => each >= how.leastDays && all.indexOf(each) === at);
  // A day of margin: what is signed now may be sent tomorrow.
  const at = (count_) => new Date(Date.now() + (count_ + 1) * 86_400_000).toISOString();
  const chosen = Number(typed.expires_in ?? 14);
  typed[name] = at(chosen);
  const select = h(
    "select",
    {
      id,
      onchange: (event) => {
        typed.expires_in = event.target.value;
        set(said, at(Number(event.target.value)));
      },
    },
    days.map((each) => h("option", { value: String(each) }, t("%(days)s days", { days: each }))),
  );
  select.value = String(days.includes(chosen) ? chosen : days[0]);
  return field(said, select, { id });
}
