"""The recipe of the translator: it runs, it learns, and it measures what it says."""

import collections
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from transformer_lite.study.grammar import END, PAD, START, Corpus, draw_corpus, tokens
from transformer_lite.study.recipes import translator


def cross_entropy(model, sentences):
    source, target = tokens(sentences)
    with torch.no_grad():
        logits = model(source, target[:, :-1])
    return F.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD).item()


def test_a_slice_of_the_training_beats_guessing_by_how_common_a_word_is():
    model = translator.train(steps=120)
    assert not model.training
    said = collections.Counter(word for one in draw_corpus().training for word in [*one.chinese, "<end>"])
    held_out = draw_corpus().held_out[:500]
    asked = [word for one in held_out for word in [*one.chinese, "<end>"]]
    guessing = -sum(math.log(said[word] / said.total()) for word in asked) / len(asked)
    assert cross_entropy(model, held_out) < guessing - 0.3


def test_the_model_is_small_enough_to_be_shipped():
    assert sum(parameter.numel() for parameter in translator.untrained().parameters()) < 450_000


class Knows(nn.Module):
    """Says what it was told, each word with a chance of 0.9 and more."""

    def __init__(self, sentences):
        super().__init__()
        self.said = {tuple(s.tolist()): t for s, t in zip(*tokens(sentences), strict=True)}
        self.words = 200

    def forward(self, source, target):
        right = torch.stack([self.said[tuple(row.tolist())] for row in source])
        right = F.pad(right, (0, 40))[:, 1 : target.shape[1] + 1]
        return 10.0 * F.one_hot(right, self.words)  # (n, T, words)

    def speaker(self, source):
        return lambda ids, cache: self(source, ids)[:, -1]

    def new_cache(self):
        return None


@pytest.fixture
def few(monkeypatch):
    """Ten held-out sentences of one length, so that all are padded alike."""
    held_out = [one for one in draw_corpus(100, 200).held_out if len(one.english) == 5][:10]
    monkeypatch.setattr(translator, "draw_corpus", lambda: Corpus((), tuple(held_out)))
    return held_out


def test_who_knows_every_translation_is_right_always(few):
    found = translator.measure(Knows(few))
    assert {value for name, value in found.items() if name.startswith("exact")} == {1.0}
    assert found["loss"] == pytest.approx(math.log1p(199 * math.exp(-10)), rel=1e-4)


def test_one_wrong_word_makes_a_sentence_wrong(few):
    wrong = few[3]._replace(chinese=(*few[3].chinese[:-1], "茶" if few[3].chinese[-1] != "茶" else "水"))
    found = translator.measure(Knows([*few[:3], wrong, *few[4:]]))
    assert found["exact"] == 0.9
    assert found[f"exact, {wrong.kind}"] < 1


def test_padding_and_start_are_never_said(few):
    model = translator.untrained().eval()
    for id_ in (PAD, START):
        with torch.no_grad():  # The likeliest of all, wherever they are allowed.
            model.target_embedding.weight[id_] *= 1000
    source, _ = tokens(few)
    scores = translator.speaker(model, source)(torch.full((len(few), 1), START), None)
    assert scores[:, [PAD, START]].eq(-torch.inf).all()
    assert scores[:, END:].equal(model.speaker(source)(torch.full((len(few), 1), START), None)[:, END:])
    assert translator.translate(Knows(few), few) == [one.chinese for one in few]
