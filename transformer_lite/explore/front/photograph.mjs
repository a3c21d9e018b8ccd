// A picture that was dropped, pasted or chosen, as the few shades of a drawing; it does not leave the browser.
import { PLACES } from "./ink.mjs";

/**
 * Its shades from 0 to 63, row by row, with all of it in the middle. What is at its edge counts as paper, so that black
 * on white and white on black are drawn alike.
 * @type {(file: Blob, rows: number, columns: number) => Promise<number[]>}
 */
export async function shadesOf(file, rows, columns) {
  const bitmap = await createImageBitmap(file);
  const fit = Math.min(columns / bitmap.width, rows / bitmap.height);
  const [width, height] = [bitmap.width * fit, bitmap.height * fit];
  const pen = Object.assign(document.createElement("canvas"), { width: columns, height: rows }).getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, (columns - width) / 2, (rows - height) / 2, width, height);
  const { data } = pen.getImageData(0, 0, columns, rows);
  // What is clear, in the picture or beside it, has no grey of its own.
  const greys = Array.from({ length: rows * columns }, (_, i) => {
    const [red, green, blue, opaque] = data.slice(4 * i, 4 * i + 4);
    return opaque > 127 ? (0.299 * red + 0.587 * green + 0.114 * blue) / 255 : undefined;
  });
  const seen = greys.filter((grey) => grey !== undefined);
  const [least, most] = [Math.min(...seen), Math.max(...seen)];
  const paper = edgeOf(greys, rows, columns) ?? 1;
  const blackest = paper > (least + most) / 2 ? least : most;
  return greys.map((grey = paper) => {
    const ink = (grey - paper) / (blackest - paper || 1);
    return Math.round(Math.min(1, Math.max(0, ink)) * (PLACES - 1));
  });
}

/** The mean grey along the edge; undefined where nothing is there. */
function edgeOf(greys, rows, columns) {
  const edge = greys.filter((grey, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return grey !== undefined && (row === 0 || row === rows - 1 || column === 0 || column === columns - 1);
  });
  return edge.length ? edge.reduce((sum, grey) => sum + grey, 0) / edge.length : undefined;
}
