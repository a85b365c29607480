// What is said when something is refused: a stable code, the place, what was expected and what there was.

/** A deliberate refusal. Everything else that is thrown is a fault of the program. */
export class Refusal extends Error {
  /**
   * @param {string} code as in docs/findings.md and docs/api.md
   * @param {{where: string, expected: string, got: string, at?: number}} said `at`: offset of the first wrong byte
   */
  constructor(code, { where, expected, got, at }) {
    super(`${where}: expected ${expected}, got ${got}`);
    this.name = "Refusal";
    this.code = code;
    this.where = where;
    this.expected = expected;
    this.got = got;
    this.at = at;
  }
}

/**
 * Quotes a text that nobody vouches for in ASCII, so that nothing in it can move, hide or drown what is around it.
 * @param {string} text
 * @param {number} [longest] in characters
 * @returns {string}
 */
export function quote(text, longest = 48) {
  const characters = [...text];
  const shown = characters.length <= longest ? text : `${characters.slice(0, longest).join("")}...`;
  return ascii(shown);
}

/**
 * A text in quotation marks and in ASCII, spelled as Python's `ascii` does, so that both sides say the same.
 * @param {string} text
 * @returns {string}
 */
export function ascii(text) {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let said = "";
  for (const character of text) {
    const code = character.codePointAt(0);
    if (character === mark || character === "\\") said += `\\${character}`;
    else if (character === "\n") said += "\\n";
    else if (character === "\r") said += "\\r";
    else if (character === "\t") said += "\\t";
    else if (code >= 0x20 && code < 0x7f) said += character;
    else if (code < 0x100) said += `\\x${hex(code, 2)}`;
    else if (code < 0x10000) said += `\\u${hex(code, 4)}`;
    else said += `\\U${hex(code, 8)}`;
  }
  return mark + said + mark;
}

const hex = (number, width) => number.toString(16).padStart(width, "0");
