"""The training loop, the timer, the toy data and the tables."""

import time

import pytest
import torch
from torch import nn

from transformer_lite.study import Table, interval, linear_to_zero, timed, train
from transformer_lite.study.digits import digits
from transformer_lite.study.fashion import CLOTHES, MissingData, fashion, few_clothes
from transformer_lite.study.tasks import neighbours


def test_training_is_adam_on_the_loss_of_each_step():
    x = torch.linspace(-1, 1, 8)[:, None]
    ours, theirs = nn.Linear(1, 1), nn.Linear(1, 1)
    theirs.load_state_dict(ours.state_dict())
    losses = train(ours, lambda step: (ours(x) - step).square().mean(), steps=5, rate=0.1)
    adam, seen = torch.optim.Adam(theirs.parameters(), lr=0.1), []
    for step in range(5):
        loss = (theirs(x) - step).square().mean()
        seen.append(loss.item())
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert losses == pytest.approx(seen)
    assert ours.weight.equal(theirs.weight)


def test_a_rate_that_falls_to_zero_settles():
    # Adam's first steps on a slope are as long as the rate: 1, 0.75, 0.5, 0.25.
    place = torch.zeros(1, requires_grad=True)
    train([place], lambda step: place.sum(), steps=4, rate=1.0, schedule=linear_to_zero)
    assert place.item() == pytest.approx(-2.5, abs=1e-5)


def test_times_are_those_of_the_jobs():
    calls = {"short": 0, "long": 0}

    def job(name, seconds):
        calls[name] += 1
        time.sleep(seconds)

    found = timed({"short": lambda: job("short", 0.005), "long": lambda: job("long", 0.02)}, rounds=5)
    assert found.seconds("long") >= 0.02
    assert found.ratio("short", "long") < 1 < found.ratio("long", "short")
    assert calls["short"] >= 5 + 2  # once to set up, once to see how long it takes
    with pytest.raises(ValueError, match="one round or more"):
        timed({}, rounds=3)


def test_the_neighbours_are_found_around_the_ring():
    ids, right = neighbours(3, 5, symbols=7, offsets=[-1, 2], generator=torch.Generator().manual_seed(0))
    assert ids.shape == (3, 5)
    assert ids.max() < 7
    for row in range(3):
        for place in range(5):
            assert right[row, place].tolist() == [ids[row, (place - 1) % 5], ids[row, (place + 2) % 5]]


def test_a_table_is_shown_as_text_and_on_the_page():
    found = Table(
        {"one": {"a < b": 0.5, "c": interval([1, 3])}, "two": {"c": torch.tensor(2.0)}},
        corner="heads",
        spec=".1f",
        note="3 seeds & a note",
    )
    lines = str(found).splitlines()
    assert lines[0].split("  ")[0] == "heads"
    assert lines[1].startswith("one") and lines[1].endswith("2.0 (-10.7 to 14.7)")
    assert lines[2].split() == ["two", "–", "2.0"]
    assert lines[3] == "3 seeds & a note"
    html = found._repr_html_()
    assert '<th scope="col">a &lt; b</th>' in html
    assert "<caption>3 seeds &amp; a note</caption>" in html
    assert html.count("<td>") == 4
    assert "style" not in html
    # Without a name for the rows, no heading is empty.
    assert "<thead><tr><td></td><th" in Table({"one": {"a": 1.0}})._repr_html_()


def test_a_matrix_is_a_table():
    text = str(Table.of(torch.eye(2), ["cat", "dog"], ["alive", "food"], spec=".0f"))
    assert text.splitlines()[2].split() == ["dog", "0", "1"]


def test_the_digits_are_those_of_their_authors():
    pictures, names = digits()
    assert pictures.shape == (1797, 8, 8)
    assert (pictures.min(), pictures.max()) == (0, 1)
    assert (pictures * 16).frac().eq(0).all()
    assert names.bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    # A zero is a ring: ink around, and paper in its middle.
    assert (pictures[names == 0].mean(0)[3:5, 3:5] < 0.2).all()


@pytest.mark.parametrize(("part", "count"), [("train", 60_000), ("test", 10_000)])
def test_the_clothes_are_those_of_their_authors(part, count):
    pictures, clothes = fashion(part)
    assert (pictures.shape, pictures.dtype) == ((count, 28, 28), torch.uint8)
    assert clothes.bincount().tolist() == [count // 10] * 10
    # Mean and standard deviation as they stand in many programs that take them off.
    if part == "train":
        numbers = pictures.double() / 255
        assert (numbers.mean(), numbers.std()) == pytest.approx((0.2860, 0.3530), abs=5e-5)
    else:
        few, kinds = few_clothes()
        for kind in range(len(CLOTHES)):
            assert few[kinds == kind].equal(pictures[clothes == kind][:12])


def test_clothes_that_are_not_here_say_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("FASHION_MNIST", str(tmp_path))
    with pytest.raises(MissingData, match="apt-get install dataset-fashion-mnist"):
        fashion("test")
