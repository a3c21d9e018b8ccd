// A drawing as the text that an address holds, and the ink that it leaves on each pixel; the same as in sketch.py.

/** One character for each of 64 places along a side, and for each of 64 shades. */
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
export const PLACES = DIGITS.length;

/**
 * Strokes are lists of places [x, y]; a picture is a list of shades.
 * @type {(text: string) => Sketched}
 */
export function parseDrawing(text) {
  const [thickness, ...parts] = text.split(".");
  const digits = (part) => Array.from(part, (digit) => DIGITS.indexOf(digit));
  const picture = parts[0]?.startsWith("*") ? digits(parts.shift().slice(1)) : undefined;
  return { thickness: Number(thickness), picture, strokes: parts.map((part) => part.match(/../g).map(digits)) };
}

/** @type {(drawing: Sketched) => string} */
export function writeDrawing({ thickness, picture, strokes }) {
  const write = (numbers) => numbers.map((x) => DIGITS[x]).join("");
  return [thickness, ...(picture ? [`*${write(picture)}`] : []), ...strokes.map((stroke) => write(stroke.flat()))].join(".");
}

/**
 * A place in pixels from the upper left corner.
 * @type {(control: Control, place: number[]) => number[]}
 */
export const inPixels = ({ rows, columns }, [x, y]) => [((x + 0.5) / PLACES) * columns, ((y + 0.5) / PLACES) * rows];

/**
 * From 0, paper, to 1, row by row.
 * @type {(control: Control, text: string) => Float32Array}
 */
export function inkOf(control, text) {
  const { rows, columns } = control;
  const { thickness, picture, strokes } = parseDrawing(text);
  // A stroke of one point is a line from there to there.
  const lines = strokes.flatMap((stroke) => (stroke.length > 1 ? stroke : [stroke[0], stroke[0]]).slice(1)
    .map((end, i) => [...inPixels(control, stroke[i]), ...inPixels(control, end)]));
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const nearest = leastSquareTo((i % columns) + 0.5, Math.floor(i / columns) + 0.5, lines);
    const ink = Math.min(1, Math.max(0, thickness / 4 + 0.5 - Math.sqrt(nearest)));
    return Math.max(ink, picture ? picture[i] / (PLACES - 1) : 0);
  });
}

/**
 * The square of the distance from a point to the nearest of lines between two points.
 * @type {(x: number, y: number, lines: number[][]) => number}
 */
function leastSquareTo(x, y, lines) {
  let least = Infinity;
  for (let i = 0; i < lines.length; i++) {
    // By index: taken apart by name, ten thousands of lines take ten times as long.
    const line = lines[i];
    const [left, top, width, height] = [line[0], line[1], line[2] - line[0], line[3] - line[1]];
    const part = ((x - left) * width + (y - top) * height) / (width * width + height * height || 1);
    const inside = Math.min(1, Math.max(0, part));
    least = Math.min(least, (x - left - inside * width) ** 2 + (y - top - inside * height) ** 2);
  }
  return least;
}
