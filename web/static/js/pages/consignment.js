// One truck: what is on it and how that stands, its slip, and taking it over.
import { Offline, api, readToken } from "../device/api.js";
import { slipToken } from "../core/label.js";
import { all, get, put as keepRow } from "../device/db.js";
import { device } from "../device/keyring.js";
import { lookUp, refresh } from "../device/known.js";
import { rows } from "../device/outbox.js";
import { readPresentation } from "../device/presentation.js";
import { lifecycleOf } from "../record/context.js";
import { openOffer } from "../record/steps.js";
import { now } from "../device/clock.js";
import { wordOf } from "../record/words.js";
import { enrolFirst, mark, summary } from "../handover/forms.js";
import { dispatchAgain } from "../handover/giving.js";
import { named } from "../handover/people.js";
import { codeOf, receiving } from "../handover/receiving.js";
import { drawer, paint, showing } from "../handover/showing.js";
import { composeAll, signAll } from "../handover/signing.js";
import { ANSWERS } from "../handover/taking.js";
import { byId, h, put } from "../ui/dom.js";
import { kilograms, language, link, moment, t } from "../ui/texts.js";

const page = byId("page");
const subject = `consignment:${decodeURIComponent(location.pathname.replace(/^\/consignments\//, ""))}`;
const name = subject.slice(subject.lastIndexOf("/") + 1);
const own = await device();

async function show() {
  put(page, h("p", {}, t("Looking it up…")));
  const load = await loadOf();
  const onTheWay = (await rows()).filter(({ said, subject: about }) => said?.data?.consignment === subject || about === subject);
  if (!load && !onTheWay.length) {
    put(page, h("h2", { class: "code" }, name), mark("warn", t("This phone knows nothing of this consignment, and can't ask. If its slip is in your hand, open it with a network, or let the consignor's phone show it.")));
    return;
  }
  if (load && load.consignee === own.org && !load.arrived) await toTake(load);
  else await toSee(load, onTheWay);
}

// ---- what is known of it ----

/** As the node tells it; without a network as it told it last, else as the offers say that this phone knows. */
async function loadOf() {
  const told = await ask();
  if (told) return told;
  const kept = (await get("data", `load:${subject}`))?.value;
  const known = await lookUp(subject);
  const at = await now();
  const offers = (await all("known")).filter((row) => openOffer(row, at)?.consignment === subject);
  if (!kept && !offers.length && !known) return null;
  const onBoard = new Map((kept?.on_board ?? []).map((each) => [each.subject, each]));
  for (const { subject: pack, offer, seq } of offers) {
    onBoard.set(pack, { mass_g: null, ...onBoard.get(pack), subject: pack, offer: offer.event, capacity: offer.capacity, expires_at: offer.expires_at, seq, standing: "open" });
  }
  const consignor = kept?.consignor ?? known?.consignor ?? `org:${subject.slice("consignment:".length, subject.lastIndexOf("/"))}`;
  return {
    ...kept, consignor, consignee: kept?.consignee ?? known?.consignee ?? offers[0]?.offer.consignee, on_board: [...onBoard.values()],
    isDispatched: Boolean(kept) || (known?.seq ?? -1) >= 0, arrived: kept?.arrived ?? Boolean(known?.arrived), isKept: true,
  };
}

async function ask() {
  try {
    const { status, body } = await api(`/consignments/${encodeURI(subject.slice("consignment:".length))}`);
    if (status !== 200) return null;
    const { consignor, consignee, carrier, ...rest } = body;
    const load = { ...rest, consignor: consignor.id, consignee: consignee.id, carrier: carrier?.id ?? "", isDispatched: true };
    await keepRow("data", { name: `load:${subject}`, value: load });
    await refresh(subject);
    return load;
  } catch (error) {
    if (error instanceof Offline) return null;
    throw error;
  }
}

// ---- the consignee ----

async function toTake(load) {
  const mine = await answered();
  const expected = load.on_board.filter((each) => each.standing === "open" && !mine.has(each.offer));
  const giver = await named(load.consignor);
  const names = { [load.consignor]: giver, [own.org]: await named(own.org) };
  put(page,
    h("h2", { class: "code" }, name), await facts(load),
    mine.size > 0 && mark("warn", t("%(count)s were answered before.", { count: mine.size })),
    !load.isDispatched && mark("warn", t("Its dispatch is not known on this phone: you can take the packs over, and tell the arrival later.")),
    expected.length
      ? await receiving({
        id: subject, expected, consignment: subject, canArrive: load.isDispatched, giver,
        lifecycle: await lifecycleOf(), nameOf: (org) => names[org] ?? "", onSigned: signed,
      })
      : mark("warn", t("Nothing of it waits for you.")),
  );
}

/** Offers that this phone answered already, whether the answer is sent or not. */
async function answered() {
  const own_ = (await rows()).filter(({ iss, state }) => iss === own.org && state !== "refused");
  return new Set(own_.map(({ said }) => said?.data?.offer).filter(Boolean));
}

async function signed(ids) {
  const wanted = new Set(ids);
  const submissions = (await rows()).filter((row) => ANSWERS.includes(row.type) && row.ids.some((id) => wanted.has(id))).map(({ events }) => events);
  const shown = h("div", {});
  put(page,
    h("h2", { class: "code" }, name),
    mark("good", t("Signed: %(count)s records. They are sent as soon as there is a network.", { count: ids.length })),
    h("a", { class: "huge", href: link("/outbox") }, t("Outbox")),
    h("button", { class: "big plain", type: "button", onclick: () => void showing("answers", submissions).then((film) => put(shown, film)) }, t("Show your answer to the other phone")),
    shown);
  scrollTo(0, 0);
}

// ---- the consignor, and everybody else who may see it ----

async function toSee(load, onTheWay) {
  const waiting = onTheWay.filter(({ state }) => state !== "accepted");
  const isOurs = subject.startsWith(`consignment:${own.org.slice("org:".length)}/`);
  const token = await tokenOf(load, onTheWay);
  const dispatches = onTheWay.filter(({ type }) => type === "consignment.dispatched");
  const refused = dispatches.every(({ state }) => ["refused", "parked"].includes(state)) && dispatches.at(-1);
  const shown = h("div", {});
  put(page,
    h("h2", { class: "code" }, name),
    load ? await facts(load) : h("p", {}, t("It waits on this phone and is not in the log yet.")),
    waiting.length > 0 && mark("warn", t("%(count)s records of it wait on this phone.", { count: waiting.length })),
    refused && !load?.isDispatched && h("section", { class: "card" },
      mark("bad", t("Its dispatch was refused: %(detail)s", { detail: refused.why?.detail ?? "" })),
      h("p", {}, t("It can be signed again over the %(count)s offers that stand now; all else that it says stays.", { count: standing(onTheWay).length })),
      h("button", { class: "big", type: "button", onclick: ({ target }) => void again(target, refused, onTheWay) }, t("Sign the dispatch again"))),
    token && isOurs && h("section", { class: "card" }, h("h3", {}, t("The slip")),
      h("p", {}, t("Its QR opens what is on the truck for whoever holds the paper; the consignee scans it to take over.")),
      load?.isDispatched && !load.isKept && h("button", { class: "big", type: "button", onclick: ({ target }) => void slip(target, shown) }, t("Print the slip (PDF)")),
      h("button", { class: "big plain", type: "button", onclick: () => void slipOnScreen(token, shown) }, t("Show its QR on this screen"))),
    isOurs && !load?.arrived && h("a", { class: "big plain", href: link(`/handover?show=${encodeURIComponent(subject)}`) }, t("Show it to the other phone")),
    shown,
    load && load.on_board.length > 0 && h("details", { open: load.on_board.length <= 5 }, h("summary", {}, t("On board")),
      h("ol", { class: "load" }, ...load.on_board.map(({ subject: pack, mass_g, standing }) =>
        h("li", {}, codeOf(pack), " ", h("span", { class: { accepted: "good", open: "" }[standing] ?? "warn" }, standingWord(standing)), mass_g ? `, ${kilograms(mass_g)}` : "")))),
  );
}

/** The offers of this phone that stand, by their ids. */
const standing = (onTheWay) =>
  onTheWay.filter(({ type, state }) => type === "handover.offered" && !["refused", "parked"].includes(state)).flatMap(({ ids }) => ids);

async function again(button, refused, onTheWay) {
  button.disabled = true;
  await signAll(await composeAll([dispatchAgain(refused.said, standing(onTheWay))]));
  await show();
}

const standingWord = (standing) =>
  ({ open: t("on its way"), accepted: t("taken over"), declined: t("declined"), withdrawn: t("withdrawn"), expired: t("the offer has expired"), closed: t("the offer is closed") })[standing] ?? standing;

async function facts(load) {
  const { consignor, consignee, carrier, dispatched_at: at, un_number: un, packing, mass_g, on_board: onBoard, arrived } = load;
  const accepted = onBoard.filter(({ standing }) => standing === "accepted").length;
  return h("div", {},
    load.isKept && h("p", { class: "soft" }, t("As this phone knows it, without asking the log.")),
    summary([
      [t("From"), await named(consignor)], [t("To"), consignee && (await named(consignee))], [t("Carrier"), carrier && (await named(carrier))],
      [t("Dispatched"), at && moment(at)], [t("Count"), String(onBoard.length)], [t("Mass"), mass_g && kilograms(mass_g)],
      [t("UN number"), un && (un === "none" ? t("none") : un)], [t("Packing"), packing && wordOf(packing, language, "packing")],
      [t("Taken over"), load.isKept ? "" : t("%(accepted)s of %(count)s", { accepted, count: onBoard.length })],
    ]),
    arrived && typeof arrived === "object" && mark(arrived.missing.length || arrived.unexpected.length ? "warn" : "good",
      t("Arrived: %(arrived)s; missing: %(missing)s, not expected: %(unexpected)s", { arrived: arrived.arrived, missing: arrived.missing.length, unexpected: arrived.unexpected.length })));
}

/** The node tells the slip's path; the phone that signed the dispatch can work its token out by itself. */
async function tokenOf(load, onTheWay) {
  if (load?.slip) return load.slip.slice(load.slip.lastIndexOf(".") + 1);
  const row = onTheWay.find(({ type }) => type === "consignment.dispatched");
  if (!row) return "";
  const { statement } = await readPresentation(row.events[0]);
  return slipToken(subject, statement.nonce);
}

async function slip(button, shown) {
  button.disabled = true;
  try {
    const answer = await fetch(`/api/v1/consignments/${encodeURI(subject.slice("consignment:".length))}/slip`, {
      headers: { Authorization: `Bearer ${await readToken()}` }, credentials: "omit", cache: "no-store",
    });
    if (!answer.ok) throw new Error(`${answer.status}`);
    const address = URL.createObjectURL(await answer.blob());
    h("a", { href: address, download: `${name}.pdf` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  } catch (error) {
    put(shown, mark("bad", t("The slip could not be made (%(why)s). Its QR can be shown on this screen.", { why: error.message })));
  } finally {
    button.disabled = false;
  }
}

async function slipOnScreen(token, shown) {
  const draw = await drawer();
  const address = `${location.origin.replace("http:", "https:")}/c/${subject.slice("consignment:".length)}.${token}`;
  if (!draw) {
    put(shown, h("p", { class: "code" }, address));
    return;
  }
  const canvas = h("canvas", { class: "slip", role: "img", "aria-label": t("QR code of the slip") });
  paint(canvas, draw(address).data);
  put(shown, canvas);
}

// ---- where to begin ----

if (!own) put(page, enrolFirst(link));
else await show();
