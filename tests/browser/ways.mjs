// What a reader does with the demo's report: searching, filtering, sorting, sending a link, walking the heat map by keys,
// going to a host and back, changing the colours, reading it without scripting.   node ways.mjs DEMO.html READY.html
import assert from "node:assert/strict";
import { close, made, open, run } from "./browser.mjs";

const [demo, ready] = process.argv.slice(2);

const told = (page) => page.locator("#findings .found").textContent();
const hash = (page) => page.evaluate(() => decodeURIComponent(location.hash));
const hosts = (page) => page.locator("#findings table.findings tbody tr td:nth-child(3)").allTextContents();

await run({
  async "the summary tells what was seen, and what was not as loud"() {
    const page = await open(demo);
    assert.equal(await page.locator("h1").innerText(), "8 of 21 hosts have drifted.\n3 could not be told.");
    assert.match(await page.title(), /8 of 21 hosts have drifted/);
    const parts = await page.locator("#overview ul[aria-label='How the audit went'] li").allInnerTexts();
    assert.deepEqual(parts.map((part) => part.replace(/\s+/g, " ")), ["18 audited", "1 in part", "2 unreachable"]);
    const alert = await page.locator("#not-audited").innerText();
    for (const word of ["3 hosts not audited", "old-2", "authenticate", "authorized_keys", "web-15", "dpkg", "connect"]) {
      assert.ok(alert.includes(word), `${word} is missing in ${alert}`);
    }
    await close(page);
  },

  async "a search narrows the findings and stands in the address"() {
    const page = await open(demo);
    const all = await told(page);
    assert.match(all, /^\d+ findings$/);
    await page.fill("#f-q", "NGINX 1.22");
    await page.waitForFunction(() => document.querySelector("#findings .found").textContent.startsWith("2 of"));
    assert.deepEqual(await hosts(page), ["web-10", "web-11"]);
    assert.equal(await hash(page), "#findings?q=NGINX+1.22");
    await page.getByRole("button", { name: "Clear filters" }).click();
    assert.equal(await told(page), all);
    assert.equal(await hash(page), "#findings");
    await page.fill("#f-q", "no such thing");
    await page.getByText("No finding is like that").waitFor();
    await close(page);
  },

  async "filters go together, and the link of a view shows the same view"() {
    const page = await open(demo);
    await page.getByRole("checkbox", { name: "high" }).check();
    await page.selectOption("#f-cluster", "web");
    await page.selectOption("#f-rule", "package-version");
    const [shown, where] = [await hosts(page), await page.evaluate(() => location.hash)];
    assert.deepEqual(shown, ["web-10", "web-11"]);
    const other = await open(demo, where);
    assert.deepEqual(await hosts(other), shown);
    assert.equal(await other.inputValue("#f-cluster"), "web");
    assert.ok(await other.getByRole("checkbox", { name: "high" }).isChecked());
    await other.selectOption("#f-host", "web-11");
    assert.deepEqual(await hosts(other), ["web-11"]);
    await other.getByRole("button", { name: "Clear filters" }).click();
    await other.selectOption("#f-cluster", "cache");
    assert.deepEqual(await hosts(other), ["old-2", "old-1", "old-1"]);
    await close(page);
    await close(other);
  },

  async "columns sort both ways, and say so"() {
    const page = await open(demo);
    const sort = page.getByRole("button", { name: "Host" });
    await sort.click();
    const up = await hosts(page);
    assert.deepEqual(up, [...up].sort((one, other) => one.localeCompare(other, "en", { numeric: true })));
    assert.equal(await page.locator("#findings th[aria-sort='ascending']").innerText(), await sort.innerText());
    await sort.click();
    assert.deepEqual((await hosts(page))[0], up.at(-1));
    assert.equal(await page.locator("#findings th[aria-sort='descending']").count(), 1);
    await close(page);
  },

  async "a link to a host opens its page, with all that is known of it"() {
    const page = await open(demo, "#host/web-10");
    assert.equal(await page.locator("h1:visible").innerText(), "web-10");
    const text = await page.locator("#detail").innerText();
    for (const word of ["replace", "Debian GNU/Linux 12", "bookworm in a trixie cluster", "1.22.1-9+deb12u11", "1.26.3-3+deb13u11", "Snowflake score", "build an image"]) {
      assert.ok(text.includes(word), `${word} is missing in ${text}`);
    }
    assert.equal(await page.evaluate(() => document.activeElement.id), "detail-title");
    await page.getByRole("link", { name: "Whole report" }).click();
    await page.locator("#overview").waitFor();
    assert.ok(!(await page.locator("#detail").isVisible()));
    await close(page);
  },

  async "a link to a finding opens it, by its key as a report has it"() {
    const key = "package-version/web/web-10/nginx";
    for (const fragment of [`#finding/${key}`, `#finding/${encodeURIComponent(key)}`]) {
      const page = await open(demo, fragment);
      const text = await page.locator("#detail").innerText();
      for (const word of ["nginx", "another release, bookworm", "1.26.3-3+deb13u11", "high", key]) {
        assert.ok(text.includes(word), `${word} is missing in ${text}`);
      }
      await page.locator("#detail").getByRole("link", { name: "web-10" }).click();
      await page.waitForFunction(() => document.querySelector("h1#detail-title").textContent === "web-10");
      await page.goBack();
      await page.waitForFunction(() => document.querySelector("h1#detail-title").textContent === "nginx");
      await close(page);
    }
  },

  async "a host that was not reached has a page that says why"() {
    const page = await open(demo, "#host/web-16");
    const text = await page.locator("#detail").innerText();
    for (const word of ["Not audited", "connect", "refused the connection", "could not be told"]) assert.ok(text.includes(word), text);
    await close(page);
  },

  async "the heat map is walked by keys, and tells each cell"() {
    const page = await open(demo);
    const said = page.locator(".map-said").first();
    await page.locator(".map-box").first().focus();
    assert.match(await said.innerText(), /^web-\[10-11\] \(2 hosts\) · nginx: 1\.22\.1\S+, where 1\.26\.3\S+ is expected$/);
    await page.keyboard.press("ArrowRight");
    assert.match(await said.innerText(), /· openssh-server: /);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Home");
    assert.match(await said.innerText(), /^web-12 · nginx: not installed, where /);
    await page.keyboard.press("Control+End");
    assert.match(await said.innerText(), /^web-\[15-16\] \(2 hosts\) · openssh-server: could not be told$/);
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowDown");
    assert.match(await said.innerText(), /^web-15 · /);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector("#detail-title")?.textContent === "web-15");
    await close(page);
  },

  async "the heat map stands in a table, too"() {
    const page = await open(demo);
    await page.getByText("As a table").first().click();
    const text = await page.locator(".as-table table").first().innerText();
    for (const word of ["nginx", "1.26.3-3+deb13u11: web-[01-09,13-14]", "not installed: web-12", "could not be told: web-[15-16]"]) {
      assert.ok(text.includes(word), `${word} is missing in ${text}`);
    }
    await close(page);
  },

  async "everything is reached by the keyboard, and the first thing skips to the report"() {
    const page = await open(demo);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the report");
    const names = new Set();
    for (let nth = 0; nth < 60; nth += 1) {
      await page.keyboard.press("Tab");
      names.add(await page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent));
    }
    for (const name of ["Clusters", "Colours: auto. Change", "Hosts and packages of web"]) assert.ok(names.has(name), `${name} is not among ${[...names].join(" | ")}`);
    await close(page);
  },

  async "colours follow the reader, and turn at a press"() {
    const page = await open(demo, "", { colorScheme: "dark" });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await paper();
    await page.locator(".theme").click();
    assert.notEqual(await paper(), dark);
    await page.locator(".theme").click();
    assert.equal(await paper(), dark);
    await close(page);
  },

  async "a command is copied as it is shown"() {
    const page = await open(demo);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.locator("#advice .command", { hasText: "apt-mark unhold nginx" }).getByRole("button").click();
    await page.getByText("Copied", { exact: true }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "apt-mark unhold nginx");
    await close(page);
  },

  async "an upgrade is told with its causes, and what is not known"() {
    const page = await open(ready);
    assert.equal(await page.locator("h1").innerText(), "An upgrade would fail on 6 of 20 hosts.\n2 could not be told.");
    const text = await page.locator("#upgrades").innerText();
    for (const word of ["nginx to 1.26 in web", "replace instead", "libssl3t64 (>= 3.3.0) has no candidate", "the upgrade would leave the cluster drifted", "Could not be told", "refused the connection"]) {
      assert.ok(text.includes(word), `${word} is missing in ${text}`);
    }
    await page.goto(page.url().split("#")[0] + "#host/web-11");
    await page.locator("#detail", { hasText: "apt-mark unhold nginx" }).waitFor();
    await close(page);
  },

  async "without scripting it says what to do"() {
    const page = await open(demo, "", { javaScriptEnabled: false });
    assert.ok(await page.locator("h1").isVisible());
    assert.match(await page.locator("main").textContent(), /This report needs scripting[^]*driftless report -o markdown/);
    await close(page);
  },

  async "a page that was left is found again"() {
    const page = await open(demo);
    await page.getByRole("link", { name: "Advice" }).first().click();
    await page.waitForFunction(() => document.activeElement.id === "advice-title");
    await page.reload();
    await made(page);
    assert.ok(await page.locator("#advice-title").isVisible());
    await close(page);
  },
});
