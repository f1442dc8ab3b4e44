// The report on paper: everything that matters, no controls, no row cut in two.   node paper.mjs DEMO.html LONG.html FOLDER
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { close, open, run } from "./browser.mjs";

const [file, long, folder] = process.argv.slice(2);

// What stands on a page once it is printed.
async function printed(page) {
  const path = `${folder}/report.pdf`;
  await page.pdf({ path, format: "A4", printBackground: true });
  return execFileSync("pdftotext", ["-layout", path, "-"], { encoding: "utf8" });
}

await run({
  async "paper has what matters and no controls"() {
    const page = await open(file, "", { colorScheme: "dark" });
    const text = await printed(page);
    for (const word of ["8 of 21 hosts have drifted.", "not audited", "Version spread", "apt-mark unhold nginx", "old-2", "package-missing", "in sync"]) {
      assert.ok(text.includes(word), `${word} is not on paper`);
    }
    for (const word of ["Copy", "every rule", "As a table", "Clear filters", "Skip to"]) assert.ok(!text.includes(word), `${word} is on paper`);
    await close(page);
  },

  async "nothing waits to be scrolled to, or to be unfolded"() {
    const page = await open(long);
    assert.ok(await page.locator("#hosts tbody tr").count() < 90, "the screen has a slice");
    const text = await printed(page);
    for (const nth of [1, 45, 90]) assert.match(text, new RegExp(`web-${String(nth).padStart(2, "0")} +[✓]? *in sync`), `web-${nth} is not on paper`);
    await close(page);
  },

  async "paper is light, whatever the screen is, and no row is cut"() {
    const page = await open(file, "", { colorScheme: "dark" });
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const [paper, ink, rows, box] = await page.evaluate(() => {
      const style = (name) => getComputedStyle(document.querySelector(name));
      return [style("body").backgroundColor, style("body").color, style("#findings tbody tr").breakInside, style(".map-box").overflowX];
    });
    assert.deepEqual([paper, rows, box], ["rgb(255, 255, 255)", "avoid", "visible"]);
    // The map is drawn anew for paper, and for the screen again.
    const corner = (event) => page.evaluate((name) => {
      if (name) window.dispatchEvent(new Event(name));
      return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
        const one = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        one.drawImage(document.querySelector(".map-canvas"), 2, 2, 1, 1, 0, 0, 1, 1);
        done([...one.getImageData(0, 0, 1, 1).data]);
      })));
    }, event);
    await page.emulateMedia({ media: "screen", colorScheme: "dark" });
    const dark = await corner(null);
    assert.deepEqual(await corner("beforeprint"), [255, 255, 255, 255]);
    assert.deepEqual(await corner("afterprint"), dark);
    assert.ok(dark[0] < 60, `${dark}`);
    assert.ok(ink.match(/\d+/g).every((part) => Number(part) < 60), ink);
    await close(page);
  },
});
