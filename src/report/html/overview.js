// The overview: what ran, how the fleet stands, what was found, what is new, and what was not audited.

const summary = raw.summary;
const counting = findings.filter((finding) => !finding.waived);

// The sections that the report has, by their fragment.
const SECTIONS = [
  ["overview", "Overview", () => true],
  ["clusters", "Clusters", hasClusters],
  ["upgrades", "Upgrades", () => raw.upgrades !== null],
  ["advice", "Advice", () => raw.advice !== null],
  ["findings", "Findings", () => true],
  ["hosts", "Hosts", () => hosts.length > 0],
];

// Where nothing was compared, now or before, there is nothing to tell of clusters.
function hasClusters() {
  return clusters.some((cluster) => cluster.compared || trends.has(cluster.name));
}

const THEMES = ["auto", "light", "dark"];

function topBar() {
  const theme = h("button", { type: "button", class: "theme", onclick: turn });
  function turn() {
    const root = document.documentElement;
    const now = THEMES.indexOf(root.dataset.theme ?? "auto");
    root.dataset.theme = THEMES[(now + 1) % THEMES.length];
    label();
    window.dispatchEvent(new Event("retheme"));
  }
  function label() {
    const now = document.documentElement.dataset.theme ?? "auto";
    refill(theme, h("span", { class: "half", "aria-hidden": "true" }), h("span", {}, now[0].toUpperCase() + now.slice(1)));
    theme.setAttribute("aria-label", "Colours: " + now + ". Change");
  }
  label();
  const there = SECTIONS.filter(([, , has]) => has());
  refill(
    document.getElementById("top"),
    h("a", { class: "brand", href: "#overview" }, "driftless"),
    h("nav", { "aria-label": "Sections" }, there.map(([id, title]) => h("a", { href: "#" + id, "data-nav": id }, title))),
    theme,
  );
}

// The report in a sentence.
function headline() {
  const all = summary.hosts;
  const seen = summary.audited + summary.partial;
  const of = `${count(all)} ${all === 1 ? "host" : "hosts"}`;
  if (all === 0) return ["No host was asked.", ""];
  if (seen === 0) return [all === 1 ? "The host could not be audited." : `None of ${of} could be audited.`, "Nothing is known of this fleet: that is no good news."];
  if (drift) {
    const untold = all - summary.in_sync - summary.drifted - (summary.replaced ?? 0);
    const rest = untold ? `${count(untold)} could not be told` : "";
    if (summary.drifted) return [`${count(summary.drifted)} of ${of} ${summary.drifted === 1 ? "has" : "have"} drifted.`, rest && rest + "."];
    if (untold) return [`No drift on ${count(all - untold)} of ${of}.`, rest + ", and may have drifted."];
    return [all === 1 ? "The host is in sync." : summary.replaced ? `All ${of} are in sync or replaced.` : `All ${of} are in sync.`, ""];
  }
  const blocked = new Set(upgrades.flatMap((one) => one.blocked.map(({ host }) => host))).size;
  const unknown = new Set(upgrades.flatMap((one) => one.unknown.map(({ host }) => host))).size;
  const rest = unknown ? `${count(unknown)} could not be told.` : "";
  if (raw.upgrades === null) return [`${count(summary.audited)} of ${of} ${summary.audited === 1 ? "was" : "were"} audited.`, ""];
  if (blocked) return [`An upgrade would fail on ${count(blocked)} of ${of}.`, rest];
  return [`No obstacle is known on ${count(all - unknown)} of ${of}.`, rest];
}

// A bar of parts, and what each of them is.
function partsBar(parts, label) {
  const shown = parts.filter((part) => part.count);
  const bar = h("div", { class: "bar", "aria-hidden": "true" }, shown.map((part) => {
    const piece = h("span", { class: "b-" + part.kind });
    piece.style.flexGrow = part.count;
    return piece;
  }));
  const list = h("ul", { class: "parts", "aria-label": label }, parts.map((part) =>
    h("li", { class: part.count ? "" : "none" },
      h("b", { class: "number" }, count(part.count)), " ",
      h("span", { class: "key" }, h("i", { class: "b-" + part.kind, "aria-hidden": "true" }),
        part.href && part.count ? h("a", { href: part.href }, part.word) : part.word))));
  return [bar, list];
}

function fleetParts() {
  if (drift) {
    const replaced = summary.replaced ?? 0;
    return [
      { kind: "drifted", word: "drifted", count: summary.drifted, href: "#hosts?verdict=drifted" },
      { kind: "unknown", word: "could not be told", count: summary.hosts - summary.in_sync - summary.drifted - replaced, href: "#hosts?verdict=unknown" },
      { kind: "in-sync", word: "in sync", count: summary.in_sync, href: "#hosts?verdict=in-sync" },
      ...(replaced ? [{ kind: "replaced", word: "replaced", count: replaced, href: "#hosts?verdict=replaced" }] : []),
    ];
  }
  const blocked = new Set(upgrades.flatMap((one) => one.blocked.map(({ host }) => host)));
  const unknown = new Set(upgrades.flatMap((one) => one.unknown.map(({ host }) => host)).filter((host) => !blocked.has(host)));
  const rest = new Set(upgrades.flatMap((one) => one.ready).filter((host) => !blocked.has(host) && !unknown.has(host)));
  if (!blocked.size && !unknown.size && !rest.size) return [];
  return [
    { kind: "drifted", word: "would fail", count: blocked.size, href: "#upgrades" },
    { kind: "unknown", word: "could not be told", count: unknown.size, href: "#upgrades" },
    { kind: "in-sync", word: "no known obstacle", count: rest.size, href: "#upgrades" },
  ];
}

function overview() {
  const [first, second] = headline();
  const audit = [
    { kind: "in-sync", word: "audited", count: summary.audited },
    { kind: "partial", word: "in part", count: summary.partial, href: "#not-audited" },
    { kind: "unknown", word: "unreachable", count: summary.unreachable, href: "#not-audited" },
  ];
  const fleet = fleetParts();
  const length = took(raw.run.started, raw.run.finished);
  return h("section", { id: "overview", "aria-labelledby": "headline" },
    h("p", { class: "eyebrow" }, h("code", {}, "driftless " + raw.command), " · ", longDay(raw.run.started), ", ", h("time", { datetime: raw.run.started }, clock(raw.run.started))),
    h("h1", { id: "headline", tabindex: "-1" }, h("span", {}, first), second && [" ", h("span", { class: "second" }, second)]),
    h("div", { class: "figures" },
      fleet.length > 0 && h("div", { class: "figure wide" }, h("h2", {}, "Fleet"), partsBar(fleet, "How hosts stand")),
      h("div", { class: "figure" }, h("h2", {}, "Audit"), partsBar(audit, "How the audit went")),
      h("div", { class: "figure" }, h("h2", {}, "Findings"), severities()),
      since(),
    ),
    h("p", { class: "soft small" }, plural(summary.hosts, "host"), " in ", plural(clusters.length, "cluster"),
      length && ` · took ${length}`, " · run ", h("code", {}, v(raw.run.id, 40)), " · version ", v(raw.run.version, 40)),
    notAudited(),
  );
}

function severities() {
  return h("ul", { class: "parts severities", "aria-label": "Findings by severity" }, SEVERITIES.map((severity) => {
    const number = summary.findings[severity] ?? 0;
    return h("li", { class: number ? "" : "none" }, h("b", { class: "number" }, count(number)), " ",
      h("span", { class: "key s-" + severity }, icon(severity), number ? link("findings?severity=" + severity, severity) : severity));
  }));
}

// What became of findings since the run before; nothing where none is known.
function since() {
  if (!raw.before) return null;
  const changed = (change) => counting.filter((finding) => finding.change === change).length;
  const rows = [["new", changed("new")], ["returned", changed("returned")], ["persisting", changed("persisting")]];
  return h("div", { class: "figure" }, h("h2", {}, "Since ", day(raw.before.started)),
    h("ul", { class: "parts", "aria-label": "What became of findings" },
      rows.map(([change, number]) => h("li", { class: number ? "" : "none" }, h("b", { class: "number" }, count(number)), " ",
        h("span", { class: "key" }, number ? link("findings?change=" + change, change) : change))),
      h("li", { class: raw.resolved?.length ? "" : "none" }, h("b", { class: "number" }, count(raw.resolved?.length ?? 0)), " ",
        h("span", { class: "key" }, raw.resolved?.length ? link("resolved", "resolved") : "resolved"))));
}

// What was not audited is as loud as drift: hosts with one cause together.
function notAudited() {
  const causes = new Map();
  const add = (key, row, index) => {
    if (!causes.has(key)) causes.set(key, { ...row, hosts: [] });
    causes.get(key).hosts.push(index);
  };
  for (const host of hosts.filter(({ known }) => known)) {
    if (host.error) {
      add(JSON.stringify([host.status, host.error]), { status: host.status, what: host.error.phase, why: host.error.message, hint: host.error.hint }, host.index);
    } else if (host.status === "unreachable") {
      add("unreachable", { status: host.status, what: "", why: "it did not answer", hint: "" }, host.index);
    }
    if (host.status === "partial") {
      for (const gap of host.gaps) add(JSON.stringify(gap), { status: host.status, what: gap.probe, why: gap.reason + ": " + gap.detail, hint: "" }, host.index);
    }
  }
  const rows = [...causes.values()].sort((one, other) => other.hosts.length - one.hosts.length);
  const missing = summary.partial + summary.unreachable;
  if (!missing && !rows.length) return null;
  const list = h("tbody", {});
  const more = slices(list, rows, (row) => h("tr", {},
    h("th", { scope: "row", "data-label": "Hosts" }, row.hosts.length > 1 && h("span", { class: "times" }, count(row.hosts.length) + " × "), hostList(row.hosts)),
    h("td", { "data-label": "Audited" }, row.status === "partial" ? "in part" : "not at all"),
    h("td", { "data-label": "What" }, h("code", {}, v(row.what, 60))),
    h("td", { "data-label": "Why" }, v(row.why, 400), row.hint && h("span", { class: "hint" }, v(row.hint, 400)))), 30, "cause");
  return h("div", { class: "alert", id: "not-audited", tabindex: "-1", role: "group", "aria-labelledby": "not-audited-title" },
    h("h2", { id: "not-audited-title" }, icon("unknown"), missing ? `${plural(missing, "host")} not audited, or not wholly` : "Not audited wholly"),
    h("p", {}, "What could not be read may have drifted: it is never counted as in sync."),
    h("table", { class: "stack" }, h("thead", {}, h("tr", {}, ["Hosts", "Audited", "What", "Why, and what to do"].map((title) => h("th", { scope: "col" }, title)))), list), more);
}

// What was found before and is gone.
function resolvedList() {
  if (!raw.resolved?.length) return null;
  const list = h("tbody", {});
  const more = slices(list, raw.resolved, (one) => h("tr", {},
    h("td", { "data-label": "Severity" }, tag(one.severity)),
    h("th", { scope: "row", "data-label": "Finding" }, v(one.key, 200)),
    h("td", { "data-label": "Last seen" }, day(one.last_seen))), 50, "resolved finding");
  return h("details", { class: "fold", id: "resolved" }, h("summary", {}, "Resolved since the run before: ", plural(raw.resolved.length, "finding")),
    h("table", { class: "stack" }, h("thead", {}, h("tr", {}, ["Severity", "Finding", "Last seen"].map((title) => h("th", { scope: "col" }, title)))), list), more);
}
