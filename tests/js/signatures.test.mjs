import assert from "node:assert/strict";
import { test } from "node:test";
import { base64url } from "../../web/static/js/core/base64url.js";
import { utf8 } from "../../web/static/js/core/bytes.js";
import { checkEd25519, checkPrimeOrder, holdsByArithmetic } from "../../web/static/js/core/ed25519.js";
import { EVENT, POP, checkSignature, parseJws, signJws } from "../../web/static/js/core/jws.js";
import { checkRawSignature, makeKeyPair, parsePublicJwk, signerOf } from "../../web/static/js/core/keys.js";
import { checkPossession, signPossession } from "../../web/static/js/core/possession.js";
import { flipped, hex, published, refused, verdict, withCases, withVectors } from "./support.mjs";

const MESSAGE = utf8("message");
const p256 = () => crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);

/** Both ways to step 4 of the rule: WebCrypto, and our own arithmetic. */
async function holds(key, message, signature) {
  const found = (await verdict(() => checkEd25519(key, message, signature))) === "ok";
  if (found) assert.ok(await holdsByArithmetic(key, message, signature));
  return found;
}

withVectors("every published Ed25519 verdict is met, by WebCrypto and by arithmetic", async () => {
  let count = 0;
  for (const { publicKey, tests } of published("ed25519/wycheproof-ed25519_test.json").testGroups) {
    for (const { msg, sig, result } of tests) {
      count += 1;
      assert.equal(await holds(hex(publicKey.pk), hex(msg), hex(sig)), result === "valid", msg);
    }
  }
  assert.equal(count, 151);
});

withVectors("of the speccheck cases only the mixed-order one with a strict equation holds", async () => {
  const cases = published("ed25519/speccheck-cases.json");
  const row = [];
  for (const each of cases) row.push(await holds(hex(each.pub_key), hex(each.message), hex(each.signature)));
  assert.deepEqual(row, cases.map((_, number) => number === 3));
});

withVectors("a weak key makes no signature valid, and is not registered", async () => {
  const rows = published("ed25519/weak-public-keys.json");
  assert.equal(rows.length, 14);
  const universal = new Uint8Array(64);
  universal[0] = 1; // R is the neutral element, S is 0: under some keys this holds for every message
  for (const { public_key_hex } of rows) {
    const key = hex(public_key_hex);
    for (let number = 0; number < 16; number++) {
      await refused("SIGNATURE_INVALID", () => checkEd25519(key, utf8(`message ${number}`), universal), public_key_hex);
    }
    await refused("KEY_WEAK", () => checkPrimeOrder(key), public_key_hex);
    await refused("KEY_WEAK", () => parsePublicJwk({ crv: "Ed25519", kty: "OKP", x: base64url(key) }));
  }
});

withCases("keys of mixed order and no points are refused as Python refuses them", async ({ ed25519_keys }) => {
  const verdicts = new Set();
  for (const { key, sound } of ed25519_keys) {
    const found = await verdict(() => checkPrimeOrder(hex(key)));
    assert.equal(found, sound ? "ok" : "KEY_WEAK", key);
    verdicts.add(found);
  }
  assert.equal(verdicts.size, 2);
});

test("S beyond the group order is refused: one signature would have two texts", async () => {
  const { publicKey, sign } = await signerOf(await makeKeyPair());
  const signature = await sign(MESSAGE);
  await checkEd25519(publicKey.raw, MESSAGE, signature);
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  let s = order;
  for (let at = 0; at < 32; at++) s += BigInt(signature[32 + at]) << BigInt(8 * at);
  const other = Uint8Array.from(signature);
  for (let at = 0; at < 32; at++) other[32 + at] = Number((s >> BigInt(8 * at)) & 255n);
  // Said before WebCrypto is asked, whatever the browser's library would say.
  await assert.rejects(checkEd25519(publicKey.raw, MESSAGE, other), { code: "SIGNATURE_INVALID", where: "S" });
  const neutral = new Uint8Array(64).fill(1, 0, 1);
  await assert.rejects(checkEd25519(publicKey.raw, MESSAGE, neutral), { code: "SIGNATURE_INVALID", where: "R" });
  for (const at of [0, 255, 256, 500]) {
    await refused("SIGNATURE_INVALID", () => checkEd25519(publicKey.raw, MESSAGE, flipped(signature, at)));
    assert.equal(await holdsByArithmetic(publicKey.raw, MESSAGE, flipped(signature, at)), false);
  }
  await refused("SIGNATURE_INVALID", () => checkEd25519(publicKey.raw, MESSAGE, signature.subarray(1)));
});

for (const [kind, make] of [["Ed25519", makeKeyPair], ["P-256", p256]]) {
  test(`an event signed with a ${kind} key that can't be read out is read and verified`, async () => {
    const pair = await make();
    assert.equal(pair.privateKey.extractable, false);
    const signer = await signerOf(pair);
    const { text, id } = await signJws({ v: 1, note: "电池" }, signer, EVENT);
    const jws = await parseJws(text, EVENT);
    assert.equal(jws.id, id);
    assert.equal(jws.value.note, "电池");
    const key = await parsePublicJwk(signer.publicKey.jwk);
    assert.equal(key.kid, signer.publicKey.kid);
    await checkSignature(jws, key);
    await refused("WRONG_TYP", () => parseJws(text, POP));
    const stranger = await signerOf(await make());
    await refused("KEY_MISMATCH", () => checkSignature(jws, stranger.publicKey));
    await refused("SIGNATURE_INVALID", () => checkSignature({ ...jws, signature: flipped(jws.signature) }, key));
    const other = { ...key, kind: kind === "P-256" ? "Ed25519" : "P-256" };
    await refused("ALG_NOT_ALLOWED", () => checkSignature(jws, other));
    const [header, payload, signature] = text.split(".");
    const changed = base64url(utf8('{"v":2}'));
    const forged = await parseJws(`${header}.${changed}.${signature}`, EVENT);
    await refused("SIGNATURE_INVALID", () => checkSignature(forged, key));
    for (const wrong of [`${header}.${payload}`, `${text}.`, `${text}=`, `${text}电`, `${text}A`]) {
      assert.notEqual(await verdict(() => parseJws(wrong, EVENT)), "ok");
    }
    await refused("NON_CANONICAL_ENCODING", () => parseJws(text, EVENT, 2));
  });
}

test("nothing is signed that a reader would refuse", async () => {
  const signer = await signerOf(await makeKeyPair());
  await refused("NON_CANONICAL_ENCODING", () => signJws({ mass: 0.5 }, signer, EVENT));
  await refused("WRONG_TYP", () => signJws({ v: 1 }, signer, "JWT"));
  const short = { ...signer, sign: async () => new Uint8Array(70) };
  await refused("SIGNATURE_INVALID", () => signJws({ v: 1 }, short, EVENT));
});

test("the example of the format has the ids that the page says", async () => {
  const { readFileSync } = await import("node:fs");
  const { here } = await import("./support.mjs");
  const page = readFileSync(here("docs/format.md"), "utf8");
  const example = (name) => page.split(`<!-- example: ${name} -->`)[1].split("```")[1].split("\n").slice(1, -1).join("\n");
  const jws = await parseJws(example("event"), EVENT);
  assert.equal(jws.id, example("event-id"));
  const key = await parsePublicJwk(JSON.parse(example("thumbprint-input")));
  assert.equal(key.kid, example("kid"));
  await checkSignature(jws, key);
});

test("a JWK with more, fewer or other members is refused", async () => {
  const { jwk } = (await signerOf(await makeKeyPair())).publicKey;
  const { jwk: point } = (await signerOf(await p256())).publicKey;
  const wrong = [
    { ...jwk, d: jwk.x }, { ...jwk, alg: "EdDSA" }, { crv: jwk.crv, kty: jwk.kty }, { ...jwk, kty: "EC" },
    { ...jwk, crv: "Ed448" }, { ...jwk, x: `${jwk.x}=` }, { ...jwk, x: jwk.x.slice(1) }, { ...jwk, x: 1 },
    { ...jwk, crv: "__proto__" }, null, "key", { ...point, y: point.x }, { crv: point.crv, kty: point.kty, x: point.x },
  ];
  for (const each of wrong) await refused("KEY_MALFORMED", () => parsePublicJwk(each), JSON.stringify(each));
});

withCases("events and what was made of them are judged as Python judges them", async ({ jws }) => {
  const codes = new Set();
  for (const each of jws) {
    const found = await verdict(async () => {
      const read = await parseJws(each.text, EVENT);
      await checkSignature(read, await parsePublicJwk(each.jwk));
      assert.equal(read.id, each.id);
    });
    assert.equal(found, each.verdict, each.text);
    codes.add(found);
  }
  const expected = ["ALG_NOT_ALLOWED", "KEY_MISMATCH", "MALFORMED_JWS", "NON_CANONICAL_ENCODING", "SIGNATURE_INVALID"];
  for (const code of [...expected, "WRONG_TYP", "ok"]) assert.ok(codes.has(code), code);
});

test("a proof of possession holds for its place alone", async () => {
  const signer = await signerOf(await makeKeyPair());
  const place = { aud: "log.example/a", sub: "keys:duns:150483782", head: "h".repeat(43) };
  const proof = await signPossession(place, signer);
  await checkPossession(proof, signer.publicKey, place);
  const stranger = (await signerOf(await makeKeyPair())).publicKey;
  await refused("KEY_NOT_PROVEN", () => checkPossession(proof, stranger, place));
  for (const other of [{ aud: "log.example/b" }, { sub: "keys:duns:150483783" }, { head: "i".repeat(43) }, { head: undefined }]) {
    await refused("KEY_NOT_PROVEN", () => checkPossession(proof, signer.publicKey, { ...place, ...other }));
  }
  const event = (await signJws({ ...place, kid: signer.publicKey.kid }, signer, EVENT)).text;
  await refused("KEY_NOT_PROVEN", () => checkPossession(event, signer.publicKey, place));
  await checkRawSignature(signer.publicKey, MESSAGE, await signer.sign(MESSAGE));
});
