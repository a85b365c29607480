// What is wrong with what was typed, in words: what was expected, and what there is.
import { language, t } from "../ui/texts.js";
import { formatDecimal } from "./schema.js";
import { unitOf, wordOf } from "./words.js";

const list = (words) => words.join(language === "zh" ? "、" : ", ");

/**
 * What is wrong with a value, beside its field.
 * @param {import("./typed.js").Problem} problem
 * @returns {string}
 */
export function tellProblem({ pointer, code, expected, got }) {
  const member = pointer.slice(pointer.lastIndexOf("/") + 1);
  const { unit, digits } = unitOf(member);
  const quantity = (value) => `${formatDecimal(value, digits)}${unit ? ` ${unit}` : ""}`;
  switch (code) {
    case "MISSING":
      return t("Needed: please fill this in.");
    case "NUMBER":
      return t("Expected a number such as 438.5, got: %(got)s", { got });
    case "DIGITS":
      return t("Expected at most %(digits)s digits after the point, got: %(got)s", { digits: expected.digits, got });
    case "RANGE":
      return t("Expected %(least)s to %(most)s, got %(got)s", {
        least: quantity(expected[0]),
        most: quantity(expected[1]),
        got: quantity(got),
      });
    case "LENGTH":
      return t("Expected %(least)s to %(most)s characters, got %(got)s", { least: expected[0], most: expected[1], got });
    case "CHOICE":
      return t("Expected one of: %(words)s", { words: list(expected.map((word) => wordOf(word, language, member))) });
    case "COUNT":
      if (expected[1] === Infinity || got < expected[0])
        return t("Expected at least %(least)s, got %(got)s", { least: expected[0], got });
      return t("Expected at most %(most)s, got %(got)s", { most: expected[1], got });
    case "CODE":
      return t("This is no battery code. Expected %(expected)s, got %(got)s", { expected, got });
    case "TIME":
      return t("Expected a date and time, got: %(got)s", { got });
    case "FUTURE":
      return t("Expected a time that has passed, got: %(got)s", { got });
    case "CHARACTER":
      return t("Character %(at)s of this text can't be signed, since it is invisible or turns text round.", {
        at: expected,
      });
    case "FORM":
      return t("Not written as expected: %(got)s", { got });
    default:
      return t("Not as expected.");
  }
}
