// The heat map's brush.

const FACE_TEXT = {
  other2: "2", other3: "3", other4: "4", other5: "5", apart2: "2", apart3: "3", apart4: "4", apart5: "5", absent: "–", unknown: "?", target: "✓",
};

// Colours come from the legend, which the style sheet colours: one source for both, in light and in dark.
function colours(view) {
  if (view.colours) return view.colours;
  const root = getComputedStyle(view.box);
  const faces = Object.fromEntries(FACES.map((face) => {
    const own = getComputedStyle(view.swatches[face]);
    return [face, { fill: own.backgroundColor, ink: own.color, edge: own.borderTopColor }];
  }));
  const help = getComputedStyle(view.said);
  view.colours = { faces, paper: root.backgroundColor, ink: root.color, soft: help.getPropertyValue("border-left-color"), accent: root.outlineColor, font: root.fontFamily };
  return view.colours;
}

function faceOf(value) {
  if (!value) return "none";
  if (value.state === "unknown") return "unknown";
  if (value.tone === "same") return "same";
  return value.state === "absent" ? "absent" : (value.right ? "other" : "apart") + Math.min(value.rank, 5);
}

// Draws what is in sight, or as much of it as there shall be at most.
function draw(view, width, height, left, top, most = {}) {
  const { canvas, grid } = view;
  const { sharp, columns, rows } = { sharp: window.devicePixelRatio || 1, columns: grid.columns.length, rows: grid.rows.length, ...most };
  if (!width || !height) return;
  const [wide, high] = [Math.round(width * sharp), Math.round(height * sharp)];
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  canvas.style.width = width + "px";
  canvas.style.height = height + "px";
  const brush = canvas.getContext("2d");
  brush.setTransform(sharp, 0, 0, sharp, 0, 0);
  brush.clearRect(0, 0, width, height);
  const look = colours(view);
  const sight = {
    brush, look, left, top, width, height,
    columns: [Math.floor(left / MAP.cell), Math.min(columns, Math.ceil((left + width - view.label) / MAP.cell))],
    rows: [Math.floor(top / MAP.cell), Math.min(rows, Math.ceil((top + height - view.head) / MAP.cell))],
  };
  cells(view, sight);
  if (view.hover) ring(view, sight, view.hover, look.soft, 1);
  if (view.cursor && document.activeElement === view.box) ring(view, sight, view.cursor, look.accent, 2.5);
  head(view, sight);
  labels(view, sight);
  brush.fillStyle = look.paper;
  brush.fillRect(0, 0, view.label, view.head);
}

function cells(view, { brush, look, left, top, columns, rows }) {
  const side = MAP.cell - MAP.gap;
  const batches = new Map(FACES.map((face) => [face, []]));
  for (let row = rows[0]; row < rows[1]; row += 1) {
    for (let column = columns[0]; column < columns[1]; column += 1) {
      const x = view.label + column * MAP.cell - left;
      const y = view.head + row * MAP.cell - top;
      batches.get(faceOf(view.grid.value(row, column))).push([x, y]);
    }
  }
  brush.textAlign = "center";
  brush.textBaseline = "middle";
  brush.font = `600 12px ${look.font}`;
  for (const [face, places] of batches) {
    const { fill, ink, edge } = look.faces[face];
    brush.fillStyle = fill;
    brush.beginPath();
    for (const [x, y] of places) brush.roundRect(x, y, side, side, 4);
    brush.fill();
    if (face === "absent" || face === "unknown") {
      brush.strokeStyle = edge;
      brush.lineWidth = 1;
      brush.beginPath();
      for (const [x, y] of places) brush.roundRect(x + 0.5, y + 0.5, side - 1, side - 1, 3.5);
      brush.stroke();
    }
    const text = FACE_TEXT[face];
    if (!text) continue;
    brush.fillStyle = ink;
    for (const [x, y] of places) brush.fillText(text, x + side / 2, y + side / 2 + 1);
  }
}

function ring(view, { brush, left, top }, { row, column }, colour, line) {
  if (column < 0) return;
  const x = view.label + column * MAP.cell - left - 1;
  const y = view.head + row * MAP.cell - top - 1;
  brush.strokeStyle = colour;
  brush.lineWidth = line;
  brush.beginPath();
  brush.roundRect(x, y, MAP.cell, MAP.cell, 5);
  brush.stroke();
}

// Names of packages, leaning above their columns.
function head(view, { brush, look, left, width, columns }) {
  brush.fillStyle = look.paper;
  brush.fillRect(0, 0, width, view.head);
  brush.textAlign = "left";
  brush.textBaseline = "middle";
  for (let column = columns[0]; column < columns[1]; column += 1) {
    const here = view.cursor?.column === column || view.hover?.column === column;
    brush.fillStyle = here ? look.ink : look.soft;
    brush.font = `${here ? 600 : 400} 12px ${look.font}`;
    brush.save();
    brush.translate(view.label + column * MAP.cell - left + MAP.cell / 2 - 2, view.head - 9);
    brush.rotate(-MAP.lean);
    brush.fillText(fit(brush, packageName(view.grid.cluster, view.grid.columns[column]), MAP.name), 0, 0);
    brush.restore();
  }
}

function labels(view, { brush, look, top, height, rows }) {
  brush.fillStyle = look.paper;
  brush.fillRect(0, view.head - 2, view.label - 4, height);
  brush.textBaseline = "middle";
  brush.textAlign = "left";
  for (let row = rows[0]; row < rows[1]; row += 1) {
    const { several, open, inner, label, group } = view.grid.rows[row];
    const y = view.head + row * MAP.cell - top + (MAP.cell - MAP.gap) / 2;
    if (y < view.head) continue;
    const here = view.cursor?.row === row || view.hover?.row === row;
    brush.fillStyle = look.soft;
    brush.font = `400 12px ${look.font}`;
    const times = several ? count(group.positions.length) : "";
    const room = times ? brush.measureText(times).width + 12 : 8;
    if (several) triangle(brush, 4, y, open);
    brush.textAlign = "right";
    brush.fillText(times, view.label - 12, y + 1);
    brush.textAlign = "left";
    brush.fillStyle = inner && !here ? look.soft : look.ink;
    brush.font = `${here ? 600 : 400} 13px ${look.font}`;
    const from = inner ? 30 : 16;
    brush.fillText(fit(brush, label, view.label - from - room - 4), from, y + 1);
  }
}

function triangle(brush, x, y, open) {
  brush.beginPath();
  if (open) {
    brush.moveTo(x - 1, y - 2);
    brush.lineTo(x + 7, y - 2);
    brush.lineTo(x + 3, y + 4);
  } else {
    brush.moveTo(x, y - 4);
    brush.lineTo(x + 6, y);
    brush.lineTo(x, y + 4);
  }
  brush.fill();
}

// As much of a text as there is room for.
function fit(brush, text, room) {
  let all = cut(text, 60);
  if (brush.measureText(all).width <= room) return all;
  let [least, most] = [0, all.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (brush.measureText(all.slice(0, middle) + "…").width <= room) least = middle;
    else most = middle - 1;
  }
  return all.slice(0, least) + "…";
}
