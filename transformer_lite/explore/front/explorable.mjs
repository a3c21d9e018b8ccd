// What other scripts of the page may ask of a figure: copies of all that it shows, and to move and check it.
import { mapped } from "./engine/contract.mjs";

export function explorable(figure) {
  const plain = (tensors) => mapped(tensors, ({ shape, data }) => ({ shape: [...shape], data: Array.from(data, Number) }));
  const told = () => ({ step: figure.values[figure.memory], done: figure.ended });
  const shown = {
    get controls() {
      const current = ([key, control]) => [key, { ...control, value: figure.values[key], ...(key === figure.memory && told()) }];
      return Object.fromEntries(Object.entries(figure.controls).map(current));
    },
    get values() { return { ...figure.values }; },
    get outputs() { return plain(figure.drawing.outputs); },
    set: (changes) => figure.set(changes),
    check: () => figure.check(),
  };
  const { prediction } = figure;
  if (prediction) {
    Object.defineProperties(shown, Object.getOwnPropertyDescriptors({
      get predict() { return { asked: prediction.open, guess: prediction.guess ?? null, skipped: prediction.skipped }; },
      guess: (given) => prediction.answer(given),
      skip: () => prediction.skip(),
    }));
  }
  if (figure.memory === undefined) return shown;
  return Object.defineProperties(shown, Object.getOwnPropertyDescriptors({
    get state() { return plain(figure.state); },
    step: (count = 1) => figure.set({ [figure.memory]: figure.values[figure.memory] + count }),
    restart: () => figure.set({ [figure.memory]: 0 }),
  }));
}
