// Where all but one word is filled in for many packs, that word is asked by itself: then their sheet is one tap away.
import { h } from "../ui/dom.js";
import { language, t } from "../ui/texts.js";
import { ASKED } from "./groups.js";
import { openProblems } from "./reading.js";
import { readTyped } from "./typed.js";
import { labelOf, wordOf } from "./words.js";

/**
 * @param {import("./session.js").Session} session
 * @param {import("./session.js").Form} form
 * @returns {{name: string, words: string[]} | null} the word that is missing, if it is the only thing
 */
export function lastQuestion(session, form) {
  if (session.scans.length < 2 || ASKED[session.type]) return null;
  const [missing, ...others] = openProblems(session, readTyped(session.schema, form.typed));
  const name = missing?.pointer.slice("/data/".length);
  const words = session.schema.properties[name]?.enum;
  return !others.length && missing?.code === "MISSING" && words ? { name, words } : null;
}

/**
 * @param {import("./session.js").Session} session
 * @param {{name: string, words: string[]}} question
 * @param {(word: string) => void} answer
 * @param {() => void} whole shows the whole form
 * @returns {HTMLElement}
 */
export const askLast = ({ type, scans }, { name, words }, answer, whole) =>
  h(
    "section",
    { class: "card", id: "question" },
    h("h2", {}, t("%(what)s of all %(count)s", { what: labelOf(name, language, type), count: scans.length })),
    words.map((word) =>
      h(
        "button",
        { type: "button", class: "big", dataset: { word }, onclick: () => answer(word) },
        wordOf(word, language, name),
      ),
    ),
    h(
      "button",
      { type: "button", class: "big plain", id: "whole-form", onclick: whole },
      t("Say more: pack by pack, masses, photos"),
    ),
  );
