// A single number, written large.
import { number, say } from "../text.mjs";

/** @type {(look: Look) => string} */
const guessBeside = ({ marks: { guess } }) => (guess === undefined ? "" : say("guess-beside", { guess: number(guess) }));

/** @type {ViewKind} */
export const largeNumber = {
  draw(place, view, tensors, look) {
    const written = place.querySelector(".tl-number");
    written.textContent = number(tensors[""].data[0]);
    const beside = place.querySelector(".tl-beside") ?? written.parentElement.appendChild(document.createElement("span"));
    beside.className = "tl-beside";
    beside.textContent = guessBeside(look);
  },

  svg(sheet, place, view, tensors, look) {
    sheet.text(number(tensors[""].data[0]), 20);
    if (guessBeside(look)) sheet.text(guessBeside(look), 11);
  },

  sentence: (view, { data }) => say("summary-number", { title: view.title, value: number(data[0]) }),

  table: (view, tensors) => ({ shape: [1, 1], sides: [""], cell: () => number(tensors[""].data[0]) }),
};
