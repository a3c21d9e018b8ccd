// An exercise brought to life: the reader's answer is compared with what the torch function computes.
import { say } from "./text.mjs";

/** Answers the form's submissions; the right answer is computed only then. */
export function bringExerciseToLife(form, engine) {
  const exercise = JSON.parse(form.querySelector(".tl-description").textContent);
  const place = form.querySelector(".tl-message");
  const tell = (text, good = false) => {
    place.textContent = text;
    place.classList.toggle("tl-good", good);
  };
  if (solved(exercise.name)) tell(say("solved-before"), true);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const typed = exercise.options.length
      ? form.querySelector("input:checked")?.value ?? ""
      : form.querySelector("input").value.trim().replace("−", "-").replace(",", ".");
    if (typed === "" || Number.isNaN(Number(typed))) return tell(say("answer-none"));
    try {
      await engine.start();
      const { outputs } = await engine.run({});
      const answers = Object.fromEntries(Object.entries(outputs).map(([key, { data }]) => [key, data[0]]));
      const verdict = judge(exercise, answers, typed);
      if (verdict.right) remember(exercise.name);
      return tell(verdict.text, verdict.right);
    } catch (reason) {
      return tell(say("answer-failed", { reason: reason.message ?? reason }));
    }
  });
}

function judge({ hints, options, tolerance }, answers, typed) {
  const matches = options.length ? (answer) => Number(typed) === answer : (answer) => near(typed, answer, tolerance);
  if (matches(answers.right)) return { right: true, text: say("answer-right") };
  const wrong = options.length ? options[Number(typed)] : Object.keys(hints).find((key) => matches(answers[key]));
  return { right: false, text: wrong ? say("answer-hint", { hint: hints[wrong] }) : say("answer-wrong") };
}

/** Within the tolerance, or the answer itself rounded to the two or more decimals that the reader typed. */
function near(typed, answer, tolerance) {
  const apart = Math.abs(Number(typed) - answer);
  const decimals = typed.split(".")[1]?.length ?? 0;
  return apart <= tolerance * Math.abs(answer) || (decimals >= 2 && apart <= 0.5 * 10 ** -decimals + 1e-9);
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
