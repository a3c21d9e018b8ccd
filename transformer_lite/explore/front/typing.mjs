// A sentence that is typed, and its vocabulary to choose from: the control Words.
import { whole } from "./numbers.mjs";
import { problem } from "./problem.mjs";
import { say } from "./text.mjs";
import { vocabularyOf } from "./vocabulary.mjs";

/** @type {ControlKind} */
export const WORDS = {
  check(control, value) {
    if (typeof value !== "string") throw problem("not-text", { label: control.label, value });
    const { ids, nearest, pieces } = vocabularyOf(control);
    const words = pieces(value);
    const [known, count] = [control.vocabulary.join(", "), ids.size];
    const isListed = count <= control.listed;
    if (!words.length) throw problem(isListed ? "no-words" : "no-words-many", { known, count });
    const strange = [...new Set(words)].filter((word) => !ids.has(word));
    if (strange.length) {
      const unknown = strange.join(", ");
      if (isListed) throw problem("unknown-words", { unknown, known });
      const near = [...new Set(strange.flatMap(nearest))].join(", ");
      throw problem(near ? "unknown-words-near" : "unknown-words-many", { unknown, near, count });
    }
    if (words.length > control.maximum) throw problem("too-many-words", { count: words.length, maximum: control.maximum });
    return value;
  },
  fromText: (control, text) => text,
  bind(element, control, { move }) {
    const [input, search] = element.querySelectorAll("input");
    const { appended, unfinished } = vocabularyOf(control);
    // While a word is being typed it is not yet wrong; once the reader leaves the field it is.
    typed(input, () => !unfinished(input.value) && move(input.value));
    input.addEventListener("change", () => !composing.has(input) && move(input.value));
    const known = element.querySelector(".tl-known");
    const put = (word) => {
      input.value = appended(input.value, word);
      move(input.value);
    };
    known.addEventListener("click", (event) => {
      const button = event.target.closest(".tl-word");
      if (button) put(button.dataset.word);
    });
    if (search) bindSearch(search, known, control, put);
  },
  show(element, control, value) {
    const input = element.querySelector("input");
    const { pieces } = vocabularyOf(control);
    const stands = String(pieces(input.value)) === String(pieces(value));
    if (!stands && !composing.has(input)) input.value = value;
  },
  encode(control, value) {
    const { ids, pieces } = vocabularyOf(control);
    const found = pieces(value).map((piece) => ids.get(piece) ?? -1); // checked: none is unknown
    return whole(found, [found.length]);
  },
  length: (control, value) => vocabularyOf(control).pieces(value).length,
  labels: (control, value) => vocabularyOf(control).words(value),
  keepsTyping: true,
};

// Fields in which an input method, as for Chinese, puts a word together: what stands there is not yet the reader's.
const composing = new WeakSet();

/** Calls `act` whenever the reader has typed something, and not before an input method is done. */
function typed(input, act) {
  input.addEventListener("compositionstart", () => composing.add(input));
  input.addEventListener("compositionend", () => {
    composing.delete(input);
    act();
  });
  input.addEventListener("input", () => !composing.has(input) && act());
}

/** Buttons for those of many words that fit what is searched; Enter puts in the first. */
function bindSearch(search, known, control, put) {
  const { found } = vocabularyOf(control);
  const place = known.querySelector("span");
  const show = () => {
    const words = found(search.value);
    const shown = words.slice(0, control.listed);
    place.replaceChildren(...shown.map(wordButton));
    const told = say("words-found", { count: words.length, all: control.vocabulary.length, shown: shown.length });
    known.querySelector(".tl-found").textContent = told;
  };
  typed(search, show);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    const [first] = found(search.value);
    if (first !== undefined) put(first);
  });
}

function wordButton(word) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "tl-word", textContent: word });
  button.dataset.word = word;
  return button;
}
