// Items in a row that the reader drags into another order: the control Order, and exercises that ask for one.
import { say } from "./text.mjs";

/** `changed(order)` is called after every step of the reader's; `order` says which item stands at each place. */
export function bindChips(list, items, read, changed) {
  const chips = [...list.children];
  const carry = (from, to) => {
    const order = [...read()];
    order.splice(to, 0, ...order.splice(from, 1));
    showChips(list, items, order);
    changed(order);
  };
  chips.forEach((chip, place) => {
    chip.addEventListener("keydown", (event) => {
      const to = place + ({ ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0);
      if (to === place) return;
      event.preventDefault();
      if (to < 0 || to >= chips.length) return;
      carry(place, to);
      chips[to].focus();
    });
    chip.addEventListener("pointerdown", (start) => {
      if (start.button) return;
      chip.setPointerCapture(start.pointerId);
      let at = place;
      const move = (event) => {
        const over = chips.findIndex((other) => holds(other.getBoundingClientRect(), event));
        if (over < 0 || over === at) return;
        carry(at, over);
        at = over;
        mark(at);
      };
      const mark = (lifted) => chips.forEach((other, i) => other.classList.toggle("tl-lifted", i === lifted));
      const end = () => {
        mark(-1);
        chip.removeEventListener("pointermove", move);
      };
      mark(at);
      chip.addEventListener("pointermove", move);
      chip.addEventListener("lostpointercapture", end, { once: true });
    });
  });
}

const holds = ({ left, right, top, bottom }, { clientX: x, clientY: y }) => x >= left && x <= right && y >= top && y <= bottom;

/** The chips stay where they are, and with them the keyboard's focus; what is written on them moves. */
export function showChips(list, items, order) {
  [...list.children].forEach((chip, place) => {
    const item = items[order[place]];
    chip.textContent = item;
    chip.setAttribute("aria-label", say("chip", { item, place: place + 1, count: items.length }));
  });
}

/** Another order than this one. */
export function shuffled(order) {
  const next = [...order];
  for (let i = next.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [next[i], next[j]] = [next[j], next[i]];
  }
  return String(next) === String(order) ? [...next.slice(1), next[0]] : next;
}
