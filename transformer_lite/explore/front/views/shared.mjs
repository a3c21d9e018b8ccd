// What the sentences and the tables of several views have in common.
import { extremes, rowsOf, unravel } from "../numbers.mjs";
import { number } from "../text.mjs";

/** The smallest and the largest number of a tensor, and the labels along each dimension of where they stand. */
export function smallestAndLargest({ shape, data }, labels) {
  const { low, high } = extremes(data);
  const at = (index) => unravel(index, shape).map((i, dimension) => labels[dimension][i]);
  return { min: number(data[low]), max: number(data[high]), min_at: at(low), max_at: at(high) };
}

/** A tensor of one or two dimensions as a table, with what stands beside its rows and over its columns. */
export function asTable(tensor, sides, heads) {
  const rows = rowsOf(tensor);
  return { shape: [rows.length, tensor.shape.at(-1)], sides, heads, cell: (row, column) => number(rows[row][column]) };
}
