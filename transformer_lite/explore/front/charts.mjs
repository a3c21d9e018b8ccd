// Heatmap, Lines, Bars, Scatter and Image, drawn by plotly.js.
import { number, say } from "./text.mjs";
import { largest, unravel } from "./words.mjs";

const MAX_TEXT_CELLS = 400;

// Colours of a chart that stand for nothing; those that do are in the palette.
const INK = { light: "#2b323b", dark: "#d5dbe3" };
const STRONG_INK = { light: "#11161c", dark: "#f2f5f9" };
const GRID = { light: "#e4e8ed", dark: "#2b343f" };
const RULE = { light: "#9aa5b1", dark: "#4b5766" };
const MASKED = { light: "#d5d9df", dark: "#39424e" };

/** A palette's colours as plotly's scale. */
const scaleOf = (stops) => stops.map((colour, i) => [i / (stops.length - 1), colour]);

/** Draws a view into `slot`. `look` is {Plotly, theme, width, labels, shape, marks}; resolves when it is drawn. */
export function drawChart(slot, view, tensors, look) {
  const kinds = { heatmap, lines, bars, scatter, image };
  const [width, height] = [look.width, slot.clientHeight];
  const { data, layout } = kinds[view.kind](view, tensors, { ...look, height });
  const ink = INK[look.theme];
  const axis = { fixedrange: true, zeroline: false, gridcolor: GRID[look.theme], tickfont: { size: 11 } };
  const whole = {
    ...layout,
    xaxis: { ...axis, ...layout.xaxis },
    yaxis: { ...axis, ...layout.yaxis },
    font: { color: ink, size: 12, family: getComputedStyle(slot).fontFamily },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: layout.plot_bgcolor ?? "rgba(0,0,0,0)",
    dragmode: false,
    hovermode: view.kind === "lines" ? "x" : "closest",
    // A curve of few points answers wherever the pointer is.
    hoverdistance: view.kind === "lines" ? -1 : 20,
    showlegend: Boolean(view.names && view.names.length > 1),
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)", font: { size: 11 }, itemwidth: 30 },
    shapes: markShapes(view, look, ink),
    width,
    height,
  };
  return look.Plotly.react(slot, data, whole, { displayModeBar: false, doubleClick: false, doubleClickDelay: 0 });
}

/** Outlines what is picked and what the reader points at, without drawing the numbers again. */
export function markChart(slot, view, look) {
  const ink = INK[look.theme];
  return look.Plotly.relayout(slot, { shapes: markShapes(view, look, ink) });
}

function markShapes(view, { marks, shape }, ink) {
  const band = (dimension, index, line) => {
    const grid = view.kind === "heatmap" || view.kind === "image";
    const across = grid && dimension === 0;
    const at = [index - 0.5, index + 0.5];
    const span = grid ? [-0.5, shape[across ? 1 : 0] - 0.5] : [0, 1];
    const [[x0, x1], [y0, y1]] = across ? [span, at] : [at, span];
    return { type: "rect", x0, x1, y0, y1, yref: grid ? "y" : "paper", line, fillcolor: "rgba(0,0,0,0)" };
  };
  if (view.kind === "scatter") return [];
  const shapes = marks.hover.map(({ dimension, index }) => band(dimension, index, { color: ink, width: 1, dash: "dot" }));
  const line = { color: ink, width: 2.5 };
  if (marks.picked.length === 2) {
    const [row, column] = marks.picked.map(({ index }) => index);
    shapes.push({ type: "rect", x0: column - 0.5, x1: column + 0.5, y0: row - 0.5, y1: row + 0.5, line });
  } else {
    shapes.push(...marks.picked.map(({ dimension, index }) => band(dimension, index, line)));
  }
  if (marks.at !== undefined) {
    shapes.push({ type: "line", x0: marks.at, x1: marks.at, y0: 0, y1: 1, yref: "paper", line: { color: ink, width: 1, dash: "dash" } });
  }
  return [...gridLines(view, shape), ...shapes];
}

/** The lines between the patches of a picture. */
function gridLines({ kind, grid }, [rows, columns]) {
  if (kind !== "image" || !grid) return [];
  const line = { color: "#ffd400", width: 1 };
  const places = (size) => Array.from({ length: Math.floor(size / grid) + 1 }, (_, i) => i * grid - 0.5);
  const across = places(rows).map((y) => ({ type: "line", x0: -0.5, x1: columns - 0.5, y0: y, y1: y, line }));
  const down = places(columns).map((x) => ({ type: "line", x0: x, x1: x, y0: -0.5, y1: rows - 0.5, line }));
  return [...across, ...down];
}

/** The colours of a role, or of the i-th series without one. */
export function seriesColour(view, i, theme) {
  const role = view.roles?.[i];
  return role ? PALETTE.roles[role][theme] : PALETTE.categorical[theme][i % PALETTE.categorical[theme].length];
}

/** The ends of a heatmap's colour scale. */
export function colourRange(view, data) {
  const limit = (view.limit ?? largest(data)) || 1;
  return [view.signed ? -limit : 0, limit];
}

function heatmap(view, tensors, { theme, labels, width, height }) {
  const { shape: [rows, columns], data } = tensors[""];
  const grid = (of) => Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => of(data[r * columns + c])));
  const { stops, zmin, zmax, colorscale, of } = view.categories ? regions(theme) : shades(view, data, theme);
  const left = 16 + 7 * Math.max(...labels[0].map((label) => label.length));
  const cell = (width - left - 12) / columns;
  const longest = Math.max(...labels[1].map((label) => label.length));
  const flat = longest * 7 < cell;
  const top = Math.min(100, flat ? 24 : 20 + 5.2 * longest);
  // Numbers stand in the cells when there is room for four characters, and for a line of them.
  const readable = rows * columns <= MAX_TEXT_CELLS && cell >= 34 && (height - top - 6) / rows >= 14;
  const trace = {
    type: "heatmap",
    z: grid(of),
    zmin, zmax, colorscale,
    showscale: false,
    hoverinfo: "none",
    hoverongaps: true,
    xgap: rows * columns <= MAX_TEXT_CELLS ? 1 : 0,
    ygap: rows * columns <= MAX_TEXT_CELLS ? 1 : 0,
  };
  const masked = MASKED[theme];
  const ink = (x) => inkOn(colourAt(...(of(x) === null ? [[masked, masked], 0] : [stops, (of(x) - zmin) / (zmax - zmin)])));
  // A tilted label leans over its cell to the right.
  const right = flat ? 8 : Math.max(8, 4.6 * labels[1].at(-1).length - cell / 2);
  return {
    data: readable ? [trace, cellNumbers(data, columns, ink, view.categories)] : [trace],
    layout: {
      margin: { l: Math.min(120, left), r: right, t: top, b: 6 },
      plot_bgcolor: data.every((x) => of(x) !== null) ? undefined : masked,
      xaxis: { side: "top", range: [-0.5, columns - 0.5], showgrid: false, tickangle: flat ? 0 : -50, ...ticks(labels[1]) },
      yaxis: { range: [rows - 0.5, -0.5], showgrid: false, ...ticks(labels[0]) },
    },
  };
}

/** Numbers on a scale; masked ones (−∞) are left out. */
function shades(view, data, theme) {
  const stops = PALETTE[view.signed ? "diverging" : "sequential"][theme];
  const [zmin, zmax] = colourRange(view, data);
  return { stops, zmin, zmax, colorscale: scaleOf(stops), of: (x) => (Number.isFinite(x) ? x : null) };
}

/** Ids, each in a colour of its own; negative ones are left out. */
function regions(theme) {
  const stops = PALETTE.washed[theme];
  const n = stops.length;
  const colorscale = stops.flatMap((colour, i) => [[i / n, colour], [(i + 1) / n, colour]]);
  return { stops, zmin: -0.5, zmax: n - 0.5, colorscale, of: (x) => (x < 0 ? null : x % n) };
}

/** The numbers in the cells, each in the ink that stands out from its cell. */
function cellNumbers(data, columns, ink, categories) {
  const numbers = Array.from(data);
  return {
    type: "scatter", mode: "text", hoverinfo: "skip",
    x: numbers.map((_, i) => i % columns),
    y: numbers.map((_, i) => Math.floor(i / columns)),
    // Not an empty text: plotly would remove it, and never write there again.
    text: numbers.map((x) => (categories && x < 0 ? "\u00a0" : cellText(x))),
    textfont: { size: 11, color: numbers.map(ink) },
  };
}

/** The red, green and blue of a colour scale at a place from 0 to 1. */
function colourAt(stops, place) {
  const at = Math.min(1, Math.max(0, place)) * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  const channel = (stop, i) => parseInt(stop.slice(1 + 2 * i, 3 + 2 * i), 16);
  return [0, 1, 2].map((i) => channel(stops[low], i) + (at - low) * (channel(stops[low + 1], i) - channel(stops[low], i)));
}

/** Black or white, whichever has the higher contrast (relative luminance as in WCAG 2). */
function inkOn(colour) {
  const linear = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return luminance > 0.179 ? "#0b0f14" : "#ffffff";
}

// Two decimals are enough beside a colour; the exact number is one hover away.
const cellText = (x) => number(Math.abs(x) < 1000 ? Math.round(x * 100) / 100 : x);

function ticks(labels) {
  const every = Math.ceil(labels.length / 24);
  const at = labels.map((_, i) => i).filter((i) => i % every === 0);
  return { tickmode: "array", tickvals: at, ticktext: at.map((i) => asText(labels[i])), ticks: "" };
}

/** A label as plotly writes it: it would take marks for markup. */
const asText = (label) => label.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

function rowsOf({ shape, data }) {
  const n = shape.at(-1);
  return Array.from({ length: data.length / n }, (_, i) => Array.from(data.slice(i * n, (i + 1) * n)));
}

function lines(view, tensors, { theme }) {
  const y = rowsOf(tensors[""]);
  const x = tensors.x ? Array.from(tensors.x.data) : y[0].map((_, i) => i);
  const scale = (log, title, numbers) => {
    const axis = { type: log ? "log" : "linear", title: { text: title, standoff: 6 } };
    const decades = Math.log10(Math.max(...numbers) / Math.min(...numbers));
    // Over several decades, ticks at powers of ten alone, and at most six of them; over one, at 1, 2 and 5.
    if (log && decades > 1.3) return { ...axis, dtick: Math.ceil(decades / 6) };
    return log && decades > 0.7 ? { ...axis, dtick: "D2" } : axis;
  };
  const range = view.range && (view.log_y ? view.range.map(Math.log10) : view.range);
  return {
    data: y.map((row, i) => ({
      // A single number makes no line.
      type: "scatter", mode: row.length > 1 ? "lines" : "markers", x, y: row, name: view.names?.[i] ?? String(i), hoverinfo: "none",
      line: { color: seriesColour(view, i, theme), width: 2, dash: ["solid", "dash", "dot", "dashdot"][i % 4] },
    })),
    layout: {
      margin: { l: 58, r: 12, t: view.names?.length > 1 ? 34 : 10, b: 44 },
      xaxis: scale(view.log_x, view.x_title, x),
      yaxis: { ...scale(view.log_y, view.y_title, view.range ?? y.flat()), ...(range ? { range } : {}), exponentformat: "power" },
    },
  };
}

function bars(view, tensors, { theme, labels }) {
  const rows = rowsOf(tensors[""]);
  const items = labels.at(-1);
  const tilt = items.join("").length > 44 ? -50 : 0;
  return {
    data: rows.map((row, i) => ({
      type: "bar", x: row.map((_, at) => at), y: row, name: view.names?.[i] ?? "", hoverinfo: "none",
      marker: { color: seriesColour(view, i, theme) },
      ...(rows.length === 1 && row.length <= 12 ? { text: row.map(cellText), textposition: "outside", cliponaxis: false } : {}),
    })),
    layout: {
      barmode: "group", bargap: 0.25,
      margin: { l: 52, r: 8, t: rows.length > 1 ? 34 : 18, b: tilt ? 64 : 34 },
      xaxis: { range: [-0.5, items.length - 0.5], showgrid: false, tickangle: tilt, ...ticks(items) },
      yaxis: { title: { text: view.y_title, standoff: 6 }, zeroline: true, ...(view.range ? { range: view.range } : {}) },
    },
  };
}

function scatter(view, tensors, { theme, labels }) {
  const points = rowsOf(tensors[""]);
  const colours = points.map((_, i) => seriesColour(view, i, theme));
  const named = Boolean(view.axes[0].labels);
  const [low, high] = view.range;
  const ink = STRONG_INK[theme];
  const data = [];
  if (tensors.field) {
    const { shape: [rows, columns] } = tensors.field;
    const places = (n) => Array.from({ length: n }, (_, i) => low + (i * (high - low)) / (n - 1));
    data.push({
      type: "contour", z: rowsOf(tensors.field), x: places(columns), y: places(rows), hoverinfo: "none", showscale: false,
      autocontour: true, ncontours: 14, line: { width: 0.5, color: RULE[theme] },
      colorscale: scaleOf(PALETTE.sequential[theme]),
    });
  }
  if (tensors.path) {
    const path = rowsOf(tensors.path);
    data.push({
      // Few points are steps, and many are a curve.
      type: "scatter", mode: path.length <= 16 ? "lines+markers" : "lines", x: path.map(([x]) => x), y: path.map(([, y]) => y), hoverinfo: "none",
      line: { color: ink, width: 1.5 }, marker: { size: 5, color: ink },
    });
  }
  if (view.arrows) {
    data.push(...points.map(([x, y], i) => ({
      type: "scatter", mode: "lines+markers", x: [0, x], y: [0, y], hoverinfo: "skip",
      line: { color: colours[i], width: 2.5 },
      marker: { symbol: ["circle", "arrow"], size: [0, 14], angleref: "previous", color: colours[i], opacity: 1, line: { width: 0 } },
    })));
  }
  // A label stands outside of its point, seen from the middle, unless the frame leaves no room there.
  const place = (x) => (2 * (x - low)) / (high - low) - 1;
  const outwards = (x, room) => (Math.abs(place(x)) < room ? place(x) > 0 : place(x) < 0);
  const sides = points.map(([x, y]) => `${outwards(y, 0.85) ? "top" : "bottom"} ${outwards(x, 0.5) ? "right" : "left"}`);
  data.push({
    type: "scatter", mode: named ? "markers+text" : "markers", x: points.map(([x]) => x), y: points.map(([, y]) => y), hoverinfo: "none",
    // An arrow has its own head; the point beneath it is there for the pointer.
    marker: { size: 9, color: colours, opacity: view.arrows ? 0 : 1, line: { width: 1, color: PALETTE.background[theme] } },
    text: labels[0].map((label, i) => (sides[i].endsWith("left") ? `${asText(label)}\u2002` : `\u2002${asText(label)}`)),
    textfont: { size: 12, color: tensors.field ? ink : colours },
    textposition: sides,
  });
  const axis = { range: [low, high], zeroline: low < 0 && high > 0, zerolinecolor: RULE[theme], constrain: "domain" };
  return {
    data,
    layout: {
      margin: { l: view.y_title ? 52 : 36, r: 10, t: 10, b: view.x_title ? 44 : 28 },
      xaxis: { ...axis, title: { text: view.x_title, standoff: 6 } },
      yaxis: { ...axis, title: { text: view.y_title, standoff: 6 }, scaleanchor: "x" },
    },
  };
}

function image(view, tensors, { theme, width, height }) {
  const { shape: [rows, columns, colours = 1], data } = tensors[""];
  const shade = (x) => Math.round(255 * Math.min(1, Math.max(0, x)));
  const pixel = (row, column) => {
    const at = (row * columns + column) * colours;
    return colours === 3 ? [0, 1, 2].map((c) => shade(data[at + c])) : Array(3).fill(shade(data[at]));
  };
  // The frame tells white pixels from a white page.
  const frame = { showline: true, mirror: true, linecolor: RULE[theme], linewidth: 1 };
  const axis = { showgrid: false, showticklabels: false, ticks: "", scaleanchor: false, ...frame };
  // Square pixels by margins: plotly's own way keeps the shape of the picture that was there before.
  const edge = 4;
  const side = Math.min((width - 2 * edge) / columns, (height - 2 * edge) / rows);
  return {
    data: [{
      type: "image", hoverinfo: "none",
      z: Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (_, column) => pixel(row, column))),
    }],
    layout: {
      margin: { l: edge, r: width - edge - side * columns, t: edge, b: height - edge - side * rows },
      xaxis: { ...axis, range: [-0.5, columns - 0.5] },
      yaxis: { ...axis, range: [rows - 0.5, -0.5] },
    },
  };
}

/** What stands under the pointer, in words, for plotly's hover event. */
export function hoverText(view, tensors, { labels }, event) {
  const point = event.points[0];
  const { shape, data } = tensors[""];
  if (view.kind === "heatmap") {
    const [row, column] = point.pointIndex ?? point.pointNumber;
    const x = data[row * shape[1] + column];
    const value = Number.isFinite(x) ? number(x) : say("masked");
    return { text: say("hover-cell", { row: labels[0][row], column: labels[1][column], value }), indices: [row, column] };
  }
  if (view.kind === "image") {
    const [row, column] = point.pointNumber;
    const colours = shape[2] ?? 1;
    const first = (row * shape[1] + column) * colours;
    const value = Array.from(data.slice(first, first + colours), number).join(", ");
    return { text: say("hover-cell", { row: labels[0][row], column: labels[1][column], value }), indices: [row, column] };
  }
  if (view.kind === "scatter") return scatterText(view, tensors, labels, point);
  const at = point.pointIndex ?? point.pointNumber;
  const n = shape.at(-1);
  const values = Array.from({ length: data.length / n }, (_, i) => {
    const name = view.names?.[i];
    return (name ? `${name}: ` : "") + number(data[i * n + at]);
  }).join(", ");
  if (view.kind === "bars") {
    const [item] = unravel(at, [n]);
    return { text: `${labels.at(-1)[item]}: ${values}`, indices: shape.length === 2 ? [point.curveNumber, item] : [item] };
  }
  return { text: `${view.x_title || "x"} ${number(tensors.x ? tensors.x.data[at] : at)}: ${values}`, indices: [] };
}

function scatterText(view, tensors, labels, point) {
  const place = { x: number(point.x), y: number(point.y) };
  if (point.data.type === "contour") {
    const [row, column] = point.pointNumber;
    return { text: say("hover-field", { ...place, value: number(tensors.field.data[row * tensors.field.shape[1] + column]) }), indices: [] };
  }
  // Only the points have a colour each; the others are the steps of the path.
  const isPoint = Array.isArray(point.data.marker.color);
  const index = point.pointNumber;
  return isPoint
    ? { text: say("point", { name: labels[0][index], ...place }), indices: [index] }
    : { text: say("hover-step", { step: index, ...place }), indices: [] };
}
