// A report of a fleet that was audited before: what became of its findings, and how it drifted.   node again.mjs REPORT.html
import assert from "node:assert/strict";
import { close, open, run } from "./browser.mjs";

const [file] = process.argv.slice(2);

await run({
  async "findings are told as new or old, and filtered so"() {
    const page = await open(file);
    const parts = await page.locator("#overview ul[aria-label='What became of findings'] li").allInnerTexts();
    assert.deepEqual(parts.map((part) => part.replace(/\s+/g, " ")), ["0 new", "0 returned", "1 persisting", "0 resolved"]);
    await page.getByRole("link", { name: "persisting" }).click();
    await page.waitForFunction(() => location.hash === "#findings?change=persisting");
    assert.equal(await page.locator("#findings table.findings tbody tr").count(), 1);
    await close(page);
  },

  async "drift over time is drawn, and said in words"() {
    const page = await open(file);
    const label = await page.getByRole("img", { name: /^Drift over 2 runs: / }).getAttribute("aria-label");
    assert.match(label, /last, 1 of 6 audited hosts adrift on /);
    await close(page);
  },
});
