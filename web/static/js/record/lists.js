// What a form has several of: the lines of a list, the members of a part, photos and documents.
import { h, put } from "../ui/dom.js";
import { language, t } from "../ui/texts.js";
import { labelOf, wordOf } from "./words.js";

/** A list that grows. @param {import("./fields.js").Said} said @returns {HTMLElement} */
export function items(said) {
  const { how, schema, name, typed, pointer, label, member } = said;
  const list = (typed[name] ??= []);
  const rows = h("ol", { class: "list" });
  const draw = () =>
    put(
      rows,
      list.map((item, at) => h("li", { class: "card" }, item_(at), remove(at))),
    );
  const remove = (at) =>
    h(
      "button",
      {
        type: "button",
        class: "plain",
        onclick: () => {
          list.splice(at, 1);
          draw();
          how.onInput();
        },
      },
      t("Take away"),
    );
  const item_ = (at) => {
    const inner = schema.items;
    if (inner.type !== "object") {
      return member(
        how,
        inner,
        String(at),
        {
          get [at]() {
            return list[at];
          },
          set [at](value) {
            list[at] = value;
          },
        },
        `${pointer}/${at}`,
        true,
        name,
      );
    }
    // Lines are numbered as they stand: nobody has to.
    if (inner.properties.line) list[at].line = String(at + 1);
    return Object.entries(inner.properties)
      .filter(([each]) => each !== "line")
      .map(([each, shape]) =>
        member(how, shape, each, list[at], `${pointer}/${at}/${each}`, (inner.required ?? []).includes(each), name),
      );
  };
  const add = h(
    "button",
    {
      type: "button",
      class: "big plain",
      onclick: () => {
        list.push(schema.items.type === "object" ? {} : "");
        draw();
        rows.lastElementChild?.querySelector("input, select")?.focus();
        how.onInput();
      },
    },
    t("Add: %(what)s", { what: label }),
  );
  draw();
  return h(
    "fieldset",
    { class: "field", dataset: { pointer } },
    h("legend", {}, label),
    rows,
    add,
    h("p", { class: "problem", hidden: true }),
  );
}

/** A part with members of its own. @param {import("./fields.js").Said} said @returns {HTMLElement} */
export function part(said) {
  const { how, schema, name, typed, pointer, label, isRequired, member } = said;
  const value = (typed[name] ??= {});
  const inner = Object.entries(schema.properties).map(([each, shape]) =>
    member(how, shape, each, value, `${pointer}/${each}`, isRequired && (schema.required ?? []).includes(each), name),
  );
  return h(
    "fieldset",
    { class: "field card", dataset: { pointer } },
    h("legend", {}, label),
    inner,
    h("p", { class: "problem", hidden: true }),
  );
}

/** Photos and documents. @param {import("./fields.js").How} how @param {boolean} isRequired @returns {HTMLElement} */
export function files(how, isRequired) {
  const list = (how.typed.evidence ??= []);
  const rows = h("ul", { class: "list" });
  const problem = h("p", { class: "problem", hidden: true });
  const kinds = how.schema.properties.evidence.items.properties.kind.enum;
  const draw = () =>
    put(
      rows,
      list.map((entry, at) =>
        h(
          "li",
          { class: "card row" },
          h(
            "span",
            { class: "grow" },
            entry.name || entry.media_type,
            " ",
            h("span", { class: "kind" }, `${Math.ceil(entry.bytes / 1000)} kB`),
          ),
          kindOf(entry),
          h(
            "button",
            {
              type: "button",
              class: "plain",
              onclick: () => {
                list.splice(at, 1);
                draw();
                how.onInput();
              },
            },
            t("Take away"),
          ),
        ),
      ),
    );
  const kindOf = (entry) => {
    const select = h(
      "select",
      {
        "aria-label": labelOf("kind", language),
        onchange: (event) => {
          entry.kind = event.target.value;
          how.onInput();
        },
      },
      kinds.map((kind) => h("option", { value: kind }, wordOf(kind, language, "kind"))),
    );
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
    const input = h("input", {
      type: "file",
      class: "unseen",
      multiple: true,
      dataset: { kind },
      ...attributes,
      onchange: (event) => void take(event.target, kind),
    });
    return h("label", { class: "big plain" }, word, input);
  };
  draw();
  return h(
    "fieldset",
    { class: "field", dataset: { pointer: "/data/evidence" } },
    h(
      "legend",
      {},
      labelOf("evidence", language),
      isRequired ? null : h("span", { class: "kind" }, " ", t("(if there are any)")),
    ),
    h(
      "div",
      { class: "pair" },
      button(t("Photo"), "photo", { accept: "image/jpeg,image/png", capture: "environment" }),
      button(t("Ticket or document"), "ticket", { accept: "image/jpeg,image/png,application/pdf" }),
    ),
    rows,
    problem,
  );
}
