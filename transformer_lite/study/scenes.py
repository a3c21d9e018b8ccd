"""Small pictures of coloured shapes, and questions about them with their right answers.

A scene has up to six pieces on a grid of 4 × 4 cells. A piece is a circle, a square or a triangle, and red, yellow or
blue. `picture` paints it, 32 × 32 pixels. A question is a row of words:

    is there a red square left of the blue circle
    how many squares are above a triangle
    what colour is the shape below the red square
    what blue shape is there

`answers` knows what is right. It reads the question by these rules:

- *left of* means in a column further to the left, in whatever row; *above* in a row further up, and so on.
- *a* and *the* mean the same: if there are several blue circles, any of them counts, and if there is none, nothing is
  left of it.
- Where a colour or a shape is asked for, and the pieces have several, the answer is *several*; of no piece, *none*.
- What hides a piece completely takes it away: of two pieces in one cell, only the later one is there.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

GRID = 4
"""Cells along a side."""
CELL = 8
"""Pixels along the side of a cell."""
PIECES = 6
"""The most pieces of a scene."""

COLOURS = ("red", "yellow", "blue")
SHAPES = ("circle", "square", "triangle")
RELATIONS = ("left", "right", "above", "below")
KINDS = tuple(f"{colour}-{shape}" for colour in COLOURS for shape in SHAPES)
NOTHING = len(KINDS)
"""The kind of a piece that is not there."""

WORDS = (
    *("[pad]", "is", "there", "a", "the", "how", "many", "are", "what", "colour", "shape", "shapes"),
    *(*SHAPES, "circles", "squares", "triangles", *COLOURS, *RELATIONS, "of", "?"),
)
PAD = 0
LONGEST = 11
"""The most words of a question."""

NUMBERS = tuple(map(str, range(PIECES + 1)))
ANSWERS = ("no", "yes", *NUMBERS, *COLOURS, *SHAPES, "none", "several")
ASKS = ("is there", "how many", "what colour", "what shape")

INK = torch.tensor(
    [[0.92, 0.25, 0.2], [0.97, 0.8, 0.15], [0.3, 0.5, 1.0], [0.0, 0.0, 0.0]]
)  # the last: nothing
PAPER = 0.13


class Scenes(NamedTuple):
    """Scenes of six pieces each, some of which may be nothing."""

    kinds: Tensor
    """(n, 6), indices into `KINDS`, or `NOTHING`."""
    places: Tensor
    """(n, 6, 2), column and row from the upper left corner, in cells; float32."""


class Questions(NamedTuple):
    """What is asked, in numbers. An index past the last colour, shape or relation means that none is named."""

    ask: Tensor
    """(n,), an index into `ASKS`; so on for the others."""
    colour: Tensor
    shape: Tensor
    relation: Tensor
    other_colour: Tensor
    other_shape: Tensor


# -- pictures --------------------------------------------------------------------------------------------------


def draw_scenes(
    count: int, *, most: int = PIECES, shift: float = 0.0, generator: Generator | None = None
) -> Scenes:
    """Scenes of two or more pieces of random kinds, each in a cell of its own.

    Args:
        count: how many.
        most: the most pieces of a scene.
        shift: how far a piece may lie from the middle of its cell, in cells, along each side.
        generator: where the random numbers come from; PyTorch's own by default.
    """
    kinds = torch.randint(len(KINDS), (count, PIECES), generator=generator)  # (n, 6)
    number = torch.randint(2, most + 1, (count, 1), generator=generator)
    kinds = kinds.masked_fill(torch.arange(PIECES) >= number, NOTHING)
    cells = torch.rand(count, GRID * GRID, generator=generator).argsort(-1)[:, :PIECES]  # (n, 6)
    places = torch.stack([cells % GRID, cells // GRID], dim=-1).float()  # (n, 6, 2)
    return Scenes(kinds, places + shift * (2 * torch.rand(places.shape, generator=generator) - 1))


def picture(scenes: Scenes) -> Tensor:
    """Paint scenes, later pieces over earlier ones; pixels on an edge are mixed. (n, 3, 32, 32), from 0 to 1."""
    side = torch.arange(GRID * CELL) + 0.5
    middle = (scenes.places + 0.5) * CELL  # (n, 6, 2)
    x = (side - middle[..., :1])[:, :, None, :]  # (n, 6, 1, 32): to the right of the middle
    y = (side - middle[..., 1:])[:, :, :, None]  # (n, 6, 32, 1): below the middle
    # How far a pixel lies outside of the shape: (n, 6, 32, 32).
    circle = (x * x + y * y).sqrt() - 3.3
    square = torch.maximum(x.abs(), y.abs()) - 2.8
    triangle = torch.maximum(y - 2.7, (1.875 * x.abs() - y - 3.0) / 2.125)
    shape = (scenes.kinds % 3)[..., None, None]  # (n, 6, 1, 1)
    outside = torch.where(shape == 0, circle, torch.where(shape == 1, square, triangle))
    there = (scenes.kinds != NOTHING)[..., None, None]  # (n, 6, 1, 1)
    cover = (0.5 - outside).clamp(0, 1) * there  # (n, 6, 32, 32)
    ink = F.embedding(scenes.kinds // 3, INK)[..., None, None]  # (n, 6, 3, 1, 1)
    painted = torch.full_like(cover[:, :1], PAPER)  # (n, 1, 32, 32)
    for i in range(PIECES):
        painted = painted + cover[:, i : i + 1] * (ink[:, i] - painted)  # (n, 3, 32, 32)
    return painted


def seen(scenes: Scenes) -> Tensor:
    """Which pieces are there, and not hidden by a later one in the same cell: (n, 6)."""
    there = scenes.kinds != NOTHING
    cell = scenes.places.round()
    same = (cell[:, :, None] == cell[:, None]).all(-1)  # (n, 6, 6)
    later = torch.ones(PIECES, PIECES).triu(1).bool()
    return there & ~(same & later & there[:, None]).any(-1)


# -- questions -------------------------------------------------------------------------------------------------


def draw_questions(scenes: Scenes, *, generator: Generator | None = None) -> Questions:
    """A random question for each scene: three of four with a relation.

    A colour or a shape that it names is in most cases one that a piece of the scene has: else nearly all answers would
    be *no*, *0* and *none*.
    """
    n = len(scenes.kinds)

    def chance(p: float) -> Tensor:
        return torch.rand(n, generator=generator) < p

    def piece() -> tuple[Tensor, Tensor]:
        there = (scenes.kinds != NOTHING).float()
        at = torch.multinomial(there, 1, generator=generator)  # (n, 1)
        kind = scenes.kinds.gather(1, at)[:, 0]
        other = torch.randint(len(KINDS), (n,), generator=generator)
        kind = torch.where(chance(0.85), kind, other)
        colour, shape = kind // 3, kind % 3
        return colour.masked_fill(chance(0.3), 3), shape.masked_fill(chance(0.3), 3)

    ask = torch.randint(len(ASKS), (n,), generator=generator)
    (colour, shape), (other_colour, other_shape) = piece(), piece()
    # A question for a colour names none, and a question for a shape names none.
    colour, shape = colour.masked_fill(ask == 2, 3), shape.masked_fill(ask == 3, 3)
    relation = torch.randint(len(RELATIONS), (n,), generator=generator).masked_fill(chance(0.25), 4)
    alone = relation == 4
    return Questions(
        ask, colour, shape, relation, other_colour.masked_fill(alone, 3), other_shape.masked_fill(alone, 3)
    )


def held_out(questions: Questions) -> Tensor:
    """Which questions have a combination that is left out of all training: (n,).

    It is one ninth of the combinations of a kind of piece, a relation and another kind. Every two of the three parts
    occur together in others.
    """
    _, colour, shape, relation, other_colour, other_shape = questions
    whole = (colour < 3) & (shape < 3) & (relation < 4) & (other_colour < 3) & (other_shape < 3)
    one, other = 3 * colour + shape, 3 * other_colour + other_shape
    return whole & ((one + 2 * other + 4 * relation) % len(KINDS) == 0)


def wording(questions: Questions, *, generator: Generator | None = None) -> Tensor:
    """The questions in words: ids (n, 11), with padding behind. Where words mean the same, chance chooses."""
    ask, colour, shape, relation, other_colour, other_shape = questions
    n = len(ask)
    id_of = {word: i for i, word in enumerate(WORDS)}

    def word(text: str) -> Tensor:
        return torch.full((n,), id_of[text])

    def one_of(words: list[str], index: Tensor) -> Tensor:
        return torch.tensor([id_of[word] for word in words])[index]

    def either(one: str, other: str) -> Tensor:
        return one_of([one, other], torch.randint(2, (n,), generator=generator))

    nothing, alone = word("[pad]"), relation == 4
    hue = one_of([*COLOURS, "[pad]"], colour)
    form = one_of([*SHAPES, "shape"], shape)
    forms = one_of(["circles", "squares", "triangles", "shapes"], shape)
    beginnings = [
        [word("is"), word("there"), word("a"), hue, form, nothing],
        [word("how"), word("many"), hue, forms, word("are"), word("there").where(alone, nothing)],
        [word("what"), word("colour"), word("is"), word("the"), form, nothing],
        [word("what"), hue, word("shape"), word("is"), word("there").where(alone, nothing), nothing],
    ]
    beginning = torch.stack([torch.stack(words, -1) for words in beginnings], 1)  # (n, 4, 6)
    beginning = beginning[torch.arange(n), ask]  # (n, 6)
    end = [
        one_of([*RELATIONS, "[pad]"], relation),
        word("of").where(relation < 2, nothing),
        nothing.where(alone, either("a", "the")),
        one_of([*COLOURS, "[pad]"], other_colour),
        nothing.where(alone, one_of([*SHAPES, "shape"], other_shape)),
        either("?", "[pad]"),
    ]
    ids = torch.cat([beginning, torch.stack(end, -1)], -1)  # (n, 12), of which one at least is padding
    return ids.gather(1, (ids == PAD).long().argsort(dim=-1, stable=True))[:, :LONGEST]


def _table(*groups: tuple[str, ...]) -> Tensor:
    """Which words mean which of some things: a row of zeros and a one for each word."""
    return torch.tensor([[float(word in group) for group in groups] for word in WORDS])


OF_COLOUR = _table(*((colour,) for colour in COLOURS))  # (words, 3)
OF_SHAPE = _table(*((shape, f"{shape}s") for shape in SHAPES))  # (words, 3)
OF_RELATION = _table(*((relation,) for relation in RELATIONS))  # (words, 4)
OF_ASK = _table(("is",), ("how",), ("colour",), ("what",))  # (words, 4)


def meant(ids: Tensor, scenes: Scenes) -> Tensor:
    """Which pieces are asked about: those that are named, and stand where the question says; (n, 6) of True and False.

    It finds the words that it knows, in front of the relation and behind it. So it reads every row of words, those that
    are no question, too; what it then says means nothing.

    Args:
        ids: (n, T), words of a question for each scene.
        scenes: the scenes that they ask about.
    """
    relation = F.embedding(ids, OF_RELATION)  # (n, T, 4)
    behind = relation.sum(-1).cumsum(-1) > 0  # (n, T)

    def named(table: Tensor, where: Tensor) -> Tensor:
        found = (F.embedding(ids, table) * where[..., None]).amax(1)  # (n, 3)
        return torch.maximum(found, 1 - found.amax(-1, keepdim=True))  # all, where none is named

    colours = F.one_hot(scenes.kinds // 3, 4)[..., :3].float()  # (n, 6, 3)
    shapes = F.one_hot(scenes.kinds % 3, 3).float()  # (n, 6, 3)
    there = seen(scenes)

    def fits(where: Tensor) -> Tensor:
        of_colour = (colours * named(OF_COLOUR, where)[:, None]).sum(-1)
        of_shape = (shapes * named(OF_SHAPE, where)[:, None]).sum(-1)
        return there & (of_colour > 0) & (of_shape > 0)  # (n, 6)

    column, row = scenes.places.round().unbind(-1)  # (n, 6)
    further = column[:, :, None] < column[:, None], row[:, :, None] < row[:, None]  # (n, 6, 6)
    holds = torch.stack([further[0], further[0].mT, further[1], further[1].mT], -1)  # (n, 6, 6, 4)
    of_relation = (holds * relation.amax(1)[:, None, None]).sum(-1) > 0  # (n, 6, 6)
    related = (of_relation & fits(behind)[:, None]).any(-1) | ~behind.any(-1, keepdim=True)  # (n, 6)
    return fits(~behind) & related  # (n, 6)


def answers(ids: Tensor, scenes: Scenes) -> Tensor:
    """What is right: (n, answers), one 1 in each row; see `meant`.

    Args:
        ids: (n, T), words of a question for each scene.
        scenes: the scenes that they ask about.
    """
    found = meant(ids, scenes)  # (n, 6)
    colours = F.one_hot(scenes.kinds // 3, 4)[..., :3].float()  # (n, 6, 3)
    shapes = F.one_hot(scenes.kinds % 3, 3).float()  # (n, 6, 3)
    count = found.sum(-1)  # (n,)
    is_there = F.one_hot((count > 0).long(), 2)
    how_many = F.one_hot(count, PIECES + 1)
    asked = F.embedding(ids, OF_ASK).amax(1)  # (n, 4)
    # Of "what colour is", all three words ask: the colour, where it is named, comes first; then "what", "how", "is".
    is_, how, colour, what = asked.unbind(-1)
    what = what * (1 - colour)
    how = how * (1 - colour) * (1 - what)
    is_ = (1 - colour) * (1 - what) * (1 - how)
    said = torch.cat(
        [
            is_[:, None] * is_there,
            how[:, None] * how_many,
            colour[:, None] * _the_one((found[..., None] * colours).amax(1)),
            what[:, None] * _the_one((found[..., None] * shapes).amax(1)),
        ],
        dim=-1,
    )  # (n, 2 + 7 + 5 + 5)
    # None and several stand behind the colours and behind the shapes: they are one answer each.
    yes_no, numbers, hues, forms = torch.split(said, [2, PIECES + 1, 5, 5], dim=-1)
    return torch.cat([yes_no, numbers, hues[:, :3], forms[:, :3], hues[:, 3:] + forms[:, 3:]], dim=-1)


def cells(pieces: Tensor, scenes: Scenes) -> Tensor:
    """In which of the 16 cells, row by row, some pieces (n, 6) lie: (n, 16) of 0 and 1."""
    column, row = scenes.places.round().long().unbind(-1)  # (n, 6)
    return (F.one_hot(row * GRID + column, GRID * GRID) * pieces[..., None]).amax(1).float()


def _the_one(found: Tensor) -> Tensor:
    """Of colours or shapes (n, 3) that were found: which is the only one, or none, or several; (n, 5)."""
    number = found.sum(-1, keepdim=True)  # (n, 1)
    return torch.cat([found * (number == 1), number == 0, number > 1], dim=-1).float()
