// A report whose texts want to be more than text: they stay text, none of them hides or turns what stands beside it, and a
// long one takes no more room than there is.   node hostile.mjs REPORT.html LONG_NAME_LENGTH
import assert from "node:assert/strict";
import { DESKTOP, PHONE, close, open, run, sideways } from "./browser.mjs";

const [file, length] = process.argv.slice(2);
const HIDDEN = "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]";

// Texts and attributes of the page outside its data that hold a character which hides or turns others.
const hidden = (page) => page.evaluate((pattern) => {
  const found = [];
  const bad = new RegExp(pattern, "u");
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (node.parentElement.closest("script")) continue;
    const texts = node.nodeType === Node.TEXT_NODE ? [node.data] : node.tagName === "SCRIPT" ? [] : [...node.attributes].map((one) => one.value);
    found.push(...texts.filter((text) => bad.test(text)).map((text) => JSON.stringify(text)));
  }
  return found.slice(0, 3);
}, HIDDEN);

async function visit(options) {
  const page = await open(file, "", options);
  const links = await page.evaluate(() => [...new Set([...document.querySelectorAll("a[href^='#host/'], a[href^='#finding/']")].map((one) => one.getAttribute("href")))]);
  assert.ok(links.length > 10, "it has hosts and findings");
  for (const link of ["#overview", ...links]) {
    await page.evaluate((fragment) => { location.hash = fragment; }, link);
    await page.waitForTimeout(20);
    await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
    assert.equal(await page.evaluate(() => document.querySelectorAll("script").length), 2, link);
    assert.equal(await page.evaluate(() => document.querySelectorAll("img, iframe, object, embed, style + style, body link, body meta").length), 0, link);
    assert.deepEqual(await hidden(page), [], link);
    assert.deepEqual(await sideways(page), null, link);
    assert.ok(!(await page.locator("#detail").isVisible()) || !(await page.locator("h1:visible").innerText()).startsWith("No such"), link);
  }
  return page;
}

await run({
  async "it stays text at a desk"() {
    const page = await visit({ viewport: DESKTOP });
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    const text = await page.evaluate(() => document.getElementById("whole").textContent);
    for (const word of ["<script>window.pwned = 1</script>", "</script>", "<!--", "\\u{202e}", "\\e[31m", "&lt;"]) {
      assert.ok(text.includes(word), `${word} is not shown`);
    }
    await close(page);
  },

  async "it stays text on a phone"() {
    await close(await visit({ viewport: PHONE }));
  },

  async "a long name is cut, and is there in full"() {
    const page = await open(file);
    const cut = page.locator("#hosts tbody th bdi[title]").first();
    assert.ok((await cut.innerText()).length < 200);
    assert.ok((await cut.getAttribute("title")).length >= Number(length));
    await page.locator("#hosts tbody th a", { has: page.locator("bdi[title]") }).first().click();
    await page.locator("#detail").waitFor();
    assert.ok((await page.locator("h1:visible").textContent()).length >= Number(length));
    await close(page);
  },

  async "each text keeps its own direction"() {
    const page = await open(file);
    const loose = await page.evaluate(() => [...document.querySelectorAll(".v")].filter((one) => getComputedStyle(one).unicodeBidi !== "isolate").length);
    assert.equal(loose, 0);
    await close(page);
  },

  async "filters find a hostile host by its own name"() {
    const page = await open(file);
    const value = await page.evaluate(() => [...document.querySelectorAll("#f-host option")].map((one) => one.value).find((one) => one.includes("pwned")));
    await page.selectOption("#f-host", value);
    const shown = await page.locator("#findings .found").textContent();
    assert.match(shown, /^[1-9]\d* of /);
    const other = await open(file, await page.evaluate(() => location.hash));
    assert.equal(await other.locator("#findings .found").textContent(), shown);
    await close(page);
    await close(other);
  },
});
