"""Views: which tensors they take, and what the front end learns about them."""

import json
import re

import pytest
import torch

from transformer_lite.explore import Axis, Bars, Heatmap, Image, Lines, Number, Scatter, Tokens, Tree

from .elsewhere import Elsewhere


def a_tree(scores):
    places = torch.zeros(getattr(scores, "shape", (1, 1)))
    return Tree(scores, tokens=places, parents=places, words=["a"])


MAKE = {
    "heatmap": lambda t: Heatmap(t),
    "lines": lambda t: Lines(t),
    "bars": lambda t: Bars(t),
    "tokens": lambda t: Tokens(t, words="sentence"),
    "number": lambda t: Number(t),
    "image": lambda t: Image(t),
    "tree": a_tree,
}
DIMENSIONS = {
    "heatmap": {2},
    "lines": {1, 2},
    "bars": {1, 2},
    "tokens": {1},
    "number": {0},
    "image": {2, 3},
    "tree": {2},
}


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("ndim", range(4))
def test_views_take_tensors_of_their_dimensions_alone(kind, ndim):
    tensor = torch.zeros((2, 5, 3)[:ndim])
    if ndim in DIMENSIONS[kind]:
        assert MAKE[kind](tensor).tensors()[""].shape == tensor.shape
    else:
        with pytest.raises(ValueError, match="dimension") as refusal:
            MAKE[kind](tensor)
        assert str(tuple(tensor.shape)) in str(refusal.value)


@pytest.mark.parametrize("kind", MAKE)
def test_views_show_tensors_not_lists(kind):
    with pytest.raises(ValueError, match="shows a tensor, got list"):
        MAKE[kind]([1.0])


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.float64, torch.float16, torch.bfloat16])
def test_numbers_on_display_are_float32(dtype):
    shown = Number(torch.ones((), dtype=dtype)).tensors()[""]
    assert shown.dtype == torch.float32
    assert shown.item() == 1


@pytest.mark.parametrize("kind", MAKE)
def test_numbers_on_display_come_from_any_device(kind):
    numbers = torch.rand((2, 5, 3)[: max(DIMENSIONS[kind])], dtype=torch.float16)
    view = MAKE[kind](Elsewhere(numbers))
    shown = view.tensors()[""]
    assert shown.device.type == "cpu"
    assert shown.equal(numbers.float())
    assert shown.numpy().shape == numbers.shape
    assert view.summary([[str(i) for i in range(n)] for n in numbers.shape])


def test_numbers_on_display_may_be_stored_sparsely():
    assert Heatmap(torch.eye(3).to_sparse()).tensors()[""].equal(torch.eye(3))


def test_what_has_no_real_numbers_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match=r"Lines shows real numbers, got torch\.complex64; show their size"):
        Lines(torch.fft.fft(torch.ones(4)))
    with pytest.raises(ValueError, match="Lines x shows numbers, and a tensor on the meta device has none"):
        Lines(torch.ones(4), x=torch.ones(4, device="meta"))


def test_lines_show_their_x_and_their_mark_too():
    lines = Lines(torch.zeros(2, 3), x=torch.arange(3), at=torch.tensor(1))
    assert {name: tuple(t.shape) for name, t in lines.tensors().items()} == {"": (2, 3), "x": (3,), "at": ()}
    with pytest.raises(ValueError, match="Lines x"):
        Lines(torch.zeros(3), x=torch.zeros(1, 3))
    with pytest.raises(ValueError, match="Lines at"):
        Lines(torch.zeros(3), at=torch.zeros(1))


def test_lines_and_their_x_have_one_length():
    with pytest.raises(ValueError, match=r"4.*3|3.*4"):
        Lines(torch.zeros(2, 3), x=torch.zeros(4))


@pytest.mark.parametrize(
    ("band", "reason"),
    [
        ({"low": torch.zeros(2, 3)}, "give both low and high"),
        ({"high": torch.zeros(2, 3)}, "give both low and high"),
        ({"low": torch.zeros(2, 3), "high": torch.zeros(2, 4)}, r"Lines high: .*\(2, 3\), got \(2, 4\)"),
        ({"low": torch.zeros(3), "high": torch.zeros(2, 3)}, r"Lines low .*got shape \(3,\)"),
        ({"until": torch.zeros(1)}, r"Lines until .*got shape \(1,\)"),
    ],
)
def test_a_band_has_two_edges_of_the_curves_shape_and_one_end(band, reason):
    with pytest.raises(ValueError, match=reason):
        Lines(torch.zeros(2, 3), **band)


@pytest.mark.parametrize("until", [-1.0, 0, 1, 2.9, 4, 9])
def test_a_summary_tells_of_known_places_alone(until):
    rows = torch.tensor([[3.0, 1.0, 2.0, 9.0], [5.0, 6.0, 7.0, 8.0]])
    known = rows[:, : max(0, int(until))].tolist()
    view = Lines(rows, low=rows - 1, high=rows + 2, until=torch.tensor(until), title="Loss")
    told = [
        f"line {i + 1} runs from {row[0]:g} to {row[-1]:g} (smallest {min(row):g}, largest {max(row):g}), "
        f"between {row[-1] - 1:g} and {row[-1] + 2:g} at the end"
        for i, row in enumerate(known)
        if row
    ]
    assert view.summary([]) == f"Loss: {'; '.join(told) or 'no numbers yet'}."


def test_a_heatmap_without_a_finite_number_has_no_largest():
    view = Heatmap(torch.full((2, 3), -torch.inf), title="Scores")
    assert view.summary([["a", "b"], ["x", "y", "z"]]) == "Scores: 2 × 3 numbers, none of them finite."


@pytest.mark.parametrize(
    "make",
    [
        lambda: Lines(torch.zeros(2, 3), names=["one"]),
        lambda: Lines(torch.zeros(2, 3), names=["one", "two"], roles=["query"]),
        lambda: Lines(torch.zeros(3), roles=["querry"]),
        lambda: Bars(torch.zeros(2, 3), names=["one", "two", "three"]),
        lambda: Bars(torch.zeros(3), roles=["querry"]),
        lambda: Heatmap(torch.zeros(2, 3), role="querry"),
        lambda: Number(torch.zeros(()), role="querry"),
        lambda: Tokens(torch.zeros(3), words="sentence", role="querry"),
    ],
)
def test_names_and_roles_fit_the_series(make):
    with pytest.raises(ValueError, match=r"one|query"):
        make()


def test_scales():
    assert Heatmap(torch.zeros(2, 3)).describe()["limit"] == 1
    assert Heatmap(torch.zeros(2, 3), limit=4.0).describe()["limit"] == 4
    assert Heatmap(torch.zeros(2, 3), signed=True).describe()["limit"] is None


def test_what_is_described_does_not_depend_on_the_values():
    for kind, make in MAKE.items():
        shape = (2, 3, 5)[: min(DIMENSIONS[kind])]
        assert make(torch.zeros(shape)).describe() == make(torch.full(shape, -7.0)).describe()


def test_descriptions_are_json():
    views = [
        Heatmap(
            torch.zeros(2, 3), rows=Axis("query", ("a", "b"), title="Query", role="query"), columns="key"
        ),
        Lines(torch.zeros(2, 3), names=("a", "b"), roles=["query", "key"], range=(0, 1), log_x=True),
        Bars(torch.zeros(2, 3), items=Axis("feature"), names=["a", "b"]),
        Tokens(torch.zeros(3), words=Axis("key", "sentence")),
        Number(torch.zeros(()), title="Norm"),
    ]
    for view in views:
        described = json.loads(json.dumps(view.describe(), allow_nan=False))
        assert described["kind"] == type(view).__name__.lower()
        assert len(described["axes"]) == (0 if isinstance(view, Lines) else view.tensors()[""].ndim)


def test_axes():
    rows, columns = Heatmap(torch.zeros(2, 3), rows="sentence", columns=Axis("key", title="Keys")).describe()[
        "axes"
    ]
    assert rows == {"name": "sentence", "labels": "sentence", "title": "sentence", "role": None}
    assert columns == {"name": "key", "labels": None, "title": "Keys", "role": None}


def test_a_heatmap_may_be_coloured_by_other_numbers_than_it_shows():
    numbers, shade = torch.tensor([[5.0, 2000.0]]), torch.tensor([[1.0, 0.5]])
    table = Heatmap(numbers, shade=shade)
    assert {name: tensor.tolist() for name, tensor in table.tensors().items()} == {
        "": [[5, 2000]],
        "shade": [[1, 0.5]],
    }
    assert Heatmap(numbers).legend() and not table.legend()  # its colours stand for no number on display
    assert "2000" in table.summary([["row"], ["a", "b"]])
    with pytest.raises(ValueError, match=r"Heatmap shade: .*\(1, 2\), got \(2, 1\)"):
        Heatmap(numbers, shade=shade.T)
    drawn, same = (view.picture([["row"], ["a", "b"]], 100, "p") for view in (table, Heatmap(shade)))
    cells = [re.findall(r"<path[^>]*style=\"fill: [^\"]*", picture) for picture in (drawn, same)]
    assert cells[0] == cells[1] and drawn != same


def test_a_scatter_shows_its_path_and_its_field_too():
    shown = Scatter(torch.zeros(4, 2), path=torch.zeros(3, 2), field=torch.zeros(5, 7), range=(-1, 1))
    shapes = {name: tuple(tensor.shape) for name, tensor in shown.tensors().items()}
    assert shapes == {"": (4, 2), "path": (3, 2), "field": (5, 7)}


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Scatter(torch.zeros(4, 3), range=(-1, 1)), "two numbers each"),
        (lambda: Scatter(torch.zeros(2), range=(-1, 1)), "dimension"),
        (lambda: Scatter(torch.zeros(2, 2), path=torch.zeros(3), range=(-1, 1)), "Scatter path"),
        (lambda: Scatter(torch.zeros(2, 2), field=torch.zeros(3), range=(-1, 1)), "Scatter field"),
        (lambda: Scatter(torch.zeros(2, 2), roles=["query"], range=(-1, 1)), "1 entries for 2 points"),
        (lambda: Scatter(torch.zeros(1, 2), roles=["queen"], range=(-1, 1)), "no role 'queen'"),
        (lambda: Image(torch.zeros(2, 2, 4)), "3 colours"),
        (lambda: Image(torch.zeros(2, 2), grid=0), "at least 1 pixel"),
    ],
)
def test_scatters_and_images_that_cannot_be_drawn_are_refused(make, reason):
    with pytest.raises(ValueError, match=reason):
        make()
