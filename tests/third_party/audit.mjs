// A second verifier, written from docs/format.md alone, with nothing but Node: steps 2 to 7 for a whole log in a folder.
// It leaves out what Node 20 lacks (ML-DSA-44) and what needs the rule set (schemas, life cycle).
//
//   node audit.mjs <bundle folder> <trust.json>
//
// Prints "ok <entries> <chains> <root in hex>", or "refused at step <n>: <why>" and exits 1.
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { check, compact } from "./compact.mjs";

const [folder, trustFile] = process.argv.slice(2);
const trust = JSON.parse(readFileSync(trustFile, "utf8"));
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
let step = 1;

// Sections 3.1 and 4.
function base64url(text) {
  const bytes = Buffer.from(text, "base64url");
  check(bytes.toString("base64url") === text, "not canonical base64url");
  return bytes;
}
function parseJws(text, typ, limit = 32768) {
  const parts = text.split(".");
  check(parts.length === 3, "not three parts");
  const header = compact(base64url(parts[0]), 512);
  check(Object.keys(header).sort().join() === "alg,kid,typ" && header.typ === typ, "header");
  const value = compact(base64url(parts[1]), limit);
  const input = Buffer.from(`${parts[0]}.${parts[1]}`, "ascii");
  return { ...header, value, input, signature: base64url(parts[2]), id: sha256(input).toString("base64url") };
}
function thumbprint(jwk) {
  const members = jwk.kty === "OKP" ? ["crv", "kty", "x"] : ["crv", "kty", "x", "y"];
  check(Object.keys(jwk).sort().join() === members.join(), "JWK members");
  return sha256(JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])))).toString("base64url");
}
function checkSignature(jws, jwk) {
  check(jws.kid === thumbprint(jwk), "kid");
  const fits = jwk.kty === "OKP" ? ["Ed25519", "EdDSA"] : ["ES256"];
  check(fits.includes(jws.alg), `alg ${jws.alg}`);
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const held =
    jwk.kty === "OKP"
      ? verify(null, jws.input, key, jws.signature)
      : verify("sha256", jws.input, { key, dsaEncoding: "ieee-p1363" }, jws.signature);
  check(held && jws.signature.length === 64, "signature");
}

// Section 6.
const leafHash = (entry) => sha256(Buffer.of(0), entry);
function root(hashes) {
  if (hashes.length === 0) return sha256("");
  if (hashes.length === 1) return hashes[0];
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return sha256(Buffer.of(1), root(hashes.slice(0, split)), root(hashes.slice(split)));
}
function tilePath(index, width) {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, "0").match(/.{3}/g);
  const last = digits.pop();
  const path = [...digits.map((group) => `x${group}`), last].join("/");
  return `tile/entries/${path}${width === 256 ? "" : `.p/${width}`}`;
}
function openCheckpoint() {
  const note = readFileSync(join(folder, "checkpoint"), "utf8");
  const [text, block] = note.split("\n\n");
  const [origin, size, encoded] = text.split("\n");
  check(origin === trust.origin, "origin");
  const vkey = trust.log_keys.map((each) => Buffer.from(each.split("+").slice(2).join("+"), "base64")).find((each) => each[0] === 1);
  const keyId = sha256(`${origin}\n`, vkey).subarray(0, 4);
  const signatures = block.trimEnd().split("\n").map((line) => Buffer.from(line.split(" ")[2], "base64"));
  const own = signatures.find((each) => each.subarray(0, 4).equals(keyId));
  const jwk = { kty: "OKP", crv: "Ed25519", x: vkey.subarray(1).toString("base64url") };
  const key = createPublicKey({ key: jwk, format: "jwk" });
  check(own && verify(null, Buffer.from(`${text}\n`), key, own.subarray(4)), "signature of the log");
  return { size: Number(size), root: Buffer.from(encoded, "base64") };
}
function readEntries(size) {
  const entries = [];
  for (let index = 0; entries.length < size; index++) {
    const width = Math.min(256, size - index * 256);
    const data = readFileSync(join(folder, tilePath(index, width)));
    let at = 0;
    for (let number = 0; number < width; number++) {
      const end = at + 2 + data.readUInt16BE(at);
      entries.push(data.subarray(at + 2, end));
      at = end;
    }
    check(at === data.length, `length of ${tilePath(index, width)}`);
  }
  return entries;
}

// Sections 4.2, 4.4 and 7.1: who has which key, and where each chain ends.
const keys = new Map(); // kid -> { jwk, org, use, from, until, types }
const revoked = new Set(); // "org kid"
const heads = new Map(); // subject -> { seq, id }
function register(given, org, use, event, more = {}) {
  const kid = thumbprint(given.jwk);
  check(!keys.has(kid), `key ${kid} is registered already`);
  const proof = parseJws(given.possession, "packtrace-pop+jwt", 2048);
  checkSignature(proof, given.jwk);
  const head = heads.get(event.sub)?.id;
  const expected = { aud: trust.origin, sub: event.sub, kid, ...(head ? { head } : {}) };
  const sorted = (value) => JSON.stringify(Object.entries(value).sort());
  check(sorted(proof.value) === sorted(expected), "possession");
  keys.set(kid, { jwk: given.jwk, org, use, ...more });
}
const named = (org) => org.slice(org.indexOf(":") + 1);

function audit() {
  step = 2;
  const checkpoint = openCheckpoint();
  const entries = readEntries(checkpoint.size);
  step = 4;
  const found = root(entries.map(leafHash));
  check(found.equals(checkpoint.root), `root ${found.toString("hex")}`);
  let latest = "";
  for (const [leaf, entry] of entries.entries()) {
    step = 3;
    const parts = /^\{"event":"([A-Za-z0-9._-]+)","recorded_at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"\}$/.exec(entry.toString("latin1"));
    check(parts && parts[2] >= latest, `entry ${leaf}`);
    latest = parts[2];
    step = 6;
    const jws = parseJws(parts[1], "packtrace-event+jwt");
    const event = jws.value;
    check(event.v === 1 && event.aud === trust.origin, `entry ${leaf}: v or aud`);
    if (event.type === "log.opened") {
      step = 5;
      check(leaf === 0 && event.sub === `log:${trust.origin}`, "log.opened elsewhere");
      for (const each of event.data.registrars) register(each, each.org, "registrar", event);
      check([...keys.keys()].sort().join() === [...trust.registrars.kids].sort().join(), "registrars");
      check(event.data.threshold === trust.registrars.threshold, "threshold");
      step = 6;
    }
    const key = keys.get(jws.kid);
    check(key, `entry ${leaf}: key ${jws.kid} is not registered`);
    check(key.org === event.iss, `entry ${leaf}: another organisation's key`);
    check(!revoked.has(`${named(event.iss)} ${jws.kid}`), `entry ${leaf}: key revoked`);
    check(!(key.from > latest) && !(key.until <= latest), `entry ${leaf}: key out of time`);
    check(!key.types || key.types.includes(event.type), `entry ${leaf}: not for this key`);
    const use = /^(log|org)\./.test(event.type) ? "registrar" : event.type.startsWith("key.") ? "admin" : "sign";
    check(key.use === use || event.type.endsWith(".voided"), `entry ${leaf}: use ${key.use}`);
    checkSignature(jws, key.jwk);
    step = 7;
    const last = heads.get(event.sub);
    check(event.seq === (last ? last.seq + 1 : 0) && event.prev === last?.id, `entry ${leaf}: link of ${event.sub}`);
    step = 5;
    if (event.type === "org.enrolled") register(event.data.admin, event.sub, "admin", event);
    if (event.type === "key.added") {
      const { use: added, from, until, types } = event.data;
      register(event.data, `org:${named(event.sub)}`, added, event, { from, until, types });
    }
    if (event.type === "key.revoked" || event.type === "org.key_revoked") revoked.add(`${named(event.sub)} ${event.data.kid}`);
    heads.set(event.sub, { seq: event.seq, id: jws.id });
  }
  return `ok ${entries.length} ${heads.size} ${found.toString("hex")}`;
}

try {
  console.log(audit());
} catch (error) {
  console.log(`refused at step ${step}: ${error.message}`);
  process.exitCode = 1;
}
