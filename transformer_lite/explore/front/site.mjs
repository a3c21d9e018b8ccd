// The website: the first figure near the screen loads the runtime, and with it every figure of the page comes alive.
import { bringExerciseToLife, bringToLife, onnxEngine } from "./explore.mjs";
import { SIZES } from "./sizes.mjs";

const root = new URL("../", import.meta.url).href; // the site's _static/
const engines = [];

function engineOf(element) {
  const [figure, trace] = element.dataset.bytes.split(" ").map(Number);
  const engine = onnxEngine(root, element.dataset.source, { ...SIZES, figure, trace });
  engines.push(engine);
  return engine;
}

const figures = [...document.querySelectorAll("figure.explorable")];
const lives = new Map(figures.map((figure) => [figure, bringToLife(figure, engineOf(figure), { inAddress: true })]));
for (const exercise of document.querySelectorAll("form.tl-exercise")) bringExerciseToLife(exercise, engineOf(exercise));

const near = new IntersectionObserver(async (entries) => {
  const close = entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => target);
  close.forEach((figure) => near.unobserve(figure));
  await Promise.all(close.map((figure) => lives.get(figure).start()));
  if (close.length) completePage();
}, { rootMargin: "600px" });
figures.forEach((figure) => near.observe(figure));

let completing = false;

/** Everything else the page may ask for, while nothing else happens: from then on it works without a network. */
async function completePage() {
  if (completing) return;
  completing = true;
  for (const figure of figures) {
    await idle();
    await lives.get(figure).start();
  }
  for (const engine of engines) {
    await idle();
    await Promise.allSettled([engine.start(), engine.trace()]);
  }
}

const idle = () => new Promise((resolve) => (window.requestIdleCallback ?? setTimeout)(resolve));
