"""The front end's pure functions, in Node, beside Python's own; no browser."""

import csv
import io
import json
import math

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from transformer_lite.explore import (
    Choice,
    Length,
    Lines,
    Order,
    Pick,
    Points,
    Sketch,
    Slider,
    State,
    Toggle,
    Words,
    figure,
    palette,
)
from transformer_lite.explore.axes import Setting
from transformer_lite.explore.text import number, say

from .test_palette import contrast

CONTROLS = [
    Slider(-1.5, 4, label="Temperature"),
    Slider(0.03, 5, scale="log", label="Rate"),
    Length(1, 8, label="Words"),
    Choice(["none", 2, 0.5], label="Scale"),
    Toggle(label="Causal"),
    Words("the", vocabulary=["the", "cat", "dog"], maximum=3, label="Sentence"),
    Order(["a", "b", "c"], label="Order"),
    Points("plane", [[0, 0], [1, 1]], label="Points"),
    Pick("scores", row=0, column=0, label="Cell"),
    Pick("scores", column=0, label="Column"),
    Sketch((5, 7), value=[[(1, 1), (6, 4)]], label="Shape"),
    Sketch(28, value=torch.linspace(0, 1, 784).view(28, 28), label="Digit"),
    State({"W": torch.zeros(2)}, steps=5, label="Train"),
]
for control in CONTROLS:
    control.prepare(control.label)

# Each example starts Node: what fails is reported as it is found, not made smaller.
NODE = [Phase.generate]

# JSON has no whole floats, as JavaScript has none: 2.0 travels as 2.
real = st.floats(-6, 6, width=32).map(lambda x: int(x) if x == int(x) else x)
whole = st.integers(-2, 9)
words = st.lists(st.sampled_from(["the", "CAT", "dog", "doG,", "ΣΑΣ", "", "\ufeffcat"]), max_size=4)
spaces = st.sampled_from([" ", "  ", "\t", "\n ", "\u00a0", "\u2003", "\x85"])
sentences = st.tuples(words, spaces).map(lambda parts: parts[1].join(parts[0]))
few = st.one_of(whole, real, st.booleans())
values = st.one_of(
    few,
    st.none(),
    sentences,
    st.sampled_from(["none", "2", "true", "warm"]),
    st.lists(few, max_size=4),
    st.permutations(range(3)),
    st.from_regex(r"([1-9]|1[0-3])(\.\*[\w-]{35})?(\.[\w-]{1,6}){0,3}", fullmatch=True),
    st.lists(st.lists(st.one_of(real, whole), min_size=1, max_size=3), min_size=1, max_size=3),
    st.lists(st.lists(st.floats(-3, 3, width=16), min_size=2, max_size=2), min_size=2, max_size=2),
)


def answered(control, value):
    try:
        return {"value": control.check(value)}
    except ValueError as refusal:
        return {"refused": str(refusal)}


@settings(max_examples=6, phases=NODE)
@given(tried=st.lists(values, min_size=40, max_size=60))
def test_controls_accept_the_same_and_refuse_with_the_same_sentence(node, tried):
    asked = [(control, value) for control in CONTROLS for value in tried]
    given_ = node(
        """const { controlKind } = await front("controls.mjs");
        return data.map(([control, value]) => {
          try { return { value: controlKind(control).check(control, value) }; }
          catch ({ message }) { return { refused: message }; }
        });""",
        [[control.describe(), value] for control, value in asked],
    )
    for (control, value), said in zip(asked, given_, strict=True):
        wanted = answered(control, value)
        assert said.keys() == wanted.keys(), (control.label, value, said, wanted)
        # A sentence quotes a value as the language writes it; text and whole numbers are written alike.
        if "value" in wanted or type(value) in (str, int):
            assert said == wanted, (control.label, value)


@settings(max_examples=6, phases=NODE)
@given(seed=st.randoms(use_true_random=False))
def test_graphs_are_fed_what_the_function_receives(node, seed):
    # What a figure remembers is fed as it came out of the graph.
    fed = [control for control in CONTROLS if control.is_tensor and not control.remembers]
    alone = Setting({}, {})
    # An index into a view is drawn within the view, and here there is none.
    drawn = [control for control in fed if control.origin is None]
    settings_ = [(control, control.sample(seed, alone)) for control in drawn for _ in range(4)]
    settings_ += [(control, control.origin) for control in fed if control.origin is not None]
    settings_ += [(control, value) for control in fed for value in control.extremes()]
    tensors = node(
        """const { controlKind } = await front("controls.mjs");
        return data.map(([control, value]) => {
          const [type, numbers, shape] = controlKind(control).encode(control, value);
          return [type, Array.from(numbers, Number), shape];
        });""",
        [[control.describe(), value] for control, value in settings_],
    )
    for (control, value), (kind, numbers, shape) in zip(settings_, tensors, strict=True):
        wanted = control.encode(value)
        assert f"torch.{kind}" == str(wanted.dtype)
        assert shape == list(wanted.shape)
        assert numbers == wanted.flatten().tolist()


@settings(max_examples=3, phases=NODE)
@given(
    tried=st.lists(
        st.tuples(
            st.floats(1e-6, 1e3),
            st.floats(1.5, 1e6),
            st.one_of(st.none(), st.integers(1, 200)),
            st.floats(0, 1),
        ),
        min_size=20,
    )
)
def test_a_handle_moves_evenly_in_the_logarithm(node, tried):
    """On the page as in Python, and as a logarithm says."""
    sliders = [Slider(low, low * times, step, scale="log", label="Rate") for low, times, step, _ in tried]
    for slider in sliders:
        slider.prepare("rate")
    between = [slider.min * times**part for slider, (_, times, _, part) in zip(sliders, tried, strict=True)]
    moved = node(
        """const { CONTROLS } = await front("controls.mjs");
        return data.map(([control, between]) => {
          const input = () => ({ listeners: {}, addEventListener(type, heard) { this.listeners[type] = heard; },
                                 setAttribute() {} });
          const [range, typed, play] = [input(), input(), input()];
          const element = { querySelectorAll: () => [range, typed], querySelector: () => play };
          const shown = (x) => (CONTROLS.slider.show(element, control, x), range.value);
          const last = shown(control.max);
          const seen = [];
          CONTROLS.slider.bind(element, control, { move: (x) => seen.push(x) });
          for (let i = 0; i <= last; i++) {
            range.valueAsNumber = i;
            range.listeners.input();
          }
          return [seen, seen.map(shown), shown(between)];
        });""",
        [[slider.describe(), x] for slider, x in zip(sliders, between, strict=True)],
    )
    for slider, x, (values, places, place) in zip(sliders, between, moved, strict=True):
        count = math.log10(slider.max / slider.min) * slider.step
        assert len(values) - 1 == pytest.approx(count, abs=0.501)
        assert values[0] == slider.min
        assert values[-1] == slider.max
        assert places == list(range(len(values)))
        assert values == pytest.approx([slider._at(i) for i in range(len(values))])
        for i, value in enumerate(values[:-1]):
            # Three digits are right to half a hundredth.
            assert value == pytest.approx(slider.min * 10 ** (i / slider.step), rel=0.00501)
        assert place == pytest.approx(math.log10(x / slider.min) * slider.step, abs=0.501)
        html = slider.html("id", x, Setting({}, {}))
        assert f'min="0" max="{len(values) - 1}" step="1" value="{place}" aria-valuetext="{x:g}"' in html


def test_options_choose_the_graph(node):
    described = {control.label: control.describe() for control in CONTROLS}
    said = node(
        """const { variantKey } = await front("engine/onnx.mjs");
        return [[2, true], ["none", false]].map(([scale, causal]) => variantKey(
          data, { ...Object.fromEntries(Object.entries(data).map(([name, { value }]) => [name, value])),
                  Scale: scale, Causal: causal }));""",
        described,
    )
    assert said == ["1,1", "0,0"]


def test_an_axis_is_as_long_as_what_it_is_named_after_and_has_its_labels(node):
    described = {control.label: control.describe() for control in CONTROLS}
    axes = [
        ({"labels": "Sentence"}, ["the", "dog", "the"]),
        ({"labels": "Order"}, ["c", "a", "b"]),
        ({"labels": "Words"}, ["0", "1", "2", "3", "4"]),
        ({"labels": ["x", "y", "z"], "size": 2}, ["x", "y"]),
        ({"labels": None, "size": 3}, ["0", "1", "2"]),
        ({"labels": "nobody", "size": 1}, ["0"]),
    ]
    said = node(
        """const { axesOf } = await front("axes.mjs");
        const { size, labels } = axesOf(data.controls, { Sentence: "The dog  the", Order: [2, 0, 1], Words: 5 });
        return data.axes.map((axis) => [size(axis), labels(axis, size(axis))]);""",
        {"controls": described, "axes": [axis for axis, _ in axes]},
    )
    assert said == [[len(wanted), wanted] for _, wanted in axes]


def test_a_pick_stays_inside_its_view_and_is_refused_outside(node):
    pick = Pick("scores", row=1)
    pick.prepare("row")
    controls = {"n": Length(1, 8, value=4).describe(), "row": pick.describe()}
    controls["row"]["axes"] = [{"name": "n", "labels": "n"}]
    said = node(
        """const { checkValues } = await front("values.mjs");
        return data.changes.map((changes) => {
          try { return checkValues(data.controls, { n: 4, row: 3 }, changes); } catch ({ message }) { return message; }
        });""",
        {"controls": controls, "changes": [{"n": 2}, {"n": 8, "row": 7}, {"row": 4}, {"n": 2, "row": 2}]},
    )
    assert said[:2] == [{"n": 2, "row": 1}, {"n": 8, "row": 7}]
    assert said[2:] == ["4 is outside Row; it goes from 0 to 3.", "2 is outside Row; it goes from 0 to 1."]


def numbers_of(tensor):
    """For JSON, which has neither −∞ nor NaN."""
    data = ["NaN" if math.isnan(x) else x if math.isfinite(x) else None for x in tensor.flatten().tolist()]
    return {"shape": list(tensor.shape), "data": data}


TENSORS = (
    "const tensor = ({ shape, data }) => ({ shape, data: Float32Array.from(data, (x) => x ?? -Infinity) });"
)
# A view with its numbers, and what the front end says of both.
VIEWS = (
    TENSORS
    + """const { summary } = await front("words.mjs");
    const { viewKind } = await front("views/table.mjs");
    const { partsOf } = await front("numbers.mjs");
    const read = (outputs) => Object.fromEntries(Object.entries(outputs).map(([name, x]) => [name, tensor(x)]));
    """
)


def test_csv_is_read_back_by_python(node):
    scores = torch.tensor([[0.25, -torch.inf], [1.5, 3.0]])
    picture = torch.arange(6.0).reshape(1, 2, 3)
    colours = {"labels": ["red", "green", "blue"]}
    views = {
        "scores": {"kind": "heatmap", "axes": [{"labels": ['"a" b', "c,d"]}, {"labels": ["x", "new\nline"]}]},
        "picture": {"kind": "image", "axes": [{"labels": None}, {"labels": None}, colours]},
        "sum": {"kind": "number", "axes": []},
        "curve": {"kind": "lines", "axes": []},
    }
    outputs = {"scores": scores, "picture": picture, "sum": torch.tensor(2.0)}
    outputs |= {"curve": torch.tensor([[5.0, 0.0], [6.0, 0.0]]), "curve.x": torch.tensor([1.0, 2.0])}
    outputs |= {"curve.until": torch.tensor(1.0)}
    text = node(
        TENSORS
        + """const { csv } = await front("export.mjs");
        const outputs = Object.entries(data.outputs).map(([name, numbers]) => [name, tensor(numbers)]);
        return csv(data.views, Object.fromEntries(outputs), {}, {});""",
        {"views": views, "outputs": {name: numbers_of(t) for name, t in outputs.items()}},
    )
    assert text[0] == "\ufeff", "Excel would read other letters"
    head, *rows = csv.reader(io.StringIO(text[1:]))
    assert head == ["view", "row", "column", "value"]
    assert rows[:4] == [
        ["scores", '"a" b', "x", "0.25"],
        ["scores", '"a" b', "new\nline", "-Infinity"],
        ["scores", "c,d", "x", "1.5"],
        ["scores", "c,d", "new\nline", "3"],
    ]
    assert rows[4:] == [
        *(["picture", "0", f"{i // 3} {['red', 'green', 'blue'][i % 3]}", str(i)] for i in range(6)),
        ["sum", "", "", "2"],
        ["curve", "0", "0", "5"],
        ["curve", "1", "0", "6"],
        ["curve.x", "0", "", "1"],
        ["curve.until", "", "", "1"],
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_in_cells_are_written_in_the_ink_that_stands_out(node, theme):
    scales = [palette.SEQUENTIAL[theme], palette.DIVERGING[theme]]
    places = [i / 32 for i in range(33)]
    inks = node(
        """const { colourAt, inkOn } = await front("colours.mjs");
        return data.scales.map((stops) => data.places.map((place) => inkOn(colourAt(stops, place))));""",
        {"scales": scales, "places": places},
    )
    for stops, chosen in zip(scales, inks, strict=True):
        for cell, ink in zip(palette.ramp(stops, 33), chosen, strict=True):
            best = max(contrast(cell, other) for other in palette.CELL_INK.values())
            # The ramp's colours are rounded to whole channels.
            assert contrast(cell, ink) >= 0.98 * best


@given(
    shape=st.lists(st.integers(1, 5), max_size=3),
    seed=st.integers(0, 99),
)
@settings(max_examples=10, phases=NODE)
def test_places_and_extremes_are_those_that_torch_finds(node, shape, seed):
    tensor = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    found = node(
        TENSORS
        + """const { extremes, largest, rowsOf, unravel } = await front("numbers.mjs");
        const { shape, data: numbers } = tensor(data);
        const { low, high } = extremes(numbers);
        return { low: unravel(low, shape), high: unravel(high, shape), largest: largest(numbers),
                 rows: shape.length ? rowsOf({ shape, data: numbers }) : [] };""",
        numbers_of(tensor),
    )
    for name, at in (("low", tensor.argmin()), ("high", tensor.argmax())):
        assert found[name] == [int(i) for i in torch.unravel_index(at, tensor.shape)]
    assert found["largest"] == tensor.abs().max().item()
    if shape:
        assert found["rows"] == tensor.reshape(-1, shape[-1]).tolist()


@pytest.mark.parametrize(
    ("view", "tensors", "labels", "wanted"),
    [
        ({"kind": "heatmap"}, {"": [[1.0, 2.0], [3.0, 0.5]]}, [["r", "s"], ["a", "b"]], "rs ab"),
        ({"kind": "bars"}, {"": [1.0, 2.0]}, [["a", "b"]], " ab"),
        ({"kind": "bars", "names": ["q", "k"]}, {"": [[1.0], [2.0]]}, [["q", "k"], ["a"]], "qk a"),
        ({"kind": "lines", "names": ["q", "k"]}, {"": [[1.0, 4.0], [2.0, 3.0]]}, [], "qk 01"),
        ({"kind": "lines", "names": None}, {"": [1.0, 4.0], "x": [5.0, 7.0]}, [], " 57"),
        ({"kind": "scatter"}, {"": [[1.0, 4.0], [2.0, 3.0]]}, [["p", "q"], ["x", "y"]], "pq xy"),
        ({"kind": "tokens"}, {"": [0.25, 0.75]}, [["a", "b"]], " ab"),
        ({"kind": "image"}, {"": [[0.5, 1.0]]}, [["0"], ["0", "1"]], "0 01"),
    ],
)
def test_every_view_tabulates_its_numbers(node, view, tensors, labels, wanted):
    asked = {name: numbers_of(torch.tensor(data)) for name, data in tensors.items()}
    table = node(
        TENSORS
        + """const { viewKind } = await front("views/table.mjs");
        const parts = Object.entries(data.asked).map(([name, numbers]) => [name, tensor(numbers)]);
        const table = viewKind(data.view).table(data.view, Object.fromEntries(parts), data.labels);
        const [rows, columns] = table.shape;
        const cellsOf = (r) => Array.from({ length: columns }, (_, c) => table.cell(r, c));
        const cells = Array.from({ length: rows }, (_, r) => cellsOf(r));
        return { ...table, cells };""",
        {"view": view, "asked": asked, "labels": labels},
    )
    sides, heads = wanted.split(" ")
    numbers = torch.tensor(tensors[""])
    assert table["sides"] == (list(sides) or [""])
    assert table["heads"] == list(heads)
    assert table["cells"] == [
        [number(x) for x in row] for row in numbers.reshape(-1, numbers.shape[-1]).tolist()
    ]


real_rows = st.lists(st.lists(st.floats(-6, 6, width=16), min_size=4, max_size=4), min_size=1, max_size=3)


@given(views=st.lists(st.tuples(real_rows, st.booleans(), st.booleans(), st.integers(-1, 6)), min_size=9))
@settings(max_examples=5, phases=NODE)
def test_curves_with_bands_are_told_and_tabulated_as_far_as_they_are_known(node, views):
    made = []
    for rows, band, cut, until in views:
        values = torch.tensor(rows)
        edges = {"low": values - 0.5, "high": values + 2} if band else {}
        end = {"until": torch.tensor(until)} if cut else {}
        made.append(Lines(values, **edges, **end, title="Loss"))
    told = node(
        VIEWS
        + """return data.map(([view, outputs]) => {
          const numbers = read(outputs);
          const { shape: [rows, columns], cell, heads } = viewKind(view).table(view, partsOf(numbers, "loss"));
          const cells = Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => cell(r, c)));
          return [summary({ loss: view }, numbers, {}, {}), cells, heads];
        });""",
        [
            [view.describe(), {n: numbers_of(t) for n, t in figure.outputs({"loss": view}).items()}]
            for view in made
        ],
    )
    for view, (_, band, cut, until), (said, cells, heads) in zip(made, views, told, strict=True):
        assert said == view.summary([])
        known = min(4, max(0, until)) if cut else 4
        assert heads == [str(i) for i in range(known)]
        wanted = [
            [
                f"{number(x)} ({number(x - 0.5)} to {number(x + 2)})" if band else number(x)
                for x in row[:known]
            ]
            for row in view.tensors()[""].tolist()
        ]
        assert cells == (wanted if known else [])


def test_an_axis_keeps_its_length_while_its_curve_grows(node):
    """What plotly is given: the places that are known, and the ends of the whole axis."""
    values = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    tensors = {"": values, "x": torch.tensor([1.0, 10.0, 100.0]), "low": values - 1, "high": values + 1}
    view = Lines(values, names=["a", "b"], log_x=True).describe()
    drawn = node(
        TENSORS
        + """const { lines } = await front("views/lines.mjs");
        globalThis.getComputedStyle = () => ({});
        const asked = [];
        const Plotly = { react: async (slot, traces, { xaxis }) => { asked.push([traces, xaxis.range]); } };
        const slot = {
          classList: { contains: () => true }, style: { height: "9px" },
          querySelectorAll: () => [], replaceChildren() {}, on() {},
        };
        const place = { querySelector: () => slot, classList: { toggle() {} } };
        const look = { Plotly, theme: "light", width: 9, labels: [], shape: [2, 3], marks: { hover: [], picked: [] } };
        for (const known of [0, 1, 3]) {
          const parts = Object.entries(data.tensors).map(([part, x]) => [part, tensor(x)]);
          const tensors = { ...Object.fromEntries(parts), until: tensor({ shape: [], data: [known] }) };
          await lines.draw(place, data.view, tensors, look, {});
        }
        return asked;""",
        {"view": view, "tensors": {part: numbers_of(t) for part, t in tensors.items()}},
    )
    for known, (traces, across) in zip((0, 1, 3), drawn, strict=True):
        assert across == [0, 2], "powers of ten"
        bands, curves = traces[:2], traces[2:]
        assert [curve["y"] for curve in curves] == values[:, :known].tolist()
        assert [curve["x"] for curve in curves] == [[1, 10, 100][:known]] * 2
        for band, row in zip(bands, values, strict=True):
            assert band["y"] == [*(row + 1)[:known].tolist(), *(row - 1)[:known].tolist()[::-1]]
            assert band["hoverinfo"] == "skip"


def test_the_check_wants_infinities_where_pytorch_has_them(node):
    wanted = torch.tensor([[1.0, -torch.inf], [200.0, 0.0]])
    near = wanted + torch.tensor([[0.0, 0.0], [0.5, -0.25]])
    finite, undefined = (wanted.masked_fill(wanted.isinf(), x) for x in (-1e30, torch.nan))
    differences = node(
        TENSORS
        + """const { compare } = await front("check.mjs");
        return data.map((got) => compare(got && tensor(got), tensor(data[0]))).map(
          ({ difference, scale }) => [Number.isFinite(difference) ? difference : "infinite", scale]);""",
        [*(numbers_of(t) for t in (wanted, near, finite, undefined, wanted.flatten())), None],
    )
    assert differences[:2] == [[0, 200], [0.5, 200]]
    assert [difference for difference, _ in differences[2:]] == ["infinite"] * 4


def test_json_of_the_data_module_is_what_python_declares(node):
    from transformer_lite.explore.text import catalogue

    said = node('const { TEXT, PALETTE } = await front("data.mjs"); return { TEXT, PALETTE };')
    assert said == {"TEXT": catalogue(), "PALETTE": json.loads(json.dumps(palette.as_json()))}


def test_who_pauses_and_plays_again_at_once_plays_once(node):
    """The pause between two turns is long enough to press the button twice."""
    waiting, said = node(
        """const { bindPlay } = await front("play.mjs");
        const written = {};
        let click;
        const button = {
          setAttribute: (name, value) => { written[name] = String(value); },
          getAttribute: (name) => written[name],
          addEventListener: (type, act) => { click = act; },
        };
        const pauses = [];
        const turned = () => new Promise((resolve) => setImmediate(resolve));
        globalThis.setTimeout = (act) => { pauses.push(act); };
        let turns = 0;
        const next = () => { turns += 1; return turns; };
        const element = { isConnected: true, querySelector: () => button };
        bindPlay(element, { label: "Time" }, { next, pause: () => 9, set: async () => {}, move() {} });
        const waiting = [];
        for (const presses of [1, 2, 0, 1]) {
          for (let i = 0; i < presses; i++) { click(); await turned(); }
          for (const act of pauses.splice(0)) act();
          await turned();
          waiting.push(pauses.length);
        }
        return [waiting, written["aria-label"]];""",
        {},
    )
    assert waiting == [1, 1, 1, 0]
    assert said == say("play", label="Time")


@pytest.mark.parametrize("steps", [1, 5, 30, 35, 100, 300, 1000])
@pytest.mark.parametrize("still", [False, True])
def test_more_steps_share_a_picture_where_turns_are_slow(node, steps, still):
    """Played with turns of 20 ms, and of a second: how many steps each took."""
    quick, slow, pause = node(
        """const { paceOf } = await front("stepping.mjs");
        const play = (took) => {
          const pace = paceOf(data.steps, data.still), turns = [];
          for (let now = 0, taken = 0; taken < data.steps; now += took + pace.pause, taken += turns.at(-1)) {
            turns.push(pace.stride(now));
          }
          return turns;
        };
        return [play(20), play(1000), paceOf(data.steps, data.still).pause];""",
        {"steps": steps, "still": still},
    )
    assert set(quick) == {math.ceil(steps / (10 if still else 100))}
    assert 20 <= pause <= 900 and len(quick) * (20 + pause) < 12_000
    assert slow == sorted(slow) and slow[0] == quick[0]
    # However slow, so many pictures are shown.
    assert len(slow) >= min(len(quick), 30)
    if steps > 100 and not still:
        assert len(slow) < 0.5 * len(quick)
