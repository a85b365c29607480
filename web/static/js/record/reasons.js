// Why a step is barred, and what is wrong with what was typed, in words.
import { language, moment, t } from "../ui/texts.js";
import { formatDecimal } from "./schema.js";
import { stageWord, unitOf, wordOf } from "./words.js";

const list = (words) => words.join(language === "zh" ? "、" : ", ");
const roles = (names) => list(names.map((name) => wordOf(name, language)));

/**
 * @param {import("./steps.js").Why} why
 * @param {{lifecycle: any, nameOf?: (org: string) => string}} telling
 * @returns {string}
 */
export function tellWhy({ code, values }, { lifecycle, nameOf = () => "" }) {
  const party = (id) => (id === "nobody" ? t("nobody that is enrolled") : id === "none" || !id ? t("nobody") : nameOf(id) || id);
  const stages = (names) => list(names.map((name) => (name === "-" ? t("not recorded yet") : stageWord(name, language, lifecycle))));
  switch (code) {
    case "NOT_KNOWN_HERE":
      return t("This device does not know where the battery stands. It can be recorded all the same, and is checked when it is sent.");
    case "PARTY_SUSPENDED":
      return t("Your organisation is suspended.");
    case "ILLEGAL_TRANSITION":
      return t("Only from: %(stages)s. It is: %(stage)s.", { stages: stages(values.stages), stage: stages([values.stage ?? "-"]) });
    case "PACK_TERMINAL":
      return t("It has ended: %(stage)s.", { stage: stages([values.stage]) });
    case "NOT_CUSTODIAN":
      if (values.custodian === "none") return t("Nobody holds it.");
      return t("It is held by: %(party)s.", { party: party(values.custodian) });
    case "NOT_OWNER":
      return t("It is another organisation's.");
    case "NO_OPEN_OFFER":
      return values.expires_at ? t("The offer expired at %(at)s.", { at: moment(values.expires_at) }) : t("There is no open offer to you.");
    case "SIGNER_ROLE_FORBIDDEN":
      if (values.licence) return t("This needs a licence to open packs, as: %(roles)s.", { roles: roles(values.roles) });
      return t("Only as: %(roles)s. You are: %(held)s.", { roles: roles(values.roles), held: roles(values.held) || t("none of these") });
    case "OFFER_OPEN":
      return t("It is offered to %(party)s until %(at)s: that has to be answered or withdrawn first.", { party: party(values.consignee), at: moment(values.expires_at) });
    case "HELD_BY_AUTHORITY":
      return t("An authority holds it back: that has to be lifted first.");
    case "DAMAGED":
      return t("It had an incident: an inspection has to clear the damage first.");
    case "ORIGIN_CONTESTED":
      return t("Its maker contests where it comes from: that has to be decided first.");
    case "IDENTITY_CONFLICT":
      return t("Another battery has the same code: that has to be decided first.");
    case "KEY_USE_FORBIDDEN":
      return t("The key of this device is not for this step.");
    case "WRONG_CAPACITY":
      return t("What is in use can't be held as %(roles)s. It has to be retired first.", { roles: roles([values.capacity]) });
    case "NO_OTHER_CAPACITY":
      return t("You have no other role in which it could be held.");
    case "NO_SITE":
      return t("Your organisation has no site in the register.");
    case "WRONG_PRODUCT_TYPE":
      return t("Only a pack goes into a vehicle, and this code is of a module or cell.");
    case "NOT_FOR_TRACTION":
      return t("It was made for: %(use)s.", { use: wordOf(values.use, language, "intended_use") });
    case "FOREIGN_VENDOR_CODE":
      return t("The code is not one that was allotted to you.");
    case "FOREIGN_TAG":
      return t("The name carries another organisation's id.");
    case "BATCH_CLOSED":
      return t("The batch is closed.");
    case "NOT_VOIDABLE":
      return t("This record can't be undone.");
    case "VOID_TOO_LATE":
      return t("It can be undone within %(hours)s hours, which are over.", { hours: values.hours });
    default:
      return code;
  }
}

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
      return t("Expected %(least)s to %(most)s, got %(got)s", { least: quantity(expected[0]), most: quantity(expected[1]), got: quantity(got) });
    case "LENGTH":
      return t("Expected %(least)s to %(most)s characters, got %(got)s", { least: expected[0], most: expected[1], got });
    case "CHOICE":
      return t("Expected one of: %(words)s", { words: list(expected.map((word) => wordOf(word, language, member))) });
    case "COUNT":
      if (expected[1] === Infinity || got < expected[0]) return t("Expected at least %(least)s, got %(got)s", { least: expected[0], got });
      return t("Expected at most %(most)s, got %(got)s", { most: expected[1], got });
    case "CODE":
      return t("This is no battery code. Expected %(expected)s, got %(got)s", { expected, got });
    case "TIME":
      return t("Expected a date and time, got: %(got)s", { got });
    case "FUTURE":
      return t("Expected a time that has passed, got: %(got)s", { got });
    case "CHARACTER":
      return t("Character %(at)s of this text can't be signed, since it is invisible or turns text round.", { at: expected });
    case "FORM":
      return t("Not written as expected: %(got)s", { got });
    default:
      return t("Not as expected.");
  }
}
