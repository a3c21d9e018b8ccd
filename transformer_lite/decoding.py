"""From scores of the next token to whole sentences.

All searches here know the model by one function, ``step(ids, cache)``: given ids ``(rows, n)`` it returns
scores of the next token, ``(rows, vocabulary)``. Without a cache it is given everything said so far, with a
cache only what is new. ``Transformer.speaker(source)`` and ``LanguageModel.step`` are such functions::

    ids = greedy(model.speaker(source), start, end=2, max_new=50, cache=model.new_cache())

    for token in stream(model.step, start, max_new=50, cache=model.new_cache()):  # (batch,), as soon as it is said
        print(words[token[0]])

All rows of ``start`` have one length. A row ends by itself; the others go on. Call ``model.eval()`` first, or
dropout will have its say.

A step may forbid tokens by a score of minus infinity. Where it forbids all of them, nothing can follow: a row that is
said token by token ends there, and a beam search drops the sentence. NaN or infinity raises a ``ValueError``.

``beam_search`` can be compiled as one graph, which then takes all of its ``max_new`` steps; what hands out token after
token cannot.

A search begins with an empty cache, or with one that holds the beginning of ``start`` but for one token at least; see
``cache.py`` for a beginning that is read once and continued many times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from transformer_lite import _check
from transformer_lite._shape import shown
from transformer_lite.cache import DecoderCache
from transformer_lite.sampling import draw

Step = Callable[[Tensor, "DecoderCache | None"], Tensor]
Choice = Callable[[Tensor], Tensor]
_NOT_FINITE = (
    "the model's scores of the next token hold NaN or infinity, so that no token is the likeliest: forbid tokens by "
    "minus infinity, and look for what is not finite in the model."
)


def stream(
    step: Step,
    start: Tensor,
    *,
    max_new: int,
    choose: Choice | None = None,
    end: int | None = None,
    pad: int = 0,
    cache: DecoderCache | None = None,
) -> Iterator[Tensor]:
    """Say token after token, and hand out each as soon as it is chosen.

    Args:
        step: scores of the next token; see the top of this file.
        start: what is already said, ids ``(batch, n)`` with ``n ≥ 1``.
        max_new: the most tokens to say.
        choose: from scores ``(batch, vocabulary)`` to the tokens to say, ids ``(batch,)``, as ``sampling.draw``
            does; the likeliest if not given.
        end: the token that ends a sentence; none if not given.
        pad: what stands behind the end; the model never sees it.
        cache: a cache of the model, for speed, empty or with the beginning of ``start``; without it, the result is the
            same.

    Yields:
        The next token of each row, ids ``(batch,)``, until all rows have ended.

    Raises:
        ValueError: if ``start`` is not a batch of ids, ``max_new`` is below 1, or the cache holds as much as ``start``;
            at once, before anything is said. Later, if a score is NaN or infinite.
    """
    _check_search(start, max_new, cache)
    # A tensor from inference mode cannot be trained with, its copy can.
    return (token.clone() for token in _say(step, start, max_new, choose, end, pad, cache))


@torch.inference_mode()  # while a token is computed, and not while the caller has it
def _say(
    step: Step,
    start: Tensor,
    max_new: int,
    choose: Choice | None,
    end: int | None,
    pad: int,
    cache: DecoderCache | None,
) -> Iterator[Tensor]:
    # What the model is given: all that is said, or with a cache what is new.
    ids = start if cache is None else start[:, cache.length :]
    ended = torch.zeros(len(start), dtype=torch.bool, device=start.device)  # (batch,)
    for _ in range(max_new):
        scores = step(ids, cache)  # (batch, vocabulary)
        best, likeliest = scores.max(dim=-1)  # (batch,) each
        unclear = (best.isnan() | (best == torch.inf)) & ~ended  # (batch,)
        ended = ended | (best == -torch.inf)  # where nothing is allowed, nothing follows
        token = likeliest if choose is None else choose(scores.masked_fill(ended[:, None], 0))  # (batch,)
        done = ended if end is None else ended | (token == end)  # (batch,)
        if _check.may_look(done) and len(start):
            failed, silent, last = torch.stack([unclear.any(), ended.all(), done.all()]).tolist()
            if failed:
                raise ValueError(_NOT_FINITE)
            if silent:
                break
        else:
            last = False
        yield token.masked_fill(ended, pad).to(start.dtype)
        if last:
            break
        ended = done
        new = token[:, None].to(start.dtype)  # (batch, 1), where pad may be no token of the model
        ids = new if cache is not None else torch.cat([ids, new], dim=1)


def greedy(
    step: Step,
    start: Tensor,
    *,
    max_new: int,
    end: int | None = None,
    pad: int = 0,
    cache: DecoderCache | None = None,
) -> Tensor:
    """Say the most likely token, again and again.

    Args:
        step: scores of the next token; see the top of this file.
        start: what is already said, ids ``(batch, n)`` with ``n ≥ 1``.
        max_new: the most tokens to add.
        end: the token that ends a sentence; none if not given.
        pad: what stands behind the end; the model never sees it.
        cache: a cache of the model, for speed, empty or with the beginning of ``start``; without it, the result is the
            same.

    Returns:
        Ids ``(batch, n + new)``, where ``new ≤ max_new`` is the longest row's.

    Raises:
        ValueError: if ``start`` is not a batch of ids, ``max_new`` is below 1, the cache holds as much as ``start``, or
            a score is NaN or infinite.
    """
    said = stream(step, start, max_new=max_new, end=end, pad=pad, cache=cache)
    return _together(start, said)


def sample(
    step: Step,
    start: Tensor,
    *,
    max_new: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
    end: int | None = None,
    pad: int = 0,
    cache: DecoderCache | None = None,
) -> Tensor:
    """Draw one token after another; see ``sampling.py``.

    Args:
        step: scores of the next token; see the top of this file.
        start: what is already said, ids ``(batch, n)`` with ``n ≥ 1``.
        max_new: the most tokens to add.
        temperature: low for likely tokens, high for unlikely ones too; near 0 this is greedy search.
        top_k: draw from the k likeliest tokens only; from all if not given.
        top_p: draw only from the fewest of the likeliest tokens that have this probability together.
        generator: where chance comes from; a generator with the same seed says the same again.
        end: the token that ends a sentence; none if not given.
        pad: what stands behind the end; the model never sees it.
        cache: a cache of the model, for speed, empty or with the beginning of ``start``; without it, the result is the
            same.

    Returns:
        Ids ``(batch, n + new)``, where ``new ≤ max_new`` is the longest row's.

    Raises:
        ValueError: as for ``greedy``; for a temperature, ``top_k`` or ``top_p`` outside its range.
    """
    choose = partial(draw, temperature=temperature, top_k=top_k, top_p=top_p, generator=generator)
    said = stream(step, start, max_new=max_new, choose=choose, end=end, pad=pad, cache=cache)
    return _together(start, said)


def _together(start: Tensor, said: Iterator[Tensor]) -> Tensor:
    """What was there and what a stream says, ``(batch, n + new)``."""
    return torch.cat([start, *(token[:, None] for token in said)], dim=1)


class Beams(NamedTuple):
    """The best sentences found for each start, best first."""

    ids: Tensor
    """``(batch, beams, n + new)``; padded behind the end, and all padding where there is no sentence."""
    scores: Tensor
    """``(batch, beams)``: log probability over length penalty; minus infinity where there is no sentence."""


def beam_search(
    step: Step,
    start: Tensor,
    *,
    beams: int,
    max_new: int,
    end: int | None = None,
    pad: int = 0,
    alpha: float = 0.0,
    cache: DecoderCache | None = None,
) -> Beams:
    """Keep the ``beams`` most likely beginnings, and collect the sentences that end.

    At each step every beginning is continued by every token. Among the best ``beams`` continuations, those
    with the end token are finished sentences, scored by log probability over ``length_penalty``; the best
    ``beams`` others go on. A search is over when no beginning can still beat the worst of its ``beams`` finished
    sentences, or after ``max_new`` tokens; what is unfinished then counts as it stands.

    With ``beams=1`` this is greedy search, unless that walks into a dead end; with enough beams it is exhaustive.

    Source: Wu et al. 2016 (GNMT), section 7; the paper uses 4 beams and α = 0.6.

    Args:
        step: scores of the next token; see the top of this file. Row ``b · beams + w`` is beam w of start b.
        start: what is already said, ids ``(batch, n)`` with ``n ≥ 1``.
        beams: how many beginnings to keep for each start.
        max_new: the most tokens to add.
        end: the token that ends a sentence; none if not given.
        pad: what stands behind the end.
        alpha: how much long sentences are favoured; 0 compares plain log probabilities.
        cache: an empty cache of the model, for speed; the result is the same without.

    Returns:
        ``ids (batch, beams, n + new)`` and ``scores (batch, beams)``, best first.

    Raises:
        ValueError: if ``start`` is not a batch of ids, a number is below 1, the cache holds as much as ``start``, or
            a score is NaN or infinite.
    """
    _check_search(start, max_new, cache)
    (beams,) = _check.positive(beams=beams)
    with torch.inference_mode():
        batch, said = start.shape
        first_row = torch.arange(batch, device=start.device)[:, None] * beams  # (batch, 1)

        ids = start.repeat_interleave(beams, dim=0)  # (batch · beams, said)
        new = ids if cache is None else ids[:, cache.length :]
        if cache is not None and cache.length:
            cache.reorder(torch.arange(batch, device=start.device).repeat_interleave(beams), memory=True)
        # All beams of a start begin alike: only the first counts, or the same sentence would be found many times.
        nothing = torch.full((batch, beams), -torch.inf, dtype=torch.float32, device=start.device)
        running = nothing.clone()  # log probabilities
        running[:, 0] = 0
        finished = Beams(
            torch.full((batch, beams, said + max_new), pad, dtype=start.dtype, device=start.device), nothing
        )
        over = torch.zeros(batch, dtype=torch.bool, device=start.device)  # (batch,)

        for length in range(1, max_new + 1):
            scores = step(ids if cache is None else new, cache).float()  # (rows, vocabulary)
            vocabulary = scores.shape[-1]
            # A dead end has no continuation, and neither has a beginning that was itself impossible.
            likeliest = scores.amax(dim=-1).view(batch, beams)
            dead = (running == -torch.inf) | (likeliest == -torch.inf)  # (batch, beams)
            total = running[:, :, None] + scores.log_softmax(dim=-1).view(batch, beams, vocabulary)
            total = total.masked_fill_(dead[:, :, None], -torch.inf).flatten(1)  # (batch, beams · vocabulary)
            # At most one continuation of each beginning ends, so among twice as many enough go on.
            best, index = total.topk(min(2 * beams, beams * vocabulary), dim=-1)  # (batch, 2 beams), sorted
            beam, token = index // vocabulary, index % vocabulary  # (batch, 2 beams)
            candidates = torch.cat([ids[first_row + beam], token[..., None].to(ids.dtype)], dim=-1)

            ends = torch.zeros_like(token, dtype=torch.bool) if end is None else token == end
            ending = ends.clone()
            ending[:, beams:] = False
            if length == max_new:
                ending[:, :beams] = True
            penalty = length_penalty(length, alpha=alpha)
            ended = (best / penalty).masked_fill(~ending | over[:, None], -torch.inf)
            finished = _best(finished, candidates, ended, pad)

            running, kept = best.masked_fill(ends, -torch.inf).topk(beams, dim=-1)  # (batch, beams)
            # A beginning only becomes less likely, but its penalty may come to favour it.
            hope = running[:, 0] / max(penalty, length_penalty(max_new, alpha=alpha))
            unclear = best[:, 0].isnan() & ~over  # (batch,): among the best, NaN comes first
            over = over | (finished.scores[:, -1] >= hope)
            if _check.may_look(over):
                failed, last = torch.stack([unclear.any(), over.all()]).tolist()
                if failed:
                    raise ValueError(_NOT_FINITE)
                if last:
                    break
            ids = candidates.gather(1, kept[..., None].expand(-1, -1, said + length)).flatten(0, 1)
            new = ids[:, -1:]
            if cache is not None:
                cache.reorder((first_row + beam.gather(1, kept)).flatten())

    ids, scores = finished.ids[:, :, : said + length], finished.scores
    return Beams(ids.masked_fill((scores == -torch.inf)[..., None], pad), scores.clone())


def length_penalty(length: int, *, alpha: float) -> float:
    """``((5 + length) / 6)^α``: 1 for a single token, growing slowly.

    Source: Wu et al. 2016 (GNMT), equation 14.

    Args:
        length: tokens said, the end among them.
        alpha: 0 for no penalty; the paper uses 0.6.

    Returns:
        What the log probability is divided by.

    Raises:
        ValueError: for a length below 1.
    """
    _check.positive(length=length)
    return float(((5 + length) / 6) ** alpha)


def _best(finished: Beams, ids: Tensor, scores: Tensor, pad: int) -> Beams:
    """The best sentences among those finished before and the new ones, as many as before."""
    beams, longest = finished.ids.shape[1:]
    filled = torch.nn.functional.pad(ids, (0, longest - ids.shape[-1]), value=pad)
    both_ids = torch.cat([finished.ids, filled], dim=1)  # (batch, 3 beams, longest)
    both_scores, index = torch.cat([finished.scores, scores], dim=1).topk(beams, dim=-1)
    return Beams(both_ids.gather(1, index[..., None].expand(-1, -1, longest)), both_scores)


def _check_search(start: Tensor, max_new: int, cache: DecoderCache | None) -> None:
    _check.positive(max_new=max_new)
    if start.ndim != 2 or start.shape[1] == 0 or start.dtype not in (torch.int64, torch.int32):
        raise ValueError(
            f"start has shape {shown(start.shape)} and holds {start.dtype}, but must be ids (batch, n) with at "
            "least one token in each row, such as the token that starts a sentence."
        )
    if cache is not None and cache.length >= start.shape[1]:
        raise ValueError(
            f"the cache already holds {cache.length} positions, but start has {start.shape[1]}: give a new cache for "
            "each search, or one that holds the beginning of start and leaves one token at least."
        )
