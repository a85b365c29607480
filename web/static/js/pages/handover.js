// Hand over: what is selected, to whom, and on what truck; and from phone to phone, where there is no network.
import { setting, keepSetting } from "../device/settings.js";
import { device } from "../device/keyring.js";
import { add, rows } from "../device/outbox.js";
import { lookUp } from "../device/known.js";
import { clearSelection, selection } from "../device/selection.js";
import { now } from "../device/clock.js";
import { lifecycleOf } from "../record/context.js";
import { checkAnswers, checkOffers } from "../handover/checking.js";
import { enrolFirst, mark } from "../handover/forms.js";
import { handingOver } from "../handover/offering.js";
import { makeFilming } from "../handover/filming.js";
import { keyFinder, named } from "../handover/people.js";
import { codeOf, receiving } from "../handover/receiving.js";
import { isOfferOf, needed, submissionsOf } from "../handover/sets.js";
import { showing } from "../handover/showing.js";
import { ANSWERS } from "../handover/taking.js";
import { tellBarred, tellRefusal, tellRemark } from "../handover/wrongs.js";
import { byId, h, put } from "../ui/dom.js";
import { link, t } from "../ui/texts.js";

const page = byId("page");
const own = await device();
const asked = new URL(location.href).searchParams;
let open = null; // what has the camera

function show(...children) {
  open?.close();
  open = null;
  put(page, ...children);
  scrollTo(0, 0);
}

const choose = () =>
  show(
    h("p", {}, t("Hand over the packs that you scan, or take over what another phone shows you, also without a network.")),
    h("a", { class: "huge", href: link("/scan") }, t("Scan what you hand over")),
    h("button", { class: "huge", type: "button", onclick: () => void take() }, t("Take over from another phone")),
    h("button", { class: "big plain", type: "button", onclick: () => void hearAnswer() }, t("Read the answer to your offers")),
  );

// ---- giving ----

async function give() {
  const scans = (await selection()).filter(({ subject }) => /^(battery|lot):/.test(subject));
  if (!scans.length) return choose();
  const form = await handingOver(scans, own.org, {
    onSigned: async (ids, consignment) => {
      await clearSelection();
      await offered(new Set(ids), consignment);
    },
    onEmpty: choose,
  });
  show(form);
}

/** Signed: it waits on this phone, and can be shown to another one at once. */
async function offered(ids, consignment) {
  const name = consignment.slice("consignment:".length);
  const count = ids.size - (consignment ? 1 : 0);
  show(
    mark("good", t("Signed: %(count)s packs are offered. It is sent as soon as there is a network.", { count })),
    h("button", { class: "huge", type: "button", onclick: () => void showOffers(ids) }, t("Show it to the other phone")),
    consignment && h("a", { class: "big", href: link(`/consignments/${name}`) }, t("The truck: slip and state")),
    h("a", { class: "big plain", href: link("/outbox") }, t("Outbox")),
  );
}

async function showOffers(ids) {
  const found = needed(await rows(), isOfferOf({ org: own.org, ids }));
  show(
    h("h2", {}, t("For the other phone")),
    h("p", {}, t("On the other phone: Hand over, then “Take over from another phone”. Hold its camera to these codes until it has all of them.")),
    await showing("offers", submissionsOf(found)),
    h("button", { class: "huge", type: "button", onclick: () => void hearAnswer() }, t("Now read their answer")),
    h("button", { class: "big plain", type: "button", onclick: choose }, t("Done")),
  );
}

async function hearAnswer() {
  const [origin, all] = [await setting("origin"), await rows()];
  const offers = new Map();
  for (const row of all) {
    if (row.iss !== own.org || row.type !== "handover.offered" || row.state === "refused") continue;
    const { subject, data } = row.said;
    const [event] = row.ids;
    offers.set(event, { subject, seq: await seqOf(row), ...data });
  }
  const filming = makeFilming({
    kind: "answers", label: t("Read the codes of the other phone"), tell: tellRefusal,
    onSet: async (set) => {
      const found = await checkAnswers(set, { org: own.org, origin, findKey: keyFinder(), offers });
      await keepAll(found.submissions);
      show(
        mark("good", t("%(name)s has taken over %(count)s packs.", { name: await named(found.taker), count: found.accepted.length })),
        found.declined.length > 0 && mark("warn", t("Declined: %(count)s packs stay with you.", { count: found.declined.length })),
        found.unchecked.length > 0 && mark("warn", t("Its key is not known on this phone, so the signature could not be checked here. The log will check it.")),
        h("p", {}, t("Both phones keep both sides now: whichever finds a network first sends them.")),
        h("ul", { class: "list" }, ...found.accepted.map(({ statement }) => h("li", {}, codeOf(statement.sub)))),
        h("a", { class: "big", href: link("/outbox") }, t("Outbox")),
      );
    },
  });
  show(h("h2", {}, t("Their answer")), filming.element, h("button", { class: "big plain", type: "button", onclick: choose }, t("Back")));
  open = filming;
}

const seqOf = async ({ events: [event] }) => {
  const { readPresentation } = await import("../device/presentation.js");
  return (await readPresentation(event)).statement.seq;
};

/** What others signed waits here like our own: whoever has a network first sends it. */
async function keepAll(submissions) {
  for (const events of submissions) {
    const [{ statement }] = events;
    const said = { type: statement.type, subject: statement.sub, data: statement.data };
    await add(events.map(({ presentation }) => presentation), { said });
  }
}

// ---- taking ----

function take() {
  const filming = makeFilming({
    kind: "offers", label: t("Read the codes of the other phone"), tell: tellRefusal, onSet: async (set) => judge(set),
  });
  show(
    h("h2", {}, t("Take over from another phone")),
    h("p", {}, t("Hold this phone before the other one and wait until all codes are read.")),
    filming.element, h("button", { class: "big plain", type: "button", onclick: choose }, t("Back")),
  );
  open = filming;
}

async function judge(set) {
  const here = {
    org: own.org, origin: await setting("origin"), at: await now(), findKey: keyFinder(),
    standing: async (subject) => {
      const known = await lookUp(subject);
      return known && { seq: known.base?.seq ?? known.seq, head: known.base?.head ?? known.head };
    },
  };
  const given = await checkOffers(set, here);
  const giver = await named(given.giver);
  const good = given.offers.filter(({ barred }) => !barred);
  const bad = given.offers.filter(({ barred }) => barred);
  show(
    h("h2", {}, t("%(name)s offers you %(count)s packs", { name: giver, count: given.offers.length })),
    given.consignment && h("p", { class: "code" }, given.consignment.slice(given.consignment.lastIndexOf("/") + 1)),
    given.unchecked.length
      ? mark("warn", t("Its key is not known on this phone, so the signature could not be checked here. You can take over all the same: the log will check it."))
      : mark("good", t("Every signature holds.")),
    ...given.remarks.map((remark) => mark("warn", tellRemark(remark))),
    bad.length > 0 && h("section", { class: "card" }, h("h3", {}, t("Can't be taken over")),
      h("ul", { class: "list" }, ...bad.map(({ subject, barred }) => h("li", {}, codeOf(subject), " ", h("span", { class: "bad" }, tellBarred(barred)))))),
    good.length > 0 && h("button", { class: "huge", type: "button", onclick: () => void goOn() }, t("Go on: scan what is here")),
    h("button", { class: "big plain", type: "button", onclick: choose }, t("Leave it")),
  );
  const goOn = async () => {
    await keepAll(given.submissions);
    await receive(given, good, giver);
  };
}

async function receive(given, good, giver) {
  const names = Object.fromEntries(await Promise.all([own.org, given.giver].map(async (org) => [org, await named(org)])));
  const { consignment, dispatched } = given;
  show(h("h2", {}, t("Take over from %(name)s", { name: giver })), await receiving({
    id: consignment || good[0].id, consignment, canArrive: Boolean(dispatched), giver,
    lifecycle: await lifecycleOf(), nameOf: (org) => names[org] ?? "",
    expected: good.map(({ subject, id, seq, data, remarks }) => ({
      subject, offer: id, seq, capacity: data.capacity, mass_g: data.mass?.g ?? null, expires_at: data.expires_at,
      remark: remarks.map(tellRemark).join(" · "),
    })),
    onSigned: showAnswer,
  }));
}

async function showAnswer(ids) {
  const wanted = new Set(ids);
  const found = (await rows()).filter((row) => ANSWERS.includes(row.type) && row.ids.some((id) => wanted.has(id)));
  show(
    mark("good", t("Signed: %(count)s records. They are sent as soon as there is a network.", { count: ids.length })),
    h("h2", {}, t("Your answer, for the other phone")),
    h("p", {}, t("On the other phone: “Now read their answer”. Then both phones keep both sides, and either can send them.")),
    await showing("answers", submissionsOf(found)),
    h("a", { class: "big", href: link("/outbox") }, t("Outbox")),
    h("button", { class: "big plain", type: "button", onclick: choose }, t("Done")),
  );
}

// ---- where to begin ----

if (!own) put(page, enrolFirst(link));
else if (asked.get("do") === "take") take();
else if (asked.get("do") === "answer") await hearAnswer();
else if (asked.get("show")) {
  const consignment = asked.get("show");
  const ids = (await rows()).filter(({ iss, said, subject }) => iss === own.org && (said?.data?.consignment === consignment || subject === consignment))
    .flatMap((row) => row.ids);
  await (ids.length ? showOffers(new Set(ids)) : choose());
} else await give();
