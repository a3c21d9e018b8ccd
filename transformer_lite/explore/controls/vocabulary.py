"""The words that a sentence may have, and how a text is parted into them.

The front end does the same (front/vocabulary.mjs).
"""

import unicodedata
from collections.abc import Sequence

# How many words are suggested in place of one that is not known.
NEAREST = 3
# Marks that keyboards put in by themselves, and those that are meant.
SAME = str.maketrans({"’": "'", "。": "."})


class Vocabulary:
    """Words, compared in lower case and in Unicode's form NFKC: a full-width ？ is a ?; ’ is ', and 。 is a point.

    `split` says how a text is parted: at `"blanks"`; by `"longest"` match, where at each place stands the longest word
    that fits, and blanks only end a word; or into `"characters"`. At blanks, punctuation that is a word of the
    vocabulary is parted from the word that it touches.
    """

    def __init__(self, words: Sequence[str], split: str):
        self.words = list(words)
        self.split = split
        self.ids = {normal(word): i for i, word in enumerate(self.words)}
        self.marks = {word for word in self.ids if len(word) == 1 and unicodedata.category(word)[0] in "PS"}
        self.longest = max(map(len, self.ids))

    def pieces(self, text: str) -> list[str]:
        """The text's words in the form in which they are compared; what is between them is a piece of its own."""
        parts = normal(text).split()
        if self.split == "characters":
            return [character for part in parts for character in part]
        match = self._longest_match if self.split == "longest" else self._without_marks
        return [piece for part in parts for piece in match(part)]

    def _without_marks(self, part: str) -> list[str]:
        if part in self.ids:
            return [part]
        for mark in self.marks:
            part = part.replace(mark, f" {mark} ")
        return part.split()

    def _longest_match(self, part: str) -> list[str]:
        found, unknown, at = [], "", 0
        while at < len(part):
            fits = (part[at : at + n] for n in range(self.longest, 0, -1))
            word = next((piece for piece in fits if piece in self.ids), None)
            if word is None:
                unknown += part[at]
            elif unknown:
                found.append(unknown)
                unknown = ""
            if word is not None:
                found.append(word)
            at += len(word or " ")
        return [*found, unknown] if unknown else found

    def joined(self, words: Sequence[str]) -> str:
        """A text that is parted into these words: without blanks where they are not needed."""
        text = "".join(words)
        return text if self.pieces(text) == list(map(normal, words)) else " ".join(words)

    def nearest(self, piece: str) -> list[str]:
        """The words that are most like a piece which is not known: they share something with it, and little differs."""
        near = []
        for known, i in self.ids.items():
            apart = distance(piece, known)
            if apart < max(len(piece), len(known)):
                near.append((apart, i))
        return [self.words[i] for _, i in sorted(near)[:NEAREST]]


def normal(text: str) -> str:
    """The form in which words are compared."""
    return unicodedata.normalize("NFKC", text).lower().translate(SAME)


def distance(one: str, other: str) -> int:
    """How many characters must be put in, taken out or replaced (Levenshtein, 1966)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row = row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]
