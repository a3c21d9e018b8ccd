// The pad of a Sketch: a pen moved by pointer, finger or keys, and the ink that it leaves.
import { PLACES, inPixels, inkOf, parseDrawing, writeDrawing } from "./ink.mjs";
import { shadesOf } from "./photograph.mjs";
import { say } from "./text.mjs";

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** Places from one point of a stroke to the next, at least, and from one arrow key to the next. */
const STEP = 2;
const LEAP = 8;

/** @type {ControlKind["bind"]} */
export function bindSketch(element, control, { move }) {
  const pad = element.querySelector(".tl-pad");
  /** Where the pen is, whether it draws, and all that is drawn; `showSketch` lifts it when something else draws. */
  pad.pen = { at: [PLACES / 2, PLACES / 2], down: false, drawn: control.value };
  const { pen } = pad;
  const tell = (text) => { element.querySelector(".tl-pen").textContent = text; };

  /** Changes the drawing, and shows it at once: the figure's numbers may take longer. */
  const draw = (change) => {
    const drawing = parseDrawing(pen.drawn);
    change(drawing);
    const text = writeDrawing(drawing);
    if (text.length > control.longest) {
      pen.down = false;
      tell(say("sketch-full"));
      return;
    }
    pen.drawn = text;
    paint(element, control, text);
    move(text);
  };
  const putDown = () => {
    pen.down = true;
    draw(({ strokes }) => strokes.push([pen.at]));
  };
  const goTo = (place) => {
    pen.at = place.map((x) => Math.min(PLACES - 1, Math.max(0, Math.floor(x))));
    placeCursor(element, control, pen);
    const last = pen.down && parseDrawing(pen.drawn).strokes.at(-1).at(-1);
    if (last && Math.hypot(pen.at[0] - last[0], pen.at[1] - last[1]) >= STEP) draw(({ strokes }) => strokes.at(-1).push(pen.at));
  };

  pad.addEventListener("pointerdown", (start) => {
    if (start.button || !start.isPrimary) return;
    pad.setPointerCapture(start.pointerId);
    const paper = pad.querySelector("svg").getBoundingClientRect();
    const placeOf = ({ clientX, clientY }) => [((clientX - paper.left) / paper.width) * PLACES, ((clientY - paper.top) / paper.height) * PLACES];
    const drag = (event) => {
      if (event.pointerId !== start.pointerId) return;
      const all = event.getCoalescedEvents?.() ?? [];
      for (const each of all.length ? all : [event]) goTo(placeOf(each));
    };
    pen.down = false;
    tell("");
    goTo(placeOf(start));
    putDown();
    pad.addEventListener("pointermove", drag);
    pad.addEventListener("lostpointercapture", () => {
      pen.down = false;
      pad.removeEventListener("pointermove", drag);
    }, { once: true });
  });

  const undo = () => {
    pen.down = false;
    draw((drawing) => { if (!drawing.strokes.pop()) drawing.picture = undefined; });
    tellStrokes();
  };
  const replace = (picture) => {
    pen.down = false;
    draw((drawing) => Object.assign(drawing, { picture, strokes: [] }));
    tellStrokes();
  };
  const tellStrokes = () => tell(say("sketch-strokes", { count: parseDrawing(pen.drawn).strokes.length }));
  const keys = {
    " ": () => (pen.down ? (pen.down = false) : putDown()),
    Backspace: undo,
    Delete: () => replace(undefined),
  };
  pad.addEventListener("keydown", (event) => {
    const { key, shiftKey } = event;
    const arrow = MOVES[key];
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "z") undo();
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (arrow) goTo(pen.at.map((x, d) => x + arrow[d] * (shiftKey ? LEAP : STEP)));
    else if (keys[key]) keys[key]();
    else return;
    event.preventDefault();
    placeCursor(element, control, pen);
    if (arrow || key === " ") tell(say(pen.down ? "sketch-pen-down" : "sketch-pen-up", pixelAt(control, pen)));
  });
  pad.addEventListener("blur", () => { pen.down = false; });
  placeCursor(element, control, pen);

  element.querySelector(".tl-undo").addEventListener("click", undo);
  element.querySelector(".tl-clear").addEventListener("click", () => replace(undefined));
  const thickness = element.querySelector("input");
  thickness.addEventListener("input", () => draw((drawing) => { drawing.thickness = 2 * thickness.valueAsNumber; }));
  element.querySelectorAll(".tl-example").forEach((button, i) => button.addEventListener("click", () => {
    draw((drawing) => Object.assign(drawing, parseDrawing(Object.values(control.examples)[i])));
    tellStrokes();
  }));
  bindPictures(element, async (file) => {
    try {
      replace(await shadesOf(file, control.rows, control.columns));
    } catch {
      tell(say("sketch-no-picture"));
    }
  });
}

/** Calls `take` with a file that is dropped on the pad, pasted there, or chosen. */
function bindPictures(element, take) {
  const pad = element.querySelector(".tl-pad");
  const from = (event, { files }) => {
    if (!files.length) return;
    event.preventDefault();
    take(files[0]);
  };
  pad.addEventListener("dragover", (event) => event.preventDefault());
  pad.addEventListener("drop", (event) => from(event, event.dataTransfer));
  pad.addEventListener("paste", (event) => from(event, event.clipboardData));
  element.querySelector(".tl-choose").addEventListener("click", () => {
    const chooser = Object.assign(document.createElement("input"), { type: "file", accept: "image/*" });
    chooser.addEventListener("change", () => take(chooser.files[0]));
    chooser.click();
  });
}

/** @type {ControlKind["show"]} */
export function showSketch(element, control, value) {
  const pad = element.querySelector(".tl-pad");
  if (value !== pad.pen.drawn) Object.assign(pad.pen, { down: false, drawn: value });
  paint(element, control, value);
}

function paint(element, control, value) {
  const pad = element.querySelector(".tl-pad");
  const { thickness, strokes } = parseDrawing(value);
  element.querySelector("input").value = thickness / 2;
  const pixels = Array.from(inkOf(control, value), (ink, i) => {
    const [x, y] = [i % control.columns, Math.floor(i / control.columns)];
    return ink && shape("rect", { x, y, width: 1, height: 1, "fill-opacity": ink.toPrecision(3) });
  });
  pad.querySelector(".tl-pixels").replaceChildren(...pixels.filter(Boolean));
  pad.querySelector(".tl-strokes").replaceChildren(...strokes.map((stroke) => {
    // A line to where it is makes a dot.
    const points = [...stroke, stroke.at(-1)].map((place) => inPixels(control, place).join());
    return shape("polyline", { points: points.join(" ") });
  }));
}

/** The pixel under the pen, counted from 0 as everywhere in the figure. */
function pixelAt(control, { at }) {
  const [column, row] = inPixels(control, at).map(Math.floor);
  return { column, row };
}

/** A cross over the whole pad, seen while keys move the pen. */
function placeCursor(element, control, { at, down }) {
  const [x, y] = inPixels(control, at);
  const cursor = element.querySelector(".tl-cursor");
  cursor.setAttribute("d", `M${x} 0V${control.rows}M0 ${y}H${control.columns}`);
  cursor.classList.toggle("tl-down", down);
}

function shape(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
