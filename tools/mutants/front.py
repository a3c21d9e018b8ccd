"""Faults of the front end, to be noticed on the workbench."""

from . import Mutation

FIGURES = "tests/browser/test_figures.py"
FRONT_END = "tests/browser/test_front_end.py"
PURE = "tests/explore/test_front.py"
READER = "tests/browser/test_reader.py"
READING = "tests/explore/test_reading.py"
LOADING = "tests/explore/test_loading.py"
WITHOUT = "tests/browser/test_without.py"


def front(name, file, old, new, tests, *asked, page=""):
    return Mutation(name, {f"transformer_lite/explore/front/{file}": (old, new)}, tests, asked, page)


def workbench(name, file, old, new, *asked, tests=FIGURES):
    """A fault that the tests of every page notice, on the workbench as on a chapter."""
    return front(name, file, old, new, tests, *asked, page="workbench")


MUTATIONS = [
    # Controls
    workbench(
        "set moves a control and not the picture",
        "controls.mjs",
        "encode: (control, value) => whole(value, [value.length]),",
        "encode: (control, value) => whole(control.value, [value.length]),",
        "control_changes",
    ),
    front(
        "a slider does nothing when its handle is moved",
        "controls.mjs",
        'range.addEventListener("input", () => move(range.valueAsNumber));',
        "",
        FRONT_END,
        "mouse",
    ),
    front(
        "a point cannot be dragged",
        "handles.mjs",
        'handle.addEventListener("pointermove", drag);',
        "",
        FRONT_END,
        "mouse",
    ),
    front(
        "a point does not answer the arrow keys",
        "handles.mjs",
        "    if (!step) return;",
        "    return;",
        READER,
        "arrow_keys",
    ),
    front(
        "a word does not answer the arrow keys",
        "chips.mjs",
        "{ ArrowLeft: -1, ArrowRight: 1 }",
        "{}",
        FRONT_END,
        "keyboard",
    ),
    front(
        "the focus does not go along with a word",
        "chips.mjs",
        "chips[to].focus();",
        "",
        READER,
        "focus_goes",
    ),
    front(
        "the focus is lost after a move",
        "figure.mjs",
        "      await this.drawing.show(shown, values);\n",
        "      await this.drawing.show(shown, values);\n      document.activeElement.blur();\n",
        FRONT_END,
        "keyboard",
    ),
    front(
        "play does not stop",
        "controls.mjs",
        'while (play.getAttribute("aria-pressed") === "true" && element.isConnected)',
        "while (element.isConnected)",
        FRONT_END,
        "play",
    ),
    front(
        "reset forgets one control",
        "figure.mjs",
        "await this.set(this.defaults);",
        "await this.set(Object.fromEntries(Object.entries(this.defaults).slice(1)));",
        FRONT_END,
        "mouse",
        "reset",
    ),
    front(
        "a link drops a toggle",
        "address.mjs",
        "String(values[key]) !== String(controls[key].value));",
        'String(values[key]) !== String(controls[key].value) && controls[key].kind !== "toggle");',
        FRONT_END,
        "link",
        "address",
    ),
    workbench(
        "one new picture is two changes",
        "figure.mjs",
        'this.element.dispatchEvent(new CustomEvent("change"',
        'for (const _ of "12") this.element.dispatchEvent(new CustomEvent("change"',
        "control_changes",
        "one_change",
    ),
    # Refusals
    front(
        "a setting without a finite result stays",
        "figure.mjs",
        "if (this.drawing.values) this.values = this.drawing.values;",
        "",
        f"{FRONT_END} {READER}",
        "finite",
    ),
    front(
        "the good half of a refused change is made",
        "figure.mjs",
        "    checkValues(this.controls, this.values, changes);\n    for (const name of Object.keys(changes)) delete",
        "    for (const [name, value] of Object.entries(changes)) {\n"
        "      this.values = checkValues(this.controls, this.values, { [name]: value });\n    }\n"
        "    for (const name of Object.keys(changes)) delete",
        FRONT_END,
        "refuse",
    ),
    front(
        "words that are not known are dropped",
        "controls.mjs",
        "const words = splitWords(value);",
        "const words = splitWords(value).filter((word) => control.vocabulary.includes(word));",
        f"{FRONT_END} {READER}",
        "words_that_do_not_fit",
        "refuse",
    ),
    front(
        "what was typed is lost when another control moves",
        "figure.mjs",
        "if (this.#refused.has(name)) continue;",
        "",
        READER,
        "typed",
    ),
    front(
        "a forbidden WebAssembly is not told",
        "engine/onnx.mjs",
        'if (!wasmAllowed()) throw problem("failed-wasm");',
        "",
        WITHOUT,
        "webassembly",
        page="workbench",
    ),
    # Waits
    front(
        "a stall is not told",
        "loading.mjs",
        "if (quiet < STALL)",
        "if (quiet < Infinity)",
        f"{LOADING} {WITHOUT}",
        "told_in_words",
        "stalls",
    ),
    front(
        "what hangs is asked for again at its old address",
        "engine/files.mjs",
        'again ? `?again=${again}` : ""',
        '""',
        f"{LOADING} {WITHOUT}",
        "another_address",
        "hangs",
    ),
    front(
        "a figure that is loaded at last forgets what its address asks",
        "figure.mjs",
        "    readAddress(this);\n  }\n\n  #listen",
        "  }\n\n  #listen",
        WITHOUT,
        "tried_again",
    ),
    Mutation(
        "an answer can be sent away before it can be checked",
        {
            "transformer_lite/explore/exercise.py": (
                '<button type="submit" disabled>',
                '<button type="submit">',
            )
        },
        WITHOUT,
        ("does_not_run",),
    ),
    front(
        "a tool that does not work does not say so",
        "tools.mjs",
        'figure.say(say("failed-tool", { tool: button.textContent, reason: said(reason) }), true);',
        "",
        READER,
        "tool_that",
    ),
    # Numbers
    workbench(
        "a slider reaches the graph off by 1e-4",
        "controls.mjs",
        "Float32Array.of(value)",
        "Float32Array.of(value + 1e-4)",
        "pytorch_s",
        "check",
    ),
    front(
        "check always says passed",
        "check.mjs",
        "passed &&= difference <= TOLERANCE * scale;",
        "",
        READER,
        "check",
    ),
    front(
        "check allows a hundredth",
        "check.mjs",
        "const TOLERANCE = 1e-5;",
        "const TOLERANCE = 1e-2;",
        READER,
        "check",
    ),
    front(
        "the summary is that of the defaults",
        "drawing.mjs",
        "summary(this.views, this.outputs, this.controls, this.values)",
        "(this.said ??= summary(this.views, this.outputs, this.controls, this.values))",
        FRONT_END,
        "summary",
    ),
    front(
        "the readout is of another row",
        "views/heatmap.mjs",
        "const x = data[row * shape[1] + column];",
        "const x = data[((row + 1) % shape[0]) * shape[1] + column];",
        f"{FRONT_END} {READER}",
        "pointing",
    ),
    front(
        "the readout takes the row for the column",
        "views/heatmap.mjs",
        "const x = data[row * shape[1] + column];",
        "const x = data[column * shape[1] + row];",
        f"{FRONT_END} {READER}",
        "pointing",
    ),
    front(
        "CSV takes rows for columns",
        "export.mjs",
        '...[place[0] ?? "", place[1] ?? ""]',
        '...[place[1] ?? "", place[0] ?? ""]',
        READER,
        "csv",
    ),
    front(
        "an answer rounded to two decimals is not right",
        "exercise.mjs",
        "decimals >= 2",
        "decimals > 2",
        "tests/explore/test_exercise.py",
        "two_decimals",
    ),
    front(
        "a true minus is no minus",
        "reading.mjs",
        '  [/[-‐‑‒–—―−﹣－ー]/g, "-"],\n',
        "",
        READING,
        "python_reads_it",
    ),
    front(
        "a comma never parts thousands",
        "reading.mjs",
        "found.push(reading(first",
        'if (mark !== ",") found.push(reading(first',
        READING,
        "either",
    ),
    # What Python says as well
    front(
        "the front end parts words at blanks alone",
        "controls.mjs",
        r"split(/\p{White_Space}+/u)",
        "split(/ +/u)",
        PURE,
        "same_sentence",
    ),
    front(
        "a pick is left outside a view that shrinks",
        "controls.mjs",
        "return Math.min(index, last);",
        "return index;",
        PURE,
        "stays_inside",
    ),
    front(
        "a table's heads are not the places of its curve",
        "views/lines.mjs",
        "tensors.x ? Array.from(tensors.x.data, number) : ",
        "",
        PURE,
        "tabulates",
    ),
    front(
        "somebody else asks about a kind",
        "drawing.mjs",
        "      viewKind(view).mark?.(",
        '      if (view.kind !== "number") viewKind(view).mark?.(',
        "tests/explore/test_bundle.py",
        "chooses_an_entry",
    ),
    front(
        "a colour is written out",
        "views/image.mjs",
        "PALETTE.patch_line",
        '"#ffd400"',
        "tests/explore/test_palette.py",
        "takes_its_colours",
    ),
    # Pictures
    workbench(
        "the labels of an axis are not thinned",
        "views/chart.mjs",
        "const every = Math.ceil(labels.length / 24);",
        "const every = 1;",
        "control_changes",
        "clean",
        "overlap",
    ),
    front(
        "the marks of the pointer stay when it leaves",
        "drawing.mjs",
        "if (!indices.length && this.pointedAt !== name) return;",
        "if (!indices.length) return;",
        f"{FRONT_END} {READER}",
        "pointing",
    ),
    front(
        "charts are not drawn again in dark",
        "drawing.mjs",
        "new MutationObserver(() => this.themeDrawn !== theme() && this.draw())",
        "new MutationObserver(() => {})",
        f"{FRONT_END} {READER}",
        "theme",
    ),
    Mutation(
        "words cannot be read in dark",
        {"transformer_lite/explore/palette.py": ('"dark": "#a3adba"', '"dark": "#59626d"')},
        FIGURES,
        ("clean",),
        "workbench",
    ),
    front(
        "a chart keeps its width in a narrower window",
        "drawing.mjs",
        "new ResizeObserver(() => this.widthDrawn !== this.element.clientWidth && this.draw())",
        "new ResizeObserver(() => {})",
        f"{FRONT_END} {READER}",
        "window",
    ),
    front(
        "the SVG of a dark page is dark",
        "export.mjs",
        '{ ...drawing.look(name), theme: "light", width: sheet.width }',
        "{ ...drawing.look(name), width: sheet.width }",
        READER,
        "svg",
    ),
    workbench(
        "the tools take no place before the figure lives",
        "explore.css",
        ':not([data-state="live"]) .tl-tools { visibility: hidden; }',
        ':not([data-state="live"]) .tl-tools { display: none; }',
        "nothing_moves",
    ),
    workbench(
        "a page is never whole without a network",
        "site.mjs",
        "if (close.length) completePage();",
        "",
        "network",
        tests=WITHOUT,
    ),
]
