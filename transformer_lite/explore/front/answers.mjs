// Where a reader answers: an exercise's question, or what a figure asks before it shows its picture.
import { answersIn } from "./reading.mjs";
import { say } from "./text.mjs";

/** What is typed in the form's field; undefined if nothing is. */
export const typedIn = (form) => form.querySelector("input").value.trim() || undefined;

/** What to say of a text that is no number, if it is none. */
export const refuseText = (given) => (answersIn(given).length ? undefined : say("answer-not-a-number", { given }));

/** The index of the option that is chosen in the form, as text; undefined if none is. */
export const chosenIn = (form) => form.querySelector("input:checked")?.value;

/** Offers these names, if they are not offered already. */
export function offer(select, names) {
  if ([...select.options].map((option) => option.text).join() === names.join()) return;
  select.replaceChildren(...names.map((name, i) => new Option(name, String(i))));
}
