"""Tasks: a reader's function is run and told what is wrong with it."""

import pytest
import torch

from transformer_lite.explore import host, task
from transformer_lite.explore.text import number

from .elsewhere import Elsewhere

HINTS = {"transposed": "Rows are those who look.", "inclusive": "A word sees itself."}


@task(inputs=[(4,), (2,)], hints=HINTS)
def causal(n):
    """Write a causal mask for n words."""
    mask = torch.ones(n, n).tril().bool()
    return {"right": mask, "transposed": mask.T, "inclusive": mask.tril(-1)}


def stops(n):
    raise RuntimeError("no idea")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda n: torch.arange(n)[:, None] >= torch.arange(n), "Right."),
        (lambda n: torch.ones(n, n).tril(), "Right."),  # whatever the type of the numbers
        (lambda n: Elsewhere(torch.ones(n, n).tril()), "Right."),  # and wherever they are
        (lambda n: torch.ones(n, n).triu(), f"Not yet. {HINTS['transposed']}"),
        (lambda n: torch.ones(n, n).tril(-1), f"Not yet. {HINTS['inclusive']}"),
        (lambda n: torch.ones(n, n), "Not yet. Look again"),
        (lambda n: torch.ones(n, n).tril() if n > 2 else torch.ones(n, n), "Not yet. Look again"),
        (lambda n: None, "returns nothing yet"),
        (
            lambda n: [[True] * n] * n,
            "returned list for the arguments 4; it should return a tensor of shape (4, 4)",
        ),
        (lambda n: torch.ones(n), "has the shape (4,); it should have (4, 4)"),
        (stops, "stopped with RuntimeError: no idea for the arguments 4"),
    ],
)
def test_an_answer_is_run_and_judged(answer, said, capsys):
    causal.check(answer)
    assert said in capsys.readouterr().out


def test_the_task_is_shown_and_its_answer_is_not():
    shown = causal._repr_mimebundle_()["text/markdown"]
    assert "Write a causal mask" in shown
    assert "tril" not in shown


def test_the_website_sends_the_reader_to_the_notebook(tmp_path, monkeypatch):
    monkeypatch.setenv(host.SITE, str(tmp_path))
    assert "notebook" in causal.verdict(lambda n: None)


def test_an_answer_cannot_spoil_the_arguments_of_the_next():
    x = torch.zeros(3)

    @task(inputs=[(x,)], hints={"same": "Add 1."})
    def plus_one(x):
        """Add 1."""
        return {"right": x + 1, "same": x}

    assert plus_one.verdict(lambda x: x.add_(1)) == "Right."
    assert x.tolist() == [0, 0, 0]


X, W = torch.randn(3, 4, generator=torch.Generator().manual_seed(0)), torch.eye(4)[:, :2]


@task(
    inputs=[(X, W)],
    hints={"other shape": "Do not transpose.", "wrong axis": "Along the last axis."},
    gradients=True,
    against=torch.matmul,
)
def shares(x, w):
    """Softmax of a product."""
    scores = x @ w
    return {
        "right": scores.softmax(-1),
        "other shape": scores.softmax(-1).T,
        "wrong axis": scores.softmax(0),
    }


def in_loops(x, w):
    return torch.stack([(row @ w).softmax(-1) for row in x])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (in_loops, "Right. The gradients are right, too. It takes "),
        (in_loops, " times as long as matmul."),
        (lambda x, w: torch.tensor((x @ w).softmax(-1).tolist()), "no gradient flows back"),
        (lambda x, w: torch.from_numpy((x @ w).softmax(-1).numpy()), "no gradient flows back"),
        (lambda x, w: x.mul_(1).matmul(w).softmax(-1), "Right. The gradients are right, too."),
        (lambda x, w: (x @ w.detach()).softmax(-1), "the gradient by w is not"),
        (lambda x, w: (x.detach() @ w).softmax(-1), "the gradient by x is not"),
        (lambda x, w: (x @ w).softmax(-1).T, "Do not transpose."),  # known, though of another shape
        (lambda x, w: (x @ w).softmax(0), "Along the last axis."),
        (lambda x, w: (x @ w).T, "has the shape (2, 3); it should have (3, 2)"),
    ],
)
def test_gradients_and_time_are_judged_where_asked_for(answer, said):
    assert said in shares.verdict(answer)


def test_a_wrong_number_is_named_with_its_place():
    def nearly(x, w):
        result = (x @ w).softmax(-1)
        return result + torch.tensor([[0.0, 0], [0, 0.25], [0, 0]])

    right = (X @ W).softmax(-1)[1, 1].item()
    said = shares.verdict(nearly)
    assert "at (1, 1)" in said
    assert f"yours holds {number(right + 0.25)}" in said
    assert f"right is {number(right)}" in said


def test_a_result_that_is_no_number_is_named_with_its_place():
    assert "yours holds NaN at (0, 0)" in shares.verdict(lambda x, w: (x @ w) * torch.nan)


def test_a_wrong_result_of_one_number_has_no_place():
    @task(inputs=[(torch.ones(3),)], hints={"mean": "Add up."})
    def total(x):
        """Add up."""
        return {"right": x.sum(), "mean": x.mean()}

    assert total.verdict(lambda x: x.sum() + 1).endswith("In trial 1 of 1, yours is 4; right is 3.")


def test_gradients_of_whole_numbers_are_not_asked_for():
    @task(inputs=[(torch.arange(3), torch.ones(3))], hints={"sum": "Multiply."}, gradients=True)
    def product(n, x):
        """Multiply."""
        return {"right": n * x, "sum": n + x}

    assert product.verdict(lambda n, x: x * n) == "Right. The gradients are right, too."


@pytest.mark.parametrize(
    ("inputs", "hints", "reason"),
    [
        ([], HINTS, "one tuple of arguments or more"),
        ([(4,)], {"other": "…"}, "must return 'right' and"),
        ([(1,)], HINTS, "'transposed' is as good as the right one"),
    ],
)
def test_unusable_tasks_are_refused(inputs, hints, reason):
    with pytest.raises(ValueError, match=reason):
        task(inputs=inputs, hints=hints)(causal.function)
