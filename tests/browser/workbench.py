"""A page of figures that are harder than a chapter's: everything at once, and what may go wrong.

It stands beside the built website in the browser tests, and is made of the same parts.
"""

import json
import os
import sys
from pathlib import Path
from unittest.mock import patch

import torch

from transformer_lite.explore import (
    Axis,
    Bars,
    Choice,
    Heatmap,
    Image,
    Length,
    Lines,
    Number,
    Order,
    Pick,
    Points,
    Predict,
    Scatter,
    Sketch,
    Slider,
    State,
    Toggle,
    Tokens,
    Tree,
    Words,
    exercise,
    explore,
    host,
    kept,
)

ROOT = Path(__file__).resolve().parents[2]
VOCABULARY = ["the", "cat", "dog", "chased", "a", "red", "then", "<b>", "caterpillar"]
EMBEDDING = torch.randn(len(VOCABULARY), 4, generator=torch.Generator().manual_seed(0))
TABLE = torch.randn(3, 4, generator=torch.Generator().manual_seed(1))
SHADE = TABLE.flip(0) / 4
ROWS = torch.randn(5, 32, generator=torch.Generator().manual_seed(2))

# Of 16 bits, as trained weights are, and enough to be stored beside the graphs.
FIRST, SECOND = (torch.randn(2, 96, 96, generator=torch.Generator().manual_seed(3)) / 8).half().float()


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
            TABLE,
            shade=SHADE,
            rows=Axis("r", ["r0", "r1", "r2"]),
            columns=Axis("c", list("abcd")),
            signed=True,
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


@explore(
    order=Order(["the", "cat", "chased", "the", "<b>"], label="The words"),
    place=Pick("moved", row=2, label="Place"),
)
def shuffled_words(order, place):
    """Rows that move with the words."""
    rows, features = Axis("place", "order"), Axis("feature", list("abcd"))
    moved = ROWS[order, :4]  # (5, 4)
    return {
        "moved": Heatmap(moved, rows=rows, columns=features, signed=True, limit=3),
        "row": Bars(moved[place], items=features, range=(-3, 3)),
        "regions": Heatmap(
            torch.stack([order, order - 2]),
            rows=Axis("kind", ["id", "id − 2"]),
            columns=rows,
            categories=True,
        ),
    }


@explore(
    vectors=Points(
        "plane", value=[[1, 2], [2, -0.5], [-1, -1]], names=["query", "key 1", "key 2"], label="Vectors"
    ),
    warmth=Slider(0.2, 2, 0.1, value=1),
    arrows=Toggle(True),
)
def dragged_vectors(vectors, warmth, arrows):
    """A plane with vectors to drag, a field behind them and a path through it."""
    ends = torch.linspace(-3, 3, 13)  # (13,)
    x, y = ends[None, :].expand(13, 13), ends[:, None].expand(13, 13)
    plane = torch.stack([x, y], dim=-1)  # (13, 13, 2)
    field = torch.logsumexp(plane @ vectors.T / warmth, dim=-1)  # (13, 13)
    mean = vectors.mean(0) if arrows else vectors.sum(0) / 2
    points = torch.cat([vectors, mean[None]])  # (4, 2)
    return {
        "plane": Scatter(
            points,
            points=Axis("vector", ["query", "key 1", "key 2", "mean"]),
            roles=["query", "key", "key", "output"],
            arrows=arrows,
            field=field,
            path=torch.stack([vectors[0], mean, vectors[1]]) / 2,
            range=(-3.3, 3.3),
            x_title="x",
            y_title="y",
        ),
        "scores": Bars(
            points @ vectors[0], items=Axis("vector", ["query", "key 1", "key 2", "mean"]), range=(-18, 18)
        ),
    }


@explore(
    pixel=Pick("picture", row=1, column=2, label="Pixel"),
    light=Slider(0, 1, 0.1, value=0.7),
    size=Choice([1, 2], label="Grid"),
)
def a_picture(pixel, light, size):
    """A picture with a pixel to pick, and the red of its upper half, in pixels of the grid's size."""
    picture = torch.sigmoid(ROWS.flatten()[:144].reshape(6, 8, 3)) * light  # (6, 8, 3)
    patches = (
        picture.unflatten(0, (-1, size)).unflatten(2, (-1, size)).mean((1, 3))
    )  # (6 / size, 8 / size, 3)
    return {
        "picture": Image(picture, grid=size),
        "red": Image(patches[: 3 // size, :, 0]),  # of another shape at each setting
        "colour": Bars(
            picture[pixel[0], pixel[1]], items=Axis("colour", ["red", "green", "blue"]), range=(0, 1)
        ),
    }


@explore(
    rate=Slider(0.001, 0.5, 20, value=0.2, scale="log", label="Learning rate"),
    form=Choice(["plain", "momentum"]),
    training=State(
        {
            "W": torch.zeros(4, 2),
            "speed": torch.zeros(4, 2),
            "losses": torch.zeros(31),
            "step": torch.tensor(0),
        },
        steps=30,
        anew=["form"],
        label="Train",
    ),
    show={
        "W": Heatmap(signed=True, limit=2),
        "losses": Lines(at="step", until="known", range=(0, 3), x_title="step"),
        "loss": Number(),
    },
    predict=Predict(
        "What will the loss be after 30 steps?",
        view="losses",
        options=["below 0.7", "above it"],
        answer="above",
        hides=["loss"],
    ),
)
def descent(rate, form, training):
    """Gradient descent. A rate near 0.33, which the recorded settings do not meet, gives no number."""
    W = training["W"].requires_grad_()
    loss = (ROWS[:, :4] @ W - ROWS[:, 4:6]).square().mean()
    (gradient,) = torch.autograd.grad(loss, W)
    speed = gradient if form == "plain" else 0.9 * training["speed"] + gradient
    losses = torch.where(torch.arange(31) == training["step"], loss.detach(), training["losses"])
    after = torch.where((rate - 0.33).abs() < 0.005, torch.nan, W - rate * speed)
    step = training["step"]
    shown = {"W": W, "losses": losses, "loss": loss, "step": step.float(), "known": step + 1}
    shown["above"] = (loss > 0.7).long()
    return shown, {"W": after, "speed": speed, "losses": losses, "step": training["step"] + 1}


@explore(
    sentence=Words("the cat chased", vocabulary=VOCABULARY, maximum=6),
    speaking=State(
        {"said": torch.tensor([0]), "keys": torch.zeros(0, 4), "done": torch.tensor(0)},
        steps=6,
        grows={"said": 0, "keys": 0},
        label="Speak",
    ),
    show={
        "attention": Heatmap(rows=Axis("word said", VOCABULARY, by="said", longest=7), columns="sentence"),
        "mean": Tokens(words=Axis("word said", VOCABULARY, by="said", longest=7)),
    },
)
def a_word_a_step(sentence, speaking):
    """A model that says a word a step, none twice, and keeps the keys of those that it has said; “then” is the last."""
    keys = torch.cat([speaking["keys"], EMBEDDING[speaking["said"][-1:]]])  # (n, 4)
    attention = (keys @ EMBEDDING[sentence].T).softmax(-1)  # (n, S)
    again = (speaking["said"][:, None] == torch.arange(9)).sum(0)  # (vocabulary,)
    word = (attention[-1] @ EMBEDDING[sentence] @ EMBEDDING.T - 20 * again).argmax()
    shown = {"attention": attention, "mean": attention.mean(1) * keys.shape[0] / 7, "said": speaking["said"]}
    after = {"said": torch.cat([speaking["said"], word[None]]), "keys": keys}
    return shown, after | {"done": torch.maximum(speaking["done"], (word == 6).long())}


@explore(
    bias=Slider(-1, 1, 0.5, value=0.5),
    show={"share": Number(), "doubled": Number()},
    predict=Predict("What share of the numbers lies above the bias?", view="share"),
)
def how_many(bias):
    """A number to guess, and another that anybody may see."""
    return {"share": (ROWS[0] > bias).float().mean(), "doubled": bias * 2}


@explore(
    sentence=Words("the cat chased the dog", vocabulary=VOCABULARY, maximum=6),
    show={"likeness": Heatmap(rows="sentence", columns="sentence", limit=8)},
    predict=Predict("Which word is most like which?", view="likeness"),
)
def which_cell(sentence):
    """A cell to guess."""
    x = EMBEDDING[sentence]  # (n, 4)
    return (x @ x.T).relu()


@explore(
    order=Order(list("abcd"), label="Bars"),
    show={"sizes": Bars(items="order", range=(-3, 3))},
    predict=Predict("Which bar is the lowest?", view="sizes", answer="lowest"),
)
def which_bar(order):
    """A bar to guess, which is not the largest."""
    sizes = ROWS[1, order]
    return {"sizes": sizes, "lowest": sizes.argmin()}


@explore(
    power=Slider(0, 4, 0.5, value=2),
    show={"curve": Lines(x="places", x_title="x", range=(0, 2), names=["root", "power"])},
    predict=Predict("Draw x to this power.", view="curve", series=1),
)
def which_curve(power):
    """A curve to draw."""
    x = torch.linspace(0.1, 1.3, 25)
    return {"curve": torch.stack([x.sqrt(), x**power]), "places": x}


@explore(order=Order(list("abcd"), label="Rows"), size=Slider(0.5, 2, 0.5, value=1))
def plain_views(order, size):
    """Views whose indices have no names of their own, and views with a role."""
    values = ROWS[order, :3] * size  # (4, 3)
    return {
        "table": Heatmap(values, signed=True, limit=4),
        "bars": Bars(values[0], y_title="size", range=(-6, 6)),
        "lines": Lines(
            values[:2],
            low=values[:2] - size,
            high=values[:2] + size / 2,
            names=["q", "k"],
            roles=["query", "key"],
            range=(-6, 6),
        ),
        "points": Scatter(values[:, :2], range=(-6, 6)),
        "words": Tokens(values[0].softmax(-1), words=Axis("word", ["red", "cat", "dog"]), role="output"),
        "sum": Number(values.sum(), role="output"),
        "pixels": Image(values.sigmoid(), rows=Axis("row", "order")),
    }


# A search of five steps that keeps three nodes: the words, what each follows, and how good each is.
SAID = torch.tensor([[0, 0, 0], [1, 8, 7], [3, 6, 3], [4, 0, 0], [2, 5, 1]])
FOLLOWED = torch.tensor([[0, 0, 0], [0, 0, 0], [1, 0, 0], [1, 0, 1], [2, 0, 2]])
SUMS = torch.zeros(5, 3)
for at in range(1, 5):
    SUMS[at] = SUMS[at - 1, FOLLOWED[at]] - ROWS[at, :3].abs()


@explore(
    steps=Slider(1, 5, 1, value=4, label="Steps"),
    node=Pick("tree", row=1, column=0, label="Node"),
    marked=Toggle(True),
)
def a_search(steps, node, marked):
    """A tree of words, of which one may be picked; with marks that its nodes are given, and without."""
    step, place = torch.arange(5)[:, None], torch.arange(3)[None]  # (5, 1), (1, 3)
    there = (step < steps) & ((step > 0) | (place == 0))
    scores = SUMS.masked_fill(~there, -torch.inf)  # (5, 3)
    picked = (step == node[0]) & (place == node[1])
    ended = (scores / 2).masked_fill((place > 0) | (step < 2), -torch.inf)
    marks = {"held": (step <= node[0]).long() + (step == node[0]) + 0 * place, "ended": ended, "best": picked}
    return {
        "tree": Tree(
            scores,
            tokens=SAID,
            parents=FOLLOWED,
            words=VOCABULARY,
            steps=Axis("step", [f"step {i}" for i in range(5)]),
            **(marks if marked else {}),
        ),
        "sum": Number(SUMS[node[0], node[1]]),
    }


CHINESE = ["猫", "小猫", "追", "狗", "？", *(chr(0x4E00 + i) for i in range(90))]


@explore(sentence=Words("小猫追狗", vocabulary=CHINESE, split="longest", maximum=5, label="句子"))
def many_words(sentence):
    """Chinese words, of a vocabulary too large to be listed."""
    return {"ids": Tokens(sentence / 99, words="sentence")}


@explore(
    digit=Sketch(
        (12, 10),
        value=[[(2, 2), (8, 2), (4, 11)]],
        thickness=1.5,
        examples={"one": [[(3, 4), (5, 2), (5, 11)]], "slope": torch.linspace(0, 1, 120).view(12, 10)},
        label="Digit",
    ),
    turned=Toggle(label="Turned"),
)
def drawn(digit, turned):
    """What is drawn, as a picture of more rows than columns, or turned; and how much ink it takes."""
    return {
        "pixels": Image(digit.T if turned else digit),
        "ink": Number(digit.sum()),
        "rows": Bars(digit.sum(1), range=(0, 10)),
    }


@explore(size=Slider(0.5, 2, 0.5, value=1), bent=Toggle(True))
def two_layers(size, bent):
    """Trained weights, which both settings of the toggle use."""
    hidden = size * ROWS.repeat(1, 3) @ FIRST.T  # (5, 96)
    return {"out": Heatmap((hidden.tanh() if bent else hidden) @ SECOND.T, signed=True, limit=3)}


@explore(row=Length(1, 96, value=4, label="Row"))
def the_same_weights(row):
    """The weights of the other figure, the other way round."""
    return {"products": Bars((FIRST @ SECOND[row].sum(0) + SECOND @ FIRST[row].sum(0))[:12], range=(-12, 12))}


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


@exercise(
    order=["softmax", "scores", "mixture"], hints={"soft first": "There is nothing to take a softmax of yet."}
)
def which_step_first():
    """In which order is attention computed?"""
    return {"right": torch.tensor([1, 0, 2]), "soft first": torch.tensor([0, 1, 2])}


@exercise(
    mask=(["a", "b", "c"], ["a", "b"]),
    hints={"none": "Then nobody sees anything.", "later": "These come later."},
)
def who_sees_whom():
    """Which words may look at which?"""
    right = torch.ones(3, 2).tril().bool()
    return {"right": right, "none": torch.zeros(3, 2).bool(), "later": ~right}


FIGURES = {
    f.name: f
    for f in (
        attention_matrix,
        gradient_norm,
        two_picks,
        not_always_finite,
        large,
        shuffled_words,
        dragged_vectors,
        a_picture,
        descent,
        a_word_a_step,
        many_words,
        how_many,
        which_cell,
        which_bar,
        which_curve,
        plain_views,
        drawn,
        a_search,
        two_layers,
        the_same_weights,
    )
}
EXERCISES = [score_of_two, which_scale, which_step_first, who_sees_whom]


ALL = [*FIGURES.values(), *EXERCISES]


def make(folder: Path, shown=ALL, edit=lambda front: front) -> None:
    """Write the page and everything that it needs; `edit` may change the front end."""
    sys.path.insert(0, str(ROOT / "book/_ext"))
    from house.explorables import install_front_end

    static = folder / "_static"
    static.mkdir(parents=True)
    install_front_end(ROOT / "node_modules", static)
    front = static / "explore/explore.mjs"
    front.write_text(edit(front.read_text(encoding="utf-8")), encoding="utf-8")
    # Beside the chapters' graphs: what does not change from one run of the tests to the next is exported once.
    build = {host.SITE: str(static / "figures"), kept.FOLDER: str(ROOT / "_build/graphs")}
    with patch.dict(os.environ, build):
        parts = [each._repr_mimebundle_()["text/html"] for each in shown]
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
