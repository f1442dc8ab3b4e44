// Every page of a report, wide and narrow, in light and in dark: nothing on the console, nothing asked of the network, nothing
// wider than the window, and nothing serious that axe finds.   node quiet.mjs REPORT.html…
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { DESKTOP, PHONE, axeFile, close, open, run, sideways } from "./browser.mjs";

const axe = await readFile(axeFile, "utf8");

// Some of the pages that a report has: the whole, hosts, findings, and one that it does not have.
async function fragments(page) {
  const found = await page.evaluate(() => {
    const of = (kind) => [...new Set([...document.querySelectorAll(`a[href^="#${kind}/"]`)].map((one) => one.getAttribute("href")))];
    const ends = (all) => all.filter((_, nth) => nth === 0 || nth === all.length - 1);
    return [...ends(of("host")), ...ends(of("finding"))];
  });
  return ["#overview", "#host/no-such-host", "#finding/%E0%A4%A", ...found];
}

async function violations(page) {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + " " + node.failureSummary).join(" | ")}`);
}

// Levels of headings that are seen, each at most one deeper than the one before.
async function leaps(page) {
  const levels = await page.evaluate(() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
    .filter((one) => one.checkVisibility()).map((one) => [Number(one.tagName[1]), one.textContent]));
  assert.equal(levels.filter(([level]) => level === 1).length, 1, "one h1");
  return levels.filter(([level], nth) => level > (levels[nth - 1]?.[0] ?? 0) + 1);
}

const checks = {};
for (const file of process.argv.slice(2)) {
  for (const [viewport, colorScheme] of [[DESKTOP, "light"], [DESKTOP, "dark"], [PHONE, "light"]]) {
    checks[`${file} at ${viewport.width}, ${colorScheme}`] = async () => {
      const page = await open(file, "", { viewport, colorScheme });
      for (const fragment of await fragments(page)) {
        await page.evaluate((next) => { location.hash = next; }, fragment);
        await page.waitForTimeout(50);
        // What is folded is opened: it must fit, too.
        await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
        await page.waitForTimeout(50);
        assert.deepEqual(await sideways(page), null, `${fragment} is too wide`);
        assert.deepEqual(await leaps(page), [], `${fragment} leaps over a heading`);
        assert.deepEqual(await violations(page), [], fragment);
      }
      await close(page);
    };
  }
}
await run(checks);
