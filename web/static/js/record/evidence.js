// Photos and documents: hashed on the device over their bytes, and kept until they are uploaded.
import { base64url } from "../core/base64url.js";
import { sha256 } from "../core/bytes.js";
import { get, put } from "../device/db.js";
import { t } from "../ui/texts.js";

const MOST = 32 << 20; // bytes of a file
const MEDIA = /^[a-z0-9.+-]+\/[a-z0-9.+-]+$/;

/**
 * Keeps a file on the device, and tells what a statement says of it.
 * @param {File} file
 * @param {string} kind a photo is one whatever button it came by; a document is a ticket until somebody says otherwise
 * @returns {Promise<{kind: string, sha256: string, media_type: string, bytes: number, name: string}>} `name` is for the form
 */
export async function keepFile(file, kind) {
  if (!file.size) throw new Error(t("The file is empty."));
  if (file.size > MOST) throw new Error(t("Expected at most %(most)s MB, got %(got)s MB", { most: MOST >> 20, got: Math.ceil(file.size / 2 ** 20) }));
  const bytes = new Uint8Array(await file.arrayBuffer());
  const digest = base64url(await sha256(bytes));
  const media_type = MEDIA.test(file.type.toLowerCase()) ? file.type.toLowerCase() : "application/octet-stream";
  const row = { sha256: digest, blob: new Blob([bytes], { type: media_type }), media_type, bytes: bytes.length, kind, state: "here", at: new Date().toISOString() };
  if (!(await get("evidence", digest))) await put("evidence", row);
  return { kind, sha256: digest, media_type, bytes: bytes.length, name: file.name };
}
