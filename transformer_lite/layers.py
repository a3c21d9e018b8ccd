"""The layers that a Transformer is stacked from.

Each has two or three parts, and around every part a residual connection and a layer normalisation. Where the
normalisation stands has a name:

    post-norm (Vaswani et al. 2017)     x = norm(x + part(x))
    pre-norm  (Xiong et al. 2020)       x = x + part(norm(x))

With pre-norm nothing ever interrupts the residual stream, so a stack of such layers ends with one more norm.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from transformer_lite import _check
from transformer_lite._record import Record, within
from transformer_lite._shape import shown
from transformer_lite.attention import MultiHeadAttention
from transformer_lite.cache import KeyValueCache

Norm = Literal["pre", "post"]
Activation = Callable[[Tensor], Tensor]


class FeedForward(nn.Module):
    """Two linear maps with a bend between them, applied to every position alike.

        FFN(x) = activation(x W_1 + b_1) W_2 + b_2

    Source: Vaswani et al. 2017, equation 2.

    Args:
        d_model: features of one position, going in and coming out.
        d_ff: features between the two maps.
        dropout: share of these features set to zero in training.
        activation: the bend; ReLU in the paper, ``F.gelu`` in BERT, GPT and vision Transformers. A module is
            copied, so that each network learns parameters of its own.

    Raises:
        ValueError: if a size is below 1 or the dropout outside [0, 1).
    """

    def __init__(
        self, *, d_model: int, d_ff: int, dropout: float = 0.0, activation: Activation = F.relu
    ) -> None:
        super().__init__()
        d_model, d_ff = _check.positive(d_model=d_model, d_ff=d_ff)
        _check.probability(dropout=dropout)
        self.inner = nn.Linear(d_model, d_ff)
        self.outer = nn.Linear(d_ff, d_model)
        self.dropout = nn.Dropout(dropout)
        self.activation = copy.deepcopy(activation) if isinstance(activation, nn.Module) else activation

    def forward(self, x: Tensor, *, record: Record | None = None) -> Tensor:
        """Apply the network to ``x`` ``(..., d_model)``; ``record`` receives ``hidden`` ``(..., d_ff)``.

        Raises:
            ValueError: if ``x`` has another number of features.
        """
        _check.features(self.inner.weight, self.inner.in_features, x=x)
        hidden = self.activation(self.inner(x))  # (..., d_ff)
        if record is not None:
            record["hidden"] = hidden
        output: Tensor = self.outer(self.dropout(hidden))  # (..., d_model)
        return output


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward network.

    With ``causal=True`` and a cache this is also the layer of a decoder that has no encoder, as in GPT.

    Source: Vaswani et al. 2017, section 3.1, for post-norm; Xiong et al. 2020 for pre-norm.

    Args:
        d_model: features of one position.
        heads: number of attention heads.
        d_ff: inner features of the feed-forward network.
        norm: ``"pre"`` or ``"post"``; see the top of this file.
        dropout: share set to zero in training: of the attention weights, of the inner features, and of what
            each part adds to the residual stream.
        activation: of the feed-forward network.
        eps: what layer normalisation adds to the variance.
        d_k: features of one head; ``d_model / heads`` if not given.
        rotary: whether queries and keys are turned by their position.

    Raises:
        ValueError: if sizes do not fit, or ``norm`` is neither name.
    """

    def __init__(
        self,
        *,
        d_model: int,
        heads: int,
        d_ff: int,
        norm: Norm = "post",
        dropout: float = 0.0,
        activation: Activation = F.relu,
        eps: float = 1e-5,
        d_k: int | None = None,
        rotary: bool = False,
    ) -> None:
        super().__init__()
        self.norm = _norm_place(norm)
        (d_model,) = _check.positive(d_model=d_model)
        self.attention = MultiHeadAttention(
            d_model=d_model, heads=heads, d_k=d_k, dropout=dropout, rotary=rotary
        )
        self.feed_forward = FeedForward(d_model=d_model, d_ff=d_ff, dropout=dropout, activation=activation)
        self.norm_attention = nn.LayerNorm(d_model, eps=eps)
        self.norm_feed_forward = nn.LayerNorm(d_model, eps=eps)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        *,
        causal: bool = False,
        bias: Tensor | None = None,
        cache: KeyValueCache | None = None,
        record: Record | None = None,
    ) -> Tensor:
        """Apply the layer.

        Args:
            x: ``(batch, T, d_model)``.
            mask: ``True`` where a position may attend to another: ``(T, S)``, ``(batch, T, S)`` or with heads.
            causal: also hide later positions.
            bias: added to the scores.
            cache: keys and values of earlier positions; ``x`` then holds the new ones only.
            record: receives ``attention``, ``feed_forward``, and ``after_attention`` and ``output``, the
                residual stream behind each part.

        Returns:
            ``(batch, T, d_model)``.

        Raises:
            ValueError: for shapes that do not fit.
        """
        attend = {"causal": causal, "bias": bias, "cache": cache, "record": within(record, "attention")}
        feed = {"record": within(record, "feed_forward")}
        output: Tensor
        if self.norm == "pre":
            attended = x + self.dropout(self.attention(self.norm_attention(x), mask=mask, **attend))
            output = attended + self.dropout(self.feed_forward(self.norm_feed_forward(attended), **feed))
        else:
            attended = self.norm_attention(x + self.dropout(self.attention(x, mask=mask, **attend)))
            output = self.norm_feed_forward(attended + self.dropout(self.feed_forward(attended, **feed)))
        if record is not None:
            record.update(after_attention=attended, output=output)
        return output  # (batch, T, d_model)


class DecoderLayer(nn.Module):
    """Causal self-attention, then attention to what the encoder found, then a feed-forward network.

    Source: Vaswani et al. 2017, section 3.1, for post-norm; Xiong et al. 2020 for pre-norm.

    The arguments are those of ``EncoderLayer``.
    """

    def __init__(
        self,
        *,
        d_model: int,
        heads: int,
        d_ff: int,
        norm: Norm = "post",
        dropout: float = 0.0,
        activation: Activation = F.relu,
        eps: float = 1e-5,
        d_k: int | None = None,
        rotary: bool = False,
    ) -> None:
        super().__init__()
        self.norm = _norm_place(norm)
        (d_model,) = _check.positive(d_model=d_model)
        self.attention = MultiHeadAttention(
            d_model=d_model, heads=heads, d_k=d_k, dropout=dropout, rotary=rotary
        )
        self.cross_attention = MultiHeadAttention(d_model=d_model, heads=heads, d_k=d_k, dropout=dropout)
        self.feed_forward = FeedForward(d_model=d_model, d_ff=d_ff, dropout=dropout, activation=activation)
        self.norm_attention = nn.LayerNorm(d_model, eps=eps)
        self.norm_cross_attention = nn.LayerNorm(d_model, eps=eps)
        self.norm_feed_forward = nn.LayerNorm(d_model, eps=eps)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        *,
        cache: KeyValueCache | None = None,
        memory_cache: KeyValueCache | None = None,
        record: Record | None = None,
    ) -> Tensor:
        """Apply the layer. Later positions of ``x`` are always hidden.

        Args:
            x: ``(batch, T, d_model)``; what has been said so far.
            memory: ``(batch, S, d_model)``; the encoder's output.
            mask: what else is hidden in ``x``: ``True`` where a position may attend to another.
            memory_mask: ``True`` where a position of ``x`` may attend to one of ``memory``.
            cache: keys and values of earlier positions; ``x`` then holds the new ones only.
            memory_cache: keys and values of the memory, filled at the first call.
            record: receives ``attention``, ``cross_attention``, ``feed_forward``, and
                ``after_attention``, ``after_cross_attention`` and ``output``, the residual stream behind each.

        Returns:
            ``(batch, T, d_model)``.

        Raises:
            ValueError: for shapes that do not fit.
        """
        attend = {"causal": True, "cache": cache, "record": within(record, "attention")}
        cross = {"cache": memory_cache, "record": within(record, "cross_attention")}
        feed = {"record": within(record, "feed_forward")}
        output: Tensor
        if self.norm == "pre":
            attended = x + self.dropout(self.attention(self.norm_attention(x), mask=mask, **attend))
            asked = self.cross_attention(self.norm_cross_attention(attended), memory, memory_mask, **cross)
            crossed = attended + self.dropout(asked)
            output = crossed + self.dropout(self.feed_forward(self.norm_feed_forward(crossed), **feed))
        else:
            attended = self.norm_attention(x + self.dropout(self.attention(x, mask=mask, **attend)))
            asked = self.cross_attention(attended, memory, memory_mask, **cross)
            crossed = self.norm_cross_attention(attended + self.dropout(asked))
            output = self.norm_feed_forward(crossed + self.dropout(self.feed_forward(crossed, **feed)))
        if record is not None:
            record.update(after_attention=attended, after_cross_attention=crossed, output=output)
        return output  # (batch, T, d_model)


class TokenEmbedding(nn.Module):
    """A vector for each token, and the same vectors to score the next token.

    Going in, the vectors are multiplied by √d_model, which gives them variance 1 beside the position codes.
    Coming out, a token's score is the dot product of its own vector with the model's output: one matrix
    serves twice.

    Where two sides of a model share one embedding, its state holds the matrix under two names. Store it with
    safetensors' ``save_model`` and ``load_model``: ``save_file`` refuses tensors that share memory.

    Source: Vaswani et al. 2017, section 3.4; Press and Wolf 2017 for sharing.

    Args:
        vocabulary: number of tokens.
        d_model: features of one token.
        scaled: whether to multiply by √d_model. GPT-2 and BERT do not.

    Raises:
        ValueError: if a size is below 1.
    """

    def __init__(self, *, vocabulary: int, d_model: int, scaled: bool = True) -> None:
        super().__init__()
        _check.positive(vocabulary=vocabulary, d_model=d_model)
        self.weight = nn.Parameter(nn.init.normal_(torch.empty(vocabulary, d_model), std=d_model**-0.5))
        self.scale = math.sqrt(d_model) if scaled else 1.0

    def forward(self, ids: Tensor) -> Tensor:
        """Embed token ids.

        Args:
            ids: ``(batch, T)`` whole numbers from 0 to ``vocabulary - 1``.

        Returns:
            ``(batch, T, d_model)``.

        Raises:
            ValueError: if the ids are not such numbers, where they can be read.
        """
        vocabulary = len(self.weight)
        if ids.ndim != 2 or ids.dtype not in (torch.int64, torch.int32):
            raise ValueError(
                f"ids have shape {shown(ids.shape)} and hold {ids.dtype}, but must be whole numbers (batch, T)."
            )
        if _check.may_look(ids) and ids.numel():
            low, high = (int(bound) for bound in ids.aminmax())
            if low < 0 or high >= vocabulary:
                raise ValueError(
                    f"ids run from {low} to {high}, but the vocabulary holds 0 to {vocabulary - 1}."
                )
        return F.embedding(ids, self.weight) * self.scale  # (batch, T, d_model)

    def logits(self, x: Tensor) -> Tensor:
        """The score of every token: ``(..., d_model)`` to ``(..., vocabulary)``.

        Raises:
            ValueError: if ``x`` has another number of features.
        """
        _check.features(self.weight, self.weight.shape[1], x=x)
        return F.linear(x, self.weight)


def _norm_place(norm: str) -> str:
    if norm not in ("pre", "post"):
        raise ValueError(f'norm is {norm!r}, but must be "pre" or "post".')
    return norm
