"""A model that answers questions about pictures of shapes: words ask, and patches of the picture answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from transformer_lite._record import Record, within
from transformer_lite.attention import MultiHeadAttention
from transformer_lite.layers import EncoderLayer, FeedForward, TokenEmbedding
from transformer_lite.study import linear_to_zero
from transformer_lite.study.scenes import (
    ANSWERS,
    ASKS,
    CELL,
    GRID,
    LONGEST,
    PAD,
    PIECES,
    WORDS,
    Questions,
    Scenes,
    answers,
    cells,
    draw_questions,
    draw_scenes,
    held_out,
    meant,
    picture,
    wording,
)
from transformer_lite.vit import PatchEmbedding

SEED = 0
STEPS = 4500
BATCH = 128
SHIFT = 0.12
"""How far pieces lie from the middle of their cells in training."""

Way = Literal["words ask", "patches ask", "one sequence"]


class AskingLayer(nn.Module):
    """What asks looks at itself, then at the other sequence, then thinks: a decoder's layer that hides nothing.

    Args:
        d_model: features of one word or patch.
        heads: of each attention.
        d_ff: inner features of the feed-forward network.
    """

    def __init__(self, *, d_model: int, heads: int, d_ff: int) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(d_model=d_model, heads=heads)
        self.cross_attention = MultiHeadAttention(d_model=d_model, heads=heads)
        self.feed_forward = FeedForward(d_model=d_model, d_ff=d_ff)
        self.norm_attention, self.norm_cross_attention, self.norm_feed_forward = (
            nn.LayerNorm(d_model) for _ in range(3)
        )

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        *,
        record: Record | None = None,
    ) -> Tensor:
        """Lets x (batch, T, d_model) ask memory (batch, S, d_model); the masks say who may look where."""
        x = x + self.attention(self.norm_attention(x), mask=mask, record=within(record, "attention"))
        asks = self.norm_cross_attention(x)
        x = x + self.cross_attention(asks, memory, memory_mask, record=within(record, "cross_attention"))
        output: Tensor = x + self.feed_forward(self.norm_feed_forward(x))
        return output


class Asker(nn.Module):
    """Words and a picture to the score of each answer.

    Args:
        d_model, layers, heads, d_ff: sizes.
        way: which sequence asks. `"words ask"`: words give the queries, patches keys and values, and the first word is
            read. `"patches ask"`: the other way round, and the mean of the patches is read.
            `"one sequence"`: both stand in one sequence, which attends to itself, and the first word is read.
    """

    def __init__(
        self,
        *,
        d_model: int = 64,
        layers: int = 3,
        heads: int = 4,
        d_ff: int = 128,
        way: Way = "words ask",
    ) -> None:
        super().__init__()
        self.way = way
        self.words = TokenEmbedding(vocabulary=len(WORDS), d_model=d_model)
        self.patches = PatchEmbedding(patch=CELL, channels=3, d_model=d_model)
        self.word_places = nn.Parameter(torch.randn(LONGEST, d_model) * 0.5)
        # A patch's place is its row and its column, with a vector each. They start in order, along a random direction.
        along = torch.linspace(-1, 1, GRID)[:, None] * torch.randn(2, 1, d_model)  # (2, 4, d_model)
        self.patch_places = nn.Parameter(along * 0.4)
        self.layers = nn.ModuleList(
            EncoderLayer(d_model=d_model, heads=heads, d_ff=d_ff, norm="pre")
            if way == "one sequence"
            else AskingLayer(d_model=d_model, heads=heads, d_ff=d_ff)
            for _ in range(layers)
        )
        self.norm_patches, self.norm = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.head = nn.Linear(d_model, len(ANSWERS))
        self.point = nn.Linear(d_model, GRID * GRID)

    def forward(
        self, ids: Tensor, pictures: Tensor, hidden: Tensor | None = None, *, record: Record | None = None
    ) -> Tensor:
        """Scores of the answers, (batch, answers); see `read`."""
        scores: Tensor = self.head(self.read(ids, pictures, hidden, record=record))
        return scores

    def read(
        self, ids: Tensor, pictures: Tensor, hidden: Tensor | None = None, *, record: Record | None = None
    ) -> Tensor:
        """The vector from which `head` reads the answer, and `point` in which cells the pieces lie that are meant.

        Args:
            ids: (batch, T) words; padding behind them is not looked at.
            pictures: (batch, 3, 32, 32).
            hidden: patches (batch, 16) that nobody may look at, for the ways in which words ask.
            record: a dictionary that receives the layers under `layer 0`, `layer 1` …

        Returns:
            (batch, d_model).
        """
        # A slice of this length would freeze the length into an exported graph.
        places = F.embedding(torch.arange(ids.shape[1]), self.word_places)  # (T, d_model)
        words = self.words(ids) + places  # (batch, T, d_model)
        row, column = self.patch_places[0][:, None], self.patch_places[1]  # (4, 1, d_model), (4, d_model)
        patches = (self.patches(pictures) + row + column).flatten(1, 2)  # (batch, 16, d_model)
        patches = self.norm_patches(patches)
        of_words = (ids != PAD)[:, None]  # (batch, 1, T)
        of_patches = None if hidden is None else ~hidden[:, None]  # (batch, 1, 16)
        x, memory = words, patches
        mask: Tensor | None = of_words
        memory_mask = of_patches
        if self.way == "patches ask":
            x, memory, mask, memory_mask = patches, words, of_patches, of_words
        if self.way == "one sequence":
            x = torch.cat([words, patches], dim=1)  # (batch, T + 16, d_model)
            every = torch.ones_like(patches[:, None, :, 0]).bool() if of_patches is None else of_patches
            mask = torch.cat([of_words, every], dim=-1)  # (batch, 1, T + 16)
        for i, layer in enumerate(self.layers):
            inside = within(record, f"layer {i}")
            x = (
                layer(x, mask, record=inside)
                if self.way == "one sequence"
                else layer(x, memory, mask, memory_mask, record=inside)
            )
        x = self.norm(x)
        read: Tensor = x.mean(1) if self.way == "patches ask" else x[:, 0]
        return read


class Examples(NamedTuple):
    """Questions about scenes, with what is right."""

    ids: Tensor
    """(n, T), words."""
    pictures: Tensor
    """(n, 3, 32, 32)."""
    right: Tensor
    """(n,), indices into `ANSWERS`."""
    cells: Tensor
    """(n, 16), where the pieces lie that are meant."""
    questions: Questions


def examples(
    count: int, *, each: int = 1, most: int = PIECES, new: bool = False, shift: float = SHIFT
) -> Examples:
    """Questions about random scenes.

    Args:
        count: scenes.
        each: questions about each of them.
        most: the most pieces of a scene.
        new: only combinations that are left out of training; else none of these. So there are fewer than asked for.
        shift: how far pieces lie from the middle of their cells.
    """
    scenes = draw_scenes(count, most=most, shift=shift)
    about = torch.arange(count).repeat_interleave(each)  # (n,)
    asked = Scenes(*(x[about] for x in scenes))
    questions = draw_questions(asked)
    kept = (held_out(questions) == new).nonzero()[:, 0]
    asked, questions = Scenes(*(x[kept] for x in asked)), Questions(*(x[kept] for x in questions))
    ids = wording(questions)
    ids = ids[:, : int((ids != PAD).sum(-1).max())]
    # A picture is painted once for all questions about it.
    pictures = picture(asked) if each == 1 else picture(scenes)[about[kept]]
    right, found = answers(ids, asked).argmax(-1), meant(ids, asked)
    return Examples(ids, pictures, right, cells(found, asked), questions)


def train(
    *,
    seed: int = SEED,
    steps: int = STEPS,
    progress: Callable[[Iterable[int]], Iterable[int]] = lambda steps: steps,
    rate: float = 1.5e-3,
    pointing: float = 4.0,
    **sizes: Way | int,
) -> Asker:
    """Train a model to answer questions about scenes that are new at every step.

    It learns two things at once: the answer, and in which cells the pieces lie that the question means. Scenes of the
    first two fifths of the steps have two or three pieces, and then up to six.

    Args:
        seed: of the first weights, the scenes and the questions.
        steps: how many, of about 128 questions each.
        progress: wraps the steps, for instance `tqdm`.
        rate: the learning rate, which the first 200 steps lead up to, and the others down to its half.
        pointing: how much the loss of pointing counts beside that of the answer; 0 teaches the answer alone.
        **sizes: those of `Asker`.

    Returns:
        The model, in evaluation mode.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Asker(**sizes)  # type: ignore[arg-type]
        optimiser = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98), fused=True)
        for step in progress(range(steps)):
            warm = min(1, (step + 1) / 200)
            optimiser.param_groups[0]["lr"] = rate * warm * linear_to_zero(step / (2 * steps))
            batch = examples(BATCH // 4, each=4, most=3 if step < 0.4 * steps else PIECES)
            x = model.read(batch.ids, batch.pictures)  # (batch, d_model)
            loss = F.cross_entropy(model.head(x), batch.right)
            loss = loss + pointing * F.binary_cross_entropy_with_logits(model.point(x), batch.cells)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return model.eval()


@torch.no_grad()
def measure(model: Asker, count: int = 2000, *, seed: int = 1) -> dict[str, float]:
    """The share of right answers on new scenes: in all, by kind of question, and for combinations never trained on.

    Args:
        model: what answers.
        count: scenes, with a question each; of twenty times as many, those whose combination was never trained on.
        seed: of the scenes and questions.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        ids, pictures, right, where, questions = examples(count)
        x = model.read(ids, pictures)
        is_right = model.head(x).argmax(-1) == right
        pointed = ((model.point(x) > 0) == where.bool()).all(-1)
        found = {"right": is_right.float().mean().item(), "pointed": pointed.float().mean().item()}
        for i, ask in enumerate(ASKS):
            for name, chosen in (("", questions.relation == 4), (", related", questions.relation < 4)):
                found[ask + name] = is_right[chosen & (questions.ask == i)].float().mean().item()
        batch = examples(20 * count, new=True)
        is_right = model(batch.ids, batch.pictures).argmax(-1) == batch.right
        found["new combinations"] = is_right.float().mean().item()
    return found
