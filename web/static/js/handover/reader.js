// A strip with the camera, for pages on which labels or the codes of another phone are read in passing.
import { NoCamera, look, openCamera } from "../scan/camera.js";
import { openEngine } from "../scan/engines.js";
import { makeSightings } from "../scan/sightings.js";
import { tellCamera } from "../scan/telling.js";
import { listenToScanner } from "../scan/wedge.js";
import { h, put } from "../ui/dom.js";
import { wake } from "../ui/sounds.js";
import { t } from "../ui/texts.js";

/**
 * @param {{label: string, onTexts: (texts: string[], readBy: "camera" | "scanner") => void, each?: boolean}} how `label`: of
 *   the button that opens the camera; `each`: every picture is told, also of what was in view just before
 * @returns {{element: HTMLElement, close: () => void}}
 */
export function makeReader({ label, onTexts, each = false }) {
  const video = h("video", { playsinline: true, "aria-label": t("What the camera sees") });
  video.muted = true;
  const said = h("div", { role: "status" });
  const sightings = makeSightings();
  let stop = null;

  const close = () => {
    stop?.();
    stop = null;
    finder.hidden = true;
    start.hidden = false;
  };
  const open = async () => {
    wake();
    start.disabled = true;
    try {
      const engine = await openEngine();
      finder.hidden = false;
      const camera = await openCamera(video);
      const stopLooking = look(video, engine, {
        onFound: (symbols) => {
          const at = performance.now();
          const texts = symbols.map(({ text }) => text).filter((text) => each || sightings.isNew(text, at));
          if (texts.length) onTexts(texts, "camera");
        },
        onAway: (isAway) => put(said, isAway && h("p", { class: "mark warn" }, t("Nothing can read codes now: there is no network."))),
      });
      stop = () => {
        stopLooking();
        camera.close();
        engine.close();
      };
      start.hidden = true;
      put(said);
    } catch (error) {
      finder.hidden = true;
      if (!(error instanceof NoCamera)) throw error;
      put(said, tellCamera(error.why));
    } finally {
      start.disabled = false;
    }
  };
  const start = h("button", { class: "huge", type: "button", onclick: () => void open() }, label);
  const finder = h("div", { class: "finder", hidden: true }, video,
    h("button", { class: "big plain", type: "button", onclick: close }, t("Close the camera")));
  const stopScanner = listenToScanner(document, (text) => onTexts([text], "scanner"));
  addEventListener("pagehide", close);
  return {
    element: h("div", { class: "reader" }, finder, start, said),
    close() {
      close();
      stopScanner?.();
    },
  };
}
