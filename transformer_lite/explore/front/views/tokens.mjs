// A sentence whose words are shaded by a weight each.
import { number, say } from "../text.mjs";
import { asTable, smallestAndLargest } from "./shared.mjs";

/** @type {ViewKind} */
export const tokens = {
  draw(place, view, tensors, look, reader) {
    const list = place.querySelector(".tl-tokens");
    const { data } = tensors[""];
    // The words on the page are kept while their number stays, so that the keyboard's focus stays too.
    if (!list.dataset.live || list.childElementCount !== data.length) {
      list.dataset.live = "yes";
      list.replaceChildren(...Array.from(data, (_, i) => makeToken(i, reader)));
    }
    [...list.children].forEach((token, i) => {
      token.style.setProperty("--tl-weight", `${Math.round(Math.min(1, Math.max(0, data[i] / view.limit)) * 100)}%`);
      token.querySelector("b").textContent = look.labels[0][i];
      token.querySelector("i").textContent = number(data[i]);
    });
    markTokens(place, view, look);
  },

  mark: markTokens,

  svg(sheet, place, view, tensors, look) {
    const weights = Array.from(tensors[""].data, number);
    sheet.text(weights.map((weight, i) => `${look.labels[0][i]} ${weight}`).join("   "), 13);
  },

  sentence(view, tensor, labels) {
    const { min, max, min_at: [min_item], max_at: [max_item] } = smallestAndLargest(tensor, labels);
    return say("summary-tokens", { title: view.title, min, max, min_item, max_item });
  },

  table: (view, tensors, [heads]) => asTable(tensors[""], [""], heads),
};

/** @type {NonNullable<ViewKind["mark"]>} */
function markTokens(place, view, { marks }) {
  place.querySelectorAll(".tl-token").forEach((token, i) => {
    token.classList.toggle("tl-hovered", marks.hover.some(({ index }) => index === i));
    token.classList.toggle("tl-picked", marks.picked.some(({ index }) => index === i));
  });
}

/** @type {(i: number, reader: Reader) => Markup} */
function makeToken(i, { pick, hover }) {
  const token = /** @type {Markup} */ (document.createElement(pick ? "button" : "span"));
  token.className = "tl-token";
  token.append(document.createElement("b"), " ", document.createElement("i"));
  if (pick) {
    token.type = "button";
    token.addEventListener("click", () => pick([i]));
  }
  token.addEventListener("pointerenter", () => hover([i]));
  token.addEventListener("pointerleave", () => hover([]));
  return token;
}
