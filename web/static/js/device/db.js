// What the phone keeps: one IndexedDB of plain rows. Each call is a transaction of its own, and resolves once it is durable.

/** Every store of the database with its key path. A new one raises VERSION. */
const STORES = {
  settings: "name", keys: "kid", outbox: "id", known: "subject", parties: "org", data: "name", evidence: "sha256",
  drafts: "id",
};
const NAME = "packtrace";
const VERSION = 1;

/** @typedef {keyof typeof STORES} StoreName */

/** The browser keeps nothing for this page: a private window, storage that is full or switched off. */
export class NoStorage extends Error {
  constructor(cause) {
    super("this browser keeps nothing for this page", { cause });
    this.name = "NoStorage";
  }
}

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

function database() {
  opened ??= open().catch((error) => {
    opened = null;
    throw error;
  });
  return opened;
}

function open() {
  return new Promise((resolve, reject) => {
    const refuse = (error) => reject(new NoStorage(error));
    let request;
    try {
      request = indexedDB.open(NAME, VERSION);
    } catch (error) {
      refuse(error);
      return;
    }
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) {
        if (!request.result.objectStoreNames.contains(name)) request.result.createObjectStore(name, { keyPath });
      }
    };
    request.onerror = () => refuse(request.error);
    request.onsuccess = () => {
      const db = request.result;
      const forget = () => {
        opened = null;
      };
      // A newer page of the same site waits for this one to let go; a database that the user cleared is opened anew.
      db.onversionchange = () => {
        db.close();
        forget();
      };
      db.onclose = forget;
      resolve(db);
    };
  });
}

/**
 * Runs one transaction over one store.
 * @template T
 * @param {StoreName} store
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore, keep: (value: T) => void) => void} run asks the store; `keep` says what is resolved to
 * @returns {Promise<T>} once the transaction is complete, and a change durable
 */
export async function transact(store, mode, run) {
  let db = await database();
  let transaction;
  try {
    transaction = db.transaction(store, mode, { durability: "strict" });
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    opened = null; // the connection was closed under us
    db = await database();
    transaction = db.transaction(store, mode, { durability: "strict" });
  }
  return new Promise((resolve, reject) => {
    let result;
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = () => reject(transaction.error ?? new Error(`${store}: the transaction was undone`));
    run(transaction.objectStore(store), (value) => {
      result = value;
    });
  });
}

const one = (store, mode, ask) =>
  transact(store, mode, (rows, keep) => {
    const request = ask(rows);
    request.onsuccess = () => keep(request.result);
  });

/** @param {StoreName} store @param {string} key @returns {Promise<any>} the row, or null */
export const get = async (store, key) => (await one(store, "readonly", (rows) => rows.get(key))) ?? null;

/** @param {StoreName} store @returns {Promise<any[]>} in the order of their keys */
export const all = (store) => one(store, "readonly", (rows) => rows.getAll());

/** @param {StoreName} store @param {any} value @returns {Promise<void>} */
export const put = async (store, value) => void (await one(store, "readwrite", (rows) => rows.put(value)));

/** @param {StoreName} store @param {string} key @returns {Promise<void>} */
export const del = async (store, key) => void (await one(store, "readwrite", (rows) => rows.delete(key)));

/** @param {StoreName} store @param {any[]} values @returns {Promise<void>} all of them, or none */
export const putAll = (store, values) =>
  transact(store, "readwrite", (rows) => {
    for (const value of values) rows.put(value);
  });

/**
 * Reads a row and writes what `fn` makes of it, with nobody between.
 * @param {StoreName} store
 * @param {string} key
 * @param {(row: any) => any} fn gets the row or null, at once gives the row to keep, or null to leave all as it is
 * @returns {Promise<any>} what is kept now, or null
 */
export const change = (store, key, fn) =>
  transact(store, "readwrite", (rows, keep) => {
    const request = rows.get(key);
    request.onsuccess = () => {
      const row = request.result ?? null;
      const next = fn(row);
      if (next) rows.put(next);
      keep(next ?? row);
    };
  });
