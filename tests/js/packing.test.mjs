import assert from "node:assert/strict";
import { test } from "node:test";
import { base64url } from "../../web/static/js/core/base64url.js";
import { MAX_PACKED, nameOf, pack, unpack } from "../../web/static/js/handover/packing.js";
import { offersRoot } from "../../web/static/js/handover/root.js";
import { chance, flipped, verdict, withCases } from "./support.mjs";

const jws = (header, payload, fill = 7) =>
  [header, payload, new Uint8Array(64).fill(fill)].map((part) => base64url(typeof part === "string" ? new TextEncoder().encode(part) : part)).join(".");
const sound = async (kind, submissions) => {
  const { name, bytes } = await pack(kind, submissions);
  assert.deepEqual(name, await nameOf(kind, submissions));
  assert.deepEqual(await unpack(bytes), { kind, submissions });
  return bytes;
};

withCases("a truckload comes out again to the last character, in under 150 bytes a pack", async ({ trucks }) => {
  for (const { offers, dispatched, answers, group } of trucks) {
    const one = await sound("offers", [...offers, dispatched].map((text) => [text]));
    const two = await sound("answers", answers.map((text) => [text]));
    await sound("offers", [group, ...offers.map((text) => [text])]);
    if (offers.length < 40) continue;
    const plain = [...offers, dispatched].join("\n").length;
    assert.ok(one.length < 150 * 41 && two.length < 150 * 40, `${one.length} and ${two.length} of ${plain}`);
    assert.ok(one.length * 4 < plain, `${one.length} of ${plain}`);
  }
});

test("any submissions come out again, whatever they look like", async () => {
  const next = chance(23);
  const digest = () => base64url(Uint8Array.from({ length: next(2) ? 32 : 16 }, () => next(256)));
  const known = [digest(), digest()];
  const pieces = ['{"a":"', '"', '\\"', "电", "\u0001", "\u0000", '":"', "{}", "", "\ud83d\udd0b", "\\n", ...known.map((text) => `"${text}"`)];
  const json = () => Array.from({ length: next(8) }, () => (next(4) ? pieces[next(pieces.length)] : `"${digest()}"`)).join("");
  const event = () => {
    const tail = ["", "~", `~${base64url(new TextEncoder().encode(json()))}~`, "~~", "~x", "~AB~"][next(6)];
    const text = jws(json(), json(), next(256)) + tail;
    return [text, text, text, text.slice(1), text.replace(".", ".."), "", "~", ".", "..", "a.b.c~"][next(10)];
  };
  for (let round = 0; round < 400; round++) {
    const submissions = Array.from({ length: next(5) }, () => Array.from({ length: next(4) }, event));
    await sound(["offers", "answers"][next(2)], submissions);
  }
});

withCases("a set with a bit changed is refused, or has another name", async ({ trucks }) => {
  const submissions = [trucks[0].offers];
  const { name, bytes } = await pack("offers", submissions);
  let read = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    try {
      const found = await unpack(flipped(bytes, bit));
      const same = base64url(await nameOf(found.kind, found.submissions)) === base64url(name);
      // Some bits of deflated text mean nothing: what comes out is the very same.
      if (same) assert.deepEqual(found, { kind: "offers", submissions }, `bit ${bit}`);
      else read += 1;
    } catch (error) {
      assert.equal(error.code, "SET_DAMAGED", `bit ${bit}: ${error.stack}`);
    }
  }
  assert.ok(read > 100, "the name is what finds a change in a signature");
});

test("a set that is cut, goes on, or says more than there is, is refused", async () => {
  const { bytes } = await pack("offers", [[jws("{}", '{"a":1}')]]);
  for (let length = 0; length < bytes.length; length++) assert.equal(await verdict(() => unpack(bytes.subarray(0, length))), "SET_DAMAGED");
  const wrong = {
    "something behind it": [1, 0, 0, 0, 0, 9],
    "another version": [2, 0, 0, 0, 0],
    "another kind": [1, 2, 0, 0, 0],
    "another flag": [1, 0, 2, 0, 0],
    "random bytes that nothing names": [1, 0, 0, 2, 9, 9, 0],
    "a billion events": [1, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f],
    "a number without end": [1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff],
    "a digest that never was": [1, 0, 0, 0, 1, 1, 1, 2, 0, 0, 0, 0],
    "more disclosures than any event has": [1, 0, 0, 0, 1, 1, 1, 0, 0, 0xff, 0x7f],
  };
  for (const [what, given] of Object.entries(wrong)) {
    assert.equal(await verdict(() => unpack(Uint8Array.from(given))), "SET_DAMAGED", what);
  }
  assert.equal(await verdict(() => unpack(new Uint8Array(MAX_PACKED + 1))), "SET_DAMAGED");
});

test("what grows without bound when it is unpacked is stopped", async () => {
  const zeros = new Blob([new Uint8Array(64 << 20)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bomb = new Uint8Array(await new Response(zeros).arrayBuffer());
  assert.ok(bomb.length < MAX_PACKED);
  assert.equal(await verdict(() => unpack(Uint8Array.from([1, 0, 1, 0, ...bomb]))), "SET_DAMAGED");
});

test("without compression, as in an older browser, it is longer and still whole", async () => {
  const { CompressionStream: kept } = globalThis;
  const submissions = [[jws('{"alg":"Ed25519"}', '{"a":1}'), jws('{"alg":"Ed25519"}', '{"a":2}')]];
  const short = await sound("offers", submissions);
  delete globalThis.CompressionStream;
  try {
    const { bytes } = await pack("offers", submissions);
    assert.equal(bytes[2], 0);
    assert.deepEqual((await unpack(bytes)).submissions, submissions);
    assert.ok(short.length <= bytes.length);
  } finally {
    globalThis.CompressionStream = kept;
  }
});

test("what is no event in ASCII is not shown", async () => {
  assert.equal(await verdict(() => pack("offers", [["电"]])), "MALFORMED_JWS");
});

withCases("the root over offers is that of the judge, in whatever order they come", async ({ trucks }) => {
  for (const { offers, root, offer_ids } of trucks) {
    assert.deepEqual(await offersRoot(offer_ids), { count: offers.length, root });
    assert.deepEqual(await offersRoot([...offer_ids].reverse()), { count: offers.length, root });
    if (offers.length > 1) assert.notEqual((await offersRoot(offer_ids.slice(1))).root, root);
  }
});
