// A picture that was dropped, pasted or chosen, as the few shades of a drawing; it does not leave the browser.
import { PLACES } from "./ink.mjs";

/** How many pixels of a finer picture, along either side, make one of the drawing. */
const FINER = 8;

/**
 * Its shades from 0 to 63, row by row, with all of it in the middle. What is at its edge counts as paper, so that black
 * on white and white on black are drawn alike.
 * @type {(file: Blob, rows: number, columns: number) => Promise<number[]>}
 */
export async function shadesOf(file, rows, columns) {
  const greys = greysOf(await createImageBitmap(file), rows, columns);
  const seen = greys.filter((grey) => grey !== undefined);
  const [least, most] = [Math.min(...seen), Math.max(...seen)];
  const paper = edgeOf(greys, rows, columns) ?? 1;
  const blackest = paper > (least + most) / 2 ? least : most;
  return greys.map((grey = paper) => {
    const ink = (grey - paper) / (blackest - paper || 1);
    return Math.round(Math.min(1, Math.max(0, ink)) * (PLACES - 1));
  });
}

/** The mean grey of each pixel; undefined where the picture is clear, or not there. */
function greysOf(bitmap, rows, columns) {
  // Means, because browsers leave out or blur what they draw many times smaller.
  const [height, width] = [rows * FINER, columns * FINER];
  const pen = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d", { willReadFrequently: true });
  const fit = Math.min(width / bitmap.width, height / bitmap.height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, (width - bitmap.width * fit) / 2, (height - bitmap.height * fit) / 2, bitmap.width * fit, bitmap.height * fit);
  return Array.from({ length: rows * columns }, (_, i) => {
    const { data } = pen.getImageData((i % columns) * FINER, Math.floor(i / columns) * FINER, FINER, FINER);
    let [sum, opaque] = [0, 0];
    for (let at = 0; at < data.length; at += 4) {
      opaque += data[at + 3];
      sum += ((0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]) / 255) * data[at + 3];
    }
    return opaque > 127 * FINER * FINER ? sum / opaque : undefined;
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
