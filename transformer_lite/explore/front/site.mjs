// The website: every figure comes alive when it comes near the screen.
import { bringExerciseToLife, bringToLife, onnxEngine } from "./explore.mjs";

const root = new URL("../", import.meta.url).href; // the site's _static/

const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    lives.get(target).start();
  }
}, { rootMargin: "600px" });

const lives = new Map();
for (const figure of document.querySelectorAll("figure.explorable")) {
  lives.set(figure, bringToLife(figure, onnxEngine(root, figure.dataset.source), { inAddress: true }));
  near.observe(figure);
}

for (const exercise of document.querySelectorAll("form.tl-exercise")) {
  bringExerciseToLife(exercise, onnxEngine(root, exercise.dataset.source));
}
