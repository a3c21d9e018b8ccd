// Views: all that is asked about a view's kind stands in its own file.
import { bars } from "./bars.mjs";
import { heatmap } from "./heatmap.mjs";
import { image } from "./image.mjs";
import { lines } from "./lines.mjs";
import { largeNumber } from "./number.mjs";
import { scatter } from "./scatter.mjs";
import { tokens } from "./tokens.mjs";

/**
 * Every kind has
 *   draw(place, view, tensors, look, reader)    draws into its place on the page; the tensors by part, the view's own
 *                                               under the empty name. `reader.hover(indices)` and `reader.pick(indices)`
 *                                               tell what the reader does; without a pick of this view, no `pick`
 *   svg(sheet, place, view, tensors, look)      adds itself to a drawing of the whole figure (export.mjs)
 *   sentence(view, tensor, labels)              its part of the summary
 *   table(view, tensors, labels)                its numbers as { shape, sides, heads, cell(row, column) }
 * and, if it has indices to mark,
 *   mark(place, view, look)                     shows `look.marks` alone, on what is drawn
 * `look` is { Plotly, theme, width, labels, shape, marks }.
 */
export const VIEWS = { bars, heatmap, image, lines, number: largeNumber, scatter, tokens };

export const viewKind = (view) => VIEWS[view.kind];
