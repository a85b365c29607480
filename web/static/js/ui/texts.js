// Texts in the language of the page. They stand in English in the code; the Chinese ones come from the same catalogues as
// those of the templates.

export const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

const texts = language === "zh" ? await load() : {};

/**
 * @param {string} text in English
 * @param {Record<string, string | number>} [values] for `%(name)s`
 * @returns {string}
 */
export function t(text, values = {}) {
  const said = Object.hasOwn(texts, text) ? texts[text] : text;
  return said.replace(/%\((\w+)\)s/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}

/** Whichever of the two a thing is called by that is told in both. @param {{zh?: string, en?: string}} both */
export const either = (both) => both[language] || both.en || both.zh || "";

/** A page of ours in the language of this one. @param {string} path with or without query and fragment */
export function link(path) {
  const address = new URL(path, location.origin);
  address.searchParams.set("lang", language);
  return address.pathname + address.search + address.hash;
}

/** A point in time as people here read it, to the minute. @param {string | number | Date} at */
export const moment = (at) =>
  new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeStyle: "short" })
    .format(new Date(at));

/** A mass. @param {number} grams */
export const kilograms = (grams) =>
  `${new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en-GB", { maximumFractionDigits: 3 }).format(grams / 1000)} kg`;

async function load() {
  try {
    const answer = await fetch(new URL("../../texts/zh.json", import.meta.url), { credentials: "omit" });
    return answer.ok ? await answer.json() : {};
  } catch {
    return {}; // English is better than nothing
  }
}
