// Why a step is barred, in words: the codes are those of record/steps.js, which are those of the log.
import { either, moment, t } from "../ui/texts.js";

/** @typedef {import("../record/steps.js").Why} Why */

/**
 * @param {Why} why
 * @param {{lifecycle: any, names?: Record<string, any>}} known names of stages and roles, and of organisations by id
 * @returns {string}
 */
export function whyNot({ code, values }, { lifecycle, names = {} }) {
  const stage = (name) => named(lifecycle?.stages, "stage", name);
  const roles = (list) => list.map((name) => named(lifecycle?.roles, "role", name)).join(t(", "));
  const org = (id) => (id === "nobody" ? t("nobody") : names[id] ? either(names[id]) || id : id);
  switch (code) {
    case "PARTY_SUSPENDED":
      return t("your organisation is suspended");
    case "OFFER_OPEN":
      return t("it is offered to %(name)s until %(at)s: first that is taken, declined or withdrawn", { name: org(values.consignee), at: moment(values.expires_at) });
    case "HELD_BY_AUTHORITY":
      return t("an authority holds it");
    case "DAMAGED":
      return t("it is damaged: an inspection has to clear it first");
    case "ORIGIN_CONTESTED":
      return t("its maker contests where it comes from");
    case "IDENTITY_CONFLICT":
      return t("two batteries claim its code, and that is not decided");
    case "NOT_KNOWN_HERE":
      return t("where it stands is not known here");
    case "PACK_TERMINAL":
      return t("its life here has ended: %(stage)s", { stage: stage(values.stage) });
    case "ILLEGAL_TRANSITION":
      return values.stages.includes("-")
        ? t("it is on record already")
        : values.stage === "-"
          ? t("it is not on record")
          : t("it is: %(stage)s; this needs: %(stages)s", { stage: stage(values.stage), stages: values.stages.map(stage).join(t(", ")) });
    case "SIGNER_ROLE_FORBIDDEN":
      return values.licence
        ? t("it needs a licence that your organisation does not have: %(licence)s", { licence: values.licence })
        : t("only for: %(roles)s", { roles: roles(values.roles) });
    case "NO_OPEN_OFFER":
      return values.expires_at ? t("the offer ended %(at)s", { at: moment(values.expires_at) }) : t("it is not offered to anybody");
    case "NOT_CUSTODIAN":
      return tellCustodian(values, org);
    case "NOT_OWNER":
    case "FOREIGN_TAG":
      return t("it is another organisation's");
    case "KEY_USE_FORBIDDEN":
      return t("the key of this phone is not for it");
    case "WRONG_CAPACITY":
      return t("what is in use can't be taken in the capacity of: %(role)s", { role: roles([values.capacity]) });
    case "NO_OTHER_CAPACITY":
      return t("your organisation has no other capacity for it");
    case "NO_SITE":
      return t("your organisation has no site on record");
    case "WRONG_PRODUCT_TYPE":
      return t("for whole packs only");
    case "NOT_FOR_TRACTION":
      return t("it is not meant for vehicles any more");
    case "FOREIGN_VENDOR_CODE":
      return t("its code names another maker");
    case "BATCH_CLOSED":
      return t("the batch is closed");
    case "NOT_VOIDABLE":
      return t("its last record is one that is not undone");
    case "VOID_TOO_LATE":
      return t("it is undone within %(hours)s hours", { hours: values.hours });
    default:
      return code;
  }
}

function tellCustodian({ wanted, custodian }, org) {
  if (wanted.includes("consignee") && !wanted.includes("custodian")) return t("it is offered to another");
  if (wanted.length === 1 && wanted[0] === "nobody") return t("%(name)s holds it", { name: org(custodian) });
  if (custodian === "nobody") return t("nobody holds it: take it in first");
  if (!custodian || custodian === "none") return t("it is not held by your organisation");
  return t("%(name)s holds it, and not your organisation", { name: org(custodian) });
}

const named = (list, key, name) => {
  const found = list?.find((each) => each[key] === name);
  return found ? either(found) : name;
};
