import assert from "node:assert/strict";
import { test } from "node:test";
import { base64url } from "../../web/static/js/core/base64url.js";
import { utf8 } from "../../web/static/js/core/bytes.js";
import {
  checkDisclosures, disclosed, findSlots, formatPresentation, parseDisclosure, splitPresentation, withhold,
} from "../../web/static/js/core/disclosures.js";
import { refused, verdict, withCases } from "./support.mjs";

const SALT = Uint8Array.from({ length: 16 }, (_, at) => at);

test("a withheld value is opened by its disclosure alone", async () => {
  const vin = await withhold("LSVAA4187E2184847", SALT);
  const plate = await withhold({ text: "粤B12345" }, SALT.map((byte) => byte + 1));
  const payload = { data: { vin: vin.slot, list: [{ plate: plate.slot }] }, seq: 1 };
  assert.deepEqual([...findSlots(payload).keys()], ["/data/vin", "/data/list/0/plate"]);
  const both = [plate.disclosure, vin.disclosure];
  const opened = await checkDisclosures(payload, both);
  assert.equal(opened.get("/data/vin").value, "LSVAA4187E2184847");
  const whole = { data: { vin: "LSVAA4187E2184847", list: [{ plate: { text: "粤B12345" } }] }, seq: 1 };
  assert.deepEqual(JSON.parse(JSON.stringify(await disclosed(payload, both))), whole);
  assert.deepEqual(JSON.parse(JSON.stringify(await disclosed(payload, []))), payload);
  const other = await withhold("LSVAA4187E2184848", SALT);
  for (const wrong of [[vin.disclosure], [], [...both, vin.disclosure], [...both, other.disclosure], [plate.disclosure, other.disclosure]]) {
    await refused("DISCLOSURE_MISMATCH", () => checkDisclosures(payload, wrong));
  }
  await refused("DISCLOSURE_MISMATCH", () => checkDisclosures({ a: vin.slot, b: vin.slot }, [vin.disclosure]));
});

test("a presentation is taken apart as it was put together", async () => {
  for (const disclosures of [[], ["a"], ["a", "b"]]) {
    assert.deepEqual(splitPresentation(formatPresentation("x.y.z", disclosures)), { jws: "x.y.z", disclosures });
  }
  assert.deepEqual(splitPresentation("x.y.z~"), { jws: "x.y.z", disclosures: [] });
  for (const wrong of ["x~a", "x~a~b", "x~~", "x~a~~", "x~~a~", `x~${"a~".repeat(65)}`]) {
    await refused("DISCLOSURE_MALFORMED", () => splitPresentation(wrong), wrong);
  }
});

test("a disclosure that is not in its form is refused, and says nothing of the value", async () => {
  const salt = base64url(SALT);
  const texts = [
    `["${salt}"]`, `["${salt}",1,2]`, `["${salt.slice(2)}",1]`, `[1,2]`, `{"a":1}`, `["${salt}", 1]`, `["${salt}",null]`,
    `["${salt}",{"...":"x"}]`, `["${salt}",[{"a":{"...":"x"}}]]`, `["${salt}!",1]`, "",
  ];
  for (const each of texts) await refused("DISCLOSURE_MALFORMED", () => parseDisclosure(base64url(utf8(each))), each);
  for (const each of ["a=", "AB", "%", "A".repeat(20_000)]) {
    await refused("DISCLOSURE_MALFORMED", () => parseDisclosure(each), each);
  }
  await refused("DISCLOSURE_MALFORMED", () => withhold("x", SALT.subarray(1)));
  await refused("DISCLOSURE_MALFORMED", () => withhold({ a: { "...": "x" } }, SALT));
  await refused("DISCLOSURE_MALFORMED", () => withhold(0.5, SALT));
});

test("the name of a slot stands in slots alone", async () => {
  const { slot } = await withhold(1, SALT);
  const wrong = [
    { "...": slot[0]["..."] }, { a: slot[0] }, { a: [slot[0], slot[0]] }, { a: [{ ...slot[0], b: 1 }] },
    { a: [{ "...": "short" }] }, { a: [{ "...": 1 }] }, { a: [{ "...": `${slot[0]["..."]}=` }] },
  ];
  for (const each of wrong) await refused("DISCLOSURE_MALFORMED", () => findSlots(each), JSON.stringify(each));
});

withCases("presentations are judged as Python judges them", async ({ presentations }) => {
  const codes = new Set();
  for (const each of presentations) {
    const found = await verdict(async () => {
      const { disclosures } = splitPresentation(each.text);
      await checkDisclosures(each.payload, disclosures);
    });
    assert.equal(found, each.verdict, each.text);
    codes.add(found);
  }
  assert.deepEqual([...codes].sort(), ["DISCLOSURE_MALFORMED", "DISCLOSURE_MISMATCH", "ok"]);
});
