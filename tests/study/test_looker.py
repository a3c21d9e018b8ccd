"""The recipe of the model that looks at pictures: it runs, it learns, and its drawings are what it says."""

import pytest
import torch
from torch import nn

from transformer_lite.study.fashion import few_clothes
from transformer_lite.study.recipes import looker


@pytest.fixture
def few():
    """A few of everything: 40 digits and 40 clothes."""
    digits, written = looker.handwritten("test")
    clothes, worn = few_clothes()
    pictures = torch.cat([digits[:40], clothes[::3, None] / 255])
    return pictures, torch.cat([written[:40], worn[::3] + 10])


def test_a_slice_of_the_training_tells_digits_from_clothes(few):
    model = looker.train(steps=80)
    assert not model.training
    pictures, kinds = few
    with torch.no_grad():
        said = model(pictures).argmax(-1)
    assert ((said < 10) == (kinds < 10)).float().mean() > 0.7  # half of them are digits


def test_the_untrained_model_needs_no_pictures(monkeypatch):
    monkeypatch.setenv("FASHION_MNIST", "nowhere")
    assert looker.train(steps=0).head.out_features == len(looker.CLASSES) == 20


def test_the_model_is_small_enough_to_be_shipped():
    assert sum(parameter.numel() for parameter in looker.untrained().parameters()) < 150_000


def test_no_digit_is_learned_from_and_held_out():
    learnt, held_out = (looker.handwritten(part)[0] for part in ("train", "test"))
    assert (len(learnt), len(held_out)) == (1400, 397)
    assert learnt.shape[1:] == (1, 28, 28)
    assert 0 <= learnt.min() <= learnt.max() <= 1
    known = {picture.numpy().tobytes() for picture in learnt}
    assert not any(picture.numpy().tobytes() in known for picture in held_out)


def test_a_drawing_is_a_picture_again(few):
    pictures, kinds = few
    drawn = looker.drawn(pictures, kinds)
    assert drawn.shape == pictures.shape
    assert 0 <= drawn.min() <= drawn.max() <= 1
    assert drawn.amax((1, 2, 3)).min() > 0.3  # nothing was moved out of sight


def test_drawing_differs_from_time_to_time(few):
    assert not looker.drawn(*few).equal(looker.drawn(*few))


def test_moving_nothing_by_chance_keeps_the_picture(few, monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda *size: torch.full(size, 0.5))
    pictures, kinds = few
    moved = looker.moved(pictures, kinds)
    # In the middle of all ranges, nothing turns, leans or shifts; digits keep about their size, and clothes shrink.
    ink = moved.sum((1, 2, 3)) / pictures.sum((1, 2, 3))
    assert ink[kinds < 10].mean() == pytest.approx(1 / 1.025**2, rel=0.02)
    assert ink[kinds >= 10].mean() == pytest.approx(1 / 1.25**2, rel=0.05)


def test_the_outline_of_a_square():
    square = torch.zeros(200, 1, 28, 28)
    square[..., 8:20, 8:20] = 1
    found = looker.outlines(square)[:, 0]
    filled = found[:, 14, 14] == 1
    assert 0.1 < filled.float().mean() < 0.4  # a quarter are filled shapes
    assert found[filled].equal(square[filled, 0])
    rims = found[~filled]
    assert rims[:, 14, 14].eq(0).all()
    # A line through the left side is two points thick, or more.
    assert set(rims[:, 14, :14].sum(-1).unique().tolist()) <= {2.0, 3.0, 4.0}


def test_thicker_strokes_have_more_ink_of_the_same_line():
    picture = looker.handwritten("train")[0][:1].expand(50, 1, 28, 28)
    ink = looker.strokes(picture).sum((1, 2, 3))
    assert ink.max() > 1.3 * ink.min()
    assert looker.strokes(torch.zeros(50, 1, 28, 28)).eq(0).all()


class Knows(nn.Module):
    """Says class 3 to every picture."""

    def forward(self, pictures):
        return torch.nn.functional.one_hot(torch.full((len(pictures),), 3), 20).float()


def test_measuring_counts_right_answers():
    found = looker.measure(Knows())
    kinds = looker.handwritten("test")[1]
    assert found["digits"] == pytest.approx((kinds == 3).float().mean().item())
    assert found["drawn digits"] == found["digits"]
    assert found["clothes"] == found["drawn clothes"] == 0
