import assert from "node:assert/strict";
import { test } from "node:test";
import { base32, parseBase32 } from "../../web/static/js/core/base32.js";
import { chance, text, verdict } from "./support.mjs";

test("bytes are written as RFC 4648, section 10, writes them, without padding", () => {
  const given = { "": "", f: "MY", fo: "MZXQ", foo: "MZXW6", foob: "MZXW6YQ", fooba: "MZXW6YTB", foobar: "MZXW6YTBOI" };
  for (const [plain, written] of Object.entries(given)) {
    assert.equal(base32(new TextEncoder().encode(plain)), written);
    assert.equal(text(parseBase32(written)), plain);
  }
});

test("bytes of every length come back", () => {
  const next = chance(32);
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, () => next(256));
    assert.deepEqual(parseBase32(base32(bytes)), bytes);
  }
});

test("one text for each byte string: every other is refused", async () => {
  for (const wrong of ["A", "AAA", "AAAAAA", "MZ", "MY======", "my", "M1", "MY ", "MZXW6YT8"]) {
    assert.equal(await verdict(() => parseBase32(wrong)), "NON_CANONICAL_ENCODING", wrong);
  }
});
