"""Numbers as people type them, read by one function of the front end; in Node, beside Python and Babel."""

import math
import sys
import unicodedata

import pytest
from babel.numbers import format_decimal
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from transformer_lite.explore import Length, Points, Slider, exercise
from transformer_lite.explore.text import number

NODE = [Phase.generate]
MINUSES = "-−–—‐‑‒―﹣－ー"
# One for each way of writing numbers there is: marks, groups, digits, signs.
LOCALES = (
    "ar_EG bg bn ckb de de_AT de_CH en en_IN en_ZA es et fa fi fr hi hr ja lt mr my ne pt_PT ru sv ur zh_CN"
)
# JSON has no infinity.
READ = """
const { readings, answersIn } = await front("reading.mjs");
const plain = ({ value }) => (Number.isFinite(value) ? value : String(value));
const read = (how, text) => (how === "answer" ? answersIn(text) : readings(text)).map(plain);
"""


@pytest.fixture(scope="session")
def read(node):
    """`read(texts)` gives what each may mean, the likeliest first; `read(texts, "answer")` as answers."""

    def ask(texts, how="number"):
        found = node(READ + "return data[1].map((text) => read(data[0], text));", [how, list(texts)])
        # As floats: JavaScript writes 2.0 as 2, and a large one with as many digits as tell it from the next.
        return [[float(x) for x in of] for of in found]

    return ask


floats = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(-(10**7), 10**7).map(float)
)


@settings(max_examples=4, phases=NODE)
@given(written=st.lists(st.tuples(floats, st.sampled_from(MINUSES)), min_size=150, max_size=200))
def test_every_way_of_writing_a_number_is_read_as_python_reads_it(read, written):
    full_width = str.maketrans("0123456789.,+-", "".join(chr(ord(c) + 0xFEE0) for c in "0123456789.,+-"))
    ways = [
        lambda x: number(x),  # as this page prints it
        lambda x: repr(x),
        lambda x: repr(x).translate(full_width),
        lambda x: f"{x:e}".upper(),
        lambda x: f" {x:+.3f}\n",
        lambda x: f"{x:.4f}".replace(".", ","),
        lambda x: f"{x:,.2f}",  # as this book prints thousands
    ]
    texts, wanted = [], []
    for x, minus in written:
        for way in ways:
            texts.append(way(x).replace("-", minus))
            ascii_ = way(x).replace("−", "-").translate({v: k for k, v in full_width.items()})
            decimal_comma = "," in ascii_ and "." not in ascii_
            wanted.append(float(ascii_.replace(",", "." if decimal_comma else "")))
    odd = [(text, of, x) for text, of, x in zip(texts, read(texts), wanted, strict=True) if of[:1] != [x]]
    assert not odd, odd[:10]


@pytest.mark.parametrize("x", [1234567.25, -9876.5, 0.25, -0.125, 12.0, -1234567890.0])
def test_numbers_are_read_as_people_write_them_elsewhere(read, x):
    """Wherever it is not ambiguous, what Babel writes is read as what it wrote."""
    texts = {
        locale: format_decimal(x, locale=locale, numbering_system="default") for locale in LOCALES.split()
    }
    found = dict(zip(texts.items(), read(texts.values()), strict=True))
    assert not {how: of for how, of in found.items() if of[:1] != [x]}


def test_a_digit_of_any_script_is_read(read):
    digits = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) == "Nd"]
    found = read(f"1{digit}.5" for digit in digits)
    odd = [d for d, of in zip(digits, found, strict=True) if of[:1] != [10 + unicodedata.decimal(d) + 0.5]]
    assert not odd


def test_a_comma_alone_may_mean_either(read):
    texts = [
        "1,234",
        "12,345",
        "0,123",
        "1,23",
        "1,234,567",
        "1.234",
        "1.234.567",
        "1,23,456.5",
        "1 234",
        "1'234,5",
    ]
    assert read(texts) == [
        [1.234, 1234],
        [12.345, 12345],
        [0.123],
        [1.23],
        [1234567],
        [1.234],
        [1234567],
        [123456.5],
        [1234],
        [1234.5],
    ]


def test_the_infinities_of_a_mask_are_read(read):
    assert read([number(-math.inf), "∞", "+Infinity", "inf"]) == [[-math.inf], *[[math.inf]] * 3]


def test_what_is_no_number_is_none(read):
    texts = [
        "",
        " ",
        "many",
        "NaN",
        "1.2.3",
        "1,2,3",
        "1 2",
        "--1",
        "1-",
        "e5",
        ".",
        ",",
        "-",
        "0x10",
        "1/2",
        "5%",
    ]
    texts += ["1,2345,678", "1,234.567.8", "1e", "~1", "²", "1_000"]
    assert {text: found for text, found in zip(texts, read(texts), strict=True) if found} == {}


def test_an_answer_may_be_a_fraction_or_a_percentage(read):
    right = {
        "1/3": 1 / 3,
        "−1 / 4": -0.25,
        "１／８": 0.125,
        "0,5/2": 0.25,
        "1÷2": 0.5,
        "¾": 0.75,
        "-½": -0.5,
        "50%": 0.5,
        "12,5 %": 0.125,
        "٥٠٪": 0.5,
        "−3％": -0.03,
        "0.25": 0.25,
    }
    assert [found[0] for found in read(right, "answer")] == pytest.approx(list(right.values()), rel=1e-15)
    wrong = ["1/0", "0/0", "1½", "1/2/3", "/2", "%", "half", "1/a", ""]
    assert read(wrong, "answer") == [[]] * len(wrong)


# -- where numbers are typed ---------------------------------------------------------------------------------------


def prepared(control):
    control.prepare("x")
    return control.describe()


def test_a_control_takes_the_reading_that_fits(node):
    slider, wide = prepared(Slider(-2, 4)), prepared(Slider(0, 1e5))
    count = prepared(Length(1, 5000))
    asked = {
        (0, "1,234"): 1.234,
        (1, "12,345"): 12.345,
        (2, "1,234"): 1234,
        (2, "12"): 12,
        (2, "2,5"): 2.5,  # which the control refuses as not whole
        (0, "1.234,5"): 1234.5,  # and this as outside its range
        (0, "−1,5"): -1.5,
        (0, "warm"): "warm",
        (0, ""): "",
    }
    read = node(
        """const { valueFromText } = await front("values.mjs");
        return data.asked.map(([at, text]) => valueFromText(data.controls[at], text));""",
        {"controls": [slider, wide, count], "asked": list(asked)},
    )
    assert read == list(asked.values())


def test_a_point_is_typed_with_any_marks(node):
    asked = {
        "1, 2": [1, 2],
        "1,2": [1, 2],
        "0.5,1.25": [0.5, 1.25],
        "0,5; −1,25": [0.5, -1.25],
        "0,5 -1,25": [0.5, -1.25],
        "0,5, -1,25": [0.5, -1.25],
        "(1, −2)": [1, -2],
        "（１，２）": [1, 2],
        "１；２": [1, 2],
        "1 2": [1, 2],
        "1": [1],
        "a, 2": ["a", 2],
        "1, 2, 3": [1, 2, 3],
    }
    moved = node(
        """const { controlKind } = await front("controls.mjs");
        const typed = (text) => {
          let moved;
          const input = { value: text, addEventListener: (type, act) => { input.act = act; } };
          controlKind(data.control).bind({ querySelectorAll: () => [input] }, data.control,
            { move: ([point]) => { moved = point; }, read: () => [[0, 0]] });
          input.act();
          return moved;
        };
        return data.asked.map(typed);""",
        {"control": prepared(Points("plane", [[0, 0]])), "asked": list(asked)},
    )
    assert moved == list(asked.values())


def test_keypads_without_a_minus_are_offered_where_none_is_needed():
    def markup(control):
        control.prepare("x")
        return control.html("x", control.value, None)

    for control in (Slider(0, 1), Length(1, 9)):
        assert 'inputmode="decimal"' in markup(control)
    assert "inputmode" not in markup(Slider(-1, 1, value=0))
    assert "inputmode" not in markup(Points("plane", [[0, 0]]))


def test_a_question_does_not_tell_the_sign_of_its_answer_by_the_keypad():
    import torch

    @exercise(hints={"one": "Not one."})
    def sign():
        """Which number?"""
        return {"right": torch.tensor(-2.0), "one": torch.tensor(1.0)}

    assert "inputmode" not in sign.html()


def test_an_answer_is_judged_by_any_of_its_readings(node):
    asked = {
        ("98,304", 98304): True,
        ("98304", 98304): True,
        ("98 304", 98304): True,
        ("98,304", 98.304): True,
        ("−1.23e−4", -1.23e-4): True,
        ("1/3", 1 / 3): True,
        ("33.3%", 1 / 3): True,
        ("０,５", 0.5): True,
        ("1.49e-2", 0.0149): True,
        ("1.2e-2", 0.0149): False,  # three decimals, and the third is wrong
        ("1%", 0.0149): True,  # 0.01, rounded to two decimals
        ("2%", 0.0149): False,
        ("50%", 50): False,
        ("1,234", 5): False,
    }
    right = node(
        """const { judge } = await front("exercise.mjs");
        const exercise = { hints: {}, kind: "number", tolerance: 0.001 };
        return data.map(([typed, right]) => judge(exercise, { right: [right] }, typed).right);""",
        list(asked),
    )
    assert dict(zip(asked, right, strict=True)) == asked


def test_play_stops_at_a_setting_that_cannot_be_shown_and_says_why(node):
    """What a slider cannot show, or a kernel does not answer, ends the playing; nothing is thrown at the page."""
    told = node(
        """const { controlKind } = await front("controls.mjs");
        const part = (more) => ({ acts: {}, attributes: {}, ...more,
          addEventListener(type, act) { this.acts[type] = act; },
          setAttribute(name, value) { this.attributes[name] = String(value); },
          getAttribute(name) { return this.attributes[name]; } });
        const [range, typed, play] = [part({ valueAsNumber: 0 }), part({}), part({})];
        play.setAttribute("aria-pressed", false);
        const element = { isConnected: true, querySelectorAll: () => [range, typed], querySelector: () => play };
        const moved = [];
        controlKind(data).bind(element, data, {
          move: (value) => moved.push(value), set: () => Promise.reject(new Error("not finite")) });
        await play.acts.click();
        return [moved, play.getAttribute("aria-pressed"), play.getAttribute("aria-label")];""",
        prepared(Slider(0, 1, 0.5)),
    )
    assert told == [[0.5], "false", "Play X"]
