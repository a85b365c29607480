// What a step is called on its button: what one does, where the table says what was done.
import { either, t } from "../ui/texts.js";

const VERBS = {
  "battery.manufactured": t("Record as made"),
  "battery.registered": t("Register"),
  "identity.linked": t("Link to another code"),
  "battery.taken_in": t("Take in"),
  "battery.found": t("Found again"),
  "battery.released": t("Release to its user"),
  "battery.installed": t("Install in a vehicle"),
  "battery.removed": t("Remove from its vehicle"),
  "battery.pooled": t("Put into the swap pool"),
  "battery.unpooled": t("Take out of the swap pool"),
  "battery.repaired": t("Repair"),
  "battery.inspected": t("Inspect"),
  "battery.moved": t("Move to another site"),
  "label.reissued": t("Give it a new label"),
  "battery.incident": t("Report an incident"),
  "battery.retired": t("Retire"),
  "battery.requalified": t("Requalify for use"),
  "battery.dismantled": t("Dismantle"),
  "battery.used_in": t("Use in a product"),
  "battery.repurposed": t("Re-code as a product"),
  "battery.recycled": t("Recycle"),
  "battery.exported": t("Export"),
  "battery.returned": t("Return from abroad"),
  "battery.lost": t("Report as lost"),
  "battery.voided": t("Undo its last record"),
  "battery.rebooked": t("Hold in another capacity"),
  "handover.offered": t("Hand over"),
  "handover.accepted": t("Take over"),
  "handover.declined": t("Decline the offer"),
  "handover.withdrawn": t("Withdraw the offer"),
};

/** @param {{type: string, zh: string, en: string}} step @returns {string} */
export const verb = (step) => VERBS[step.type] ?? either(step);
