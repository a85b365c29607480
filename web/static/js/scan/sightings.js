// A label that stays in view is one sighting, however often a frame shows it.

const AWAY_MS = 3000;
const MOST = 200; // texts that are remembered

/**
 * Remembers what was seen just now. Each sighting counts anew, so that a label held before the camera is told once, and
 * again only after it was away.
 * @param {number} [awayMs]
 * @returns {{isNew: (text: string, at: number) => boolean, forget: (text: string) => void}} `at` in milliseconds of any
 *   clock that only goes forward
 */
export function makeSightings(awayMs = AWAY_MS) {
  const seen = new Map();
  return {
    isNew(text, at) {
      for (const [other, when] of seen) if (at - when >= awayMs || seen.size > MOST) seen.delete(other);
      const isNew = !seen.has(text);
      seen.delete(text);
      seen.set(text, at);
      return isNew;
    },
    forget: (text) => void seen.delete(text),
  };
}
