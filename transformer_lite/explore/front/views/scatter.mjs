// Points in a plane, with arrows, a path and a field behind them.
import { scaleOf, seriesColour } from "../colours.mjs";
import { PALETTE } from "../data.mjs";
import { rowsOf } from "../numbers.mjs";
import { number, say } from "../text.mjs";
import { asText, chart } from "./chart.mjs";
import { asTable } from "./shared.mjs";

// So many points are named one by one in the summary.
const MAX_POINTS = 8;

/** @type {ViewKind} */
export const scatter = {
  ...chart({
    trace: traceScatter,
    shapes: () => [],
    says: scatterText,
  }),

  /** The first points by name; a cloud of many is not read out whole. */
  sentence(view, { data }, [names]) {
    const points = names.slice(0, MAX_POINTS).map((name, i) =>
      say("summary-point", { name, x: number(data[2 * i]), y: number(data[2 * i + 1]) }));
    const more = names.length - MAX_POINTS;
    if (more > 0) points.push(say("summary-more", { count: more }));
    return say("summary-scatter", { title: view.title, points: points.join("; ") });
  },

  table: (view, tensors, [sides, heads]) => asTable(tensors[""], sides, heads),
};

/** @type {ChartKind["trace"]} */
function traceScatter(view, tensors, { theme, labels }) {
  const points = rowsOf(tensors[""]);
  const colours = points.map((_, i) => seriesColour(view, i, theme));
  const named = Boolean(view.axes[0].labels);
  const [low, high] = view.range;
  const ink = PALETTE.plain.strong[theme];
  const data = [];
  if (tensors.field) {
    const { shape: [rows, columns] } = tensors.field;
    const places = (n) => Array.from({ length: n }, (_, i) => low + (i * (high - low)) / (n - 1));
    data.push({
      type: "contour", z: rowsOf(tensors.field), x: places(columns), y: places(rows), hoverinfo: "none", showscale: false,
      autocontour: true, ncontours: 14, line: { width: 0.5, color: PALETTE.plain.rule[theme] },
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
  const axis = { range: [low, high], zeroline: low < 0 && high > 0, zerolinecolor: PALETTE.plain.rule[theme], constrain: "domain" };
  return {
    data,
    layout: {
      margin: { l: view.y_title ? 52 : 36, r: 10, t: 10, b: view.x_title ? 44 : 28 },
      xaxis: { ...axis, title: { text: view.x_title, standoff: 6 } },
      yaxis: { ...axis, title: { text: view.y_title, standoff: 6 }, scaleanchor: "x" },
    },
  };
}

/** @type {ChartKind["says"]} */
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
