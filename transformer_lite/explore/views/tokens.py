"""`Tokens`: words, shaded."""

from dataclasses import KW_ONLY, dataclass
from html import escape

from torch import Tensor

from .. import markup
from ..axes import Axis
from ..text import number, say
from ..words import ends, without_noise
from .view import Named, View, check_role, shaped


@dataclass
class Tokens(View):
    """A sentence whose words are shaded by a weight each, shape (n,); `words` is their axis.

    `limit` is the weight of full shade (1 unless given).
    """

    values: Tensor | str | None = None
    _: KW_ONLY
    words: Axis | str
    title: str | None = None
    role: str | None = None
    limit: float = 1.0
    kind = "tokens"
    settings = ("role", "limit")

    def prepare(self) -> None:
        self.values = shaped("Tokens", self.values, 1)  # (n,)
        check_role("Tokens", self.role)

    def axes(self) -> list[Axis]:
        return [Axis.of(self.words)]

    def summary(self, named: Named) -> str:
        return say("summary-tokens", title=self.title, **ends(without_noise(self.tensors()[""]), named))

    def text(self, named: Named) -> str:
        tokens = "".join(
            f'<span class="tl-token" style="--tl-weight:{min(1, max(0, x / self.limit)) * 100:.0f}%">'
            f"<b>{escape(word)}</b> <i>{escape(number(x))}</i></span>"
            for word, x in zip(named[0], self.tensors()[""].tolist(), strict=True)
        )
        return f'<div class="tl-tokens"{markup.UNTRANSLATED}>{tokens}</div>'
