"""A page of figures that are harder than a chapter's: everything at once, and what may go wrong.

It stands beside the built website in the browser tests, and is made of the same parts.
"""

import json
import os
import sys
from pathlib import Path

import torch

from transformer_lite.explore import (
    Axis,
    Bars,
    Choice,
    Heatmap,
    Length,
    Lines,
    Number,
    Pick,
    Slider,
    Toggle,
    Tokens,
    Words,
    exercise,
    explore,
    page,
)

ROOT = Path(__file__).resolve().parents[2]
VOCABULARY = ["the", "cat", "dog", "chased", "a", "red", "then", "<b>", "caterpillar"]
EMBEDDING = torch.randn(len(VOCABULARY), 4, generator=torch.Generator().manual_seed(0))
TABLE = torch.randn(3, 4, generator=torch.Generator().manual_seed(1))
ROWS = torch.randn(5, 32, generator=torch.Generator().manual_seed(2))


@explore(
    sentence=Words("the cat chased the dog", vocabulary=VOCABULARY, maximum=7),
    temperature=Slider(0.1, 4.0, value=1.0, label="Temperature"),
    cell=Pick("scores", row=1, column=2, label="Cell"),
    scale=Choice(["none", "√d", "d"], label="Divide by"),
    causal=Toggle(False, label="Causal"),
)
def attention_matrix(sentence, temperature, cell, scale, causal):
    """How much each word (row) attends to every word (column)."""
    x = EMBEDDING[sentence]  # (n, 4)
    scores = x @ x.T / temperature / {"none": 1, "√d": 2, "d": 4}[scale]  # (n, n)
    if causal:
        scores = scores.masked_fill(~torch.ones_like(scores).tril().bool(), -torch.inf)
    weights = scores.softmax(-1)  # (n, n)
    query, key = Axis("query", "sentence", title="query"), Axis("key", "sentence")
    return {
        "scores": Heatmap(scores, rows=query, columns=key, signed=True, role="query"),
        "weights": Heatmap(weights, rows=query, columns=key),
        "row": Tokens(weights[cell[0]], words=key, title="Where the picked word looks"),
        "weight": Number(weights[cell[0], cell[1]]),
        "vectors": Bars(
            x[cell], items=Axis("feature", list("abcd")), names=["q", "k"], roles=["query", "key"]
        ),
    }


@explore(d=Length(1, 32, value=8, label="d"), size=Slider(0.25, 4, 0.25, value=1))
def gradient_norm(d, size):
    """The gradient that reaches the scores, by autograd."""
    scores = (size * ROWS[:, d] @ ROWS[:, d].T).detach().requires_grad_()  # (5, 5)
    (grad,) = torch.autograd.grad((scores.softmax(-1) * torch.eye(5)).sum(), scores)
    return {
        "norm": Number(grad.norm()),
        "curve": Lines(
            torch.stack([scores[0], grad[0]]),
            names=["score", "gradient"],
            at=size,
            x_title="key",
            y_title="size",
        ),
        "decay": Lines(
            (-size * (d + 1.0)).exp(), x=d + 1, x_title="d", log_x=True, log_y=True, range=(1e-9, 1)
        ),
        "dimensions": Bars(ROWS[0, d], items=Axis("dimension", "d"), title="Row 0", range=(-4, 4)),
    }


@explore(row=Pick("table", row=0, label="Row"), column=Pick("table", column=1, label="Column"))
def two_picks(row, column):
    """Two picks in one view."""
    return {
        "table": Heatmap(
            TABLE, rows=Axis("r", ["r0", "r1", "r2"]), columns=Axis("c", list("abcd")), signed=True
        ),
        "row": Bars(TABLE[row], items=Axis("c", list("abcd")), title="The row"),
        "column": Number(TABLE[row, column]),
    }


@explore(x=Slider(-2, 2, 0.5, value=1.5, label="x"), power=Choice([1, 2, 0.5]))
def not_always_finite(x, power):
    """No number near 0.77, which the recorded settings do not meet."""
    return {
        "power": Number(torch.where((x - 0.77).abs() < 0.01, torch.nan, x.abs()) ** power),
        "x": Number(x),
    }


@explore(n=Length(2, 96, value=64, label="n"))
def large(n):
    """A matrix with more cells than can hold numbers."""
    t = n.float()
    return {
        "waves": Heatmap(
            (t[:, None] * t[None, :] / 50).sin(), rows=Axis("t", "n"), columns=Axis("t", "n"), signed=True
        )
    }


@exercise(
    hints={"transposed": "You read K by columns; a key is a row of K.", "halved": "Nothing is halved here."}
)
def score_of_two():
    """What is the score of row 1 with row 2?"""
    score = TABLE[1] @ TABLE[2]
    return {"right": score, "transposed": TABLE[:, 1] @ TABLE[:, 2], "halved": score / 2}


@exercise(
    options=["by √d", "by d", "not at all"],
    hints={"by d": "Then the scores vanish.", "not at all": "Then the scores grow."},
)
def which_scale():
    """By what are scores divided?"""
    return {"right": torch.tensor(0)}


FIGURES = {f.name: f for f in (attention_matrix, gradient_norm, two_picks, not_always_finite, large)}
EXERCISES = [score_of_two, which_scale]


def make(folder: Path) -> None:
    """Write the page and everything that it needs."""
    sys.path.insert(0, str(ROOT / "book/_ext"))
    from house.explorables import install_front_end

    static = folder / "_static"
    static.mkdir(parents=True)
    install_front_end(ROOT / "node_modules", static)
    before = os.environ.get(page.SITE)
    os.environ[page.SITE] = str(static / "figures")
    try:
        parts = [shown._repr_mimebundle_()["text/html"] for shown in (*FIGURES.values(), *EXERCISES)]
    finally:
        if before is None:
            del os.environ[page.SITE]
        else:
            os.environ[page.SITE] = before
    body = "\n".join(f"{part}\n<p class='after'>What follows {i}.</p>" for i, part in enumerate(parts))
    (folder / "workbench.html").write_text(
        f"""<!doctype html>
<html lang="en" data-theme="light"><head><meta charset="utf-8"><title>Workbench</title>
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="_static/explore/explore.css">
<style>
  body {{ font-family: sans-serif; max-width: 800px; margin: 20px auto; padding: 0 10px; }}
  html[data-theme=dark] {{ background: #14181e; color: #d5dbe3; }}
</style>
<script type="module" src="_static/explore/site.mjs"></script>
</head><body><main><h1>Workbench</h1>
{body}
</main></body></html>
"""
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]))
    print(json.dumps(list(FIGURES)))
