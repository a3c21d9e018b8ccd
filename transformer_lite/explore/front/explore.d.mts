// explore.mjs is the bundle, which bundle.py joins.
export { bringExerciseToLife, bringToLife, onnxEngine } from "./main.mjs";
