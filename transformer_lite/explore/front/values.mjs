// A figure's values: what a reader asks for, checked, and as the text of an address.
import { axesOf } from "./axes.mjs";
import { controlKind } from "./controls.mjs";
import { problem } from "./problem.mjs";

/**
 * All values after `changes`; throws a Problem, whose message is a sentence, for the first that does not fit.
 * @type {(controls: Controls, values: Values, changes: Values) => Values}
 */
export function checkValues(controls, values, changes) {
  const unknown = Object.keys(changes).find((name) => !Object.hasOwn(controls, name));
  if (unknown !== undefined) {
    throw problem("unknown-control", { name: unknown, known: Object.keys(controls).join(", ") });
  }
  const next = { ...values };
  for (const [name, value] of Object.entries(changes)) {
    next[name] = controlKind(controls[name]).check(controls[name], value);
  }
  const { size } = axesOf(controls, next);
  const moved = (name) => String(next[name]) !== String(values[name]);
  for (const [name, control] of Object.entries(controls)) {
    const { settle } = controlKind(control);
    if (settle) next[name] = settle(control, next[name], size, Object.hasOwn(changes, name), moved);
  }
  return next;
}

/** @type {(control: Control, text: string) => any} */
export const valueFromText = (control, text) => controlKind(control).fromText(control, text);

/** @type {(value: any) => string} */
export const valueToText = (value) => String(value);
