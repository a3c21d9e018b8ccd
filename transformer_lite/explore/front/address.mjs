// A figure's settings in the page's address: …#NAME?control=value&control=value;OTHER?…
import { valueFromText, valueToText } from "./controls.mjs";

/** What stands in the address after `#` for these figures: each one's settings that differ from the defaults. */
export function toFragment(figures) {
  return figures.map(({ name, controls, values }) => {
    const moved = Object.keys(controls).filter((key) => String(values[key]) !== String(controls[key].value));
    const query = new URLSearchParams(moved.map((key) => [key, valueToText(values[key])]));
    return moved.length ? `${name}?${query}` : "";
  }).filter(Boolean).join(";");
}

/** The settings that a fragment asks of a figure, by control; undefined if it does not name the figure. */
export function fromFragment(fragment, name, controls) {
  const mine = fragment.replace(/^#/, "").split(";").find((part) => part.split("?")[0] === name && part.includes("?"));
  if (mine === undefined) return undefined;
  const query = new URLSearchParams(mine.slice(mine.indexOf("?") + 1));
  return Object.fromEntries([...query].map(([key, text]) => [key, controls[key] ? valueFromText(controls[key], text) : text]));
}
