// What the views that plotly.js draws have in common.
import { CLEAR } from "../colours.mjs";
import { PALETTE } from "../data.mjs";
import { number } from "../text.mjs";

// What each place on the page shows: the pointer's events are about that, and only what is new is drawn.
const charts = new WeakMap();

/**
 * A view drawn by plotly.js, from what only its kind knows.
 * @param {ChartKind} kind
 * @returns {Required<Pick<ViewKind, "draw" | "mark" | "svg">>}
 */
export function chart({ trace, shapes, says }) {
  /** Draws into `slot`; resolves when it is drawn. */
  async function paint(slot, view, tensors, look) {
    const [width, height] = [look.width, heightOf(slot)];
    const { data, layout } = trace(view, tensors, { ...look, height });
    const ink = PALETTE.plain.ink[look.theme];
    const axis = { fixedrange: true, zeroline: false, gridcolor: PALETTE.plain.grid[look.theme], tickfont: { size: 11 } };
    const whole = {
      hovermode: "closest",
      hoverdistance: 20,
      plot_bgcolor: CLEAR,
      ...layout,
      xaxis: { ...axis, ...layout.xaxis },
      yaxis: { ...axis, ...layout.yaxis },
      font: { color: ink, size: 12, family: getComputedStyle(slot).fontFamily },
      paper_bgcolor: CLEAR,
      dragmode: false,
      showlegend: Boolean(view.names && view.names.length > 1),
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: CLEAR, font: { size: 11 }, itemwidth: 30 },
      shapes: shapes(view, look, ink),
      width,
      height,
    };
    await look.Plotly.react(slot, data, whole, { displayModeBar: false, doubleClick: false, doubleClickDelay: 0 });
    // So that it can be scaled to the width of its place on paper.
    for (const layer of slot.querySelectorAll(".main-svg")) layer.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }

  /** Outlines what is picked and what the reader points at, without drawing the numbers again. */
  function mark(place, view, look) {
    return look.Plotly.relayout(slotOf(place), { shapes: shapes(view, look, PALETTE.plain.ink[look.theme]) });
  }

  function listen(place, slot) {
    const readout = place.querySelector(".tl-readout");
    const read = (event) => {
      const { view, tensors, look } = charts.get(slot);
      return says(view, tensors, look.labels, event.points[0]);
    };
    slot.on("plotly_hover", (event) => {
      const { text, indices } = read(event);
      readout.textContent = text;
      charts.get(slot).reader.hover(indices);
    });
    slot.on("plotly_unhover", () => {
      readout.textContent = "";
      charts.get(slot).reader.hover([]);
    });
    slot.on("plotly_click", (event) => charts.get(slot).reader.pick?.(read(event).indices));
  }

  return {
    /** Draws the view; where its numbers stand already, only its marks move: drawing costs more than computing. */
    async draw(place, view, tensors, look, reader) {
      const slot = slotOf(place);
      const drawn = charts.get(slot);
      // In an empty chart plotly has written no numbers, and would not write them later: the whole one is another.
      const first = drawn?.look.blank !== look.blank || !drawn;
      if (first && drawn) look.Plotly.purge(slot);
      if (first) slot.replaceChildren();
      const frame = JSON.stringify([view, look.labels, look.theme, look.width]);
      const marks = JSON.stringify(look.marks);
      charts.set(slot, { view, tensors, look, reader, frame, marks });
      const stands = !first && drawn.frame === frame
        && Object.keys(tensors).every((part) => part === "at" || sameTensor(tensors[part], drawn.tensors[part]));
      if (!stands) await paint(slot, view, tensors, look);
      else if (drawn.marks !== marks) await mark(place, view, look);
      if (!first) return;
      listen(place, slot);
      place.classList.toggle("tl-pickable", Boolean(reader.pick));
    },

    mark,

    /** Draws the view again apart from the page, as wide as the sheet. */
    async svg(sheet, place, view, tensors, look) {
      const [width, height] = [look.width, heightOf(slotOf(place))];
      const apart = document.createElement("div");
      apart.style.cssText = `position:absolute;left:-9999px;width:${width}px;height:${height}px`;
      place.closest("figure").append(apart);
      try {
        await paint(apart, view, tensors, look);
        const url = await look.Plotly.toImage(apart, { format: "svg", width, height });
        sheet.picture(decodeURIComponent(url.slice(url.indexOf(",") + 1)), height);
      } finally {
        look.Plotly.purge(apart);
        apart.remove();
      }
    },
  };
}

const slotOf = (place) => place.querySelector(".tl-slot");

/** In CSS pixels, as the page states it; on paper the place may have another. */
const heightOf = (slot) => Number.parseFloat(slot.style.height);

const sameTensor = (one, other) =>
  String(one.shape) === String(other.shape) && one.data.every((x, i) => x === other.data[i]);

/**
 * Shapes for the marks of a view; `band(dimension, index)` is where an index lies.
 * @type {(marks: Look["marks"], ink: string, band: (dimension: number, index: number) => object) => object[]}
 */
export function outlines({ hover, picked, guess }, ink, band) {
  const rect = (where, line) => ({ type: "rect", ...where, line, fillcolor: CLEAR });
  const shapes = hover.map(({ dimension, index }) => rect(band(dimension, index), { color: ink, width: 1, dash: "dot" }));
  const line = { color: ink, width: 2.5 };
  const dashed = { ...line, dash: "dash" };
  if (guess?.length === 1) shapes.push(rect(band(0, guess[0]), dashed));
  if (guess?.length === 2) shapes.push(rect(cell(guess), dashed));
  if (picked.length === 2) {
    return [...shapes, { type: "rect", ...cell(picked.map(({ index }) => index)), line }];
  }
  return [...shapes, ...picked.map(({ dimension, index }) => rect(band(dimension, index), line))];
}

/**
 * One cell of a grid.
 * @param {number[]} place
 */
const cell = ([row, column]) => ({ x0: column - 0.5, x1: column + 0.5, y0: row - 0.5, y1: row + 0.5 });

/** The whole height above an index of the horizontal axis. */
export const upright = (_, index) => ({ x0: index - 0.5, x1: index + 0.5, y0: 0, y1: 1, yref: "paper" });

/**
 * A row or a column of a grid of this shape.
 * @param {number[]} shape
 */
export const gridBand = ([rows, columns]) => (dimension, index) => {
  const [first, last] = [index - 0.5, index + 0.5];
  return dimension === 0
    ? { x0: -0.5, x1: columns - 0.5, y0: first, y1: last, yref: "y" }
    : { x0: first, x1: last, y0: -0.5, y1: rows - 0.5, yref: "y" };
};

/** The numbers of all series at one place, each after the name of its series; `told` writes the number of an index. */
export function valuesAt(view, { shape, data }, at, told = (i) => number(data[i])) {
  const n = shape.at(-1);
  return Array.from({ length: data.length / n }, (_, i) => {
    const name = view.names?.[i];
    return (name ? `${name}: ` : "") + told(i * n + at);
  }).join(", ");
}

// Two decimals are enough beside a colour; the exact number is one hover away.
export const cellText = (x) => (Number.isNaN(x) ? "\u00a0" : number(Math.abs(x) < 1000 ? Math.round(x * 100) / 100 : x));

/** The labels of an axis, thinned to what can be read. */
export function ticks(labels) {
  const every = Math.ceil(labels.length / 24);
  const at = labels.map((_, i) => i).filter((i) => i % every === 0);
  return { tickmode: "array", tickvals: at, ticktext: at.map((i) => asText(labels[i])), ticks: "" };
}

/** A label as plotly writes it: it would take marks for markup. */
export const asText = (label) => label.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
