// A figure brought to life: the markup of page.py, an engine, and the values between them.
import { keepInAddress, readAddress, writeAddress } from "./address.mjs";
import { axesOf } from "./axes.mjs";
import { refuseNotFinite, replay } from "./check.mjs";
import { controlKind } from "./controls.mjs";
import { Drawing } from "./drawing.mjs";
import { explorable } from "./explorable.mjs";
import { offerAgain, tellOfWait } from "./loading.mjs";
import { Prediction } from "./predict.mjs";
import { Problem, Silence, problem, said } from "./problem.mjs";
import { say } from "./text.mjs";
import { bindTools } from "./tools.mjs";
import { checkValues } from "./values.mjs";

/** Gives `element` its `explorable` property. `start()` makes the figure live, `stop()` ends its listening. */
export function bringToLife(element, engine, { inAddress = false } = {}) {
  const figure = new Figure(element, engine);
  if (inAddress) keepInAddress(figure);
  element.querySelector(".tl-asleep")?.remove();
  return { start: () => figure.start().catch(() => {}), stop: () => figure.drawing.stop() };
}

class Figure {
  /** What stands in each control, as text. @type {Record<string, string>} */
  #shown = {};
  /** The controls in which something stands that does not fit. @type {Set<string>} */
  #refused = new Set();
  /** @type {Promise<void> | undefined} */
  #started;
  /** @type {Promise<void> | undefined} */
  #refreshing;

  /**
   * @param {Markup} element
   * @param {Engine} engine
   */
  constructor(element, engine) {
    this.element = element;
    this.engine = engine;
    const { name, controls, predict } = JSON.parse(element.querySelector(".tl-description").textContent);
    this.name = name;
    /** @type {Controls} */
    this.controls = controls;
    this.defaults = Object.fromEntries(Object.entries(controls).map(([key, control]) => [key, control.value]));
    /** @type {Values} */
    this.values = this.defaults;
    /** The control that counts steps, if the figure remembers what they make. */
    this.memory = Object.keys(controls).find((key) => controlKind(controls[key]).remembers);
    /** What is on screen was drawn from it. @type {State} */
    this.state = {};
    /** What the reader is asked before the picture is seen, if anything. */
    this.prediction = predict && new Prediction(this, predict);
    this.drawing = new Drawing(element, controls, (changes) => this.#move(changes), this.prediction);
    element.explorable = explorable(this);
  }

  // -- life ------------------------------------------------------------------------------------------------------

  /** Loads what the figure needs and draws it; repeated calls wait for the first. */
  start() {
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start() {
    this.element.dataset.state = "loading";
    try {
      const Plotly = await tellOfWait(this.element, "loading-figure", this.engine, this.engine.start());
      this.#listen();
      this.drawing.start(Plotly);
      await this.#refresh();
    } catch (reason) {
      this.element.dataset.state = "failed";
      // The picture is all there is.
      this.prediction?.skip();
      this.say(said(reason), true);
      if (reason instanceof Problem && reason.again) offerAgain(this.element, () => this.#again());
      throw reason;
    }
    this.element.querySelector(".tl-controls").disabled = false;
    this.element.dataset.state = "live";
  }

  /** Loads once more what could not be loaded; nothing has been bound or drawn by then. */
  async #again() {
    this.#started = undefined;
    this.say("");
    this.engine.again();
    try {
      await this.start();
    } catch {
      return; // which the figure has said
    }
    readAddress(this);
  }

  /** Is there no further step? A part of the state that is called `done` may say so. */
  get ended() {
    return this.values[this.memory] >= this.controls[this.memory].steps || Boolean(Number(this.state.done?.data[0] ?? 0));
  }

  #listen() {
    const controls = this.element.querySelector(".tl-controls");
    // Outside, `change` means one thing only: a new picture.
    for (const type of ["change", "input"]) controls.addEventListener(type, (event) => event.stopPropagation());
    for (const [name, control] of Object.entries(this.controls)) {
      controlKind(control).bind(this.#control(name), control, {
        move: (value) => this.#move({ [name]: value }),
        set: async (value) => {
          this.prediction?.holdBack({ [name]: value });
          return this.set({ [name]: value });
        },
        read: () => this.values[name],
        ended: () => this.ended,
      });
    }
    bindTools(this);
  }

  // -- settings --------------------------------------------------------------------------------------------------

  /** Moves controls; resolves with all values once the new picture is on screen. */
  async set(changes) {
    checkValues(this.controls, this.values, changes);
    for (const name of Object.keys(changes)) delete this.#shown[name];
    return this.#apply(changes);
  }

  async reset() {
    for (const name of Object.keys(this.controls)) this.#complain(name, "");
    await this.set(this.defaults);
    writeAddress(this);
  }

  async #apply(changes) {
    checkValues(this.controls, this.values, changes);
    await this.start();
    // Once more, because others may have moved meanwhile. Where nothing moves, the picture stands.
    const values = checkValues(this.controls, this.values, changes);
    this.#tellIfAnew(values, changes);
    if (JSON.stringify(values) !== JSON.stringify(this.values)) this.values = values;
    for (const name of Object.keys(changes)) this.#complain(name, "");
    await this.#refresh();
    return { ...this.values };
  }

  /** A control that gives the state another meaning has taken the figure back to its start: the reader is told. */
  #tellIfAnew(values, changes) {
    if (this.memory === undefined) return;
    const { label, anew } = this.controls[this.memory];
    const back = values[this.memory] < this.values[this.memory] && !Object.hasOwn(changes, this.memory);
    const moved = anew.find((name) => Object.hasOwn(changes, name));
    if (back) this.say(say("started-anew", { label, moved: this.controls[moved].label }));
    else if (Object.hasOwn(changes, this.memory)) this.say("");
  }

  /** A reader's own move: what is wrong with it stands beside the control, and what was typed stays. */
  async #move(changes) {
    for (const [name, value] of Object.entries(changes)) {
      // A sentence stands as the reader types it; a number is shown in the field and on the slider.
      if (controlKind(this.controls[name]).keepsTyping) this.#shown[name] = String(value);
      else delete this.#shown[name];
    }
    try {
      this.prediction?.holdBack(changes);
      await this.#apply(changes);
      writeAddress(this);
    } catch (reason) {
      for (const [name, value] of Object.entries(changes)) {
        const { keepsTyping, remembers, show } = controlKind(this.controls[name]);
        // A step that could not be taken is not counted.
        if (remembers) show(this.#control(name), this.controls[name], this.values[name], axesOf(this.controls, this.values));
        if (reason instanceof Silence) {
          // The controls have gone back. Only a sentence stays, as it was typed.
          if (!keepsTyping) continue;
          show(this.#control(name), this.controls[name], value, axesOf(this.controls, this.values));
        }
        this.#complain(name, said(reason));
      }
    }
  }

  #complain(name, text) {
    if (text) this.#refused.add(name);
    else this.#refused.delete(name);
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
    this.#refreshing ??= this.#catchUp().finally(() => { this.#refreshing = undefined; });
    return this.#refreshing;
  }

  async #catchUp() {
    do {
      const values = this.values;
      this.#showControls(values);
      if (this.drawing.values === values) return;
      let shown;
      try {
        shown = await this.engine.run(values);
        refuseNotFinite(shown.outputs, this.name, values);
      } catch (reason) {
        if (this.drawing.values) this.values = this.drawing.values;
        if (reason instanceof Silence) {
          await this.#setBack();
          if (this.drawing.values !== this.values) continue; // the reader moved something while it was drawn
        }
        throw reason instanceof Problem ? reason : problem("failed-run", { reason: said(reason) });
      }
      this.state = shown.state;
      await this.drawing.show(shown, values);
      this.prediction?.tell();
      this.element.dispatchEvent(new CustomEvent("change", { bubbles: true, detail: { values } }));
    } while (this.drawing.values !== this.values);
  }

  /** Controls, and handles in the views, show what the picture was computed for. */
  #setBack() {
    this.#showControls(this.values);
    return this.drawing.draw();
  }

  #showControls(values) {
    const axes = axesOf(this.controls, values);
    for (const [name, control] of Object.entries(this.controls)) {
      // What a reader typed stays until it fits. What a control offers may change without it.
      if (this.#refused.has(name)) continue;
      if (this.#shown[name] === String(values[name]) && !controlKind(control).follows) continue;
      this.#shown[name] = String(values[name]);
      controlKind(control).show(this.#control(name), control, values[name], axes);
    }
  }

  say(text, bad = false) {
    const place = this.element.querySelector(".tl-message");
    place.textContent = text;
    place.classList.toggle("tl-bad", bad);
  }

  /** Replays the trace: does this page compute what PyTorch computed? */
  async check() {
    await this.start();
    return replay(this.engine);
  }
}
