// The heat map: a canvas that draws what is in sight, moves with its box, and is walked by keys. What is under the cursor
// is spoken, and the same stands in a table.

const MAP = { cell: 24, gap: 2, label: 210, narrow: 132, lean: Math.PI / 3.4, name: 122 };
const FACES = ["same", "other2", "other3", "other4", "other5", "apart2", "apart3", "apart4", "apart5", "absent", "unknown", "none"];

function heatMap(cluster) {
  const grid = new Grid(cluster, false);
  const canvas = h("canvas", { class: "map-canvas" });
  const area = h("div", { class: "map-area" }, canvas);
  const id = "map-" + clusters.indexOf(cluster);
  const box = h("div", {
    class: "map-box", tabindex: "0", role: "application", "aria-roledescription": "heat map", "aria-describedby": id,
    "aria-label": `Hosts and packages of ${clean(cluster.name)}`,
  }, area);
  const said = h("p", { class: "map-said", "aria-live": "polite" });
  const help = h("p", { class: "soft small map-help", id }, "Arrow keys move, Home and End jump, Enter opens a host or unfolds a row.");
  const swatches = Object.fromEntries(FACES.map((face) => [face, h("i", { class: "face f-" + face })]));
  const view = { grid, canvas, area, box, said, swatches, cursor: null, hover: null, wanted: false };
  const controls = h("div", { class: "map-controls" });
  view.cutShort = h("p", { class: "soft small on-paper" });
  const table = mapTable(view);
  view.changed = () => {
    refill(controls, mapCounts(view));
    measure(view);
    table.refresh();
  };
  listen(view);
  const figure = h("figure", { class: "map", "aria-label": `Heat map of ${clean(cluster.name)}` },
    controls, box, view.cutShort, said, h("figcaption", {}, legend(view), help), table.element);
  view.changed();
  return figure;
}

// How many packages are shown and why the others are not, with the way to them.
function mapCounts(view) {
  const { grid } = view;
  const { packages } = grid.cluster;
  const together = packages.filter((one) => !one.spread).length;
  const shown = packages.length - together;
  const button = together > 0 && h("button", { type: "button", "aria-pressed": String(grid.all), onclick: () => {
    grid.choose(!grid.all);
    view.cursor = null;
    view.changed();
    controlsOf(view)?.focus();
  } }, grid.all ? "Only packages with spread" : `Show all ${plural(packages.length, "package")}`);
  return [
    h("p", {}, h("b", {}, plural(shown, "package")), " with spread",
      together > 0 && h("span", { class: "soft" }, `; ${count(together)} on which all agree ${together === 1 ? "is" : "are"} ${grid.all ? "shown, too" : "hidden"}`),
      h("span", { class: "soft" }, ` · ${plural(grid.cluster.hosts.length, "host")} in ${plural(grid.groups.length, "row")}`,
        grid.domain && [", all in ", v(grid.domain, 80)])),
    button,
  ];
}

function controlsOf(view) {
  return view.box.parentElement?.querySelector(".map-controls button");
}

function legend(view) {
  const { swatches } = view;
  const item = (text, ...faces) => h("span", { hidden: !faces.some((face) => there.has(face)) }, faces.map((face) => swatches[face]), text);
  const there = new Set(["same", ...view.grid.cluster.packages.flatMap((one) => one.values.map(faceOf))]);
  if (view.grid.cells.some((cells) => cells.includes(0))) there.add("none");
  for (const face of FACES) swatches[face].hidden = !there.has(face);
  for (const face of FACES) swatches[face].textContent = FACE_TEXT[face] ?? "";
  return h("div", { class: "legend" },
    item("as expected, or what most have", "same"), item("other versions, by how many have them", "other2", "other3", "other4", "other5"),
    item("the same, where nothing is called right", "apart2", "apart3", "apart4", "apart5"),
    item("not installed", "absent"), item("could not be told", "unknown"), item("not compared", "none"));
}

// The same as a table, made when it is asked for.
function mapTable(view) {
  const body = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Heat map as a table" });
  const details = h("details", { class: "fold as-table", ontoggle: fill }, h("summary", {}, "As a table"), body);
  function fill() {
    if (!details.open) return;
    const { grid } = view;
    const rows = h("tbody", {});
    const head = h("tr", {}, h("th", { scope: "col" }, "Package"), h("th", { scope: "col" }, "Expected"),
      h("th", { scope: "col" }, "Who has what"));
    const more = slices(rows, grid.columns, (one) => h("tr", {},
      h("th", { scope: "row" }, v(packageName(grid.cluster, one), 80)),
      h("td", {}, one.expected === null ? h("span", { class: "soft" }, "nothing is called right") : v(one.expected, 80)),
      h("td", {}, one.values.map((value) => h("div", {}, v(versionWord(value), 80), ": ", hostList(value.hosts, 0))))), 60, "package");
    refill(body, h("table", {}, h("thead", {}, head), rows), more);
  }
  return { element: details, refresh: fill };
}

function measure(view) {
  if (view.onPaper) return;
  // Nothing has a size or a colour before it is in the page; the observer asks again once it is.
  if (!view.box.isConnected) return;
  const narrow = view.box.clientWidth < 560;
  view.label = narrow ? MAP.narrow : MAP.label;
  view.head = headOf(view);
  view.width = view.label + view.grid.columns.length * MAP.cell + 70;
  view.height = view.head + view.grid.rows.length * MAP.cell + 8;
  view.area.style.width = view.width + "px";
  view.area.style.height = view.height + "px";
  ask(view);
}

// As much room above as the longest name needs that leans there.
function headOf(view) {
  const brush = view.canvas.getContext("2d");
  brush.font = `600 12px ${colours(view).font}`;
  const longest = view.grid.columns.reduce((most, one) => Math.max(most, packageName(view.grid.cluster, one).length > 24 ? MAP.name : brush.measureText(cut(packageName(view.grid.cluster, one), 60)).width), 20);
  return Math.ceil(Math.min(longest, MAP.name) * Math.sin(MAP.lean)) + 22;
}

// Draws once, before the next frame.
function ask(view) {
  if (view.wanted) return;
  view.wanted = true;
  requestAnimationFrame(() => {
    view.wanted = false;
    if (!view.onPaper) draw(view, view.box.clientWidth, view.box.clientHeight, view.box.scrollLeft, view.box.scrollTop);
  });
}

function listen(view) {
  const { box, canvas } = view;
  box.addEventListener("scroll", () => ask(view), { passive: true });
  // Not within the observer's own turn: what it changes would be observed again.
  new ResizeObserver(() => requestAnimationFrame(() => measure(view))).observe(box);
  window.addEventListener("retheme", () => { view.colours = null; ask(view); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { view.colours = null; ask(view); });
  canvas.addEventListener("pointermove", (event) => {
    const at = hit(view, event);
    if (at?.row === view.hover?.row && at?.column === view.hover?.column) return;
    view.hover = at;
    canvas.style.cursor = at ? "pointer" : "";
    if (at) tell(view, at, false);
    ask(view);
  });
  canvas.addEventListener("pointerleave", () => { view.hover = null; ask(view); });
  canvas.addEventListener("click", (event) => {
    const at = hit(view, event);
    if (!at) return;
    view.cursor = at;
    tell(view, at, true);
    if (at.column < 0 || (event.detail === 2 && at.row >= 0)) enter(view);
    ask(view);
  });
  box.addEventListener("keydown", (event) => key(view, event));
  box.addEventListener("focus", () => {
    if (view.grid.rows.length && view.grid.columns.length) {
      view.cursor ??= { row: 0, column: 0 };
      tell(view, view.cursor, true);
      ask(view);
    }
  });
  printing.push({
    before: () => whole(view),
    after: () => {
      view.onPaper = false;
      measure(view);
    },
  });
}

// The cell under the pointer; column -1 is the label of a row.
function hit(view, event) {
  const frame = view.canvas.getBoundingClientRect();
  const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
  if (y < view.head || x < 0) return null;
  const row = Math.floor((y - view.head + view.box.scrollTop) / MAP.cell);
  const column = x < view.label ? -1 : Math.floor((x - view.label + view.box.scrollLeft) / MAP.cell);
  return row < view.grid.rows.length && column < view.grid.columns.length ? { row, column } : null;
}

function tell(view, { row, column }, aloud) {
  const { grid } = view;
  const told = column < 0 ? { host: grid.rows[row].label, name: "", text: grid.rows[row].several ? "Enter unfolds these hosts" : "Enter opens this host" } : grid.says(row, column);
  // What the pointer passes is shown; only what keys and clicks choose is spoken.
  view.said.setAttribute("aria-live", aloud ? "polite" : "off");
  refill(view.said, h("b", {}, v(told.host, 140)), told.name && [" · ", v(told.name, 80)], ": ", v(told.text, 240));
}

function key(view, event) {
  const { grid, box } = view;
  const [rows, columns] = [grid.rows.length, grid.columns.length];
  if (!rows || !columns || event.altKey || event.metaKey) return;
  const at = view.cursor ?? { row: 0, column: 0 };
  const page = Math.max(1, Math.floor((box.clientHeight - view.head) / MAP.cell) - 1);
  const moves = {
    ArrowRight: [at.row, at.column + 1], ArrowLeft: [at.row, at.column - 1],
    ArrowDown: [at.row + 1, at.column], ArrowUp: [at.row - 1, at.column],
    PageDown: [at.row + page, at.column], PageUp: [at.row - page, at.column],
    Home: [event.ctrlKey ? 0 : at.row, 0], End: [event.ctrlKey ? rows - 1 : at.row, columns - 1],
  };
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    view.cursor = at;
    enter(view);
    return;
  }
  const move = moves[event.key];
  if (!move || (event.ctrlKey && !["Home", "End"].includes(event.key))) return;
  event.preventDefault();
  const within = (number, most) => Math.min(Math.max(number, 0), most - 1);
  view.cursor = { row: within(move[0], rows), column: within(move[1], columns) };
  reveal(view);
  tell(view, view.cursor, true);
  ask(view);
}

function reveal(view) {
  const { box, cursor } = view;
  const [left, top] = [cursor.column * MAP.cell, cursor.row * MAP.cell];
  const [wide, high] = [box.clientWidth - view.label, box.clientHeight - view.head];
  if (left < box.scrollLeft) box.scrollLeft = left;
  if (left + MAP.cell > box.scrollLeft + wide) box.scrollLeft = left + MAP.cell - wide;
  if (top < box.scrollTop) box.scrollTop = top;
  if (top + MAP.cell > box.scrollTop + high) box.scrollTop = top + MAP.cell - high;
}

// Unfolds a row of several hosts, or goes to a host's own page.
function enter(view) {
  const row = view.grid.rows[view.cursor.row];
  if (!row.several) {
    location.hash = "#" + hostFragment(view.grid.cluster.hosts[row.position]);
    return;
  }
  view.grid.toggle(row.group);
  measure(view);
  say((row.open ? "folded " : "unfolded ") + plural(row.group.positions.length, "host"));
}

// All of it at once for paper, as far as that is legible; what is left out is said.
function whole(view) {
  view.onPaper = true;
  const { grid } = view;
  [view.label, view.head] = [MAP.label, headOf(view)];
  const columns = Math.min(grid.columns.length, 44);
  const rows = Math.min(grid.rows.length, 60);
  const all = columns === grid.columns.length && rows === grid.rows.length;
  refill(view.cutShort, !all && `On paper: the first ${count(rows)} of ${plural(grid.rows.length, "row")} and ${count(columns)} of ${plural(grid.columns.length, "package")}.`);
  draw(view, view.label + columns * MAP.cell + 70, view.head + rows * MAP.cell + 8, 0, 0, { sharp: 3, columns, rows });
}
