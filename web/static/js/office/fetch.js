// Files from the node: what `api` gives as text, here as bytes, with the same token and the same two ways to fail.
import { Offline, readToken } from "../device/api.js";

const PATIENCE = 120_000; // ms; sheets of some hundred labels take seconds

/** The node answered, and refused. */
export class Refused extends Error {
  /** @param {number} status @param {{code?: string, detail?: string, where?: string}} problem */
  constructor(status, problem) {
    super(problem.detail ?? `HTTP ${status}`);
    this.name = "Refused";
    this.status = status;
    this.problem = problem;
  }
}

/**
 * Asks the node for a file.
 * @param {string} path below `/api/v1`
 * @param {{json?: any, body?: Blob, type?: string}} [said]
 * @returns {Promise<{blob: Blob, name: string}>}
 * @throws {Offline | Refused}
 */
export async function fetchFile(path, { json, body, type } = {}) {
  const token = await readToken();
  const headers = { ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  if (json !== undefined) headers["Content-Type"] = "application/json";
  else if (type) headers["Content-Type"] = type;
  const sent = json !== undefined ? JSON.stringify(json) : body;
  let response;
  let blob;
  try {
    response = await fetch(`/api/v1${path}`, {
      method: sent === undefined ? "GET" : "POST", headers, body: sent, credentials: "omit", cache: "no-store",
      redirect: "error", signal: AbortSignal.timeout(PATIENCE),
    });
    blob = await response.blob();
  } catch (error) {
    throw new Offline(error);
  }
  if (!response.ok) throw new Refused(response.status, await problemOf(blob));
  const named = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("Content-Disposition") ?? "");
  return { blob, name: named ? decodeURIComponent(named[1]) : "file" };
}

async function problemOf(blob) {
  try {
    return JSON.parse(await blob.text());
  } catch {
    return {};
  }
}
