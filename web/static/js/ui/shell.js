// What every page of the yard begins with: the language and the look that were chosen on this device, hints on what does
// not work here, the service worker, and how many records wait.
import "./trusted.js";
import { byId, h, put } from "./dom.js";
import { kept, keep } from "./kept.js";
import { hints } from "./hints.js";
import { language, link, t } from "./texts.js";

keepLanguage();
document.documentElement.dataset.begun = ""; // what late.js waits for
byId("late").hidden = true;
void hints().then((found) =>
  put(byId("hints"), found.map(({ kind, text, more }) => h("p", { class: `mark ${kind}`, role: "alert" }, text, more && [" ", more]))),
);
if ("serviceWorker" in navigator && isSecureContext) {
  navigator.serviceWorker.register("/sw.js", { type: "module", scope: "/" }).catch(() => {}); // it works without, online
}
const themes = document.getElementById("themes");
if (themes) put(themes, ...["auto", "bright", "dark"].map(themeChoice));
void strip();

/** Who chose a language stays in it, also on pages that are opened without saying which. */
function keepLanguage() {
  const asked = new URL(location.href).searchParams.get("lang");
  if (asked === language) keep("lang", language);
  else if (!asked && kept("lang") && kept("lang") !== language) {
    const there = new URL(location.href);
    there.searchParams.set("lang", kept("lang"));
    location.replace(there);
  }
  // What stands behind the address goes along when the language is changed.
  for (const a of document.querySelectorAll(".languages a")) {
    a.addEventListener("click", (event) => {
      event.preventDefault();
      const there = new URL(location.href);
      there.searchParams.set("lang", a.lang);
      location.assign(there);
    });
  }
}

function themeChoice(theme) {
  const words = { auto: t("As the system"), bright: t("Bright, for sunlight"), dark: t("Dark") };
  const chosen = (kept("theme") || "auto") === theme;
  const choose = () => {
    keep("theme", theme);
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  };
  return h("label", { class: "choice" }, h("input", { type: "radio", name: "theme", value: theme, checked: chosen, onchange: choose }), words[theme]);
}

/** Who this device belongs to, and what waits on it; kept up to date as that changes. */
async function strip() {
  let shown;
  try {
    shown = await import("../device/strip.js");
  } catch {
    return; // a device without storage has nothing to say
  }
  await shown.show(byId("strip"), { h, put, t, link });
}
