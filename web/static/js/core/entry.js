// An entry as the log recorded an event, and the form of the statement in it, as far as no schema is needed.
import { checkCode } from "./batterycode.js";
import { latin1 } from "./bytes.js";
import { isAscii } from "./compact.js";
import { EVENT, parseJws } from "./jws.js";
import { Refusal, quote } from "./refusal.js";

/** @typedef {{jws: import("./jws.js").Jws, recordedAt: string}} Entry */

const MAX_ENTRY = 65_535; // bytes
const ENTRY = /^\{"event":"([^]*)","recorded_at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"\}$/;
const DIGEST = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const PARTY = /^org:(?:uscc:[0-9]{8}[0-9A-HJ-NPQRTUWXY]{10}|lei:[0-9A-Z]{18}[0-9]{2}|duns:[0-9]{9})$/;
const SUBJECT = /^(?:notes:)?(?:log|org|keys|model|battery|vehicle|consignment|batch|lot):[!-~]{1,160}$/;

/**
 * Takes an entry apart (docs/format.md, 6.1): the compact JWS, not yet parsed, and the log's time.
 * @param {Uint8Array} bytes
 * @returns {{event: string, recordedAt: string}}
 * @throws {Refusal} ENTRY_MALFORMED or TIME_INVALID
 */
export function parseEntry(bytes) {
  const [, event, recordedAt] = (bytes.length <= MAX_ENTRY && isAscii(bytes) && ENTRY.exec(latin1(bytes))) || [];
  if (event === undefined) {
    const expected = `{"event":"…","recorded_at":"…"} of at most ${MAX_ENTRY} bytes`;
    throw new Refusal("ENTRY_MALFORMED", { where: "entry", expected, got: `${bytes.length} bytes of another form` });
  }
  checkTime(recordedAt, "recorded_at");
  return { event, recordedAt };
}

/**
 * Reads the event of an entry: a compact JWS whose statement has the members that every statement has (3.2).
 * @param {string} text
 * @param {string} origin of the log
 * @returns {Promise<import("./jws.js").Jws>}
 * @throws {Refusal} as `parseJws`; UNKNOWN_EVENT_VERSION, SCHEMA_INVALID, TIME_INVALID, SUBJECT_INVALID,
 *   BATTERY_CODE_INVALID or WRONG_AUDIENCE, these with the JWS in `jws`
 */
export async function readEvent(text, origin) {
  const jws = await parseJws(text, EVENT);
  try {
    checkStatement(jws.value, origin);
  } catch (error) {
    if (error instanceof Refusal) error.jws = jws;
    throw error;
  }
  return jws;
}

/**
 * Checks the members that every statement has. What `data` may hold is for the schemas, which the browser has not.
 * @param {Record<string, any>} value
 * @param {string} origin
 * @returns {void}
 * @throws {Refusal} as `readEvent`
 */
export function checkStatement(value, origin) {
  const schema = (where, expected) =>
    new Refusal("SCHEMA_INVALID", { where: `/${where}`, expected, got: quote(JSON.stringify(value[where]) ?? "nothing") });
  if (Number.isSafeInteger(value.v) && value.v > 1) {
    throw new Refusal("UNKNOWN_EVENT_VERSION", { where: "/v", expected: "1", got: `${value.v}` });
  }
  const isText = (name, pattern) => typeof value[name] === "string" && pattern.test(value[name]);
  if (value.v !== 1) throw schema("v", "1");
  const prev = "prev" in value ? ["prev"] : [];
  const expected = ["aud", "data", "iss", "nonce", "occurred_at", ...prev, "seq", "sub", "type", "v"];
  if (Object.keys(value).sort().join() !== expected.join()) {
    const got = quote(Object.keys(value).join());
    throw new Refusal("SCHEMA_INVALID", { where: "/", expected: `the members ${expected.join(", ")}`, got });
  }
  if (!isText("type", /^[a-z_]+\.[a-z_]+$/)) throw schema("type", "the name of a type");
  if (!isText("nonce", /^[A-Za-z0-9_-]{21}[AQgw]$/)) throw schema("nonce", "16 bytes in base64url");
  if (!Number.isSafeInteger(value.seq) || value.seq < 0) throw schema("seq", "an integer from 0 on");
  if ("prev" in value ? !isText("prev", DIGEST) || !value.seq : value.seq) throw schema("prev", "an id, but for seq 0");
  if (!isText("iss", PARTY)) throw schema("iss", "an organisation, org:<scheme>:<id>");
  if (!isText("occurred_at", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)) throw schema("occurred_at", "UTC in whole seconds");
  if (typeof value.data !== "object" || Array.isArray(value.data)) throw schema("data", "an object");
  if (typeof value.aud !== "string" || typeof value.sub !== "string") throw schema("sub", "a subject");
  checkTime(value.occurred_at, "/occurred_at");
  if (value.aud !== origin) {
    throw new Refusal("WRONG_AUDIENCE", { where: "/aud", expected: quote(origin), got: quote(value.aud) });
  }
  if (!SUBJECT.test(value.sub)) {
    throw new Refusal("SUBJECT_INVALID", { where: "/sub", expected: "a subject", got: quote(value.sub) });
  }
  const [, code] = /battery:gbt34014:(.*)$/.exec(value.sub) ?? [];
  if (code !== undefined) checkCode(code);
}

/** An instant from 1970 on that the calendar has, in the one text that it has. */
function checkTime(text, where) {
  const milliseconds = Date.parse(text);
  const iso = milliseconds >= 0 ? new Date(milliseconds).toISOString() : "";
  if (iso !== (text.length === 20 ? `${text.slice(0, 19)}.000Z` : text)) {
    throw new Refusal("TIME_INVALID", { where, expected: "a day and a time that exist, from 1970 on", got: quote(text) });
  }
}
