"""`Choice`: one of several options."""

import random
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from html import escape
from typing import Any

from .. import markup
from ..axes import Setting
from ..text import say
from .control import Control


@dataclass
class Choice(Control):
    """One of several options; the function receives it as it is, and the website holds a graph for each."""

    options: Sequence[str | int | float]
    _: KW_ONLY
    value: str | int | float | None = None
    label: str | None = None
    kind = "choice"
    is_tensor = False

    def prepare(self, name: str) -> None:
        self.options = list(self.options)
        if len(self.options) < 2 or len(set(self.options)) < len(self.options):
            raise ValueError(f"Choice {name!r}: needs two or more different options, got {self.options}")
        self.value = self.options[0] if self.value is None else self.value
        super().prepare(name)

    def check(self, value: Any) -> str | int | float:
        for option in self.options:
            if type(option) is type(value) and option == value:
                return option
        options = ", ".join(map(str, self.options))
        raise ValueError(say("not-an-option", label=self.label, value=value, options=options))

    def sample(self, rng: random.Random, setting: Setting) -> str | int | float:
        return rng.choice(list(self.options))

    def extremes(self) -> list[str | int | float]:
        return list(self.options)

    def html(self, id_: str, value: str | int | float, setting: Setting) -> str:
        texts, chosen = [str(option) for option in self.options], self.options.index(value)
        return f"""<span id="{id_}" class="tl-label">{escape(str(self.label))}</span>
{markup.options(id_, texts, chosen, id_, markup.UNTRANSLATED)}"""

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"options": self.options}
