"""`Words`: a sentence, typed."""

import random
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from html import escape
from typing import Any, Literal

import torch
from torch import Tensor

from .. import markup
from ..axes import Setting
from ..text import say
from .control import Control
from .vocabulary import Vocabulary, normal

# So many words are offered as buttons at once, and named in a sentence; of a larger vocabulary, what a search finds.
LISTED = 60


@dataclass
class Words(Control):
    """Words typed by the reader, from a known vocabulary; the function receives their ids, int64 of shape (n,).

    `split` says how a text is parted into words: at `"blanks"`; by `"longest"` match, as for Chinese (猫追狗), where
    blanks may stand between words and mean nothing; or into `"characters"`. Case, full-width forms, ’ for ' and 。 for
    a point make no difference, and punctuation that is a word of the vocabulary need not be set apart. What is not in
    the vocabulary is named to the reader; it is never dropped.
    """

    value: str
    _: KW_ONLY
    vocabulary: Sequence[str]
    split: Literal["blanks", "longest", "characters"] = "blanks"
    maximum: int = 10
    label: str | None = None
    kind = "words"
    is_dynamic = True

    def prepare(self, name: str) -> None:
        if self.split not in ("blanks", "longest", "characters"):
            raise ValueError(
                f"Words {name!r}: split is 'blanks', 'longest' or 'characters', got {self.split!r}"
            )
        self.vocabulary = list(self.vocabulary)
        words = [normal(word) for word in self.vocabulary]
        if not words:
            raise ValueError(f"Words {name!r}: the vocabulary is empty")
        if len(set(words)) < len(words):
            twice = sorted({word for word in words if words.count(word) > 1})
            raise ValueError(f"Words {name!r}: the vocabulary holds {', '.join(twice)} more than once")
        parted = [word for word in words if word.split() != [word]]
        if parted:
            raise ValueError(
                f"Words {name!r}: {parted[0]!r} cannot be typed as one word; leave out its white space"
            )
        long = [word for word in words if len(word) > 1]
        if self.split == "characters" and long:
            raise ValueError(f"Words {name!r}: {long[0]!r} is not one character; use split='longest'")
        if self.maximum < 2:
            raise ValueError(f"Words {name!r}: maximum must be at least 2, got {self.maximum}")
        self._known = Vocabulary(self.vocabulary, self.split)
        super().prepare(name)

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(say("not-text", label=self.label, value=value))
        pieces, known = self._known.pieces(value), ", ".join(self.vocabulary)
        is_listed, count = len(self.vocabulary) <= LISTED, len(self.vocabulary)
        if not pieces:
            raise ValueError(say("no-words", known=known) if is_listed else say("no-words-many", count=count))
        unknown = [piece for piece in dict.fromkeys(pieces) if piece not in self._known.ids]
        if unknown:
            raise ValueError(
                say("unknown-words", unknown=", ".join(unknown), known=known)
                if is_listed
                else self._unlisted(unknown)
            )
        if len(pieces) > self.maximum:
            raise ValueError(say("too-many-words", count=len(pieces), maximum=self.maximum))
        return value

    def _unlisted(self, unknown: Sequence[str]) -> str:
        """What is said of unknown pieces where the known words are too many to be listed."""
        near = dict.fromkeys(word for piece in unknown for word in self._known.nearest(piece))
        key = "unknown-words-near" if near else "unknown-words-many"
        parts = {"unknown": ", ".join(unknown), "near": ", ".join(near), "count": len(self.vocabulary)}
        return say(key, **parts)

    def encode(self, value: str) -> Tensor:
        return torch.tensor([self._known.ids[piece] for piece in self._known.pieces(value)])  # (n,)

    def labels(self, value: str) -> list[str]:
        return [self.vocabulary[i] for i in self.encode(value).tolist()]

    def longest(self) -> int:
        return self.maximum

    def sample(self, rng: random.Random, setting: Setting) -> str:
        return self._known.joined(rng.choices(list(self.vocabulary), k=rng.randint(1, self.maximum)))

    def extremes(self) -> list[str]:
        words = [self.vocabulary[i % len(self.vocabulary)] for i in range(self.maximum)]
        return [words[0], self._known.joined(words)]

    def html(self, id_: str, value: str, setting: Setting) -> str:
        known = "".join(
            f'<button type="button" class="tl-word" data-word="{escape(word)}">{escape(word)}</button>'
            for word in self.vocabulary[:LISTED]
        )
        typed = 'autocomplete="off" autocapitalize="off" spellcheck="false"'
        help_ = escape(say("words-help", maximum=self.maximum))
        search = ""
        if len(self.vocabulary) > LISTED:
            counts = {"count": len(self.vocabulary), "all": len(self.vocabulary), "shown": LISTED}
            search = (
                f'<input type="search" {typed} aria-label="{escape(say("words-search"))}" '
                f'placeholder="{escape(say("words-search"))}"> '
                f'<output class="tl-found">{escape(say("words-found", **counts))}</output> '
            )
        return f"""<label for="{id_}">{escape(str(self.label))}</label>
<input type="text" id="{id_}" {typed} value="{escape(value)}">
<details class="tl-known"><summary>{help_}</summary>{search}<span{markup.UNTRANSLATED}>{known}</span></details>"""

    def describe(self) -> dict[str, Any]:
        own = {"maximum": self.maximum, "vocabulary": list(self.vocabulary)}
        return super().describe() | own | {"split": self.split, "listed": LISTED}
