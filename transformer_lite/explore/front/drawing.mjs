// What a figure shows: its views, their words and their table, and what the reader points at.
import { axesOf } from "./axes.mjs";
import { SYSTEM_COLOURS, seriesColour, theme } from "./colours.mjs";
import { controlKind } from "./controls.mjs";
import { tables } from "./export.mjs";
import { partsOf } from "./numbers.mjs";
import { say } from "./text.mjs";
import { viewKind } from "./views/table.mjs";
import { summary } from "./words.mjs";

// So wide a figure is laid out for paper, whatever the window: about what A4 and Letter leave between their margins. The
// style sheet scales the charts by the rest.
const PAPER_WIDTH = "660px";

export class Drawing {
  /** @type {Views} */
  views = {};
  /** @type {Record<string, Tensor>} */
  outputs = {};
  /** What is on screen was computed for these. @type {Values | undefined} */
  values;
  /** Is it drawn for paper now? */
  printing = false;
  /** The title that was written over each view. @type {Record<string, string>} */
  #titles = {};
  /** @type {(Mark & { axis: string })[]} */
  #hovered = [];

  /**
   * `move(changes)` is what a reader does to the controls by way of a view; `prediction` may cover some views.
   * @param {Markup} element
   * @param {Controls} controls
   * @param {(changes: Values) => void} move
   * @param {import("./predict.mjs").Prediction | undefined} prediction
   */
  constructor(element, controls, move, prediction) {
    this.element = element;
    this.controls = controls;
    this.move = move;
    this.prediction = prediction;
  }

  /** From now on it follows the page's theme and width, and goes onto paper with it. */
  start(Plotly) {
    this.Plotly = Plotly;
    const follow = () => this.themeDrawn !== this.#theme && this.draw();
    this.themes = new MutationObserver(follow);
    for (const root of [document.documentElement, document.body]) {
      this.themes.observe(root, { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light", "theme", "class"] });
    }
    this.sizes = new ResizeObserver(() => this.widthDrawn !== this.element.clientWidth && this.draw());
    this.sizes.observe(this.element);
    this.listening = new AbortController();
    const { signal } = this.listening;
    for (const query of SYSTEM_COLOURS) matchMedia(query).addEventListener("change", follow, { signal });
    addEventListener("beforeprint", () => this.#print(true), { signal });
    addEventListener("afterprint", () => this.#print(false), { signal });
    // A few browsers tell of paper by its medium alone.
    const paper = matchMedia("print");
    paper.addEventListener("change", () => this.#print(paper.matches), { signal });
  }

  stop() {
    this.themes?.disconnect();
    this.sizes?.disconnect();
    this.listening?.abort();
  }

  /** The page's; paper is white under every page. */
  get #theme() {
    return this.printing ? "light" : theme();
  }

  /**
   * Draws for paper, or for the screen again. A browser that prints waits for nothing: what plotly draws stands when
   * `draw` first waits.
   */
  #print(printing) {
    if (this.printing === printing) return;
    this.printing = printing;
    this.element.style.width = printing ? PAPER_WIDTH : "";
    this.draw();
  }

  /** Resolves once these views and numbers, computed for these values, are on screen. */
  show({ views, outputs }, values) {
    Object.assign(this, { views, outputs, values });
    return this.draw();
  }

  async draw() {
    if (!this.values) return;
    this.themeDrawn = this.#theme;
    this.widthDrawn = this.element.clientWidth;
    const drawn = Promise.all(Object.keys(this.views).map((name) => this.#drawView(name)));
    this.element.querySelector(".tl-summary").textContent = this.#summary();
    this.drawTables();
    await drawn;
    await painted();
  }

  #summary() {
    const { views, outputs } = this.uncovered;
    const covered = Object.keys(this.views).filter((name) => !views[name]);
    const said = covered.map((name) => say("covered", { title: this.views[name].title }));
    return [summary(views, outputs, this.controls, this.values), ...said].filter(Boolean).join(" ");
  }

  /** What a reader may see by now: the views, and their numbers. */
  get uncovered() {
    const seen = (all) => Object.fromEntries(Object.entries(all).filter(([key]) => !this.prediction?.covers(key.split(".")[0])));
    return { views: seen(this.views), outputs: seen(this.outputs) };
  }

  async #drawView(name) {
    const view = this.views[name];
    const place = this.place(name);
    // What a browser has translated stays until it is another.
    if (this.#titles[name] !== view.title) place.querySelector(".tl-title").textContent = view.title;
    this.#titles[name] = view.title;
    if (this.prediction?.covers(name)) return this.prediction.draw(place, view, this.tensors(name), this.look(name));
    const reader = { hover: (indices) => this.#hover(name, indices), pick: this.#picker(name) };
    await viewKind(view).draw(place, view, this.tensors(name), this.look(name), reader);
    this.#placeHandles(name, place);
  }

  /** The numbers as tables, where the reader has asked for them. */
  drawTables() {
    const place = this.element.querySelector(".tl-table");
    if (!place.hidden) place.replaceChildren(...tables(this));
  }

  /** Points that the reader may drag get a handle each. */
  #placeHandles(view, place) {
    for (const [name, control] of this.#controlsOf(view)) {
      const colour = (i) => seriesColour(this.views[view], i, this.#theme);
      const move = (value) => this.move({ [name]: value });
      controlKind(control).handles?.(control, this.values[name], place.querySelector(".tl-slot"), colour, move);
    }
  }

  place(name) {
    return this.element.querySelector(`[data-view="${name}"]`);
  }

  tensors(name) {
    return partsOf(this.outputs, name);
  }

  /** The names of the indices of each dimension of a view. */
  labels(name) {
    const { shape } = this.outputs[name];
    const axes = axesOf(this.controls, this.values);
    return this.views[name].axes.map((axis, dimension) => axes.labels(axis, shape[dimension], this.outputs[`${name}.${axis.by}`]));
  }

  /** How a view is drawn, apart from its own settings. */
  look(name) {
    return {
      Plotly: this.Plotly,
      theme: this.#theme,
      width: this.place(name).clientWidth,
      labels: this.labels(name),
      shape: this.outputs[name].shape,
      marks: { hover: this.#hoverMarks(name), picked: this.#pickMarks(name), at: this.outputs[`${name}.at`]?.data[0], guess: this.prediction?.mark(name) },
    };
  }

  // -- picking and pointing --------------------------------------------------------------------------------------

  /** The controls that belong to a view. */
  #controlsOf(view) {
    return Object.entries(this.controls).filter(([, control]) => control.view === view);
  }

  /** What a click on a view's element does: moves every control that takes its value from there. */
  #picker(view) {
    const picks = this.#controlsOf(view).filter(([, control]) => controlKind(control).click);
    if (!picks.length) return undefined;
    return (indices) => {
      const changes = picks.map(([name, control]) => [name, controlKind(control).click(control, indices)]);
      this.move(Object.fromEntries(changes));
    };
  }

  #pickMarks(view) {
    return this.#controlsOf(view).flatMap(([name, control]) => controlKind(control).marks?.(control, this.values[name]) ?? []);
  }

  /** The reader points at these indices of a view's dimensions: the same show up wherever their axes appear. */
  #hover(name, indices) {
    // A chart says late that the pointer has left it; by then it may point at another view.
    if (!indices.length && this.pointedAt !== name) return;
    this.pointedAt = name;
    const { axes } = this.views[name];
    this.#hovered = indices.map((index, dimension) => ({ axis: axes[dimension].name, dimension, index }));
    for (const [other, view] of Object.entries(this.uncovered.views)) {
      viewKind(view).mark?.(this.place(other), view, this.look(other));
    }
  }

  #hoverMarks(name) {
    const { axes } = this.views[name];
    // Where both dimensions are the same axis (words by words), rows answer rows and columns answer columns.
    const same = axes.length === 2 && axes[0].name === axes[1].name;
    return axes.flatMap((axis, dimension) =>
      this.#hovered
        .filter((hover) => hover.axis === axis.name && (!same || hover.dimension === dimension))
        .map(({ index }) => ({ dimension, index })));
  }
}

/** Resolves once the browser has painted; at once where nothing is painted (a hidden tab). */
function painted() {
  if (document.hidden) return Promise.resolve();
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}
