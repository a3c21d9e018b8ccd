// The website's engine: the exported graphs of a figure, run by onnxruntime-web in this page.
import { controlKind } from "../controls.mjs";
import { problem, said } from "../problem.mjs";
import { stepsFrom } from "../stepping.mjs";
import { oneByOne, once, unpackAll, unpackTrace } from "./contract.mjs";
import { bytesAt, moduleAt, parsed, progressOf, readAt, scriptAt } from "./files.mjs";
import { widened } from "./halves.mjs";

const inTurn = oneByOne();
// One copy of the runtime for all figures of the page, loaded when the first one needs it.
/** @type {ReturnType<typeof runtimeAt> | undefined} */
let runtime;
// So of trained weights: their files by the hash of the content, and their numbers by the path that graphs call them.
/** @type {Map<string, Arriving<Uint8Array>>} */
const halves = new Map();
/** @type {Map<string, Uint8Array>} */
const numbers = new Map();

/**
 * `root` is the URL of the site's `_static/`, `source` the name of the figure's files there; `sizes` are the bytes of
 * the runtime's files by name, and of the figure's own as `figure` and `trace`; `heavy` are those of trained weights by
 * their hash. The server need not tell them, and one that compresses tells others.
 * @type {(root: string, source: string, sizes: Record<string, number>, heavy: Record<string, number>) => Engine}
 */
export function onnxEngine(root, source, sizes, heavy) {
  const sessions = new Map();
  let figure;
  let ort;
  /** The state that is asked for; nothing in a figure without memory. @type {(values: Values) => Promise<State>} */
  let reach = async () => ({});
  runtime ??= runtimeAt(`${root}runtime/`, sizes);
  const graphs = readAt(`${root}figures/${source}.json`, sizes.figure, parsed);
  const record = readAt(`${root}figures/${source}.trace.json`, sizes.trace, parsed);
  const weights = Object.entries(heavy).map(([hash, size]) => {
    if (!halves.has(hash)) halves.set(hash, bytesAt(`${root}figures/weights-${hash}.bin`, size));
    return halves.get(hash);
  });
  // What the reader waits for, or last waited for.
  /** @type {Arriving<any>[]} */
  let awaited = [];
  const wait = (files) => {
    const before = awaited.some(({ pending }) => pending) ? awaited : [];
    awaited = [...new Set([...before, ...files])];
  };

  const session = (variant) => {
    const key = figure.variants[variant];
    if (!sessions.has(key)) {
      const externalData = figure.weights.map((path) => ({ path, data: numbers.get(path) }));
      const options = { graphOptimizationLevel: "disabled", externalData }; // the build has optimised it
      sessions.set(key, inTurn(() => ort.InferenceSession.create(unpackBytes(figure.graphs[key]), options)));
    }
    return sessions.get(key);
  };

  function begin(described) {
    figure = described;
    const name = Object.keys(figure.controls).find((name) => controlKind(figure.controls[name]).remembers);
    if (name === undefined) return;
    const step = async (values, state) => (await runOnce(values, state)).next;
    reach = stepsFrom(name, figure.controls[name], unpackAll(figure.start), step);
  }

  /** One run of the graph: what it shows of a state, and the next. */
  async function runOnce(values, state) {
    const key = variantKey(figure.controls, values);
    const graph = await session(key);
    const feeds = {};
    for (const input of graph.inputNames) {
      const [of, name] = input.split(/:(.*)/s);
      const control = figure.controls[name];
      const { type, data, shape } = state[name] ?? {};
      feeds[input] = new ort.Tensor(...(of === "state" ? [type, data, shape] : controlKind(control).encode(control, values[name])));
    }
    const results = await inTurn(() => graph.run(feeds));
    const shown = { views: figure.views[key], outputs: {}, state, next: {} };
    for (const output of graph.outputNames) {
      const { type, dims, data } = results[output];
      const tensor = { type, shape: [...dims], data: data.slice() };
      results[output].dispose?.();
      const [of, name] = output.split(/:(.*)/s);
      (of === "next" ? shown.next : shown.outputs)[name] = tensor;
    }
    return shown;
  }

  return {
    async start() {
      if (!wasmAllowed()) throw problem("failed-wasm");
      try {
        wait([...runtime.files, graphs, ...weights]);
        const [loaded, described] = await Promise.all([runtime.load(), graphs.get(), ...weights.map((file) => file.get())]);
        ort = loaded.ort;
        if (!figure) begin(described);
        await Promise.all(figure.weights.map(widen));
        // The first session loads the rest of the runtime.
        const defaults = Object.entries(figure.controls).map(([name, { value }]) => [name, value]);
        await session(variantKey(figure.controls, Object.fromEntries(defaults)));
        return loaded.Plotly;
      } catch (reason) {
        throw Object.assign(problem("failed-load", { reason: said(reason) }), { again: true, cause: reason });
      }
    },

    run: async (values, recorded) => runOnce(values, recorded ?? await reach(values)),

    trace: once(async () => {
      wait([record]);
      const recorded = await record.get();
      if (!figure) begin(await graphs.get());
      return unpackTrace(recorded, unpackAll(figure.start));
    }),

    progress: () => progressOf(awaited),

    again() {
      for (const file of awaited) file.again();
    },
  };
}

/** Which graph: the index of each option that chooses one, in the order of the controls. */
export function variantKey(controls, values) {
  const options = Object.entries(controls).map(([name, control]) => controlKind(control).option?.(control, values[name]));
  return options.filter((option) => option !== undefined).join();
}

const unpackBytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

function wasmAllowed() {
  try {
    // The smallest module there is; a content security policy may forbid even that.
    return Boolean(new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)));
  } catch {
    return false;
  }
}

/** The numbers of trained weights, of which the file is here. A path is `HASH`, or `HASH/COLUMNS` (weights.py). */
async function widen(path) {
  const [hash, columns] = path.split("/");
  const bytes = await halves.get(hash).get();
  if (!numbers.has(path)) numbers.set(path, widened(bytes, Number(columns ?? 0)));
}

/** The runtime's files, all asked for at once, and what they make together. */
function runtimeAt(folder, sizes) {
  const at = (make, name, ...more) => make(folder + name, sizes[name], ...more);
  const main = at(moduleAt, "ort.wasm.min.mjs");
  const glue = at(moduleAt, "ort-wasm-simd-threaded.mjs");
  const wasm = at(bytesAt, "ort-wasm-simd-threaded.wasm");
  const plotly = at(scriptAt, "plotly.min.js", "Plotly");
  const files = [main, glue, wasm, plotly];
  return {
    files,
    load: once(async () => {
      const [{ module: ort }, { address }, bytes, Plotly] = await Promise.all(files.map((file) => file.get()));
      ort.env.wasm.numThreads = 1; // more threads need headers that a plain static server does not send
      ort.env.wasm.wasmPaths = { mjs: address };
      ort.env.wasm.wasmBinary = bytes;
      ort.env.logLevel = "error";
      return { ort, Plotly };
    }),
  };
}
