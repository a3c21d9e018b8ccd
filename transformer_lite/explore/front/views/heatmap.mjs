// A matrix as coloured cells.
import { colourAt, inkOn, scaleOf } from "../colours.mjs";
import { PALETTE } from "../data.mjs";
import { largest } from "../numbers.mjs";
import { number, say } from "../text.mjs";
import { cellText, chart, gridBand, outlines, ticks } from "./chart.mjs";
import { asTable, smallestAndLargest } from "./shared.mjs";

const MAX_TEXT_CELLS = 400;

const cells = chart({
  trace: traceHeatmap,
  shapes: (view, { marks, shape }, ink) => outlines(marks, ink, gridBand(shape)),
  says(view, tensors, labels, point) {
    const { shape, data } = tensors[""];
    const [row, column] = point.pointIndex ?? point.pointNumber;
    const x = data[row * shape[1] + column];
    const value = Number.isFinite(x) ? number(x) : say("masked");
    return { text: say("hover-cell", { row: labels[0][row], column: labels[1][column], value }), indices: [row, column] };
  },
});

/** @type {ViewKind} */
export const heatmap = {
  ...cells,

  async draw(place, view, tensors, look, reader) {
    await cells.draw(place, view, tensors, look, reader);
    if (hasScale(view, tensors)) drawLegend(place, view, tensors[""].data);
  },

  async svg(sheet, place, view, tensors, look) {
    await cells.svg(sheet, place, view, tensors, look);
    if (!hasScale(view, tensors)) return;
    const [low, high] = colourRange(view, tensors[""].data);
    sheet.text(`${number(low)} … ${number(high)}`, 11);
  },

  sentence(view, tensor, labels) {
    const size = { title: view.title, rows: tensor.shape[0], columns: tensor.shape[1] };
    if (!tensor.data.some(Number.isFinite)) return say("summary-heatmap-empty", { ...size });
    const { min, max, min_at, max_at } = smallestAndLargest(tensor, labels);
    return say("summary-heatmap", {
      ...size, min, max, max_row: max_at[0], max_column: max_at[1], min_row: min_at[0], min_column: min_at[1],
    });
  },

  table: (view, tensors, [sides, heads]) => asTable(tensors[""], sides, heads),
};

/** Do its colours stand for its numbers? */
const hasScale = (view, tensors) => !view.categories && !tensors.shade;

/** The ends of a heatmap's colour scale. */
function colourRange(view, data) {
  const limit = (view.limit ?? largest(data)) || 1;
  return [view.signed ? -limit : 0, limit];
}

function drawLegend(place, view, data) {
  const legend = place.querySelector(".tl-legend");
  const [low, high] = colourRange(view, data);
  legend.firstChild.textContent = number(low);
  legend.lastChild.textContent = number(high);
}

/** @type {ChartKind["trace"]} */
function traceHeatmap(view, tensors, { theme, labels, width, height }) {
  const { shape: [rows, columns], data } = tensors[""];
  const coloured = Array.from((tensors.shade ?? tensors[""]).data);
  const grid = (of) => Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => of(coloured[r * columns + c])));
  const { stops, zmin, zmax, colorscale, of } = view.categories ? regions(theme) : shades(view, coloured, theme);
  const left = 16 + 7 * Math.max(...labels[0].map((label) => label.length));
  const cell = Math.max(0, (width - left - 12) / columns);
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
  const masked = PALETTE.plain.masked[theme];
  const ink = (x) => inkOn(colourAt(...(of(x) === null ? [[masked, masked], 0] : [stops, (of(x) - zmin) / (zmax - zmin)])));
  // A tilted label leans to the right, over its cell and those after it; the last ones, over the chart's side. Each of its
  // letters takes 4.8 px of the width, and its height 8.
  const right = Math.max(8, ...(flat ? [] : labels[1].map((label, c) => 4.8 * label.length + 8 - (columns - c - 0.5) * cell)));
  return {
    data: readable ? [trace, cellNumbers(data, columns, cell, coloured.map(ink), view.categories)] : [trace],
    layout: {
      margin: { l: Math.min(120, left), r: right, t: top, b: 6 },
      ...(coloured.every((x) => of(x) !== null) ? {} : { plot_bgcolor: masked }),
      xaxis: { side: "top", range: [-0.5, columns - 0.5], showgrid: false, tickangle: flat ? 0 : -50, ticklabeloverflow: "allow", ...ticks(labels[1]) },
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

/** The numbers in the cells, each in its ink, which stands out from its cell; long ones in narrow cells are smaller. */
function cellNumbers(data, columns, cell, inks, categories) {
  const numbers = Array.from(data);
  // Not an empty text: plotly would remove it, and never write there again.
  const text = numbers.map((x) => (categories && x < 0 ? "\u00a0" : cellText(x)));
  const widest = 0.64 * Math.max(...text.map((written) => written.replace(".", "").length + (written.includes(".") ? 0.5 : 0)));
  return {
    type: "scatter", mode: "text", hoverinfo: "skip",
    x: numbers.map((_, i) => i % columns),
    y: numbers.map((_, i) => Math.floor(i / columns)),
    text,
    textfont: { size: Math.max(9, Math.min(11, Math.floor((cell - 2) / widest))), color: inks },
  };
}
