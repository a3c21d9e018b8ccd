// How many indices an axis has, and the name of each; the same as in figure.py and words.py.
import { controlKind } from "./controls.mjs";
import { countOf } from "./numbers.mjs";

/** What the axes of a figure are at these values of its controls. */
export function axesOf(controls, values) {
  return {
    /** How many indices an axis has: fixed, or the length of the control it is named after. */
    size(axis) {
      if (axis.size !== null && axis.size !== undefined) return axis.size;
      const control = controls[axis.labels];
      return controlKind(control).length(control, values[axis.labels]);
    },

    /** The name of each index of an axis of this size. */
    labels(axis, size) {
      if (Array.isArray(axis.labels)) return axis.labels.slice(0, size);
      const control = controls[axis.labels];
      return (control && controlKind(control).labels?.(control, values[axis.labels])) ?? countOf(size);
    },
  };
}
