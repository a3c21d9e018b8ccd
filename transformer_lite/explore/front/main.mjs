// What the bundle offers: to the website the figure and its engine, to a notebook an anywidget.
import { kernelEngine } from "./engine/kernel.mjs";
import { onnxEngine } from "./engine/onnx.mjs";
import { bringExerciseToLife } from "./exercise.mjs";
import { bringToLife } from "./figure.mjs";

function render({ model, el }) {
  el.innerHTML = model.get("html");
  // JupyterLab would take the arrow keys of a slider for its own; it asks the focused element itself.
  el.addEventListener("focusin", ({ target }) => { target.dataset.lmSuppressShortcuts = "true"; });
  const place = el.querySelector(".tl-message");
  const engine = kernelEngine(model, (text) => {
    place.textContent = text;
    place.classList.toggle("tl-bad", Boolean(text));
  });
  const exercise = el.querySelector("form.tl-exercise");
  if (exercise) {
    bringExerciseToLife(exercise, engine);
    return engine.leave;
  }
  const live = bringToLife(el.querySelector("figure.explorable"), engine);
  live.start();
  return () => {
    live.stop();
    engine.leave();
  };
}

export { bringExerciseToLife, bringToLife, onnxEngine };
export default { render };
