// How many indices an axis has, and the name of each; the same as in figure.py and words.py.
import { controlKind } from "./controls.mjs";
import { countOf } from "./numbers.mjs";

/**
 * What the axes of a figure are at these values of its controls.
 * @type {(controls: Controls, values: Values) => Axes}
 */
export function axesOf(controls, values) {
  /** Asks the control that an axis is named after, if there is one. */
  const ask = (axis, what) => {
    const name = String(axis.labels);
    return Object.hasOwn(controls, name) ? controlKind(controls[name])[what]?.(controls[name], values[name]) : undefined;
  };

  return {
    /** How many indices an axis has: fixed, or the length of the control it is named after. */
    size(axis) {
      return axis.size ?? ask(axis, "length");
    },

    /** The name of each index of an axis of this size; the function may say by ids what stands there. */
    labels(axis, size, by) {
      if (by) return Array.from(by.data, (id) => String(axis.labels?.[Number(id)]));
      if (Array.isArray(axis.labels)) return axis.labels.slice(0, size);
      return ask(axis, "labels") ?? countOf(size);
    },
  };
}
