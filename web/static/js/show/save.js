// Files that leave the page.

/** @param {string} name @param {Blob | Uint8Array} data @param {string} [type] */
export function save(name, data, type = "application/octet-stream") {
  const address = URL.createObjectURL(data instanceof Blob ? data : new Blob([data], { type }));
  const a = document.createElement("a");
  a.href = address;
  a.download = name.replace(/[^A-Za-z0-9._-]/g, "_");
  document.body.append(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser reads it in its own time
}
