// IndexedDB in memory, as far as device/db.js asks for it: each transaction runs alone, and rows are copied in and out.

/** One database of one name; a page of a browser has no more of this project. */
export class FakeIndexedDb {
  #stores = new Map(); // name -> { keyPath, rows }

  open() {
    const stores = this.#stores;
    const request = { result: null, error: null };
    const db = {
      objectStoreNames: { contains: (name) => stores.has(name) },
      createObjectStore: (name, { keyPath }) => void stores.set(name, { keyPath, rows: new Map() }),
      transaction: (name) => transaction(stores.get(name)),
      close: () => {},
    };
    queueMicrotask(() => {
      request.result = db;
      if (!stores.size) request.onupgradeneeded();
      request.onsuccess();
    });
    return request;
  }
}

function transaction({ keyPath, rows }) {
  const waiting = [];
  const made = { objectStore: () => store, error: null };
  const ask = (run) => {
    const request = {};
    waiting.push([request, run]);
    return request;
  };
  const sorted = () => [...rows.keys()].sort().map((key) => structuredClone(rows.get(key)));
  const store = {
    get: (key) => ask(() => structuredClone(rows.get(key))),
    getAll: () => ask(sorted),
    put: (value) => ask(() => void rows.set(value[keyPath], structuredClone(value))),
    add: (value) => ask(() => void rows.set(value[keyPath], structuredClone(value))),
    delete: (key) => ask(() => void rows.delete(key)),
  };
  queueMicrotask(() => {
    while (waiting.length) {
      const [request, run] = waiting.shift();
      request.result = run();
      request.onsuccess?.();
    }
    made.oncomplete();
  });
  return made;
}
