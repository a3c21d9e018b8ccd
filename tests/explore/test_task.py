"""Tasks: a reader's function is run and told what is wrong with it."""

import pytest
import torch

from transformer_lite.explore import host, task

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
