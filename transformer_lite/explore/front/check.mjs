// Does this page compute what PyTorch computed?
import { largest } from "./numbers.mjs";
import { problem } from "./problem.mjs";

// What a float32 sum may lose by being added in another order, relative to the largest number in the view.
const TOLERANCE = 1e-5;

/**
 * Replays an engine's trace: did all recorded settings pass, how many are there, and the largest difference.
 * @param {Engine} engine
 */
export async function replay(engine) {
  const cases = await engine.trace();
  let worst = 0;
  let passed = true;
  for (const { values, outputs, state, next } of cases) {
    const computed = await engine.run(values, state);
    for (const [got, all] of [[computed.outputs, outputs], [computed.next, next]]) {
      for (const [name, wanted] of Object.entries(all)) {
        const { difference, scale } = compare(got[name], wanted);
        worst = Math.max(worst, difference);
        passed &&= difference <= TOLERANCE * scale;
      }
    }
  }
  return { passed, cases: cases.length, worst };
}

/**
 * The largest difference between two tensors, and the size of the numbers it should be seen against.
 * @type {(got: Tensor | State[string] | undefined, wanted: Tensor | State[string]) => { difference: number, scale: number }}
 */
export function compare(got, wanted) {
  if (!got || String(got.shape) !== String(wanted.shape)) return { difference: Infinity, scale: 1 };
  let difference = 0;
  const right = Array.from(wanted.data, Number);
  // Of some tensors the record holds one number of every so many.
  const { every = 1 } = /** @type {{ every?: number }} */ (wanted);
  right.forEach((x, i) => {
    const y = Number(got.data[i * every]);
    // −∞ must stand exactly where PyTorch has it; Infinity − Infinity would be NaN.
    if (x === y) return;
    const apart = Math.abs(x - y);
    difference = Math.max(difference, Number.isNaN(apart) ? Infinity : apart);
  });
  return { difference, scale: Math.max(1, largest(right)) };
}

/** A figure shows finite numbers, and −∞ for a masked score; a Problem says where it has others. */
export function refuseNotFinite(outputs, figure, values) {
  for (const [view, { data }] of Object.entries(outputs)) {
    if (data.some((x) => Number.isNaN(x) || x === Infinity)) {
      throw problem("not-finite", { figure, view, values: JSON.stringify(values) });
    }
  }
}
