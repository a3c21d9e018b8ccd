// A curve drawn by hand: some knots, evenly spaced from its first place to its last, and straight lines between them.
import { placeUnder } from "./handles.mjs";
import { number, say } from "./text.mjs";

// As many as a phone has room for, side by side under a finger.
const KNOTS = 9;

/** A flat curve. */
export const flat = (y) => Array(KNOTS).fill(y);

/**
 * The curve's numbers at `count` places, the first and the last of which are its ends.
 * @type {(knots: number[], count: number) => number[]}
 */
export function spread(knots, count) {
  return Array.from({ length: count }, (_, i) => {
    const at = (i * (knots.length - 1)) / (count - 1);
    const before = Math.min(Math.floor(at), knots.length - 2);
    return knots[before] + (knots[before + 1] - knots[before]) * (at - before);
  });
}

/**
 * The knots once the pen has gone straight from one point to another: those that it passed lie on its way, and the one
 * nearest to its tip goes along. `places` says where the knots lie from left to right.
 * @type {(knots: number[], places: number[], from: number[], to: number[]) => number[]}
 */
export function stroke(knots, places, [x0, y0], [x1, y1]) {
  const apart = places.map((x) => Math.abs(x - x1));
  const nearest = apart.indexOf(Math.min(...apart));
  return knots.map((y, i) => {
    if (i === nearest) return y1;
    const passed = x0 !== x1 && (places[i] - x0) * (places[i] - x1) <= 0;
    return passed ? y0 + ((y1 - y0) * (places[i] - x0)) / (x1 - x0) : y;
  });
}

const KEYS = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 5, PageDown: -5 };

/**
 * Lets the reader draw on `layer`, which lies over the chart in `slot`: with the pointer, or by the knots, which are
 * sliders. `read()` gives the knots, `changed(knots)` takes others, and `range()` is the scale's.
 */
export function bindCurve(layer, slot, { read, changed, range }) {
  const inside = (y) => Math.min(range()[1], Math.max(range()[0], y));
  layer.append(...flat(0).map((_, i) => makeKnot((turn) => {
    const [low, high] = range();
    changed(read().map((y, at) => (at === i ? inside(turn(y, low, high)) : y)));
  })));
  layer.addEventListener("pointerdown", (start) => {
    if (start.button) return;
    start.preventDefault();
    layer.setPointerCapture(start.pointerId);
    let from;
    const draw = (event) => {
      const to = [event.clientX - slot.getBoundingClientRect().left, inside(placeUnder(slot, event)[1])];
      const places = [...layer.children].map((knot) => Number.parseFloat(knot.style.left));
      changed(stroke(read(), places, from ?? to, to));
      from = to;
    };
    draw(start);
    layer.addEventListener("pointermove", draw);
    layer.addEventListener("lostpointercapture", () => layer.removeEventListener("pointermove", draw), { once: true });
  });
}

function makeKnot(turned) {
  const knot = document.createElement("span");
  knot.className = "tl-knot";
  knot.tabIndex = 0;
  knot.setAttribute("role", "slider");
  knot.setAttribute("aria-orientation", "vertical");
  knot.addEventListener("keydown", (event) => {
    if (event.key === "Home") turned((y, low) => low);
    else if (event.key === "End") turned((y, low, high) => high);
    else if (KEYS[event.key]) turned((y, low, high) => y + (KEYS[event.key] * (high - low)) / 20);
    else return;
    event.preventDefault();
  });
  return knot;
}

/**
 * Puts the knots where the chart, once drawn over the places `xs`, has room for them. `nameOf(x)` is what a place is
 * called.
 */
export function showCurve(layer, slot, knots, xs, [low, high], nameOf) {
  const { xaxis, yaxis } = slot._fullLayout;
  const places = spread(xs.map((x) => xaxis._offset + xaxis.d2p(x)), knots.length);
  const names = spread(xs, knots.length).map(nameOf);
  [...layer.children].forEach((knot, i) => {
    knot.style.left = `${places[i]}px`;
    knot.style.top = `${yaxis._offset + yaxis.d2p(knots[i])}px`;
    const said = { label: say("guess-curve-point", { place: names[i] }), valuemin: low, valuemax: high, valuenow: knots[i], valuetext: number(knots[i]) };
    for (const [name, value] of Object.entries(said)) knot.setAttribute(`aria-${name}`, value);
  });
}
