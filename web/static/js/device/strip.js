// Whose device this is and what waits on it, in the head of every page; and from here on the page sends what waits.
import { keep } from "../ui/kept.js";
import { get } from "./db.js";
import { device } from "./keyring.js";
import { keepFresh } from "./preload.js";
import { waiting } from "./outbox.js";
import { onChange } from "./signals.js";
import { startSync } from "./sync.js";

const OFTEN = 60_000; // ms between looks whether what was taken along is old

/**
 * @param {HTMLElement} into
 * @param {{h: Function, put: Function, t: Function, link: Function}} ui
 * @returns {Promise<void>}
 */
export async function show(into, { h, put, t, link }) {
  const draw = async () => {
    const own = await device();
    const count = await waiting();
    const party = own && (await get("parties", own.org));
    const who = own ? nameOf(party, own.org) : h("a", { href: link("/enrol") }, t("Not enrolled"));
    const waits = count > 0 && h("a", { href: link("/outbox"), id: "waiting" }, t("%(count)s waiting", { count }));
    put(into, who, count > 0 && " · ", waits);
    // Kept apart from the records: where it is there and they are not, the browser deleted them.
    if (own) keep("device", own.org);
  };
  await draw();
  onChange(() => void draw());
  startSync();
  addEventListener("online", () => void keepFresh());
  setInterval(() => void keepFresh(), OFTEN);
  void keepFresh();
}

const nameOf = (party, org) =>
  (document.documentElement.lang.startsWith("zh") ? party?.name_zh || party?.name_en : party?.name_en || party?.name_zh) || org;
