"""The rules of the toy translator: how English and Chinese build the same sentence, as tables.

A sentence is a pattern whose slots are filled on both sides at once. One line shows how the two languages differ::

    S BE Ving O L now   |   S 现在 IN V O            the cat is chasing a dog in the park now
                                                    猫现在在公园里追一只狗
    S, O        subject and object: noun phrases, which determiners and `MODIFIERS` make out of nouns
    V …         a verb and its forms: V chase, Vs chases or chase, Ving chasing, Ved chased
    A           an adjective
    L           a location; Chinese says AT, 在 and the location, or nothing if there is none, and IN, then 在 alone
    N, M        a noun in the plural (N1 in the singular) without a determiner, and its measure word
    C, Q        a sentence inside the sentence, and a question inside it
    BE, DO, (s) agree with the subject: am, is, are; do, does; know, knows

All else stands for itself.
"""

from __future__ import annotations

from typing import NamedTuple


class Pattern(NamedTuple):
    """One line of a table below."""

    kind: str
    english: str
    chinese: str
    subjects: str = ""
    """Which noun phrases may be the subject: groups of determiners, `pronoun`, `modified`, `who`."""
    objects: str = ""
    """The same of the object; `what`, `whom` and `many` where the question asks for it."""


# "The dog" and "dogs" are both 狗: Chinese marks neither. A new thing is counted (一只狗), but not behind a negation or
# in a question. `modified` is a definite noun with a location or a clause.
_GROUPS = {
    "specific": "definite pointed owned pronoun",
    "plain": "definite pointed owned pronoun generic",
    "known": "definite pointed owned pronoun generic modified",
}


def _patterns(text: str) -> list[Pattern]:
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return [Pattern(*row[:3], *map(_spelled_out, row[3:])) for row in rows]


def _spelled_out(groups: str) -> str:
    return " ".join(_GROUPS.get(group, group) for group in groups.split())


_HABIT = _patterns("""
    statement | S Vs O L            | S AT V O         | plain | plain
    statement | S Vs O              | S V O            | known | modified
    statement | S Vs O L every day  | S 每天 AT V O    | plain | plain
    negation  | S DO not V O        | S 不 V O         | known | known
    yes or no | DO S V O            | S V O 吗         | plain | known
    yes or no | DO S V O every day  | S 每天 V O 吗    | plain | plain
    what      | what DO S V         | S V 什么         | known | what
    who       | who DO S V          | S V 谁           | known | whom
    who       | who Vs O            | 谁 V O           | who   | known
    where     | where DO S V O      | S 在 哪里 V O    | plain | plain
    when      | when DO S V O       | S 什么时候 V O   | plain | plain
    why       | why DO S V O        | S 为什么 V O     | known | plain
""")
_NOW = _patterns("""
    statement | S BE Ving O L       | S IN V O         | specific counted | specific counted
    statement | S BE Ving O L now   | S 现在 IN V O    | specific         | specific counted
    statement | S BE Ving O         | S 在 V O         | specific modified | specific counted modified
    negation  | S BE not Ving O     | S 没 在 V O      | specific modified | specific any modified
    yes or no | BE S Ving O L       | S IN V O 吗      | specific | specific any
    yes or no | BE S Ving O         | S 在 V O 吗      | specific modified | specific modified
    what      | what BE S Ving L    | S IN V 什么      | specific | what
    who       | who BE S Ving       | S 在 V 谁        | specific | whom
    who       | who BE Ving O L     | 谁 IN V O        | who      | specific counted
    where     | where BE S Ving O   | S 在 哪里 V O    | specific | specific
    why       | why BE S Ving O     | S 为什么 在 V O  | specific | specific
""")
_PAST = _patterns("""
    statement | S Ved O L           | S AT V 了 O      | specific counted | counted pointed owned
    statement | S Ved O L yesterday | S 昨天 AT V 了 O | specific         | counted pointed owned
    negation  | S did not V O       | S 没 V O         | specific modified | specific any modified
    yes or no | did S V O           | S V O 了 吗      | specific | specific any
    yes or no | did S V O yesterday | S 昨天 V O 了 吗 | specific | specific any
    what      | what did S V        | S V 了 什么      | specific | what
    who       | who did S V         | S V 了 谁        | specific | whom
    who       | who Ved O           | 谁 V 了 O        | who      | counted pointed owned
    how many  | how many N did S V  | S V 了 几 M N    | specific | many
""")
_WISH = _patterns("""
    statement | S want(s) to V O    | S 想 V O         | specific | specific counted
    negation  | S DO not want to V O | S 不 想 V O     | specific | specific any
    yes or no | DO S want to V O    | S 想 V O 吗      | specific | specific any
    what      | what DO S want to V | S 想 V 什么      | specific | what
    who       | who DO S want to V  | S 想 V 谁        | specific | whom
""")
_SKILL = _patterns("""
    statement | S can V O           | S 会 V O         | known
    negation  | S cannot V O        | S 不 会 V O      | known
    yes or no | can S V O           | S 会 V O 吗      | known
    who       | who can V           | 谁 会 V          | who
""")
_FEELING = _patterns("""
    statement | S Vs O              | S V O            | known | pointed owned pronoun generic modified
    negation  | S DO not V O        | S 不 V O         | known | pointed owned pronoun generic modified
    yes or no | DO S V O            | S V O 吗         | known | pointed owned pronoun generic modified
    what      | what DO S V         | S V 什么         | known | what
    who       | who DO S V          | S V 谁           | known | whom
    who       | who Vs O            | 谁 V O           | who   | pointed owned pronoun generic modified
    why       | why DO S V O        | S 为什么 V O     | known | pointed owned pronoun generic
""")
_HAVING = _patterns("""
    statement | S Vs O              | S V O            | known | counted
    negation  | S DO not V O        | S 不 V O         | known | any generic
    yes or no | DO S V O            | S V O 吗         | known | any generic
    what      | what DO S V         | S V 什么         | known | what
    who       | who Vs O            | 谁 V O           | who   | counted
    how many  | how many N DO S V   | S V 几 M N       | known | many
""")
_QUALITY = _patterns("""
    statement | S BE A              | S 很 A           | known
    statement | S BE very A         | S 非常 A         | known
    negation  | S BE not A          | S 不 A           | known
    yes or no | BE S A              | S A 吗           | known
    who       | who BE A            | 谁 很 A          | who
""")
_COLOUR = _patterns("""
    statement | S BE A              | S 是 A 的        | definite pointed owned modified
    negation  | S BE not A          | S 不 是 A 的     | definite pointed owned modified
    yes or no | BE S A              | S 是 A 的 吗     | definite pointed owned modified
""")
_PLACE = _patterns("""
    statement | S BE L              | S 在 L           | specific
    negation  | S BE not L          | S 不 在 L        | specific
    yes or no | BE S L              | S 在 L 吗        | specific
    where     | where BE S          | S 在 哪里        | specific modified
""")
_THERE = _patterns("""
    statement | there BE S L        | L 有 S           | counted
    yes or no | BE there S L        | L 有 S 吗        | any
    how many  | how many N are L    | L 有 几 M N      |           | many
    what      | what is L           | L 有 什么        |           | what
    who       | who BE L            | 谁 在 L          | who
""")
_ROLE = _patterns("""
    statement | S BE O              | S 是 O           | specific  | any generic
    statement | S BE O              | S 是 O           | pronoun   | owned
    negation  | S BE not O          | S 不 是 O        | specific  | any generic
    negation  | S BE not O          | S 不 是 O        | pronoun   | owned
    yes or no | BE S O              | S 是 O 吗        | specific  | any generic owned
    who       | who BE O            | 谁 是 O          | who       | any
    who       | who BE S            | S 是 谁          | specific modified
""")
_THING = _patterns("""
    statement | S BE O              | S 是 O           | this      | counted owned
    statement | S BE O              | S 是 O           | these     | generic owned
    negation  | S BE not O          | S 不 是 O        | this      | any owned
    negation  | S BE not O          | S 不 是 O        | these     | generic owned
    yes or no | BE S O              | S 是 O 吗        | this      | any owned
    yes or no | BE S O              | S 是 O 吗        | these     | generic owned
    what      | what BE S           | S 是 什么        | this these | what
    whose     | whose N1 BE S       | S 是 谁 的 N     | this      | many
    whose     | whose N BE S        | S 是 谁 的 N     | these     | many
""")
_SPEECH = _patterns("""
    clause    | S think(s) that C   | S 觉得 C         | specific
    clause    | S say(s) that C     | S 说 C           | specific
    clause    | S know(s) that C    | S 知道 C         | specific
    clause    | S know(s) Q         | S 知道 Q         | specific
    clause    | S DO not know Q     | S 不 知道 Q      | specific
    yes or no | DO S know Q         | S 知道 Q 吗      | specific
""")
PATTERNS = {
    "action": _HABIT + _NOW + _PAST + _WISH,
    "ongoing": _NOW + _WISH,
    "skill": _HABIT + _NOW + _PAST + _WISH + _SKILL + _SKILL,
    "feeling": _FEELING,
    "having": _HAVING,
    "quality": _QUALITY,
    "colour": _COLOUR,
    "place": _PLACE,
    "there": _THERE,
    "role": _ROLE,
    "thing": _THING,
    "speech": _SPEECH,
}

# A question inside a sentence has the order of a statement in English, and its own in Chinese: 我知道她是谁.
INDIRECT = {
    "action": _patterns("""
        indirect | what S Vs          | S V 什么       | specific | what
        indirect | what S BE Ving     | S 在 V 什么    | specific | what
        indirect | who S BE Ving      | S 在 V 谁      | specific | whom
        indirect | where S BE Ving O  | S 在 哪里 V O  | specific | specific
        indirect | why S BE Ving O    | S 为什么 在 V O | specific | specific
        indirect | who BE Ving O      | 谁 在 V O      | who      | specific
    """),
    "feeling": _patterns("""
        indirect | what S Vs          | S V 什么       | specific | what
        indirect | who S Vs           | S V 谁         | specific | whom
    """),
    "place": _patterns("indirect | where S BE | S 在 哪里 | specific"),
    "role": _patterns("indirect | who S BE | S 是 谁 | specific"),
    "thing": _patterns("indirect | what S BE | S 是 什么 | this these | what"),
}

# What English says behind a noun, Chinese says before it, with 的. REL is "who" for people, and "that".
MODIFIERS = {
    "action": _patterns("""
        of the subject | N REL BE Ving O | 正在 V O 的 N |                 | definite pointed owned
        of the subject | N REL Vs O      | V O 的 N    |                 | generic
        of the object  | N that S BE Ving | S 正在 V 的 N | specific
        of the object  | N that S Ved    | S V 的 N    | specific
    """),
    "feeling": _patterns("""
        of the subject | N REL Vs O      | V O 的 N    |                 | pointed owned pronoun generic
        of the object  | N that S Vs     | S V 的 N    | specific
    """),
    "having": _patterns("""
        of the subject | N REL Vs O      | V O 的 N    |                 | generic
    """),
    "spot": _patterns("of the place | N L | L 的 N"),
}
