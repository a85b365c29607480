// The outbox: what this phone signed, what became of it, and what somebody has to do about it.
import { api } from "../device/api.js";
import { plan } from "../device/sync.js";
import { shareParked } from "../device/parked.js";
import { shownEvents, codeOf } from "../device/shown.js";
import {
  adopt, flush, keepAdopted, letGo, onChange, parkedElsewhere, putAside, readFile, resign, retry, rows, saveFile,
} from "../device/outbox.js";
import { device } from "../device/keyring.js";
import { clockOffset } from "../device/clock.js";
import { byId, h, put, announce } from "../ui/dom.js";
import { kept } from "../ui/kept.js";
import { link, language, moment, t } from "../ui/texts.js";

const SHOWN = 50; // rows of a list at once
const LATE = 300_000; // ms that a clock may be off before it is told
const BATCH = "/events/batch";

const states = {
  here: t("on this phone"), sending: t("being sent"), accepted: t("accepted"), refused: t("refused"), parked: t("parked"),
};

/** What a code means to whoever stands in a yard; what is not here has the node's own words beside it. */
const reasons = {
  PLACE_TAKEN: t("Something else was recorded for it first. Read what happened, and sign again if this is still true."),
  FORKED_CHAIN: t("Something else was recorded for it first. Read what happened, and sign again if this is still true."),
  CHAIN_LINK_BROKEN: t("It stands on a record that the log does not have."),
  SEQUENCE_GAP: t("It stands on a record that the log does not have."),
  EARLIER_REFUSED: t("It stands on a record of this phone that was refused. Mend that one first."),
  GIVEN_UP: t("A device of your organisation let it go."),
  RECEIPT_INVALID: t("The receipt that came for it does not hold, so it does not count as accepted. Tell whoever runs the node."),
  ANSWER_UNREADABLE: t("What answered was no node, perhaps the login page of a network. It is sent again by itself."),
  LEDGER_BUSY: t("The node is busy. It is sent again by itself."),
  TOO_MANY_REQUESTS: t("The node is busy. It is sent again by itself."),
};

const page = byId("page");
const head = h("div", { role: "status" });
const list = h("ul", { class: "list", id: "rows" });
const others = h("section", { id: "elsewhere" });
const done = h("details", { id: "accepted" });
const aside = h("details", { id: "aside" });
put(page, head, list, others, done, aside, fileSection());
let isDrawing = false;
let again = false;
let ready = new Set(); // rows that wait for nothing but a network
const cards = new Map(); // by the row's id; one of which nothing changed stays, with whatever is open in it

/** Drawn once at a time; what changed meanwhile is drawn after. */
async function draw() {
  if (isDrawing) {
    again = true;
    return;
  }
  isDrawing = true;
  try {
    do {
      again = false;
      await drawOnce();
    } while (again);
  } catch (error) {
    put(head, h("p", { class: "mark bad", role: "alert" }, t("This browser keeps nothing for this page, so no key and no record. Leave private browsing, or use another browser.")));
    console.warn(error);
  } finally {
    isDrawing = false;
  }
}

async function drawOnce() {
  const all = await rows();
  const own = await device();
  const open = all.filter(({ state, aside: isAside }) => state !== "accepted" && !isAside);
  ready = new Set(plan(all, Date.now(), true).ready.map(({ id }) => id));
  const finished = all.filter(({ state }) => state === "accepted").reverse();
  const parkedThere = await parkedElsewhere();
  put(head, ...(await notices(own, all)), summary(open));
  put(list, ...(await Promise.all(open.slice(0, SHOWN).map(card))), more(open));
  put(others, ...(parkedThere.length ? [
    h("h2", {}, t("Parked by other devices of your organisation")),
    h("ul", { class: "list" }, ...(await Promise.all(parkedThere.slice(0, SHOWN).map(cardElsewhere)))),
  ] : []));
  const isOpen = done.open;
  put(done, h("summary", {}, t("Accepted: %(count)s", { count: finished.length })),
    h("ul", { class: "list" }, ...(await Promise.all(finished.slice(0, SHOWN).map(card))), more(finished)));
  done.hidden = !finished.length;
  done.open = isOpen;
  const set = all.filter((row) => row.aside).reverse();
  put(aside, h("summary", {}, t("Put aside: %(count)s", { count: set.length })),
    h("ul", { class: "list" }, ...(await Promise.all(set.slice(0, SHOWN).map(card))), more(set)));
  aside.hidden = !set.length;
}

async function notices(own, all) {
  const said = [];
  const before = kept("device");
  if (!own && !all.length && before) {
    said.push(notice("bad", t("This browser deleted what this page had kept: the key of this phone, and every record that was not sent. Enrol the phone anew; records that you saved to a file can still be handed in below.")));
  } else if (!own && !all.length) {
    said.push(notice("warn", t("Nothing is kept on this phone: no key and no record. If it had any, the browser's storage was cleared; enrol the phone anew. Records that were saved to a file can be handed in below, without a key.")));
  }
  const offset = await clockOffset();
  if (Math.abs(offset) > LATE) {
    said.push(notice("warn", t("The clock of this phone is %(minutes)s minutes off. Records carry the time of the node.", { minutes: Math.round(Math.abs(offset) / 60_000) })));
  }
  if (all.some(({ why }) => why?.code === "RECEIPT_INVALID")) said.push(notice("bad", reasons.RECEIPT_INVALID));
  return said;
}

const notice = (kind, text) => h("p", { class: `mark ${kind}`, role: "alert" }, text);

function summary(open) {
  const waits = open.filter(({ state }) => state === "here" || state === "sending").length;
  const stuck = open.length - waits;
  if (!open.length) return h("p", { class: "mark good" }, t("Nothing waits: the log has everything that this phone signed."));
  return h("div", {},
    h("p", {}, t("Waiting to be sent: %(count)s", { count: waits }), stuck ? ` · ${t("For you to look at: %(count)s", { count: stuck })}` : ""),
    waits > 0 && h("button", { class: "big", type: "button", onclick: sendNow }, t("Send now")),
  );
}

async function sendNow({ currentTarget }) {
  currentTarget.disabled = true;
  const left = await flush({ urgent: true });
  announce(left ? t("%(count)s still wait. They are sent by themselves once the node can be reached.", { count: left }) : t("Everything was sent."));
  await draw();
}

const more = (all) => all.length > SHOWN && h("li", { class: "nothing" }, t("and %(count)s more", { count: all.length - SHOWN }));

// ---- one record ----

async function card(row) {
  const sign = JSON.stringify([row.state, row.ids, row.why, row.receipts.length, row.signed_again, row.shared, row.taken, row.aside, ready.has(row.id)]);
  const before = cards.get(row.id);
  if (before?.sign === sign) return before.node;
  const node = await makeCard(row);
  cards.set(row.id, { sign, node });
  return node;
}

async function makeCard(row) {
  const [shown] = await shownEvents(row.events.slice(0, 1), language);
  const chip = h("span", { class: "chip", dataset: { state: row.state } }, states[row.state]);
  const receipt = row.receipts[0];
  return h("li", { class: "card", dataset: { row: row.id, state: row.state } },
    h("div", { class: "row" }, h("strong", { class: "grow" }, shown.title), chip),
    h("p", {}, h("code", {}, shown.subject), h("br"), moment(shown.at), row.events.length > 1 && ` · ${t("%(count)s records that belong together", { count: row.events.length })}`),
    row.why && why(row),
    row.state === "here" && !ready.has(row.id) && h("p", { class: "nothing" }, t("It waits for an earlier record of this phone.")),
    receipt && h("p", {}, receiptLine(receipt)),
    row.signed_again && h("p", {}, t("Signed again by another device of your organisation.")),
    details(row),
    ...actions(row),
  );
}

/** What it means, and beneath it what the node said. */
function why(row) {
  const { code, detail, reasons: rules = [] } = row.why;
  const kind = row.state === "refused" || code === "RECEIPT_INVALID" ? "bad" : "warn";
  const told = rules.map((rule) => rule[language]).filter(Boolean);
  const means = reasons[code] ? [reasons[code]] : told.length ? [...new Set(told)] : [t("The node did not take it.")];
  const said = rules.length ? rules.map((rule) => rule.detail) : [detail].filter(Boolean);
  return h("div", { class: `mark ${kind}` },
    ...means.map((text) => h("p", {}, text)),
    h("details", {}, h("summary", {}, t("In the words of the node")), h("p", {}, code), ...said.map((text) => h("p", {}, text))),
  );
}

const receiptLine = ({ recorded_at, leaf_index, isPinned }) =>
  isPinned
    ? t("Recorded %(at)s as entry %(leaf)s; this phone checked the receipt.", { at: moment(recorded_at), leaf: leaf_index })
    : t("Recorded %(at)s as entry %(leaf)s. Whose log it is was not checked: this phone has no trust file.", { at: moment(recorded_at), leaf: leaf_index });

/** Read only when it is opened: a truckload is long. */
function details(row) {
  const inside = h("div", {});
  const open = async ({ currentTarget }) => {
    if (currentTarget.open && !inside.firstChild) put(inside, ...(await sheets(row.events)));
  };
  return h("details", { ontoggle: open }, h("summary", {}, t("What it says")), inside);
}

async function sheets(events) {
  return (await shownEvents(events, language)).map(({ title, subject, at, lines, isWhole }) =>
    h("div", { class: "sheet" },
      h("p", {}, h("strong", {}, title), h("br"), h("code", {}, subject), h("br"), moment(at)),
      h("dl", {}, ...lines.flatMap(({ label, text }) => [h("dt", {}, label), h("dd", {}, text)])),
      !isWhole && h("p", { class: "nothing" }, t("and more, which is too long for this page")),
    ));
}

function actions(row) {
  const place = h("div", { role: "status" });
  const button = (text, run, kind = "plain") => h("button", { class: `big ${kind}`, type: "button", onclick: () => void attempt(place, run) }, text);
  if (row.state === "parked") {
    return [
      button(t("Read and sign again"), () => review(place, row), ""),
      row.shared
        ? button(t("Let it go: it is not to be recorded"), () => confirmLetGo(place, row))
        : button(t("Put aside"), () => putAside(row.id)),
      place,
    ];
  }
  if (row.state === "refused") {
    return [
      h("a", { class: "big", href: link(`/record?type=${encodeURIComponent(row.type)}&subject=${encodeURIComponent(row.subject)}`) }, t("Fill it in anew")),
      button(t("Read and sign again"), () => review(place, row)),
      button(t("Send again as it is"), () => retry(row.id)),
      !row.aside && button(t("Put aside"), () => putAside(row.id)),
      place,
    ];
  }
  return [place];
}

/** What is signed is what stands here: everything that the record says, with its own time. */
async function review(place, row) {
  const stale = h("p", {}, t("It is signed again where the history ends now, with the time at which it happened."));
  const sign = async () => {
    await resign(row);
    announce(t("Signed again; it is sent now."));
  };
  put(place, stale, ...(await sheets(row.events)),
    row.from && h("p", {}, t("Signed first by another device of your organisation: %(kid)s", { kid: `${row.from.slice(0, 8)}…` })),
    h("button", { class: "huge", type: "button", onclick: () => void attempt(place, sign) }, t("Sign")));
}

async function confirmLetGo(place, row) {
  const go = () => letGo(row.shared);
  put(place, h("p", {}, t("Nobody will be asked to sign it again. It stays on this phone, as refused.")),
    h("button", { class: "big danger", type: "button", onclick: () => void attempt(place, go) }, t("Let it go")));
}

async function attempt(place, run) {
  try {
    await run();
  } catch (error) {
    put(place, h("p", { class: "mark bad", role: "alert" }, failure(error)));
  }
}

function failure(error) {
  const words = {
    Offline: t("There is no network, and this needs one: another device may be doing the same."),
    TakenElsewhere: t("Another device of your organisation is signing it again."),
    NotEnrolled: t("This phone has no enrolled key. Enrol it first."),
    NotOurs: t("Another organisation signed it: only its own devices can sign it again."),
    NotGenuine: t("What the node shows here was not signed by a device of your organisation. It is not signed again. Tell whoever runs the node."),
  };
  return words[error.name] ?? `${t("That did not work.")} ${error.message}`;
}

async function cardElsewhere(parked) {
  const place = h("div", { role: "status" });
  const read = async () => {
    const row = await keepAdopted(await adopt(parked));
    await draw();
    document.querySelector(`[data-row="${CSS.escape(row.id)}"]`)?.scrollIntoView();
  };
  let title;
  try {
    const [shown] = await shownEvents(parked.events.slice(-1), language);
    title = h("p", {}, h("strong", {}, shown.title), h("br"), h("code", {}, shown.subject), h("br"), moment(shown.at));
  } catch {
    title = h("p", { class: "mark bad" }, t("A record that can't be read."));
  }
  return h("li", { class: "card" }, title, h("p", { class: "nothing" }, reasons[parked.code] ?? parked.code),
    h("button", { class: "big", type: "button", onclick: () => void attempt(place, read) }, t("Take it over, read and sign again")), place);
}

// ---- files ----

function fileSection() {
  const place = h("div", { role: "status", id: "handed-in" });
  const choose = h("input", { type: "file", id: "file", accept: ".ndjson,.jsonl,.txt,application/x-ndjson", onchange: () => void attempt(place, () => check(choose, place)) });
  return h("section", {},
    h("h2", {}, t("As a file")),
    h("p", {}, t("A phone that dies takes its waiting records along. Save them to a file: anybody can hand it in, here or by packtrace submit, without a key. Values that you withheld are in it.")),
    h("button", { class: "big plain", type: "button", id: "save", onclick: () => void attempt(place, () => save(place)) }, t("Save waiting records to a file")),
    h("div", { class: "field" }, h("label", { for: "file" }, t("Hand in a file of records")), choose),
    place,
  );
}

async function save(place) {
  const { name, blob, count } = await saveFile();
  if (!count) {
    put(place, h("p", {}, t("Nothing waits.")));
    return;
  }
  const href = URL.createObjectURL(blob);
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
  put(place, h("p", { class: "mark good" }, t("%(count)s records are in %(name)s. They stay on this phone too until the log has them.", { count, name })));
}

async function check(choose, place) {
  const [file] = choose.files;
  if (!file) return;
  const lines = await readFile(file);
  const sound = lines.filter(({ wrong }) => !wrong);
  const wrong = lines.filter((line) => line.wrong);
  const send = h("button", { class: "big", type: "button", onclick: () => void attempt(place, () => handIn(sound, place)) }, t("Hand in %(count)s records", { count: sound.length }));
  put(place,
    h("p", {}, t("They are sent as they were signed. Nothing is signed by this phone, and nothing stays on it.")),
    h("ul", { class: "list", id: "in-file" }, ...sound.slice(0, SHOWN).map(({ line, events }) =>
      h("li", { dataset: { line } }, events.map(({ statement }) => `${statement.type} · ${codeOf(statement.sub)}`).join(", ")))),
    sound.length > SHOWN && h("p", { class: "nothing" }, t("and %(count)s more", { count: sound.length - SHOWN })),
    wrong.length > 0 && h("p", { class: "mark warn" }, t("Lines that can't be read, and are left out: %(lines)s", { lines: wrong.slice(0, 20).map(({ line }) => line).join(", ") })),
    sound.length > 0 ? send : h("p", { class: "mark bad" }, t("There is no record in this file.")),
  );
}

/** In pieces that are answered at once: a longer one would become a job, of which nothing is told here. */
async function handIn(lines, place) {
  const words = { accepted: t("accepted"), known: t("was there before"), refused: t("refused"), skipped: t("not tried"), unknown: t("not known: hand it in again") };
  const answers = [];
  for (let at = 0; at < lines.length; at += 500) {
    const piece = lines.slice(at, at + 500);
    const body = piece.map(({ text }) => `${text}\n`).join("");
    const headers = { "Content-Type": "application/x-ndjson", Accept: "application/x-ndjson, application/problem+json" };
    const answer = await api(BATCH, { method: "POST", body, headers, as: "nobody", patience: 120_000 });
    const told = answer.status === 200 && typeof answer.body === "string" ? answer.body.split("\n").filter(Boolean).map((each) => JSON.parse(each)) : [];
    answers.push(...piece.map((line, number) => ({ ...line, ...(told[number] ?? { status: "unknown", code: answer.body?.code }) , line: line.line })));
  }
  const count = (status) => answers.filter((each) => each.status === status).length;
  const good = count("accepted") + count("known");
  put(place,
    h("p", { class: `mark ${good === answers.length ? "good" : "warn"}`, role: "alert" }, t("In the log now: %(good)s of %(all)s", { good, all: answers.length })),
    h("ul", { class: "list", id: "outcomes" }, ...answers.slice(0, 500).map(({ line, status, code, detail, events }) =>
      h("li", { dataset: { line, status } }, `${line}: ${codeOf(events?.[0]?.statement?.sub ?? lines.find((each) => each.line === line).events[0].statement.sub)} · ${words[status] ?? status}`,
        code && h("span", { class: "nothing" }, ` ${reasons[code] ?? ""} ${code}${detail ? `: ${detail}` : ""}`)))),
  );
}

await draw();
onChange(() => void draw());
void shareParked({ urgent: true }).then(draw);
