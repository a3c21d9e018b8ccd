// The website's engine: the exported graphs of a figure, run by onnxruntime-web in this page.
import { controlKind } from "../controls.mjs";
import { problem, said } from "../problem.mjs";
import { oneByOne, once, unpackTrace } from "./contract.mjs";

const inTurn = oneByOne();
// One copy of the runtime for all figures of the page, loaded when the first one needs it.
let runtime;

/**
 * `root` is the URL of the site's `_static/`, `source` the name of the figure's files there.
 * @type {(root: string, source: string) => Engine}
 */
export function onnxEngine(root, source) {
  const sessions = new Map();
  let figure;
  let ort;
  const load = once(() => fetchJson(`${root}figures/${source}.json`));

  const session = (variant) => {
    const key = figure.variants[variant];
    if (!sessions.has(key)) sessions.set(key, inTurn(() => ort.InferenceSession.create(unpackBytes(figure.graphs[key]))));
    return sessions.get(key);
  };

  return {
    async start() {
      if (!wasmAllowed()) throw problem("failed-wasm");
      try {
        runtime ??= once(() => loadRuntime(root));
        const [loaded, description] = await Promise.all([runtime(), load()]);
        ort = loaded.ort;
        figure = description;
        // The first session loads the rest of the runtime.
        const defaults = Object.entries(figure.controls).map(([name, { value }]) => [name, value]);
        await session(variantKey(figure.controls, Object.fromEntries(defaults)));
        return loaded.Plotly;
      } catch (reason) {
        throw problem("failed-load", { reason: said(reason) });
      }
    },

    async run(values) {
      const key = variantKey(figure.controls, values);
      const graph = await session(key);
      const feeds = {};
      for (const input of graph.inputNames) {
        const name = input.replace(/^control:/, "");
        const control = figure.controls[name];
        feeds[input] = new ort.Tensor(...controlKind(control).encode(control, values[name]));
      }
      const results = await inTurn(() => graph.run(feeds));
      const outputs = {};
      for (const name of graph.outputNames) {
        const { dims, data } = results[name];
        outputs[name] = { shape: [...dims], data: data.slice() };
        results[name].dispose?.();
      }
      return { views: figure.views[key], outputs };
    },

    trace: once(async () => unpackTrace(await fetchJson(`${root}figures/${source}.trace.json`))),
  };
}

/** Which graph: the index of each option that chooses one, in the order of the controls. */
export function variantKey(controls, values) {
  const options = Object.entries(controls).map(([name, control]) => controlKind(control).option?.(control, values[name]));
  return options.filter((option) => option !== undefined).join();
}

const unpackBytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

async function fetchJson(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${url.split("/").at(-1)}`);
  return response.json();
}

function wasmAllowed() {
  try {
    // The smallest module there is; a content security policy may forbid even that.
    return Boolean(new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)));
  } catch {
    return false;
  }
}

async function loadRuntime(root) {
  const [ort, Plotly] = await Promise.all([import(`${root}runtime/ort.wasm.min.mjs`), loadPlotly(root)]);
  ort.env.wasm.numThreads = 1; // more threads need headers that a plain static server does not send
  ort.env.wasm.wasmPaths = `${root}runtime/`;
  ort.env.logLevel = "error";
  return { ort, Plotly };
}

function loadPlotly(root) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${root}runtime/plotly.min.js`;
    script.onload = () => resolve(/** @type {Foreign} */ (window).Plotly);
    script.onerror = () => reject(new Error("plotly.min.js"));
    document.head.append(script);
  });
}
