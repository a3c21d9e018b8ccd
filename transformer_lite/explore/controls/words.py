"""`Words`: a sentence, typed."""

import random
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from html import escape
from typing import Any

import torch
from torch import Tensor

from .. import markup
from ..axes import Setting
from ..text import say
from .control import Control


@dataclass
class Words(Control):
    """Words typed by the reader, from a known vocabulary; the function receives their ids, int64 of shape (n,).

    Words are separated by white space and compared in lower case. A word that is not in the vocabulary is named to
    the reader; it is never dropped.
    """

    value: str
    _: KW_ONLY
    vocabulary: Sequence[str]
    maximum: int = 10
    label: str | None = None
    kind = "words"
    is_dynamic = True

    def prepare(self, name: str) -> None:
        self.vocabulary = [word.lower() for word in self.vocabulary]
        if len(set(self.vocabulary)) < len(self.vocabulary):
            twice = sorted({word for word in self.vocabulary if self.vocabulary.count(word) > 1})
            raise ValueError(f"Words {name!r}: the vocabulary holds {', '.join(twice)} more than once")
        parted = [word for word in self.vocabulary if word.split() != [word]]
        if parted:
            raise ValueError(
                f"Words {name!r}: {parted[0]!r} cannot be typed as one word; leave out its white space"
            )
        if self.maximum < 2:
            raise ValueError(f"Words {name!r}: maximum must be at least 2, got {self.maximum}")
        super().prepare(name)

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(say("not-text", label=self.label, value=value))
        words, known = self.labels(value), ", ".join(self.vocabulary)
        if not words:
            raise ValueError(say("no-words", known=known))
        unknown = [word for word in dict.fromkeys(words) if word not in self.vocabulary]
        if unknown:
            raise ValueError(say("unknown-words", unknown=", ".join(unknown), known=known))
        if len(words) > self.maximum:
            raise ValueError(say("too-many-words", count=len(words), maximum=self.maximum))
        return value

    def encode(self, value: str) -> Tensor:
        return torch.tensor([self.vocabulary.index(word) for word in self.labels(value)])  # (n,)

    def labels(self, value: str) -> list[str]:
        return value.lower().split()

    def longest(self) -> int:
        return self.maximum

    def sample(self, rng: random.Random, setting: Setting) -> str:
        return " ".join(rng.choices(list(self.vocabulary), k=rng.randint(1, self.maximum)))

    def extremes(self) -> list[str]:
        words = [self.vocabulary[i % len(self.vocabulary)] for i in range(self.maximum)]
        return [words[0], " ".join(words)]

    def html(self, id_: str, value: str, setting: Setting) -> str:
        known = "".join(
            f'<button type="button" class="tl-word" data-word="{escape(word)}">{escape(word)}</button>'
            for word in self.vocabulary
        )
        typed = f'autocomplete="off" autocapitalize="off" spellcheck="false" value="{escape(value)}"'
        help_ = escape(say("words-help", maximum=self.maximum))
        return f"""<label for="{id_}">{escape(str(self.label))}</label>
<input type="text" id="{id_}" {typed}>
<details class="tl-known"><summary>{help_}</summary><span{markup.UNTRANSLATED}>{known}</span></details>"""

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"maximum": self.maximum, "vocabulary": list(self.vocabulary)}
