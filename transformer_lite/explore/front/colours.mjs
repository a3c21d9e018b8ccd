// Colours of charts, from the palette.
import { PALETTE } from "./data.mjs";

/** Does the system force its colours on every page, and are they dark ones? */
export const SYSTEM_COLOURS = ["(forced-colors: active)", "(prefers-color-scheme: dark)"];

/**
 * Is the page light or dark? Hosts mark a dark one: the book's theme, JupyterLab, Colab, VS Code. Where the system forces
 * its colours, they decide.
 * @returns {"light" | "dark"}
 */
export function theme() {
  const [forced, dark] = SYSTEM_COLOURS.map((query) => matchMedia(query).matches);
  return (forced ? dark : PALETTE.dark_marks.some((mark) => document.querySelector(mark))) ? "dark" : "light";
}

/** Nothing: what is behind shows. */
export const CLEAR = "rgba(0,0,0,0)";

/** A palette's colours as plotly's scale. */
export const scaleOf = (stops) => stops.map((colour, i) => [i / (stops.length - 1), colour]);

/** The colour of a role, or of the i-th series without one. */
export function seriesColour(view, i, shade) {
  const role = view.roles?.[i];
  return role ? PALETTE.roles[role][shade] : PALETTE.categorical[shade][i % PALETTE.categorical[shade].length];
}

/** The red, green and blue of a colour scale at a place from 0 to 1. */
export function colourAt(stops, place) {
  const at = Math.min(1, Math.max(0, place)) * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  const channel = (stop, i) => parseInt(stop.slice(1 + 2 * i, 3 + 2 * i), 16);
  return [0, 1, 2].map((i) => channel(stops[low], i) + (at - low) * (channel(stops[low + 1], i) - channel(stops[low], i)));
}

/** Relative luminance, as in WCAG 2. */
function luminance(colour) {
  const linear = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

/** The dark or the light ink, whichever has the higher contrast. */
export function inkOn(colour) {
  const { light, dark } = PALETTE.cell_ink;
  const [high, low] = [light, dark].map((ink) => luminance(colourAt([ink, ink], 0)) + 0.05);
  return (luminance(colour) + 0.05) ** 2 > high * low ? dark : light;
}
