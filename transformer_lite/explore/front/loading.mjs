// While something loads: what it is, how much of how much has come, and after a stall a way to ask for it again.
import { say } from "./text.mjs";

// Milliseconds. No word of a wait that is shorter than the first; one in which nothing comes for the second has stalled.
const SOON = 500;
const STALL = 10_000;

/**
 * What to say of a wait: the sentence, how much has come, whether to offer another try.
 * @param {string} what the key of the sentence
 * @param {Progress | undefined} progress
 */
export function wordsOfWait(what, progress) {
  if (!progress) return { text: say(what), amount: "", stalled: false };
  const { come, size, quiet, done } = progress;
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  const amount = say("loading-amount", { come: megabytes(Math.min(come, size)), size: megabytes(size) });
  if (done) return { text: say("loading-computes"), amount: "", stalled: false };
  if (quiet < STALL) return { text: say(what), amount, stalled: false };
  return { text: say("loading-stalled", { seconds: STALL / 1000 }), amount, stalled: true };
}

/**
 * Tells of a wait in `element`, a figure or an exercise, until `loading` settles; resolves and rejects as that does.
 * @template T
 * @param {Markup} element
 * @param {string} what
 * @param {Engine} engine
 * @param {Promise<T>} loading
 * @returns {Promise<T>}
 */
export async function tellOfWait(element, what, engine, loading) {
  const place = element.querySelector(".tl-waiting");
  const [sentence, many, button] = ["[role=status]", ".tl-amount", ".tl-again"].map((part) => place.querySelector(part));
  const show = ({ text, amount, stalled }) => {
    // The sentence alone is read out, and only when it is another; the amount changes all the time.
    if (sentence.textContent !== text) sentence.textContent = text;
    many.textContent = amount;
    button.hidden = !stalled;
  };
  const tell = () => show(wordsOfWait(what, engine.progress?.()));
  button.onclick = () => {
    engine.again();
    tell();
  };
  let every;
  const soon = setTimeout(() => {
    tell();
    every = setInterval(tell, 250);
  }, SOON);
  try {
    return await loading;
  } finally {
    clearTimeout(soon);
    clearInterval(every);
    show({ text: "", amount: "", stalled: false });
  }
}

/** What could not be loaded, and how to try again. @type {Map<Markup, () => void>} */
const failed = new Map();

/** Offers another try in `element`. Asking again for one asks for all: they failed for the same reason. */
export function offerAgain(element, again) {
  failed.set(element, again);
  const button = element.querySelector(".tl-again");
  button.hidden = false;
  button.onclick = () => {
    const all = [...failed];
    failed.clear();
    for (const [other, tryAgain] of all) {
      other.querySelector(".tl-again").hidden = true;
      tryAgain();
    }
  };
}
