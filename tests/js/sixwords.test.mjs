// Six words are the same on the phone, in the office and in the terminal.
import assert from "node:assert/strict";
import { WORDS, deviceWords, trustWords, wordsOf } from "../../web/static/js/core/words.js";
import { utf8 } from "../../web/static/js/core/bytes.js";
import { parseTrust } from "../../web/static/js/core/trust.js";
import { withCases } from "./support.mjs";

withCases("the list is that of the command", ({ words }) => {
  assert.deepEqual(WORDS, words.list);
  assert.deepEqual(wordsOf(Uint8Array.of(0, 255)), [words.list[0], words.list[255]]);
});

withCases("a device has the words that Python gives it", async ({ words }) => {
  for (const { words: expected, ...said } of words.devices) assert.equal(await deviceWords(said), expected);
});

withCases("whatever differs of a device gives other words", async ({ words: { devices } }) => {
  const [{ words: own, ...said }] = devices;
  for (const name of Object.keys(said)) assert.notEqual(await deviceWords({ ...said, [name]: `${said[name]}x` }), own);
  // Lengths go before the texts, so that nothing moves from one into the next.
  assert.notEqual(await deviceWords({ ...said, origin: said.origin + "org", org: said.org.slice(3) }), own);
});

withCases("a trust file has the words of the command, however it is written", async ({ words }) => {
  for (const { text, words: expected } of words.trusts) {
    await parseTrust(utf8(text));
    assert.equal(await trustWords(text), expected);
  }
});
