"""A fingerprint changes when what is measured changes, and only then."""

import pytest
import torch

from transformer_lite.study.digits import digits
from transformer_lite.study.fingerprint import differences, fingerprint

from . import cells

BEFORE = '''
import math
import torch
from typing import NamedTuple
from torch import nn
from transformer_lite import masks
from transformer_lite.attention import MultiHeadAttention

size = 4
letters = ["a", "b"]
codes = torch.arange(3.0) / 7
looks = {"here": (0, 1)}

def helper(x):
    """Twice."""
    return 2 * x

def unused(x):
    return x

class Model(nn.Module):
    width = 3

    def __init__(self):
        super().__init__()
        self.layer = MultiHeadAttention(d_model=size, heads=2)

    def forward(self, x):
        """What the layer says."""
        return self.layer(x, causal=True)

class Word(NamedTuple):
    english: str
    chinese: str = ""

    def pair(self):
        """Both."""
        return self.english, self.chinese

word = Word("cat", "猫")

class Place(NamedTuple):
    row: int

def times(factor):
    return lambda x: factor * x

ways = {"two": times(2), "three": times(3)}

def measure(seed, rate=0.1):
    if rate > math.inf:
        raise ValueError("too large")
    mask = masks.causal(2)
    where = Place(len(word.pair()))
    return where.row + helper(Model()(codes)) + ways["two"](len(letters)) + looks["here"][0]
'''


def measure(source):
    return cells.run(source)["measure"]


def changed(old, new):
    assert BEFORE.count(old) == 1, old
    return differences(fingerprint(measure(BEFORE)), fingerprint(measure(BEFORE.replace(old, new))))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    return 2 * x", "    # A comment.\n    return (2 *\n            x)"),
        ('"""Twice."""', '"""Double, and a longer story."""'),
        ('        """What the layer says."""\n', ""),
        ('        """Both."""\n', ""),
        ("def helper(x):", "def helper(x: float) -> float:"),
        ('"too large"', 'f"{rate} is too large"'),
        ("    return x\n\nclass", "    return x + 1\n\nclass"),
        ("torch.arange(3.0) / 7", "torch.arange(3.0) * (1 / 7) * (1 + 1e-7)"),
        ("def measure(", "\n\n\ndef measure("),
    ],
)
def test_what_no_result_depends_on_does_not_matter(old, new):
    assert changed(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("rate > math.inf", "rate > math.pi", ["measure"]),
        ("rate=0.1", "rate=0.2", ["measure"]),
        ("    return 2 * x", "    return 3 * x", ["helper"]),
        ("causal=True", "causal=False", ["Model"]),
        ("width = 3", "width = 4", ["Model"]),
        ('Word("cat", ', 'Word("dog", ', ["word"]),
        ("self.english, self", "self.english * 2, self", ["Word"]),
        ("    row: int", "    row: int = 0", ["Place"]),
        ("size = 4", "size = 8", ["size"]),
        ("size = 4", "size = 4.0", ["size"]),
        ('["a", "b"]', '["b", "a"]', ["letters"]),
        ("torch.arange(3.0) / 7", "torch.arange(3.0) / 7.001", ["codes"]),
        ("torch.arange(3.0) / 7", "torch.tensor([1.0, 0.0, 2.0]) / 7", ["codes"]),
        ("torch.arange(3.0) / 7", "torch.arange(3.0).double() / 7", ["codes"]),
        ('{"here": (0, 1)}', '{"here": (0, 2)}', ["looks"]),
        ("times(3)", "times(4)", ["times.<lambda> 2"]),
        ("lambda x: factor * x", "lambda x: factor + x", ["times.<lambda>", "times.<lambda> 2"]),
    ],
)
def test_what_a_result_depends_on_does(old, new, parts):
    assert changed(old, new) == parts


def test_code_of_this_package_counts_piece_by_piece():
    parts = fingerprint(measure(BEFORE))
    assert {"transformer_lite.attention.MultiHeadAttention", "transformer_lite.masks.causal"} <= parts.keys()
    assert "transformer_lite.masks.local" not in parts
    assert not [name for name in parts if name.startswith("torch")]
    assert "transformer_lite.masks.local" in fingerprint(
        measure(BEFORE.replace("masks.causal(2)", "masks.local(2, radius=1)"))
    )


def test_named_tuples_count():
    """Their methods are made in another module, which does not hold them."""
    source = """
from typing import NamedTuple
from transformer_lite.study.grammar import Sentence

class Pair(NamedTuple):
    first: int
    second: int = 2

pairs = [Pair(1), Pair(3, second=4)]

def measure(seed):
    return pairs, Sentence
"""
    old, value, default = (
        fingerprint(measure(source.replace(a, b))) for a, b in (("", ""), ("3,", "5,"), ("= 2", "= 6"))
    )
    assert "transformer_lite.study.grammar.sentences.Sentence" in old
    assert differences(old, value) == ["pairs"]
    assert differences(old, default) == ["Pair", "pairs"]


def test_a_function_that_is_defined_again_counts_as_it_is_now():
    names = cells.run(BEFORE)
    before = fingerprint(names["measure"])
    again = cells.run("def helper(x):\n    return 5 * x\n", **names)
    names["helper"] = again["helper"]
    assert differences(before, fingerprint(names["measure"])) == ["helper"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("open(__import__('os').devnull)", "file holds a _io"),
        ("nothing", "nothing is used, but is not there"),
    ],
)
def test_what_cannot_be_compared_is_refused(value, reason):
    source = (
        f"file = {value}\ndef measure(seed):\n    return file"
        if "open" in value
        else "def measure(seed):\n    return nothing"
    )
    names = cells.run(source)
    with pytest.raises(ValueError, match=reason):
        fingerprint(names["measure"])
    if "file" in names:
        names["file"].close()


def test_trained_models_count_by_their_weights():
    source = "def measure(seed):\n    return model(1)\n"
    models = [torch.nn.Linear(2, 2) for _ in range(2)]
    first, second = (fingerprint(cells.run(source, model=model)["measure"]) for model in models)
    assert differences(first, second) == ["model"]
    assert differences(first, fingerprint(cells.run(source, model=models[0])["measure"])) == []


def test_where_the_package_lies_does_not_matter():
    """A module that reads a file beside it knows its own place, which is another one on each machine."""
    found = fingerprint(cells.run("def measure(seed):\n    return digits()\n", digits=digits)["measure"])
    assert found.keys() == {"measure", "transformer_lite.study.digits.digits"}


def test_every_version_of_python_gives_the_same():
    """A record is read by notebooks elsewhere. Versions differ in f-strings, comprehensions and the fields of trees."""
    source = """
    digits, names = 2, ["a"]

    def measure(seed, of=[name for name in names]):
        '''Says.'''
        return [f"{x:>{digits}}{{" for x in of], lambda y, *z: {**y, "k": z[1:]}
    """
    assert fingerprint(cells.run(source)["measure"]) == {
        "digits": ["d4735e3a265e"],
        "measure": ["4ccf73dfebf8"],
        "names": ["09e5f14eb910"],
    }
