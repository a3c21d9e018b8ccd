"""`Sketch`: a small grey picture, drawn by hand."""

# ruff: noqa: E501 - markup reads best with an element a line

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from html import escape
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from ..axes import Setting
from ..text import say
from .control import Control

# One character for each of 64 places along a side, and for each of 64 shades; an address carries them unescaped.
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
PLACES = len(DIGITS)
THICKEST = 12  # half pixels
LARGEST = 32  # pixels along a side, of which each has two places; with 64 shades a picture still fits into an address
LONGEST = 1500  # characters

Point = tuple[float, float]
# Strokes, each a line through points (x, y) in pixels from the upper left corner; a picture; or the text of either.
Drawing = Sequence[Sequence[Point]] | Tensor | str


@dataclass
class Sketch(Control):
    """A picture that the reader draws, with finger, mouse or keys; the function receives float32 of shape
    (rows, columns): 0 is paper and 1 ink.

    `size` is the number of pixels along both sides, or (rows, columns), of 4 to 32 each. `value` and `examples`, which
    the reader may start from, are strokes, `[[(x, y), ...], ...]` in pixels from the upper left corner, or a tensor of
    shape (rows, columns) from 0 to 1, or the text that an address has for either. `thickness` is that of a stroke, in
    pixels, by halves from 0.5 to 6.

    The control's value is a text: the thickness in half pixels; the picture that the strokes lie on, if there is one,
    as `*` and one of 64 shades a pixel, row by row; and the strokes, two characters a point, which say on which of 64
    places along the width and the height it lies. Dots part them, as in `4.AAff.BC`. It has at most 1500 characters.

    The ink of a pixel is `thickness / 2 + 1/2 - distance`, held between 0 and 1, where the distance is that of its
    centre to the nearest stroke. On a picture, the larger of both counts.
    """

    size: int | tuple[int, int] = 28
    _: KW_ONLY
    value: Any = ()
    examples: Mapping[str, Drawing] = field(default_factory=dict)
    thickness: float = 2.0
    label: str | None = None
    kind = "sketch"

    def prepare(self, name: str) -> None:
        self.rows, self.columns = (self.size, self.size) if isinstance(self.size, int) else self.size
        if not 4 <= min(self.rows, self.columns) <= max(self.rows, self.columns) <= LARGEST:
            raise ValueError(f"Sketch {name!r}: a side has 4 to {LARGEST} pixels, got size={self.size}")
        if 2 * self.thickness not in range(1, THICKEST + 1):
            raise ValueError(
                f"Sketch {name!r}: thickness must be one of 0.5, 1, 1.5 … {THICKEST / 2:g} pixels, got {self.thickness}"
            )
        picture = rf"(\.\*[\w-]{{{self.rows * self.columns}}})?"
        self._form = re.compile(rf"([1-9]|1[0-2]){picture}(\.([\w-]{{2}})+)*", re.ASCII)
        self.label = self.label or name.replace("_", " ").capitalize()
        self.value = self._text(name, self.value)
        self.examples = {
            example: self.check(self._text(name, drawing)) for example, drawing in self.examples.items()
        }
        super().prepare(name)

    def _text(self, name: str, drawing: Drawing) -> str:
        if isinstance(drawing, str):
            return drawing
        start = f"{2 * self.thickness:g}"
        if isinstance(drawing, Tensor):
            if drawing.shape != (self.rows, self.columns) or not 0 <= drawing.min() <= drawing.max() <= 1:
                raise ValueError(
                    f"Sketch {name!r}: a picture has shape ({self.rows}, {self.columns}) and numbers from 0 to 1, "
                    f"got {tuple(drawing.shape)}, {drawing.min():.3g} to {drawing.max():.3g}"
                )
            shades = (drawing.double() * (PLACES - 1)).round().long().flatten().tolist()
            return f"{start}.*" + "".join(DIGITS[shade] for shade in shades)
        strokes = ["".join(self._place(name, x, y) for x, y in stroke) for stroke in drawing]
        return ".".join([start, *strokes])

    def _place(self, name: str, x: float, y: float) -> str:
        if not (0 <= x <= self.columns and 0 <= y <= self.rows):
            raise ValueError(
                f"Sketch {name!r}: the point ({x}, {y}) lies outside of {self.columns} × {self.rows} pixels"
            )
        places = (
            min(PLACES - 1, int(at / side * PLACES)) for at, side in ((x, self.columns), (y, self.rows))
        )
        return "".join(DIGITS[place] for place in places)

    # -- its value ---------------------------------------------------------------------------------------------

    def check(self, value: Any) -> str:
        if not isinstance(value, str) or not self._form.fullmatch(value):
            raise ValueError(say("not-a-drawing", label=self.label, max=THICKEST, value=value))
        if len(value) > LONGEST:
            raise ValueError(say("drawing-too-long", label=self.label, max=LONGEST, count=len(value)))
        return value

    def encode(self, value: str) -> Tensor:
        thickness, *parts = value.split(".")
        ink = torch.zeros(self.rows, self.columns, dtype=torch.float64, device="cpu")
        if parts and parts[0].startswith("*"):
            shades = [DIGITS.index(shade) for shade in parts.pop(0)[1:]]
            ink += torch.tensor(shades, device="cpu").double().view_as(ink) / (PLACES - 1)
        if parts:
            ink = ink.maximum((int(thickness) / 4 + 0.5 - self._distance(parts)).clamp(0, 1))
        # In float64 on the processor, where it is to the last bit what the page computes.
        return ink.to(torch.get_default_device(), torch.float32)  # (rows, columns)

    def _distance(self, strokes: Sequence[str]) -> Tensor:
        """From the centre of each pixel to the nearest stroke."""
        sides = torch.tensor([self.columns, self.rows], dtype=torch.float64, device="cpu")
        places = [[[DIGITS.index(at) for at in point] for point in re.findall("..", s)] for s in strokes]
        # A stroke of one point is a line from there to there.
        lines = [line for stroke in places for line in pairwise(stroke if stroke[1:] else 2 * stroke)]
        ends = (torch.tensor(lines, device="cpu").double() + 0.5) / PLACES * sides  # (n, 2, 2)
        start, along = ends[:, 0], ends[:, 1] - ends[:, 0]  # (n, 2)
        y, x = (
            torch.arange(side, dtype=torch.float64, device="cpu") + 0.5 for side in (self.rows, self.columns)
        )
        centre = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)[:, :, None]  # (rows, columns, 1, 2)
        square = (along * along).sum(-1)  # (n,)
        part = ((centre - start) * along).sum(-1) / square.where(square > 0, 1.0)  # (rows, columns, n)
        gap = centre - start - part.clamp(0, 1)[..., None] * along  # (rows, columns, n, 2)
        return (gap * gap).sum(-1).amin(-1).sqrt()  # (rows, columns)

    def sample(self, rng: random.Random, setting: Setting) -> str:
        strokes = ["".join(rng.choices(DIGITS, k=2 * rng.randint(1, 6))) for _ in range(rng.randint(1, 3))]
        return ".".join([str(rng.randint(1, THICKEST)), *strokes])

    def extremes(self) -> list[str]:
        # Nothing; all of the paper inked; a picture of every shade.
        zigzag = "".join(f"A{row}_{row}" for row in DIGITS)
        shades = "".join(DIGITS[i % PLACES] for i in range(self.rows * self.columns))
        return ["1", f"{THICKEST}.{zigzag}", f"1.*{shades}"]

    # -- on the page -------------------------------------------------------------------------------------------

    def html(self, id_: str, value: str, setting: Setting) -> str:
        said = {
            what: escape(say(f"sketch-{what}")) for what in ("thickness", "undo", "clear", "picture", "keys")
        }
        examples = "".join(
            f'<button type="button" class="tl-example">{escape(example)}</button>'
            for example in self.examples
        )
        if examples:
            examples = f'<span class="tl-examples" role="group" aria-label="{escape(say("sketch-examples"))}">{examples}</span>'
        return f"""<span class="tl-label" id="{id_}">{escape(str(self.label))}</span>
<div class="tl-sketch">
<div class="tl-pad" role="application" tabindex="0" aria-labelledby="{id_}" aria-describedby="{id_}--help">{self._svg(value)}</div>
<div class="tl-pens"><label>{said["thickness"]} <input type="range" min="0.5" max="{THICKEST / 2:g}" step="0.5" value="{self.thickness:g}"></label>
<span><button type="button" class="tl-undo">{said["undo"]}</button><button type="button" class="tl-clear">{said["clear"]}</button><button type="button" class="tl-choose">{said["picture"]}</button></span>
{examples}
<output class="tl-pen"></output></div>
</div>
<details class="tl-known"><summary>{said["keys"]}</summary><p id="{id_}--help">{escape(say("sketch-help"))}</p></details>"""

    def _svg(self, value: str) -> str:
        """The pixels that hold ink, as they stand until the front end draws (front/sketch.mjs)."""
        pixels = "".join(
            f'<rect x="{column}" y="{row}" width="1" height="1" fill-opacity="{ink:.3g}"/>'
            for row, inks in enumerate(self.encode(value).tolist())
            for column, ink in enumerate(inks)
            if ink > 0
        )
        return f'<svg viewBox="0 0 {self.columns} {self.rows}" aria-hidden="true"><g class="tl-pixels">{pixels}</g><g class="tl-strokes"></g><path class="tl-cursor"/></svg>'

    def describe(self) -> dict[str, Any]:
        own = {"rows": self.rows, "columns": self.columns, "max": THICKEST, "longest": LONGEST}
        return super().describe() | own | {"examples": dict(self.examples)}
