// What will not work in this browser, said at once and with what to do, in place of dead buttons.
import { h } from "./dom.js";
import { link, t } from "./texts.js";

const WECHAT = new URL("../../pictures/wechat.svg", import.meta.url).href;

/** @returns {Promise<{kind: "bad" | "warn", text: string, more?: HTMLElement}[]>} */
export async function hints() {
  const found = [];
  if (!isSecureContext) {
    found.push({
      kind: "bad",
      text: t("This page came over plain http from another machine: browsers let it neither sign nor use the camera nor work offline. Passports can be read."),
      more: h("a", { href: link("/https") }, t("How to open it over https")),
    });
  }
  if (/MicroMessenger/i.test(navigator.userAgent)) {
    found.push({
      kind: "warn",
      text: t("WeChat's browser can show passports, but keeps no keys. To record, tap ··· above and choose: open in the browser."),
      more: h("img", { src: WECHAT, width: "240", height: "120", alt: t("Three dots at the top right of the screen") }),
    });
  }
  if (isSecureContext && !(await keeps())) {
    found.push({ kind: "bad", text: t("This browser keeps nothing for this page, so no key and no record. Leave private browsing, or use another browser.") });
  }
  return found;
}

/** Whether the browser opens a database for us; some have the name of it alone, or refuse it in private browsing. */
function keeps() {
  return new Promise((tell) => {
    try {
      const request = indexedDB.open("packtrace-probe");
      request.onsuccess = () => {
        request.result.close();
        tell(true);
      };
      request.onerror = request.onblocked = () => tell(false);
    } catch {
      tell(false);
    }
  });
}

/** A line that says that something is not there. @param {string} text */
export const nothing = (text) => h("p", { class: "nothing" }, text);
