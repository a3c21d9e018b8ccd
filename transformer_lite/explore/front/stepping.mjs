// Figures with memory: what the reader does to the steps, and the state after a number of them.
import { bindPlay } from "./play.mjs";
import { say } from "./text.mjs";

// Milliseconds: a turn that takes longer is one that the reader waits for.
const SLOW = 80;

/**
 * Play, step, and back to the start.
 * @type {ControlKind["bind"]}
 */
export function bindSteps(element, control, { move, set, read, ended }) {
  let onScreen = true;
  const seen = new IntersectionObserver((entries) => { onScreen = entries.at(-1).isIntersecting; });
  seen.observe(element.closest("figure"));
  const further = (count) => Math.min(read() + count, control.steps);
  let pace = paceOf(control.steps, false);
  const { stop } = bindPlay(element, control, {
    set,
    move,
    next: () => (onScreen && !document.hidden ? further(pace.stride(performance.now())) : undefined),
    pause: () => pace.pause,
    begin: () => {
      pace = paceOf(control.steps, matchMedia("(prefers-reduced-motion: reduce)").matches);
      return ended() ? move(0) : undefined; // from its end it plays once more
    },
    over: ended,
    end: () => move(read()), // which puts the number of steps into the address
  });
  const click = (selector, act) => element.querySelector(selector).addEventListener("click", () => {
    stop();
    act();
  });
  click(".tl-step", () => move(further(1)));
  click(".tl-restart", () => move(0));
}

/**
 * The pause between turns, and how many steps the turn that begins `now` takes: all in about six seconds, or more if they
 * take it. Few steps get time to be seen, and many are drawn now and then, at least thirty times: where turns are slow,
 * more of them share a picture, because on a slow device drawing takes longer than the steps do. `still` is for readers
 * who want little motion.
 */
export function paceOf(steps, still) {
  const [part, least] = still ? [10, 10] : [100, 30];
  const pause = still ? 900 : Math.min(900, Math.max(20, 6000 / steps - 60));
  const first = Math.ceil(steps / part);
  const longest = Math.max(first, Math.floor(steps / least));
  let [stride, asked] = [first, Infinity];
  return {
    pause,
    stride(now) {
      if (now - asked - pause > SLOW) stride = Math.min(stride + 1, longest);
      asked = now;
      return stride;
    },
  };
}

/** @type {ControlKind["show"]} */
export function showSteps(element, control, value) {
  element.querySelector(".tl-steps").textContent = say("steps-taken", { step: value, steps: control.steps });
  // Not `disabled`: who has just pressed a button stays on it.
  element.querySelector(".tl-step").setAttribute("aria-disabled", value >= control.steps);
  element.querySelector(".tl-restart").setAttribute("aria-disabled", value === 0);
}

/**
 * The state after as many steps as the values say: on from the last that was asked for, or from the one before it, or
 * from the start; the same as in stepping.py. `step(values, state)` makes the next.
 * @type {(name: string, control: Control, start: State, step: (values: Values, state: State) => Promise<State>) => (values: Values) => Promise<State>}
 */
export function stepsFrom(name, control, start, step) {
  /** @type {{ step: number, meaning: string, state: State }[]} */
  let kept = [];
  return async (values) => {
    const wanted = values[name];
    const meaning = JSON.stringify(control.anew.map((other) => values[other]));
    const from = kept.findLastIndex((one) => one.meaning === meaning && one.step <= wanted);
    const last = from < 0 ? { step: 0, meaning, state: start } : kept[from];
    if (from >= 0 && last.step === wanted) {
      kept = kept.slice(0, from + 1);
      return last.state;
    }
    let { state } = last;
    for (let taken = last.step; taken < wanted; taken++) state = await step(values, state);
    kept = [last, { step: wanted, meaning, state }];
    return state;
  };
}
