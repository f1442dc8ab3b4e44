// Pages of their own: one host, or one finding, each under an address that can be sent.

function page(title, ...content) {
  return h("article", { class: "detail", "aria-labelledby": "detail-title" },
    h("p", { class: "back" }, h("a", { href: "#overview", onclick: back }, "← Whole report")),
    h("h1", { id: "detail-title", tabindex: "-1" }, title), ...content);
}

// Where the reader came from inside the report, that is where they go back to.
function back(event) {
  if (!visited.within) return;
  event.preventDefault();
  history.back();
}

function part(title, ...content) {
  return h("section", { class: "part" }, h("h2", {}, title), ...content);
}

function facts(...rows) {
  return h("dl", { class: "facts" }, rows.filter((row) => row && row[1] !== null && row[1] !== "" && row[1] !== undefined)
    .map(([term, ...value]) => h("div", {}, h("dt", {}, term), h("dd", {}, ...value))));
}

function table(titles, rows, noun, nouns) {
  const body = h("tbody", {});
  const make = (cells) => h("tr", {}, cells.map((cell, nth) => h(nth ? "td" : "th", { scope: nth ? null : "row", "data-label": titles[nth] }, cell)));
  const more = slices(body, rows, make, 60, noun, nouns);
  return [h("table", { class: "stack" }, h("thead", {}, h("tr", {}, titles.map((title) => h("th", { scope: "col" }, title)))), body), more];
}

function hostPage(name) {
  const host = hostByName.get(name);
  if (!host) return page("No such host", h("p", {}, "This report knows no host called ", v(name, 400), "."));
  const waived = host.findings.filter((finding) => finding.waived).length;
  const own = [...host.findings].sort((one, other) => Boolean(one.waived) - Boolean(other.waived) || one.index - other.index);
  const rows = h("tbody", {});
  return page(v(host.name, 20000),
    h("p", { class: "tags" }, host.verdict && tag(host.verdict), host.status !== "audited" && h("span", { class: "tag t-unknown" }, icon("unknown"), h("span", {}, host.status === "partial" ? "audited in part" : host.status)),
      host.verdict && h("span", { class: "soft" }, MEANINGS[host.verdict])),
    host.error && h("div", { class: "alert" }, h("h2", {}, icon("unknown"), host.status === "unreachable" ? "Not audited" : "The audit ended early"),
      h("p", {}, h("code", {}, host.error.phase), ": ", v(host.error.message, 4000)), host.error.hint && h("p", { class: "soft" }, v(host.error.hint, 2000))),
    facts(["System", host.os ? v(host.os, 200) : "could not be told"], ["Clusters", links(host.clusters)],
      ["Groups", host.groups.length ? v(host.groups.join(", "), 1000) : null], host.seen && ["Seen", longDay(host.seen) + ", " + clock(host.seen)],
      host.maintenance && ["Maintenance", v(host.maintenance, 1000)]),
    host.reasons.length > 0 && part("Why", h("ul", { class: "plain-list" }, host.reasons.map((reason) => h("li", {}, v(reason, 1000))))),
    host.gaps.length > 0 && part("What could not be read", table(["What", "Reason", "In its own words"], host.gaps.map((gap) => [h("code", {}, v(gap.probe, 80)), gap.reason, v(gap.detail, 2000)]), "gap")),
    part(own.length ? plural(own.length - waived, "finding") + (waived ? `, and ${count(waived)} waived` : "") : "Findings",
      own.length ? [findingTable(rows, false), slices(rows, own, findingRow, 60, "finding")] : h("p", { class: "empty" }, host.status === "audited" ? "Nothing was found." : "Nothing was found, as far as could be read.")),
    differing(host), upgradesOn(host), adviceOn(host), standIns(host), writesOf(host), snowflake(host));
}

function links(all) {
  const known = new Set(clusters.map((cluster) => cluster.name));
  return all.length ? all.map((name, nth) => [nth ? ", " : "", hasClusters() && known.has(name) ? link(clusterFragment(name), v(name, 80)) : v(name, 80)]) : null;
}

// Packages of which this host has another value than expected, or than most have.
function differing(host) {
  const rows = [];
  let untold = 0;
  for (const cluster of clusters.filter(({ at }) => at.has(host.index))) {
    for (const one of cluster.packages) {
      const value = one.values.find((each) => each.hosts.includes(host.index));
      if (!value || value.tone === "same") continue;
      if (value.state === "unknown") {
        untold += 1;
        continue;
      }
      rows.push([v(packageName(cluster, one), 80), h("span", { class: "mono" }, v(versionWord(value), 80)),
        one.expected === null ? h("span", { class: "soft" }, "nothing is called right") : h("span", { class: "mono" }, v(one.expected, 80)), v(cluster.name, 60)]);
    }
  }
  if (!rows.length && !untold) return null;
  return part("Packages that differ",
    untold > 0 && h("p", { class: "small" }, `${plural(untold, "package")} could not be told.`),
    rows.length > 0 && table(["Package", "Here", "Expected", "Cluster"], rows, "package"));
}

function upgradesOn(host) {
  const mine = upgrades.map((one) => ({
    one, blocked: one.blocked.find((each) => each.host === host.index), unknown: one.unknown.find((each) => each.host === host.index), ready: one.ready.includes(host.index),
  })).filter((each) => each.blocked || each.unknown || each.ready);
  if (!mine.length) return null;
  return part("Upgrades", mine.map(({ one, blocked, unknown }) => h("div", { class: "card" },
    h("h3", {}, blocked ? tag("blocked") : unknown ? tag("unknown") : tag("ready", "no known obstacle"), " ", v(one.package, 80), " to ", v(one.target, 80)),
    unknown && h("p", {}, v(unknown.reason, 2000)),
    blocked?.obstacles.map((obstacle) => h("div", { class: "obstacle" }, h("p", {}, h("b", {}, v(obstacle.subject, 200)), ": ", v(obstacle.message, 2000)), obstacle.remedy && steps([obstacle.remedy]))))));
}

function adviceOn(host) {
  const mine = advice.filter((one) => one.hosts.includes(host.index));
  return mine.length > 0 && part("Advice", h("div", { class: "cards" }, mine.map(adviceCard)));
}

function standIns(host) {
  return host.stands_in && part("Containers that stand in", table(["Container", "For", "Counts"], host.stands_in.map((one) => [
    [v(one.container, 200), h("span", { class: "hint" }, v(one.image, 300))], [v(one.service, 80), " of ", v(one.cluster, 80)], one.refused === null ? "yes" : ["no: ", v(one.refused, 1000)],
  ]), "container"));
}

function writesOf(host) {
  return host.writes?.length > 0 && part("Where its services write", table(["Path", "Service", "Kind", "Evidence"],
    host.writes.map((one) => [h("code", {}, v(one.path, 300)), v(one.service, 80), one.class, one.evidence.map((text) => h("div", {}, v(text, 400)))]), "path"));
}

// How far it is from its cluster: every term with its weight, and what was not measured.
function snowflake(host) {
  if (!host.snowflake || host.status === "unreachable") return null;
  const [score, shape, values] = host.snowflake;
  const { terms, not_measured: unmeasured } = raw.shapes[shape];
  const rows = terms.map(([name, weight], nth) => {
    const fill = h("i", {});
    fill.style.width = Math.round(values[nth] * 100) + "%";
    return [v(name, 60), h("span", { class: "score" }, h("span", { class: "track", "aria-hidden": "true" }, fill), values[nth].toFixed(2)), weight.toFixed(2)];
  });
  return part(["Snowflake score ", h("span", { class: "number" }, score.toFixed(2))],
    h("p", { class: "soft small" }, "How far it is from its cluster, 0 to 1. It orders hosts and decides nothing.",
      unmeasured.length > 0 && ` Not measured: ${unmeasured.join(", ")}.`), rows.length > 0 && table(["Term", "Value", "Weight"], rows, "term"));
}

function findingPage(key) {
  const finding = findingByKey.get(key);
  if (!finding) return page("No such finding", h("p", {}, "This report has no finding ", h("code", {}, v(key, 400)), ". It may be gone, or of another run."));
  const evidence = evidenceOf(finding).filter(([, value]) => value !== null && !(Array.isArray(value) && !value.length));
  const mono = (text) => text === null ? null : h("span", { class: "mono" }, v(text, 1000));
  return page([v(finding.subject, 20000)],
    h("p", { class: "tags" }, tag(finding.severity), finding.change && h("span", { class: "mark" }, finding.change), finding.waived && h("span", { class: "mark" }, "waived")),
    h("p", { class: "lead" }, v(finding.message, 8000)),
    finding.waived && h("div", { class: "note" }, "It does not count: ", v(finding.waived.justification, 1000), finding.waived.until && `, until ${day(finding.waived.until)}`),
    facts(["Host", finding.host ? hostLink(finding.host.index, 400) : null], ["Cluster", finding.cluster ? links([finding.cluster]) : null],
      ["Rule", link("findings?rule=" + encodeURIComponent(finding.rule), v(finding.rule, 80))],
      ["Observed", mono(finding.observed) ?? h("span", { class: "soft" }, "not there")], ["Expected", mono(finding.expected)], ["Distance", finding.distance],
      ["Place", finding.place && h("code", {}, v(finding.place, 400))],
      ["Since", finding.since && longDay(finding.since) + ", " + clock(finding.since)],
      ["Key", h("span", { class: "command" }, h("code", { tabindex: "0" }, v(finding.key, 4000)), copyButton(finding.key, "the key"))]),
    h("p", { class: "small soft" }, "What this rule means, and why it matters: ", h("code", {}, "driftless explain ", v(finding.rule, 60))),
    evidence.length > 0 && part("Evidence", facts(...evidence.map(([name, value]) => [name.replaceAll("_", " "), shown(value)]))));
}

// Evidence as it comes: texts, lists, and things with names.
function shown(value) {
  if (value === null || value === "") return h("span", { class: "soft" }, "–");
  if (Array.isArray(value)) return h("ul", { class: "plain-list" }, value.slice(0, 400).map((one) => h("li", {}, shown(one))), value.length > 400 && h("li", {}, `and ${count(value.length - 400)} more`));
  if (typeof value === "object") {
    return h("dl", { class: "inner" }, Object.entries(value).filter(([, one]) => one !== null).map(([name, one]) => h("div", {}, h("dt", {}, v(name.replaceAll("_", " "), 80)), h("dd", {}, shown(one)))));
  }
  const text = String(value);
  if (!text.includes("\n")) return v(text, 4000);
  const kind = (line) => (line.startsWith("+") ? "added" : line.startsWith("-") ? "taken" : "");
  return h("pre", { tabindex: "0" }, text.replace(/\n$/, "").split("\n").map((line) => h("span", { class: "line " + kind(line) }, v(line, 4000), h("br", {}))));
}
