// A browser for the tests of the HTML report: Debian's Chromium, driven by playwright-core. It notes whatever a page must
// not do: say anything on the console, fail, ask for anything beyond its own file, open a dialog.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../../target/browser/package.json", import.meta.url));
const { chromium } = require("playwright-core");

export const axeFile = require.resolve("axe-core/axe.min.js");
export const DESKTOP = { width: 1440, height: 1000 };
export const PHONE = { width: 390, height: 844 };

const SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

let browser = null;

// Opens a report at a fragment; the rest of it is made once this returns.
export async function open(file, fragment = "", options = {}) {
  browser ??= await chromium.launch({ executablePath: "/usr/bin/chromium", args: SWITCHES });
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  const page = await context.newPage();
  const own = pathToFileURL(file).href;
  page.trespasses = [];
  const note = (what) => page.trespasses.push(what);
  page.on("console", (message) => note(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => note(`error: ${error.stack}`));
  page.on("dialog", (dialog) => { note(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("popup", () => note("popup"));
  page.on("request", (request) => {
    const url = request.url();
    if (url.split("#")[0] !== own && !url.startsWith("data:image/svg+xml,")) note(`request: ${url}`);
  });
  await page.goto(own + fragment);
  if (options.javaScriptEnabled !== false) await made(page);
  return page;
}

// Waits until the page has all of its sections.
export async function made(page) {
  await page.waitForFunction(() => document.querySelector("#hosts tbody tr, #hosts .empty") || !document.querySelector("#hosts") &&
    document.querySelector("#findings .found")?.textContent);
}

export async function close(page) {
  assert.deepEqual(page.trespasses, []);
  await page.context().close();
}

// Whether anything is wider than the window, and what.
export async function sideways(page) {
  return page.evaluate(() => {
    if (document.documentElement.scrollWidth <= window.innerWidth) return null;
    const inBox = (element) => element.closest(".map-box, .scroll");
    const wide = [...document.querySelectorAll("body *")].filter((one) => !inBox(one) && one.getBoundingClientRect().right > window.innerWidth + 1);
    return wide.slice(-3).map((one) => `${one.tagName}.${one.className}: ${one.textContent.slice(0, 60)}`);
  });
}

// Runs checks one after another; every one that fails is told.
export async function run(checks) {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
    } catch (error) {
      failed += 1;
      console.error(`${name}: ${error.stack}`);
    }
  }
  await browser?.close();
  process.exitCode = failed ? 1 : 0;
}
