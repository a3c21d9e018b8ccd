// The labels of axes and the summary of the numbers, in words; the same as words.py.
import { number, say } from "./text.mjs";

export const splitWords = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

/** The name of each index of an axis. */
export function axisLabels(axis, size, controls, values) {
  if (Array.isArray(axis.labels)) return axis.labels.slice(0, size);
  const control = controls[axis.labels];
  if (control?.kind === "words") return splitWords(values[axis.labels]);
  if (control?.kind === "order") return values[axis.labels].map((item) => control.items[item]);
  return Array.from({ length: size }, (_, i) => String(i));
}

/** One sentence or two for each view, computed from its numbers. */
export function summary(views, outputs, controls, values) {
  return Object.entries(views).map(([name, view]) => sentence(view, outputs[name], controls, values)).join(" ");
}

function sentence(view, { shape, data: shown }, controls, values) {
  const { title, kind } = view;
  const data = view.log_y ? shown : withoutNoise(shown);
  if (kind === "number") return say("summary-number", { title, value: number(data[0]) });
  if (kind === "lines") return say("summary-lines", { title, series: series(view, shape, data).join("; ") });
  const named = view.axes.map((axis, d) => axisLabels(axis, shape[d], controls, values));
  if (kind === "scatter") return say("summary-scatter", { title, points: places(data, named[0]).join("; ") });
  const { low, high } = extremes(data);
  const at = (index, d) => named[d][unravel(index, shape)[d]];
  const parts = { title, min: number(data[low]), max: number(data[high]) };
  if (kind === "image") {
    const mean = number(data.reduce((sum, x) => sum + x, 0) / data.length);
    return say("summary-image", { ...parts, rows: shape[0], columns: shape[1], mean });
  }
  if (kind === "heatmap") {
    return say("summary-heatmap", {
      ...parts, rows: shape[0], columns: shape[1],
      max_row: at(high, 0), max_column: at(high, 1), min_row: at(low, 0), min_column: at(low, 1),
    });
  }
  const item = (index) => shape.map((_, d) => at(index, d)).join(" ");
  return say(`summary-${kind}`, { ...parts, count: data.length, max_item: item(high), min_item: item(low) });
}

/** 0 for what is but rounding beside the view's largest number: PyTorch and the browser round differently. */
function withoutNoise(data) {
  const noise = 1e-6 * largest(data);
  return data.map((x) => (Math.abs(x) < noise ? 0 : x));
}

/** The largest finite magnitude; 0 if there is none. */
export function largest(data) {
  return data.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
}

function series(view, shape, data) {
  const n = shape.at(-1);
  return Array.from({ length: data.length / n }, (_, i) => {
    const row = Array.from(data.slice(i * n, (i + 1) * n));
    const ends = { first: row[0], last: row[n - 1], min: Math.min(...row), max: Math.max(...row) };
    const parts = Object.fromEntries(Object.entries(ends).map(([key, x]) => [key, number(x)]));
    return say("summary-line", { ...parts, name: view.names ? view.names[i] : String(i) });
  });
}

// So many points of a scatter are named one by one.
const MAX_POINTS = 8;

/** The first points by name; a cloud of many is not read out whole. */
function places(data, names) {
  const said = names.slice(0, MAX_POINTS).map((name, i) =>
    say("summary-point", { name, x: number(data[2 * i]), y: number(data[2 * i + 1]) }));
  const more = names.length - MAX_POINTS;
  return more > 0 ? [...said, say("summary-more", { count: more })] : said;
}

/** Where the smallest and the largest number stand; masked ones (−∞) count only if there are no others. */
export function extremes(data) {
  let [least, most] = [Infinity, -Infinity];
  for (const x of data) {
    if (!Number.isFinite(x)) continue;
    least = Math.min(least, x);
    most = Math.max(most, x);
  }
  // Among numbers that differ by rounding alone, the first: PyTorch and the browser add up in different orders.
  const slack = 1e-5 * Math.max(1, largest(data));
  const first = (fits) => Math.max(0, data.findIndex((x) => Number.isFinite(x) && fits(x)));
  return { low: first((x) => x <= least + slack), high: first((x) => x >= most - slack) };
}

/** The indices along each dimension of a place in the flattened tensor. */
export function unravel(index, shape) {
  return shape.reduceRight(([indices, rest], size) => [[rest % size, ...indices], Math.floor(rest / size)], [[], index])[0];
}
