"""Trained weights: stored once in 16 bits, and the model that comes back is the one that was measured."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from transformer_lite.study import recipe as recipes
from transformer_lite.study import weights
from transformer_lite.transformer import Transformer

ROOT = Path(__file__).resolve().parents[2]
STORED = sorted(path.stem for path in (ROOT / "book/weights").glob("*.safetensors"))

TINY = """
import torch
from torch import nn

SEED, STEPS = 3, 60


def train(*, seed=SEED, steps=STEPS, progress=lambda steps: steps):
    torch.manual_seed(seed)
    model = nn.Linear(4, 2)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in progress(range(steps)):
        x = torch.randn(32, 4)
        optimiser.zero_grad()
        (model(x) - x[:, :2] * {scale}).square().mean().backward()
        optimiser.step()
    return model


@torch.no_grad()
def measure(model):
    return {{"corner": float(model.weight[0, 0]), "away": float((model.weight - torch.eye(4)[:2]).norm())}}
"""


@pytest.fixture
def book(tmp_path, monkeypatch):
    """The folder of weights that this process reads and writes."""
    monkeypatch.setattr(weights, "_INSTALLED", tmp_path / "no package")
    monkeypatch.setattr(weights, "_BOOK", tmp_path / "weights")
    return tmp_path / "weights"


def small(seed=0, **options):
    torch.manual_seed(seed)
    sizes = {"d_model": 8, "layers": 1, "heads": 2, "d_ff": 16, "dropout": 0.0, "max_length": 8}
    return Transformer(source_vocabulary=11, **sizes, **options).eval()


def test_a_model_comes_back_as_it_was_rounded(book):
    model, other = small(), small(seed=1)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    table = model.source_positions.table.clone()
    weights.round_to_16_bits(model)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name].half().float()), name
        assert tensor.dtype == torch.float32
    assert torch.equal(model.source_positions.table, table), "what is computed is not rounded"
    weights.save("small", model, {"seed": 0, "metrics": {"é": 0.5}})
    assert weights.metadata("small") == {"seed": 0, "metrics": {"é": 0.5}}
    other.load_state_dict(weights.load("small"))
    ids = torch.tensor([[1, 2, 3]])
    assert torch.equal(other(ids, ids), model(ids, ids))
    assert other.source_embedding is other.target_embedding


def test_what_is_shared_is_stored_once_and_tables_not_at_all(book):
    model = small()
    weights.round_to_16_bits(model)
    path = weights.save("small", model, {})
    with safe_open(path, "pt") as file:
        assert {file.get_tensor(name).dtype for name in file.keys()} == {torch.float16}  # noqa: SIM118
        numbers = sum(file.get_tensor(name).numel() for name in file.keys())  # noqa: SIM118
        assert not [name for name in file.keys() if "table" in name]  # noqa: SIM118
    assert numbers == sum(p.numel() for p in model.parameters())
    assert weights.load("small").keys() == model.state_dict().keys()


def test_whole_numbers_of_a_model_s_state_stay(book):
    model = torch.nn.BatchNorm1d(3)
    model.num_batches_tracked.fill_(100_001)
    weights.round_to_16_bits(model)
    weights.save("norm", model, {})
    assert weights.load("norm")["num_batches_tracked"] == 100_001


@pytest.mark.parametrize("number", [70_000.0, float("inf"), float("nan")])
def test_what_16_bits_cannot_hold_is_refused(number):
    model = torch.nn.Linear(2, 2)
    with torch.no_grad():
        model.bias[1] = number
    with pytest.raises(ValueError, match=r"bias has numbers up to .*65504"):
        weights.round_to_16_bits(model)


def test_weights_that_are_not_there_say_what_makes_them(book):
    for ask in (weights.load, weights.metadata):
        with pytest.raises(ValueError, match=r"'poet'.*make weights poet"):
            ask("poet")


@pytest.fixture
def project(tmp_path):
    """A copy of the package and the tool, with a recipe of its own."""
    for folder in ("transformer_lite", "tools"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for recipe in (tmp_path / "transformer_lite/study/recipes").glob("[!_]*.py"):
        recipe.unlink()
    return tmp_path


def made(project, *names, scale=1):
    (project / "transformer_lite/study/recipes/tiny.py").write_text(TINY.format(scale=scale))
    command = [sys.executable, project / "tools/weights.py", *names]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(project)}
    )


def test_weights_are_made_by_their_recipe(project, book, monkeypatch):
    done = made(project)
    assert done.returncode == 0, done.stderr
    assert "tiny: " in done.stdout
    assert "60/60" in done.stderr, "a progress bar"
    monkeypatch.setattr(weights, "_BOOK", project / "book/weights")
    namespace = {}
    exec(TINY.format(scale=1), namespace)
    model = namespace["train"]()
    weights.round_to_16_bits(model)
    assert torch.equal(weights.load("tiny")["weight"], model.weight)
    about = weights.metadata("tiny")
    assert (about["seed"], about["steps"]) == (3, 60)
    assert about["metrics"] == namespace["measure"](model), "of the rounded model"
    assert about.keys() >= {"date", "torch", "seconds"}


def test_a_recipe_that_does_not_exist_or_does_not_fit_makes_nothing(project):
    done = made(project, "poet")
    assert done.returncode == 1
    assert "'poet'. The recipes there are: tiny" in done.stderr
    done = made(project, "tiny", scale=1e6)
    assert done.returncode == 1
    assert "65504" in done.stderr
    assert not (project / "book").exists()


@pytest.fixture
def losses(monkeypatch):
    """`losses(train)` trains a slice from the start, and gives the loss of each step."""
    seen = []
    backward = torch.Tensor.backward

    def noted(loss, *given, **options):
        seen.append(loss.item())
        return backward(loss, *given, **options)

    monkeypatch.setattr(torch.Tensor, "backward", noted)

    def slice_of(train):
        train(steps=20)
        assert len(seen) == 20
        return seen

    return slice_of


def falls(losses):
    return sum(losses[-5:]) < sum(losses[:5])


def test_a_slice_of_a_recipe_tells_whether_it_learns(losses):
    namespace = {}
    exec(TINY.format(scale=1), namespace)
    assert falls(losses(namespace["train"]))
    assert not falls([1.0] * 20)


# -- what the book ships -------------------------------------------------------------------------------------------


def test_every_recipe_has_weights_and_all_weights_a_recipe():
    assert recipes.names() == STORED


@pytest.mark.parametrize("name", STORED)
def test_shipped_weights_are_small_and_of_16_bits(name):
    assert weights.path(name).stat().st_size < 1e6
    with safe_open(weights.path(name), "pt") as file:
        tensors = [file.get_tensor(key) for key in file.keys()]  # noqa: SIM118
    assert {tensor.dtype for tensor in tensors if tensor.is_floating_point()} == {torch.float16}
    assert all(tensor.isfinite().all() for tensor in tensors)


@pytest.mark.parametrize("name", STORED)
def test_shipped_weights_measure_as_recorded(name):
    recipe = recipes.find(name)
    model = recipe.train(steps=0).eval()
    model.load_state_dict(weights.load(name))
    about = weights.metadata(name)
    assert (about["seed"], about["steps"]) == (recipe.SEED, recipe.STEPS)
    assert recipe.measure(model) == pytest.approx(about["metrics"], abs=1e-6)


@pytest.mark.parametrize("name", STORED)
def test_the_recipe_still_learns(name, losses):
    assert falls(losses(recipes.find(name).train))


@pytest.mark.parametrize("name", STORED)
def test_a_seed_decides_the_training_and_leaves_other_chance_alone(name):
    train = recipes.find(name).train
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, same, other = (train(seed=seed, steps=2) for seed in (1, 1, 2))
    assert torch.rand(1).equal(expected)
    for first, second in zip(one.parameters(), same.parameters(), strict=True):
        assert first.equal(second)
    # Whatever starts by chance starts otherwise: of what is a matrix, that is all.
    for first, third in zip(one.parameters(), other.parameters(), strict=True):
        assert first.ndim < 2 or not first.equal(third)


@pytest.mark.parametrize("name", STORED)
def test_progress_sees_every_step(name):
    seen = []
    recipes.find(name).train(steps=3, progress=lambda steps: (seen.append(step) or step for step in steps))
    assert seen == [0, 1, 2]
