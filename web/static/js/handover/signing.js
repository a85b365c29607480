// Many statements under one press of Sign: each composed for the end of its chain, reviewed, and signed as it was reviewed.
import { occurredNow } from "../device/clock.js";
import { add } from "../device/outbox.js";
import { device, NotEnrolled, signer } from "../device/keyring.js";
import { place } from "../device/known.js";
import { alone } from "../device/signals.js";
import { setting } from "../device/settings.js";
import { compose, sign } from "../record/statement.js";
import { PlaceMoved } from "../record/submission.js";

/**
 * What is to be said. What a dispatch binds is known only once its offers are signed: then `data` is worked out of their ids.
 * @typedef {{type: string, subject: string, withheld?: Record<string, any>, isAfterAll?: boolean, behind?: {seq: number, id: string},
 *   after?: string[],
 *   data: Record<string, any> | ((ids: string[]) => Promise<Record<string, any>>)}} Draft `isAfterAll`: it is sent only once
 *   those before it are recorded, and `after` once those events are; `behind`: the event that it answers, for a chain that this phone knows less far, or not at all
 */
/** @typedef {Draft & {statement: Record<string, any> | null}} Composed `statement`: null until it can be composed */

/**
 * @param {Draft[]} drafts in the order in which they are recorded
 * @returns {Promise<{composed: Composed[], begin: (draft: Draft, ids: string[]) => Promise<Record<string, any>>}>}
 * @throws {NotEnrolled}
 */
export async function composeAll(drafts) {
  const own = await device();
  if (!own) throw new NotEnrolled();
  const [aud, occurredAt] = [await setting("origin"), await occurredNow()];
  const begin = async (draft, ids) => {
    const { type, subject, data, withheld = {} } = draft;
    const said = typeof data === "function" ? await data(ids) : data;
    return compose({ type, subject, data: said, withheld, occurredAt, place: await placeOf(draft), iss: own.org, aud });
  };
  const composed = [];
  for (const draft of drafts) composed.push({ ...draft, statement: typeof draft.data === "function" ? null : await begin(draft, []) });
  return { composed, begin };
}

/** The end of the chain as it is known here, and never before what is answered. */
async function placeOf({ subject, behind }) {
  const known = await place(subject);
  return behind && known.seq <= behind.seq ? { seq: behind.seq + 1, prev: behind.id } : known;
}

/**
 * Signs what was composed, as it is, and puts each in the outbox before the next one is signed.
 * @param {Awaited<ReturnType<typeof composeAll>>} reviewed
 * @param {(done: number, of: number) => void} [progress]
 * @returns {Promise<string[]>} the ids of the events
 * @throws {PlaceMoved} a chain went on meanwhile: those before it are signed, and it is not
 */
export async function signAll({ composed, begin }, progress = () => {}) {
  const by = await signer();
  return alone("signing", async () => {
    const ids = [];
    for (const draft of composed) {
      const statement = draft.statement ?? (await begin(draft, ids));
      const { seq, prev } = await placeOf(draft);
      if (seq !== statement.seq || (prev ?? undefined) !== statement.prev) throw new PlaceMoved(draft.subject);
      const { withheld = {} } = draft;
      const signed = await sign(statement, { signer: by, withheld });
      const said = { type: draft.type, subject: draft.subject, data: { ...statement.data, ...withheld } };
      await add(signed, { said, after: draft.isAfterAll ? [...ids] : (draft.after ?? []) });
      ids.push(signed.id);
      progress(ids.length, composed.length);
    }
    return ids;
  });
}
