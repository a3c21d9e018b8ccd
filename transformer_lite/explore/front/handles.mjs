// Handles over the points of a scatter that the reader may drag: by pointer, finger or arrow keys.
import { number, say } from "./text.mjs";

/** Makes one handle for each of the control's points, and puts them where the chart has drawn the points. */
export function placeHandles(control, value, slot, colour, move) {
  const stage = slot.parentElement;
  const layer = stage.querySelector(".tl-handles");
  if (!layer.childElementCount) layer.append(...control.names.map((_, i) => makeHandle(stage, slot, control, i)));
  layer.handled = { value, move };
  const { xaxis, yaxis } = slot._fullLayout;
  [...layer.children].forEach((handle, i) => {
    const [x, y] = value[i];
    handle.style.left = `${xaxis._offset + xaxis.l2p(x)}px`;
    handle.style.top = `${yaxis._offset + yaxis.l2p(y)}px`;
    handle.style.color = colour(i);
    handle.setAttribute("aria-label", say("point", { name: control.names[i], x: number(x), y: number(y) }));
  });
}

/** Where in the chart's coordinates the pointer is. */
export function placeUnder(slot, { clientX, clientY }) {
  const { left, top } = slot.getBoundingClientRect();
  const { xaxis, yaxis } = slot._fullLayout;
  return [xaxis.p2l(clientX - left - xaxis._offset), yaxis.p2l(clientY - top - yaxis._offset)];
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function makeHandle(stage, slot, control, i) {
  const handle = document.createElement("button");
  handle.type = "button";
  handle.className = "tl-handle";
  const layer = stage.querySelector(".tl-handles");
  const put = (place) => {
    const { value, move } = layer.handled;
    const inside = place.map((x) => Math.min(control.max, Math.max(control.min, Number((Math.round(x / control.step) * control.step).toPrecision(9)))));
    move(value.map((point, at) => (at === i ? inside : point)));
  };
  handle.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    put(layer.handled.value[i].map((x, d) => x + step[d] * control.step * (event.shiftKey ? 5 : 1)));
  });
  handle.addEventListener("pointerdown", (start) => {
    if (start.button) return;
    handle.setPointerCapture(start.pointerId);
    const drag = (event) => put(placeUnder(slot, event));
    handle.addEventListener("pointermove", drag);
    handle.addEventListener("lostpointercapture", () => handle.removeEventListener("pointermove", drag), { once: true });
  });
  return handle;
}
