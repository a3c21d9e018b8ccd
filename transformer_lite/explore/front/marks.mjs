// Tokens and Number, drawn as text.
import { number } from "./text.mjs";

export function drawTokens(slot, view, tensors, { labels, marks }, pick, hover) {
  const list = slot.querySelector(".tl-tokens");
  const { data } = tensors[""];
  // The words on the page are kept while their number stays, so that the keyboard's focus stays too.
  if (!list.dataset.live || list.childElementCount !== data.length) {
    list.dataset.live = "yes";
    list.replaceChildren(...Array.from(data, (_, i) => makeToken(i, pick, hover)));
  }
  [...list.children].forEach((token, i) => {
    token.style.setProperty("--tl-weight", `${Math.round(Math.min(1, Math.max(0, data[i] / view.limit)) * 100)}%`);
    token.querySelector("b").textContent = labels[0][i];
    token.querySelector("i").textContent = number(data[i]);
  });
  markTokens(slot, marks);
}

function makeToken(i, pick, hover) {
  const token = document.createElement(pick ? "button" : "span");
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

export function markTokens(slot, marks) {
  slot.querySelectorAll(".tl-token").forEach((token, i) => {
    token.classList.toggle("tl-hovered", marks.hover.some(({ index }) => index === i));
    token.classList.toggle("tl-picked", marks.picked.some(({ index }) => index === i));
  });
}

export function drawNumber(slot, view, tensors) {
  slot.querySelector(".tl-number").textContent = number(tensors[""].data[0]);
}
