// Views: all that is asked about a view's kind stands in its own file.
import { bars } from "./bars.mjs";
import { heatmap } from "./heatmap.mjs";
import { image } from "./image.mjs";
import { lines } from "./lines.mjs";
import { largeNumber } from "./number.mjs";
import { scatter } from "./scatter.mjs";
import { tokens } from "./tokens.mjs";
import { tree } from "./tree.mjs";

/**
 * By kind; `ViewKind` in types.d.ts says what each function is asked.
 * @type {Record<string, ViewKind>}
 */
export const VIEWS = { bars, heatmap, image, lines, number: largeNumber, scatter, tokens, tree };

/** @param {View} view */
export const viewKind = (view) => VIEWS[view.kind];
