"""What the tests of the interactive layer share: figures that use everything, and Node for the front end."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
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
    bundle,
    explore,
)

VOCABULARY = ["the", "cat", "dog", "chased", "a", "red"]
EMBEDDING = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def everything():
    """A figure with each control but `Length`, and each view but `Lines`; its scores may be masked."""

    @explore(
        sentence=Words("the cat chased the dog", vocabulary=VOCABULARY, maximum=7),
        temperature=Slider(0.1, 4.0, value=1.0, label="Temperature"),
        cell=Pick("scores", row=1, column=2, label="Cell"),
        scale=Choice(["none", "√d", "d"], label="Divide by"),
        causal=Toggle(False),
    )
    def attention_matrix(sentence, temperature, cell, scale, causal):
        """How much each word attends to each."""
        x = EMBEDDING[sentence]  # (n, 4)
        scores = x @ x.T / temperature / {"none": 1, "√d": 2, "d": 4}[scale]  # (n, n)
        if causal:
            scores = scores.masked_fill(~torch.ones_like(scores).tril().bool(), -torch.inf)
        weights = scores.softmax(-1)  # (n, n)
        query, key = Axis("query", "sentence", title="query"), Axis("key", "sentence")
        return {
            "scores": Heatmap(scores, rows=query, columns=key, signed=True),
            "weights": Heatmap(weights, rows=query, columns=key),
            "row": Tokens(weights[cell[0]], words=key, title="Where the picked word looks"),
            "weight": Number(weights[cell[0], cell[1]]),
            "vectors": Bars(
                x[cell], items=Axis("feature", list("abcd")), names=["q", "k"], roles=["query", "key"]
            ),
        }

    return attention_matrix


@pytest.fixture
def gradient():
    """A figure whose function differentiates, over a length that changes."""
    rows = torch.randn(5, 32, generator=torch.Generator().manual_seed(1))

    @explore(d=Length(1, 32, value=8))
    def gradient_norm(d):
        """The gradient that reaches the scores."""
        scores = (rows[:, d] @ rows[:, d].T).detach().requires_grad_()  # (5, 5)
        (grad,) = torch.autograd.grad((scores.softmax(-1) * torch.eye(5)).sum(), scores)
        return {
            "norm": Number(grad.norm()),
            "curve": Lines(
                torch.stack([scores[0], grad[0]]), names=["score", "gradient"], at=d.float().mean()
            ),
        }

    return gradient_norm


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    """`node(body, data)` runs JavaScript with `data` and the front end's modules at hand, and gives what it returns.

    `await front("text.mjs")` in the body gives a module; `data.mjs` stands among them, as in the bundle.
    """
    program = shutil.which("node")
    assert program, "the tests of the front end need Node"
    folder = tmp_path_factory.mktemp("modules") / "front"
    shutil.copytree(Path(bundle.__file__).parent / "front", folder)
    (folder / "data.mjs").write_text(bundle.data())
    start = (
        f"const front = (name) => import({json.dumps(folder.as_uri())} + '/' + name);\n"
        "let text = ''; for await (const part of process.stdin) text += part; const data = JSON.parse(text);\n"
    )

    def run(body, data=None):
        script = f"{start} const answer = await (async () => {{ {body} }})();\n"
        script += "process.stdout.write(JSON.stringify(answer));"
        done = subprocess.run(
            [program, "--input-type=module", "-e", script],
            input=json.dumps(data),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
