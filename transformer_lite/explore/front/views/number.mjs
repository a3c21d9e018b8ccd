// A single number, written large.
import { number, say } from "../text.mjs";

/** @type {ViewKind} */
export const largeNumber = {
  draw(place, view, tensors) {
    place.querySelector(".tl-number").textContent = number(tensors[""].data[0]);
  },

  svg(sheet, place, view, tensors) {
    sheet.text(number(tensors[""].data[0]), 20);
  },

  sentence: (view, { data }) => say("summary-number", { title: view.title, value: number(data[0]) }),

  table: (view, tensors) => ({ shape: [1, 1], sides: [""], cell: () => number(tensors[""].data[0]) }),
};
