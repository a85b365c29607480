// An event of every type that a log can be told without other rules, signed from docs/format.md and docs/lifecycle.md alone.
//
//   node story.mjs REGISTRAR.pem <log.json >submissions
//
// REGISTRAR.pem is the key of log.opened; log.json {"origin", "registrar", "heads": {subject: {"seq", "id"}}} the log so far,
// which has one entry for each of these chains. Every line is signed before any of them is sent.
import crypto from "node:crypto";
import fs from "node:fs";
import { Chains, b64url, bytesOf, keyOf, label, leaf, newKey, possession, root, rootOf, seconds, sha256, withhold } from "./sign.mjs";

const log = JSON.parse(fs.readFileSync(0, "utf8"));
const chains = new Chains(log.origin);
for (const [subject, head] of Object.entries(log.heads)) chains.heads.set(subject, head);
let leaves = chains.heads.size;
const head = (subject) => chains.heads.get(subject)?.id;

const party = { R: log.registrar };
["R2", "A", "V", "D", "Y", "P", "C", "I", "X"].forEach((name, at) => (party[name] = `duns:10000000${at}`));
const org = Object.fromEntries(Object.entries(party).map(([name, id]) => [name, `org:${id}`]));
const key = { R: keyOf(crypto.createPrivateKey(fs.readFileSync(process.argv[2]))), R2: newKey("ES256") };
const admin = {};

// One submission: an event, or a group; behind the event whose number is given stand disclosures.
function send(events, disclosures = {}) {
  const group = [events].flat();
  const texts = group.map(({ text }, at) => (disclosures[at] ? [text, ...disclosures[at], ""].join("~") : text));
  leaves += group.length;
  console.log(texts.length === 1 ? texts[0] : JSON.stringify({ events: texts }));
  return group[0];
}
const sign = (who, type, sub, data, by = key[who], approvers = []) =>
  chains.sign(by, org[who], type, sub, data, approvers);
const say = (who, type, sub, data) => send(sign(who, type, sub, data));
const jointly = (type, sub, data) => send(sign("R", type, sub, data, key.R, [key.R2]));

// ---- the registry: two registrars, eight organisations, their keys ----
const LOG = `log:${log.origin}`;
say("R", "registrar.key_changed", LOG, {
  registrars: [
    { org: org.R, jwk: key.R.jwk },
    { org: org.R2, jwk: key.R2.jwk, possession: possession(key.R2, log.origin, LOG, head(LOG)) },
  ],
  threshold: 2,
  reason: "two shall agree",
});
function enrol(name, roles, more = {}) {
  admin[name] = newKey(name === "V" ? "ES256" : "Ed25519");
  jointly("org.enrolled", org[name], {
    name: { en: `Firm ${name}`, zh: `企业 ${name}` },
    region: "CN-440300",
    roles: roles.map((role) => (role.role ? role : { role })),
    admin: { jwk: admin[name].jwk, possession: possession(admin[name], log.origin, org[name]) },
    ...more,
  });
  addKey(name, (key[name] = newKey(["D", "C"].includes(name) ? "ES256" : "Ed25519")));
}
function addKey(name, added) {
  const sub = `keys:${party[name]}`;
  const data = { use: "sign", jwk: added.jwk, possession: possession(added, log.origin, sub, head(sub)) };
  send(sign(name, "key.added", sub, data, admin[name]));
  return added;
}
const opens = (role) => ({ role, licence: { number: "L-1", scope: ["open_packs"] } });
enrol("A", ["battery_maker"], { vendor_codes: ["ZX1"] });
enrol("V", ["vehicle_maker"]);
const sites = ["S1", "S2"].map((site) => ({ site, region: "CN-440300" }));
enrol("D", ["repairer", opens("dealer"), "swap_operator", "importer"], { sites });
enrol("Y", ["vehicle_dismantler", "collector", opens("pack_dismantler")], { sites });
enrol("P", ["repurposer"], { vendor_codes: ["ZP1"] });
enrol("C", ["recycler", "collector"]);
enrol("I", ["regulator"], { region: "CN-440000" });
enrol("X", ["collector"]);
const [lost, stolen, recovered] = [addKey("X", newKey()), addKey("X", newKey()), newKey()];
send(sign("X", "key.revoked", `keys:${party.X}`, { kid: lost.kid, reason: "lost" }, admin.X));
say("R", "org.key_revoked", org.X, { kid: stolen.kid, reason: "compromised", compromised_since: seconds(-3600) });
jointly("org.key_recovered", org.X, {
  jwk: recovered.jwk,
  possession: possession(recovered, log.origin, org.X, head(org.X)),
  from: seconds(8 * 86400),
  reason: "the safe burnt out",
});
jointly("org.suspended", org.X, { reason: "licence lapsed" });
jointly("org.reinstated", org.X, { reason: "licence renewed" });
jointly("org.changed", org.X, { name: { en: "Firm X & sons" } });

// ---- models, modules, packs ----
const model = (name) => `model:${party.A}/${name}`;
for (const [name, level] of [["M1", "pack"], ["M2", "module"]]) {
  const data = { name: { en: name }, category: "ev", chemistry: "LFP", level, mass_g: 438000 };
  say("A", "model.published", model(name), data);
}
say("A", "model.changed", model("M1"), { warranty_months: 96 });
let serial = 0;
const code = (level = "P", vendor = "ZX1") =>
  `battery:gbt34014:${vendor}${level}B520B52Q01G49${String(++serial).padStart(7, "0")}`;
const TOKEN = "MFRGGZDFMZTWQ2LKNNWG";
const mass = (g) => ({ g, basis: "measured", scale_g: 500 });
const made = (sub, more = {}, name = "M1") =>
  sign("A", "battery.manufactured", sub, { model: model(name), chemistry: "LFP", mass: mass(438000), label: label(sub, TOKEN), ...more });
const paper = (kind) => ({ kind, sha256: b64url(sha256(kind)), media_type: "application/pdf", bytes: 4 });
const [old, spare, pack] = [code("M"), code("M"), code()];
for (const module of [old, spare]) send(made(module, {}, "M2"));
const whole = made(pack, { components: [old, spare], put_in: [old] });
send([whole, sign("A", "battery.fitted", old, { parent: pack, leader: whole.id })]);

// ---- from hand to hand ----
function offer(from, to, capacity, sub, more = {}) {
  return say(from, "handover.offered", sub, { consignee: org[to], capacity, expires_at: seconds(7 * 86400), ...more });
}
const accept = (to, capacity, sub, offered) =>
  say(to, "handover.accepted", sub, { offer: offered.id, capacity, condition: "intact", read_by: "scanner" });
const handOver = (from, to, capacity, sub) => accept(to, capacity, sub, offer(from, to, capacity, sub));
handOver("A", "D", "dealer", pack);
handOver("A", "D", "dealer", spare);

// ---- in a vehicle, repaired, sold, brought back ----
const newVehicle = () => `vehicle:${b64url(crypto.randomBytes(16))}`;
function install(who, battery, vehicle) {
  const vin = withhold("LSVAA4187E2184847");
  const installed = sign(who, "battery.installed", battery, { vehicle, position: 1, of: 1 });
  const fitted = sign(who, "vehicle.fitted", vehicle, { battery, installed: installed.id, vin: vin.slot, packs: 1, swap_model: false });
  send([installed, fitted], { 1: [vin.disclosure] });
  return [installed, fitted];
}
const car = newVehicle();
install("D", pack, car);
say("D", "battery.incident", pack, { kind: "drop", condition: "damaged" });
say("D", "battery.inspected", pack, { condition: "intact", clears_damage: true, evidence: [paper("report")] });
const repaired = sign("D", "battery.repaired", pack, { capacity: "dealer", work: "parts_replaced", opened: true, took_out: [old], put_in: [spare] });
send([
  repaired,
  sign("D", "battery.taken_out", old, { parent: pack, leader: repaired.id, capacity: "dealer" }),
  sign("D", "battery.fitted", spare, { parent: pack, leader: repaired.id }),
]);
say("D", "battery.released", pack, { reason: "sold" });
const token = withhold(TOKEN);
const removed = sign("D", "battery.removed", pack, { capacity: "dealer", vehicle: car, read_by: "scanner", token: token.slot, reason: "replacement" });
send([removed, sign("D", "vehicle.taken_out", car, { battery: pack, removed: removed.id })], { 0: [token.disclosure] });
say("D", "battery.moved", pack, { site: "S2" });
say("D", "label.reissued", pack, { label: label(pack, "A".repeat(20)), reason: "damaged" });
say("D", "battery.pooled", pack, { site: "S1" });
say("D", "battery.unpooled", pack, {});
say("D", "battery.lost", pack, { reason: "stolen" });
say("D", "battery.found", pack, { read_by: "typed" });
const hasty = say("D", "battery.retired", pack, { capacity: "dealer", reason: "recall" });
say("D", "battery.voided", pack, { event: hasty.id, reason: "another pack was meant" });
say("D", "battery.retired", pack, { capacity: "dealer", reason: "end_of_life" });
say("Y", "handover.declined", pack, { offer: offer("D", "Y", "collector", pack).id, reason: "not_expected" });
say("D", "handover.withdrawn", pack, { offer: offer("D", "Y", "collector", pack).id });
handOver("D", "Y", "collector", pack);
const rebooked = say("Y", "battery.rebooked", pack, { capacity: "pack_dismantler" });

// ---- what others remark ----
const notes = (subject) => `notes:${subject}`;
const hold = say("I", "hold.placed", notes(pack), { basis: "safety", reason: "smoke" });
say("I", "hold.lifted", notes(pack), { hold: hold.id, reason: "cooled down" });
say("D", "note.disputed", notes(pack), { event: rebooked.id, reason: "no licence seen" });
say("D", "note.agreed", notes(pack), { event: rebooked.id, to: "settlement" });
say("X", "note.incident", notes(pack), { kind: "leak", note: 'seen\n"dripping" 漏液 🔋 \\' });
say("X", "custody.claimed", notes(pack), { basis: "bought", note: "ours" });
say("I", "site.inspected", notes(org.Y), { site: "S1", outcome: "in_order" });

// ---- dismantled; lots; a consignment; a batch ----
const cell = code("C");
const residues = [{ line: 1, kind: "casing", g: 300000 }, { line: 2, kind: "cells", g: 90000, count: 50 }];
const children = [{ battery: spare, g: 36000 }, { battery: cell, g: 2000 }];
const dismantled = sign("Y", "battery.dismantled", pack, { mass: mass(438000), children, residues });
const extracted = ({ battery, g }) =>
  sign("Y", "battery.extracted", battery, { parent: pack, dismantled: dismantled.id, capacity: "pack_dismantler", mass: mass(g) });
send([dismantled, ...children.map(extracted)]);
say("Y", "note.corrected", notes(pack), { event: dismantled.id, set: { mass: mass(439000) }, reason: "scale" });
const lot = (who, name) => `lot:${party[who]}/${name}`;
const lotMade = (name, g, source) =>
  sign("Y", "lot.made", lot("Y", name), { capacity: "pack_dismantler", kind: "cells", mass: mass(g), ...source });
send(lotMade("L1", 90000, { parent: pack, dismantled: dismantled.id, line: 2 }));
const shares = [["L2", 40000], ["L3", 50000]];
const split = sign("Y", "lot.split", lot("Y", "L1"), { into: shares.map(([name, g]) => ({ lot: lot("Y", name), g })) });
send([split, ...shares.map(([name, g]) => lotMade(name, g, { split: split.id }))]);
const cells = lot("Y", "L4");
const merged = lotMade("L4", 90000, { lots: shares.map(([name]) => lot("Y", name)) });
send([merged, ...shares.map(([name]) => sign("Y", "lot.merged", lot("Y", name), { into: cells, leader: merged.id }))]);
say("Y", "lot.assayed", cells, { assay: { li_permille: 20 } });
const load = `consignment:${party.Y}/T1`;
const offers = [cells, cell].map((sub) => offer("Y", "C", "recycler", sub, { consignment: load }));
const [plate, driver] = [withhold("粤B12345"), withhold("王师傅")];
const dispatched = sign("Y", "consignment.dispatched", load, {
  consignee: org.C,
  offers: { count: 2, root: rootOf(offers.map(({ id }) => bytesOf(id)).sort(Buffer.compare)) },
  un_number: "UN3480",
  packing: "normal",
  safety_check: { passed: true },
  plate: plate.slot,
  driver: driver.slot,
});
send(dispatched, { 0: [plate.disclosure, driver.disclosure] });
[cells, cell].forEach((sub, at) => accept("C", "recycler", sub, offers[at]));
say("C", "consignment.arrived", load, { arrived: 2, missing: [], unexpected: [] });
for (const capacity of ["collector", "recycler"]) say("C", "lot.rebooked", cells, { capacity });
const batch = `batch:${party.C}/B1`;
say("C", "batch.opened", batch, { process: "mechanical" });
const charged = say("C", "lot.charged", cells, { batch, mass: mass(80000) });
const twice = say("C", "lot.charged", cells, { batch, mass: mass(5000) });
say("C", "lot.voided", cells, { event: twice.id, reason: "weighed twice" });
const recycled = say("C", "battery.recycled", cell, { batch, mass: mass(2000) });
say("C", "batch.closed", batch, {
  inputs: { count: 2, g: 82000, root: rootOf([charged, recycled].map(({ id }) => bytesOf(id))) },
  outputs: [{ kind: "black_mass", g: 40000 }, { kind: "copper", g: 30000 }],
  losses: [{ kind: "moisture", g: 12000 }],
});
for (const kind of ["black_mass", "copper"]) {
  say("C", "lot.made", lot("C", kind), { capacity: "recycler", kind, mass: mass(30000), batch });
}
say("C", "lot.final", lot("C", "copper"), { product: "copper", grade: "technical" });
say("C", "lot.exported", lot("C", "black_mass"), { destination: "DE", evidence: [paper("customs")] });
say("C", "lot.lost", cells, { reason: "fire" });
jointly("custody.assigned", cells, { party: org.Y, capacity: "collector", basis: "court", reason: "it did not burn" });

// ---- second life ----
handOver("Y", "P", "repurposer", spare);
const evidence = [paper("report"), paper("contract")];
say("P", "battery.requalified", spare, { capacity: "repurposer", operation: "repurposed", protection: "crate", evidence });
const product = "battery:gbt34014:ZP1PB52G490000001RP";
const used = say("P", "battery.used_in", spare, { product });
const use = { category: "stationary", intended_use: "stationary_storage", chemistry: "LFP" };
say("P", "battery.repurposed", product, { sources: [used.id], ...use, mass: mass(36000), label: label(product, TOKEN) });

// ---- what nobody recorded before ----
const [tag, legacy, found, mine] = [`battery:tag:${party.Y}/T-1`, code("P", "QQ1"), code("P", "QQ1"), code()];
const asWaste = { stage: "waste", capacity: "pack_dismantler", holder: "signer" };
say("Y", "battery.registered", tag, { ...asWaste, basis: "label_unreadable", read_by: "unreadable" });
const linked = sign("Y", "identity.linked", tag, { battery: legacy, basis: "code_found" });
send([linked, sign("Y", "battery.registered", legacy, { ...asWaste, basis: "legacy", read_by: "typed", linked: linked.id })]);
const nobodys = { stage: "in_vehicle", capacity: "dealer", holder: "nobody", basis: "legacy", read_by: "typed" };
say("D", "battery.registered", found, nobodys);
say("X", "battery.taken_in", found, { capacity: "collector", read_by: "typed", condition: "intact" });
say("X", "battery.registered", mine, { ...asWaste, capacity: "collector", basis: "legacy", read_by: "typed" });
say("A", "origin.contested", notes(mine), { reason: "not ours" });
say("A", "origin.confirmed", notes(mine), { reason: "ours after all" });
say("X", "battery.exported", mine, { destination: "DE", reason: "treatment", evidence: [paper("customs")] });
say("X", "battery.returned", mine, { capacity: "collector", stage: "waste", read_by: "typed" });

// ---- undone: by its signer, and with the other party's consent ----
const [second, third] = [code(), code()];
send(made(second));
handOver("A", "V", "vehicle_maker", second);
const van = newVehicle();
const [installed, fitted] = install("V", second, van);
const voided = { reason: "the van next to it was meant" };
send([
  sign("V", "battery.voided", second, { event: installed.id, ...voided }),
  sign("V", "vehicle.voided", van, { event: fitted.id, ...voided }),
]);
install("V", second, van);
say("V", "battery.released", second, { reason: "sold" });
const vin = withhold("LSVAA4187E2184847");
const wreck = sign("Y", "vehicle.scrapped", van, { packs: 1, swap_model: false, present: [second], missing: [], vin: vin.slot });
send(wreck, { 0: [vin.disclosure] });
send(made(third));
const accepted = handOver("A", "V", "vehicle_maker", third);
const agreed = say("A", "note.agreed", notes(third), { event: accepted.id, to: "void" });
say("V", "battery.voided", third, { event: accepted.id, reason: "the pack next to it was meant", agreed: agreed.id });

// ---- a detached list, the heads of all chains, the end ----
const [parts, listing] = [[code("M"), code("M"), code("M")], code()];
send(made(listing, { components_list: { count: 3, root: rootOf(parts) } }));
say("A", "battery.retired", listing, { capacity: "battery_maker", reason: "other" });
handOver("A", "Y", "pack_dismantler", listing);
const opened = sign("Y", "battery.dismantled", listing, { mass: mass(100000), children: [{ battery: parts[2], g: 100000 }], residues: [] });
const listed = { index: 2, count: 3, hashes: [b64url(root(parts.slice(0, 2).map(leaf)))] };
const proven = { parent: listing, dismantled: opened.id, capacity: "pack_dismantler", mass: mass(100000), listed };
send([opened, sign("Y", "battery.extracted", parts[2], proven)]);
const heads = [...chains.heads].map(([subject, { seq, id }]) => {
  const place = Buffer.alloc(8);
  place.writeBigUInt64BE(BigInt(seq));
  return Buffer.concat([sha256(subject), place, bytesOf(id)]);
});
say("R", "log.heads", LOG, { size: leaves, count: heads.length, root: rootOf(heads.sort(Buffer.compare)) });
jointly("log.sealed", LOG, { reason: "the story is told" });
