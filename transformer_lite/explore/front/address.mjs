// A figure's settings in the page's address: …#NAME?control=value&control=value;OTHER?…
import { Problem, said } from "./problem.mjs";
import { say } from "./text.mjs";
import { checkValues, valueFromText, valueToText } from "./values.mjs";

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

// All figures of the page that keep their settings in its address.
const addressed = [];
let writing;

/** From now on the address moves the figure, and the figure, by `writeAddress`, the address. */
export function keepInAddress(figure) {
  addressed.push(figure);
  readAddress(figure);
  addEventListener("hashchange", () => readAddress(figure));
}

/** Moves the figure to what the address asks of it, if anything. */
export async function readAddress(figure) {
  const asked = addressed.includes(figure) ? fromFragment(location.hash, figure.name, figure.controls) : undefined;
  if (asked === undefined) return;
  figure.element.scrollIntoView({ block: "start" });
  try {
    const values = checkValues(figure.controls, figure.defaults, asked);
    // The steps of a figure with memory are counted from its start.
    if (figure.memory !== undefined) await figure.set({ [figure.memory]: 0 });
    await figure.set(values);
  } catch (reason) {
    // What could not be loaded says so itself, and the address is read once more when it has come.
    if (reason instanceof Problem && reason.again) return;
    figure.say(say("failed-link", { reason: said(reason) }), true);
  }
}

/** The figure moved last comes first: opening the address scrolls to it. */
export function writeAddress(figure) {
  if (!addressed.includes(figure)) return;
  clearTimeout(writing);
  // Browsers limit how often the address may change.
  writing = setTimeout(() => {
    const fragment = toFragment([figure, ...addressed.filter((other) => other !== figure)]);
    history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
  }, 300);
}
