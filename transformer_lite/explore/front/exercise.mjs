// An exercise brought to life: the reader's answer is compared with what the torch function computes.
import { chosenIn, refuseText, typedIn } from "./answers.mjs";
import { bindChips, shuffled, showChips } from "./chips.mjs";
import { tellOfWait } from "./loading.mjs";
import { causeOf, Problem, said } from "./problem.mjs";
import { answersIn } from "./reading.mjs";
import { say } from "./text.mjs";

/** Answers the form's submissions; the right answer is computed only then. */
export function bringExerciseToLife(form, engine) {
  const exercise = JSON.parse(form.querySelector(".tl-description").textContent);
  const place = form.querySelector(".tl-message");
  const tell = (text, good = false) => {
    place.textContent = text;
    place.classList.toggle("tl-good", good);
  };
  const read = answerKind(exercise).bind(form, exercise);
  if (solved(exercise.name)) tell(say("solved-before"), true);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = read();
    if (given === undefined) return tell(say("answer-none"));
    const refused = answerKind(exercise).refuse?.(given);
    if (refused) return tell(refused);
    try {
      await tellOfWait(form, "loading-exercise", engine, engine.start());
      const { outputs } = await engine.run({});
      const answers = Object.fromEntries(Object.entries(outputs).map(([key, { data }]) => [key, Array.from(data)]));
      const verdict = judge(exercise, answers, given);
      if (verdict.right) remember(exercise.name);
      return tell(verdict.text, verdict.right);
    } catch (reason) {
      // The next try is the reader's own: what did not come is asked for at another address.
      if (reason instanceof Problem && reason.again) engine.again();
      return tell(say("answer-failed", { reason: said(causeOf(reason)) }));
    }
  });
  form.querySelector(".tl-asleep")?.remove();
  form.querySelector("[type=submit]").disabled = false;
}

const SAME = {
  // A choice is one number; an order or a mask has one for each of the answer's.
  matches: (exercise, given, answer) => String(given) === String(answer),
  hint: ({ hints }, given, fits) => Object.entries(hints).find(([name]) => fits(name))?.[1],
};

/**
 * For each kind of answer
 *   bind(form, exercise)                 prepares its part of the form, and returns what reads it (undefined if none
 *                                        was given)
 *   refuse(given)                        what to say of what cannot be an answer, if anything
 *   matches(exercise, given, answer)     is this the answer?
 *   hint(exercise, given, fits)          what to say to a wrong one, if anything; `fits` tells whether it is the wrong
 *                                        answer of this name
 */
const ANSWERS = {
  number: {
    ...SAME,
    bind: (form) => () => typedIn(form),
    refuse: refuseText,
    matches: ({ tolerance }, given, answer) => near(given, answer[0], tolerance),
  },
  choice: {
    ...SAME,
    bind: (form) => () => chosenIn(form),
    hint: ({ hints, options }, given) => hints[options[Number(given)]],
  },
  order: {
    ...SAME,
    bind(form, { order: items }) {
      const list = form.querySelector(".tl-chips");
      // Not in the order in which the author wrote the items: that may be the answer.
      let order = shuffled(items.map((_, i) => i));
      showChips(list, items, order);
      bindChips(list, items, () => order, (next) => { order = next; });
      return () => order;
    },
  },
  mask: {
    ...SAME,
    bind(form) {
      const cells = [...form.querySelectorAll(".tl-cell")];
      const pressed = (cell) => cell.getAttribute("aria-pressed") === "true";
      for (const cell of cells) cell.addEventListener("click", () => cell.setAttribute("aria-pressed", !pressed(cell)));
      return () => cells.map((cell) => Number(pressed(cell)));
    },
  },
};

const answerKind = (exercise) => ANSWERS[exercise.kind];

/** What is to be said of an answer: `{right, text}`. */
export function judge(exercise, answers, given) {
  const { matches, hint } = answerKind(exercise);
  if (matches(exercise, given, answers.right)) return { right: true, text: say("answer-right") };
  const hinted = hint(exercise, given, (name) => matches(exercise, given, answers[name]));
  return { right: false, text: hinted ? say("answer-hint", { hint: hinted }) : say("answer-wrong") };
}

/** Within the tolerance, or the answer itself rounded to the two or more decimals that the reader typed. */
function near(typed, answer, tolerance) {
  return answersIn(typed).some(({ value, decimals }) => {
    const apart = Math.abs(value - answer);
    return apart <= tolerance * Math.abs(answer) || (decimals >= 2 && apart <= 0.5 * 10 ** -decimals + 1e-9 * Math.abs(answer));
  });
}

// Progress stays in this browser; where it may not store anything, exercises work all the same.
const progressKey = (name) => `transformer_lite ${location.pathname} ${name}`;

function solved(name) {
  try {
    return localStorage.getItem(progressKey(name)) !== null;
  } catch {
    return false;
  }
}

function remember(name) {
  try {
    localStorage.setItem(progressKey(name), "solved");
  } catch {
    // Nothing to do: the reader has the answer all the same.
  }
}
