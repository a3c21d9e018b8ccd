"""The recipe of the model that answers questions about pictures: it runs, learns, and does what it says."""

import pytest
import torch
from torch import nn

from transformer_lite.study import scenes as world
from transformer_lite.study.recipes import asker

WAYS = ["words ask", "patches ask", "one sequence"]
SMALL = {"d_model": 16, "layers": 2, "heads": 2, "d_ff": 16}


@pytest.fixture
def asked():
    torch.manual_seed(2)
    return asker.examples(24)


def test_a_slice_of_the_training_beats_guessing_what_is_most_common():
    model = asker.train(steps=80, rate=1e-2, d_model=32, layers=2, d_ff=64)
    assert not model.training
    torch.manual_seed(5)
    ids, pictures, right, *_ = asker.examples(500)
    often = right.bincount(minlength=len(world.ANSWERS)) / len(right)
    guessing = -(often * often.clamp_min(1e-9).log()).sum()
    with torch.no_grad():
        assert nn.functional.cross_entropy(model(ids, pictures), right) < guessing - 0.2


def test_the_model_is_small_enough_to_be_shipped():
    assert sum(parameter.numel() for parameter in asker.Asker().parameters()) < 200_000


@pytest.mark.parametrize("way", WAYS)
def test_padding_changes_no_score(way, asked):
    ids, pictures, *_ = asked
    model = asker.Asker(way=way, **SMALL).eval()
    whole = model(ids, pictures)
    for i in range(5):
        words = ids[i : i + 1, : int((ids[i] != world.PAD).sum())]
        assert model(words, pictures[i : i + 1])[0].allclose(whole[i], atol=1e-5)


@pytest.mark.parametrize("way", WAYS)
def test_who_asks_has_the_rows(way, asked):
    ids, pictures, *_ = asked
    record = {}
    asker.Asker(way=way, **SMALL)(ids, pictures, record=record)
    T, N = ids.shape[1], 16
    part = record["layer 1"]["attention" if way == "one sequence" else "cross_attention"]
    rows, columns = {"words ask": (T, N), "patches ask": (N, T), "one sequence": (T + N, T + N)}[way]
    assert part["weights"].shape == (len(ids), 2, rows, columns)


@pytest.mark.parametrize("way", ["words ask", "one sequence"])
def test_a_hidden_patch_might_as_well_not_be_there(way, asked):
    ids, pictures, *_ = asked
    model = asker.Asker(way=way, **SMALL).eval()
    hidden = torch.zeros(len(ids), 16).bool()
    hidden[:, 5] = True  # row 1, column 1
    changed = pictures.clone()
    changed[:, :, 8:16, 8:16] = torch.rand(3, 8, 8)
    assert model(ids, pictures, hidden).allclose(model(ids, changed, hidden), atol=1e-5)
    assert not model(ids, pictures).allclose(model(ids, changed), atol=1e-3)


def test_without_places_of_words_only_the_bag_counts(asked):
    ids, pictures, *_ = asked
    other = ids[:, [0, 3, 1, 2, *range(4, ids.shape[1])]]
    model = asker.Asker(**SMALL).eval()
    assert not model(ids, pictures).allclose(model(other, pictures), atol=1e-5)
    nn.init.zeros_(model.word_places)
    assert model(ids, pictures).allclose(model(other, pictures), atol=1e-5)


def test_without_places_of_patches_only_their_contents_count(asked):
    ids, pictures, *_ = asked
    model = asker.Asker(**SMALL).eval()
    assert not model(ids, pictures).allclose(model(ids, pictures.roll(8, 2)), atol=1e-5)
    nn.init.zeros_(model.patch_places)
    assert model(ids, pictures).allclose(model(ids, pictures.roll(8, 2)), atol=1e-5)


def test_who_is_not_taught_to_point_learns_the_answer_alone():
    taught, not_taught = (
        asker.train(steps=5, pointing=pointing, **SMALL).point.weight for pointing in (4.0, 0.0)
    )
    start = asker.train(steps=0, **SMALL).point.weight
    assert not taught.equal(start)
    assert not_taught.equal(start)


def test_lessons_hold_no_combination_that_is_left_out():
    torch.manual_seed(0)
    assert not world.held_out(asker.examples(300, each=4).questions).any()
    new = asker.examples(2000, new=True)
    assert world.held_out(new.questions).all()
    assert 5 < len(new.ids) == len(new.pictures) == len(new.right) == len(new.cells) < 100


class Knows(nn.Module):
    """Says what it was told in advance, and is wrong about the first few."""

    def __init__(self, wrong=0):
        super().__init__()
        self.told, self.wrong = [], wrong

    def read(self, ids, pictures):
        return self.told.pop(0)

    def head(self, batch):
        said = batch.right.clone()
        said[: self.wrong] = (said[: self.wrong] + 1) % len(world.ANSWERS)
        return nn.functional.one_hot(said, len(world.ANSWERS)).float()

    def point(self, batch):
        return batch.cells - 0.5

    def forward(self, ids, pictures):
        return self.head(self.read(ids, pictures))


@pytest.fixture
def told(monkeypatch):
    """Tells a model what is drawn."""
    draw, models = asker.examples, []

    def drawn(*given, **named):
        batch = draw(*given, **named)
        for model in models:
            model.told.append(batch)
        return batch

    monkeypatch.setattr(asker, "examples", drawn)
    return models


def test_who_knows_every_answer_is_right_always(told):
    told.append(model := Knows())
    found = asker.measure(model, 200)
    assert set(found.values()) == {1.0}
    assert len(found) == 11
    told.append(some := Knows(wrong=50))
    found = asker.measure(some, 200)
    assert 0.7 < found["right"] < 0.8
    assert found["pointed"] == 1
