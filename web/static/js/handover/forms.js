// The few fields of which the forms of handing over are made.
import { h } from "../ui/dom.js";
import { t } from "../ui/texts.js";

let made = 0;

/** @param {string} label @param {HTMLElement} input or what holds one @param {string} [help] @returns {HTMLElement} */
export function field(label, input, help = "") {
  const inner = input.matches("input, select, textarea") ? input : input.querySelector("input, select, textarea");
  inner.id ||= `field-${(made += 1)}`;
  return h("div", { class: "field" }, h("label", { for: inner.id }, label), input, help && h("p", { class: "help" }, help));
}

/** @param {string[]} values @param {string} value @param {(value: string) => string} tell @param {(value: string) => void} onchange */
export function choice(values, value, tell, onchange = () => {}) {
  return h("select", { onchange: ({ target }) => onchange(target.value) },
    ...values.map((each) => h("option", { value: each, selected: each === value }, tell(each))));
}

/** Kilograms on the screen, grams in what is signed. @param {{value: number | null, onchange?: (grams: number | null) => void}} how */
export function number({ value, onchange = () => {} }) {
  const input = h("input", { inputmode: "decimal", autocomplete: "off", value: value ? String(value / 1000) : "", onchange: () => {
    const grams = gramsOf(input.value);
    input.setAttribute("aria-invalid", String(grams === undefined));
    if (grams !== undefined) onchange(grams);
  } });
  return h("div", { class: "with-unit" }, input, h("span", {}, "kg"));
}

/** @param {string} text kilograms as they are typed @returns {number | null | undefined} null: nothing; undefined: no mass */
export function gramsOf(text) {
  const typed = text.trim().replace(/[，,。]/g, ".").replace(/[０-９]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0));
  if (!typed) return null;
  if (!/^\d{1,7}(\.\d{1,3})?$/.test(typed)) return undefined;
  const [whole, part = ""] = typed.split(".");
  return Number(whole) * 1000 + Number(part.padEnd(3, "0")); // exactly, as no fraction of a computer is
}

/** @param {[string, any][]} rows name and value; those without a value are left out */
export const summary = (rows) =>
  h("dl", {}, ...rows.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

/** @param {string} text */
export const mark = (kind, text) => h("p", { class: `mark ${kind}`, role: kind === "bad" ? "alert" : null }, text);

/** @param {string} org */
export const enrolFirst = (link) =>
  h("div", {}, h("p", { class: "mark warn" }, t("This phone has no key yet, so it can sign nothing.")), h("a", { class: "huge", href: link("/enrol") }, t("How to enrol this phone")));
