// Taking a figure away: as CSV, as SVG, as PNG, as a table on the page.
import { axesOf } from "./axes.mjs";
import { PALETTE } from "./data.mjs";
import { partsOf, unravel } from "./numbers.mjs";
import { say } from "./text.mjs";
import { viewKind } from "./views/table.mjs";

const MAX_TABLE = 40;

// Without it Excel takes a file for one in the system's old encoding, and “é” or “猫” become other letters.
const BYTE_ORDER_MARK = "\ufeff";

/** One line a number: view, the label along each dimension, the number. */
export function csv(views, outputs, controls, values) {
  const quote = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const axes = axesOf(controls, values);
  const lines = ["view,row,column,value"];
  for (const [name, { shape, data }] of Object.entries(drawnOf(views, outputs))) {
    const named = views[name]?.axes ?? [];
    const labels = shape.map((size, d) => axes.labels(named[d] ?? {}, size, outputs[`${name}.${named[d]?.by}`]));
    data.forEach((x, i) => {
      const place = unravel(i, shape).map((index, d) => labels[d][index]);
      // A picture's third dimension, its colour, stands with the column.
      if (place[2]) place[1] += ` ${place[2]}`;
      lines.push([name, ...[place[0] ?? "", place[1] ?? ""], String(x)].map(quote).join(","));
    });
  }
  return `${BYTE_ORDER_MARK}${lines.join("\n")}\n`;
}

/** The outputs with the numbers on display alone. */
function drawnOf(views, outputs) {
  const found = { ...outputs };
  for (const [name, view] of Object.entries(views)) {
    const drawn = viewKind(view).drawn?.(partsOf(outputs, name)) ?? {};
    for (const [part, tensor] of Object.entries(drawn)) found[part ? `${name}.${part}` : name] = tensor;
  }
  return found;
}

/** Every view's numbers as an HTML table. */
export function tables(drawing) {
  return Object.entries(drawing.uncovered.views).map(([name, view]) => {
    const { shape: [rows, columns], sides, heads, cell } = viewKind(view).table(view, drawing.tensors(name), drawing.labels(name));
    const table = document.createElement("table");
    table.createCaption().textContent = view.title;
    const add = (row, tag, text, scope) => {
      const made = document.createElement(tag);
      made.textContent = text;
      if (scope) made.scope = scope;
      row.append(made);
    };
    const shown = Math.min(columns, MAX_TABLE);
    if (heads) {
      const head = table.createTHead().insertRow();
      add(head, "td", "");
      for (let c = 0; c < shown; c++) add(head, "th", heads[c], "col");
    }
    const body = table.createTBody();
    for (let r = 0; r < Math.min(rows, MAX_TABLE); r++) {
      const row = body.insertRow();
      add(row, "th", sides[r] || view.title, "row");
      for (let c = 0; c < shown; c++) add(row, "td", cell(r, c));
    }
    if (rows > MAX_TABLE || columns > MAX_TABLE) {
      const note = table.createTFoot().insertRow();
      add(note, "td", say("table-cut", { rows, columns, shown: MAX_TABLE }));
      note.cells[0].colSpan = shown + 1;
    }
    return table;
  });
}

/** The whole figure, as far as it is uncovered, as one SVG drawing, always on white. */
export async function svg(drawing) {
  const sheet = emptySheet(640);
  for (const [name, view] of Object.entries(drawing.uncovered.views)) {
    sheet.text(view.title, 14, "bold");
    const look = { ...drawing.look(name), theme: "light", width: sheet.width };
    await viewKind(view).svg(sheet, drawing.place(name), view, drawing.tensors(name), look);
    sheet.skip(12);
  }
  return sheet.content();
}

/** A drawing that is filled from its top. */
function emptySheet(width) {
  let y = 12;
  const parts = [];
  return {
    width,
    skip(height) {
      y += height;
    },
    text(content, size, weight = "normal") {
      y += size + 6;
      parts.push(`<text x="12" y="${y}" font-size="${size}" font-weight="${weight}">${escapeXml(content)}</text>`);
    },
    /** Another SVG drawing, of this height. */
    picture(content, height) {
      parts.push(content.replace("<svg", `<svg y="${y + 8}"`));
      y += height + 8;
    },
    content() {
      const [ink, paper] = [PALETTE.plain.ink.light, PALETTE.plain.paper.light];
      return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" font-family="sans-serif" fill="${ink}"><rect width="100%" height="100%" fill="${paper}"/>${parts.join("")}</svg>`;
    },
  };
}

const escapeXml = (text) => text.replace(/[<>&]/g, (mark) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;" })[mark]);

/** An SVG drawing as PNG, at twice its size. */
export async function png(drawing) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([drawing], { type: "image/svg+xml" }));
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * image.naturalWidth, 2 * image.naturalHeight];
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

export function download(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
