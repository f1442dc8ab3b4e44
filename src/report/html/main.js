// The start: the overview first, then the rest a slice at a time; addresses; paper.

const visited = { within: false, top: 0, at: null };
const wholeView = h("div", { id: "whole" });
const detailView = h("div", { id: "detail", hidden: true });
const sections = [
  [hasClusters, clustersSection], [() => raw.upgrades !== null, upgradesSection], [() => raw.advice !== null, adviceSection],
  [() => true, findingsSection], [() => hosts.length > 0, hostsSection],
];

function start() {
  topBar();
  document.getElementById("main").replaceChildren(wholeView, detailView);
  put(wholeView, [overview()]);
  entitle();
  const known = longDay(raw.run.started) + ", " + clock(raw.run.started);
  put(document.getElementById("foot"), ["Made by driftless ", v(raw.run.version, 40), " from the run of ", known,
    ". This file loads nothing and sends nothing. Times are UTC."]);
  for (const [has, make] of sections) if (has()) later.push(() => put(wholeView, [make()]));
  window.addEventListener("hashchange", (event) => {
    visited.within = true;
    route(event.oldURL);
  });
  window.addEventListener("beforeprint", beforePrint);
  window.addEventListener("afterprint", afterPrint);
  if (location.hash.length > 1) {
    flush();
    route();
  } else {
    // The first paint does not wait for what is below it.
    requestAnimationFrame(() => setTimeout(work));
    setTimeout(work, 200);
  }
}

// Makes what is left, a few milliseconds at a time.
function work() {
  const until = performance.now() + 12;
  while (later.length && performance.now() < until) later.shift()();
  if (later.length) setTimeout(work);
}

function flush() {
  while (later.length) later.shift()();
}

// Paper is light; what is drawn for it must be so before the style sheet of paper holds.
let shade;

function beforePrint() {
  shade = document.documentElement.dataset.theme ?? "auto";
  setTheme("light");
  flush();
  // What is made for paper may ask for more, which comes to its turn.
  for (const { before } of printing) before();
  flush();
}

function afterPrint() {
  setTheme(shade);
  printing.forEach(({ after }) => after?.());
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  window.dispatchEvent(new Event("retheme"));
}

function entitle(what) {
  const [first, second] = headline();
  document.title = clean((what ? what + " · " : "") + `driftless: ${[first, second].filter(Boolean).join(" ")}`);
}

// Where the whole report was left is where it is found again.
function leave(url) {
  if (wholeView.hidden) return;
  [visited.top, visited.at] = [window.scrollY, url ? new URL(url).hash : null];
}

function route(from) {
  const { place, asked, verdict } = readFragment(location.hash);
  const host = named(place, "host");
  const finding = named(place, "finding");
  if (host !== null || finding !== null) {
    leave(from);
    refill(detailView, host !== null ? hostPage(host) : findingPage(finding));
    [wholeView.hidden, detailView.hidden] = [true, false];
    entitle(cut(host ?? finding, 80));
    window.scrollTo(0, 0);
    document.getElementById("detail-title").focus({ preventScroll: true });
    return;
  }
  const returned = !detailView.hidden && location.hash === visited.at;
  [wholeView.hidden, detailView.hidden] = [false, true];
  refill(detailView);
  entitle();
  flush();
  if (place === "findings") askFindings(asked);
  if (place === "hosts" && verdict !== hostView.verdict) askHosts(verdict);
  const cluster = named(place, "cluster");
  const known = cluster !== null && clusters.find(({ name }) => name === cluster);
  known?.show?.();
  const target = known?.box ?? document.getElementById(known ? "clusters" : place || "overview");
  if (target instanceof HTMLDetailsElement) target.open = true;
  if (returned) {
    window.scrollTo(0, visited.top);
    return;
  }
  target?.scrollIntoView();
  const heading = target?.matches("[tabindex]") ? target : target?.querySelector("summary, h1, h2");
  heading?.focus({ preventScroll: true });
}

start();
