// The phone of a test, in Firefox: it takes orders as lines of JSON, and answers each with one.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const [folder, executablePath] = process.argv.slice(2);
const puppeteer = createRequire(`${folder}/`)("puppeteer-core");
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath,
  headless: true,
  extraPrefsFirefox: {
    "media.navigator.streams.fake": true,
    "media.navigator.permission.disabled": true,
    "intl.accept_languages": "en",
  },
});
const page = await browser.newPage();
await page.setViewport({ width: 390, height: 844 });

const verbs = {
  goto: ({ url }) => page.goto(url).then(() => null),
  evaluate: ({ body, given }) => page.evaluate(`(async (given) => { ${body} })(${JSON.stringify(given ?? null)})`),
  see: ({ css }) => page.waitForSelector(css, { visible: true, timeout: 30_000 }).then((found) => found.evaluate((each) => each.textContent)),
  click: ({ css }) => page.locator(css).setTimeout(30_000).click(), // again, if the page draws itself anew meanwhile
  file: async ({ css, path }) => (await page.waitForSelector(css)).uploadFile(path),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { verb, ...rest } = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify({ ok: (await verbs[verb](rest)) ?? null })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}
await browser.close();
