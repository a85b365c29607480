// The service worker against a cache and a network of its own: what it keeps, what it gives, and what it never touches.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { serve } from "../../web/static/js/device/worker.js";

const ORIGIN = "https://yard.example";

/** CacheStorage as far as a worker asks for it: by address, whatever `Vary` says. */
class Caches {
  stores = new Map();

  async open(name) {
    if (!this.stores.has(name)) this.stores.set(name, new Map());
    const kept = this.stores.get(name);
    return {
      keys: async () => [...kept.keys()].map((url) => new Request(url)),
      match: async (address) => kept.get(ORIGIN + address)?.clone(),
      put: async (address, response) => void kept.set(ORIGIN + address, response),
    };
  }

  async match(address) {
    for (const kept of this.stores.values()) if (kept.has(ORIGIN + address)) return kept.get(ORIGIN + address).clone();
    return undefined;
  }

  keys = async () => [...this.stores.keys()];
  delete = async (name) => this.stores.delete(name);
}

/** A node of one version, which can be renewed, slow, in trouble or away. */
class Node {
  version = "aaaa";
  asked = [];
  fails = new Set();

  answer(address) {
    this.asked.push(address);
    if (this.isAway || this.fails.has(address)) throw new TypeError("no network");
    if (this.status) return new Response("proxy", { status: this.status });
    const [, , version, ...name] = address.split("/");
    if (address.startsWith("/static/")) {
      const kept = version === this.version ? "public, max-age=31536000, immutable" : "no-cache";
      return new Response(`${name.join("/")} of ${this.version}`, { headers: { "Cache-Control": kept } });
    }
    return new Response(`<script src="/static/${this.version}/js/ui/shell.js">${address}`);
  }
}

const build = (version) => ({
  version, files: ["app.css", "js/ui/shell.js"], languages: ["zh", "en"],
  shells: [{ rule: "^/scan$", path: "/scan" }, { rule: "^/batteries/.+$", path: "/batteries/-" }],
});

let node;

beforeEach(() => {
  node = new Node();
  globalThis.caches = new Caches();
  globalThis.fetch = async (request) => {
    const url = new URL(typeof request === "string" ? ORIGIN + request : request.url);
    if (node.wait) await node.wait;
    return node.answer(url.pathname + url.search);
  };
});

/** A worker of a version, and what it does with events. */
function started(version) {
  const listeners = new Map();
  const scope = {
    location: { origin: ORIGIN }, skipWaiting: async () => {}, clients: { claim: async () => {} },
    addEventListener: (name, listener) => listeners.set(name, listener),
  };
  serve(scope, build(version));
  const wait = async (name, event = {}) => {
    let work;
    listeners.get(name)({ ...event, waitUntil: (promise) => (work = promise) });
    await work;
  };
  const get = async (path, { method = "GET", mode = "navigate", origin = ORIGIN } = {}) => {
    let answer = null;
    const request = { url: origin + path, method, mode };
    listeners.get("fetch")({ request, respondWith: (promise) => (answer = promise) });
    return answer === null ? null : answer;
  };
  return { wait, get };
}

async function installed(version = "aaaa") {
  const worker = started(version);
  await worker.wait("install");
  await worker.wait("activate");
  return worker;
}

test("every file and every page in both languages is taken in", async () => {
  await installed();
  const kept = [...caches.stores.get("packtrace-files-aaaa").keys()].map((url) => url.slice(ORIGIN.length)).sort();
  const pages = ["/batteries/-?lang=en", "/batteries/-?lang=zh", "/scan?lang=en", "/scan?lang=zh"];
  assert.deepEqual(kept, [...pages, "/static/aaaa/app.css", "/static/aaaa/js/ui/shell.js"]);
});

test("a version is taken in whole or not at all, and goes on where it was interrupted", async () => {
  node.fails.add("/scan?lang=zh");
  await assert.rejects(started("aaaa").wait("install"));
  node.fails.clear();
  node.asked.length = 0;
  await installed();
  assert.ok(node.asked.length < 6, "what was taken in before is not fetched again");
});

test("files and pages of a node that was renewed meanwhile are not taken for those of this version", async () => {
  node.version = "bbbb";
  await assert.rejects(started("aaaa").wait("install"), /not of version aaaa/);
  const kept = caches.stores.get("packtrace-files-aaaa");
  assert.equal(kept?.size ?? 0, 0);
});

test("without a network a page is its shell, whatever stands behind its address, in the language that it asks for", async () => {
  const worker = await installed();
  node.isAway = true;
  for (const path of ["/scan?lang=zh", "/scan?lang=zh&x=1"]) assert.match(await (await worker.get(path)).text(), /\/scan\?lang=zh/);
  assert.match(await (await worker.get("/batteries/04QPB76836300JBC40000903?lang=en")).text(), /\/batteries\/-\?lang=en/);
  assert.match(await (await worker.get("/scan?lang=fr")).text(), /\/scan\?lang=(zh|en)/);
});

test("with a network a page is the node's own, unless the node is in trouble or silent", async () => {
  const worker = await installed();
  assert.match(await (await worker.get("/scan?lang=en&fresh=1")).text(), /fresh=1/);
  for (const status of [502, 503, 504]) {
    node.status = status;
    assert.match(await (await worker.get("/scan?lang=en")).text(), /\/static\/aaaa\//);
  }
  node.status = 404;
  assert.equal((await worker.get("/scan?lang=en")).status, 404, "a node that refuses is believed");
  node.status = undefined;
  let go;
  node.wait = new Promise((resolve) => (go = resolve));
  const began = Date.now();
  assert.match(await (await worker.get("/scan?lang=en")).text(), /\/scan\?lang=en/);
  assert.ok(Date.now() - began < 6_000);
  go();
});

test("a page that is not kept says so in both languages", async () => {
  const worker = await installed();
  node.isAway = true;
  const answer = await worker.get("/p/04QPB76836300JBC40000903");
  const text = await answer.text();
  assert.match(text, /No network/);
  assert.match(text, /没有网络/);
  assert.doesNotMatch(text, /<script|style=/);
  assert.match(answer.headers.get("Content-Security-Policy"), /default-src 'none'/);
});

test("the API, other sites and everything that is no reading are for the network alone", async () => {
  const worker = await installed();
  for (const path of ["/api/v1/yard", "/api/v1/events", "/checkpoint", "/tile/0/000", "/metrics", "/sw.js"]) {
    assert.equal(await worker.get(path, { mode: "cors" }), null, path);
  }
  assert.equal(await worker.get("/scan", { method: "POST" }), null);
  assert.equal(await worker.get("/static/aaaa/app.css", { origin: "https://other.example" }), null);
  const all = [...caches.stores.values()].flatMap((kept) => [...kept.keys()]);
  assert.ok(all.every((url) => !url.includes("/api/")));
});

test("pages of two versions get their own files, and never one of the other's", async () => {
  await installed("aaaa");
  node.version = "bbbb";
  const worker = await installed("bbbb");
  const text = async (path) => (await worker.get(path, { mode: "cors" })).text();
  assert.equal(await text("/static/aaaa/app.css"), "app.css of aaaa");
  assert.equal(await text("/static/bbbb/app.css"), "app.css of bbbb");
  // What the old page asks for and was not kept, the renewed node would give from its own files.
  const missing = await worker.get("/static/aaaa/js/late.js", { mode: "cors" });
  assert.equal(missing.type, "error");
  node.isAway = true;
  assert.match(await (await worker.get("/scan?lang=en")).text(), /\/static\/bbbb\//, "pages are of the newest version");
  node.isAway = false;
  node.version = "cccc";
  await installed("cccc");
  assert.deepEqual(await caches.keys(), ["packtrace-files-bbbb", "packtrace-files-cccc"]);
});

test("what else keeps caches here keeps them", async () => {
  await caches.open("somebody-else");
  await installed("aaaa");
  node.version = "bbbb";
  await installed("bbbb");
  node.version = "cccc";
  await installed("cccc");
  assert.ok((await caches.keys()).includes("somebody-else"));
});
