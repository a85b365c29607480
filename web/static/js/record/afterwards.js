// After the signature: how far each record is, and what comes next.
import { del, put as keepRow } from "../device/db.js";
import { onChange, row as outboxRow } from "../device/outbox.js";
import { clearSelection, select } from "../device/selection.js";
import { announce, byId, h, put } from "../ui/dom.js";
import { kilograms, language, link, t } from "../ui/texts.js";
import { groups } from "./packs.js";
import { remember } from "./start.js";
import { codeOf } from "./typed.js";
import { wordOf } from "./words.js";

const STATES = () => ({
  here: t("on this phone"),
  sending: t("sent"),
  accepted: t("accepted"),
  refused: t("refused"),
  parked: t("parked"),
});

/**
 * What came of it: the state of each record, and what to do next.
 * @param {import("./session.js").Session} session
 * @param {import("./session.js").Form} form
 * @param {string} draftId
 * @returns {(rows: import("../device/outbox.js").Row[]) => Promise<void>}
 */
export function done(session, form, draftId) {
  return async (rows) => {
    await del("drafts", draftId);
    await remember(session.type, form);
    if (session.rest.length) await select(session.rest);
    else await clearSelection();
    const { page } = session;
    const list = h("ul", { class: "list", id: "signed" });
    const draw = async () => {
      const now_ = await Promise.all(rows.map(async (row) => (await outboxRow(row.id)) ?? row));
      put(
        list,
        now_.map((row) =>
          h(
            "li",
            { class: "card" },
            h(
              "div",
              { class: "row" },
              h(
                "span",
                { class: "code grow" },
                groups(codeOf(row.subject) || row.subject.slice(row.subject.indexOf("/") + 1)),
              ),
              h("span", { class: "chip", dataset: { state: row.state } }, STATES()[row.state]),
            ),
            h("p", { class: "kind" }, t("Record %(id)s", { id: row.id.slice(0, 8) })),
            row.why ? h("p", { class: "problem" }, row.why.detail || row.why.code) : null,
          ),
        ),
      );
      const accepted = now_.filter(({ state }) => state === "accepted").length;
      announce(t("%(accepted)s of %(count)s accepted", { accepted, count: now_.length }));
    };
    onChange(({ what }) => what === "outbox" && void draw());
    put(
      page,
      h(
        "h2",
        { id: "ready", tabindex: "-1" },
        rows.length > 1 ? t("%(count)s records are signed", { count: rows.length }) : t("Signed"),
      ),
      list,
      session.rest.length
        ? h(
            "a",
            { class: "huge", href: link(`/record?type=${encodeURIComponent(session.type)}`) },
            t("Next pack (%(count)s left)", { count: session.rest.length }),
          )
        : null,
      h("a", { class: session.rest.length ? "big plain" : "huge", href: link("/scan") }, t("Scan the next")),
      rows.length === 1
        ? h(
            "a",
            { class: "big plain", href: link(`/record?subject=${encodeURIComponent(rows[0].subject)}`) },
            t("Another step on this pack"),
          )
        : null,
      rows.length === 1 ? lotsOf(session, form, rows[0]) : null,
      rows.length === 1 ? undo(session, rows[0]) : null,
      h("a", { class: "big plain", href: link("/outbox") }, t("Outbox")),
    );
    await draw();
    byId("ready").focus();
  };
}

/** What came out of a pack without a code goes on as a lot: its source, kind and mass are in the record just signed. */
function lotsOf({ type, context }, form, row) {
  if (type !== "battery.dismantled") return null;
  const { residues, mass } = row.said.data;
  const begin_ = async ({ line, kind, g }) => {
    const subject = `lot:${context.org.slice(4)}/${codeOf(row.subject).replace(/[^A-Za-z0-9._-]/g, "-")}-${line}`;
    const source = { parent: row.subject, dismantled: row.ids[0], line, kind, mass: { g, basis: mass.basis } };
    await keepRow("drafts", { id: `form:lot.made:${subject}:1`, typed: source, isPrepared: true, at: Date.now() });
    location.assign(link(`/record?type=lot.made&subject=${encodeURIComponent(subject)}`));
  };
  return residues.map((residue) =>
    h(
      "button",
      { type: "button", class: "big plain", onclick: () => void begin_(residue) },
      t("Make a lot: %(kind)s, %(mass)s", { kind: wordOf(residue.kind, language, "kind"), mass: kilograms(residue.g) }),
    ),
  );
}

/** A slip of the thumb is undone by a record of its own, while nothing has built on it. */
function undo({ type, context }, row) {
  const kind = row.subject.slice(0, row.subject.indexOf(":"));
  const isAlone = row.ids.length === 1 && ["battery", "lot"].includes(kind);
  const canBe = context.lifecycle.rows.some((each) => each.type === type && each.chain === kind && each.voidable);
  const path = `/record?type=${kind}.voided&subject=${encodeURIComponent(row.subject)}`;
  return isAlone && canBe ? h("a", { class: "big plain", href: link(path) }, t("This was wrong: undo it")) : null;
}
