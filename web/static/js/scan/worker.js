// Reads symbols in pictures, in a thread of its own: compiled code runs here and nowhere else, and no page waits for it.
//
// A classic script, since the library is one. Its own response allows it WebAssembly; it has no page, no storage of ours and
// no key in reach. One message is one picture: {id, bitmap | pixels, thorough}; the answer is {id, found | problem}.
"use strict";

const VENDOR = new URL("../../vendor/zxing-wasm/", self.location.href);
const USUAL = { formats: ["QRCode", "DataMatrix", "Code128"], maxNumberOfSymbols: 8, textMode: "Plain", tryInvert: false };
const THOROUGH = { ...USUAL, tryInvert: true, tryDenoise: true };
const MOST = 1_200; // characters of a text: a label has fewer than 100, a frame of a handover up to 1,000
let canvas = null;

try {
  importScripts(new URL("reader.js", VENDOR));
  const overrides = { locateFile: (name) => new URL(name, VENDOR).href };
  Promise.resolve(ZXingWASM.prepareZXingModule({ overrides, fireImmediately: true })).then(
    () => postMessage({ ready: true }),
    (error) => postMessage({ ready: false, problem: String(error) }),
  );
} catch (error) {
  postMessage({ ready: false, problem: String(error) });
}

self.addEventListener("message", async ({ data: { id, bitmap, pixels, thorough } }) => {
  try {
    const read = await ZXingWASM.readBarcodes(pixels ?? pixelsOf(bitmap), thorough ? THOROUGH : USUAL);
    const found = read.filter(({ isValid }) => isValid).map(({ text, symbology }) => ({ text: text.slice(0, MOST), format: symbology }));
    postMessage({ id, found });
  } catch (error) {
    postMessage({ id, problem: String(error) });
  }
});

function pixelsOf(bitmap) {
  const { width, height } = bitmap;
  if (canvas?.width !== width || canvas?.height !== height) canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}
