"""`Toggle`: on or off."""

import random
from dataclasses import KW_ONLY, dataclass
from html import escape
from typing import Any

from ..axes import Setting
from ..text import say
from .control import Control


@dataclass
class Toggle(Control):
    """On or off; the function receives a Python bool, and the website holds a graph for each."""

    value: bool = False
    _: KW_ONLY
    label: str | None = None
    kind = "toggle"
    is_tensor = False

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(say("not-true-or-false", label=self.label, value=value))
        return value

    def sample(self, rng: random.Random, setting: Setting) -> bool:
        return rng.random() < 0.5

    def extremes(self) -> list[bool]:
        return [False, True]

    def html(self, id_: str, value: bool, setting: Setting) -> str:
        box = f'<input type="checkbox" id="{id_}"{" checked" if value else ""}>'
        return f'{box} <label for="{id_}">{escape(str(self.label))}</label>'
