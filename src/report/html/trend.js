// Drift over time: a small chart for each cluster, of the runs that the store has.

const CHART = { width: 320, height: 72, left: 4, right: 30, top: 8, bottom: 16 };

function trendChart(name) {
  const runs = trends.get(name);
  if (!runs?.length) return null;
  const first = runs[0];
  const last = runs.at(-1);
  const told = (run) => `${count(run[2])} of ${plural(run[1], "audited host")} adrift on ${day(run[0])}`;
  if (runs.length === 1) return h("p", { class: "soft small" }, "One run is kept so far: ", told(first), ".");
  const most = Math.max(1, ...runs.map((run) => run[1]));
  const x = (at) => CHART.left + ((at - first[0]) / Math.max(1, last[0] - first[0])) * (CHART.width - CHART.left - CHART.right);
  const y = (hosts) => CHART.height - CHART.bottom - (hosts / most) * (CHART.height - CHART.top - CHART.bottom);
  const worst = runs.reduce((one, other) => (other[2] > one[2] ? other : one));
  const label = `Drift over ${plural(runs.length, "run")}: ${told(first)}; most, ${told(worst)}; last, ${told(last)}.`;
  const end = x(last[0]);
  const text = (at, height, anchor, content) => s("text", { x: at, y: height, "text-anchor": anchor }, content);
  const chart = s("svg", { class: "trend", viewBox: `0 0 ${CHART.width} ${CHART.height}`, role: "img", "aria-label": label },
    s("path", { class: "audited", d: area(runs, 1, x, y) }),
    s("path", { class: "adrift", d: area(runs, 2, x, y) }),
    s("path", { class: "edge", d: staircase(runs, 2, x, y) }),
    s("circle", { cx: end, cy: y(last[2]), r: 3 }),
    s("text", { class: "now", x: end + 7, y: y(last[2]) + 4 }, count(last[2])),
    last[1] !== last[2] && Math.abs(y(last[1]) - y(last[2])) > 12 && text(end + 7, y(last[1]) + 4, "start", count(last[1])),
    text(CHART.left, CHART.height - 3, "start", day(first[0])),
    text(end, CHART.height - 3, "end", day(last[0])));
  return h("figure", { class: "trend-box" },
    h("figcaption", {}, "Hosts adrift over ", plural(runs.length, "run"), h("span", { class: "soft" }, ", of those that were audited")), chart);
}

// A run holds until the next one: drift has no slope between two looks.
function staircase(runs, field, x, y) {
  const at = (run) => [x(run[0]).toFixed(1), y(run[field]).toFixed(1)];
  return runs.map((run, nth) => {
    const [across, up] = at(run);
    return nth ? `H${across}V${up}` : `M${across} ${up}`;
  }).join("");
}

function area(runs, field, x, y) {
  return `${staircase(runs, field, x, y)}V${y(0).toFixed(1)}H${x(runs[0][0]).toFixed(1)}Z`;
}
