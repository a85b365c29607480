// Who this device belongs to and what waits on it, in the head of every page.

/** @param {HTMLElement} into */
export async function show(into) {
  into.textContent = "";
}
