// The members of a zip, as a bundle comes in one: bounded, and nothing but plain files (docs/format.md, 8.2).
import { checksum } from "./bytes.js";
import { Refusal, quote } from "./refusal.js";

const MAX_MEMBERS = 20_000;
const MAX_TOTAL = 256 << 20; // bytes, unpacked: what a page can hold
const MAX_RATIO = 100;
const RATIO_FREE = 1 << 20; // bytes below which the ratio does not matter
const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;

const malformed = (where, expected, got) => new Refusal("BUNDLE_MALFORMED", { where, expected, got });

/**
 * Reads every member.
 * @param {Uint8Array} bytes
 * @returns {Promise<Map<string, Uint8Array>>}
 * @throws {Refusal} SOURCE_UNREADABLE: no zip; SOURCE_TOO_LARGE; BUNDLE_MALFORMED: a name that leads out or occurs twice, a
 *   link, a password, another compression, a member that grows beyond reason or is damaged
 */
export async function readZip(bytes) {
  const members = listMembers(bytes);
  const total = members.reduce((sum, { size }) => sum + size, 0);
  if (members.length > MAX_MEMBERS || total > MAX_TOTAL) {
    const expected = `at most ${MAX_MEMBERS} members and ${MAX_TOTAL} bytes`;
    throw new Refusal("SOURCE_TOO_LARGE", { where: "zip", expected, got: `${members.length} and ${total}` });
  }
  const files = new Map();
  const names = new Set();
  for (const member of members) {
    checkMember(member);
    if (names.has(member.name)) throw malformed(quote(member.name), "each name once", "it twice");
    names.add(member.name);
    if (!member.name.endsWith("/")) files.set(member.name, await unpack(bytes, member));
  }
  return files;
}

function listMembers(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const unreadable = () => new Refusal("SOURCE_UNREADABLE", { where: "zip", expected: "a zip", got: "something else" });
  let end = bytes.length - 22;
  const last = Math.max(0, end - 65_535);
  while (end >= last && view.getUint32(end, true) !== END) end -= 1;
  if (end < last) throw unreadable();
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const members = [];
  for (let number = 0; number < count; number++) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL) throw unreadable();
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    if (at + 46 + nameLength > end) throw unreadable();
    members.push({
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)),
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      mode: view.getUint32(at + 38, true) >>> 16,
      start: view.getUint32(at + 42, true),
    });
    at += 46 + nameLength + extra + comment;
  }
  return members;
}

function checkMember({ name, flags, method, mode, packed, size }) {
  const shown = quote(name);
  const parts = name.replace(/\/$/, "").split("/");
  if (/[\\:]/.test(name) || parts.some((part) => ["", ".", ".."].includes(part))) {
    throw malformed(shown, "a name inside the bundle", "one that leads out of it");
  }
  if (![0, 0o100000, 0o040000].includes(mode & 0o170000)) throw malformed(shown, "a plain file", "a link or a device");
  if (method !== 0 && method !== 8) throw malformed(shown, "a member stored or deflated", `method ${method}`);
  if (flags & 1) throw malformed(shown, "a member without a password", "one with");
  if (size > RATIO_FREE && size > MAX_RATIO * packed) {
    throw malformed(shown, `at most ${MAX_RATIO} times the ${packed} bytes that it takes`, `${size}`);
  }
}

async function unpack(bytes, { name, method, start, packed, size, crc }) {
  const damaged = (got) => malformed(quote(name), "a member that can be read", got);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (start + 30 > bytes.length || view.getUint32(start, true) !== LOCAL) throw damaged("no member");
  const begin = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
  if (begin + packed > bytes.length) throw damaged("one that is cut off");
  const raw = bytes.subarray(begin, begin + packed);
  const data = method === 0 ? raw : await inflate(raw, size, damaged);
  if (data.length !== size || checksum(data) !== crc) throw damaged("other bytes than were packed");
  return data;
}

/** Stops as soon as there is more than the zip says: its word is not taken for how much will come. */
async function inflate(raw, size, damaged) {
  const data = new Uint8Array(size);
  let at = 0;
  try {
    const reader = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > size) {
        await reader.cancel();
        throw damaged("more than it says");
      }
      data.set(value, at);
      at += value.length;
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw damaged("damaged data");
  }
  return data.subarray(0, at);
}
