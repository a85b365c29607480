// What the pages of enrolment and of devices both show.
import { h } from "../ui/dom.js";
import { either, t } from "../ui/texts.js";

/** Six words to be compared, large. @param {string} words @param {string} label may be empty */
export const sixWords = (words, label) =>
  h("div", { class: "six" }, label && h("p", { class: "label" }, label), h("ol", { class: "words", lang: "en", translate: "no" }, words.split(" ").map((word) => h("li", {}, word))));

/** @param {{id: string, name: {zh: string, en: string}}} organisation */
export const nameOf = ({ id, name }) => either(name) || id;

/** What a key may be used for, in words. @param {{use: string, sites: string[], types: string[]}} said */
export function useOf({ use, sites, types }) {
  if (use === "admin") return t("Administers: adds and revokes devices, and signs nothing else");
  if (use === "read") return t("Reads, and signs nothing");
  const limits = [];
  if (sites.length) limits.push(t("at %(sites)s", { sites: sites.join(", ") }));
  if (types.length) limits.push(t("only %(types)s", { types: types.join(", ") }));
  return limits.length ? t("Signs records, %(limits)s", { limits: limits.join("; ") }) : t("Signs records");
}

/** @param {"good" | "bad" | "warn"} kind @param {...any} said */
export const mark = (kind, ...said) => h("p", { class: `mark ${kind}`, role: kind === "good" ? "status" : "alert" }, said);

/** Why the node refused, for whoever holds the device. @param {{code: string, message: string}} problem */
export function reasonOf({ code, message }) {
  const known = {
    INVITATION_EXPIRED: t("This invitation has expired: it is good for ten minutes. Ask for another."),
    INVITATION_USED: t("Another device came with this invitation first, or it was taken back. If that was not you, tell the administrator: somebody else may have scanned it. Ask for another."),
    INVITATION_UNKNOWN: t("This node knows no such invitation. Is it the right address, and was the whole link opened?"),
    INVITATION_REFUSED: t("The log would not take that: %(detail)s", { detail: message }),
    INVITATIONS_TOO_MANY: t("Too many invitations are open. Take some back, or wait ten minutes."),
    TOO_MANY_REQUESTS: t("Too many attempts from this network. Wait a minute, and try again."),
    TOKEN_INVALID: t("The node does not take this device's key any more: it was revoked, or the organisation is suspended, or this device's clock is wrong."),
    TOKEN_REQUIRED: t("This device is not enrolled."),
    NOT_PERMITTED: t("The key of this device may not do that."),
    TRUST_OTHER: t("The node's trust file is that of another log. Don't enrol; tell the administrator."),
    ANSWER_OTHER: t("The node's answer was about another organisation or log. Don't go on; tell the administrator."),
    CHAIN_LINK_BROKEN: t("Another key was added or revoked at the same moment. Look again, and confirm once more."),
    PLACE_TAKEN: t("Another key was added or revoked at the same moment. Look again, and confirm once more."),
    SEQUENCE_GAP: t("Another key was added or revoked at the same moment. Look again, and confirm once more."),
    KEY_NOT_PROVEN: t("The device is renewing its proof. Leave its page open for some seconds, and try again."),
    KEY_REVOKED_AT_SIGNING: t("The administrator's key of this device was revoked."),
  };
  return known[code] ?? t("Refused: %(detail)s (%(code)s)", { detail: message, code });
}

/** A first name for a device, which its user may change. */
export function guessedName() {
  const agent = navigator.userAgent;
  if (/iPhone/.test(agent)) return "iPhone";
  if (/iPad/.test(agent)) return "iPad";
  if (/Android/.test(agent)) return /Mobile/.test(agent) ? t("Android phone") : t("Android tablet");
  if (/Windows/.test(agent)) return t("Windows computer");
  if (/Mac/.test(agent)) return "Mac"; // its name in every language
  return t("Computer");
}

/** A command to be typed at a terminal. @param {string} text */
export const command = (text) => h("pre", { class: "command", tabindex: "0" }, h("code", {}, text));
