"""A translator from English to Chinese, for the sentences of a toy grammar, trained in about two minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
from torch import Tensor

from transformer_lite.cache import DecoderCache
from transformer_lite.decoding import Step, greedy
from transformer_lite.objective import translation_loss, warm_up
from transformer_lite.study import linear_to_zero
from transformer_lite.study.grammar import (
    END,
    PAD,
    START,
    Sentence,
    chinese_words,
    draw_corpus,
    english_words,
    tokens,
)
from transformer_lite.transformer import Transformer

SEED = 0
STEPS = 5500
BATCH = 64
LONGEST = 32
"""The most words that a translation may take."""


def untrained() -> Transformer:
    """The model, as it is before training."""
    return Transformer(
        source_vocabulary=len(english_words()),
        target_vocabulary=len(chinese_words()),
        d_model=64,
        layers=2,
        heads=4,
        d_ff=256,
        dropout=0.0,  # no sentence is seen so often that it could be learnt by heart
        norm="pre",
        max_length=2 * LONGEST,
        pad=PAD,
    )


def train(
    *,
    seed: int = SEED,
    steps: int = STEPS,
    progress: Callable[[Iterable[int]], Iterable[int]] = lambda steps: steps,
) -> Transformer:
    """Train a translator.

    Args:
        seed: of the first weights and the order of the sentences. The sentences are always the same.
        steps: how many, of 64 sentences each.
        progress: wraps the steps, for instance `tqdm`.

    Returns:
        The model, in evaluation mode.
    """
    source, target = tokens(draw_corpus().training)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = untrained()
        optimiser = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98), eps=1e-9, fused=True)
        batches = _batches((source != PAD).sum(dim=1))
        for step in progress(range(steps)):
            rate = warm_up(step + 1, d_model=64, steps=400) * linear_to_zero(step / steps)
            optimiser.param_groups[0]["lr"] = rate
            rows = next(batches)
            loss = _loss(model, source[rows], target[rows], smoothing=0.1)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return model.eval()


def _batches(lengths: Tensor) -> Iterator[Tensor]:
    """Rows of sentences, for ever: all once, then all again. Those of a batch are about equally long."""
    while True:
        order = torch.randperm(len(lengths))
        batches = torch.split(order[lengths[order].argsort(stable=True)], BATCH)
        yield from (batches[i] for i in torch.randperm(len(batches)))


def _loss(model: Transformer, source: Tensor, target: Tensor, *, smoothing: float = 0.0) -> Tensor:
    """Cross-entropy of each word, given those before it."""
    source = source[:, : int((source != PAD).sum(dim=1).max())]
    target = target[:, : int((target != PAD).sum(dim=1).max())]
    return translation_loss(model(source, target[:, :-1]), target[:, 1:], smoothing=smoothing, pad=PAD)


def speaker(model: Transformer, source: Tensor) -> Step:
    """What `decoding` searches with: scores of the next word.

    Padding and start are no words. The model was never told what to think of them, for the loss leaves padding out:
    without this, a beam may find that a sentence goes on best with nothing but padding.
    """
    step = model.speaker(source)

    def words_alone(ids: Tensor, cache: DecoderCache | None) -> Tensor:
        return step(ids, cache).index_fill(1, torch.tensor([PAD, START]), -torch.inf)

    return words_alone


def translate(model: Transformer, sentences: Sequence[Sentence]) -> list[tuple[str, ...]]:
    """What the model says, taking the likeliest word each time."""
    source, _ = tokens(sentences)
    start, step = torch.full((len(source), 1), START), speaker(model, source)
    said = greedy(step, start, end=END, pad=PAD, max_new=LONGEST, cache=model.new_cache())  # (n, 1 + T)
    words = chinese_words()
    return [tuple(words[id_] for id_ in row if id_ not in (START, END, PAD)) for row in said.tolist()]


@torch.no_grad()
def measure(model: Transformer) -> dict[str, float]:
    """The share of held-out sentences that are translated exactly, in all and by kind, and the loss per word."""
    held_out = draw_corpus().held_out
    said = translate(model, held_out)
    right = [one.chinese == words for one, words in zip(held_out, said, strict=True)]
    found = {"exact": sum(right) / len(right), "loss": _loss(model, *tokens(held_out)).item()}
    for kind in sorted({one.kind for one in held_out}):
        of_kind = [r for one, r in zip(held_out, right, strict=True) if one.kind == kind]
        found[f"exact, {kind}"] = sum(of_kind) / len(of_kind)
    return found
