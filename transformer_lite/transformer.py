"""Whole models: an encoder, a decoder, both together, and a decoder alone.

           source ids                       target ids, one step behind
               |                                  |
     embedding + positions              embedding + positions
               |                                  |
        encoder layers  ---- memory --->   decoder layers
                                                  |
                                       scores of the next token

Source: Vaswani et al. 2017, figure 1.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn

from transformer_lite import _check, masks
from transformer_lite._record import Record, within
from transformer_lite._shape import shown
from transformer_lite.cache import DecoderCache
from transformer_lite.decoding import Step
from transformer_lite.layers import DecoderLayer, EncoderLayer, TokenEmbedding
from transformer_lite.positions import LearnedPositions, SinusoidalPositions

Positions = Literal["sinusoidal", "learned", None]


class Encoder(nn.Module):
    """A stack of encoder layers, with one more normalisation at the end if they are pre-norm.

    With ``causal=True`` it is the stack of a decoder that has no encoder.

    Args:
        layers: how many.
        options: of every layer; see ``EncoderLayer``.
    """

    def __init__(self, *, layers: int, **options: Any) -> None:
        super().__init__()
        _check.positive(layers=layers)
        self.layers = nn.ModuleList(EncoderLayer(**options) for _ in range(layers))
        self.last_norm = _last_norm(**options)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        *,
        causal: bool = False,
        bias: Tensor | None = None,
        cache: DecoderCache | None = None,
        record: Record | None = None,
    ) -> Tensor:
        """Apply all layers.

        Args:
            x: ``(batch, T, d_model)``.
            mask: ``True`` where a position may attend to another; the same for all layers.
            causal: also hide later positions.
            bias: added to the scores of all layers.
            cache: keys and values of earlier positions; ``x`` then holds the new ones only.
            record: receives ``layer 0``, ``layer 1``, ... and ``output``.

        Returns:
            ``(batch, T, d_model)``.

        Raises:
            ValueError: for shapes that do not fit.
        """
        for i, layer in enumerate(self.layers):
            own = None if cache is None else cache.own[i]
            x = layer(x, mask, causal=causal, bias=bias, cache=own, record=within(record, f"layer {i}"))
        return _finish(x, self.last_norm, record)


class Decoder(nn.Module):
    """A stack of decoder layers, with one more normalisation at the end if they are pre-norm.

    Args:
        layers: how many.
        options: of every layer; see ``DecoderLayer``.
    """

    def __init__(self, *, layers: int, **options: Any) -> None:
        super().__init__()
        _check.positive(layers=layers)
        self.layers = nn.ModuleList(DecoderLayer(**options) for _ in range(layers))
        self.last_norm = _last_norm(**options)

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        *,
        cache: DecoderCache | None = None,
        record: Record | None = None,
    ) -> Tensor:
        """Apply all layers. Later positions of ``x`` are always hidden.

        Args:
            x: ``(batch, T, d_model)``; what has been said so far.
            memory: ``(batch, S, d_model)``; the encoder's output.
            mask: what else is hidden in ``x``: ``True`` where a position may attend to another.
            memory_mask: ``True`` where a position of ``x`` may attend to one of ``memory``.
            cache: keys and values of earlier positions; ``x`` then holds the new ones only.
            record: receives ``layer 0``, ``layer 1``, ... and ``output``.

        Returns:
            ``(batch, T, d_model)``.

        Raises:
            ValueError: for shapes that do not fit.
        """
        for i, layer in enumerate(self.layers):
            own, other = (None, None) if cache is None else (cache.own[i], cache.memory[i])
            seen = within(record, f"layer {i}")
            x = layer(x, memory, mask, memory_mask, cache=own, memory_cache=other, record=seen)
        return _finish(x, self.last_norm, record)


class Transformer(nn.Module):
    """The encoder-decoder of the paper, from token ids to scores of the next token.

    The target's embedding also scores the output. Where both sides share one vocabulary, they share it too.

    A graph that is exported with sinusoids (``torch.export``, ONNX), or with learned positions, takes sentences of at
    most ``max_length`` tokens, one with ``positions=None`` of any length.

    Args:
        source_vocabulary: tokens of the source.
        target_vocabulary: tokens of the target; if not given, both sides have one vocabulary and one matrix.
        d_model: features of one position.
        layers: encoder layers, and as many decoder layers.
        heads: attention heads.
        d_ff: inner features of the feed-forward networks.
        dropout: share set to zero in training, everywhere.
        positions: ``"sinusoidal"``, ``"learned"``, or ``None``, for instance with ``rotary=True``.
        max_length: how many positions are learned, or kept in the table of sinusoids.
        pad: the id that fills up short sources.
        options: of every layer: ``norm``, ``activation``, ``eps``, ``d_k``, ``rotary``.

    Raises:
        ValueError: if sizes do not fit.
    """

    def __init__(
        self,
        *,
        source_vocabulary: int,
        target_vocabulary: int | None = None,
        d_model: int = 512,
        layers: int = 6,
        heads: int = 8,
        d_ff: int = 2048,
        dropout: float = 0.1,
        positions: Positions = "sinusoidal",
        max_length: int = 1024,
        pad: int = 0,
        **options: Any,
    ) -> None:
        super().__init__()
        options.update(d_model=d_model, heads=heads, d_ff=d_ff, dropout=dropout)
        self.pad = pad
        self.source_embedding = TokenEmbedding(vocabulary=source_vocabulary, d_model=d_model)
        if target_vocabulary is None:
            self.target_embedding = self.source_embedding
        else:
            self.target_embedding = TokenEmbedding(vocabulary=target_vocabulary, d_model=d_model)
        self.source_positions = _positions(positions, d_model, max_length)
        self.target_positions = _positions(positions, d_model, max_length)
        self.dropout = nn.Dropout(dropout)
        self.encoder = Encoder(layers=layers, **options)
        self.decoder = Decoder(layers=layers, **options)

    def forward(self, source: Tensor, target: Tensor, *, record: Record | None = None) -> Tensor:
        """Score the token after each position of the target, all positions at once.

        Padding behind a target needs no mask: what stands before it cannot see it.

        Args:
            source: ids ``(batch, S)``, filled up with ``pad``.
            target: ids ``(batch, T)``, beginning with the token that starts a sentence.
            record: receives ``encoder`` and ``decoder``, and inside them the layers.

        Returns:
            Scores (logits) ``(batch, T, target_vocabulary)``.

        Raises:
            ValueError: for ids outside the vocabularies, or shapes that do not fit.
        """
        memory = self.encode(source, record=record)  # (batch, S, d_model)
        return self.decode(target, memory, self.source_mask(source), record=record)

    def source_mask(self, source: Tensor) -> Tensor:
        """Which positions of the source are words: ``(batch, 1, S)``."""
        return masks.padding_of(source, pad=self.pad)

    def encode(self, source: Tensor, *, record: Record | None = None) -> Tensor:
        """Read the source: ids ``(batch, S)`` to memory ``(batch, S, d_model)``.

        Raises:
            ValueError: for ids outside the vocabulary.
        """
        x = _embed(source, self.source_embedding, self.source_positions, start=0)  # (batch, S, d_model)
        seen = within(record, "encoder")
        memory: Tensor = self.encoder(self.dropout(x), self.source_mask(source), record=seen)
        return memory

    def decode(
        self,
        target: Tensor,
        memory: Tensor,
        memory_mask: Tensor | None = None,
        *,
        cache: DecoderCache | None = None,
        last: bool = False,
        record: Record | None = None,
    ) -> Tensor:
        """Score the token after each position of the target, given what was read.

        Args:
            target: ids ``(batch, T)``; with a cache, the new ones only.
            memory: ``(batch, S, d_model)`` from ``encode``.
            memory_mask: from ``source_mask``.
            cache: keys and values of earlier positions.
            last: score the token after the last position only.
            record: receives ``decoder``.

        Returns:
            Scores ``(batch, T, target_vocabulary)``, with ``T = 1`` if ``last``.

        Raises:
            ValueError: for ids outside the vocabulary, or shapes that do not fit.
        """
        start = 0 if cache is None else cache.length
        x = _embed(target, self.target_embedding, self.target_positions, start)  # (batch, T, d_model)
        seen = within(record, "decoder")
        x = self.decoder(self.dropout(x), memory, None, memory_mask, cache=cache, record=seen)
        return self.target_embedding.logits(x[:, -1:] if last else x)

    @torch.no_grad()
    def speaker(self, source: Tensor) -> Step:
        """Read the source once, and return the function that ``decoding`` calls for each next token.

        It takes several rows of targets for each row of the source, as beam search needs.
        """
        memory, mask = self.encode(source), self.source_mask(source)

        def step(target: Tensor, cache: DecoderCache | None) -> Tensor:
            beams = target.shape[0] // max(1, memory.shape[0])
            rows = memory if beams == 1 else memory.repeat_interleave(beams, dim=0)
            visible = mask if beams == 1 else mask.repeat_interleave(beams, dim=0)
            return self.decode(target, rows, visible, cache=cache, last=True)[:, 0]

        return step

    def new_cache(self) -> DecoderCache:
        """An empty cache for one batch of sentences."""
        return DecoderCache(layers=len(self.decoder.layers))


class LanguageModel(nn.Module):
    """A decoder alone, as in GPT: every token is predicted from those before it.

    What an exported graph takes is said at ``Transformer``.

    Args:
        vocabulary: number of tokens.
        d_model: features of one position.
        layers: number of layers.
        heads: attention heads.
        d_ff: inner features of the feed-forward networks.
        dropout: share set to zero in training, everywhere.
        positions: ``"sinusoidal"``, ``"learned"``, or ``None``, for instance with ``rotary=True``.
        max_length: how many positions are learned, or kept in the table of sinusoids.
        scaled: whether embeddings are multiplied by √d_model.
        options: of every layer: ``norm``, ``activation``, ``eps``, ``d_k``, ``rotary``.

    Raises:
        ValueError: if sizes do not fit.
    """

    def __init__(
        self,
        *,
        vocabulary: int,
        d_model: int,
        layers: int,
        heads: int,
        d_ff: int,
        dropout: float = 0.0,
        positions: Positions = "sinusoidal",
        max_length: int = 1024,
        scaled: bool = True,
        **options: Any,
    ) -> None:
        super().__init__()
        options.update(d_model=d_model, heads=heads, d_ff=d_ff, dropout=dropout)
        self.embedding = TokenEmbedding(vocabulary=vocabulary, d_model=d_model, scaled=scaled)
        self.positions = _positions(positions, d_model, max_length)
        self.dropout = nn.Dropout(dropout)
        self.stack = Encoder(layers=layers, **options)

    def forward(
        self,
        ids: Tensor,
        *,
        cache: DecoderCache | None = None,
        last: bool = False,
        record: Record | None = None,
    ) -> Tensor:
        """Score the token after each position.

        Args:
            ids: ``(batch, T)``; with a cache, the new ones only.
            cache: keys and values of earlier positions.
            last: score the token after the last position only.
            record: receives the layers.

        Returns:
            Scores ``(batch, T, vocabulary)``, with ``T = 1`` if ``last``.

        Raises:
            ValueError: for ids outside the vocabulary.
        """
        start = 0 if cache is None else cache.length
        x = _embed(ids, self.embedding, self.positions, start)  # (batch, T, d_model)
        x = self.stack(self.dropout(x), causal=True, cache=cache, record=record)
        return self.embedding.logits(x[:, -1:] if last else x)

    def step(self, ids: Tensor, cache: DecoderCache | None) -> Tensor:
        """Scores of the next token ``(batch, vocabulary)``: the function that ``decoding`` calls."""
        scores: Tensor = self(ids, cache=cache, last=True)
        return scores[:, 0]

    def new_cache(self) -> DecoderCache:
        """An empty cache for one batch of sentences."""
        return DecoderCache(layers=len(self.stack.layers))


def _positions(kind: Positions, d_model: int, max_length: int) -> nn.Module | None:
    if kind == "sinusoidal":
        return SinusoidalPositions(d_model=d_model, max_length=max_length)
    if kind == "learned":
        return LearnedPositions(d_model=d_model, max_length=max_length)
    if kind is None:
        return None
    raise ValueError(f'positions is {kind!r}, but must be "sinusoidal", "learned" or None.')


def _embed(ids: Tensor, embedding: TokenEmbedding, positions: nn.Module | None, start: int) -> Tensor:
    if ids.ndim == 2 and ids.shape[1] == 0:
        raise ValueError(f"ids have shape {shown(ids.shape)}, but every row needs one token at least.")
    x: Tensor = embedding(ids)  # (batch, T, d_model)
    return x if positions is None else positions(x, start=start)


def _last_norm(*, d_model: int, norm: str = "post", eps: float = 1e-5, **_: Any) -> nn.Module:
    """Pre-norm layers leave the residual stream as it is; after the last one it is normalised once."""
    return nn.LayerNorm(d_model, eps=eps) if norm == "pre" else nn.Identity()


def _finish(x: Tensor, last_norm: nn.Module, record: Record | None) -> Tensor:
    output: Tensor = last_norm(x)
    if record is not None:
        record["output"] = output
    return output
