// Six words of 256, to compare two screens or to read out over a telephone: those of `packtrace`, computed here.
//
// The list is part of what people compare: its words and their order never change (trace/verify/six_words.py).
import { join, sha256, utf8 } from "./bytes.js";

const SIX = 6; // words, and bytes
const DEVICE = "packtrace-device/v1\n";
const TRUST = "packtrace-trust/v1\n";

export const WORDS = (
  "acid acorn actor album amber anchor apple apron arch arrow atlas attic autumn axis baker bamboo banjo barn basin " +
  "basket beach bean bear bell bench berry bird bishop blanket bottle branch brick bridge broom bucket bugle butter " +
  "button cabin cable cactus camel candle canoe carbon card carpet carrot castle cedar cello chair chalk cherry chess " +
  "circle cliff cloud clover coat coffee comet copper coral corner cotton cousin crab crane cricket crown crystal " +
  "curtain daisy dancer desert diamond dinner doctor dolphin donkey door dragon drum eagle earth easel elbow eleven " +
  "ember engine fabric falcon farmer feather fence ferry fiddle finger flute forest fossil fox garden garlic giant " +
  "ginger glacier glove goblet gold goose granite grape guitar hammer harbor harvest hazel helmet heron hill honey " +
  "horse hotel igloo index insect iron island ivory jacket jaguar jewel jigsaw juice jungle kettle kitten ladder lagoon " +
  "lamp lantern lemon leopard letter lily linen lion lizard lobster locket magnet mango maple marble market meadow " +
  "melon metal mirror monkey moon mosaic motor mouse museum napkin needle nephew nickel north notebook oasis ocean " +
  "olive onion orbit orchid otter oven oyster paddle palace panda paper parrot peanut pearl pelican pencil pepper piano " +
  "pigeon pillow pirate planet pocket pony potato prism puppet quartz quilt rabbit radio raven ribbon river robin " +
  "rocket saddle sailor salad salmon sandal school shadow shovel silver sister spider spoon stable statue sugar summer " +
  "sunset swan table teapot temple thunder tiger timber tomato tower trumpet tulip turtle uncle valley velvet violin " +
  "volcano wagon walnut walrus whale willow window winter wizard yellow zebra zipper"
).split(" ");

/** @param {Uint8Array} bytes @returns {string[]} a word for each byte */
export const wordsOf = (bytes) => Array.from(bytes, (byte) => WORDS[byte]);

/**
 * What a device shows that is to be enrolled, and whoever adds its key (trace/device_words.py).
 * @param {{origin: string, org: string, kid: string, use: string}} said `kid`: computed from the key by whoever shows the
 *   words, never taken from anybody
 * @returns {Promise<string>}
 */
export async function deviceWords({ origin, org, kid, use }) {
  const parts = [origin, org, kid, use].map(utf8).flatMap((text) => [fourBytes(text.length), text]);
  return sixOf(join(utf8(DEVICE), ...parts));
}

/**
 * Of a trust file, whatever its white space and order (trace/verify/trust.py).
 * @param {string} text one that `parseTrust` took
 * @returns {Promise<string>}
 */
export async function trustWords(text) {
  const said = JSON.parse(text);
  const normal = {
    ...said,
    log_keys: [...said.log_keys].sort(),
    registrars: { ...said.registrars, kids: [...new Set(said.registrars.kids)].sort() },
  };
  return sixOf(utf8(TRUST + sortedJson(normal)));
}

const sixOf = async (bytes) => wordsOf((await sha256(bytes)).subarray(0, SIX)).join(" ");

/** @param {number} number @returns {Uint8Array} big-endian */
function fourBytes(number) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** JSON without white space, the members of every object in the order of their names. */
function sortedJson(value) {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${sortedJson(value[name])}`).join(",")}}`;
}
