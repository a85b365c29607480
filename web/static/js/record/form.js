// The form of a step, made from the schema of its type: what is needed first, what may be said below.
//
// It keeps what was typed as typed (typed.js makes a statement of it), so that a draft is what stood on the screen.
import { h, put } from "../ui/dom.js";
import { language, t } from "../ui/texts.js";
import { tellProblem } from "./problems.js";
import { disclosedOf, formatDecimal } from "./schema.js";
import { codeOf, isMass, textKind } from "./typed.js";
import { labelOf, unitOf, wordOf } from "./words.js";

/** Members that follow from the rest, or that only a machine can say: no form asks for them. */
const MACHINE = new Set([
  "linked", "predecessor", "approvals", "agreed", "leader", "dismantled", "installed", "removed", "listed", "components_list",
  "token", "offer", "event", "hold", "inputs", "split", "not_measured", "parent",
]);
/** What is asked for in view though nobody must say it, in this order, until there are IN_VIEW fields. */
const WANTED = ["mass", "condition", "packing", "soh_permille", "clears_damage", "site"];
const IN_VIEW = 6;
const FEW = 3; // words of a list that are shown as buttons and not as a list to open

/** @typedef {import("./schema.js").Schema} Schema */
/**
 * @typedef {{type: string, schema: Schema, typed: Record<string, any>, fixed: Set<string>, skip?: Set<string>, capacities: string[],
 *   sites: string[], parties: {org: string, name_zh: string, name_en: string, roles: string[]}[], batches: string[],
 *   newVehicle: () => string, keepFile: (file: File, kind: string) => Promise<Record<string, any>>, onInput: () => void,
 *   labelDigest?: (text: string) => Promise<string>, leastDays: number, isWhole?: boolean, isDamaged?: boolean, barred?: string[]}} How `fixed`: members that are filled in and not asked; `skip`: asked elsewhere;
 *   `isWhole`: all of it is in view; `barred`: capacities in which what is in use can't be held
 */

/**
 * @param {How} how
 * @returns {{element: HTMLElement, show: (problems: import("./typed.js").Problem[]) => boolean}} `show` writes problems
 *   beside their fields and says whether there were none
 */
export function makeForm(how) {
  const names = Object.keys(how.schema.properties).filter((name) => !MACHINE.has(name) && !how.fixed.has(name) && !how.skip?.has(name));
  const required = new Set(how.schema.required ?? []);
  const first = names.filter((name) => (required.has(name) || how.isWhole) && name !== "evidence");
  for (const name of WANTED) {
    if (first.length < IN_VIEW && names.includes(name) && !first.includes(name) && !isPreset(name, how)) first.push(name);
  }
  first.sort((one, other) => Number(other === "mass") - Number(one === "mass"));
  const hasFiles = names.includes("evidence");
  const rest = names.filter((name) => !first.includes(name) && name !== "evidence");
  const make = (name) => member(how, how.schema.properties[name], name, how.typed, `/data/${name}`, required.has(name), how.type);
  const more = rest.map(make);
  const element = h("div", { class: "fields" },
    first.map(make),
    hasFiles ? files(how, required.has("evidence")) : null,
    more.length ? h("details", { class: "more" }, h("summary", {}, t("More that can be said")), more) : null);
  return { element, show: (problems) => showProblems(element, problems) };
}

/** Where there is one site, nobody is asked for it; nor what is to be done about damage where there is none. */
const isPreset = (name, how) =>
  (name === "site" && how.sites.length <= 1) || (["clears_damage", "packing"].includes(name) && !how.isDamaged);

// ---- members ----

function member(how, schema, name, typed, pointer, isRequired, within) {
  const shape = disclosedOf(schema) ?? schema;
  const said = { how, schema: shape, name, typed, pointer, isRequired, label: labelOf(name, language, within) };
  if (isMass(shape)) return mass(said);
  if (shape.enum) return choice({ ...said, words: name === "capacity" && how.capacities.length && within !== "handover.offered" ? how.capacities : shape.enum });
  switch (shape.type) {
    case "boolean":
      return flag(said);
    case "integer":
      return number(said);
    case "array":
      return items(said);
    case "object":
      return part(said);
    default:
      return text(said);
  }
}

let count = 0;
const fresh = () => `f${(count += 1)}`;

/** A field with its label, its help and a place for what is wrong with it. */
function field({ pointer, label, isRequired }, control, { help, id, after } = {}) {
  const problem = h("p", { class: "problem", id: `${id}p`, hidden: true });
  const input = control.matches?.("input, select, textarea") ? control : control.querySelector?.("input, select, textarea");
  input?.setAttribute("aria-describedby", `${id}p${help ? ` ${id}h` : ""}`);
  return h("div", { class: "field", dataset: { pointer } },
    h("label", { for: id }, label, isRequired ? null : h("span", { class: "kind" }, " ", t("(if known)"))),
    control, help ? h("p", { class: "help", id: `${id}h` }, help) : null, after ?? null, problem);
}

function set(said, value) {
  if (value === "" || value === undefined) delete said.typed[said.name];
  else said.typed[said.name] = value;
  said.how.onInput();
}

function choice(said) {
  const { how, words, name, typed, isRequired, pointer, label } = said;
  if (typed[name] === undefined && isRequired && words.length === 1) typed[name] = words[0];
  if (words.length <= FEW && isRequired && !said.isLong) {
    const group = fresh();
    return h("fieldset", { class: "field", dataset: { pointer } }, h("legend", {}, label),
      words.map((word) => h("label", { class: "choice" },
        h("input", { type: "radio", name: group, value: word, checked: typed[name] === word, onchange: () => set(said, word) }), wordOf(word, language, name))),
      h("p", { class: "problem", hidden: true }));
  }
  const id = fresh();
  const select = h("select", { id, onchange: (event) => set(said, event.target.value) });
  const fill = (some) => {
    put(select, h("option", { value: "" }, isRequired ? t("Choose") : t("Not said")),
      some.map((word) => h("option", { value: word }, wordOf(word, language, name))));
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

function flag(said) {
  const { name, typed, pointer, label, isRequired } = said;
  const group = fresh();
  const answers = [["true", t("Yes")], ["false", t("No")], ...(isRequired ? [] : [["", t("Not said")]])];
  return h("fieldset", { class: "field", dataset: { pointer } }, h("legend", {}, label),
    answers.map(([value, word]) => h("label", { class: "choice" },
      h("input", { type: "radio", name: group, value, checked: String(typed[name] ?? "") === value, onchange: () => set(said, value) }), word)),
    h("p", { class: "problem", hidden: true }));
}

function number(said) {
  const { name, typed, schema } = said;
  const { unit, digits } = unitOf(name);
  const id = fresh();
  if (typeof typed[name] === "number") typed[name] = formatDecimal(typed[name], digits);
  const input = h("input", { id, inputmode: digits ? "decimal" : "numeric", autocomplete: "off", value: typed[name] ?? "", oninput: (event) => set(said, event.target.value) });
  const help = schema.maximum <= 1_100 ? t("%(least)s to %(most)s", { least: formatDecimal(schema.minimum, digits), most: formatDecimal(schema.maximum, digits) }) : null;
  return field(said, unit ? h("div", { class: "with-unit" }, input, h("span", { class: "unit" }, unitWord(unit))) : input, { id, help });
}

const unitWord = (unit) => (unit === "months" ? t("months") : unit === "bytes" ? t("bytes") : unit);

function text(said) {
  const { how, schema, name } = said;
  switch (textKind(schema)) {
    case "site":
      return oneOf(said, how.sites.map((site) => [site, site]), { list: true });
    case "party":
      return oneOf(said, how.parties.map((party) => [party.org, party[`name_${language}`] || party.name_en || party.name_zh || party.org]));
    case "batch":
      return oneOf(said, how.batches.map((batch) => [batch, batch.slice(batch.indexOf("/") + 1)]));
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
  const other = h("input", { autocomplete: "off", "aria-label": said.label, hidden: !isOther(), value: isOther() ? typed[name] : "", oninput: (event) => set(said, event.target.value) });
  const select = h("select", { id, onchange: (event) => {
    other.hidden = event.target.value !== "…";
    set(said, event.target.value === "…" ? other.value : event.target.value);
    if (name === "consignee") said.how.onConsignee?.();
    if (!other.hidden) other.focus();
  } },
  h("option", { value: "" }, said.isRequired ? t("Choose") : t("Not said")),
  known.map(([value, word]) => h("option", { value }, word)),
  list && known.length ? null : h("option", { value: "…" }, t("Another")));
  select.value = isOther() ? "…" : (typed[name] ?? "");
  return field(said, select, { id, after: other });
}

function vehicle(said) {
  const { typed, name, how } = said;
  const id = fresh();
  if (!typed[name]) typed[name] = how.newVehicle(); // no vehicle is named after its VIN
  return field(said, h("input", { id, class: "code", spellcheck: "false", autocomplete: "off", value: typed[name], oninput: (event) => set(said, event.target.value) }),
    { id, help: t("A new random name, since the VIN stays out of the log. For a vehicle that is recorded already, put in its name: scan it on the page Vehicle.") });
}

/** A label stands in the log as a digest: it is made of the address or the secret that the new label shows. */
function label(said) {
  const { typed, name, how } = said;
  const id = fresh();
  const read = h("p", { class: "mark good", hidden: !typed[name] }, t("The label was read."));
  const input = h("input", { id, class: "code", spellcheck: "false", autocomplete: "off", oninput: async (event) => {
    const text = event.target.value;
    const digest = await how.labelDigest(text);
    if (event.target.value !== text) return; // more was typed meanwhile
    read.hidden = !digest;
    set(said, digest || text.trim());
  } });
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
  const select = h("select", { id, onchange: (event) => {
    typed.expires_in = event.target.value;
    set(said, at(Number(event.target.value)));
  } }, days.map((each) => h("option", { value: String(each) }, t("%(days)s days", { days: each }))));
  select.value = String(days.includes(chosen) ? chosen : days[0]);
  return field(said, select, { id });
}

// ---- masses ----

function mass(said) {
  const { how, schema, name, typed, pointer, isRequired, label } = said;
  const value = (typed[name] ??= {});
  if (typeof value.g === "number") value.g = formatDecimal(value.g, 3);
  if (typeof value.scale_g === "number") value.scale_g = formatDecimal(value.scale_g, 3);
  value.basis ??= "measured";
  const id = fresh();
  const input = h("input", { id, inputmode: "decimal", autocomplete: "off", value: value.g ?? "", oninput: (event) => {
    value.g = event.target.value;
    how.onInput();
  } });
  const canMiss = !isRequired && how.schema.properties.not_measured !== undefined && pointer === `/data/${name}`;
  const line = field({ pointer: `${pointer}/g`, label, isRequired }, h("div", { class: "with-unit" }, input, h("span", { class: "unit" }, "kg")), { id });
  const bases = choice({ how, isLong: true, words: schema.properties.basis.enum, name: "basis", typed: value, pointer: `${pointer}/basis`, isRequired: true, label: labelOf("basis", language, "mass") });
  const scale = number({ how, schema: schema.properties.scale_g, name: "scale_g", typed: value, pointer: `${pointer}/scale_g`, isRequired: false, label: labelOf("scale_g", language) });
  const box = h("div", { class: "card mass", dataset: { pointer } }, line, bases, h("details", {}, h("summary", {}, labelOf("scale_g", language)), scale));
  return canMiss ? missing(said, box, "mass") : box;
}

/** What people in a yard don't have is said to be not measured, with a reason, and never invented. */
function missing({ how, typed }, box, what) {
  const reasons = (typed.not_measured ??= {});
  const id = fresh();
  const why = h("div", { class: "field", hidden: reasons[what] === undefined },
    h("label", { for: id }, t("Why not")),
    h("input", { id, value: reasons[what] ?? "", oninput: (event) => {
      reasons[what] = event.target.value;
      how.onInput();
    } }));
  const tick = h("input", { type: "checkbox", checked: reasons[what] !== undefined, onchange: (event) => {
    const isMissing = event.target.checked;
    if (isMissing) reasons[what] = why.querySelector("input").value || t("no scale here");
    else delete reasons[what];
    why.querySelector("input").value = reasons[what] ?? "";
    why.hidden = !isMissing;
    box.classList.toggle("off", isMissing);
    box.querySelectorAll("input").forEach((input) => (input.disabled = isMissing));
    if (isMissing) typed[what] = { ...typed[what], g: "" };
    box.querySelector("input").value = typed[what]?.g ?? "";
    how.onInput();
  } });
  if (reasons[what] !== undefined) box.querySelectorAll("input").forEach((input) => (input.disabled = true));
  return h("div", {}, box, h("label", { class: "choice" }, tick, t("Not measured")), why);
}

// ---- lists and parts ----

function items(said) {
  const { how, schema, name, typed, pointer, label } = said;
  const list = (typed[name] ??= []);
  const rows = h("ol", { class: "list" });
  const draw = () => put(rows, list.map((item, at) => h("li", { class: "card" }, item_(at), remove(at))));
  const remove = (at) => h("button", { type: "button", class: "plain", onclick: () => {
    list.splice(at, 1);
    draw();
    how.onInput();
  } }, t("Take away"));
  const item_ = (at) => {
    const inner = schema.items;
    if (inner.type !== "object") {
      return member(how, inner, String(at), { get [at]() { return list[at]; }, set [at](value) { list[at] = value; } }, `${pointer}/${at}`, true, name);
    }
    // Lines are numbered as they stand: nobody has to.
    if (inner.properties.line) list[at].line = String(at + 1);
    return Object.entries(inner.properties).filter(([each]) => each !== "line").map(([each, shape]) =>
      member(how, shape, each, list[at], `${pointer}/${at}/${each}`, (inner.required ?? []).includes(each), name));
  };
  const add = h("button", { type: "button", class: "big plain", onclick: () => {
    list.push(schema.items.type === "object" ? {} : "");
    draw();
    rows.lastElementChild?.querySelector("input, select")?.focus();
    how.onInput();
  } }, t("Add: %(what)s", { what: label }));
  draw();
  return h("fieldset", { class: "field", dataset: { pointer } }, h("legend", {}, label), rows, add, h("p", { class: "problem", hidden: true }));
}

function part(said) {
  const { how, schema, name, typed, pointer, label, isRequired } = said;
  const value = (typed[name] ??= {});
  const inner = Object.entries(schema.properties).map(([each, shape]) =>
    member(how, shape, each, value, `${pointer}/${each}`, isRequired && (schema.required ?? []).includes(each), name));
  return h("fieldset", { class: "field card", dataset: { pointer } }, h("legend", {}, label), inner, h("p", { class: "problem", hidden: true }));
}

// ---- photos and documents ----

function files(how, isRequired) {
  const list = (how.typed.evidence ??= []);
  const rows = h("ul", { class: "list" });
  const problem = h("p", { class: "problem", hidden: true });
  const kinds = how.schema.properties.evidence.items.properties.kind.enum;
  const draw = () => put(rows, list.map((entry, at) => h("li", { class: "card row" },
    h("span", { class: "grow" }, entry.name || entry.media_type, " ", h("span", { class: "kind" }, `${Math.ceil(entry.bytes / 1000)} kB`)),
    kindOf(entry), h("button", { type: "button", class: "plain", onclick: () => {
      list.splice(at, 1);
      draw();
      how.onInput();
    } }, t("Take away")))));
  const kindOf = (entry) => {
    const select = h("select", { "aria-label": labelOf("kind", language), onchange: (event) => {
      entry.kind = event.target.value;
      how.onInput();
    } }, kinds.map((kind) => h("option", { value: kind }, wordOf(kind, language, "kind"))));
    select.value = entry.kind;
    return select;
  };
  const take = async (input, kind) => {
    for (const file of input.files) {
      problem.hidden = true;
      try {
        list.push(await how.keepFile(file, kind));
      } catch (error) {
        problem.textContent = error.message;
        problem.hidden = false;
      }
    }
    input.value = "";
    draw();
    how.onInput();
  };
  const button = (word, kind, attributes) => {
    const input = h("input", { type: "file", class: "unseen", multiple: true, dataset: { kind }, ...attributes, onchange: (event) => void take(event.target, kind) });
    return h("label", { class: "big plain" }, word, input);
  };
  draw();
  return h("fieldset", { class: "field", dataset: { pointer: "/data/evidence" } },
    h("legend", {}, labelOf("evidence", language), isRequired ? null : h("span", { class: "kind" }, " ", t("(if there are any)"))),
    h("div", { class: "pair" }, button(t("Photo"), "photo", { accept: "image/jpeg,image/png", capture: "environment" }),
      button(t("Ticket or document"), "ticket", { accept: "image/jpeg,image/png,application/pdf" })),
    rows, problem);
}

// ---- problems ----

function showProblems(element, problems) {
  for (const place of element.querySelectorAll(".field")) {
    const line = place.querySelector(":scope > .problem");
    if (line) line.hidden = true;
    place.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
  }
  const lost = [];
  for (const problem of problems) {
    const place = placeOf(element, problem.pointer);
    if (!place) {
      lost.push(problem);
      continue;
    }
    const line = place.querySelector(":scope > .problem") ?? place.querySelector(".problem");
    if (!line) {
      lost.push(problem);
      continue;
    }
    line.textContent = tellProblem(problem);
    line.hidden = false;
    place.querySelector("input, select, textarea")?.setAttribute("aria-invalid", "true");
    for (let at = place; at && at !== element; at = at.parentElement) if (at.matches("details")) at.open = true;
  }
  return lost;
}

/** The field of a value, or of the nearest thing that it is part of. */
function placeOf(element, pointer) {
  for (let at = pointer; at.length > "/data".length; at = at.slice(0, at.lastIndexOf("/"))) {
    const found = [...element.querySelectorAll("[data-pointer]")].find((each) => each.dataset.pointer === at);
    if (found) return found.matches(".mass") ? found.querySelector(".field") : found;
  }
  return null;
}
