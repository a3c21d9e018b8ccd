// Curves over a common horizontal axis.
import { seriesColour } from "../colours.mjs";
import { countOf, firstOf, rowsOf } from "../numbers.mjs";
import { number, say } from "../text.mjs";
import { chart, outlines, upright, valuesAt } from "./chart.mjs";
import { asTable } from "./shared.mjs";

// The same as in lines.py.
const BAND_OPACITY = 0.2;

/** @type {ViewKind} */
export const lines = {
  ...chart({
    trace: traceLines,
    shapes(view, { marks }, ink) {
      const { at, guess, ...others } = marks;
      const line = { color: ink, width: 1, dash: "dash" };
      const place = at === undefined ? [] : [{ type: "line", x0: at, x1: at, y0: 0, y1: 1, yref: "paper", line }];
      return [...outlines(others, ink, upright), ...place, ...byHand(guess, ink)];
    },
    says(view, tensors, labels, point) {
      const at = point.pointIndex ?? point.pointNumber;
      const place = number(tensors.x ? tensors.x.data[at] : at);
      const values = valuesAt(view, tensors[""], at, (i) => inBand(tensors, i));
      return { text: `${view.x_title || "x"} ${place}: ${values}`, indices: [] };
    },
  }),

  sentence(view, tensor, labels, tensors) {
    const { "": values, low, high } = drawn(tensors);
    if (!values.data.length) return say("summary-lines", { title: view.title, series: say("summary-lines-none") });
    const edges = low && [rowsOf(low), rowsOf(high)];
    const series = rowsOf(values).map((row, i) => {
      const ends = { first: row[0], last: row.at(-1), min: Math.min(...row), max: Math.max(...row) };
      if (edges) Object.assign(ends, { low: edges[0][i].at(-1), high: edges[1][i].at(-1) });
      const parts = Object.fromEntries(Object.entries(ends).map(([key, x]) => [key, number(x)]));
      const name = view.names ? view.names[i] : say("summary-line-unnamed", { number: i + 1 });
      return say(edges ? "summary-line-band" : "summary-line", { ...parts, name });
    });
    return say("summary-lines", { title: view.title, series: series.join("; ") });
  },

  table(view, tensors) {
    const known = drawn(tensors);
    const { shape } = known[""];
    const sides = shape.length === 1 ? [""] : view.names ?? countOf(shape[0]);
    const table = asTable(known[""], sides, known.x ? Array.from(known.x.data, number) : countOf(shape.at(-1)));
    return { ...table, cell: (row, column) => inBand(known, row * shape.at(-1) + column) };
  },

  drawn,
};

/** The tensors as far as their places are known. @type {NonNullable<ViewKind["drawn"]>} */
function drawn(tensors) {
  if (!tensors.until) return tensors;
  const known = Math.max(0, Math.floor(tensors.until.data[0]));
  const parts = Object.entries(tensors);
  return Object.fromEntries(parts.map(([part, tensor]) => [part, tensor.shape.length ? firstOf(tensor, known) : tensor]));
}

/**
 * A number of the curves, and the edges of its band, if there is one.
 * @type {(tensors: Parts, at: number) => string}
 */
function inBand({ "": values, low, high }, at) {
  const value = number(values.data[at]);
  return low ? say("in-band", { value, low: number(low.data[at]), high: number(high.data[at]) }) : value;
}

/** A reader's curve, as far as it can be drawn. */
function byHand(guess, ink) {
  if (!guess) return [];
  const path = guess.x.map((x, i) => `${i ? "L" : "M"}${x},${guess.y[i]}`).join("");
  return [{ type: "path", path, line: { color: ink, width: 2.5, dash: "dash" } }];
}

/** @type {ChartKind["trace"]} */
function traceLines(view, tensors, { theme }) {
  const places = tensors.x ? Array.from(tensors.x.data) : Array.from({ length: tensors[""].shape.at(-1) }, (_, i) => i);
  const known = drawn(tensors)[""].shape.at(-1);
  const [y, low, high] = ["", "low", "high"].map((part) => (tensors[part] ? rowsOf(tensors[part]) : []).map((row) => row.slice(0, known)));
  const x = places.slice(0, known);
  const scale = (log, title, numbers) => {
    const axis = { type: log ? "log" : "linear", title: { text: title, standoff: 6 } };
    const decades = Math.log10(Math.max(...numbers) / Math.min(...numbers));
    // Over several decades, ticks at powers of ten alone, and at most six of them; over one, at 1, 2 and 5.
    if (log && decades > 1.3) return { ...axis, dtick: Math.ceil(decades / 6) };
    return log && decades > 0.7 ? { ...axis, dtick: "D2" } : axis;
  };
  const range = view.range && (view.log_y ? view.range.map(Math.log10) : view.range);
  // Where not all places are known, the axis has them all the same.
  const whole = [Math.min(...places), Math.max(...places)];
  const across = tensors.until ? { range: view.log_x ? whole.map(Math.log10) : whole } : {};
  const bands = low.map((edge, i) => ({
    type: "scatter", mode: "lines", x: [...x, ...[...x].reverse()], y: [...high[i], ...[...edge].reverse()], fill: "toself",
    line: { width: 0 }, fillcolor: seriesColour(view, i, theme), opacity: BAND_OPACITY, hoverinfo: "skip", showlegend: false,
  }));
  return {
    data: [...bands, ...y.map((row, i) => ({
      // A single number makes no line.
      type: "scatter", mode: row.length > 1 ? "lines" : "markers", x, y: row, name: view.names?.[i] ?? String(i), hoverinfo: "none",
      line: { color: seriesColour(view, i, theme), width: 2, dash: ["solid", "dash", "dot", "dashdot"][i % 4] },
    }))],
    layout: {
      hovermode: "x",
      hoverdistance: -1, // a curve of few points answers wherever the pointer is
      margin: { l: 58, r: 12, t: view.names?.length > 1 ? 34 : 10, b: 44 },
      xaxis: { ...scale(view.log_x, view.x_title, places), ...across },
      yaxis: { ...scale(view.log_y, view.y_title, view.range ?? [y, low, high].flat(2)), ...(range ? { range } : {}), exponentformat: "power" },
    },
  };
}
