// What is wrong with what another phone shows, in words for who holds this one.
import { moment, t } from "../ui/texts.js";

/** @param {import("../core/refusal.js").Refusal} refusal @returns {string} */
export function tellRefusal({ code, message }) {
  return {
    WRONG_SET: t("These codes are not what is awaited here: one phone shows offers, the other answers to them."),
    WRONG_CONSIGNEE: t("This is not meant for your organisation, or was not answered by the one to whom it was offered. Nothing was taken."),
    WRONG_LOG: t("This belongs to another log. Nothing was taken."),
    SIGNATURE_INVALID: t("A signature does not hold: something was changed after it was signed. Nothing was taken."),
    KEY_MISMATCH: t("It is signed with the key of another organisation than it says. Nothing was taken."),
    CHAIN_LINK_BROKEN: t("The records do not follow each other. Nothing was taken."),
    NO_OPEN_OFFER: t("It answers an offer that is not yours, or that no longer stands. Nothing was taken."),
    WRONG_CAPACITY: t("It takes over in another capacity than was offered. Nothing was taken."),
    SET_INCONSISTENT: t("The records do not belong together. Nothing was taken."),
    SET_DAMAGED: t("The codes do not fit together; they are read again."),
  }[code] ?? t("It can't be read (%(code)s: %(detail)s). Nothing was taken.", { code, detail: message });
}

/** Why an offer can't be accepted. @param {import("./checking.js").Remark} barred @returns {string} */
export function tellBarred({ code, values }) {
  return {
    OFFER_EXPIRED: () => t("the offer ran out on %(at)s", { at: Number.isNaN(Date.parse(values.at)) ? values.at : moment(values.at) }),
    CHAIN_WENT_ON: () => t("something else was recorded since; the offer no longer stands"),
    CHAIN_LINK_BROKEN: () => t("this phone knows another history of it"),
  }[code]?.() ?? code;
}

/** What could not be checked, or is odd. @param {import("./checking.js").Remark} remark @returns {string} */
export function tellRemark({ code, values }) {
  return {
    NOT_KNOWN_HERE: () => t("not known on this phone: the log will check it"),
    GAP: () => t("records between are not known on this phone: the log will check it"),
    OTHER_OFFERS: () => t("The dispatch speaks of %(said)s offers, and %(shown)s are shown: others may have been sent on another way.", values),
  }[code]?.() ?? code;
}
