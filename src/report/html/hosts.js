// Hosts: every host in one table, the worst first, each with a page of its own.

const hostView = { verdict: "", q: "" };

// How each host fares in the upgrades, the worst of them; nothing where none is asked for.
const forecast = new Map();
for (const one of upgrades) {
  for (const { host } of one.blocked) forecast.set(host, "blocked");
  for (const { host } of one.unknown) if (forecast.get(host) !== "blocked") forecast.set(host, "unknown");
  for (const host of one.ready) if (!forecast.has(host)) forecast.set(host, "ready");
}
const FORECASTS = ["blocked", "unknown", "ready", undefined];

function hostsSection() {
  hostView.search = h("input", { type: "search", id: "h-q", autocomplete: "off", spellcheck: "false", placeholder: "name, system, cluster, group", oninput: () => { hostView.q = hostView.search.value; refreshHosts(); } });
  const told = VERDICTS.filter((one) => hosts.some((host) => host.verdict === one));
  hostView.select = told.length > 0 && h("select", { id: "h-verdict", onchange: () => {
    hostView.verdict = hostView.select.value;
    history.replaceState(null, "", writeFragment("hosts", { verdict: hostView.verdict }));
    refreshHosts();
  } }, h("option", { value: "" }, "every verdict"), h("option", { value: "drifted" }, "drifted"), told.map((one) => h("option", { value: one }, word(one))));
  hostView.body = h("div", {});
  hostView.said = h("p", { class: "found", role: "status" });
  later.push(() => { if (!hostView.body.firstChild) refreshHosts(); });
  return h("section", { id: "hosts", "aria-labelledby": "hosts-title" },
    h("h2", { id: "hosts-title", tabindex: "-1" }, "Hosts"),
    h("form", { class: "filters", role: "search", "aria-label": "Filter hosts", onsubmit: (event) => event.preventDefault() },
      labelled("Search", hostView.search, "wide"), hostView.select && labelled("Verdict", hostView.select)),
    hostView.said, hostView.body);
}

function askHosts(verdict) {
  hostView.verdict = verdict;
  if (hostView.select) hostView.select.value = verdict;
  refreshHosts();
}

function refreshHosts() {
  const needles = hostView.q.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (host) => !hostView.verdict || (hostView.verdict === "drifted" ? DRIFT.has(host.verdict) : host.verdict === hostView.verdict);
  const order = (host) => VERDICTS.indexOf(host.verdict ?? "unknown");
  const found = hosts.filter((host) => fits(host) && needles.every((needle) => {
    host.hay ??= [host.name, host.os ?? "", ...host.clusters, ...host.groups].join("\n").toLowerCase();
    return host.hay.includes(needle);
  })).sort((one, other) => order(one) - order(other) || FORECASTS.indexOf(forecast.get(one.index)) - FORECASTS.indexOf(forecast.get(other.index)) || (other.snowflake?.[0] ?? 0) - (one.snowflake?.[0] ?? 0) || COLLATE.compare(one.name, other.name));
  hostView.said.textContent = found.length === hosts.length ? plural(found.length, "host") : `${count(found.length)} of ${plural(hosts.length, "host")}`;
  const scored = hosts.some((host) => host.snowflake);
  const rows = h("tbody", {});
  const more = slices(rows, found, (host) => hostRow(host, scored), 60, "host");
  const titles = ["Host", ...(drift ? ["Verdict"] : []), ...(forecast.size ? ["Upgrade"] : []), "Audited", "System", "Findings", ...(scored ? ["Snowflake"] : [])];
  refill(hostView.body, found.length
    ? [h("table", { class: "stack hosts" }, h("thead", {}, h("tr", {}, titles.map((title) => h("th", { scope: "col" }, title)))), rows), more]
    : h("p", { class: "empty" }, "No host is like that."));
}

function hostRow(host, scored) {
  const number = host.findings.filter((finding) => !finding.waived).length;
  return h("tr", {},
    h("th", { scope: "row", "data-label": "Host" }, hostLink(host.index, 120), host.maintenance && h("span", { class: "hint" }, "under maintenance: ", v(host.maintenance, 120))),
    drift && h("td", { "data-label": "Verdict" }, host.verdict ? tag(host.verdict) : h("span", { class: "soft" }, "not asked")),
    forecast.size > 0 && h("td", { "data-label": "Upgrade" }, forecastWord(forecast.get(host.index))),
    h("td", { "data-label": "Audited" }, statusWord(host)),
    h("td", { "data-label": "System" }, host.os ? v(host.os, 80) : h("span", { class: "soft" }, "not known")),
    h("td", { "data-label": "Findings" }, number ? count(number) : h("span", { class: "soft" }, "–")),
    scored && h("td", { "data-label": "Snowflake" }, host.status === "unreachable" ? h("span", { class: "soft" }, "not measured") : scoreBar(host)));
}

function forecastWord(kind) {
  return kind ? tag(kind, kind === "ready" ? "no known obstacle" : word(kind)) : h("span", { class: "soft" }, "not asked for");
}

function statusWord(host) {
  return host.status === "audited" ? "wholly" : host.status === "partial" ? h("b", {}, "in part") : host.status === "unreachable" ? h("b", {}, "unreachable") : "not known";
}

// The score as a bar with its number.
function scoreBar(host) {
  const score = host.snowflake?.[0] ?? 0;
  const fill = h("i", {});
  fill.style.width = Math.round(score * 100) + "%";
  return h("span", { class: "score" }, h("span", { class: "track", "aria-hidden": "true" }, fill), score.toFixed(2));
}
