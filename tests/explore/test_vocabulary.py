"""How a sentence is parted into words, in Python and in the browser."""

import re

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from transformer_lite.explore import Words
from transformer_lite.explore.controls.vocabulary import distance

CHINESE = ["小", "小猫", "小猫们", "猫", "追", "狗", "？", "。", "GPT", "喜欢"]
ENGLISH = ["who", "am", "I", "don't", "?", ",", "[pad]", "<b>"]
DIGITS = [*"0123456789", "+", "="]
SPLITS = {"longest": CHINESE, "blanks": ENGLISH, "characters": DIGITS}


def made(split, vocabulary=None, value=None, maximum=40):
    vocabulary = vocabulary or SPLITS[split]
    control = Words(value or vocabulary[0], vocabulary=vocabulary, split=split, maximum=maximum, label="Text")
    control.prepare("text")
    return control


@pytest.mark.parametrize(
    ("split", "text", "words"),
    [
        ("longest", "猫追狗", "猫 追 狗"),
        ("longest", "小猫追小狗", "小猫 追 小 狗"),
        ("longest", " 小猫们 \u3000喜欢ｇｐｔ?｡", "小猫们 喜欢 GPT ？ 。"),
        ("longest", "猫.", "猫 。"),
        ("longest", "小 猫", "小 猫"),  # a blank ends a word
        ("blanks", "who am i?", "who am I ?"),
        ("blanks", "WHO,am，I ？ ?", "who , am , I ? ?"),
        ("blanks", "don’t [PAD] <b>", "don't [pad] <b>"),
        ("characters", "１2 + 3=", "1 2 + 3 ="),
    ],
)
def test_a_text_becomes_the_words_of_the_vocabulary(split, text, words):
    control = made(split)
    assert control.labels(control.check(text)) == words.split()
    assert control.encode(text).tolist() == [SPLITS[split].index(word) for word in words.split()]
    assert control.encode(text).dtype == torch.int64


@pytest.mark.parametrize(
    ("split", "text", "unknown"),
    [
        ("longest", "猫飞飞狗，猫们", "飞飞, ,, 们"),
        ("longest", "小鸟", "鸟"),
        ("blanks", "who is? [am]", "is, [am]"),
        ("characters", "1-23a", "-, a"),
    ],
)
def test_what_is_not_known_is_named_piece_by_piece(split, text, unknown):
    with pytest.raises(ValueError, match=re.escape(f"Not known here: {unknown}.")):
        made(split).check(text)


@given(st.lists(st.sampled_from(["a", "ab", "abc", "cd", "b", "小", "小猫", "猫"]), min_size=1, max_size=6))
def test_every_sequence_of_words_can_be_written(words):
    control = made("longest", ["a", "ab", "abc", "cd", "b", "小", "小猫", "猫"])
    assert control.labels(control.check(control._known.joined(words))) == words


@given(st.text("小猫们追狗 ab", max_size=12))
def test_the_longest_word_is_matched_as_by_a_regular_expression(text):
    vocabulary = ["小", "小猫", "小猫们", "追", "狗", "ab", "b"]
    longest_first = "|".join(sorted(vocabulary, key=len, reverse=True))
    wanted = [
        word or other for word, other in re.findall(rf"({longest_first})|((?:(?!{longest_first})\S)+)", text)
    ]
    assert made("longest", vocabulary)._known.pieces(text) == wanted


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("小猫", "猫", 1), ("flaw", "lawn", 2), ("same", "same", 0)],
)
def test_words_differ_by_as_many_characters_as_are_known_to(one, other, apart):
    assert distance(one, other) == distance(other, one) == apart


NUMBERED = [f"word{i}" for i in range(90)] + ["cat", "car", "cart"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "cas",
            "Not known here: cas. Near to that: cat, car, cart. 93 words are known",
        ),
        ("飞", "Not known here: 飞. 93 words are known"),
        ("", "Type at least one word. 93 words are known here"),
    ],
)
def test_of_many_words_few_are_named(text, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        made("blanks", NUMBERED).check(text)


def test_of_many_words_few_are_buttons():
    html = made("blanks", NUMBERED).html("id", "cat", None)
    assert html.count("tl-word") == 60
    assert 'type="search"' in html
    assert 'type="search"' not in made("blanks", NUMBERED[:60]).html("id", "word1", None)


@pytest.mark.parametrize(
    ("split", "vocabulary", "reason"),
    [
        ("words", ["a"], "split is 'blanks', 'longest' or 'characters', got 'words'"),
        ("characters", ["1", "12"], "'12' is not one character"),
        ("longest", ["？", "?"], "holds \\? more than once"),
        ("blanks", [], "the vocabulary is empty"),
    ],
)
def test_unusable_vocabularies_are_refused(split, vocabulary, reason):
    with pytest.raises(ValueError, match=reason):
        Words("a", vocabulary=vocabulary, split=split).prepare("text")


# -- the same in the browser ---------------------------------------------------------------------------------------

STRANGE = ["飞", "ＷＨＯ", "ΣΑΣ", "’", " ", "\u3000", "\x85", "ﬁ", "e\u0301", "😀"]

texts = st.one_of(
    st.lists(
        st.sampled_from(
            [
                *CHINESE,
                *ENGLISH,
                *DIGITS,
                "飞",
                "ＷＨＯ",
                "ΣΑΣ",
                "’",
                " ",
                "\u3000",
                "\x85",
                "ﬁ",
                "e\u0301",
                "😀",
            ]
        )
    ).map("".join),
    st.text(st.characters(exclude_categories=["Cs", "Cn", "Cc", "Co"]), max_size=8),
)


@settings(max_examples=8, phases=[Phase.generate])
@given(tried=st.lists(texts, min_size=40, max_size=80))
def test_texts_are_parted_alike_in_the_browser(node, tried):
    controls = [made(split) for split in SPLITS] + [
        made("blanks", NUMBERED),
        made("longest", [*NUMBERED, *CHINESE]),
    ]
    told = node(
        """const { vocabularyOf } = await front("vocabulary.mjs");
        const { CONTROLS: { words } } = await front("controls.mjs");
        const answer = (control, text) => {
          try { words.check(control, text); } catch ({ message }) { return message; }
          return words.labels(control, text);
        };
        return data.controls.map((control) => data.tried.map((text) =>
          [vocabularyOf(control).pieces(text), vocabularyOf(control).nearest(text), answer(control, text)]));""",
        {"controls": [control.describe() for control in controls], "tried": tried},
    )
    for control, answers in zip(controls, told, strict=True):
        for text, (pieces, nearest, answer) in zip(tried, answers, strict=True):
            assert pieces == control._known.pieces(text), (control.split, text)
            assert nearest == control._known.nearest(text)
            try:
                wanted = control.labels(control.check(text))
            except ValueError as refusal:
                wanted = str(refusal)
            assert answer == wanted, (control.split, text)


def test_a_button_puts_a_blank_only_where_it_is_needed(node):
    asked = [
        ("longest", "猫追", "狗", "猫追狗"),
        ("longest", "", "狗", "狗"),
        ("longest", "小", "猫", "小 猫"),
        ("longest", "飞", "猫", "飞猫"),
        ("blanks", "who ", "am", "who am"),
        ("blanks", "who", "?", "who ?"),
        ("characters", "12", "+", "12+"),
    ]
    told = node(
        """const { vocabularyOf } = await front("vocabulary.mjs");
        return data.map(([control, text, word]) => vocabularyOf(control).appended(text, word));""",
        [[made(split).describe(), text, word] for split, text, word, _ in asked],
    )
    assert told == [wanted for *_, wanted in asked]


def test_a_word_is_unfinished_while_others_begin_with_it(node):
    asked = [
        ("longest", ["小猫", "追"], "追小", True),
        ("longest", ["小猫", "追"], "追小 ", False),
        ("longest", ["小猫", "追"], "追飞", False),
        ("longest", ["小", "小猫"], "小", False),  # a word already
        ("blanks", ["the", "cat"], "the C", True),
        ("blanks", ["the", "cat"], "", False),
    ]
    told = node(
        """const { vocabularyOf } = await front("vocabulary.mjs");
        return data.map(([control, text]) => vocabularyOf(control).unfinished(text));""",
        [[made(split, words).describe(), text] for split, words, text, _ in asked],
    )
    assert told == [wanted for *_, wanted in asked]
