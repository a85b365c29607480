// Masses: typed in kilograms, with how they are known; or not measured, with a reason.
import { h } from "../ui/dom.js";
import { language, t } from "../ui/texts.js";
import { choice, field, fresh, number } from "./fields.js";
import { formatDecimal } from "./schema.js";
import { labelOf } from "./words.js";

/** A mass in kilograms, and how it is known. @param {import("./fields.js").Said} said @returns {HTMLElement} */
export function mass(said) {
  const { how, schema, name, typed, pointer, isRequired, label } = said;
  const value = (typed[name] ??= {});
  if (typeof value.g === "number") value.g = formatDecimal(value.g, 3);
  if (typeof value.scale_g === "number") value.scale_g = formatDecimal(value.scale_g, 3);
  value.basis ??= "measured";
  const id = fresh();
  const input = h("input", {
    id,
    inputmode: "decimal",
    autocomplete: "off",
    value: value.g ?? "",
    oninput: (event) => {
      value.g = event.target.value;
      how.onInput();
    },
  });
  const canMiss = !isRequired && how.schema.properties.not_measured !== undefined && pointer === `/data/${name}`;
  const line = field(
    { pointer: `${pointer}/g`, label, isRequired },
    h("div", { class: "with-unit" }, input, h("span", { class: "unit" }, "kg")),
    { id },
  );
  const bases = choice({
    how,
    isLong: true,
    words: schema.properties.basis.enum,
    name: "basis",
    typed: value,
    pointer: `${pointer}/basis`,
    isRequired: true,
    label: labelOf("basis", language, "mass"),
  });
  const scale = number({
    how,
    schema: schema.properties.scale_g,
    name: "scale_g",
    typed: value,
    pointer: `${pointer}/scale_g`,
    isRequired: false,
    label: labelOf("scale_g", language),
  });
  const box = h(
    "div",
    { class: "card mass", dataset: { pointer } },
    line,
    bases,
    h("details", {}, h("summary", {}, labelOf("scale_g", language)), scale),
  );
  return canMiss ? missing(said, box, "mass") : box;
}

/** What people in a yard don't have is said to be not measured, with a reason, and never invented. */
function missing({ how, typed }, box, what) {
  const reasons = (typed.not_measured ??= {});
  const id = fresh();
  const why = h(
    "div",
    { class: "field", hidden: reasons[what] === undefined },
    h("label", { for: id }, t("Why not")),
    h("input", {
      id,
      value: reasons[what] ?? "",
      oninput: (event) => {
        reasons[what] = event.target.value;
        how.onInput();
      },
    }),
  );
  const tick = h("input", {
    type: "checkbox",
    checked: reasons[what] !== undefined,
    onchange: (event) => {
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
    },
  });
  if (reasons[what] !== undefined) box.querySelectorAll("input").forEach((input) => (input.disabled = true));
  return h("div", {}, box, h("label", { class: "choice" }, tick, t("Not measured")), why);
}
