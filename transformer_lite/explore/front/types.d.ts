// What the modules hand to each other. Nothing here runs: the type checker and editors read it.

/** An element of page.py's markup. What stands in it is known to the tests in a browser, not to the type checker. */
type Markup = any;

/** What plotly.js, onnxruntime-web and a notebook's widget take and give is theirs. */
type Foreign = any;

interface Tensor {
  shape: number[];
  data: Float32Array;
}

/** A view's tensors by part: its own under the empty name. */
type Parts = Record<string, Tensor>;

/** As views.py describes it; the axes of a control have a size if it is fixed. */
interface Axis {
  name: string;
  /** The names themselves, or the control that has them. */
  labels: string[] | string | null;
  size?: number | null;
  /** The part of the view that holds an id of a label for each index. */
  by?: string;
}

/** As controls.py describes it; each kind adds settings of its own. */
interface Control {
  kind: string;
  label: string;
  value: any;
  [setting: string]: any;
}

/** As views.py describes it; each kind adds settings of its own. */
interface View {
  kind: string;
  title: string;
  axes: Axis[];
  [setting: string]: any;
}

type Controls = Record<string, Control>;
type Views = Record<string, View>;
type Values = Record<string, any>;

/** Sizes and labels of axes, at some values of the controls (axes.mjs). */
interface Axes {
  size(axis: Axis): number;
  labels(axis: Axis, size: number, by?: Tensor): string[];
}

/** How a control tells of its reader. */
interface Hand {
  /** What does not fit is said beside the control. */
  move(value: any): void;
  /** Resolves once the picture is drawn; rejects with what does not fit. */
  set(value: any): Promise<unknown>;
  read(): any;
  /** Of a figure with memory: is there no further step? */
  ended(): boolean;
}

/** All that is asked about a control's kind. */
interface ControlKind {
  /** The value, if it fits; else throws a Problem. */
  check(control: Control, value: any): any;
  /** The value that `String` turned into this text. */
  fromText(control: Control, text: string): any;
  /** Listens to the reader. */
  bind(element: Markup, control: Control, hand: Hand): void;
  /** Puts the value on the page. */
  show(element: Markup, control: Control, value: any, axes: Axes): void;
  /** The tensor that feeds the graph: its type, its numbers and its shape. */
  encode?(control: Control, value: any): [string, Float32Array | BigInt64Array, number[]];
  /** The index of the option, where it chooses the graph. */
  option?(control: Control, value: any): number;
  /** How many indices an axis has that is named after the control … */
  length?(control: Control, value: any): number;
  /** … and their names. */
  labels?(control: Control, value: any): string[];
  /** What remains of the value once all controls have moved; `asked`: did the reader move this one, or `moved` others? */
  settle?(control: Control, value: any, size: Axes["size"], asked: boolean, moved: (name: string) => boolean): any;
  /** The value that a click on these indices of the control's view gives. */
  click?(control: Control, indices: number[]): any;
  /** The indices to outline in that view. */
  marks?(control: Control, value: any): Mark[];
  /** Lays handles over that view's points. */
  handles?(control: Control, value: any, slot: Markup, colour: (i: number) => string, move: (value: any) => void): void;
  /** A text stands as it was typed while pictures follow. */
  keepsTyping?: boolean;
  /** What it offers changes with other controls. */
  follows?: boolean;
  /** Its value is a number of steps, and the figure keeps what they have made. */
  remembers?: boolean;
}

/** What a Sketch holds: places from 0 to 63 along both sides, shades from 0 to 63, and half pixels (ink.mjs). */
interface Sketched {
  thickness: number;
  picture?: number[];
  strokes: number[][][];
}

/** An index along a dimension of a view. */
interface Mark {
  dimension: number;
  index: number;
}

/** What a view is drawn with, apart from its settings and its numbers. */
interface Look {
  Plotly: Foreign;
  theme: "light" | "dark";
  width: number;
  /** The names of the indices of each dimension. */
  labels: string[][];
  shape: number[];
  /** Is it an empty chart, whose numbers are not yet to be seen? */
  blank?: boolean;
  /** What the reader points at, what is picked, a place on the horizontal axis, and what the reader guessed. */
  marks: { hover: Mark[]; picked: Mark[]; at?: number; guess?: any };
}

/** To whom a view tells what is pointed at and, if it belongs to a pick, clicked. */
interface Reader {
  hover(indices: number[]): void;
  pick?(indices: number[]): void;
}

/** A drawing that is filled from its top (export.mjs). */
interface Sheet {
  width: number;
  text(content: string, size: number, weight?: string): void;
  picture(content: string, height: number): void;
}

/** A view's numbers as text; without heads it is a single number. */
interface Table {
  shape: number[];
  sides: string[];
  heads?: string[];
  cell(row: number, column: number): string;
}

/** All that is asked about a view's kind. */
interface ViewKind {
  /** Draws into the view's place on the page. */
  draw(place: Markup, view: View, tensors: Parts, look: Look, reader: Reader): void | Promise<void>;
  /** Shows the look's marks alone, on what is drawn; a view without indices has none. */
  mark?(place: Markup, view: View, look: Look): void;
  /** Adds itself to a drawing of the whole figure. */
  svg(sheet: Sheet, place: Markup, view: View, tensors: Parts, look: Look): void | Promise<void>;
  /** Its part of the summary, from the view's own tensor and all its tensors. */
  sentence(view: View, tensor: Tensor, labels: string[][], tensors: Parts): string;
  table(view: View, tensors: Parts, labels: string[][]): Table;
  /** The tensors with the numbers on display alone, where a view may hold others. */
  drawn?(tensors: Parts): Parts;
}

/** What only a chart's kind knows (views/chart.mjs). */
interface ChartKind {
  /** Plotly's data and layout. */
  trace(view: View, tensors: Parts, look: Look & { height: number }): { data: object[]; layout: Foreign };
  /** Plotly's shapes for the marks. */
  shapes(view: View, look: Look, ink: string): object[];
  /** What stands under the pointer: its text, and the indices there. */
  says(view: View, tensors: Parts, labels: string[][], point: Foreign): { text: string; indices: number[] };
}

/** What a figure with memory remembers: tensors by name, of float32 or int64. */
type State = Record<string, { type: string; shape: number[]; data: Float32Array | BigInt64Array; every?: number }>;

/** What a figure shows; with memory also the state that it was drawn from, and the next. */
interface Shown {
  views: Views;
  outputs: Record<string, Tensor>;
  state: State;
  next: State;
}

/** Of a figure with memory, one step from a recorded state. */
interface Case {
  values: Values;
  outputs: Record<string, Tensor>;
  state: State;
  next: State;
}

/** A file on its way to the page (engine/files.mjs). */
interface Arriving<T> {
  /** Bytes: in all, and those that have come; and when the last did. */
  size: number;
  come: number;
  heard: number;
  pending: boolean;
  /** What it holds, once all of it has come; asks for it if nobody has, or if that failed. */
  get(): Promise<T>;
  /** Another try: at once for what is on its way, when it is wanted for what failed. */
  again(): void;
}

/** How far a wait is: bytes that have come and bytes in all, milliseconds since the last came, and whether all did. */
interface Progress {
  come: number;
  size: number;
  quiet: number;
  done: boolean;
}

/**
 * Computes a figure's numbers: exported graphs on the website, the kernel in a notebook. Where nobody answers, it
 * rejects with a Silence.
 */
interface Engine {
  /** Resolves with plotly once it can compute; rejects with a Problem that says what is missing. */
  start(): Promise<Foreign>;
  /** How to draw each view, and the numbers by name; of a recorded case from its own state, whatever was reached. */
  run(values: Values, recorded?: State): Promise<Shown>;
  /** Settings and their numbers, as PyTorch computed them. */
  trace(): Promise<Case[]>;
  /** How far is what it loads; an engine that cannot tell has neither this nor the next. */
  progress?(): Progress;
  /** Another try for what has not come, at once or when it is started. */
  again?(): void;
}
