"""Words and numbers that a reader sees: one catalogue, and the same in Python and JavaScript."""

import math
import re
import string
import struct
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transformer_lite.explore import Axis, Bars, Heatmap, Number, Tokens, Words, explore
from transformer_lite.explore.axes import Setting
from transformer_lite.explore.text import catalogue, number, say

PACKAGE = files("transformer_lite.explore")
PYTHON = {str(path): path.read_text() for path in Path(PACKAGE).rglob("*.py")}
FRONT = {str(path): path.read_text() for path in Path(PACKAGE / "front").rglob("*.mjs")}
SOURCES = PYTHON | FRONT


def placeholders(message):
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


# -- the catalogue -------------------------------------------------------------------------------------------------


def test_every_key_is_used_and_every_key_that_is_used_exists():
    text = "\n".join(SOURCES.values())
    called = set(re.findall(r"""(?:\bsay|\bproblem)\(\s*["']([\w-]+)["']""", text))
    assert called <= catalogue().keys()
    quoted = set(re.findall(r"""["']([a-z]+(?:-[a-z]+)*)["']""", text))
    # Keys that are put together: one for each kind of view, and so on.
    stems = set(re.findall(r"""(?:say|problem)\(\s*f?["'`]([\w-]+)(?:\$?\{)""", text))
    unused = {
        key for key in catalogue() if key not in quoted and not any(key.startswith(stem) for stem in stems)
    }
    assert not unused


def javascript_calls(source):
    """The parts given with each key: `say("key", { a, b: …, ...ends(control) })`."""
    for match in re.finditer(r"""(?:\bsay|\bproblem)\(\s*["']([\w-]+)["'](?:,\s*(\{))?""", source):
        if not match[2]:
            yield match[1], set(), False
            continue
        depth, at = 1, match.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(source[at], 0)
            at += 1
        inside = source[match.end() : at - 1]
        flat = re.sub(r"\([^()]*\)|\{[^{}]*\}", "", inside)
        yield match[1], set(re.findall(r"(?:^|,)\s*(\w+)\s*(?=[:,]|$)", flat)), "..." in inside


@pytest.mark.parametrize("name", FRONT)
def test_javascript_fills_every_placeholder(name):
    for key, given_, spread in javascript_calls(FRONT[name]):
        wanted = placeholders(catalogue()[key])
        assert given_ <= wanted, (name, key)
        if not spread:
            assert given_ == wanted, (name, key)


def test_no_sentence_stands_outside_the_catalogue():
    # What a reader sees in the front end has blanks between words; code that has them is a selector, a class list …
    for name, source in FRONT.items():
        code = re.sub(r"//[^\n]*|/\*.*?\*/", "", source, flags=re.DOTALL)
        for literal in re.findall(r'"([^"\n]*)"', code):
            assert not re.search(r"[A-Z][a-z]+ [a-z]+ [a-z]+", literal), (name, literal)


def test_messages_are_sentences():
    parts_of_sentences = (
        "summary-line",
        "summary-line-band",
        "words-help",
        "link-shown",
        "chip",
        "hover-cell",
        "failed-link",
        "failed-run",
    )
    for key, message in catalogue().items():
        assert message == message.strip()
        assert message
        if message.count(" ") > 3 and key not in (*parts_of_sentences, "answer-hint"):
            assert message[-1] in ".…", key


def test_say_fills_in():
    assert (
        say("out-of-range", label="d", min=1, max=2, value=3)
        == "3 is outside the range of d; it goes from 1 to 2."
    )
    with pytest.raises(KeyError):
        say("out-of-range", label="d")


def test_what_a_reader_typed_is_quoted_as_it_is(node):
    typed = ["$&", "{label}", "$1 {min}", "<b>", "%s"]
    wanted = [say("not-a-number", label="d", min=0, max=1, value=value) for value in typed]
    said = node(
        """const { say } = await front("text.mjs");
        return data.map((value) => say("not-a-number", { label: "d", min: 0, max: 1, value }));""",
        typed,
    )
    assert said == wanted


# -- numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "written"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.5, "−1.5"),
        (0.1, "0.1"),
        (2 / 3, "0.667"),
        (-2 / 3, "−0.667"),
        (12.345, "12.3"),
        (99.96, "100"),
        (123.4, "123"),
        (98765.4, "98765"),
        (999999.0, "999999"),
        (1e6, "1e6"),
        (1234567.0, "1.23e6"),
        (0.001, "0.001"),
        (0.000999, "9.99e−4"),
        (1e-20, "1e−20"),
        (-math.inf, "−∞"),
        (math.inf, "∞"),
    ],
)
def test_numbers_have_three_digits_and_a_true_minus(x, written):
    assert number(x) == written


def test_python_and_javascript_write_numbers_alike(node):
    import random

    rng = random.Random(0)
    numbers = [sign * rng.random() * 10 ** rng.randint(-9, 9) for sign in (1, -1) for _ in range(3000)]
    # As float32 gives them; small multiples of powers of two, where a rounding may be an exact tie; powers of ten.
    numbers += [struct.unpack("f", struct.pack("f", x))[0] for x in numbers[:2000]]
    numbers += [sign * n / 2**k for sign in (1, -1) for n in range(1, 400) for k in range(8)]
    numbers += [10.0**k for k in range(-30, 30)] + [10.0**k * 0.9995 for k in range(-8, 9)]
    numbers += [n + 0.5 for n in range(0, 2000, 7)] + [1e6 + 2500.0 * n for n in range(50)]
    written = node('const { number } = await front("text.mjs"); return data.map(number);', numbers)
    different = [
        (x, number(x), other) for x, other in zip(numbers, written, strict=True) if number(x) != other
    ]
    assert not different, different[:10]


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_number_reads_back_to_three_digits(x):
    back = float(number(x).replace("−", "-"))
    assert back == pytest.approx(x, rel=5.01e-3)


# -- summaries -----------------------------------------------------------------------------------------------------


def test_a_summary_says_where_the_extremes_are():
    import torch

    table = torch.tensor([[0.25, 0.5, -torch.inf], [0.125, -3.0, 2.0]])

    @explore(sentence=Words("The cat", vocabulary=["the", "cat"]))
    def shown(sentence):
        """Caption."""
        return {
            "scores": Heatmap(
                table + 0 * sentence[0], rows=Axis("q", "sentence"), columns=Axis("k", ["x", "y", "z"])
            ),
            "weights": Tokens(table[:, 0], words=Axis("q", "sentence")),
            "bars": Bars(table[1], items=Axis("k", ["x", "y", "z"]), title="Row"),
            "value": Number(table[1, 2]),
        }

    assert shown.show(shown.defaults).summary() == (
        "Scores: 2 × 3 numbers. The largest is 2, in row cat, column z; the smallest is −3, in row cat, column y. "
        "Weights: the largest is 0.25, at the; the smallest is 0.125, at cat. "
        "Row: 3 numbers. The largest is 2, at z; the smallest is −3, at y. "
        "Value: 2."
    )


def test_labels():
    @explore(sentence=Words("The  CAT the", vocabulary=["the", "cat"]))
    def shown(sentence):
        """Caption."""
        return Bars(sentence)

    setting = Setting(shown.controls, shown.defaults)
    assert setting.labels({"labels": "sentence"}, 3) == ["the", "cat", "the"]
    assert setting.labels({"labels": ["a", "b", "c"]}, 2) == ["a", "b"]
    assert setting.labels({"labels": None}, 3) == ["0", "1", "2"]


def test_python_and_javascript_summarise_alike(node, everything, gradient):
    from transformer_lite.explore.trace import trace

    data, wanted = [], []
    for figure in (everything, gradient):
        for case in trace(figure.frames()):
            values = case["values"]
            shown = figure.show(values)
            data.append(
                {
                    "views": shown.described,
                    "outputs": {
                        name: {
                            "shape": list(t.shape),
                            "data": [x if math.isfinite(x) else None for x in t.flatten().tolist()],
                        }
                        for name, t in shown.outputs.items()
                    },
                    "controls": figure.describe()["controls"],
                    "values": values,
                }
            )
            wanted.append(shown.summary())
    said = node(
        """
        const { summary } = await front("words.mjs");
        return data.map(({ views, outputs, controls, values }) => {
          for (const tensor of Object.values(outputs)) {
            tensor.data = Float32Array.from(tensor.data, (x) => (x === null ? -Infinity : x));
          }
          return summary(views, outputs, controls, values);
        });
        """,
        data,
    )
    assert said == wanted
