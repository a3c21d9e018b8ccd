// The notebook's engine: the live Python function, asked over the widget's messages (widget.py).
import { Problem, Silence } from "../problem.mjs";
import { say } from "../text.mjs";
import { numbersOf, oneByOne, unpackTrace } from "./contract.mjs";

// How many seconds a question waits for a sign that it has arrived, and then for its answer.
const ARRIVAL = 5;
const ANSWER = 60;

// What the figures of a notebook share is kept here: anywidget imports this module anew for each of them.
const SHARED = Symbol.for("transformer_lite");

/**
 * `model` is the anywidget model, `tell` shows the reader a sentence about the kernel, and takes it away if empty.
 * A question without an answer is given up with a Silence. Only before the first picture it waits on: there is nothing
 * yet that could be wrong, and while a notebook runs from its first cell to its last the kernel answers late.
 * @type {(model: Foreign, tell: (text: string) => void) => Engine & { leave(): void }}
 */
export function kernelEngine(model, tell) {
  const inTurn = oneByOne();
  let count = 0;
  let drawn = false;
  let gone = false;
  let told = false;
  /** Ends the question that is open, and says why. @type {((seconds?: number) => void) | undefined} */
  let giveUp;

  const silence = (seconds) => new Silence(gone ? say("kernel-gone") : say("kernel-silent", { seconds }));
  const inform = (text) => {
    if (text || told) tell(text);
    told = Boolean(text);
  };

  /** @type {(what: string, more?: object) => Promise<Foreign>} */
  const ask = (what, more) => inTurn(() => new Promise((resolve, reject) => {
    const id = ++count;
    let timer;
    const end = () => {
      clearTimeout(timer);
      model.off("msg:custom", hear);
      giveUp = undefined;
    };
    const wait = (seconds) => {
      clearTimeout(timer);
      timer = setTimeout(() => (drawn ? giveUp(seconds) : inform(silence(seconds).message)), 1000 * seconds);
    };
    const hear = (message, buffers) => {
      if (message.id !== id) return;
      gone = false;
      inform("");
      if (message.taken) return wait(ANSWER);
      end();
      if (message.problem) reject(new Problem(message.problem));
      else resolve({ ...message, buffers });
    };
    giveUp = (seconds) => {
      end();
      const reason = silence(seconds);
      inform(reason.message);
      reject(reason);
    };
    model.on("msg:custom", hear);
    wait(ARRIVAL);
    try {
      model.send({ id, ask: what, ...more });
    } catch {
      lose(); // the connection is closed, and says so
    }
  }));

  const lose = () => {
    gone = true;
    inform(silence().message);
    giveUp?.();
  };
  // Jupyter's own words for a kernel that was restarted, and for a widget that the kernel has closed.
  for (const event of ["comm_live_update", "comm:close"]) model.on(event, lose);

  return {
    async start() {
      // A sign of life for each figure, so that each says when there is none.
      await ask("there");
      const shared = (globalThis[SHARED] ??= {});
      for (;;) {
        const mine = !shared.plotly;
        if (mine) {
          shared.plotly = ask("plotly").then(({ source }) => evaluate(source));
          shared.plotly.catch(() => { shared.plotly = undefined; });
        }
        try {
          return await shared.plotly;
        } catch (reason) {
          if (mine) throw reason; // what another figure did not get, this one asks for
        }
      }
    },

    async run(values, recorded) {
      const { views, buffers, ...answer } = await ask("run", { values, recorded: Boolean(recorded) });
      const tensors = (described) => Object.fromEntries(described.map(({ name, shape, type }) => {
        const { buffer, byteOffset, byteLength } = buffers.shift();
        // A copy: the message's buffer need not start at a multiple of eight bytes.
        return [name, { type, shape, data: numbersOf(type, buffer.slice(byteOffset, byteOffset + byteLength)) }];
      }));
      const [outputs, state, next] = [answer.outputs, answer.state, answer.next].map(tensors);
      drawn = true;
      return { views, outputs, state, next };
    },

    async trace() {
      return unpackTrace((await ask("trace")).trace);
    },

    /** The figure is taken off the page: what it asked for others, they must ask for themselves. */
    leave: lose,
  };
}

/** plotly.js is a classic script; given its own `module` it registers there, whatever loaders the host has. */
function evaluate(source) {
  const module = { exports: {} };
  new Function("module", "exports", "define", source)(module, module.exports, undefined);
  return module.exports;
}
