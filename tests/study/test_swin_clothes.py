"""The recipe of the small Swin: it runs, it learns, and it measures what it says."""

import pytest
import torch
from torch.nn import functional as F

from transformer_lite.study import fashion
from transformer_lite.study.recipes import swin_clothes


@pytest.fixture
def few(monkeypatch):
    """The pictures that the package carries, in place of those that are to be installed."""
    pictures, clothes = fashion.few_clothes()
    monkeypatch.setattr(swin_clothes, "fashion", lambda part: (pictures, clothes))
    return pictures, clothes


def test_pictures_get_a_frame_of_two_zeros():
    pictures = torch.full((3, 28, 28), 255, dtype=torch.uint8)
    framed = swin_clothes.framed(pictures)
    assert framed.shape == (3, 1, 32, 32)
    assert framed[:, :, 2:-2, 2:-2].eq(1).all()
    assert framed.sum() == 3 * 28 * 28


def test_a_slice_of_the_training_lowers_the_loss(few, monkeypatch):
    monkeypatch.setattr(swin_clothes, "WARM_UP", 5)
    pictures, clothes = few
    model = swin_clothes.train(steps=40)
    assert not model.training
    with torch.no_grad():
        loss = F.cross_entropy(model(swin_clothes.framed(pictures)), clothes)
    assert loss < 2.2  # guessing has ln 10 = 2.30


def test_it_measures_the_share_that_is_right(few):
    pictures, clothes = few

    def knows(framed):
        start = (framed[:, None] - swin_clothes.framed(pictures)[None]).abs().sum((2, 3, 4)).argmin(1)
        answer = clothes[start].clone()
        answer[start < 30] = (answer[start < 30] + 1) % 10  # a quarter is wrong
        return 20.0 * F.one_hot(answer, 10)

    found = swin_clothes.measure(knows)
    assert found["right"] == 0.75
    assert found["loss"] == pytest.approx(0.25 * 20, rel=1e-3)
