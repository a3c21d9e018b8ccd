// A play button: what is written on it, and the turns that follow one another while it is pressed.
import { Silence } from "./problem.mjs";
import { say } from "./text.mjs";

/**
 * `next()` gives the value of the next turn, or nothing where this one passes; `pause` is the time between turns, in
 * milliseconds. Before the first comes `begin()`, and after the last, unless it failed, `end()`.
 * @param {Markup} element the control's
 * @param {Control} control
 * @param {{ set: (value: any) => Promise<any>, move: (value: any) => void, next: () => any, pause: () => number,
 *   begin?: () => Promise<void> | void, over?: () => boolean, end?: () => void }} turns
 */
export function bindPlay(element, control, { set, move, next, pause, begin, over = () => false, end }) {
  const button = element.querySelector(".tl-play");
  // Who pauses and plays again within a pause begins another round; the one before must not go on beside it.
  let round = 0;
  const press = (start) => {
    round += 1;
    button.setAttribute("aria-pressed", start);
    button.setAttribute("aria-label", say(start ? "pause" : "play", { label: control.label }));
  };
  button.addEventListener("click", async () => {
    press(button.getAttribute("aria-pressed") !== "true");
    const mine = round;
    const pressed = button.getAttribute("aria-pressed") === "true";
    const playing = () => pressed && round === mine && element.isConnected;
    if (playing()) await begin?.();
    while (playing()) {
      const value = next();
      try {
        if (value !== undefined) await set(value);
      } catch (reason) {
        press(false);
        if (!(reason instanceof Silence)) move(value); // which says why this setting cannot be shown
        return;
      }
      if (over() && round === mine) press(false);
      await new Promise((resolve) => setTimeout(resolve, pause()));
    }
    if (pressed) end?.();
  });
  return { stop: () => press(false) };
}
