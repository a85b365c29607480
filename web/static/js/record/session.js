// One recording from form to receipt: a draft that survives, a sheet of the very statements, one signature, what came of it.
import { now } from "../device/clock.js";
import { del, get, put as keepRow } from "../device/db.js";
import { announce, byId, h, put } from "../ui/dom.js";
import { failure, success, wake } from "../ui/sounds.js";
import { t } from "../ui/texts.js";
import { done } from "./afterwards.js";
import { askLast, lastQuestion } from "./question.js";
import { readAll, remarksOn } from "./reading.js";
import { makeSheet } from "./sheet.js";
import { begin } from "./start.js";
import { NoKey, PlaceMoved, composeGroup, signAll } from "./submission.js";
import { makeView } from "./view.js";

const SAVE_AFTER = 300; // ms after the last key

/**
 * @typedef {{type: string, schema: Record<string, any>, context: import("./context.js").Context, nameOf: (org: string) =>
 *   string, known: Map<string, any>, page: HTMLElement, leftOut: HTMLElement | null, scans: any[], steps: any[], rest:
 *   any[]}} Session
 */
/**
 * What stands in the form: `typed` for all packs, `own` for single ones, `beside` for a statement that follows, `bulk` how
 * masses of many are known, `when` a local time or nothing for now; `fixed`: members that are filled in and not asked.
 * @typedef {{typed: Record<string, any>, fixed: Set<string>, capacities: string[], own: Record<string, any>,
 *   beside: Record<string, any>, bulk: {basis: string, reason: string}, when: string}} Form
 */

/** @param {Session} session */
export async function fillIn(session) {
  const { type, scans, page } = session;
  const id = `form:${type}:${scans[0].subject}:${scans.length}`;
  const kept = await get("drafts", id);
  const start = await begin(session);
  const form = kept?.typed ? resumed(start, kept) : start;
  const draft = draftOf(id, form);
  let view = await makeView(session, form, draft.later);
  const again = kept?.typed && !kept.isPrepared ? resumedLine(draft) : null;
  const show = () => {
    const button = h("button", { type: "button", class: "big", id: "review", onclick: () => void review() }, t("Review"));
    put(page, session.leftOut, again, view.element, h("div", { class: "sticky" }, button));
  };
  const back = () => {
    show();
    byId("title").focus();
  };
  const review = async () => {
    const read = readAll(session, form, view, await now());
    if (read.problems) {
      failure();
      announce(t("Something is missing or not as expected."));
      return;
    }
    await draft.now();
    await showSheet(session, form, read, back, done(session, form, id));
  };
  const question = kept?.typed ? null : lastQuestion(session, form);
  if (!question) return show();
  const answer = async (word) => {
    form.typed[question.name] = word;
    view = await makeView(session, form, draft.later);
    await review();
  };
  return put(page, session.leftOut, askLast(session, question, (word) => void answer(word), show));
}

/** What was typed and not signed yet: kept a moment after the last key, and whole before the sheet is shown. */
function draftOf(id, form) {
  let timer = 0;
  const stop = () => clearTimeout(timer);
  const keep = () => {
    stop();
    const { typed, own, beside, bulk, when } = form;
    return keepRow("drafts", { id, typed, own, beside, bulk, when, at: Date.now() });
  };
  const later = () => {
    stop();
    timer = setTimeout(() => void keep(), SAVE_AFTER);
  };
  const drop = () => {
    stop();
    return del("drafts", id);
  };
  return { later, now: keep, drop };
}

function resumedLine(draft) {
  const anew = async () => {
    await draft.drop();
    location.reload();
  };
  return h(
    "div",
    { class: "row again" },
    h("p", { class: "grow", role: "status" }, t("What you typed before is here again.")),
    h("button", { type: "button", class: "plain", onclick: () => void anew() }, t("Start anew")),
  );
}

/** What is filled in anew stands before what a draft had of it; what was prepared stands on what is filled in. */
function resumed(start, { typed, isPrepared, own, beside, bulk, when }) {
  if (isPrepared) return { ...start, typed: { ...start.typed, ...typed } };
  return { ...start, own, beside, bulk, when, typed: { ...typed, ...pick(start.typed, start.fixed) } };
}

const pick = (from, names) =>
  Object.fromEntries([...names].filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));

// ---- the sheet ----

async function showSheet(session, form, read, back, finish) {
  const { page, context, nameOf, known } = session;
  let composed;
  const compose = async () => {
    composed = [];
    for (const first of read.firsts) {
      composed.push(
        await composeGroup(first, { occurredAt: read.occurredAt, asked: read.asked, lifecycle: context.lifecycle }),
      );
    }
  };
  const status = h("p", { role: "status" });
  const draw = async (remark) => {
    await compose();
    const sheet = makeSheet(composed.flat(), {
      lifecycle: context.lifecycle,
      nameOf,
      remarks: (statement) => remarksOn(statement, known.get(statement.sub), read),
    });
    put(
      page,
      h("h2", { id: "sheet", tabindex: "-1" }, t("Please check. This is what you sign.")),
      remark ? h("p", { class: "mark warn", role: "alert" }, remark) : null,
      sheet,
      h(
        "div",
        { class: "sticky" },
        h(
          "button",
          { type: "button", class: "huge", id: "sign", onclick: (event) => void sign(event.target) },
          composed.length > 1 ? t("Sign %(count)s records", { count: composed.length }) : t("Sign"),
        ),
        status,
        h("button", { type: "button", class: "big plain", id: "back", onclick: back }, t("Change something")),
      ),
    );
    byId("sheet").focus();
  };
  const sign = async (button) => {
    wake();
    button.disabled = true;
    const evidence = (form.typed.evidence ?? []).map(({ sha256 }) => sha256);
    try {
      const rows = await signAll(
        composed.map((parts) => ({ parts, evidence })),
        (count) => {
          status.textContent =
            composed.length > 1 ? t("%(done)s of %(count)s signed", { done: count, count: composed.length }) : "";
        },
      );
      success();
      await finish(rows);
    } catch (error) {
      failure();
      button.disabled = false;
      if (error instanceof PlaceMoved) await draw(t("Something was recorded on it meanwhile. Please check once more."));
      else if (error instanceof NoKey) status.textContent = t("This device has no key yet, so it can't sign.");
      else throw error;
    }
  };
  await draw();
}
