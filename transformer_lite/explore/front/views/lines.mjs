// Curves over a common horizontal axis.
import { seriesColour } from "../colours.mjs";
import { countOf, rowsOf } from "../numbers.mjs";
import { number, say } from "../text.mjs";
import { chart, outlines, upright, valuesAt } from "./chart.mjs";
import { asTable } from "./shared.mjs";

/** @type {ViewKind} */
export const lines = {
  ...chart({
    trace: traceLines,
    shapes(view, { marks }, ink) {
      const { at, guess, ...others } = marks;
      const line = { color: ink, width: 1, dash: "dash" };
      const place = at === undefined ? [] : [{ type: "line", x0: at, x1: at, y0: 0, y1: 1, yref: "paper", line }];
      return [...outlines(others, ink, upright), ...place, ...drawn(guess, ink)];
    },
    says(view, tensors, labels, point) {
      const at = point.pointIndex ?? point.pointNumber;
      const place = number(tensors.x ? tensors.x.data[at] : at);
      return { text: `${view.x_title || "x"} ${place}: ${valuesAt(view, tensors[""], at)}`, indices: [] };
    },
  }),

  sentence(view, tensor) {
    const series = rowsOf(tensor).map((row, i) => {
      const ends = { first: row[0], last: row.at(-1), min: Math.min(...row), max: Math.max(...row) };
      const parts = Object.fromEntries(Object.entries(ends).map(([key, x]) => [key, number(x)]));
      return say("summary-line", { ...parts, name: view.names ? view.names[i] : String(i) });
    });
    return say("summary-lines", { title: view.title, series: series.join("; ") });
  },

  table(view, tensors) {
    const { shape } = tensors[""];
    const sides = shape.length === 1 ? [""] : view.names ?? countOf(shape[0]);
    return asTable(tensors[""], sides, tensors.x ? Array.from(tensors.x.data, number) : countOf(shape.at(-1)));
  },
};

/** A reader's curve, as far as it can be drawn. */
function drawn(guess, ink) {
  if (!guess) return [];
  const path = guess.x.map((x, i) => `${i ? "L" : "M"}${x},${guess.y[i]}`).join("");
  return [{ type: "path", path, line: { color: ink, width: 2.5, dash: "dash" } }];
}

/** @type {ChartKind["trace"]} */
function traceLines(view, tensors, { theme }) {
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
      hovermode: "x",
      hoverdistance: -1, // a curve of few points answers wherever the pointer is
      margin: { l: 58, r: 12, t: view.names?.length > 1 ? 34 : 10, b: 44 },
      xaxis: scale(view.log_x, view.x_title, x),
      yaxis: { ...scale(view.log_y, view.y_title, view.range ?? y.flat()), ...(range ? { range } : {}), exponentformat: "power" },
    },
  };
}
