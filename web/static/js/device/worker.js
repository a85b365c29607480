// The service worker: pages open without a network, and what waits is sent when nobody has a page open.
//
// One version of all files lies in one cache, taken in whole or not at all. A page names the version of its files, so each
// page gets those of its own, and versions are never mixed: the cache of the version before stays for pages that are open.
import { flush } from "./sync.js";

const CACHE = "packtrace-files-";
const TAG = "outbox";
const PATIENCE = 3_000; // ms for a page from the network; then the one that is kept
const AT_ONCE = 6; // requests
const KEPT_VERSIONS = 2;

/**
 * @typedef {{version: string, files: string[], shells: {rule: string, path: string}[], languages: string[]}} Build
 *   `files`: every file by its name; `shells`: `path` is an address of the page, `rule` all of them as a regular expression
 */

/**
 * @param {ServiceWorkerGlobalScope} worker
 * @param {Build} build
 * @returns {void}
 */
export function serve(worker, build) {
  worker.addEventListener("install", (event) => {
    event.waitUntil(takeIn(build).then(() => worker.skipWaiting()));
  });
  worker.addEventListener("activate", (event) => {
    event.waitUntil(dropOld(build).then(() => worker.clients.claim()));
  });
  worker.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== worker.location.origin) return;
    if (url.pathname.startsWith("/static/")) event.respondWith(file(request, url));
    else if (request.mode === "navigate") event.respondWith(page(request, url, build));
    // Everything else, and above all /api/, is for the network alone.
  });
  worker.addEventListener("sync", (event) => {
    if (event.tag === TAG) event.waitUntil(sendAll());
  });
}

/** Sends what waits. Whoever is left behind makes the browser try again later. */
export async function sendAll() {
  const left = await flush({ urgent: true });
  if (left) throw new Error(`${left} left to send`);
}

// ---- taking in ----

const nameOf = (version) => CACHE + version;

async function takeIn({ version, files, shells, languages }) {
  const cache = await caches.open(nameOf(version));
  const there = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname + new URL(url).search));
  const wanted = [
    ...files.map((name) => ({ address: `/static/${version}/${name}`, check: isOfVersion, cache: "default" })),
    ...shells.flatMap(({ path }) => languages.map((language) => (
      { address: `${path}?lang=${language}`, check: isShellOf(version), cache: "no-cache" }
    ))),
  ].filter(({ address }) => !there.has(address));
  const work = async () => {
    for (let next = wanted.shift(); next; next = wanted.shift()) {
      const response = await fetch(next.address, { credentials: "omit", cache: next.cache, redirect: "error" });
      // The node may have been renewed while this went on: then nothing is taken, and the browser begins anew.
      if (!response.ok || !(await next.check(response.clone()))) throw new Error(`${next.address}: not of version ${version}`);
      await cache.put(next.address, response);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** A node gives a file of another version than its own with a reason to ask again. */
const isOfVersion = (response) => (response.headers.get("Cache-Control") ?? "").includes("immutable");

const isShellOf = (version) => async (response) => (await response.text()).includes(`/static/${version}/js/`);

/** The newest versions stay: this one, and the one whose pages may still be open. */
async function dropOld({ version }) {
  const names = (await caches.keys()).filter((name) => name.startsWith(CACHE) && name !== nameOf(version));
  await Promise.all(names.slice(0, Math.max(0, names.length - (KEPT_VERSIONS - 1))).map((name) => caches.delete(name)));
}

// ---- answering ----

const ANY = { ignoreVary: true }; // what is kept does not depend on what a browser would rather have

/** A file of the version that the page asks for, or none: never one of another version. */
async function file(request, { pathname }) {
  const kept = await caches.match(pathname, ANY);
  if (kept) return kept;
  const response = await fetch(request);
  return response.ok && !isOfVersion(response) ? Response.error() : response;
}

/** A page from the network if there is one that answers soon, else as it was kept: a shell holds nothing of anybody. */
async function page(request, url, build) {
  const kept = await shellFor(url, build);
  try {
    const response = await soon(fetch(request), kept ? PATIENCE : 10 * PATIENCE);
    // A proxy whose node is down answers too.
    if (response.status < 500 || !kept) return response;
  } catch {
    // No network, or none that is of use.
  }
  return kept ?? notKept(build);
}

/** Of this worker's own version: pages of the one before lie under the same addresses. */
async function shellFor(url, { version, shells, languages }) {
  const shell = shells.find(({ rule }) => new RegExp(rule).test(url.pathname));
  if (!shell) return null;
  const asked = url.searchParams.get("lang");
  const first = (globalThis.navigator?.language ?? "").toLowerCase().startsWith("zh") ? "zh" : "en";
  const language = languages.includes(asked) ? asked : first;
  const own = await caches.open(nameOf(version));
  return (await own.match(`${shell.path}?lang=${language}`, ANY)) ?? null;
}

function soon(promise, patience) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer in time")), patience);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function notKept({ version }) {
  const text = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Packtrace</title><link rel="stylesheet" href="/static/${version}/pages.css">
<main><h1 lang="zh-Hans">没有网络</h1><p lang="zh-Hans">此页面未保存在本机。</p>
<p lang="zh-Hans"><a href="/scan?lang=zh">扫描</a> · <a href="/outbox?lang=zh">待发送</a></p>
<h1>No network</h1><p>This page is not kept on this device.</p>
<p><a href="/scan?lang=en">Scan</a> · <a href="/outbox?lang=en">Outbox</a></p></main></html>`;
  const type = "text/html; charset=utf-8";
  const policy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";
  return new Response(text, { headers: { "Content-Type": type, "Content-Security-Policy": policy } });
}
