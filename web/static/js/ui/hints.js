// What will not work in this browser, said at once and with what to do, in place of dead buttons.
import { h } from "./dom.js";
import { t } from "./texts.js";

/** @returns {{kind: "bad" | "warn", text: string, more?: HTMLElement}[]} */
export function hints() {
  const found = [];
  if (!isSecureContext) {
    found.push({
      kind: "bad",
      text: t("This page came over plain http from another machine: browsers let it neither sign nor use the camera nor work offline. Open it over https; whoever runs the node starts it with: packtrace serve --https"),
    });
  }
  if (/MicroMessenger/i.test(navigator.userAgent)) {
    found.push({
      kind: "warn",
      text: t("WeChat's browser can show passports, but keeps no keys. To record, tap ··· above and choose: open in the browser."),
    });
  }
  if (!("indexedDB" in window)) {
    found.push({ kind: "bad", text: t("This browser keeps nothing for this page, so no key and no record. Leave private browsing, or use another browser.") });
  }
  return found;
}

/** A line that says that something is not there. @param {string} text */
export const nothing = (text) => h("p", { class: "nothing" }, text);
