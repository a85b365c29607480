// A signer of events for Node, written from docs/format.md alone: sections 2 to 5, and the digests of 7.5.
import crypto from "node:crypto";

export const b64url = (data) => Buffer.from(data).toString("base64url");
export const sha256 = (data) => crypto.createHash("sha256").update(data).digest();
const compact = (value) => Buffer.from(JSON.stringify(value).normalize("NFC"));

// ---- keys, section 4 ----
export function newKey(alg = "Ed25519") {
  const pair =
    alg === "ES256"
      ? crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })
      : crypto.generateKeyPairSync("ed25519");
  return keyOf(pair.privateKey);
}

export function keyOf(privateKey) {
  const { kty, crv, x, y } = crypto.createPublicKey(privateKey).export({ format: "jwk" });
  const jwk = kty === "OKP" ? { crv, kty, x } : { crv, kty, x, y };
  return { privateKey, jwk, alg: kty === "OKP" ? "Ed25519" : "ES256", kid: b64url(sha256(compact(jwk))) };
}

// ---- what is signed, section 3.1 ----
export function jws(key, typ, payload) {
  const signed = `${b64url(compact({ alg: key.alg, kid: key.kid, typ }))}.${b64url(compact(payload))}`;
  const signature =
    key.alg === "Ed25519"
      ? crypto.sign(null, Buffer.from(signed), key.privateKey)
      : crypto.sign("sha256", Buffer.from(signed), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
  return { text: `${signed}.${b64url(signature)}`, id: b64url(sha256(signed)) };
}

export const possession = (key, aud, sub, head) =>
  jws(key, "packtrace-pop+jwt", { aud, sub, kid: key.kid, ...(head && { head }) }).text;

const approval = (key, aud, statement) =>
  jws(key, "packtrace-approval+jwt", { aud, statement: b64url(sha256(compact(statement))) }).text;

// ---- withheld members, section 5 ----
export function withhold(value) {
  const disclosure = b64url(compact([b64url(crypto.randomBytes(16)), value]));
  return { slot: [{ "...": b64url(sha256(disclosure)) }], disclosure };
}

// ---- digests, section 7.5 ----
export const label = (subject, token) =>
  b64url(sha256(`packtrace-label/v1\n${subject.split(":").at(-1)}\n${token}`));
export const leaf = (data) => sha256(Buffer.concat([Buffer.of(0), Buffer.from(data)]));
export function root(hashes) {
  if (hashes.length < 2) return hashes.length ? hashes[0] : sha256("");
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return sha256(Buffer.concat([Buffer.of(1), root(hashes.slice(0, split)), root(hashes.slice(split))]));
}
export const rootOf = (leaves) => b64url(root(leaves.map(leaf)));
export const bytesOf = (id) => Buffer.from(id, "base64url");

export const seconds = (fromNow = 0) => new Date(Date.now() + fromNow * 1000).toISOString().slice(0, 19) + "Z";

// ---- chains, sections 3.2 and 7.1: every event that is signed is taken to be accepted ----
export class Chains {
  constructor(origin) {
    this.origin = origin;
    this.heads = new Map();
  }

  sign(key, iss, type, sub, data, approvers = []) {
    const last = this.heads.get(sub);
    const statement = {
      v: 1,
      aud: this.origin,
      nonce: b64url(crypto.randomBytes(16)),
      type,
      sub,
      seq: last ? last.seq + 1 : 0,
      ...(last && { prev: last.id }),
      iss,
      occurred_at: seconds(),
      data,
    };
    if (approvers.length) {
      statement.data = { ...data, approvals: approvers.map((one) => approval(one, this.origin, statement)) };
    }
    const event = jws(key, "packtrace-event+jwt", statement);
    this.heads.set(sub, { seq: statement.seq, id: event.id });
    return { ...event, type };
  }
}
