"""Controls: what they accept, what the torch function receives, and what they say to what does not fit."""

import json
import math
import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from transformer_lite.explore import Choice, Length, Order, Pick, Points, Sketch, Slider, Toggle, Words
from transformer_lite.explore.axes import Setting

VOCABULARY = ["the", "cat", "dog"]
ALONE = Setting({}, {})


def prepared(control, name="size"):
    control.prepare(name)
    return control


# -- what the function receives ------------------------------------------------------------------------------------


@given(st.floats(-3, 5, width=32))
def test_slider_becomes_a_float32_scalar(value):
    tensor = prepared(Slider(-3, 5)).encode(value)
    assert tensor.dtype == torch.float32
    assert tensor.shape == ()
    assert tensor.item() == value


@pytest.mark.parametrize("default", [torch.float64, torch.float16, torch.bfloat16])
def test_a_control_s_numbers_are_float32_whatever_the_default(default):
    controls = [prepared(Slider(0, 1, value=0.1)), prepared(Points("plane", [[0.1, 0.2]]))]
    torch.set_default_dtype(default)
    try:
        tensors = [control.encode(control.value) for control in controls]
    finally:
        torch.set_default_dtype(torch.float32)
    assert [tensor.dtype for tensor in tensors] == [torch.float32] * 2
    assert tensors[0] == torch.tensor(0.1)
    assert tensors[1].equal(torch.tensor([[0.1, 0.2]]))


@given(st.integers(1, 50))
def test_length_becomes_its_positions(n):
    tensor = prepared(Length(1, 50)).encode(n)
    assert tensor.dtype == torch.int64
    assert tensor.tolist() == list(range(n))


@given(
    st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=6), st.sampled_from([" ", "  ", "\t", " \n "])
)
def test_words_become_their_ids_whatever_their_spacing_and_case(words, space):
    control = prepared(Words("the", vocabulary=VOCABULARY, maximum=6))
    text = space + space.join(word.title() for word in words)
    tensor = control.encode(control.check(text))
    assert tensor.dtype == torch.int64
    assert [VOCABULARY[i] for i in tensor.tolist()] == words


def test_vocabulary_may_be_declared_in_any_case():
    control = prepared(Words("paris", vocabulary=["Paris", "in"]))
    assert control.encode("Paris in paris").tolist() == [0, 1, 0]


def test_choice_and_toggle_stay_python_values():
    assert prepared(Choice(["none", 2, 0.5])).encode(0.5) == 0.5
    assert prepared(Toggle()).encode(True) is True


def test_pick_becomes_a_scalar_or_a_pair():
    row = prepared(Pick("scores", row=3))
    assert row.encode(row.value).shape == ()
    assert row.encode(row.value).item() == 3
    cell = prepared(Pick("scores", row=3, column=1))
    assert cell.encode(cell.check((2, 0))).tolist() == [2, 0]
    assert cell.encode([2, 0]).dtype == torch.int64


def test_column_pick_indexes_the_second_dimension():
    assert prepared(Pick("scores", column=4)).dimensions == [1]


# -- defaults ------------------------------------------------------------------------------------------------------


def test_label_is_the_parameter_s_name_unless_given():
    assert prepared(Slider(0, 1), "model_width").label == "Model width"
    assert prepared(Slider(0, 1, label="d"), "model_width").label == "d"


def test_first_values():
    assert prepared(Slider(0.5, 1)).value == 0.5
    assert prepared(Length(3, 9)).value == 3
    assert prepared(Choice(["b", "a"])).value == "b"
    assert prepared(Toggle()).value is False


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.1, 4), (-1, 1), (1, 512)])
def test_default_step_gives_about_a_hundred_positions(low, high):
    slider = prepared(Slider(low, high))
    assert 60 <= (high - low) / slider.step <= 200


# -- what does not fit ---------------------------------------------------------------------------------------------

SLOPE = torch.linspace(0, 1, 24).view(4, 6)
SLIDER = Slider(0.5, 4, label="Temperature")
LENGTH = Length(1, 8, label="Words")
CHOICE = Choice(["none", 2], label="Scale")
TOGGLE = Toggle(label="Causal")
WORDS = Words("the", vocabulary=VOCABULARY, maximum=3, label="Sentence")
CELL = Pick("scores", row=0, column=0, label="Cell")
SKETCH = Sketch((4, 6), value=[[(0, 0), (6, 4)], [(3, 2)]], examples={"slope": SLOPE}, label="Shape")
NO_DRAWING = (
    "Shape takes a thickness from 1 to 12 half pixels and the strokes after it, two characters a point, as in "
    "4.AAff; not “{}”."
)

REFUSED = [
    (SLIDER, 4.01, "4.01 is outside the range of Temperature; it goes from 0.5 to 4."),
    (SLIDER, -math.inf, "−∞ is outside the range of Temperature; it goes from 0.5 to 4."),
    (SLIDER, math.nan, "“nan” is not a number; Temperature takes a number from 0.5 to 4."),
    (SLIDER, "warm", "“warm” is not a number; Temperature takes a number from 0.5 to 4."),
    (SLIDER, True, "“True” is not a number; Temperature takes a number from 0.5 to 4."),
    (SLIDER, None, "“None” is not a number; Temperature takes a number from 0.5 to 4."),
    (SLIDER, [1.0], "“[1.0]” is not a number; Temperature takes a number from 0.5 to 4."),
    (LENGTH, 0, "0 is outside the range of Words; it goes from 1 to 8."),
    (LENGTH, 9, "9 is outside the range of Words; it goes from 1 to 8."),
    (LENGTH, 2.5, "Words takes a whole number from 1 to 8, not 2.5."),
    (LENGTH, math.inf, "∞ is outside the range of Words; it goes from 1 to 8."),
    (CHOICE, "all", "“all” is not an option of Scale; choose one of none, 2."),
    (CHOICE, "2", "“2” is not an option of Scale; choose one of none, 2."),
    (CHOICE, True, "“True” is not an option of Scale; choose one of none, 2."),
    (TOGGLE, 1, "Causal is either true or false, not “1”."),
    (TOGGLE, "false", "Causal is either true or false, not “false”."),
    (WORDS, "", "Type at least one word. The words known here: the, cat, dog."),
    (WORDS, " \t ", "Type at least one word. The words known here: the, cat, dog."),
    (WORDS, "the zebra saw the zebra", "Not known here: zebra, saw. The words known here: the, cat, dog."),
    (WORDS, "the cat the dog", "That is 4 words; this figure takes at most 3."),
    (WORDS, 3, "Sentence takes words as text, not “3”."),
    (CELL, 1, "Cell takes 2 whole number(s), not “1”."),
    (CELL, [0, 0.5], "Cell takes 2 whole number(s), not “[0, 0.5]”."),
    (CELL, [0, True], "Cell takes 2 whole number(s), not “[0, True]”."),
    *(
        (SKETCH, value, NO_DRAWING.format(value))
        for value in (
            "",
            "13",
            "04",
            "4.",
            "4.A",
            "4.AA.",
            "4.AÄ",
            "4.*AA",
            "4.AA.*" + 24 * "A",
            "4.AA\n",
            " 4",
            4,
        )
    ),
    (SKETCH, "4." + 750 * "AA", "Shape holds at most 1500 characters of strokes, not 1502."),
    (CELL, "00", "Cell takes 2 whole number(s), not “00”."),
]


@pytest.mark.parametrize(("control", "value", "sentence"), REFUSED)
def test_what_does_not_fit_gets_a_sentence(control, value, sentence):
    with pytest.raises(ValueError) as refusal:
        prepared(control).check(value)
    assert str(refusal.value) == sentence


def test_ends_of_a_range_are_inside():
    assert prepared(SLIDER).check(0.5) == 0.5
    assert prepared(SLIDER).check(4) == 4
    assert prepared(LENGTH).check(8.0) == 8
    assert prepared(WORDS).check("the cat dog") == "the cat dog"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Slider(2, 2), "min below max"),
        (lambda: Slider(0, math.inf), "finite"),
        (lambda: Slider(0, 1, -0.1), "step must be above 0"),
        (lambda: Slider(0, 1, value=2), "2 is outside the range of Size"),
        (lambda: Slider(0, 1, scale="log"), "needs min above 0, got min=0"),
        (lambda: Slider(1, 9, 0.5, scale="log"), "a whole number up to 200, got 0.5"),
        (lambda: Slider(1, 9, 201, scale="log"), "a whole number up to 200, got 201"),
        (lambda: Slider(1, 9, 0, scale="log"), "step must be above 0"),
        (lambda: Slider(1, 2, 1, scale="log"), "less than one position apart"),
        (lambda: Slider(1, 9, scale="ln"), "scale is 'linear' or 'log', got 'ln'"),
        (lambda: Length(0, 4), "1 ≤ min < max"),
        (lambda: Length(1, 4, 0), "step must be at least 1"),
        (lambda: Choice(["one"]), "two or more different options"),
        (lambda: Choice(["one", "one"]), "two or more different options"),
        (lambda: Words("the", vocabulary=["the", "The"]), "holds the more than once"),
        (lambda: Words("new", vocabulary=["new", "new york"]), "new york"),
        (lambda: Words("the", vocabulary=["the"], maximum=1), "maximum must be at least 2"),
        (lambda: Words("a cat", vocabulary=["cat"]), "Not known here: a"),
        (lambda: Sketch(3), "a side has 4 to 32 pixels, got size=3"),
        (lambda: Sketch((28, 33)), "4 to 32 pixels"),
        (lambda: Sketch(thickness=0.75), "thickness must be one of 0.5, 1, 1.5 … 6 pixels, got 0.75"),
        (lambda: Sketch(thickness=6.5), "got 6.5"),
        (lambda: Sketch(value=[[(0, 28.1)]]), r"the point \(0, 28.1\) lies outside of 28 × 28 pixels"),
        (lambda: Sketch(8, value=torch.zeros(8, 7)), r"shape \(8, 8\) and numbers from 0 to 1, got \(8, 7\)"),
        (lambda: Sketch(8, examples={"a": torch.full((8, 8), 1.5)}), "1.5 to 1.5"),
        (lambda: Sketch(8, examples={"a": "4.A"}), "not “4.A”"),
        (lambda: Pick("scores"), "give row=, column= or both"),
        (lambda: Pick("scores", row=-1), "row"),
    ],
)
def test_unusable_declarations_are_refused(make, reason):
    with pytest.raises(ValueError, match=reason):
        prepared(make())


# -- random settings -----------------------------------------------------------------------------------------------

ALL = [SLIDER, Slider(-1, 1, 0.3), Slider(0.003, 1.7, scale="log"), LENGTH, CHOICE, TOGGLE, WORDS, SKETCH]


@pytest.mark.parametrize("control", ALL)
@given(seed=st.integers(0, 10**6))
def test_samples_and_extremes_are_accepted_and_encoded(control, seed):
    prepared(control)
    for value in [control.sample(random.Random(seed), ALONE), *control.extremes()]:
        assert control.check(value) == value
        control.encode(value)


def test_samples_of_a_logarithmic_slider_are_as_many_in_each_factor_of_ten():
    slider, rng = prepared(Slider(0.001, 1, scale="log")), random.Random(0)
    drawn = [slider.sample(rng, ALONE) for _ in range(3000)]
    for low in (0.001, 0.01, 0.1):
        assert 900 < sum(low <= x < 10 * low for x in drawn) < 1100


def test_extremes_of_words_are_one_word_and_the_longest_sentence():
    assert [len(text.split()) for text in prepared(WORDS).extremes()] == [1, 3]


@pytest.mark.parametrize("control", [*ALL, CELL])
def test_descriptions_are_json_and_carry_what_a_reader_sees(control):
    described = prepared(control).describe()
    assert json.loads(json.dumps(described, allow_nan=False)) == described
    assert described["kind"] == type(control).__name__.lower()
    assert described["label"]
    promised = {
        "slider": {"min", "max", "step", "scale"},
        "length": {"min", "max", "step"},
        "choice": {"options"},
    }
    assert promised.get(described["kind"], set()) <= described.keys()


# -- the same in the browser ---------------------------------------------------------------------------------------


def test_the_front_end_refuses_the_same_with_the_same_sentence(node):
    # What JSON cannot carry, and what JavaScript writes in another way, has no twin there.
    cases = [
        (control, value, sentence)
        for control, value, sentence in REFUSED
        if not (isinstance(value, float) and not math.isfinite(value))
        and not isinstance(value, bool | list)
        and value is not None
    ]
    data = [[prepared(control).describe(), value] for control, value, _ in cases]
    said = node(
        """
        const { checkValues } = await front("values.mjs");
        return data.map(([control, value]) => {
          try { checkValues({ x: { axes: [], ...control } }, { x: control.value }, { x: value }); return "accepted"; }
          catch (reason) { return reason.message; }
        });
        """,
        data,
    )
    assert said == [sentence for _, _, sentence in cases]


def test_the_front_end_accepts_every_sample(node):
    rng = random.Random(0)
    data = [
        [prepared(c).describe(), value]
        for c in ALL
        for value in [*c.extremes(), *(c.sample(rng, ALONE) for _ in range(20))]
    ]
    taken = node(
        """
        const { checkValues, valueFromText, valueToText } = await front("values.mjs");
        return data.map(([control, value]) => [
          checkValues({ x: control }, { x: control.value }, { x: value }).x,
          valueFromText(control, valueToText(value)),
        ]);
        """,
        data,
    )
    assert taken == [[value, value] for _, value in data]


# -- orders and points ---------------------------------------------------------------------------------------------


@given(st.permutations(range(5)))
def test_an_order_says_which_item_stands_at_each_place(order):
    control = prepared(Order(list("abcde")), "order")
    tensor = control.encode(control.check(order))
    assert tensor.dtype == torch.int64
    assert [control.items[i] for i in tensor] == [list("abcde")[i] for i in order]


@given(st.lists(st.tuples(st.floats(-3, 3, width=32), st.floats(-3, 3, width=32)), min_size=2, max_size=2))
def test_points_become_float32_pairs(places):
    control = prepared(Points("plane", [[0, 0], [1, 1]]), "points")
    tensor = control.encode(control.check(places))
    assert tensor.dtype == torch.float32
    assert tensor.tolist() == [list(place) for place in places]


@pytest.mark.parametrize(
    ("control", "value", "reason"),
    [
        (Order(["a", "b"]), [0, 0], "each number from 0 to 1 once"),
        (Order(["a", "b"]), [1], "each number from 0 to 1 once"),
        (Order(["a", "b"]), "10", "“10”"),
        (Order(["a", "b"]), [1.0, 0.0], "each number from 0 to 1 once"),
        (Order(["a", "b"]), [True, False], "each number from 0 to 1 once"),
        (Points("p", [[0, 0]]), [[0, 0], [1, 1]], r"takes 1 point\(s\) of two numbers each"),
        (Points("p", [[0, 0]]), [[0]], "two numbers each"),
        (Points("p", [[0, 0]]), [0, 0], "two numbers each"),
        (Points("p", [[0, 0]]), [["far", 0]], "two numbers each"),
        (Points("p", [[0, 0]]), [[math.nan, 0]], "two numbers each"),
        (
            Points("p", [[0, 0]], min=-2, max=4),
            [[0, 4.1]],
            "4.1 is outside the range of Size; it goes from −2 to 4",
        ),
    ],
)
def test_orders_and_points_that_do_not_fit_are_refused(control, value, reason):
    with pytest.raises(ValueError, match=reason):
        prepared(control).check(value)


@pytest.mark.parametrize(
    ("control", "reason"),
    [
        (Order(["only"]), "two or more items"),
        (Order(["a", "b"], value=[0, 2]), "each number from 0 to 1 once"),
        (Points("p", []), "0 names for 0 points"),
        (Points("p", [[0, 0]], names=["a", "b"]), "2 names for 1 points"),
        (Points("p", [[0, 0]], min=1, max=1), "min below max"),
        (Points("p", [[0, 0]], step=0), "step above 0"),
        (Points("p", [[9, 0]]), "outside the range"),
    ],
)
def test_unusable_orders_and_points_are_refused(control, reason):
    with pytest.raises(ValueError, match=reason):
        prepared(control)


@pytest.mark.parametrize(
    "control", [Order(list("abcd")), Points("p", [[0, 1], [2, 2]], min=-2, max=3, step=0.5)]
)
def test_samples_and_extremes_of_orders_and_points_fit(control):
    prepared(control)
    rng = random.Random(0)
    drawn = [control.sample(rng, ALONE) for _ in range(50)]
    for value in [*drawn, *control.extremes()]:
        assert control.check(value) == value
    assert len({str(value) for value in drawn}) > 10
    assert any(value != control.value for value in control.extremes())


# -- sketches ------------------------------------------------------------------------------------------------------

place = st.tuples(st.integers(0, 63), st.integers(0, 63))


@given(
    strokes=st.lists(st.lists(place, min_size=1, max_size=5), max_size=4),
    thickness=st.integers(1, 12),
    rows=st.integers(4, 9),
    columns=st.integers(4, 9),
)
def test_the_ink_of_a_pixel_falls_off_with_its_distance_from_the_strokes(strokes, thickness, rows, columns):
    """Beside points laid densely along each stroke, of which the nearest is at most 1/100 of a line too far."""
    points = [[((x + 0.5) * columns / 64, (y + 0.5) * rows / 64) for x, y in stroke] for stroke in strokes]
    control = prepared(Sketch((rows, columns), value=points, thickness=thickness / 2))
    ink = control.encode(control.value)
    assert ink.dtype == torch.float32
    assert ink.shape == (rows, columns)
    dense = [
        (a[0] + (b[0] - a[0]) * i / 100, a[1] + (b[1] - a[1]) * i / 100)
        for stroke in points
        for a, b in zip(stroke, [*stroke[1:], stroke[-1]], strict=True)
        for i in range(101)
    ]
    for row in range(rows):
        for column in range(columns):
            nearest = min((math.dist((column + 0.5, row + 0.5), point) for point in dense), default=math.inf)
            wanted = min(1, max(0, thickness / 4 + 0.5 - nearest))
            assert ink[row, column].item() == pytest.approx(wanted, abs=0.075)
            assert ink[row, column] > wanted - 1e-6, "the true distance is never larger than that to a point"


def test_ink_along_a_straight_line_is_a_closed_form():
    """A stroke 1.5 wide along y = 4.0625: pixels centred 0.4375 and 0.5625 away, the next more than 1.25."""
    control = prepared(Sketch(8, value=[[(0, 4.07), (8, 4.07)]], thickness=1.5))
    ink = control.encode(control.value)
    distance = (torch.arange(8) + 0.5 - 4.0625).abs()
    assert ink[:, 4].equal((1.25 - distance).clamp(0, 1))
    assert ink[:, 1:7].equal(ink[:, 4:5].expand(8, 6)), "the same all along"


@given(seed=st.integers(0, 10**6))
def test_a_picture_comes_back_to_half_a_shade_and_strokes_lie_on_it(seed):
    picture = torch.rand(5, 7, generator=torch.Generator().manual_seed(seed))
    control = prepared(Sketch((5, 7), value=picture))
    shown = control.encode(control.value)
    assert (shown - picture).abs().max() <= 0.5 / 63 + 1e-6
    stroke = prepared(Sketch((5, 7), value=[[(1, 1), (6, 4)]]))
    both = control.encode(control.check(control.value + stroke.value[1:]))
    assert both.equal(shown.maximum(stroke.encode(stroke.value)))


def test_a_sketch_s_numbers_do_not_depend_on_the_default_type():
    texts = [prepared(SKETCH).value, *SKETCH.extremes()]
    wanted = [SKETCH.encode(text) for text in texts]
    torch.set_default_dtype(torch.bfloat16)
    try:
        found = [SKETCH.encode(text) for text in texts]
    finally:
        torch.set_default_dtype(torch.float32)
    assert all(a.dtype == torch.float32 and a.equal(b) for a, b in zip(found, wanted, strict=True))


def test_extremes_of_a_sketch_are_nothing_ink_everywhere_and_every_shade():
    control = prepared(Sketch(28))
    nothing, everywhere, shades = (control.encode(text) for text in control.extremes())
    assert not nothing.any()
    assert everywhere.eq(1).all()
    assert len(shades.unique()) == 64


def test_the_longest_drawing_and_a_picture_of_any_size_fit_an_address():
    from urllib.parse import quote_plus

    control = prepared(Sketch(32, value=torch.rand(32, 32)))
    for text in [control.value, "12." + 748 * "_-"]:
        assert len(quote_plus(control.check(text), safe="*")) <= 1500
