import assert from "node:assert/strict";
import { test } from "node:test";
import { disclosed, splitPresentation } from "../../web/static/js/core/disclosures.js";
import { EVENT, checkSignature, parseJws } from "../../web/static/js/core/jws.js";
import { makeKeyPair, signerOf } from "../../web/static/js/core/keys.js";
import { LEADER, compose, formatTime, sign, signGroup } from "../../web/static/js/record/statement.js";
import { refused } from "./support.mjs";

const SAID = {
  type: "battery.inspected", subject: "battery:gbt34014:04QPB76836300JBC40000001", data: { condition: "intact" },
  occurredAt: "2026-11-23T12:40:00.500+08:00", place: { seq: 0 }, iss: "org:uscc:91440300MA5000002N", aud: "log.packtrace.example/test",
};
const HEAD = "A".repeat(43);
const aSigner = async () => signerOf(await makeKeyPair());

test("a statement has the members of the format and no others, in whole seconds of UTC", () => {
  const statement = compose(SAID);
  assert.deepEqual(Object.keys(statement), ["v", "aud", "nonce", "type", "sub", "seq", "iss", "occurred_at", "data"]);
  assert.equal(statement.occurred_at, "2026-11-23T04:40:00Z");
  assert.match(statement.nonce, /^[A-Za-z0-9_-]{21}[AQgw]$/);
  assert.notEqual(statement.nonce, compose(SAID).nonce, "a nonce is fresh each time");
  assert.equal(compose({ ...SAID, place: { seq: 3, prev: HEAD } }).prev, HEAD);
  assert.equal(compose({ ...SAID, occurredAt: new Date(0) }).occurred_at, "1970-01-01T00:00:00Z");
});

test("what was composed can't be changed before it is signed", () => {
  const data = { mass: { g: 1 } };
  const statement = compose({ ...SAID, data });
  data.mass.g = 2;
  assert.equal(statement.data.mass.g, 1);
  assert.throws(() => {
    statement.data.mass.g = 3;
  }, TypeError);
});

test("a statement without a place, a signer, a log or a time is not composed", async () => {
  const wrong = [
    { place: { seq: 1 } }, { place: { seq: 0, prev: HEAD } }, { place: { seq: -1 } }, { place: { seq: 1.5, prev: HEAD } },
    { iss: undefined }, { aud: "" }, { type: null }, { subject: undefined }, { occurredAt: "yesterday" }, { occurredAt: undefined },
    { withheld: { condition: "intact" } }, { withheld: { "...": "x" } },
  ];
  for (const change of wrong) await refused("STATEMENT_INCOMPLETE", () => compose({ ...SAID, ...change }), JSON.stringify(change));
  await refused("STATEMENT_INCOMPLETE", () => formatTime(new Date(NaN)));
});

test("what is signed is what was composed, byte for byte of its data", async () => {
  const signer = await aSigner();
  const statement = compose({ ...SAID, data: { note: "第二块\n\"左\"", mass: { g: 438_000, basis: "measured" } } });
  const { presentation, id } = await sign(statement, { signer });
  const jws = await parseJws(presentation, EVENT);
  await checkSignature(jws, signer.publicKey);
  assert.equal(jws.id, id);
  assert.deepEqual(JSON.parse(JSON.stringify(jws.value)), JSON.parse(JSON.stringify(statement)));
});

test("a withheld value is nowhere in what is signed, and its disclosure opens it", async () => {
  const signer = await aSigner();
  const withheld = { token: "ABCDEFGHIJKLMNOPQRST" };
  const signed = await sign(compose({ ...SAID, withheld }), { signer, withheld });
  const { jws, disclosures } = splitPresentation(signed.presentation);
  const { value } = await parseJws(jws, EVENT);
  assert.ok(!JSON.stringify(value).includes(withheld.token));
  assert.match(value.data.token[0]["..."], /^[A-Za-z0-9_-]{43}$/);
  assert.equal((await disclosed(value, disclosures)).data.token, withheld.token);
  const again = await sign(compose({ ...SAID, withheld }), { signer, withheld });
  assert.notDeepEqual(again.statement.data.token, signed.statement.data.token, "a salt is fresh each time");
  await refused("STATEMENT_INCOMPLETE", async () => sign(compose(SAID), { signer, withheld: { condition: "burnt" } }));
});

test("text that can't be signed is refused and not repaired in silence", async () => {
  const signer = await aSigner();
  await refused("NON_CANONICAL_ENCODING", async () => sign(compose({ ...SAID, data: { note: "left\u202eright" } }), { signer }));
  await refused("NON_CANONICAL_ENCODING", async () => sign(compose({ ...SAID, data: { g: 0.5 } }), { signer }));
});

test("in a group the id of the first stands where the others ask for it", async () => {
  const signer = await aSigner();
  const first = compose({ ...SAID, type: "battery.dismantled", place: { seq: 4, prev: HEAD } });
  const child = compose({ ...SAID, subject: `${SAID.subject}1`, data: { dismantled: LEADER, list: [{ id: LEADER }] } });
  const next = compose({ ...SAID, place: { seq: 5, prev: LEADER } });
  const [one, two, three] = await signGroup([{ statement: first }, { statement: child }, { statement: next }], { signer });
  assert.deepEqual(two.statement.data, { dismantled: one.id, list: [{ id: one.id }] });
  assert.equal(three.statement.prev, one.id);
  assert.equal((await parseJws(two.presentation, EVENT)).value.data.dismantled, one.id);
});
