// The website: the first figure near the screen loads the runtime, and with it every figure of the page comes alive.
import { bringExerciseToLife, bringToLife, onnxEngine } from "./explore.mjs";
import { SIZES } from "./sizes.mjs";

const root = new URL("../", import.meta.url).href; // the site's _static/

/** @param {Markup} element */
function engineOf(element) {
  const { source, bytes, weights } = element.dataset;
  const [figure, trace] = bytes.split(" ").map(Number);
  const heavy = weights.split(" ").filter(Boolean).map((each) => each.split(":"));
  const bytesOf = Object.fromEntries(heavy.map(([hash, size]) => [hash, Number(size)]));
  return onnxEngine(root, source, { ...SIZES, figure, trace }, bytesOf);
}

/** @type {Markup[]} */
const figures = [...document.querySelectorAll("figure.explorable")];
const exercises = [...document.querySelectorAll("form.tl-exercise")];
const engines = new Map([...figures, ...exercises].map((element) => [element, engineOf(element)]));
const lives = new Map(figures.map((figure) => [figure, bringToLife(figure, engines.get(figure), { inAddress: true })]));
for (const exercise of exercises) bringExerciseToLife(exercise, engines.get(exercise));

const near = new IntersectionObserver(async (entries) => {
  const close = entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => target);
  close.forEach((figure) => near.unobserve(figure));
  await Promise.all(close.map((figure) => lives.get(figure).start()));
  if (close.length) complete(close);
}, { rootMargin: "600px" });
figures.forEach((figure) => near.observe(figure));

const completed = new Set();

/**
 * Everything else the page may ask for, while nothing else happens: from then on it works without a network. Of what
 * has trained weights, that is what was near the screen; the others would load megabytes for a reader who never comes.
 */
async function complete(close) {
  const wanted = [...engines.keys()].filter((element) => close.includes(element) || !element.dataset.weights);
  const left = wanted.filter((element) => !completed.has(element));
  left.forEach((element) => completed.add(element));
  for (const element of left) {
    await idle();
    await lives.get(element)?.start();
  }
  for (const element of left) {
    await idle();
    await Promise.allSettled([engines.get(element).start(), engines.get(element).trace()]);
  }
}

const idle = () => new Promise((resolve) => (window.requestIdleCallback ?? setTimeout)(resolve));
