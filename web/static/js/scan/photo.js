// A photo of a label: reduced and read on the device where it can be, else by the node.
import { readByNode } from "./engines.js";

/** @typedef {import("./engines.js").Engine} Engine */
/** @typedef {import("./engines.js").Symbol} Symbol */

const SIDES = [2000, 1000]; // pixels: twelve megapixels take three times as long, and a blurred photo reads better small

/** The file is no picture that this browser, or the node, can open. */
export class NoPicture extends Error {}

/**
 * Reads the symbols in a photo.
 * @param {Blob} file
 * @param {Engine} engine
 * @returns {Promise<Symbol[]>} none where none could be read
 * @throws {NoPicture}
 * @throws {import("./engines.js").ReaderAway}
 */
export async function readPhoto(file, engine) {
  if (!/^image\//.test(file.type)) throw new NoPicture();
  if (engine.name === "node") return readByNode(file);
  for (const resizeWidth of SIDES) {
    let picture;
    try {
      picture = await createImageBitmap(file, { resizeWidth, resizeQuality: "high", imageOrientation: "from-image" });
    } catch {
      throw new NoPicture();
    }
    const found = await engine.read(picture, { thorough: true });
    if (found.length > 0) return found;
  }
  return [];
}
