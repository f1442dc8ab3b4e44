// Clusters: the verdict on each, its heat map, the versions of each package, and how it drifted.

// So many clusters that are not in sync are open from the start.
const OPEN = 4;

function clustersSection() {
  const worst = (cluster) => VERDICTS.indexOf(cluster.verdict ?? "unknown");
  const sorted = [...clusters].sort((one, other) => worst(one) - worst(other));
  return h("section", { id: "clusters", "aria-labelledby": "clusters-title" },
    h("h2", { id: "clusters-title", tabindex: "-1" }, "Clusters"), sorted.map((cluster, nth) => clusterBox(cluster, nth < OPEN)));
}

function clusterFragment(name) {
  return "cluster/" + encodeURIComponent(name);
}

// Folded where there is nothing to see; its body is made when it is first open.
function clusterBox(cluster, among) {
  const counts = verdictsOf(cluster.hosts);
  const body = h("div", { class: "cluster-body" });
  const quiet = cluster.verdict === "in-sync" || !cluster.compared;
  const box = h("details", { class: "cluster", open: (!quiet && among) || clusters.length === 1, ontoggle: fill },
    h("summary", {}, h("h3", {}, v(cluster.name, 80)), cluster.verdict && tag(cluster.verdict), h("span", { class: "soft" }, clusterWords(cluster, counts))), body);
  cluster.box = box;
  cluster.show = () => { box.open = true; fill(); };
  let filled = false;
  function fill() {
    if (filled || !box.open) return;
    filled = true;
    put(body, clusterBody(cluster));
  }
  let folded = false;
  printing.push({
    before: () => {
      folded = !quiet && !box.open;
      if (folded) box.open = true;
      fill();
    },
    after: () => { if (folded) box.open = false; },
  });
  later.push(fill);
  return box;
}

function clusterWords(cluster, counts) {
  const adrift = counts.replace + counts.repair + counts.investigate;
  const parts = [plural(cluster.hosts.length, "host")];
  if (cluster.verdict !== undefined && cluster.verdict !== null) {
    if (adrift) parts.push(`${count(adrift)} drifted`);
    if (counts.unknown) parts.push(`${count(counts.unknown)} could not be told`);
    if (counts["in-sync"]) parts.push(`${count(counts["in-sync"])} in sync`);
    if (counts.replaced) parts.push(`${count(counts.replaced)} replaced`);
  }
  return parts.join(" · ");
}

function clusterBody(cluster) {
  const spread = cluster.packages.filter((one) => one.spread).sort((one, other) => other.worth - one.worth);
  const untold = cluster.packages.filter((one) => one.untold).length;
  const found = counting.filter((finding) => finding.cluster === cluster.name).length;
  return [
    h("p", { class: "small cluster-links" }, cluster.verdict && h("span", {}, MEANINGS[cluster.verdict], " "),
      found > 0 && link("findings?cluster=" + encodeURIComponent(cluster.name), plural(found, "finding"), " of this cluster")),
    trendChart(cluster.name),
    !cluster.compared ? null : !cluster.packages.length
      ? h("p", { class: "empty" }, "No package was compared here.")
      : spread.length
        ? [heatMap(cluster), h("h4", {}, "Version spread"), spreads(cluster, spread)]
        : [h("p", { class: "empty" }, untold
          ? `Hosts that could be read agree on all ${plural(cluster.packages.length, "package")}; of ${plural(untold, "package")} not every host could be told.`
          : cluster.hosts.length === 1 ? "It is one host: there is nothing to compare it with."
          : `All hosts agree on ${plural(cluster.packages.length, "package")}.`), untold > 0 && heatMap(cluster)],
  ];
}

function spreads(cluster, packages) {
  const list = h("ul", { class: "spreads" });
  return [list, slices(list, packages, (one) => spreadOf(cluster, one), 24, "package", "packages", 60)];
}

// One package: a bar of its values, and who has which.
function spreadOf(cluster, one) {
  const all = one.values.reduce((sum, value) => sum + value.hosts.length, 0);
  const faces = one.values.map((value) => faceOf(value));
  const bar = h("div", { class: "bar thin", "aria-hidden": "true" }, one.values.map((value, nth) => {
    const piece = h("span", { class: "f-" + faces[nth] });
    piece.style.flexGrow = value.hosts.length;
    return piece;
  }));
  const rows = one.values.map((value, nth) => h("li", {},
    h("i", { class: "face f-" + faces[nth], "aria-hidden": "true" }, FACE_TEXT[faces[nth]] ?? ""),
    h("span", { class: "count" }, count(value.hosts.length)),
    h("span", { class: value.state === "installed" ? "mono" : "soft" }, v(versionWord(value), 80),
      value.tone === "same" && one.expected !== null && h("span", { class: "sr" }, ", as expected")),
    h("span", { class: "who" }, hostList(value.hosts, 3, 120))));
  return h("li", { class: "spread" },
    h("div", { class: "spread-head" }, h("b", {}, v(packageName(cluster, one), 80)),
      h("span", { class: "soft small" }, one.expected === null ? "nothing is called right" : `${count(one.astray)} of ${count(all)} differ`)),
    bar, h("ul", { class: "values" }, rows));
}
