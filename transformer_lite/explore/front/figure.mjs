// A figure brought to life: the markup of page.py, an engine, and everything a reader can do with them.
import { fromFragment, toFragment } from "./address.mjs";
import { colourRange, drawChart, hoverText, markChart, seriesColour } from "./charts.mjs";
import { bindControl, checkValues, Problem, problem, showControl } from "./controls.mjs";
import { csv, download, png, svg, tables } from "./export.mjs";
import { drawNumber, drawTokens, markTokens } from "./marks.mjs";
import { placeHandles } from "./handles.mjs";
import { number, say } from "./text.mjs";
import { axisLabels, largest, summary } from "./words.mjs";

// What a float32 sum may lose by being added in another order, relative to the largest number in the view.
const TOLERANCE = 1e-5;

// Marks that hosts put on a dark page: the book's theme, JupyterLab, Colab, VS Code.
const theme = () => (PALETTE.dark_marks.some((mark) => document.querySelector(mark)) ? "dark" : "light");

// All figures of the page that keep their settings in its address.
const addressed = [];

/** Gives `element` its `explorable` property. `start()` makes the figure live, `stop()` ends its listening. */
export function bringToLife(element, engine, { inAddress = false } = {}) {
  const figure = new Figure(element, engine);
  if (inAddress) {
    addressed.push(figure);
    figure.readAddress();
    addEventListener("hashchange", () => figure.readAddress());
  }
  return { start: () => figure.start().catch(() => {}), stop: () => figure.stop() };
}

class Figure {
  constructor(element, engine) {
    this.element = element;
    this.engine = engine;
    const { name, controls } = JSON.parse(element.querySelector(".tl-description").textContent);
    Object.assign(this, { name, controls, views: {}, outputs: {}, hovered: [], charts: {}, shown: {}, refused: new Set() });
    this.defaults = Object.fromEntries(Object.entries(controls).map(([key, control]) => [key, control.value]));
    this.values = this.defaults;
    const figure = this;
    element.explorable = {
      get controls() {
        const current = ([key, control]) => [key, { ...control, value: figure.values[key] }];
        return Object.fromEntries(Object.entries(figure.controls).map(current));
      },
      get values() { return { ...figure.values }; },
      get outputs() {
        const plain = ([key, { shape, data }]) => [key, { shape: [...shape], data: Array.from(data) }];
        return Object.fromEntries(Object.entries(figure.outputs).map(plain));
      },
      set: (changes) => figure.set(changes),
      check: () => figure.check(),
    };
  }

  // -- life ------------------------------------------------------------------------------------------------------

  /** Loads what the figure needs and draws it; repeated calls wait for the first. */
  start() {
    this.started ??= this.#start();
    return this.started;
  }

  async #start() {
    this.element.dataset.state = "loading";
    try {
      this.Plotly = await this.engine.start();
      this.#listen();
      await this.#refresh();
    } catch (reason) {
      this.element.dataset.state = "failed";
      this.say(reason.message ?? String(reason), true);
      throw reason;
    }
    this.element.querySelector(".tl-controls").disabled = false;
    this.element.dataset.state = "live";
  }

  stop() {
    this.themes?.disconnect();
    this.sizes?.disconnect();
  }

  #listen() {
    const controls = this.element.querySelector(".tl-controls");
    // Outside, `change` means one thing only: a new picture.
    for (const type of ["change", "input"]) controls.addEventListener(type, (event) => event.stopPropagation());
    for (const [name, control] of Object.entries(this.controls)) {
      const set = (value) => this.set({ [name]: value });
      bindControl(this.#control(name), control, (value) => this.#move({ [name]: value }), set, () => this.values[name]);
    }
    for (const button of this.element.querySelectorAll("[data-tool]")) {
      button.addEventListener("click", () => this.#tool(button.dataset.tool));
    }
    this.themes = new MutationObserver(() => this.themeDrawn !== theme() && this.#draw());
    for (const root of [document.documentElement, document.body]) {
      this.themes.observe(root, { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light", "theme", "class"] });
    }
    this.sizes = new ResizeObserver(() => this.widthDrawn !== this.element.clientWidth && this.#draw());
    this.sizes.observe(this.element);
  }

  // -- settings --------------------------------------------------------------------------------------------------

  /** Moves controls; resolves with all values once the new picture is on screen. */
  async set(changes) {
    checkValues(this.controls, this.values, changes);
    for (const name of Object.keys(changes)) delete this.shown[name];
    return this.#apply(changes);
  }

  async #apply(changes) {
    checkValues(this.controls, this.values, changes);
    await this.start();
    // Once more, because others may have moved meanwhile. Where nothing moves, the picture stands.
    const values = checkValues(this.controls, this.values, changes);
    if (JSON.stringify(values) !== JSON.stringify(this.values)) this.values = values;
    Object.keys(changes).forEach((name) => this.#complain(name, ""));
    await this.#refresh();
    return { ...this.values };
  }

  /** A reader's own move: what is wrong with it stands beside the control, and what was typed stays. */
  async #move(changes) {
    for (const [name, value] of Object.entries(changes)) {
      // A sentence stands as the reader types it; a number is shown in the field and on the slider.
      if (this.controls[name].kind === "words") this.shown[name] = String(value);
      else delete this.shown[name];
    }
    try {
      await this.#apply(changes);
      this.#writeAddress();
    } catch (reason) {
      Object.keys(changes).forEach((name) => this.#complain(name, reason.message));
    }
  }

  #complain(name, text) {
    if (text) this.refused.add(name);
    else this.refused.delete(name);
    const control = this.#control(name);
    const place = control.querySelector(".tl-problem");
    place.textContent = text;
    for (const input of control.querySelectorAll("input[type=text]")) {
      input.toggleAttribute("aria-invalid", Boolean(text));
      if (text) input.setAttribute("aria-describedby", place.id);
      else input.removeAttribute("aria-describedby");
    }
  }

  #control(name) {
    return this.element.querySelector(`[data-control="${name}"]`);
  }

  // -- pictures --------------------------------------------------------------------------------------------------

  /** Resolves once a picture of the current values, or of later ones, is on screen. */
  #refresh() {
    this.refreshing ??= this.#catchUp().finally(() => { this.refreshing = undefined; });
    return this.refreshing;
  }

  async #catchUp() {
    do {
      const values = this.values;
      for (const [name, control] of Object.entries(this.controls)) {
        // What a reader typed stays until it fits. The names of a pick's indices may change without it.
        if (this.refused.has(name)) continue;
        if (this.shown[name] === String(values[name]) && control.kind !== "pick") continue;
        this.shown[name] = String(values[name]);
        showControl(this.#control(name), control, values[name], this.controls, values);
      }
      if (this.drawn === values) return;
      let shown;
      try {
        shown = await this.engine.run(values);
        refuseNotFinite(shown.outputs, this.name, values);
      } catch (reason) {
        if (this.drawn) this.values = this.drawn;
        throw reason instanceof Problem ? reason : problem("failed-run", { reason: reason.message ?? reason });
      }
      Object.assign(this, { views: shown.views, outputs: shown.outputs, drawn: values });
      await this.#draw();
      this.element.dispatchEvent(new CustomEvent("change", { bubbles: true, detail: { values } }));
    } while (this.drawn !== this.values);
  }

  async #draw() {
    if (!this.drawn) return;
    this.themeDrawn = theme();
    this.widthDrawn = this.element.clientWidth;
    await Promise.all(Object.keys(this.views).map((name) => this.#drawView(name)));
    this.element.querySelector(".tl-summary").textContent = summary(this.views, this.outputs, this.controls, this.drawn);
    this.#drawTable();
    await painted();
  }

  async #drawView(name) {
    const view = this.views[name];
    const place = this.element.querySelector(`[data-view="${name}"]`);
    const tensors = this.#tensors(name);
    const look = this.#look(name);
    place.querySelector(".tl-title").textContent = view.title;
    if (view.kind === "number") return drawNumber(place, view, tensors);
    const hover = (indices) => this.#hover(name, indices);
    const pick = this.#picker(name);
    if (view.kind === "tokens") return drawTokens(place, view, tensors, look, pick, hover);
    const slot = place.querySelector(".tl-slot");
    const first = !slot.classList.contains("js-plotly-plot");
    if (first) slot.replaceChildren();
    await this.#drawChart(name, slot, look);
    this.#placeHandles(name, slot);
    if (view.kind === "heatmap" && !view.categories) drawLegend(place, view, tensors[""].data);
    if (!first) return undefined;
    const readout = place.querySelector(".tl-readout");
    slot.on("plotly_hover", (event) => {
      const { text, indices } = hoverText(this.views[name], this.#tensors(name), this.#look(name), event);
      readout.textContent = text;
      hover(indices);
    });
    slot.on("plotly_unhover", () => {
      readout.textContent = "";
      hover([]);
    });
    slot.on("plotly_click", (event) => {
      this.#picker(name)?.(hoverText(this.views[name], this.#tensors(name), this.#look(name), event).indices);
    });
    place.classList.toggle("tl-pickable", Boolean(pick));
    return undefined;
  }

  /** Draws a chart; where its numbers stand already, only its marks move: drawing costs more than computing. */
  async #drawChart(name, slot, look) {
    const [view, tensors] = [this.views[name], this.#tensors(name)];
    const frame = JSON.stringify([view, look.labels, look.theme, look.width]);
    const marks = JSON.stringify(look.marks);
    const drawn = this.charts[name];
    this.charts[name] = { frame, marks, tensors };
    const stands = drawn?.frame === frame
      && Object.keys(tensors).every((part) => part === "at" || sameTensor(tensors[part], drawn.tensors[part]));
    if (!stands) await drawChart(slot, view, tensors, look);
    else if (drawn.marks !== marks) await markChart(slot, view, look);
  }

  /** Points that the reader may drag get a handle each. */
  #placeHandles(view, slot) {
    for (const [name, control] of Object.entries(this.controls)) {
      if (control.kind !== "points" || control.view !== view) continue;
      const colours = control.names.map((_, i) => seriesColour(this.views[view], i, theme()));
      placeHandles(slot.parentElement, slot, control, this.drawn[name], colours, (value) => this.#move({ [name]: value }));
    }
  }

  /** A view's tensors by part: its own under the empty name. */
  #tensors(name) {
    const parts = Object.entries(this.outputs).filter(([key]) => key === name || key.startsWith(`${name}.`));
    return Object.fromEntries(parts.map(([key, tensor]) => [key.slice(name.length + 1), tensor]));
  }

  #look(name) {
    const view = this.views[name];
    const tensors = this.#tensors(name);
    const { shape } = tensors[""];
    return {
      Plotly: this.Plotly,
      theme: theme(),
      width: this.element.querySelector(`[data-view="${name}"]`).clientWidth,
      labels: view.axes.map((axis, d) => axisLabels(axis, shape[d], this.controls, this.drawn)),
      shape,
      marks: { hover: this.#hoverMarks(name), picked: this.#pickMarks(name), at: tensors.at?.data[0] },
    };
  }

  #drawTable() {
    const place = this.element.querySelector(".tl-table");
    if (!place.hidden) place.replaceChildren(...tables(this.views, this.outputs, this.controls, this.drawn));
  }

  // -- picking and pointing --------------------------------------------------------------------------------------

  #picksOf(view) {
    return Object.entries(this.controls).filter(([, control]) => control.kind === "pick" && control.view === view);
  }

  /** What a click on a view's element does: moves every pick that takes its index from there. */
  #picker(view) {
    const picks = this.#picksOf(view);
    if (!picks.length) return undefined;
    return (indices) => {
      const changes = picks.map(([name, { dimensions }]) => {
        const picked = dimensions.map((dimension) => indices[dimension]);
        return [name, picked.length === 1 ? picked[0] : picked];
      });
      this.#move(Object.fromEntries(changes));
    };
  }

  #pickMarks(view) {
    return this.#picksOf(view).flatMap(([name, { dimensions }]) =>
      [this.drawn[name]].flat().map((index, at) => ({ dimension: dimensions[at], index })));
  }

  /** The reader points at these indices of a view's dimensions: the same show up wherever their axes appear. */
  #hover(name, indices) {
    // A chart says late that the pointer has left it; by then it may point at another view.
    if (!indices.length && this.pointedAt !== name) return;
    this.pointedAt = name;
    const { axes } = this.views[name];
    this.hovered = indices.map((index, dimension) => ({ axis: axes[dimension].name, dimension, index }));
    for (const [other, view] of Object.entries(this.views)) {
      const place = this.element.querySelector(`[data-view="${other}"]`);
      const look = this.#look(other);
      if (view.kind === "tokens") markTokens(place, look.marks);
      else if (view.kind !== "number") markChart(place.querySelector(".tl-slot"), view, look);
    }
  }

  #hoverMarks(name) {
    const { axes } = this.views[name];
    // Where both dimensions are the same axis (words by words), rows answer rows and columns answer columns.
    const same = axes.length === 2 && axes[0].name === axes[1].name;
    return axes.flatMap((axis, dimension) =>
      this.hovered
        .filter((hover) => hover.axis === axis.name && (!same || hover.dimension === dimension))
        .map(({ index }) => ({ dimension, index })));
  }

  // -- address ---------------------------------------------------------------------------------------------------

  async readAddress() {
    const asked = fromFragment(location.hash, this.name, this.controls);
    if (asked === undefined) return;
    this.element.scrollIntoView({ block: "start" });
    try {
      await this.set(checkValues(this.controls, this.defaults, asked));
    } catch (reason) {
      this.say(say("failed-link", { reason: reason.message }), true);
    }
  }

  #writeAddress() {
    if (!addressed.includes(this)) return;
    clearTimeout(Figure.writing);
    // The figure moved last comes first: opening the address scrolls to it. Browsers limit how often it may change.
    Figure.writing = setTimeout(() => {
      const fragment = toFragment([this, ...addressed.filter((figure) => figure !== this)]);
      history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
    }, 300);
  }

  // -- tools -----------------------------------------------------------------------------------------------------

  say(text, bad = false) {
    const place = this.element.querySelector(".tl-message");
    place.textContent = text;
    place.classList.toggle("tl-bad", bad);
  }

  async #tool(tool) {
    const context = [this.views, this.outputs, this.controls, this.drawn];
    const save = (type, blob) => download(`${this.name}.${type}`, blob);
    this.say("");
    if (tool === "reset") {
      Object.keys(this.controls).forEach((name) => this.#complain(name, ""));
      await this.set(this.defaults);
      this.#writeAddress();
    } else if (tool === "link") {
      const link = `${location.href.split("#")[0]}#${toFragment([this]) || this.name}`;
      await navigator.clipboard.writeText(link).then(
        () => this.say(say("link-copied")), () => this.say(say("link-shown", { link })));
    } else if (tool === "table") {
      const place = this.element.querySelector(".tl-table");
      place.hidden = !place.hidden;
      this.element.querySelector("[data-tool=table]").textContent = say(place.hidden ? "table" : "table-hide");
      this.#drawTable();
    } else if (tool === "csv") {
      save("csv", new Blob([csv(...context)], { type: "text/csv" }));
    } else if (tool === "check") {
      await this.#reportCheck();
    } else {
      const drawing = await this.#drawing();
      save(tool, tool === "svg" ? new Blob([drawing], { type: "image/svg+xml" }) : await png(drawing));
    }
  }

  /** The figure as one SVG on white, drawn apart from the page. */
  #drawing() {
    const redraw = async (name, width, height, use) => {
      const chart = document.createElement("div");
      chart.style.cssText = `position:absolute;left:-9999px;width:${width}px;height:${height}px`;
      this.element.append(chart);
      try {
        await drawChart(chart, this.views[name], this.#tensors(name), { ...this.#look(name), theme: "light", width });
        return await use(chart);
      } finally {
        this.Plotly.purge(chart);
        chart.remove();
      }
    };
    return svg(this.element, this.views, this.outputs, redraw, this.Plotly);
  }

  async #reportCheck() {
    this.say(say("checking"));
    try {
      const { passed, cases, worst } = await this.check();
      this.say(say(passed ? "check-passed" : "check-failed", { cases, worst: number(worst) }), !passed);
    } catch (reason) {
      this.say(say("failed-trace", { reason: reason.message ?? reason }), true);
    }
  }

  /** Replays the trace: does this page compute what PyTorch computed? */
  async check() {
    await this.start();
    const cases = await this.engine.trace();
    let worst = 0;
    let passed = true;
    for (const { values, outputs } of cases) {
      const computed = (await this.engine.run(values)).outputs;
      for (const [name, wanted] of Object.entries(outputs)) {
        const { difference, scale } = compare(computed[name], wanted);
        worst = Math.max(worst, difference);
        passed &&= difference <= TOLERANCE * scale;
      }
    }
    return { passed, cases: cases.length, worst };
  }
}

/** The largest difference between two tensors, and the size of the numbers it should be seen against. */
function compare(got, wanted) {
  if (!got || String(got.shape) !== String(wanted.shape)) return { difference: Infinity, scale: 1 };
  let difference = 0;
  wanted.data.forEach((x, i) => {
    // −∞ must stand exactly where PyTorch has it; Infinity − Infinity would be NaN.
    if (x === got.data[i]) return;
    const apart = Math.abs(x - got.data[i]);
    difference = Math.max(difference, Number.isNaN(apart) ? Infinity : apart);
  });
  return { difference, scale: Math.max(1, largest(wanted.data)) };
}

const sameTensor = (one, other) =>
  String(one.shape) === String(other.shape) && one.data.every((x, i) => x === other.data[i]);

function refuseNotFinite(outputs, figure, values) {
  for (const [view, { data }] of Object.entries(outputs)) {
    if (data.some((x) => Number.isNaN(x) || x === Infinity)) {
      throw problem("not-finite", { figure, view, values: JSON.stringify(values) });
    }
  }
}

function drawLegend(place, view, data) {
  const legend = place.querySelector(".tl-legend");
  const [low, high] = colourRange(view, data);
  legend.firstChild.textContent = number(low);
  legend.lastChild.textContent = number(high);
}

/** Resolves once the browser has painted; at once where nothing is painted (a hidden tab). */
function painted() {
  if (document.hidden) return Promise.resolve();
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}
