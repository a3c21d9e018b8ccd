// Taking a figure away: as CSV, as SVG, as PNG, as a table on the page.
import { colourRange } from "./charts.mjs";
import { number, say } from "./text.mjs";
import { axisLabels, unravel } from "./words.mjs";

const MAX_TABLE = 40;

/** One line a number: view, the label along each dimension, the number. */
export function csv(views, outputs, controls, values) {
  const quote = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = ["view,row,column,value"];
  for (const [name, { shape, data }] of Object.entries(outputs)) {
    const axes = views[name]?.axes ?? [];
    const labels = shape.map((size, d) => axisLabels(axes[d] ?? {}, size, controls, values));
    data.forEach((x, i) => {
      const place = unravel(i, shape).map((index, d) => labels[d][index]);
      // A picture's third dimension, its colour, stands with the column.
      if (place[2]) place[1] += ` ${place[2]}`;
      lines.push([name, ...[place[0] ?? "", place[1] ?? ""], String(x)].map(quote).join(","));
    });
  }
  return `${lines.join("\n")}\n`;
}

/** Every view's numbers as an HTML table. */
export function tables(views, outputs, controls, values) {
  return Object.entries(views).map(([name, view]) => {
    const { shape, data } = outputs[name];
    const flat = shape.length < 2;
    const [rows, columns, colours = 1] = flat ? [1, shape[0] ?? 1] : shape;
    const axes = flat ? [undefined, view.axes.at(-1)] : view.axes;
    const labelsOf = (axis, size, none) => (axis ? axisLabels(axis, size, controls, values) : none);
    const seriesNames = view.names ?? Array.from({ length: rows }, (_, i) => String(i));
    const x = outputs[`${name}.x`];
    const heads = x ? Array.from(x.data, number) : labelsOf(axes[1], columns, Array.from({ length: columns }, (_, i) => String(i)));
    const sides = labelsOf(axes[0], rows, flat ? [""] : seriesNames);
    const table = document.createElement("table");
    table.createCaption().textContent = view.title;
    const cell = (row, tag, text, scope) => {
      const made = document.createElement(tag);
      made.textContent = text;
      if (scope) made.scope = scope;
      row.append(made);
    };
    const shown = Math.min(columns, MAX_TABLE);
    if (shape.length) {
      const head = table.createTHead().insertRow();
      cell(head, "td", "");
      for (let c = 0; c < shown; c++) cell(head, "th", heads[c], "col");
    }
    const body = table.createTBody();
    for (let r = 0; r < Math.min(rows, MAX_TABLE); r++) {
      const row = body.insertRow();
      cell(row, "th", sides[r] || view.title, "row");
      for (let c = 0; c < shown; c++) {
        const at = (r * columns + c) * colours;
        cell(row, "td", Array.from(data.slice(at, at + colours), number).join(", "));
      }
    }
    if (rows > MAX_TABLE || columns > MAX_TABLE) {
      const note = table.createTFoot().insertRow();
      cell(note, "td", say("table-cut", { rows, columns, shown: MAX_TABLE }));
      note.firstChild.colSpan = shown + 1;
    }
    return table;
  });
}

/** The whole figure as one SVG drawing, always on white. */
export async function svg(element, views, outputs, redraw, Plotly) {
  const width = 640;
  let y = 12;
  const parts = [];
  const text = (content, size, weight = "normal") => {
    y += size + 6;
    parts.push(`<text x="12" y="${y}" font-size="${size}" font-weight="${weight}">${escapeXml(content)}</text>`);
  };
  for (const [name, view] of Object.entries(views)) {
    text(view.title, 14, "bold");
    const { data } = outputs[name];
    if (view.kind === "number") {
      text(number(data[0]), 20);
    } else if (view.kind === "tokens") {
      const words = [...element.querySelectorAll(`[data-view="${name}"] .tl-token b`)].map((b) => b.textContent);
      text(words.map((word, i) => `${word} ${number(data[i])}`).join("   "), 13);
    } else {
      const height = element.querySelector(`[data-view="${name}"] .tl-slot`).clientHeight;
      const url = await redraw(name, width, height, (chart) => Plotly.toImage(chart, { format: "svg", width, height }));
      const drawing = decodeURIComponent(url.slice(url.indexOf(",") + 1));
      parts.push(drawing.replace("<svg", `<svg y="${y + 8}"`));
      y += height + 8;
      if (view.kind === "heatmap") {
        const [low, high] = colourRange(view, data);
        text(`${number(low)} … ${number(high)}`, 11);
      }
    }
    y += 12;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" font-family="sans-serif" fill="#2b323b"><rect width="100%" height="100%" fill="#fff"/>${parts.join("")}</svg>`;
}

const escapeXml = (text) => text.replace(/[<>&]/g, (mark) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;" })[mark]);

/** An SVG drawing as PNG, at twice its size. */
export async function png(drawing) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([drawing], { type: "image/svg+xml" }));
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * image.naturalWidth, 2 * image.naturalHeight];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
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
