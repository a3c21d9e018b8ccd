// Facts about a tensor's numbers; the same as in words.py and views.py.

/**
 * The largest finite magnitude; 0 if there is none.
 * @param {Iterable<number>} data
 */
export function largest(data) {
  let most = 0;
  for (const x of data) if (Number.isFinite(x)) most = Math.max(most, Math.abs(x));
  return most;
}

/**
 * Where the smallest and the largest number stand; masked ones (−∞) count only if there are no others.
 * @param {Tensor["data"]} data
 */
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

/**
 * The indices along each dimension of a place in the flattened tensor.
 * @type {(index: number, shape: number[]) => number[]}
 */
export function unravel(index, shape) {
  const indices = [];
  for (const size of [...shape].reverse()) {
    indices.unshift(index % size);
    index = Math.floor(index / size);
  }
  return indices;
}

/**
 * The tensor's numbers along its last dimension, one array for each row.
 * @param {Tensor} tensor
 */
export function rowsOf({ shape, data }) {
  const n = shape[shape.length - 1];
  return Array.from({ length: data.length / n }, (_, i) => Array.from(data.slice(i * n, (i + 1) * n)));
}

/**
 * The tensor with the first places alone of its last dimension.
 * @type {(tensor: Tensor, count: number) => Tensor}
 */
export function firstOf({ shape, data }, count) {
  const n = shape[shape.length - 1];
  return { shape: [...shape.slice(0, -1), Math.min(n, count)], data: data.filter((_, i) => i % n < count) };
}

/**
 * A view's tensors by part: its own under the empty name.
 * @type {(outputs: Record<string, Tensor>, name: string) => Parts}
 */
export function partsOf(outputs, name) {
  const parts = Object.entries(outputs).filter(([key]) => key === name || key.startsWith(`${name}.`));
  return Object.fromEntries(parts.map(([key, tensor]) => [key.slice(name.length + 1), tensor]));
}

/**
 * 0, 1, … as text: the names of what has no other.
 * @param {number} size
 */
export const countOf = (size) => Array.from({ length: size }, (_, i) => String(i));

/**
 * Whole numbers as a tensor that feeds a graph.
 * @type {(numbers: number[], shape: number[]) => [string, BigInt64Array, number[]]}
 */
export const whole = (numbers, shape) => ["int64", BigInt64Array.from(numbers, BigInt), shape];
