"""`Tree`: a search, as a tree of words."""

# ruff: noqa: E501 - markup reads best with an element a line

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from html import escape

import torch
from torch import Tensor

from .. import markup
from ..axes import Axis
from ..text import number, say
from ..words import without_noise
from .view import Named, View, shaped

# The share of a column, in percent, that is left to the branches; the same in tree.mjs and in the style sheet.
GAP = 28
# So wide are letters at most, in ems, but for Chinese and the like, which are as wide as they are high.
LETTER = 0.62
# The least that a node takes: a number stands under its word.
NARROWEST = 3.6


@dataclass(frozen=True)
class Node:
    """A word at its place in the tree."""

    step: int
    place: int  # along the tensor's second dimension
    row: int  # on the page, from the top
    word: str
    score: float
    before: "Node | None"
    dropped: bool
    tip: bool
    best: bool
    ended: float | None

    @property
    def path(self) -> str:
        """All words from the root on."""
        return f"{self.before.path} {self.word}" if self.before else self.word


@dataclass
class Tree(View):
    """A search that says word after word, as a tree that grows to the right: one column a step, at most k nodes each.

    All tensors have the shape (steps, k). The view's own are scores, such as log probabilities, −inf where there is no
    node. `tokens` are ids into `words`, and `parents` says which of the k of the step before a node follows; those of
    the first step are roots. `held` is 2 for the ends of the beams, 1 for what else the search holds to, such as
    the nodes before these, and 0 for nodes that it has dropped. `ended` is the score of the sentence that ends after a
    node, −inf where none does. `best` is not 0 for the nodes of the best path.
    """

    values: Tensor | str | None = None
    _: KW_ONLY
    tokens: Tensor | str
    parents: Tensor | str
    words: Sequence[str]
    held: Tensor | str | None = None
    ended: Tensor | str | None = None
    best: Tensor | str | None = None
    steps: Axis | str = "step"
    places: Axis | str = "place"
    title: str | None = None
    kind = "tree"
    parts = {  # noqa: RUF012
        "": "values",
        "tokens": "tokens",
        "parents": "parents",
        "held": "held",
        "ended": "ended",
        "best": "best",
    }
    settings = ("words", "wide", "keys")

    def prepare(self) -> None:
        for field, given in self._given().items():
            tensor = shaped("Tree" if field == "values" else f"Tree {field}", given, 2)  # (steps, k)
            setattr(self, field, tensor)
            # While a graph is traced, sizes may be symbols; they were compared when the figure was made.
            sizes = [*tensor.shape, *self.tensors()[""].shape]
            if all(isinstance(size, int) for size in sizes) and sizes[:2] != sizes[2:]:
                raise ValueError(
                    f"Tree: {field} has the shape {tuple(sizes[:2])}, but the scores have {tuple(sizes[2:])}; "
                    "give one number for each node"
                )

    @property
    def wide(self) -> float:
        """How many ems a node takes, so that each of the words fits."""
        longest = max(sum(1.0 if ord(letter) > 0x2E7F else LETTER for letter in word) for word in self.words)
        return round(max(NARROWEST, longest + 0.8), 2)

    @property
    def keys(self) -> list[str]:
        """What the marks of the nodes say, as keys of the catalogue."""
        told = {"held": ["tree-tip", "tree-dropped"], "best": ["tree-best"], "ended": ["tree-ended"]}
        return [key for part, keys in told.items() if getattr(self, part) is not None for key in keys]

    def axes(self) -> list[Axis]:
        return [Axis.of(self.steps), Axis.of(self.places)]

    def nodes(self, tensors: dict[str, Tensor]) -> list[Node]:
        """Those that are there, step after step, each step from the top; the same as in tree.mjs."""
        scores, parents, tokens = (tensors[part].tolist() for part in ("", "parents", "tokens"))
        there = tensors[""] > -torch.inf  # (steps, k)
        found: dict[tuple[int, int], Node] = {}
        for step, row_of_scores in enumerate(scores):
            before = {j: found.get((step - 1, int(parents[step][j]))) for j in range(len(row_of_scores))}
            here = [j for j, is_there in enumerate(there[step].tolist()) if is_there]
            # Below one another as what they follow, so that no branches cross, and beside it, as far as there is room.
            here.sort(key=lambda j: (before[j].row if before[j] else 0, j))  # type: ignore[union-attr]
            free, spare = 0, len(row_of_scores) - len(here)
            for i, j in enumerate(here):
                parent = before[j]
                row = min(max(free, parent.row if parent else spare // 2), spare + i)
                free = row + 1
                end = tensors["ended"][step, j].item() if "ended" in tensors else -torch.inf
                found[step, j] = Node(
                    step,
                    j,
                    row,
                    self._word(int(tokens[step][j])),
                    row_of_scores[j],
                    parent,
                    dropped="held" in tensors and bool(tensors["held"][step, j] == 0),
                    tip="held" in tensors and bool(tensors["held"][step, j] == 2),
                    best="best" in tensors and bool(tensors["best"][step, j] != 0),
                    ended=end if end > -torch.inf else None,
                )
        return list(found.values())

    def _word(self, id_: int) -> str:
        if not 0 <= id_ < len(self.words):
            raise ValueError(f"Tree: there is no word {id_} among {len(self.words)}; tokens count from 0")
        return self.words[id_]

    def summary(self, named: Named) -> str:
        found = self.nodes({part: without_noise(tensor) for part, tensor in self.tensors().items()})
        steps = 1 + max((node.step for node in found), default=-1)
        said = [say("summary-tree", title=self.title, count=len(found), steps=steps)]
        tips = [f"{node.path} ({number(node.score)})" for node in found if node.tip]
        if tips:
            said.append(say("summary-tree-tips", paths="; ".join(tips)))
        if found and self.held is None and self.ended is None:
            leaves = [node for node in found if not any(other.before is node for other in found)]
            paths = "; ".join(f"{node.path} ({number(node.score)})" for node in leaves)
            said.append(say("summary-tree-leaves", paths=paths))
        ended = [f"{node.path} ({number(node.ended)})" for node in found if node.ended is not None]
        if ended:
            said.append(say("summary-tree-ended", paths="; ".join(ended)))
        best = [node for node in found if node.best]
        if best:
            said.append(say("summary-tree-best", path=best[-1].path))
        return " ".join(said)

    def text(self, named: Named) -> str:
        found = self.nodes(self.tensors())
        columns, rows = 1 + max((node.step for node in found), default=0), self.tensors()[""].shape[1]
        ways = {"": "", "tl-dropped": "", "tl-best": ""}
        nodes = ""
        for node in sorted(found, key=lambda node: (node.step, node.place)):
            marks = [f" tl-{mark}" for mark in ("dropped", "tip", "best") if getattr(node, mark)]
            end = "" if node.ended is None else f"<small>■ {escape(two_digits(node.ended))}</small>"
            nodes += (
                f'<span class="tl-node{"".join(marks)}" style="grid-area:{node.row + 1}/{node.step + 1}">'
                f"<b>{escape(node.word)}</b> <i>{escape(two_digits(node.score))}</i>{end}</span>"
            )
        for node in found:
            if node.before:
                ways["tl-dropped" if node.dropped else "tl-best" if node.best else ""] += _way(node)
        paths = "".join(f'<path class="{kind}" d="{way}"></path>' for kind, way in ways.items())
        high = 3 if self.ended is not None else 2
        sizes = f"--tl-columns:{columns};--tl-rows:{rows};--tl-wide:{self.wide:g};--tl-lines:{high}"
        keys = "".join(f'<span class="tl-{key}">{escape(say(key))}</span>' for key in self.keys)
        return (
            f'<div class="tl-tree"{markup.UNTRANSLATED} role="group" tabindex="0" aria-label="{escape(str(self.title))}" style="{sizes}">'
            f'<div class="tl-nodes"><svg aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 {columns * 100} {rows * 100}">{paths}</svg>'
            f'{nodes}</div></div><div class="tl-keys">{keys}</div>'
        )


def two_digits(x: float) -> str:
    """A number with at most two decimals: there is little room for it."""
    return number(round(x, 2))


def _way(node: Node) -> str:
    """The branch from the node before, in hundredths of a column and of a row."""
    assert node.before
    left, top, bottom = 100 * node.step, 100 * node.before.row + 50, 100 * node.row + 50
    middle = left + GAP // 2
    return f"M{left} {top}C{middle} {top} {middle} {bottom} {left + GAP} {bottom}"
