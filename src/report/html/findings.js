// Findings: a table that is searched, filtered and sorted, and whose state is its address.

const COLUMNS = [["severity", "Severity"], ["", "Finding"], ["host", "Host"], ["cluster", "Cluster"], ["rule", "Rule"]];

const view = { asked: { ...ASKED } };

function findingsSection() {
  const waived = findings.length - counting.length;
  const told = new Set(findings.map((finding) => finding.change).filter(Boolean));
  const options = (pick) => [...new Set(findings.map(pick).filter(Boolean))].sort(COLLATE.compare);
  view.controls = {
    q: h("input", { type: "search", id: "f-q", autocomplete: "off", spellcheck: "false", placeholder: "package, host, version, words", oninput: typed }),
    rule: choice("f-rule", "every rule", options((one) => one.rule)),
    cluster: choice("f-cluster", "every cluster", options((one) => one.cluster)),
    host: choice("f-host", "every host", options((one) => one.host?.name)),
    change: told.size ? choice("f-change", "new or old", ["new", "returned", "persisting"].filter((one) => told.has(one))) : null,
    waived: waived ? h("input", { type: "checkbox", id: "f-waived", onchange: chosen }) : null,
  };
  const severity = SEVERITIES.filter((one) => findings.some((finding) => finding.severity === one));
  view.severities = severity.map((one) => [one, h("input", { type: "checkbox", id: "f-" + one, value: one, onchange: chosen })]);
  view.said = h("p", { class: "found", role: "status" });
  view.body = h("div", {});
  const { q, rule, cluster, host, change, waived: hidden } = view.controls;
  const form = h("form", { class: "filters", role: "search", "aria-label": "Filter findings", onsubmit: (event) => event.preventDefault() },
    labelled("Search", q, "wide"),
    labelled("Rule", rule), labelled("Cluster", cluster), labelled("Host", host), change && labelled("Change", change),
    h("div", { class: "chips" },
      h("fieldset", {}, h("legend", {}, "Severity"), view.severities.map(([one, box]) => h("label", { class: "chip s-" + one }, box, icon(one), one))),
      hidden && h("label", { class: "check" }, hidden, `show ${plural(waived, "waived finding")}`)));
  refreshSoon();
  return h("section", { id: "findings", "aria-labelledby": "findings-title" },
    h("h2", { id: "findings-title", tabindex: "-1" }, "Findings"), findings.length > 0 && form,
    h("div", { class: "found-bar" }, view.said, h("button", { type: "button", class: "plain", onclick: reset }, "Clear filters")), view.body, resolvedList());
}

function labelled(text, control, kind = "") {
  return h("label", { class: "field " + kind }, h("span", {}, text), control);
}

function choice(id, none, all) {
  return h("select", { id, onchange: chosen }, h("option", { value: "" }, none),
    all.map((text) => option(text)));
}

// What an option stands for; what is shown of it is clean, and may be cut.
const meanings = new WeakMap();

function option(text) {
  const one = h("option", { value: cut(text, 80) }, cut(text, 80));
  meanings.set(one, text);
  return one;
}

function chosenOf(select) {
  return (select && meanings.get(select.selectedOptions[0])) ?? "";
}

let waiting = 0;
function typed() {
  clearTimeout(waiting);
  waiting = setTimeout(chosen, findings.length > 2000 ? 60 : 0);
}

// Reads the controls, and keeps what they say in the address.
function chosen() {
  const { q, rule, cluster, host, change, waived } = view.controls;
  view.asked = {
    ...view.asked, q: q.value.trim(), rule: chosenOf(rule), cluster: chosenOf(cluster), host: chosenOf(host), change: chosenOf(change),
    waived: waived?.checked ? "1" : "", severity: view.severities.filter(([, box]) => box.checked).map(([one]) => one).join(","),
  };
  keep();
  refresh();
}

function keep() {
  history.replaceState(null, "", writeFragment("findings", view.asked));
}

function reset() {
  askFindings({ ...ASKED });
  keep();
  say("filters cleared");
}

// Sets the controls to what an address asks for.
function askFindings(asked) {
  view.asked = { ...ASKED, ...asked };
  const { q, waived, ...choices } = view.controls;
  q.value = view.asked.q;
  if (waived) waived.checked = Boolean(view.asked.waived);
  for (const [name, select] of Object.entries(choices)) {
    if (!select) continue;
    // What this report does not have is asked for all the same: nothing is found, and the choice says why.
    const value = view.asked[name];
    const known = () => [...select.options].find((one) => (meanings.get(one) ?? "") === value);
    if (!known()) select.append(option(value));
    known().selected = true;
  }
  for (const [one, box] of view.severities) box.checked = view.asked.severity.split(",").includes(one);
  refresh();
}

function refreshSoon() {
  later.push(() => { if (!view.body.firstChild) refresh(); });
}

function refresh() {
  const found = answer(view.asked);
  const of = view.asked.waived ? findings.length : counting.length;
  view.said.textContent = found.length === of ? plural(of, "finding") : `${count(found.length)} of ${plural(of, "finding")}`;
  view.said.parentElement?.classList.toggle("filtered", JSON.stringify({ ...view.asked, sort: "" }) !== JSON.stringify(ASKED));
  if (!found.length) {
    const nothing = findings.length === 0 || (counting.length === 0 && !view.asked.waived);
    refill(view.body, h("p", { class: "empty" }, nothing
      ? summary.partial + summary.unreachable ? "Nothing was found on what could be audited." : "Nothing was found."
      : "No finding is like that. Take a filter away."));
    return;
  }
  const rows = h("tbody", {});
  const more = slices(rows, found, findingRow, 60, "finding");
  refill(view.body, findingTable(rows, true), more);
}

function findingTable(rows, sortable) {
  const columns = raw.before ? [...COLUMNS, ["since", "Since"]] : COLUMNS;
  const by = view.asked.sort.replace("-", "");
  const direction = view.asked.sort.startsWith("-") ? "descending" : "ascending";
  return h("table", { class: "stack findings" }, h("thead", {}, h("tr", {}, columns.map(([name, title]) =>
    h("th", { scope: "col", "aria-sort": sortable && name === by && name ? direction : null },
      sortable && name ? h("button", { type: "button", class: "sort", onclick: () => sortBy(name) }, title) : title)))), rows);
}

function sortBy(name) {
  view.asked.sort = view.asked.sort === name ? "-" + name : name;
  keep();
  refresh();
  view.body.querySelector(`th[aria-sort] button`)?.focus();
}

function findingRow(finding) {
  return h("tr", { class: finding.waived ? "waived" : "" },
    h("td", { "data-label": "Severity" }, tag(finding.severity)),
    h("td", { "data-label": "Finding", class: "what" },
      h("a", { href: "#" + findingFragment(finding), class: "subject" }, v(finding.subject, 120)), " ", v(finding.message, 400),
      finding.change && finding.change !== "persisting" && [" ", h("span", { class: "mark" }, finding.change)],
      finding.waived && h("span", { class: "hint" }, "waived: ", v(finding.waived.justification, 200), finding.waived.until && ` (until ${day(finding.waived.until)})`)),
    h("td", { "data-label": "Host" }, finding.host ? hostLink(finding.host.index, 80) : h("span", { class: "soft" }, "–")),
    h("td", { "data-label": "Cluster" }, finding.cluster ? v(finding.cluster, 60) : h("span", { class: "soft" }, "–")),
    h("td", { "data-label": "Rule", class: "soft" }, v(finding.rule, 60)),
    raw.before && h("td", { "data-label": "Since", class: "soft" }, finding.since ? day(finding.since) : finding.change === "new" ? "this run" : "–"));
}
