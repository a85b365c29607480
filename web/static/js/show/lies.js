// What a bundle says against what else is known of the battery: a chain can't show that its own end was cut off.
import { t } from "../ui/texts.js";

/** @typedef {{severity: "bad" | "warn", code: string, text: string}} Doubt */

/**
 * @param {import("./inspect.js").Summary} summary
 * @param {import("./thread.js").Thread} thread
 * @param {{subject: string, org: string | null, told: import("./story.js").End | null, end: import("./story.js").End | null,
 *   before: import("./story.js").End | null, complete: boolean, own: string[], isFresh: boolean}} against `told`, `end`: as the node says;
 *   `before`: as this device knew; `own`: ids of this organisation's recorded events;
 *   `isFresh`: the bundle was given just now; of one that was kept nothing newer can be asked
 * @returns {Doubt[]}
 */
export function doubts(summary, thread, { subject, org, told, end, before, complete, own, isFresh }) {
  const found = [];
  const say = (severity, code, text) => found.some((each) => each.code === code) || found.push({ severity, code, text });
  if (summary.kind !== "battery" || summary.subject !== subject) {
    say("bad", "ANOTHER_BATTERY", t("The node gave the bundle of another battery."));
    return found;
  }
  const { head } = thread;
  const ids = new Map(summary.own.filter(({ statement }) => statement.sub === subject).map(({ statement, id }) => [statement.seq, id]));
  for (const [place, known] of [["told", told], ["told", end], ["before", before]]) {
    if (!known || known.seq < 0 || !known.head) continue;
    const here = ids.get(known.seq);
    if (here && here !== known.head) {
      say("bad", "ANOTHER_HISTORY", place === "before" ? t("This device has seen another event at #%(seq)s before: the history was changed.", { seq: known.seq })
        : t("The node says that another event stands at #%(seq)s than in the bundle that it gave.", { seq: known.seq }));
    } else if (!here && known.seq > (head?.seq ?? -1)) later(known, place);
  }
  for (const id of isFresh ? own : []) {
    if (![...ids.values()].includes(id)) say("bad", "OWN_EVENT_MISSING", t("A record of yours, for which this device has a receipt, is not in it."));
  }
  return found;

  function later(known, place) {
    const count = known.seq - (head?.seq ?? -1);
    if (!isFresh) {
      if (place === "before") say("warn", "OLDER_COPY", t("The battery has %(count)s newer events, which this phone has not kept.", { count }));
    } else if (complete) {
      say("bad", "END_MISSING", place === "before" ? t("This device has known %(count)s more events of this battery: the end is missing.", { count })
        : t("The node itself says that the chain goes on to #%(seq)s, and gave it only up to #%(last)s: the end is missing.", { seq: known.seq, last: head?.seq ?? "–" }));
    } else if (org && thread.standing.custodian === org) {
      say("bad", "END_MISSING", t("By what is shown here you hold the battery, and yet the node keeps %(count)s later events from you.", { count }));
    } else say("warn", "LATER_EVENTS", t("%(count)s later events are not shown to you: you had no part in them.", { count }));
  }
}
