"""`Number`: a single number."""

from dataclasses import KW_ONLY, dataclass
from html import escape

from torch import Tensor

from ..text import number, say
from ..words import without_noise
from .view import Named, View, check_role, shaped


@dataclass
class Number(View):
    """A single number, a scalar tensor, written large."""

    value: Tensor | str | None = None
    _: KW_ONLY
    title: str | None = None
    role: str | None = None
    kind = "number"
    parts = {"": "value"}  # noqa: RUF012
    settings = ("role",)

    def prepare(self) -> None:
        self.value = shaped("Number", self.value, 0)  # ()
        check_role("Number", self.role)

    def guess(self) -> str:
        return "number"

    def summary(self, named: Named) -> str:
        value = without_noise(self.tensors()[""])
        return say("summary-number", title=self.title, value=number(value.item()))

    def text(self, named: Named) -> str:
        return f'<output class="tl-number">{escape(number(self.tensors()[""].item()))}</output>'
