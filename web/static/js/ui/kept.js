// Small choices of this device. Where storage is closed to us, they last as long as the page.

const here = new Map();

/** @param {string} name @returns {string} empty where nothing was kept */
export function kept(name) {
  try {
    return localStorage.getItem(name) ?? here.get(name) ?? "";
  } catch {
    return here.get(name) ?? "";
  }
}

/** @param {string} name @param {string} value */
export function keep(name, value) {
  here.set(name, value);
  try {
    localStorage.setItem(name, value);
  } catch {
    // Kept for the page alone.
  }
}
