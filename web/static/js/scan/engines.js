// What reads symbols in pictures: the library in a worker; where that can't run, the browser's own reader; else the node.
//
// All are asked in one way, one picture at a time, and say who they are, so that the page can.
import { Offline, api } from "../device/api.js";

/** @typedef {{text: string, format: string}} Symbol */
/** @typedef {"worker" | "browser" | "node"} EngineName */
/**
 * @typedef {{name: EngineName, read: (picture: ImageBitmap, how?: {thorough?: boolean}) => Promise<Symbol[]>, close: () => void}}
 *   Engine `read` takes the picture over and closes it; `thorough` also looks for noisy and inverted symbols
 */

const PATIENCE_MS = 10_000; // for a megabyte over a slow network
const READ_MS = 5_000; // for one picture on an old phone
const SENT_SIDE = 1280; // pixels of a frame that is sent to the node
const BROWSER_FORMATS = { qr_code: "QRCode", data_matrix: "DataMatrix", code_128: "Code128" };

/** No picture could be read now: the node, which has to, is out of reach or busy. */
export class ReaderAway extends Error {
  constructor(cause) {
    super("nothing can read pictures now", { cause });
    this.name = "ReaderAway";
  }
}

/**
 * The best engine that works here.
 * @returns {Promise<Engine>}
 */
export async function openEngine() {
  for (const open of [openWorker, openBrowsers]) {
    try {
      return await open();
    } catch {
      // The next one is tried; the page says which it became.
    }
  }
  return openNode();
}

async function openWorker() {
  const worker = new Worker(new URL("./worker.js", import.meta.url));
  const waiting = new Map();
  let next = 0;
  const ready = new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => {
      if (data.ready) resolve();
      else if (data.ready === false) reject(new Error(data.problem));
      else if (data.found) waiting.get(data.id)?.resolve(data.found);
      else waiting.get(data.id)?.reject(new Error(data.problem));
    });
    worker.addEventListener("error", () => reject(new Error("the worker did not start")));
  });
  try {
    await within(PATIENCE_MS, ready);
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return {
    name: "worker",
    async read(picture, { thorough = false } = {}) {
      const id = (next += 1);
      const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
      // Where a worker has no canvas, the page takes the picture apart for it.
      const [message, moved] = typeof OffscreenCanvas === "undefined" ? ownPixels(picture) : [{ bitmap: picture }, picture];
      worker.postMessage({ id, thorough, ...message }, [moved]);
      try {
        return await within(READ_MS, answer);
      } finally {
        waiting.delete(id);
      }
    },
    close: () => worker.terminate(),
  };
}

function ownPixels(picture) {
  const pixels = drawn(picture, picture.width).getContext("2d").getImageData(0, 0, picture.width, picture.height);
  picture.close();
  return [{ pixels }, pixels.data.buffer];
}

async function openBrowsers() {
  // In some in-app browsers the class is there, and asking what it can do throws.
  const can = await within(PATIENCE_MS, BarcodeDetector.getSupportedFormats());
  const formats = Object.keys(BROWSER_FORMATS).filter((format) => can.includes(format));
  if (!formats.includes("qr_code")) throw new Error("this browser reads no QR code");
  const detector = new BarcodeDetector({ formats });
  return {
    name: "browser",
    async read(picture) {
      try {
        const found = await within(READ_MS, detector.detect(picture));
        return found.map(({ rawValue, format }) => ({ text: rawValue, format: BROWSER_FORMATS[format] ?? format }));
      } finally {
        picture.close();
      }
    },
    close: () => {},
  };
}

function openNode() {
  return {
    name: "node",
    async read(picture) {
      const canvas = drawn(picture, Math.min(picture.width, SENT_SIDE));
      picture.close();
      const body = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
      return readByNode(body);
    },
    close: () => {},
  };
}

/**
 * Lets the node read a picture.
 * @param {Blob} picture JPEG or PNG
 * @returns {Promise<Symbol[]>}
 * @throws {ReaderAway} no network, or the node is busy
 */
export async function readByNode(picture) {
  try {
    const { ok, body, status } = await api("/pictures", { body: picture, headers: { "Content-Type": picture.type }, as: "nobody" });
    if (ok) return body.symbols;
    if (status === 422 || status === 413 || status === 415) return []; // no picture, or too large a one
    throw new ReaderAway(body?.detail);
  } catch (error) {
    throw error instanceof Offline ? new ReaderAway(error) : error;
  }
}

function drawn(picture, width) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = Math.round((picture.height * width) / picture.width);
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
