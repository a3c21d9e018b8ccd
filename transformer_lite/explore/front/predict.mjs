// A question before the picture: the reader says what the figure will show, and then sees both.
import { chosenIn, offer, refuseText, typedIn } from "./answers.mjs";
import { bindCurve, flat, showCurve, spread } from "./curve.mjs";
import { placeUnder } from "./handles.mjs";
import { extremes, rowsOf, unravel } from "./numbers.mjs";
import { Problem, problem, said } from "./problem.mjs";
import { answersIn } from "./reading.mjs";
import { number, say } from "./text.mjs";
import { viewKind } from "./views/table.mjs";

export class Prediction {
  /** What the reader has said; undefined until then. */
  guess;
  skipped = false;
  /** What stands in the empty chart and has not been said yet. */
  draft;
  /** The settings for which the guess was made. @type {Values} */
  #asked;
  #told = false;

  /**
   * Listens at once, so that a reader may skip the question while the figure is loading.
   * @param {Foreign} figure
   * @param {{ kind: string, view: string, hidden: string[], options: string[], series: number }} question
   */
  constructor(figure, question) {
    this.figure = figure;
    this.question = question;
    this.form = figure.element.querySelector(".tl-predict");
    this.asks = GUESSES[question.kind];
    // Nor do words say it that are read out where the pictures are described.
    const words = figure.element.querySelector(".tl-summary");
    this.written = words.textContent;
    words.textContent = "";
    this.form.disabled = false;
    this.form.querySelector(".tl-say").addEventListener("click", () => this.#say());
    this.form.querySelector("input[type=text]")?.addEventListener("keydown", ({ key }) => key === "Enter" && this.#say());
    this.form.querySelector(".tl-skip").addEventListener("click", () => {
      this.skip();
      figure.say(say("guess-skipped"));
    });
    figure.element.dataset.guess = "open";
  }

  /** Is the question neither answered nor skipped? */
  get open() {
    return this.guess === undefined && !this.skipped;
  }

  /** Is this view hidden? Paper, on which nobody can answer, hides nothing. */
  covers(name) {
    return this.open && !this.figure.drawing.printing && this.question.hidden.includes(name);
  }

  // -- the reader ------------------------------------------------------------------------------------------------

  async #say() {
    const complaint = this.form.querySelector(".tl-problem");
    complaint.textContent = "";
    try {
      const given = this.asks.read(this);
      if (given === undefined) throw problem("answer-none");
      await this.answer(given);
    } catch (reason) {
      complaint.textContent = said(reason);
    }
  }

  /** Takes the reader's guess; rejects with a sentence if it does not fit, or comes too late. */
  async answer(given) {
    await this.figure.start();
    const { drawing } = this.figure;
    if (!this.open) throw problem("guess-over");
    const { view } = this.question;
    this.guess = this.asks.check(this.question, given, drawing.outputs[view].shape, drawing.views[view]);
    this.#asked = { ...drawing.values };
    this.#uncover();
    await drawing.draw();
    this.tell();
    this.form.querySelector(".tl-verdict").focus();
  }

  /** Shows everything, without a guess. */
  skip() {
    if (!this.open) return undefined;
    this.skipped = true;
    this.form.hidden = true;
    this.#uncover();
    const { element, drawing } = this.figure;
    if (!drawing.values) element.querySelector(".tl-summary").textContent = this.written;
    return drawing.draw();
  }

  #uncover() {
    const { element } = this.figure;
    element.dataset.guess = "over";
    this.form.querySelector(".tl-answer").hidden = true;
    for (const place of element.querySelectorAll(".tl-covered")) place.classList.remove("tl-covered", "tl-blank");
    // What lies over an empty chart goes with it.
    if (this.asks.draw) layerOf(this.figure.drawing.place(this.question.view)).replaceWith(emptyLayer());
  }

  /** The first step of a figure with memory comes after the guess; throws a Problem otherwise. */
  holdBack(changes) {
    const { memory, values } = this.figure;
    if (this.open && changes[memory] > values[memory]) throw problem("guess-first");
  }

  // -- the figure ------------------------------------------------------------------------------------------------

  /** Draws the covered view: an empty chart, where the guess is given in it. */
  async draw(place, view, tensors, look) {
    if (view !== this.figure.drawing.views[this.question.view] || !this.asks.draw) return;
    const { shape } = tensors[""];
    const blank = { ...tensors, "": { shape, data: tensors[""].data.map(() => NaN) } };
    place.classList.add("tl-blank");
    await viewKind(view).draw(place, view, blank, { ...look, blank: true }, { hover() {} });
    const redraw = () => viewKind(view).mark(place, view, this.figure.drawing.look(this.question.view));
    this.asks.draw(this, { place, view, tensors, look, redraw });
  }

  /** What of the guess stands in the view, at the settings for which it was made. */
  mark(name) {
    const { drawing } = this.figure;
    if (name !== this.question.view || !this.asks.mark) return undefined;
    if (this.covers(name)) return this.draft && this.asks.mark(this.draft, drawing.tensors(name));
    if (this.guess === undefined || !this.#atItsSettings()) return undefined;
    return this.asks.mark(this.guess, drawing.tensors(name));
  }

  #atItsSettings() {
    const { drawing: { values }, memory } = this.figure;
    return Object.keys(values).every((name) => name === memory || String(values[name]) === String(this.#asked[name]));
  }

  /** Compares the guess with the picture, once: when it is there or, of a figure with memory, at its end. */
  tell() {
    if (this.guess === undefined || this.#told) return;
    const { figure: { drawing, memory }, question: { view } } = this;
    const labels = drawing.labels(view);
    const guess = this.asks.said?.(this.question, this.guess, labels);
    this.#told = memory === undefined || this.figure.ended;
    const text = this.#told
      ? this.asks.verdict(this.question, this.guess, drawing.tensors(view), labels)
      : say(guess ? "guess-kept" : "guess-kept-curve", { guess });
    const place = this.form.querySelector(".tl-verdict");
    if (place.textContent !== text) place.textContent = text;
  }
}

/** @type {(guess: string, truth: string, right?: boolean) => string} */
const both = (guess, truth, right = guess === truth) => say(right ? "guess-right" : "guess-wrong", right ? { guess } : { guess, truth });

const placeName = (place, labels) => {
  const [row, column] = place.map((at, dimension) => labels[dimension][at]);
  return column === undefined ? row : say("answer-cell", { row, column });
};

/**
 * For each kind of guess
 *   read(prediction)                          what the reader has given; undefined if nothing
 *   check(question, given, shape, view)       the guess, if it fits the view; else throws a Problem
 *   said(question, guess, labels)             the guess in words, if it can be said
 *   verdict(question, guess, tensors, labels) what comes of it, computed from both
 *   mark(guess, tensors)                      what the view shows of it, if anything
 *   draw(prediction, chart)                   where it is given in the empty chart: lets the reader do so
 */
export const GUESSES = {
  choice: {
    read: ({ form, question }) => question.options[chosenIn(form)],
    check({ options }, given) {
      if (!options.includes(given)) throw problem("guess-not-an-option", { given, options: options.join(", ") });
      return given;
    },
    said: (question, guess) => `“${guess}”`,
    verdict: ({ options }, guess, tensors) => both(`“${guess}”`, `“${options[tensors.answer.data[0]]}”`),
  },
  number: {
    read({ form }) {
      const typed = typedIn(form);
      if (typed === undefined) return undefined;
      const refused = refuseText(typed);
      if (refused) throw new Problem(refused);
      return answersIn(typed)[0].value;
    },
    check(question, given) {
      if (!Number.isFinite(given)) throw problem("answer-not-a-number", { given });
      return given;
    },
    said: (question, guess) => number(guess),
    verdict: (question, guess, tensors) => both(number(guess), number(tensors[""].data[0])),
    mark: (guess) => guess,
  },
  place: {
    read({ form }) {
      const chosen = [...form.querySelectorAll("select")].map((select) => select.selectedIndex - 1);
      return chosen.includes(-1) ? undefined : chosen;
    },
    check(question, given, shape, view) {
      const place = [given].flat();
      const fits = place.length === shape.length && place.every((at, d) => Number.isInteger(at) && at >= 0 && at < shape[d]);
      if (!fits) throw problem("guess-not-a-place", { given, axes: view.axes.map((axis) => axis.title).join(", ") });
      return place;
    },
    said: (question, guess, labels) => placeName(guess, labels),
    verdict(question, guess, tensors, labels) {
      const { shape, data } = tensors[""];
      const right = tensors.answer ? Array.from(tensors.answer.data) : unravel(extremes(data).high, shape);
      const value = (place) => number(data[place.reduce((at, index, d) => at * shape[d] + index, 0)]);
      // Where several are the largest, as far as can be seen, each of them is right.
      const same = String(guess) === String(right) || (!tensors.answer && value(guess) === value(right));
      return both(placeName(guess, labels), placeName(right, labels), same);
    },
    mark: (guess) => guess,
    draw(prediction, { place, look, redraw }) {
      const selects = [...prediction.form.querySelectorAll("select")];
      const chosen = () => {
        prediction.draft = GUESSES.place.read(prediction);
        redraw();
      };
      selects.forEach((select, d) => {
        const { selectedIndex } = select;
        offer(select, ["–", ...look.labels[d]]);
        select.selectedIndex = selectedIndex < select.options.length ? selectedIndex : 0;
        select.onchange = chosen;
      });
      layerOf(place).onclick = (event) => {
        const [x, y] = placeUnder(place.querySelector(".tl-slot"), event).map(Math.round);
        const at = selects.length === 2 ? [y, x] : [x];
        if (!at.every((index, d) => index >= 0 && index < look.shape[d])) return;
        selects.forEach((select, d) => { select.selectedIndex = at[d] + 1; });
        chosen();
      };
    },
  },
  curve: {
    read: ({ draft }) => draft,
    check(question, given) {
      if (!Array.isArray(given) || given.length < 2 || !given.every(Number.isFinite)) throw problem("guess-not-a-curve", { given });
      return given;
    },
    verdict({ series }, guess, tensors) {
      const row = rowsOf(tensors[""])[series];
      const drawn = spread(guess, row.length);
      const apart = row.map((y, i) => Math.abs(y - drawn[i]));
      const at = apart.indexOf(Math.max(...apart));
      return say("guess-curve", { place: number(placesOf(tensors)[at]), guess: number(drawn[at]), truth: number(row[at]) });
    },
    mark(guess, tensors) {
      const x = placesOf(tensors);
      return { x, y: spread(guess, x.length) };
    },
    draw(prediction, { place, view, tensors, redraw }) {
      const [layer, slot] = [layerOf(place), place.querySelector(".tl-slot")];
      const knots = () => prediction.draft ?? flat((view.range[0] + view.range[1]) / 2);
      const show = () => showCurve(layer, slot, knots(), placesOf(tensors), view.range, (x) => `${view.x_title} ${number(x)}`.trim());
      if (!layer.childElementCount) {
        bindCurve(layer, slot, {
          read: knots,
          changed(next) {
            prediction.draft = next;
            layer.shown();
            layer.redraw();
          },
          range: () => view.range,
        });
      }
      Object.assign(layer, { shown: show, redraw });
      show();
    },
  },
};

/** What lies over a chart. @type {(place: Markup) => Markup} */
const layerOf = (place) => place.querySelector(".tl-handles");

function emptyLayer() {
  const layer = document.createElement("div");
  layer.className = "tl-handles";
  return layer;
}

/** The places of a curve on its horizontal axis. */
const placesOf = (tensors) => Array.from(tensors.x?.data ?? Array(tensors[""].shape.at(-1)).keys());
