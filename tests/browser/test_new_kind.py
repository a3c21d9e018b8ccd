"""A new kind of control takes one class and one entry: here is one, from Python to a live figure.

No other file of the product knows of it: the class stands below, and its entry is put into the table of the front end.
"""

import random
from dataclasses import KW_ONLY, dataclass
from html import escape

import pytest
import torch

from transformer_lite.explore import Bars, Heatmap, Pick, explore
from transformer_lite.explore.axes import Setting
from transformer_lite.explore.controls import Control

from . import workbench
from .settings import assert_close, numbers
from .visit import serving

SENTENCE = "Range goes from {min} to {max}; its first end must not lie above its last."


@dataclass
class Range(Control):
    """Two whole numbers, the first not above the last; the function receives all numbers between them, int64."""

    min: int
    max: int
    _: KW_ONLY
    value: tuple[int, int]
    label: str | None = None
    kind = "range"
    is_dynamic = True

    def check(self, value):
        low, high = value
        if not self.min <= low <= high <= self.max:
            raise ValueError(SENTENCE.format(min=self.min, max=self.max))
        return [low, high]

    def encode(self, value):
        return torch.arange(value[0], value[1] + 1)  # (n,)

    def labels(self, value):
        return [f"no. {i}" for i in range(value[0], value[1] + 1)]

    def longest(self):
        return self.max - self.min + 1

    def sample(self, rng: random.Random, setting: Setting):
        return sorted(rng.choices(range(self.min, self.max + 1), k=2))

    def extremes(self):
        return [[self.min, self.min], [self.min, self.max]]

    def html(self, id_, value, setting):
        ends = "".join(
            f'<input type="number" aria-label="{name}" min="{self.min}" max="{self.max}" value="{end}">'
            for name, end in zip(("from", "to"), value, strict=True)
        )
        return f'<span class="tl-label" id="{id_}">{escape(str(self.label))}</span>{ends}'

    def describe(self):
        return super().describe() | {"min": self.min, "max": self.max}


ENTRY = """
CONTROLS.range = {
  check(control, value) {
    const [low, high] = value;
    if (low < control.min || high > control.max || low > high) throw new Problem(SENTENCE);
    return value;
  },
  fromText: (control, text) => text.split(",").map(Number),
  bind(element, control, { move }) {
    const ends = [...element.querySelectorAll("input")];
    for (const end of ends) end.addEventListener("change", () => move(ends.map((input) => input.valueAsNumber)));
  },
  show(element, control, value) {
    element.querySelectorAll("input").forEach((input, i) => { input.value = value[i]; });
  },
  encode: (control, [low, high]) => whole(Array.from({ length: high - low + 1 }, (_, i) => low + i), [high - low + 1]),
  length: (control, [low, high]) => high - low + 1,
  labels: (control, [low, high]) => Array.from({ length: high - low + 1 }, (_, i) => `no. ${low + i}`),
};
"""


@explore(numbers=Range(0, 6, value=(1, 4)), one=Pick("squares", row=2))
def some_squares(numbers, one):
    """The squares of some numbers, and the products of all pairs."""
    x = numbers.float()
    return {
        "squares": Bars(x * x, items="numbers"),
        "products": Heatmap(x.outer(x) / 36, rows="numbers", columns="numbers"),
        "picked": Bars(x[one].reshape(1)),
    }


@pytest.fixture(scope="module")
def page(tmp_path_factory, visiting):
    folder = tmp_path_factory.mktemp("kind") / "sub"
    entry = ENTRY.replace("SENTENCE", repr(SENTENCE.format(min=0, max=6)))
    workbench.make(
        folder, [some_squares], lambda front: front.replace("\nexport {", f"{entry}\nexport {{", 1)
    )
    with serving(folder.parent) as address, visiting() as visit:
        yield visit.open(address + "workbench.html")


@pytest.mark.parametrize("value", [[0, 0], [0, 6], [2, 5]])
def test_a_new_kind_follows_the_reader(page, value):
    control = page.page.locator('figure#some-squares [data-control="numbers"]')
    for end, x in zip(control.locator("input").all(), value, strict=True):
        end.evaluate("(input, x) => { input.value = x; }", x)
    control.locator("input").last.dispatch_event("change")
    page.until(
        "(value) => String(probe.figure('some-squares').explorable.values.numbers) === value",
        ",".join(map(str, value)),
    )
    page.settle("some-squares")
    values = page.values("some-squares")
    shown, seen = some_squares.show(values), page.outputs("some-squares")
    for name, tensor in shown.outputs.items():
        assert_close(numbers(seen, name), tensor.numpy())
    assert page.said("some-squares", ".tl-summary") == shown.summary()
    assert f"no. {value[1]}" in shown.summary()
    labels = page.page.locator("figure#some-squares [data-view=squares] .xtick").all_text_contents()
    assert labels == some_squares.controls["numbers"].labels(value)
    options = page.page.locator('figure#some-squares [data-control="one"] option').all_text_contents()
    assert options == labels


def test_a_new_kind_is_checked_against_pytorch_and_kept_in_the_address(page):
    checked = page.check("some-squares")
    assert checked["passed"] and checked["cases"] >= 8, checked
    page.reset("some-squares")
    first, last = page.page.locator('figure#some-squares [data-control="numbers"] input').all()
    assert (first.input_value(), last.input_value()) == ("1", "4")
    last.fill("6")
    last.dispatch_event("change")
    page.until("() => decodeURIComponent(location.hash) === '#some-squares?numbers=1,6'")


def test_a_new_kind_refuses_with_its_own_sentence(page):
    wanted = {"refused": SENTENCE.format(min=0, max=6)}
    assert page.set("some-squares", numbers=[5, 2]) == wanted
    with pytest.raises(ValueError, match=wanted["refused"]):
        some_squares.check({"numbers": [5, 2]})
    assert not page.errors
