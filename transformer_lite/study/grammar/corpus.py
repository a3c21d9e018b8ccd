"""The sentences that a translator learns from, those it is asked about, and their tokens.

Held out is every combination of words whose checksum is a multiple of ten: whoever learns from the other sentences has
met each word, each pattern and each measure word, but never these together. A sentence with such a combination is for
asking only.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from random import Random
from typing import NamedTuple

import torch
from torch import Tensor

from . import lexicon, patterns
from .sentences import Sentence, sentence

PAD = 0
"""The id of padding, in both languages."""
START = 1
"""The id of what a translation begins with."""
END = 2
"""The id of what ends it."""
_SPECIAL = ("<pad>", "<start>", "<end>")


class Corpus(NamedTuple):
    """Sentences to learn from, and sentences that hold combinations which none of the first has."""

    training: tuple[Sentence, ...]
    held_out: tuple[Sentence, ...]


@cache
def draw_corpus(training: int = 36_000, held_out: int = 2_000, *, seed: int = 0) -> Corpus:
    """Draw sentences, each once.

    Args:
        training: how many to learn from.
        held_out: how many to be asked about.
        seed: which.
    """
    random = Random(seed)
    known: dict[tuple[str, ...], Sentence] = {}
    new: dict[tuple[str, ...], Sentence] = {}
    while len(known) < training or len(new) < held_out:
        drawn = sentence(random)
        part, size = (new, held_out) if is_held_out(drawn) else (known, training)
        if len(part) < size:
            part.setdefault(drawn.english, drawn)
    return Corpus(tuple(known.values()), tuple(new.values()))


def is_held_out(sentence: Sentence) -> bool:
    """Whether one of its combinations is held out."""
    return any(zlib.crc32(words.encode()) % 10 == 0 for words in sentence.combinations)


def english_words() -> list[str]:
    """The English vocabulary, a word's place in it being its id; it begins with padding, start and end."""
    words = {"an", "am", "is", "are", "do", "does", *_literals(line.english for line in _lines())}
    words |= {word for noun in lexicon.NOUNS for word in f"{noun.one} {noun.many} {noun.bare}".split()}
    words |= {word for verb in lexicon.VERBS for word in " ".join(verb[1:5]).split()}
    words |= {word for place in lexicon.LOCATIONS for word in place.english.split()}
    words |= {form for one in lexicon.PRONOUNS for form in (one.subject, one.object)}
    for table in (lexicon.DETERMINERS, lexicon.DEMONSTRATIVES, lexicon.ADJECTIVES):
        words |= {row.english for row in table}
    return [*_SPECIAL, *sorted(words - {"-", ""})]


def chinese_words() -> list[str]:
    """The Chinese vocabulary, of the same form."""
    words = {"没有", *_literals(line.chinese for line in _lines())}
    words |= {noun.measure for noun in lexicon.NOUNS} | {
        word for one in lexicon.ADJECTIVES for word in one.before.split()
    }
    tables = (lexicon.NOUNS, lexicon.DETERMINERS, lexicon.PRONOUNS, lexicon.DEMONSTRATIVES)
    for table in (*tables, lexicon.VERBS, lexicon.ADJECTIVES, lexicon.LOCATIONS):
        words |= {word for row in table for word in row.chinese.split()}
    return [*_SPECIAL, *sorted(words - {"-", "M"})]


def _lines() -> Iterator[patterns.Pattern]:
    for table in (patterns.PATTERNS, patterns.INDIRECT, patterns.MODIFIERS):
        for lines in table.values():
            yield from lines


def _literals(sides: Iterable[str]) -> set[str]:
    """What stands for itself in patterns; slots begin with a capital."""
    tokens = {token for side in sides for token in side.split()}
    literal = {token.removesuffix("(s)") for token in tokens if not token[0].isupper()}
    return literal | {token.replace("(s)", "s") for token in tokens if token.endswith("(s)")}


def tokens(sentences: Sequence[Sentence]) -> tuple[Tensor, Tensor]:
    """Ids of the English words ``(n, S)`` and of the Chinese ``(n, T)``, these between start and end; padded."""
    english = {word: id_ for id_, word in enumerate(english_words())}
    chinese = {word: id_ for id_, word in enumerate(chinese_words())}
    source = [torch.tensor([english[word] for word in one.english]) for one in sentences]
    target = [torch.tensor([START, *(chinese[word] for word in one.chinese), END]) for one in sentences]
    pad = torch.nn.utils.rnn.pad_sequence
    return pad(source, batch_first=True, padding_value=PAD), pad(target, batch_first=True, padding_value=PAD)
