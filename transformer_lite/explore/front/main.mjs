// What the bundle offers: to the website the figure and its engine, to a notebook an anywidget.
import { kernelEngine } from "./engine-kernel.mjs";
import { onnxEngine } from "./engine-onnx.mjs";
import { bringToLife } from "./figure.mjs";

function render({ model, el }) {
  el.innerHTML = model.get("html");
  const figure = el.querySelector("figure.explorable");
  const live = bringToLife(figure, kernelEngine(model));
  live.start();
  return () => live.stop();
}

export { bringToLife, onnxEngine };
export default { render };
