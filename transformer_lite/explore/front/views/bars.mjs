// A bar for each number, or a group of bars for each item.
import { seriesColour } from "../colours.mjs";
import { rowsOf } from "../numbers.mjs";
import { say } from "../text.mjs";
import { cellText, chart, outlines, ticks, upright, valuesAt } from "./chart.mjs";
import { asTable, smallestAndLargest } from "./shared.mjs";

/** @type {ViewKind} */
export const bars = {
  ...chart({
    trace: traceBars,
    shapes: (view, { marks }, ink) => outlines(marks, ink, upright),
    says(view, tensors, labels, point) {
      const item = point.pointIndex ?? point.pointNumber;
      const indices = tensors[""].shape.length === 2 ? [point.curveNumber, item] : [item];
      return { text: `${labels.at(-1)[item]}: ${valuesAt(view, tensors[""], item)}`, indices };
    },
  }),

  sentence(view, tensor, labels) {
    const { min, max, min_at, max_at } = smallestAndLargest(tensor, labels);
    const parts = { min, max, min_item: min_at.join(" "), max_item: max_at.join(" ") };
    return say("summary-bars", { title: view.title, count: tensor.data.length, ...parts });
  },

  table: (view, tensors, labels) => asTable(tensors[""], labels.length === 1 ? [""] : labels[0], labels.at(-1)),
};

/** @type {ChartKind["trace"]} */
function traceBars(view, tensors, { theme, labels }) {
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
