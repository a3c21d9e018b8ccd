// The summary of a figure's numbers, in words; the same as words.py.
import { axesOf } from "./axes.mjs";
import { largest, partsOf } from "./numbers.mjs";
import { viewKind } from "./views/table.mjs";

/**
 * One sentence or two for each view, computed from its numbers.
 * @type {(views: Views, outputs: Record<string, Tensor>, controls: Controls, values: Values) => string}
 */
export function summary(views, outputs, controls, values) {
  const axes = axesOf(controls, values);
  const sentences = Object.entries(views).map(([name, view]) => {
    const labels = view.axes.map((axis, dimension) => axes.labels(axis, outputs[name].shape[dimension], outputs[`${name}.${axis.by}`]));
    const parts = Object.entries(partsOf(outputs, name)).map(([part, { shape, data }]) =>
      [part, { shape, data: view.log_y ? data : withoutNoise(data) }]);
    const tensors = Object.fromEntries(parts);
    return viewKind(view).sentence(view, tensors[""], labels, tensors);
  });
  return sentences.join(" ");
}

/** 0 for what is but rounding beside the view's largest number: PyTorch and the browser round differently. */
function withoutNoise(data) {
  const noise = 1e-6 * largest(data);
  return data.map((x) => (Math.abs(x) < noise ? 0 : x));
}
