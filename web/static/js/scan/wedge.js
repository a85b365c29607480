// Handheld scanners that type: a burst of keys, closed by Enter or Tab, is a scan wherever the focus is.
//
// With a Chinese input method on, a key says "Process" and not its letter; then its place on a US keyboard does.

/**
 * @typedef {{key: string, code: string, timeStamp: number, shiftKey?: boolean, ctrlKey?: boolean, altKey?: boolean,
 *   metaKey?: boolean, repeat?: boolean, isComposing?: boolean}} Key what a KeyboardEvent has
 */

const GAP_MS = 120; // within a burst; 60 ms lost one of twelve on a busy machine
const LONG = 19; // characters: the shortest whole code, of a product of second life
const HALF = 10; // characters: the shorter half of a code; as short a burst must be faster than any hand
const FAST_MS = 40; // on average
const MOST = 400; // characters; what is longer is no label
const SHIFTED_DIGITS = ")!@#$%^&*(";
const SIGNS = {
  Minus: "-_", Equal: "=+", BracketLeft: "[{", BracketRight: "]}", Backslash: "\\|", Semicolon: ";:", Quote: "'\"",
  Backquote: "`~", Comma: ",<", Period: ".>", Slash: "/?", Space: "  ",
};

/**
 * Puts keys together. `press` answers what is to be done about a key:
 * `begins`: it may be the first of a burst, so that a field is remembered as it was; `text`: a burst has ended, this is
 * what the scanner typed, and the key must do nothing else.
 * @returns {{press: (key: Key) => {begins: boolean, text: string | null}}}
 */
export function makeBurst() {
  let text = "";
  let [first, last] = [0, -Infinity];
  const nothing = { begins: false, text: null };
  return {
    press(key) {
      if (key.ctrlKey || key.altKey || key.metaKey || key.repeat) {
        text = ""; // a command, or a key held down: no scanner does either
        return nothing;
      }
      if (["Shift", "CapsLock", "NumLock"].includes(key.key)) return nothing;
      if (key.timeStamp - last > GAP_MS) text = "";
      last = key.timeStamp;
      if (endsBurst(key)) {
        const typed = text;
        text = "";
        const mean = (key.timeStamp - first) / Math.max(1, typed.length);
        const isScan = typed.length >= LONG || (typed.length >= HALF && mean < FAST_MS);
        return isScan && typed.length <= MOST ? { begins: false, text: typed } : nothing;
      }
      const letter = letterOf(key);
      if (!letter) {
        text = "";
        return nothing;
      }
      const begins = text === "";
      if (begins) first = key.timeStamp;
      text += letter;
      return { begins, text: null };
    },
  };
}

/**
 * Listens to a whole page. A field that had the focus gets back what it said before the burst.
 * @param {Document} page
 * @param {(text: string) => void} onScan
 * @returns {() => void} stops listening
 */
export function listenToScanner(page, onScan) {
  const burst = makeBurst();
  let before = null;
  const listener = (event) => {
    const { begins, text } = burst.press(event);
    if (begins) before = fieldState(page.activeElement);
    if (text === null) return;
    event.preventDefault(); // Enter submits nothing and presses no button
    event.stopImmediatePropagation();
    giveBack(before);
    before = null;
    onScan(text);
  };
  page.addEventListener("keydown", listener, true);
  return () => page.removeEventListener("keydown", listener, true);
}

function endsBurst({ key, code }) {
  return key === "Enter" || key === "Tab" || code === "Enter" || code === "NumpadEnter" || code === "Tab";
}

function letterOf({ key, code, shiftKey, isComposing }) {
  if ([...key].length === 1 && !isComposing) return key;
  if (key !== "Process" && !isComposing) return "";
  if (/^Key[A-Z]$/.test(code)) return shiftKey ? code[3] : code[3].toLowerCase();
  if (/^Digit[0-9]$/.test(code)) return shiftKey ? SHIFTED_DIGITS[Number(code[5])] : code[5];
  if (/^Numpad[0-9]$/.test(code)) return code[6];
  return SIGNS[code]?.[shiftKey ? 1 : 0] ?? "";
}

const isField = (element) => element && "value" in element && /^(INPUT|TEXTAREA)$/.test(element.tagName);

function fieldState(element) {
  return isField(element) && !/^(checkbox|radio|button|submit|file)$/.test(element.type)
    ? { field: element, value: element.value } : null;
}

function giveBack(state) {
  if (!state) return;
  const set = () => {
    if (state.field.value === state.value) return;
    state.field.value = state.value;
    state.field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  set();
  // An input method writes what it has composed after the key that ended it.
  const afterwards = () => setTimeout(set);
  state.field.addEventListener("compositionend", afterwards);
  setTimeout(() => state.field.removeEventListener("compositionend", afterwards), 500);
}
