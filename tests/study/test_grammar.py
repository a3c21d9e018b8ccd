"""The toy grammar, checked by rules that were written apart from it, and the parting into what is learnt and asked."""

import itertools
import re
from random import Random

import pytest

from transformer_lite.study.grammar import (
    END,
    PAD,
    START,
    chinese_words,
    draw_corpus,
    english_words,
    is_held_out,
    sentence,
    tokens,
)


@pytest.fixture(scope="module")
def corpus():
    return draw_corpus()


@pytest.fixture(scope="module")
def pairs(corpus):
    return {" ".join(one.english): " ".join(one.chinese) for one in [*corpus.training, *corpus.held_out]}


@pytest.fixture(scope="module")
def nested():
    """Sentences with more clauses inside one another than the corpus has."""
    random = Random(1)
    return [sentence(random, depth=3) for _ in range(1000)]


# -- what is learnt and what is asked ----------------------------------------------------------------------


def test_sizes_and_no_sentence_twice(corpus, pairs):
    assert (len(corpus.training), len(corpus.held_out)) == (36_000, 2_000)
    assert len(pairs) == 38_000


def test_every_held_out_sentence_has_a_combination_that_training_never_has(corpus):
    seen = frozenset().union(*(one.combinations for one in corpus.training))
    assert all(one.combinations - seen for one in corpus.held_out)


def test_no_held_out_words_stand_together_in_training(corpus):
    # Read off the words themselves: numbers and their nouns, as in "three [black] books".
    def counted(sentences):
        numbers = r"\b(two|three|four|five|ten)(?: \w+)*? (\w+s|people|children|fish)\b"
        return {found.groups() for one in sentences for found in re.finditer(numbers, " ".join(one.english))}

    only = {
        tuple(words.split())
        for one in corpus.held_out
        for words in one.combinations
        if is_held_out(one._replace(combinations={words}))
    }
    held_out = {
        words for words in only if len(words) == 2 and words[0] in ("two", "three", "four", "five", "ten")
    }
    assert len(held_out) >= 5
    nouns = {"person": "people", "child": "children", "fish": "fish"}
    for number, noun in held_out - {words for words in held_out if words[1] in ("tea", "milk", "water")}:
        assert (number, nouns.get(noun, noun + "s")) not in counted(corpus.training)
        assert (number, nouns.get(noun, noun + "s")) in counted(corpus.held_out)


def test_training_has_each_word_and_kind(corpus):
    training = corpus.training
    assert {word for one in training for word in one.english} == set(english_words()[3:])
    assert {word for one in training for word in one.chinese} == set(chinese_words()[3:])
    assert {one.kind for one in corpus.held_out} <= {one.kind for one in training}


def test_a_seed_decides_everything():
    first = draw_corpus(50, 5)
    assert first == draw_corpus(50, 5)
    assert first != draw_corpus(50, 5, seed=1)


def test_tokens_are_ids_between_start_and_end(corpus):
    some = corpus.training[:20]
    source, target = tokens(some)
    for one, english, chinese in zip(some, source.tolist(), target.tolist(), strict=True):
        assert tuple(english_words()[i] for i in english if i != PAD) == one.english
        said = chinese[: chinese.index(END) + 1]
        assert said[0] == START and set(chinese[len(said) :]) <= {PAD}
        assert tuple(chinese_words()[i] for i in said[1:-1]) == one.chinese


# -- English -----------------------------------------------------------------------------------------------

COUNTS = "two|three|four|five|ten"
ADJECTIVES = "big|small|new|old|beautiful|clever|young|black|white|red"
DETERMINERS = f"the|a|an|my|your|his|her|this|that|these|those|{COUNTS}"


def is_plural(noun):
    """From its form; None of fish, which have one form."""
    return None if noun == "fish" else noun.endswith("s") or noun in ("people", "children")


def test_a_question_agrees_with_its_subject(pairs):
    question = re.compile(
        rf"(?:(?:what|where|when|why) )?(do|does|is|are) (?:(?:{DETERMINERS}|{ADJECTIVES}) )*(\w+)"
    )
    asked = 0
    for english in pairs:
        found = question.match(english)
        if not found or found[2] == "there" or found[2] in DETERMINERS.split("|"):
            continue
        plural = found[2] in ("i", "you", "we", "they") or is_plural(found[2])
        if plural is not None:
            assert plural == (found[1] in ("do", "are")), english
            asked += 1
    assert asked > 5000


def test_forms_agree_with_the_pronoun_before_them(pairs):
    thirds = {
        "chases",
        "eats",
        "drinks",
        "reads",
        "buys",
        "draws",
        "helps",
        "sleeps",
        "works",
        "swims",
        "sings",
    }
    thirds |= {"plays", "likes", "knows", "has", "wants", "thinks", "says", "is", "does"}
    plain = {
        "chase",
        "eat",
        "drink",
        "read",
        "buy",
        "draw",
        "help",
        "sleep",
        "work",
        "swim",
        "sing",
        "play",
        "like",
    }
    plain |= {"know", "have", "want", "think", "say", "are", "do", "am"}
    asked = 0
    for english in pairs:
        words = english.split()
        assert ("am" not in words) or "i" in words
        if words[0] in ("i", "you", "we", "they") and words[1] in thirds | plain:
            assert words[1] in plain, english
            assert (words[1] == "am") <= (words[0] == "i"), english
            assert (words[1] == "are") <= (words[0] != "i"), english
            asked += 1
        elif words[0] in ("he", "she") and words[1] in thirds | plain:
            assert words[1] in thirds, english
            asked += 1
    assert asked > 1500


def test_determiners_agree_with_their_nouns_and_a_with_its_sound(pairs, nested):
    many = rf"these|those|{COUNTS}"
    noun = re.compile(rf"\b(a|an|this|{many}) (?:(?:{ADJECTIVES}) )*(\w+)")
    asked = 0
    for english in [*pairs, *(" ".join(one.english) for one in nested)]:
        assert not re.search(r"\ba [aeiou]|\ban [^aeiou]|\b(\w+) \1\b", english), english
        for determiner, word in noun.findall(english):
            # "What this is", "are those my books": what follows is no noun.
            if word not in ("is", "are", *DETERMINERS.split("|")) and is_plural(word) is not None:
                assert is_plural(word) == (determiner in many.split("|")), english
                asked += 1
    assert asked > 9000


# -- Chinese -----------------------------------------------------------------------------------------------


def test_one_english_sentence_has_one_translation():
    random, said = Random(2), {}
    for one in (sentence(random, depth=0) for _ in range(5_000)):
        # The same combinations, too, or it might be learnt from and asked about.
        assert said.setdefault(one.english, one) == one
    assert len(said) < 4_600  # many were said twice


def test_chinese_is_read_back_by_longest_match(pairs, nested):
    words = set(chinese_words()[3:])
    for chinese in [*pairs.values(), *(" ".join(one.chinese) for one in nested)]:
        text, found = chinese.replace(" ", ""), []
        while text:
            found.append(next(text[:n] for n in range(4, 0, -1) if text[:n] in words))
            text = text[len(found[-1]) :]
        assert " ".join(found) == chinese


MEASURES = {
    "个": "学生 老师 医生 朋友 男孩 女孩 孩子 人 苹果 鸡蛋",
    "只": "猫 狗 鸟",
    "匹": "马",
    "条": "鱼",
    "杯": "茶",
    "瓶": "牛奶 水",
    "本": "书",
    "份": "报纸",
    "支": "笔",
    "顶": "帽子",
    "辆": "车",
}


def test_chinese_counts_by_the_noun_s_own_measure_word(pairs):
    own = {noun: measure for measure, nouns in MEASURES.items() for noun in nouns.split()}
    asked = 0
    for chinese in pairs.values():
        words = chinese.split()
        for place, (number, measure) in enumerate(itertools.pairwise(words)):
            if number in "一两三四五十几这那" and measure in MEASURES:
                noun = next(word for word in words[place + 2 :] if word in own)
                assert own[noun] == measure, chinese
                asked += 1
            assert number not in "一两三四五十几" or measure in MEASURES, chinese
    assert asked > 7000


def test_chinese_says_no_plural_and_negates_having_in_its_own_way(pairs):
    for chinese in pairs.values():
        assert not re.search(r"(学生|老师|孩子|朋友)们|不 有|没 有|(?<!现)在 在", chinese)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("who am i", "我 是 谁"),
        ("who are you", "你 是 谁"),
        ("where is the cat", "猫 在 哪里"),
        ("are you a teacher", "你 是 老师 吗"),
        ("they are not doctors", "他们 不 是 医生"),
        ("he does not have a car", "他 没有 车"),
        ("you did not swim", "你 没 游泳"),
        ("whose books are these", "这些 是 谁 的 书"),
        ("there are two cats on the table", "桌子 上 有 两 只 猫"),
        ("we read the book that she is reading", "我们 看 她 正在 看 的 书"),
        ("who likes the book that my students bought", "谁 喜欢 我 的 学生 买 的 书"),
    ],
)
def test_some_sentences_as_a_teacher_would_say_them(english, chinese, pairs):
    assert pairs[english] == chinese


def test_a_yes_or_no_question_is_a_whole_sentence(corpus, nested):
    asking = ("am", "is", "are", "do", "does", "did", "can")
    for one in [*corpus.training, *corpus.held_out, *nested]:
        assert (one.chinese[-1] == "吗") == (one.english[0] in asking), one
        assert "吗" not in one.chinese[:-1], one


def test_what_stands_behind_an_english_noun_stands_before_the_chinese_one(pairs):
    behind = re.compile(r"the cats? on the (?:table|chair) \w")
    found = [chinese for english, chinese in pairs.items() if behind.search(english)]
    assert len(found) > 5
    assert all(re.search("(桌子|椅子) 上 的 猫", chinese) for chinese in found)
