// Controls: all that is asked about a control's kind stands in its entry of one table.
// The markup comes from page.py; the same checks and tensors stand in controls.py for the kernel.
import { offer } from "./answers.mjs";
import { bindChips, showChips, shuffled } from "./chips.mjs";
import { placeHandles } from "./handles.mjs";
import { inkOf } from "./ink.mjs";
import { whole } from "./numbers.mjs";
import { bindPlay } from "./play.mjs";
import { problem } from "./problem.mjs";
import { asNumber, likeliest, listed } from "./reading.mjs";
import { bindSketch, showSketch } from "./sketch.mjs";
import { bindSteps, showSteps } from "./stepping.mjs";
import { number } from "./text.mjs";
import { WORDS } from "./typing.mjs";

const NUMBER = {
  bind: bindNumber,
  show: showNumber,
};

/**
 * By kind; `ControlKind` in types.d.ts says what each function is asked.
 * @type {Record<string, ControlKind>}
 */
export const CONTROLS = {
  slider: {
    ...NUMBER,
    check: numberInRange,
    fromText: (control, text) => likeliest(text, (x) => within(control, x)),
    encode: (control, value) => ["float32", Float32Array.of(value), []],
  },
  length: {
    ...NUMBER,
    check: wholeInRange,
    fromText: (control, text) => likeliest(text, (x) => within(control, x) && Number.isInteger(x)),
    encode: (control, value) => whole(Array.from({ length: value }, (_, i) => i), [value]),
    length: (control, value) => value,
  },
  state: {
    check: wholeInRange,
    fromText: (control, text) => likeliest(text, (x) => within(control, x) && Number.isInteger(x)),
    bind: bindSteps,
    show: showSteps,
    settle: (control, value, size, asked, moved) => (!asked && control.anew.some(moved) ? 0 : value),
    remembers: true,
  },
  toggle: {
    check(control, value) {
      if (typeof value !== "boolean") throw problem("not-true-or-false", { label: control.label, value });
      return value;
    },
    fromText: (control, text) => ({ true: true, false: false })[text] ?? text,
    bind(element, control, { move }) {
      const box = element.querySelector("input");
      box.addEventListener("change", () => move(box.checked));
    },
    show(element, control, value) {
      element.querySelector("input").checked = value;
    },
    option: (control, value) => Number(value),
  },
  choice: {
    check(control, value) {
      if (!control.options.includes(value)) {
        throw problem("not-an-option", { label: control.label, value, options: control.options.join(", ") });
      }
      return value;
    },
    fromText: (control, text) => control.options.find((option) => String(option) === text) ?? text,
    bind(element, control, { move }) {
      element.addEventListener("change", (event) => move(control.options[Number(event.target.value)]));
    },
    show(element, control, value) {
      element.querySelectorAll("input")[control.options.indexOf(value)].checked = true;
    },
    option: (control, value) => control.options.indexOf(value),
  },
  words: WORDS,
  order: {
    check(control, value) {
      const count = control.items.length;
      const sorted = Array.isArray(value) && value.every(Number.isInteger) ? [...value].sort((a, b) => a - b) : [];
      if (sorted.length !== count || !sorted.every((item, i) => item === i)) {
        throw problem("not-an-order", { label: control.label, max: count - 1, value });
      }
      return value;
    },
    fromText: (control, text) => text.split(",").map(Number),
    bind(element, control, { move, read }) {
      bindChips(element.querySelector(".tl-chips"), control.items, read, move);
      element.querySelector(".tl-shuffle").addEventListener("click", () => move(shuffled(read())));
    },
    show(element, control, value) {
      showChips(element.querySelector(".tl-chips"), control.items, value);
    },
    encode: (control, value) => whole(value, [value.length]),
    length: (control, value) => value.length,
    labels: (control, value) => value.map((item) => control.items[item]),
  },
  points: {
    check(control, value) {
      const count = control.names.length;
      const pair = (point) => Array.isArray(point) && point.length === 2 && point.every((x) => typeof x === "number" && !Number.isNaN(x));
      if (!Array.isArray(value) || value.length !== count || !value.every(pair)) {
        throw problem("not-points", { label: control.label, count, value });
      }
      for (const x of value.flat()) numberInRange(control, x);
      return value;
    },
    fromText(control, text) {
      const numbers = text.split(",").map(asNumber);
      return Array.from({ length: Math.ceil(numbers.length / 2) }, (_, i) => numbers.slice(2 * i, 2 * i + 2));
    },
    bind(element, control, { move, read }) {
      element.querySelectorAll("input").forEach((input, i) => input.addEventListener("change", () => {
        const typed = listed(input.value).map((part) => likeliest(part, (x) => within(control, x)));
        move(read().map((point, at) => (at === i ? typed : point)));
      }));
    },
    show(element, control, value) {
      element.querySelectorAll("input").forEach((input, i) => { input.value = value[i].map((x) => Number(x.toPrecision(6))).join(", "); });
    },
    encode: (control, value) => ["float32", Float32Array.from(value.flat()), [value.length, 2]],
    handles: placeHandles,
  },
  sketch: {
    check(control, value) {
      const { rows, columns, longest, label, max } = control;
      const form = `([1-9]|1[0-2])(\\.\\*[\\w-]{${rows * columns}})?(\\.([\\w-]{2})+)*`;
      if (typeof value !== "string" || !new RegExp(`^${form}$`).test(value)) throw problem("not-a-drawing", { label, max, value });
      if (value.length > longest) throw problem("drawing-too-long", { label, max: longest, count: value.length });
      return value;
    },
    fromText: (control, text) => text,
    bind: bindSketch,
    show: showSketch,
    encode: (control, value) => ["float32", inkOf(control, value), [control.rows, control.columns]],
  },
  pick: {
    check(control, value) {
      const indices = Array.isArray(value) ? value : [value];
      const count = control.dimensions.length;
      if (indices.length !== count || !indices.every(Number.isInteger)) {
        throw problem("not-a-pick", { label: control.label, count, value });
      }
      return count === 1 ? indices[0] : indices;
    },
    fromText: (control, text) => (text.includes(",") ? text.split(",").map(Number) : Number(text)),
    bind(element, control, { move }) {
      const selects = [...element.querySelectorAll("select")];
      const read = () => (selects.length === 1 ? Number(selects[0].value) : selects.map((s) => Number(s.value)));
      for (const select of selects) select.addEventListener("change", () => move(read()));
    },
    show(element, control, value, axes) {
      element.querySelectorAll("select").forEach((select, at) => {
        const axis = control.axes[at];
        offer(select, axes.labels(axis, axes.size(axis)));
        select.value = [value].flat()[at];
      });
    },
    encode: (control, value) => (Array.isArray(value) ? whole(value, [value.length]) : whole([value], [])),
    settle(control, value, size, asked) {
      const inside = [value].flat().map((index, at) => {
        const last = size(control.axes[at]) - 1;
        if (asked && (index < 0 || index > last)) {
          throw problem("pick-out-of-range", { label: control.label, value: index, max: last });
        }
        // A pick that the reader did not touch moves to the last index when its view shrinks.
        return Math.min(index, last);
      });
      return Array.isArray(value) ? inside : inside[0];
    },
    click({ dimensions }, indices) {
      const picked = dimensions.map((dimension) => indices[dimension]);
      return picked.length === 1 ? picked[0] : picked;
    },
    marks: ({ dimensions }, value) => [value].flat().map((index, at) => ({ dimension: dimensions[at], index })),
    follows: true,
  },
};

/** @param {Control} control */
export const controlKind = (control) => CONTROLS[control.kind];

/** @param {Control} control */
const ends = (control) => ({ label: control.label, min: number(control.min), max: number(control.max) });

/** @type {ControlKind["check"]} */
function numberInRange(control, value) {
  if (typeof value !== "number" || Number.isNaN(value)) throw problem("not-a-number", { ...ends(control), value });
  if (!within(control, value)) {
    throw problem("out-of-range", { ...ends(control), value: number(value) });
  }
  return value;
}

/** @type {ControlKind["check"]} */
function wholeInRange(control, value) {
  numberInRange(control, value);
  if (!Number.isInteger(value)) throw problem("not-whole", { ...ends(control), value: number(value) });
  return value;
}

/** @type {(control: Control, x: number) => boolean} */
const within = (control, x) => x >= control.min && x <= control.max;

/** @type {ControlKind["bind"]} */
function bindNumber(element, control, { move, set }) {
  const [range, typed] = element.querySelectorAll("input");
  const { first, last, step, at } = handleOf(control);
  range.addEventListener("input", () => move(at(range.valueAsNumber)));
  const read = () => controlKind(control).fromText(control, typed.value);
  typed.addEventListener("change", () => move(read()));
  typed.addEventListener("keydown", (event) => event.key === "Enter" && !event.isComposing && move(read()));

  // A full sweep takes about six seconds, however fine the steps are; few steps get time to be seen.
  const steps = (last - first) / step;
  const stride = Math.max(1, Math.round(steps / 100)) * step;
  const further = () => range.valueAsNumber + stride;
  bindPlay(element, control, {
    set,
    move,
    next: () => at(further() > last ? first : Number(further().toPrecision(12))),
    pause: () => Math.min(900, Math.max(40, 6000 / steps - 60)),
  });
}

function showNumber(element, control, value) {
  const [range, typed] = element.querySelectorAll("input");
  range.value = handleOf(control).place(value);
  typed.value = Number(value.toPrecision(6));
  range.setAttribute("aria-valuetext", typed.value);
}

/**
 * The numbers by which a range's handle moves: the control's own, or positions evenly apart in the logarithm. `at` is the
 * value at a position, `place` the position of a value; the same as in slider.py.
 * @param {Control} control
 */
function handleOf({ min, max, step, scale }) {
  const same = (x) => x;
  if (scale !== "log") return { first: min, last: max, step, at: same, place: same };
  const place = (x) => Math.floor(Math.log10(x / min) * step + 0.5);
  const last = place(max);
  const between = (position) => Number((min * 10 ** (position / step)).toPrecision(3));
  return { first: 0, last, step: 1, at: (position) => ({ 0: min, [last]: max })[position] ?? between(position), place };
}
