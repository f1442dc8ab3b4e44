// How large the HTML report of a large fleet is, and how fluid: node benches/html.mjs [PROGRAM] [HOSTS] [PACKAGES]
//
// One cluster of 1,000 hosts and 780 packages; three of a hundred cells are astray, so that hardly two hosts are equal and
// every package has spread: the worst there is to fold. PROGRAM (target/release/driftless) makes the page of a JSON report, and
// Chromium, which scripts/test installs, opens it. Figures are printed and none is tested: nothing fails because it is slow.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { close, open, run } from "../tests/browser/browser.mjs";

const [program = "target/release/driftless", hostCount = "1000", packageCount = "780"] = process.argv.slice(2);

// Numbers that look like chance and are the same in every run: mulberry32.
let seed = 9;
function chance() {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

function report() {
  const names = Array.from({ length: Number(hostCount) }, (_, nth) => `web-${String(nth).padStart(4, "0")}.example.net`);
  const findings = [];
  const astray = new Set();
  const packages = Array.from({ length: Number(packageCount) }, (_, nth) => {
    const versions = [0, 1, 2].map((other) => `${nth % 9}.${nth % 31}.${other}-${1 + (nth % 4)}+deb13u${1 + (nth % 7)}`);
    const name = `lib${nth.toString(36)}-${nth % 5}`;
    const holders = new Map();
    names.forEach((host, at) => {
      const value = at % 97 === 5 ? undefined : chance() < 0.03 ? [versions[1], versions[2], null][Math.floor(chance() * 3)] : versions[0];
      holders.set(value, [...(holders.get(value) ?? []), host]);
      if (value === undefined || value === versions[0]) return;
      astray.add(host);
      findings.push({
        key: `package-version/web/${host}/${name}`, rule: "package-version", severity: "medium", cluster: "web", host, subject: name,
        expected: versions[0], observed: value, distance: value && "patch", message: `${value ?? "not installed"} where ${versions[0]} is expected`,
        evidence: {}, location: null, waived: null,
      });
    });
    const spread = [...holders].map(([version, hosts]) => ({
      version: version ?? null, state: version === undefined ? "unknown" : version === null ? "absent" : "installed", hosts,
    }));
    return { name, arch: "amd64", expected: versions[0], spread };
  });
  const terms = ["release", "packages", "broken", "policy", "services"].map((name) => ({ name, weight: 0.2, value: 0 }));
  const hosts = names.map((name, at) => ({
    name, groups: ["web"], clusters: ["web"], status: at % 97 === 5 ? "unreachable" : "audited", os: { id: "debian", version: "13", name: "Debian GNU/Linux 13 (trixie)" },
    verdict: at % 97 === 5 ? "unknown" : astray.has(name) ? "repair" : "in-sync", maintenance: null, reasons: [], snowflake: { score: 0.1, terms, not_measured: [] }, gaps: [],
    error: at % 97 === 5 ? { phase: "connect", message: "the host refused the connection", hint: "is sshd running, and on this port?" } : null,
  }));
  const lost = hosts.filter(({ error }) => error).length;
  return {
    schema: "driftless/report/v1", command: "audit",
    run: { id: "000000000000", started: "2026-11-28T06:00:00Z", finished: "2026-11-28T06:00:41Z", version: "0.1.0" },
    summary: {
      hosts: names.length, audited: names.length - lost, partial: 0, unreachable: lost, in_sync: names.length - lost - astray.size, drifted: astray.size,
      findings: { critical: 0, high: 0, medium: findings.length, low: 0, info: 0 },
    },
    hosts, clusters: [{ name: "web", hosts: names, verdict: "repair", packages }], findings, advice: [],
  };
}

const median = (all) => [...all].sort((one, other) => one - other)[Math.floor(all.length / 2)];

async function measure(file) {
  const page = await open(file);
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  // From the key to the frame that shows what it found.
  const keys = await page.evaluate(async () => {
    const [box, said, took] = [document.getElementById("f-q"), document.querySelector("#findings .found"), []];
    for (const text of ["l", "li", "lib", "lib2", "lib2a", "web-0376"]) {
      const before = said.textContent;
      const changed = new Promise((done) => new MutationObserver((_, observer) => { observer.disconnect(); done(); }).observe(said, { childList: true, characterData: true, subtree: true }));
      const started = performance.now();
      box.value = text;
      box.dispatchEvent(new Event("input"));
      await changed;
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      took.push(performance.now() - started);
      if (!before) break;
    }
    return took;
  });
  const frames = await page.evaluate(async () => {
    const [box, took] = [document.querySelector(".map-box"), []];
    box.scrollIntoView();
    for (let nth = 0; nth < 60; nth += 1) {
      const started = performance.now();
      box.scrollLeft = nth * 150;
      box.scrollTop = nth * 200;
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      took.push(performance.now() - started);
    }
    return took;
  });
  await close(page);
  return { paint, key: median(keys), worstKey: Math.max(...keys), frame: median(frames), worstFrame: Math.max(...frames) };
}

await run({
  async "the page of a large fleet"() {
    const folder = mkdtempSync(join(tmpdir(), "driftless-html-"));
    try {
      const whole = report();
      writeFileSync(join(folder, "report.json"), JSON.stringify(whole));
      const started = performance.now();
      execFileSync(program, ["report", join(folder, "report.json"), "-q", "--fail-on", "never", "-o", `html=${join(folder, "report.html")}`], { stdio: "inherit" });
      const made = performance.now() - started;
      const all = [];
      for (let nth = 0; nth < 5; nth += 1) all.push(await measure(join(folder, "report.html")));
      const of = (name) => median(all.map((one) => one[name])).toFixed(0).padStart(6);
      console.log(`${hostCount} hosts × ${packageCount} packages, ${whole.findings.length} findings; medians of 5 openings`);
      console.log(`file                ${(statSync(join(folder, "report.html")).size / 2 ** 20).toFixed(2).padStart(6)} MiB, made in ${made.toFixed(0)} ms`);
      console.log(`first paint         ${of("paint")} ms`);
      console.log(`a key in the search ${of("key")} ms, the slowest ${of("worstKey")} ms`);
      console.log(`a frame of the map  ${of("frame")} ms, the slowest ${of("worstFrame")} ms`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});
