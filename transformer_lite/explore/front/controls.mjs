// Controls: checking what a reader gives, showing the current value, and listening to the reader.
// The markup comes from page.py; the same checks stand in controls.py for the kernel.
import { bindChips, showChips, shuffled } from "./chips.mjs";
import { number, say } from "./text.mjs";
import { axisLabels, splitWords } from "./words.mjs";

const KINDS = {
  slider: {
    check: (control, value) => numberInRange(control, value),
    fromText: asNumber,
    bind: bindNumber,
    show: showNumber,
  },
  length: {
    check(control, value) {
      numberInRange(control, value);
      if (!Number.isInteger(value)) throw problem("not-whole", { ...ends(control), value: number(value) });
      return value;
    },
    fromText: asNumber,
    bind: bindNumber,
    show: showNumber,
  },
  toggle: {
    check(control, value) {
      if (typeof value !== "boolean") throw problem("not-true-or-false", { label: control.label, value });
      return value;
    },
    fromText: (text) => ({ true: true, false: false })[text] ?? text,
    bind(element, control, move) {
      const box = element.querySelector("input");
      box.addEventListener("change", () => move(box.checked));
    },
    show(element, control, value) {
      element.querySelector("input").checked = value;
    },
  },
  choice: {
    check(control, value) {
      if (!control.options.includes(value)) {
        throw problem("not-an-option", { label: control.label, value, options: control.options.join(", ") });
      }
      return value;
    },
    fromText: (text, control) => control.options.find((option) => String(option) === text) ?? text,
    bind(element, control, move) {
      element.addEventListener("change", (event) => move(control.options[Number(event.target.value)]));
    },
    show(element, control, value) {
      element.querySelectorAll("input")[control.options.indexOf(value)].checked = true;
    },
  },
  words: {
    check(control, value) {
      if (typeof value !== "string") throw problem("not-text", { label: control.label, value });
      const words = splitWords(value);
      const known = control.vocabulary.join(", ");
      if (!words.length) throw problem("no-words", { known });
      const unknown = [...new Set(words)].filter((word) => !control.vocabulary.includes(word));
      if (unknown.length) throw problem("unknown-words", { unknown: unknown.join(", "), known });
      if (words.length > control.maximum) {
        throw problem("too-many-words", { count: words.length, maximum: control.maximum });
      }
      return value;
    },
    fromText: (text) => text,
    bind(element, control, move) {
      const input = element.querySelector("input");
      // While a word is being typed it is not yet wrong; once the reader leaves the field it is.
      input.addEventListener("input", () => !unfinished(input.value, control) && move(input.value));
      input.addEventListener("change", () => move(input.value));
      element.querySelectorAll(".tl-word").forEach((button) =>
        button.addEventListener("click", () => {
          input.value = `${input.value.trim()} ${button.textContent}`.trim();
          move(input.value);
        }));
    },
    show(element, control, value) {
      const input = element.querySelector("input");
      if (splitWords(input.value).join(" ") !== splitWords(value).join(" ")) input.value = value;
    },
  },
  order: {
    check(control, value) {
      const count = control.items.length;
      const sorted = Array.isArray(value) && value.every(Number.isInteger) ? [...value].sort((a, b) => a - b) : [];
      if (sorted.length !== count || !sorted.every((item, i) => item === i)) {
        throw problem("not-an-order", { label: control.label, max: count - 1, value });
      }
      return value;
    },
    fromText: (text) => text.split(",").map(Number),
    bind(element, control, move, set, read) {
      bindChips(element.querySelector(".tl-chips"), control.items, read, move);
      element.querySelector(".tl-shuffle").addEventListener("click", () => move(shuffled(read())));
    },
    show(element, control, value) {
      showChips(element.querySelector(".tl-chips"), control.items, value);
    },
  },
  points: {
    check(control, value) {
      const count = control.names.length;
      const pair = (point) => Array.isArray(point) && point.length === 2 && point.every((x) => typeof x === "number" && !Number.isNaN(x));
      if (!Array.isArray(value) || value.length !== count || !value.every(pair)) {
        throw problem("not-points", { label: control.label, count, value });
      }
      value.flat().forEach((x) => numberInRange(control, x));
      return value;
    },
    fromText(text) {
      const numbers = text.split(",").map(asNumber);
      return Array.from({ length: Math.ceil(numbers.length / 2) }, (_, i) => numbers.slice(2 * i, 2 * i + 2));
    },
    bind(element, control, move, set, read) {
      element.querySelectorAll("input").forEach((input, i) => input.addEventListener("change", () => {
        const typed = input.value.replaceAll("−", "-").split(/[,;\s]+/).filter(Boolean).map(asNumber);
        move(read().map((point, at) => (at === i ? typed : point)));
      }));
    },
    show(element, control, value) {
      element.querySelectorAll("input").forEach((input, i) => { input.value = value[i].map((x) => Number(x.toPrecision(6))).join(", "); });
    },
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
    fromText: (text) => (text.includes(",") ? text.split(",").map(Number) : Number(text)),
    bind(element, control, move) {
      const selects = [...element.querySelectorAll("select")];
      const read = () => (selects.length === 1 ? Number(selects[0].value) : selects.map((s) => Number(s.value)));
      selects.forEach((select) => select.addEventListener("change", () => move(read())));
    },
    show(element, control, value, controls, values) {
      element.querySelectorAll("select").forEach((select, at) => {
        const axis = control.axes[at];
        const labels = axisLabels(axis, axisSize(axis, controls, values), controls, values);
        if ([...select.options].map((option) => option.text).join() !== labels.join()) {
          select.replaceChildren(...labels.map((label, i) => new Option(label, i)));
        }
        select.value = [value].flat()[at];
      });
    },
  },
};

export class Problem extends Error {}

export const problem = (key, parts) => new Problem(say(key, parts));

const ends = (control) => ({ label: control.label, min: number(control.min), max: number(control.max) });

function numberInRange(control, value) {
  if (typeof value !== "number" || Number.isNaN(value)) throw problem("not-a-number", { ...ends(control), value });
  if (value < control.min || value > control.max) {
    throw problem("out-of-range", { ...ends(control), value: number(value) });
  }
  return value;
}

function bindNumber(element, control, move, set) {
  const [range, typed] = element.querySelectorAll("input");
  const play = element.querySelector(".tl-play");
  range.addEventListener("input", () => move(range.valueAsNumber));
  typed.addEventListener("change", () => move(asNumber(typed.value)));
  typed.addEventListener("keydown", (event) => event.key === "Enter" && move(asNumber(typed.value)));

  const name = (key) => play.setAttribute("aria-label", say(key, { label: control.label }));
  play.addEventListener("click", async () => {
    const start = play.getAttribute("aria-pressed") !== "true";
    play.setAttribute("aria-pressed", start);
    name(start ? "pause" : "play");
    // A full sweep takes about six seconds, however fine the steps are; few steps get time to be seen.
    const steps = (control.max - control.min) / control.step;
    const stride = Math.max(1, Math.round(steps / 100)) * control.step;
    const pause = Math.min(900, Math.max(40, 6000 / steps - 60));
    while (play.getAttribute("aria-pressed") === "true" && element.isConnected) {
      const next = range.valueAsNumber + stride;
      await set(next > control.max ? control.min : Number(next.toPrecision(12)));
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  });
}

// Text that is no number stays text, so that the message can quote it.
function asNumber(text) {
  return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

function showNumber(element, control, value) {
  const [range, typed] = element.querySelectorAll("input");
  range.value = value;
  typed.value = Number(value.toPrecision(6));
}

function unfinished(text, control) {
  const last = text.toLowerCase().match(/\S+$/)?.[0];
  const isStart = (word) => word.startsWith(last) && word !== last;
  return Boolean(last) && !control.vocabulary.includes(last) && control.vocabulary.some(isStart);
}

/** How many indices an axis has: fixed, or the length of the control it is named after. */
export function axisSize(axis, controls, values) {
  if (axis.size !== null && axis.size !== undefined) return axis.size;
  const value = values[axis.labels];
  return { words: () => splitWords(value).length, order: () => value.length, length: () => value }[controls[axis.labels].kind]();
}

/** All values after `changes`; throws a Problem, whose message is a sentence, for the first that does not fit. */
export function checkValues(controls, values, changes) {
  const unknown = Object.keys(changes).find((name) => !Object.hasOwn(controls, name));
  if (unknown !== undefined) {
    throw problem("unknown-control", { name: unknown, known: Object.keys(controls).join(", ") });
  }
  const next = { ...values };
  for (const [name, value] of Object.entries(changes)) {
    next[name] = KINDS[controls[name].kind].check(controls[name], value);
  }
  for (const [name, control] of Object.entries(controls)) {
    if (control.kind !== "pick") continue;
    const inside = [next[name]].flat().map((index, at) => {
      const last = axisSize(control.axes[at], controls, next) - 1;
      if (Object.hasOwn(changes, name) && (index < 0 || index > last)) {
        throw problem("pick-out-of-range", { label: control.label, value: index, max: last });
      }
      // A pick that the reader did not touch moves to the last index when its view shrinks.
      return Math.min(index, last);
    });
    next[name] = Array.isArray(next[name]) ? inside : inside[0];
  }
  return next;
}

export const valueFromText = (control, text) => KINDS[control.kind].fromText(text, control);

export const valueToText = (value) => String(value);

/** Listens to one control; `move` reports problems beside it, `set` rejects with them, `read` gives its value. */
export const bindControl = (element, control, move, set, read) => KINDS[control.kind].bind(element, control, move, set, read);

export function showControl(element, control, value, controls, values) {
  KINDS[control.kind].show(element, control, value, controls, values);
}
