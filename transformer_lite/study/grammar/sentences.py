"""Sentences of the toy grammar: patterns filled with words, in both languages at once.

Nothing but the random generator that is handed in decides what is said, and an English sentence has one translation.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from random import Random
from typing import Literal, NamedTuple

from .lexicon import (
    ADJECTIVES,
    DEMONSTRATIVES,
    DETERMINERS,
    LOCATIONS,
    NOUNS,
    PRONOUNS,
    VERBS,
    Adjective,
    Determiner,
    Location,
    Noun,
)
from .patterns import INDIRECT, MODIFIERS, PATTERNS, Pattern


class Sentence(NamedTuple):
    """The same in both languages."""

    english: tuple[str, ...]
    chinese: tuple[str, ...]
    kind: str
    """What sort of sentence: `statement`, `negation`, `yes or no`, `who`, ..."""
    combinations: frozenset[str]
    """What it puts together: subject, verb and object (`cat chase dog`), number and noun (`three book`), ..."""


class _Phrase(NamedTuple):
    """A part of a sentence."""

    english: str = ""
    chinese: str = ""
    word: str = ""  # what stands for it in combinations: "dog", of "the dog that she likes"
    combinations: frozenset[str] = frozenset()
    be: str = "is"  # what agrees with it
    who: str = ""  # whom a pronoun means
    noun: Noun | None = None  # where it stands without a determiner


_NOTHING = _Phrase()


class _Core(NamedTuple):
    """What a sentence says of its subject (a verb, an adjective, a location), and which kinds of nouns go with it."""

    word: str
    subjects: str
    objects: str = ""
    english: Mapping[str, str] = {}
    chinese: Mapping[str, str] = {}
    locations: tuple[Location, ...] = ()


# How often a sentence is of each frame.
_WEIGHTS = {
    "action": 10, "ongoing": 2, "skill": 2, "feeling": 3, "having": 3, "quality": 3, "colour": 1,
    "place": 2, "there": 2, "role": 2, "thing": 2, "speech": 4,
}  # fmt: skip

# What can be a whole sentence, what can stand behind "that", and what is a question inside a sentence.
_TABLES = {
    "whole": PATTERNS,
    "told": {
        frame: [pattern for pattern in patterns if pattern.kind in ("statement", "negation", "clause")]
        for frame, patterns in PATTERNS.items()
    },
    "asked": INDIRECT,
}


def sentence(random: Random, *, depth: int = 1) -> Sentence:
    """One sentence.

    Args:
        random: decides everything.
        depth: how many clauses may stand inside one another, beneath the main one.
    """
    while True:
        kind, said = _clause(random, "whole", depth)
        english, chinese = said.english.split(), said.chinese.split()
        if not _stammers(english) and not _stammers(chinese):
            break
    for i, following in enumerate(english[1:]):
        if english[i] == "a" and following[0] in "aeiou":
            english[i] = "an"
    return Sentence(tuple(english), tuple(chinese), kind, said.combinations)


def _stammers(words: list[str]) -> bool:
    """Whether a word stands twice in a row, as in "I know that that is my book"."""
    return any(first == second for first, second in pairwise(words))


def _clause(random: Random, table: str, depth: int) -> tuple[str, _Phrase]:
    """A sentence, or one inside another: its kind, and what is said."""
    frames = [frame for frame in _TABLES[table] if frame != "speech" or depth > 0]
    (frame,) = random.choices(frames, [_WEIGHTS[frame] for frame in frames])
    core, patterns = random.choice(_sayings(table, frame))
    pattern = random.choice(patterns)
    described = frame not in ("quality", "colour")  # "the big cat is small" would be odd
    subject = _noun_phrase(random, core.subjects, pattern.subjects, depth, described=described)
    be = "" if core.word != "be" else "is" if subject.word == "you" or subject.be != "are" else "are"
    object_ = _noun_phrase(random, core.objects, pattern.objects, depth, case="object", beside=subject, be=be)
    return pattern.kind, _fill(random, pattern, core, subject, object_, depth)


@cache
def _sayings(table: str, frame: str) -> list[tuple[_Core, list[Pattern]]]:
    """What a sentence of a frame can be about, each with the patterns that fit it."""
    patterns = _TABLES[table][frame]
    return [(core, [pattern for pattern in patterns if _fits(pattern, core)]) for core in _cores(frame)]


@cache
def _cores(frame: str) -> list[_Core]:
    if frame in ("quality", "colour"):
        return [
            _Core(word.english, word.kinds, english={"A": word.english}, chinese={"A": word.chinese})
            for word in ADJECTIVES
            if word.frame == frame
        ]
    if frame in ("place", "there", "spot"):
        groups = {"place": ("spot", "place", "at"), "there": ("spot", "place"), "spot": ("spot",)}[frame]
        return [
            _Core(place.english, place.kinds, place.kinds, locations=(place,))
            for place in LOCATIONS
            if place.group in groups
        ]
    if frame == "role":
        return [_Core("be", "person", "role")]
    if frame == "thing":
        return [_Core("be", "", "animal food thing car")]
    if frame == "speech":
        return [_Core("", "person")]
    return [
        _Core(
            verb.base,
            verb.subjects,
            verb.objects,
            {"V": verb.base, "third": verb.third, "Ving": verb.ing, "Ved": verb.past},
            {"V": verb.chinese},
            tuple(place for place in LOCATIONS if place.english in verb.places.split(", ")),
        )
        for verb in VERBS
        if verb.frame == frame
    ]


def _fits(pattern: Pattern, core: _Core) -> bool:
    """Whether the words have the forms and the objects that the pattern needs."""
    subjects, objects = set(pattern.subjects.split()), set(pattern.objects.split())
    return (
        all(core.english.get(form) != "-" for form in pattern.english.split())
        and not (subjects == {"who"} and not _personal(core.subjects))
        and not (objects == {"whom"} and not _personal(core.objects))
        and not (objects == {"what"} and core.objects in ("", "person"))
        and not (objects in ({"many"}, {"modified"}) and not core.objects)
    )


def _fill(
    random: Random, pattern: Pattern, core: _Core, subject: _Phrase, object_: _Phrase, depth: int
) -> _Phrase:
    """Put everything into the slots of a pattern."""
    third, slots = subject.be == "is", pattern.english.split()
    inner = _NOTHING
    if "C" in slots or "Q" in slots:
        _, inner = _clause(random, "told" if "C" in slots else "asked", depth - 1)
    must = not core.english  # a verb needs no location
    where = random.choice(core.locations) if core.locations and (must or random.random() < 0.6) else None

    english = {"S": subject.english, "O": object_.english, "C": inner.english, "Q": inner.english}
    english |= core.english
    english |= {"BE": subject.be, "DO": "does" if third else "do"}
    english |= {"Vs": core.english.get("third" if third else "V", ""), "L": where.english if where else ""}
    chinese = {"S": subject.chinese, "O": object_.chinese, "C": inner.chinese, "Q": inner.chinese}
    chinese |= core.chinese
    chinese |= {"L": where.chinese, "AT": f"在 {where.chinese}"} if where else {"L": "", "AT": ""}
    chinese["IN"] = chinese["AT"] or "在"
    bare = object_ if object_.noun else subject
    if bare.noun:
        person = "person" in bare.noun.kinds
        english |= {"N": bare.english, "N1": bare.noun.one, "REL": "who" if person else "that"}
        chinese |= {"N": bare.chinese, "M": bare.noun.measure}
    word = "where" if must and where and "L" not in slots else core.word  # where it is, is not said
    together = f"{subject.word} {word} {object_.word}".strip()
    combinations = subject.combinations | object_.combinations | inner.combinations
    return _Phrase(
        _put(pattern.english.replace("(s)", "s" if third else ""), english),
        _put(pattern.chinese, chinese).replace("不 有", "没有").replace("没 有", "没有"),
        combinations=combinations | {together} if core.word else combinations,
    )


def _put(pattern: str, slots: Mapping[str, str]) -> str:
    return " ".join(filled for token in pattern.split() if (filled := slots.get(token, token)))


def _noun_phrase(
    random: Random,
    kinds: str,
    groups: str,
    depth: int,
    *,
    case: Literal["subject", "object"] = "subject",
    beside: _Phrase = _NOTHING,
    be: str = "",
    described: bool = True,
) -> _Phrase:
    """A subject or an object, which is not what stands beside it."""
    possible = [
        group
        for group in groups.split()
        if group in ("who", "whom", "what", "this", "these")
        or (_personal(kinds) if group == "pronoun" else _possible(kinds, group, be))
    ]
    if not possible:
        return _NOTHING
    group = random.choice(possible)
    if group in ("who", "whom", "what"):
        return _Phrase("who", "谁", "who") if group == "who" else _Phrase(word=group)
    if group in ("this", "these"):
        chosen = random.choice([word for word in DEMONSTRATIVES if word.group == group])
        return _Phrase(chosen.english, chosen.chinese, chosen.english, be="is" if group == "this" else "are")
    if group == "pronoun":
        one = random.choice([one for one in PRONOUNS if one.who != beside.who])
        return _Phrase(getattr(one, case), one.chinese, one.subject, be=one.be, who=one.who)
    noun, determiner = random.choice(_possible(kinds, group, be))
    while noun.word == beside.word:
        noun, determiner = random.choice(_possible(kinds, group, be))
    if group == "many":
        return _Phrase(noun.many, noun.chinese, noun.word, noun=noun)
    phrase = _plain(noun, determiner)
    if described:
        phrase = _with_adjective(random, phrase, noun, short=group == "modified")
    if group == "modified":
        phrase = _modified(random, phrase, noun, depth)
    before = determiner.chinese.replace("M", noun.measure)
    if "kin" in noun.kinds.split() or " 的 " in phrase.chinese:
        before = before.removesuffix(" 的")  # 我妈妈, 我漂亮的猫
    counted = {f"{determiner.english} {noun.word}"} if determiner.group == "counted" else set()
    return phrase._replace(
        english=f"{determiner.english} {phrase.english}",
        chinese=f"{before} {phrase.chinese}",
        combinations=phrase.combinations | counted,
        noun=None,
    )


@cache
def _possible(kinds: str, group: str, be: str) -> tuple[tuple[Noun, Determiner], ...]:
    """Which nouns of these kinds may stand behind which determiners of a group."""
    return tuple(
        (noun, determiner)
        for noun in NOUNS
        for determiner in DETERMINERS
        if not set(kinds.split()).isdisjoint(noun.kinds.split())
        and determiner.group == {"modified": "definite", "many": "counted"}.get(group, group)
        and determiner.group in noun.determiners.split()
        and getattr(noun, determiner.form) != "-"
        and not (noun.is_mass and determiner.form != "bare" and "M" not in determiner.chinese)
        and be in ("", _be(noun, determiner))
    )


def _be(noun: Noun, determiner: Determiner) -> str:
    return "is" if determiner.form == "one" or (determiner.form == "bare" and noun.is_mass) else "are"


def _plain(noun: Noun, determiner: Determiner) -> _Phrase:
    """A noun in the form that its determiner asks for."""
    english = getattr(noun, determiner.form)
    return _Phrase(english, noun.chinese, noun.word, be=_be(noun, determiner), noun=noun)


def _with_adjective(random: Random, phrase: _Phrase, noun: Noun, *, short: bool) -> _Phrase:
    """The same, with an adjective sometimes: a short one, without 的, where another 的 stands before it."""
    fitting = _adjectives(noun, short)
    if noun.is_mass or not fitting or random.random() > 0.2:
        return phrase
    word = random.choice(fitting)
    return phrase._replace(
        english=f"{word.english} {phrase.english}",
        chinese=f"{word.before} {phrase.chinese}",
        combinations=frozenset({f"{noun.word} {word.english}"}),
    )


@cache
def _adjectives(noun: Noun, short: bool) -> list[Adjective]:
    return [
        word
        for word in ADJECTIVES
        if word.before != "-"
        and not set(word.kinds.split()).isdisjoint(noun.kinds.split())
        and not (short and " 的" in word.before)
    ]


def _modified(random: Random, phrase: _Phrase, noun: Noun, depth: int) -> _Phrase:
    """A noun with a location or a clause behind it, which Chinese says before it."""
    pattern, core = random.choice(_modifiers(noun, depth > 0 and random.random() < 0.8))
    subject = object_ = phrase
    if pattern.kind == "of the object":
        subject = _noun_phrase(random, core.subjects, pattern.subjects, 0, beside=phrase, described=False)
    else:
        object_ = _noun_phrase(
            random, core.objects, pattern.objects, 0, case="object", beside=phrase, described=False
        )
    filled = _fill(random, pattern, core, subject, object_, depth - 1)
    combinations = phrase.combinations | filled.combinations
    return phrase._replace(english=filled.english, chinese=filled.chinese, combinations=combinations)


@cache
def _modifiers(noun: Noun, clause: bool) -> list[tuple[Pattern, _Core]]:
    """What can be said of a noun behind it: a clause, or a location."""
    return [
        (pattern, core)
        for frame, patterns in MODIFIERS.items()
        if (frame != "spot") == clause
        for pattern in patterns
        for core in _cores(frame)
        if _fits(pattern, core)
        and not set(noun.kinds.split()).isdisjoint(
            (core.objects if pattern.kind == "of the object" else core.subjects).split()
        )
    ]


def _personal(kinds: str) -> bool:
    return not {"person", "somebody"}.isdisjoint(kinds.split())
