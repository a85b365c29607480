// Tells every page of this site, and the service worker, that something on the phone changed; and who does what alone.

const NAME = "packtrace";
const listeners = new Set();
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(NAME) : null;
channel?.unref?.(); // in Node, where the units run, an open channel would keep the process
channel?.addEventListener("message", ({ data }) => tell(data));

/** @typedef {{what: "outbox" | "parked" | "known" | "evidence"}} Change */

/**
 * @param {(change: Change) => void} listener called for changes of this page and of others
 * @returns {() => void} stops it
 */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {Change["what"]} what */
export function changed(what) {
  channel?.postMessage({ what });
  tell({ what });
}

function tell(change) {
  for (const listener of listeners) listener(change);
}

/**
 * Runs `fn` while no other page and no service worker does anything under the same name. Whoever comes second waits.
 * @template T
 * @param {"outbox" | "signing"} name
 * @param {() => Promise<T>} fn
 * @returns {Promise<T>}
 */
export const alone = (name, fn) => (globalThis.navigator?.locks ? navigator.locks.request(`packtrace-${name}`, fn) : fn());
