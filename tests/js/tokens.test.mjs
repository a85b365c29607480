// What becomes of the tokens on labels: fresh, in the file that `packtrace labels` writes, and in files of whole sheets.
import assert from "node:assert/strict";
import { test } from "node:test";
import { freshToken, intoFiles, makeTicket, readTokenFile, tokenFile } from "../../web/static/js/office/tokens.js";

const SUBJECT = "battery:gbt34014:04QPB76836300JBC40000903";
const SECRET = "ABCDEFGHIJ234567QRST";

test("a token has 100 bits, and none comes twice", () => {
  const made = new Set(Array.from({ length: 1_000 }, freshToken));
  assert.equal(made.size, 1_000);
  for (const token of made) assert.match(token, /^[A-Z2-7]{20}$/);
  // Every letter of the alphabet at every place: the last ones are as random as the first.
  for (const at of [0, 19]) assert.ok(new Set([...made].map((token) => token[at])).size > 28);
});

test("a file of tokens gives the same labels back", async () => {
  const tickets = [
    await makeTicket(SUBJECT, { name_zh: "示例", name_en: "Example", mass_g: 438_500 }, SECRET),
    await makeTicket("battery:tag:uscc:91440300MA5000002N/A-7", { name_zh: "", name_en: "" }, SECRET),
  ];
  assert.equal(tickets[1].code, "uscc:91440300MA5000002N/A-7");
  assert.deepEqual(await readTokenFile(tokenFile(tickets)), tickets);
});

test("the line of the command is read", async () => {
  const line = `{"subject": "${SUBJECT}", "code": "04QPB76836300JBC40000903", "token": "${SECRET}", "name": "示例磷酸铁锂包", "mass_g": 438500}\n`;
  const [{ name_zh, mass_g, digest }] = await readTokenFile(new Blob([line]));
  assert.deepEqual([name_zh, mass_g, digest.length], ["示例磷酸铁锂包", 438_500, 43]);
});

test("a line that is none is named, and no token is repeated", async () => {
  const good = await tokenFile([await makeTicket(SUBJECT, {}, SECRET)]).text();
  for (const wrong of [
    "x", "[]", "{}", `{"subject":"${SUBJECT}","token":"${SECRET}7"}`, `{"subject":"org:x","token":"${SECRET}"}`,
    `{"subject":"${SUBJECT}","token":"${SECRET}","name":1}`,
    // Somebody else's token: the digest beside it is of another.
    good.trim().replace(SECRET, "TTTTTTTTTTTTTTTTTTTT"),
  ]) {
    await assert.rejects(readTokenFile(new Blob([`${good}${wrong}\n`])), (error) => {
      assert.ok(error instanceof TypeError && error.line === 2 && !error.message.includes(SECRET), wrong);
      return true;
    });
  }
});

test("files hold whole sheets, but for the first that goes on with a begun one", () => {
  const labels = Array.from({ length: 1_000 }, (_, number) => number);
  for (const slots of [21, 18, 14, 8, 1]) {
    for (const start of [1, slots]) {
      const files = intoFiles(labels, slots, start);
      assert.deepEqual(files.flatMap((file) => file.labels), labels);
      assert.equal(files[0].start, start);
      for (const [at, file] of files.entries()) {
        assert.ok(file.labels.length <= 400);
        if (at) assert.equal(file.start, 1);
        if (at < files.length - 1) assert.equal((file.labels.length + file.start - 1) % slots, 0);
      }
    }
  }
  assert.deepEqual(intoFiles([], 21, 1), []);
});
