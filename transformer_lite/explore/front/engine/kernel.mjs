// The notebook's engine: the live Python function, asked over the widget's messages (widget.py).
import { Problem } from "../problem.mjs";
import { oneByOne, once, unpackTrace } from "./contract.mjs";

// plotly.js travels from the kernel once for the whole notebook.
let plotly;

/**
 * `model` is the anywidget model.
 * @type {(model: Foreign) => Engine}
 */
export function kernelEngine(model) {
  const inTurn = oneByOne();
  let count = 0;

  /** @type {(what: string, values?: Values) => Promise<Foreign>} */
  const ask = (what, values) => inTurn(() => new Promise((resolve, reject) => {
    const id = ++count;
    const answer = (message, buffers) => {
      if (message.id !== id) return;
      model.off("msg:custom", answer);
      if (message.problem) reject(new Problem(message.problem));
      else resolve({ ...message, buffers });
    };
    model.on("msg:custom", answer);
    model.send({ id, ask: what, values });
  }));

  return {
    async start() {
      plotly ??= once(async () => evaluate((await ask("plotly")).source));
      return plotly();
    },

    async run(values) {
      const { views, outputs, buffers } = await ask("run", values);
      const numbers = outputs.map(({ name, shape }, i) => {
        const { buffer, byteOffset, byteLength } = buffers[i];
        // A copy: the message's buffer need not start at a multiple of four bytes.
        return [name, { shape, data: new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength)) }];
      });
      return { views, outputs: Object.fromEntries(numbers) };
    },

    async trace() {
      return unpackTrace((await ask("trace")).trace);
    },
  };
}

/** plotly.js is a classic script; given its own `module` it registers there, whatever loaders the host has. */
function evaluate(source) {
  const module = { exports: {} };
  new Function("module", "exports", "define", source)(module, module.exports, undefined);
  return module.exports;
}
