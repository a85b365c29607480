// The passport on a device that is enrolled: from the label that its camera opened straight on to recording.
import { put as keepRow } from "../device/db.js";
import { device } from "../device/keyring.js";
import { OPENED } from "../scan/opened.js";
import { h } from "../ui/dom.js";
import { link, t } from "../ui/texts.js";

/** The label's address as it is printed: always https, whatever this page came over. */
const printed = () => `https://${location.host}${location.pathname}`;

async function goOn() {
  await keepRow("drafts", { id: OPENED, text: printed(), at: Date.now() });
  location.assign(link("/scan"));
}

try {
  if (await device()) {
    document.querySelector(".state")?.after(h("button", { class: "record", type: "button", onclick: goOn }, t("Record something about it")));
  }
} catch {
  // A browser that keeps nothing has no key, and so nothing to record with.
}
