// Writes the compact form of each value with what JavaScript has: JSON.stringify, and nothing set.
//
//   node encode.mjs <vectors> <out>
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [vectors, out] = process.argv.slice(2);
for (const name of readdirSync(vectors)) {
  const file = join(vectors, name, "value.json");
  if (!existsSync(file)) continue;
  const value = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(join(out, name), new TextEncoder().encode(JSON.stringify(value)));
}
