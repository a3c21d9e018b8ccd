// A picture in grey, or in red, green and blue.
import { PALETTE } from "../data.mjs";
import { number, say } from "../text.mjs";
import { chart, gridBand, outlines } from "./chart.mjs";
import { smallestAndLargest } from "./shared.mjs";

/** @type {ViewKind} */
export const image = {
  ...chart({
    trace: traceImage,
    shapes: (view, { marks, shape }, ink) => [...gridLines(view, shape), ...outlines(marks, ink, gridBand(shape))],
    says(view, tensors, labels, point) {
      const [row, column] = point.pointNumber;
      const value = pixelText(tensors[""], row, column);
      return { text: say("hover-cell", { row: labels[0][row], column: labels[1][column], value }), indices: [row, column] };
    },
  }),

  sentence(view, tensor, labels) {
    const { shape, data } = tensor;
    const { min, max } = smallestAndLargest(tensor, labels);
    const mean = number(data.reduce((sum, x) => sum + x, 0) / data.length);
    return say("summary-image", { title: view.title, rows: shape[0], columns: shape[1], min, max, mean });
  },

  table(view, tensors, [sides, heads]) {
    return { shape: tensors[""].shape, sides, heads, cell: (row, column) => pixelText(tensors[""], row, column) };
  },
};

/**
 * A pixel's one number or three.
 * @type {(tensor: Tensor, row: number, column: number) => string}
 */
function pixelText({ shape: [, columns, colours = 1], data }, row, column) {
  const first = (row * columns + column) * colours;
  return Array.from(data.slice(first, first + colours), number).join(", ");
}

/**
 * The lines between the patches of a picture.
 * @type {(view: View, shape: number[]) => object[]}
 */
function gridLines({ grid }, [rows, columns]) {
  if (!grid) return [];
  const line = { color: PALETTE.patch_line, width: 1 };
  const places = (size) => Array.from({ length: Math.floor(size / grid) + 1 }, (_, i) => i * grid - 0.5);
  const across = places(rows).map((y) => ({ type: "line", x0: -0.5, x1: columns - 0.5, y0: y, y1: y, line }));
  const down = places(columns).map((x) => ({ type: "line", x0: x, x1: x, y0: -0.5, y1: rows - 0.5, line }));
  return [...across, ...down];
}

/** @type {ChartKind["trace"]} */
function traceImage(view, tensors, { theme, width, height }) {
  const { shape: [rows, columns, colours = 1], data } = tensors[""];
  const shade = (x) => Math.round(255 * Math.min(1, Math.max(0, x)));
  const pixel = (row, column) => {
    const at = (row * columns + column) * colours;
    return colours === 3 ? [0, 1, 2].map((c) => shade(data[at + c])) : Array(3).fill(shade(data[at]));
  };
  // The frame tells white pixels from a white page.
  const frame = { showline: true, mirror: true, linecolor: PALETTE.plain.rule[theme], linewidth: 1 };
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
