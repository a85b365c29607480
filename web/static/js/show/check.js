// Has a file checked in a worker; where there is none, in the page.

/** @typedef {import("./inspect.js").Inspected} Inspected */

/**
 * @param {Uint8Array} bytes
 * @param {{trust: string | null, checkpoints?: Uint8Array[], progress?: (done: number, total: number) => void,
 *   signal?: AbortSignal}} given
 * @returns {Promise<Inspected>}
 * @throws {Error} the program failed, or was told to stop: that is no verdict
 */
export async function check(bytes, { trust, checkpoints = [], progress = () => {}, signal }) {
  let worker;
  try {
    worker = new Worker(new URL("./check.worker.js", import.meta.url), { type: "module" });
  } catch {
    return (await import("./inspect.js")).inspect(bytes, { trust, checkpoints, progress });
  }
  try {
    return await new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new Error("stopped")));
      worker.onerror = (event) => reject(new Error(event.message || "the checking part could not be loaded"));
      worker.onmessage = ({ data: { progress: told, inspected, failed } }) => {
        if (told) progress(told.done, told.total);
        else if (inspected) resolve(inspected);
        else reject(new Error(failed));
      };
      worker.postMessage({ bytes, trust, checkpoints });
    });
  } finally {
    worker.terminate();
  }
}
