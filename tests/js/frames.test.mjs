import assert from "node:assert/strict";
import { test } from "node:test";
import { accept } from "../../web/static/js/core/label.js";
import { CHUNK, MAX_CHUNKS, MAX_FRAMES, formatFrame, framesOf, makeCollector, parseFrame } from "../../web/static/js/handover/frames.js";
import { pack } from "../../web/static/js/handover/packing.js";
import { chance, verdict } from "./support.mjs";

const long = (count, mark = "a") => [[`${mark}`.repeat(count)]];
// Not compressed, so that a text of so many characters takes as many frames as one expects.
const noise = (count, seed) => {
  const next = chance(seed);
  return [[Array.from({ length: count }, () => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[next(64)]).join("")]];
};
/** The frames that carry the chunks, and some more. */
const shown = async (submissions, kind = "offers", chunk = 60, more = 0) => {
  const { count, frame } = framesOf(await pack(kind, submissions), chunk);
  return Array.from({ length: count + more }, (_, index) => frame(index));
};
const shuffled = (rows, next) => rows.map((row) => [next(1e9), row]).sort(([one], [other]) => one - other).map(([, row]) => row);

test("a set is put together from its frames in any order, with repeats, and progress is told", async () => {
  const next = chance(1);
  for (const length of [1, 59, 60, 500, 3000]) {
    const submissions = noise(length, length + 1);
    const frames = await shown(submissions);
    const collector = makeCollector();
    let progress = null;
    for (const text of shuffled([...frames, ...frames.slice(1), ...frames.slice(0, -1)], next)) progress = collector.feed(text);
    assert.deepEqual([progress.have, progress.count, progress.isWhole], [frames.length, frames.length, true]);
    assert.deepEqual(await collector.assemble(progress.name), { kind: "offers", submissions });
  }
});

test("any frames are enough, a few more than there are chunks: none has to come again", async () => {
  const next = chance(12);
  let needed = 0;
  let chunks = 0;
  for (let round = 0; round < 60; round++) {
    const submissions = noise(200 + next(3000), round);
    const { count, frame } = framesOf(await pack("offers", submissions), 60);
    const collector = makeCollector();
    let progress = null;
    for (let index = next(MAX_FRAMES - 3000); !progress?.isWhole; index += 1 + next(4)) {
      progress = collector.feed(frame(index));
      needed += 1;
    }
    chunks += count;
    assert.deepEqual((await collector.assemble(progress.name)).submissions, submissions);
  }
  assert.ok(needed < chunks + 60 * 3, `${needed} frames for ${chunks} chunks`);
});

test("a frame is text that QR symbols pack tightly, and that a scan tells from a label", async () => {
  for (const text of await shown(noise(3000, 2), "offers", CHUNK)) {
    assert.match(text, /^PTF1[A-Z2-7]{24,600}$/);
    assert.deepEqual(accept(text, { hosts: ["packs.example"] }), { kind: "frame", text });
    assert.deepEqual(accept(`]Q1${text}\n`, { hosts: ["packs.example"] }), { kind: "frame", text });
  }
});

test("until the last frame is there nothing is whole", async () => {
  const frames = await shown(noise(600, 3));
  const collector = makeCollector();
  let progress;
  for (const text of frames.slice(1)) progress = collector.feed(text);
  assert.equal(progress.isWhole, false);
  assert.equal(await verdict(() => collector.assemble(progress.name)), "SET_DAMAGED");
});

test("a frame with a character changed, cut or added is none", async () => {
  const [text] = await shown(noise(50, 4));
  for (let at = 0; at < text.length; at++) {
    for (const other of ["A", "7", "1", " ", "", "AA"]) {
      const wrong = text.slice(0, at) + other + text.slice(at + 1);
      if (wrong !== text) assert.equal(parseFrame(wrong), null, `${at} ${other}`);
    }
    assert.equal(parseFrame(text.slice(0, at)), null);
  }
});

test("a frame that counts beyond reason is none", () => {
  const name = new Uint8Array(10);
  const frame = (count, length, size, index = 0) => parseFrame(formatFrame({ name, index, count, length, chunk: new Uint8Array(size) }));
  assert.ok(frame(MAX_CHUNKS, MAX_CHUNKS * 3, 3));
  assert.ok(frame(1, 3, 3, MAX_FRAMES));
  for (const [count, length, size] of [[0, 3, 3], [MAX_CHUNKS + 1, 3 * MAX_CHUNKS + 3, 3], [65_535, 65_535, 1], [1, 0, 0], [2, 3, 3], [1, 4, 3], [1, 601, 601], [1, 0xffffff, 3]]) {
    assert.equal(frame(count, length, size), null, `${count} chunks, ${length} bytes, ${size}`);
  }
});

test("frames of two sets shown at once are never put together to one", async () => {
  const [mine, theirs] = [noise(400, 5), noise(400, 6)];
  const [one, other] = [await shown(mine), await shown(theirs, "answers")];
  assert.equal(one.length, other.length);
  const collector = makeCollector();
  const seen = new Map();
  for (let at = 0; at < one.length; at++) {
    for (const text of [one[at], other[one.length - 1 - at]]) {
      const progress = collector.feed(text);
      seen.set(progress.name, progress);
    }
  }
  assert.equal(seen.size, 2);
  const found = await Promise.all([...seen.keys()].map((name) => collector.assemble(name)));
  assert.deepEqual(found, [{ kind: "offers", submissions: mine }, { kind: "answers", submissions: theirs }]);
});

test("a frame forged under the name of a set never yields another text, and the set is read anew", async () => {
  const submissions = noise(400, 7);
  const frames = await shown(submissions);
  const { chunk, ...head } = parseFrame(frames[1]);
  const forged = formatFrame({ ...head, chunk: chunk.map((byte) => byte ^ 1) });
  // It comes first: the true one contradicts it.
  const first = makeCollector();
  first.feed(forged);
  const clashed = frames.map((text) => first.feed(text)).at(-1);
  assert.deepEqual([clashed.have, clashed.isWhole], [frames.length - 1, false], "begun anew at the true one");
  first.feed(frames[0]);
  assert.deepEqual((await first.assemble(clashed.name)).submissions, submissions);
  // It comes in the place of the true one: the name finds it.
  const second = makeCollector();
  const last = frames.map((text, at) => second.feed(at === 1 ? forged : text)).at(-1);
  assert.equal(last.isWhole, true);
  assert.equal(await verdict(() => second.assemble(last.name)), "SET_DAMAGED");
  // Another count under the same name.
  const third = makeCollector();
  third.feed(formatFrame({ ...head, count: head.count * 2, length: head.length * 2, chunk }));
  assert.equal(frames.map((text) => third.feed(text)).at(-1).isWhole, true);
  // A forged mixture that contradicts what is known by then.
  const { frame } = framesOf(await pack("offers", submissions), 60);
  const mixed = parseFrame(frame(head.count + 5));
  const fourth = makeCollector();
  frames.forEach((text) => fourth.feed(text));
  assert.equal(fourth.feed(formatFrame({ ...mixed, chunk: mixed.chunk.map((byte) => byte ^ 1) })).have, 1, "begun anew");
  assert.equal(fourth.feed(frame(head.count + 6)).isWhole, false);
});

test("any texts are fed without a fault, and only a set that is whole comes out", async () => {
  const next = chance(9);
  const submissions = noise(300, 8);
  const frames = await shown(submissions, "offers", 60, 20);
  const collector = makeCollector();
  for (let round = 0; round < 3000; round++) {
    const text = frames[next(frames.length)];
    const at = next(text.length);
    const progress = collector.feed(next(3) ? text.slice(0, at) + "ABC234567é "[next(11)] + text.slice(at + next(3)) : text);
    if (progress?.isWhole) assert.deepEqual((await collector.assemble(progress.name)).submissions, submissions);
  }
});

test("many sets at once are bounded, and the one that is shown on is kept", async () => {
  const collector = makeCollector();
  const kept = await shown(noise(400, 10));
  for (let seed = 20; seed < 60; seed++) {
    collector.feed(kept[seed % (kept.length - 1)]);
    collector.feed((await shown(noise(400, seed)))[0]);
  }
  assert.equal(collector.feed(kept.at(-1)).isWhole, true);
});

test("a set of more frames than anybody films is refused", async () => {
  const set = { name: new Uint8Array(10), bytes: new Uint8Array(MAX_CHUNKS * CHUNK + 1) };
  assert.equal(await verdict(async () => framesOf(set)), "SET_TOO_LARGE");
  assert.equal(framesOf({ ...set, bytes: set.bytes.subarray(1) }).count, MAX_CHUNKS);
  assert.equal(framesOf(await pack("offers", long(5))).count, 1);
});
