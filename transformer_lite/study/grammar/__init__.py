"""A toy grammar that says the same in English and in Chinese, and the corpus that is drawn from it.

Words are in `lexicon`, rules in `patterns`; `sentences` fills the rules with the words, and `corpus` parts what comes
out into sentences to learn from and sentences to be asked about::

    from transformer_lite.study.grammar import draw_corpus

    training, held_out = draw_corpus()
    training[0].english, training[0].chinese
"""

from .corpus import END, PAD, START, Corpus, chinese_words, draw_corpus, english_words, is_held_out, tokens
from .sentences import Sentence, sentence

__all__ = [
    "END",
    "PAD",
    "START",
    "Corpus",
    "Sentence",
    "chinese_words",
    "draw_corpus",
    "english_words",
    "is_held_out",
    "sentence",
    "tokens",
]
