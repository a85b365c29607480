// The camera: opened by a tap, closed when the page is left, looked through frame by frame.
import { ReaderAway } from "./engines.js";

/** @typedef {import("./engines.js").Engine} Engine */
/** @typedef {import("./engines.js").Symbol} Symbol */
/** @typedef {"denied" | "none" | "busy" | "insecure" | "broken"} Why */

const WIDTH = 1920; // reach of 84 cm at modules of 1 mm, half as much again as at 1280
const THOROUGH_EACH = 3; // frames: noise and inversion cost twice the time
const AWAY_MS = 3_000; // until a reader that was away is asked again
const NEXT_BY_NODE_MS = 400; // between pictures that are sent away

/** The camera can't be used; `why` says what to tell its owner. */
export class NoCamera extends Error {
  /** @param {Why} why @param {unknown} [cause] */
  constructor(why, cause) {
    super(`no camera: ${why}`, { cause });
    this.name = "NoCamera";
    this.why = why;
  }
}

const WHYS = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", OverconstrainedError: "none", NotReadableError: "busy", AbortError: "busy" };

/**
 * Opens the camera at the back of the phone.
 * @param {HTMLVideoElement} video shows what it sees
 * @returns {Promise<{torch: ((on: boolean) => Promise<void>) | null, close: () => void}>} `torch` where there is one
 * @throws {NoCamera}
 */
export async function openCamera(video) {
  if (!navigator.mediaDevices?.getUserMedia) throw new NoCamera("insecure");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: WIDTH } },
    });
    video.srcObject = stream;
    await video.play();
  } catch (error) {
    stop(stream);
    throw new NoCamera(WHYS[error.name] ?? "broken", error);
  }
  const wake = keepAwake();
  const [track] = stream.getVideoTracks();
  const canShine = track.getCapabilities?.().torch === true;
  return {
    torch: canShine ? (on) => track.applyConstraints({ advanced: [{ torch: on }] }) : null,
    close() {
      stop(stream);
      video.srcObject = null;
      void wake.then((lock) => lock?.release()).catch(() => {});
    },
  };
}

const stop = (stream) => stream?.getTracks().forEach((track) => track.stop());

/** The screen stays on while one scans, where the phone lets us. */
async function keepAwake() {
  try {
    return (await navigator.wakeLock?.request("screen")) ?? null;
  } catch {
    return null;
  }
}

/**
 * Looks for symbols until it is stopped, one frame at a time: while one is read, the others pass.
 * @param {HTMLVideoElement} video
 * @param {Engine} engine
 * @param {{onFound: (symbols: Symbol[]) => void, onAway: (isAway: boolean) => void}} tell `onFound`: those of one frame, at
 *   least one; `onAway`: the engine can't be reached now, or can again
 * @returns {() => void} stops it
 */
export function look(video, engine, { onFound, onAway }) {
  let isStopped = false;
  void (async () => {
    let isAway = false;
    for (let count = 0; !isStopped; count++) {
      await nextFrame(video);
      if (isStopped || video.readyState < 2) continue;
      try {
        const picture = await createImageBitmap(video);
        const found = await engine.read(picture, { thorough: count % THOROUGH_EACH === THOROUGH_EACH - 1 });
        if (isStopped) break;
        if (isAway) onAway((isAway = false));
        if (found.length > 0) onFound(found);
        if (engine.name === "node") await pause(NEXT_BY_NODE_MS);
      } catch (error) {
        if (isStopped) break;
        if (error instanceof ReaderAway && !isAway) onAway((isAway = true));
        await pause(AWAY_MS / (error instanceof ReaderAway ? 1 : 10)); // one bad frame is no reason to stop
      }
    }
  })();
  return () => {
    isStopped = true;
  };
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The next frame, or half a second where none comes: a page in the background gets none. */
function nextFrame(video) {
  const frame = new Promise((resolve) => {
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(resolve);
    else requestAnimationFrame(resolve);
  });
  return Promise.race([frame, pause(500)]);
}
