"""Attention: every query collects the values, weighted by how well their keys answer it.

    Attention(Q, K, V) = softmax(Q Kᵀ / √d_k) V

Source: Vaswani et al. 2017, section 3.2.
"""

from __future__ import annotations

import math
from typing import Literal, overload

import torch
from torch import Tensor, nn
from torch._C._functorch import maybe_current_level
from torch.autograd import forward_ad
from torch.nn import functional as F

from transformer_lite import _check, masks
from transformer_lite._record import Record
from transformer_lite._shape import shown
from transformer_lite.cache import KeyValueCache
from transformer_lite.positions import rotate
from transformer_lite.scores import default_scale, scaled_dot


@overload
def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    causal: bool = False,
    bias: Tensor | None = None,
    scale: float | Tensor | None = None,
    dropout: float = 0.0,
    return_weights: Literal[False] = False,
) -> Tensor: ...


@overload
def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    causal: bool = False,
    bias: Tensor | None = None,
    scale: float | Tensor | None = None,
    dropout: float = 0.0,
    return_weights: Literal[True],
) -> tuple[Tensor, Tensor]: ...


def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    causal: bool = False,
    bias: Tensor | None = None,
    scale: float | Tensor | None = None,
    dropout: float = 0.0,
    return_weights: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Scaled dot-product attention, ``softmax(scale · Q Kᵀ + bias) V``.

    A query that may attend to no key receives zeros, and its gradients are zero.

    Forward derivatives and the transforms of ``torch.func`` work as they are. PyTorch's fused kernels have no
    second derivatives through ``backward``: ask for the weights, or compute inside
    ``torch.nn.attention.sdpa_kernel(SDPBackend.MATH)``.

    Source: Vaswani et al. 2017, equation 1.

    Args:
        query: Q, ``(..., T, d_k)``.
        key: K, ``(..., S, d_k)``.
        value: V, ``(..., S, d_v)``; finite numbers, even of hidden keys, as 0 times infinity is not 0.
        mask: ``True`` where a query may attend to a key; broadcasts to ``(..., T, S)``. See ``masks``. One row
            for each sentence of a batch, ``(batch, S)``, would be read as ``(T, S)``: write ``mask[:, None]``.
        causal: also hide later keys; the queries are the last ``T`` of the ``S`` positions.
        bias: finite numbers added to the scores; broadcasts to ``(..., T, S)``.
        scale: factor of the dot products, ``1 / √d_k`` if not given: a number, or a tensor of one number or of
            one for each row, head or batch, such as ``(heads, 1, 1)``.
        dropout: the share of weights set to zero at random. Give 0 outside training.
        return_weights: also return the weights, as they are before dropout.

    Returns:
        The output ``(..., T, d_v)``; with ``return_weights`` also the weights ``(..., T, S)``.

    Raises:
        ValueError: for shapes that do not fit, a mask that is not boolean, or a dropout outside [0, 1).
    """
    _check.attention(query, key, value, mask, bias)
    _check.probability(dropout=dropout)
    scale = default_scale(query) if scale is None else scale
    _check.factor(query, key, scale=scale)
    if return_weights:
        mask = _allowed(mask, causal, query, key)
        output, weights, _ = _by_formula(query, key, value, mask, bias, scale, dropout)
        return output, weights
    return _output(query, key, value, mask, causal, bias, scale, dropout)


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Softmax along each row over the keys that the mask allows; the others get weight 0.

    A row that may attend to nothing becomes zeros. (The plain formula gives 0 / 0 there, and a NaN that
    back-propagation spreads over the whole model.)

    Args:
        scores: ``(..., T, S)``.
        mask: ``True`` where a query may attend to a key; broadcasts to ``(..., T, S)``.

    Returns:
        Weights ``(..., T, S)``; each row sums to 1, or to 0 where nothing is allowed.

    Raises:
        ValueError: if the mask does not fit.
    """
    _check.floating(scores=scores)
    if scores.ndim < 2:
        raise ValueError(f"scores have shape {shown(scores.shape)}, but need two axes at least: (T, S).")
    if mask is None:
        return scores.softmax(dim=-1)
    _check.fit(scores.shape, mask=mask)
    _check.boolean(mask, *scores.shape[-2:])
    # Half the lowest number rather than minus infinity: exp still gives exactly 0 beside any allowed key,
    # and a row where all keys are hidden stays finite until it is set to zero.
    hidden = torch.finfo(scores.dtype).min / 2
    penalty = torch.zeros_like(mask, dtype=scores.dtype).masked_fill(~mask, hidden)
    empty = ~mask.any(dim=-1, keepdim=True)  # (..., T, 1)
    return (scores + penalty).softmax(dim=-1).masked_fill(empty, 0)  # (..., T, S)


class MultiHeadAttention(nn.Module):
    """Several attention heads side by side, each in its own subspace of ``d_k`` features.

        head_i = Attention(x W_Qⁱ, memory W_Kⁱ, memory W_Vⁱ)
        output = concat(head_1, ..., head_h) W_O

    Without ``memory`` the layer attends to ``x`` itself. The three matrices stand one above the other in
    ``projection.weight``, W_Q first, so that self-attention needs one matrix product for all of them. (That is
    why ``quantize_dynamic``, which packs each weight as a whole, is refused.)

    For second derivatives through ``backward`` give a ``record``, or see ``attention``.

    Source: Vaswani et al. 2017, section 3.2.2.

    Args:
        d_model: features of one position, going in and coming out.
        heads: h, the number of heads.
        d_k: features of one head; ``d_model / heads`` if not given.
        bias: whether the projections add a learned vector.
        dropout: share of attention weights set to zero in training.
        rotary: whether self-attention turns queries and keys by their position; ``d_k`` must be even.

    Raises:
        ValueError: if ``heads`` does not divide ``d_model`` and no ``d_k`` is given, or a size is below 1.
    """

    def __init__(
        self,
        *,
        d_model: int,
        heads: int,
        d_k: int | None = None,
        bias: bool = True,
        dropout: float = 0.0,
        rotary: bool = False,
    ) -> None:
        super().__init__()
        d_model, heads = _check.positive(d_model=d_model, heads=heads)
        _check.probability(dropout=dropout)
        if d_k is None:
            if d_model % heads:
                divisors = ", ".join(str(h) for h in range(1, d_model + 1) if d_model % h == 0)
                raise ValueError(
                    f"heads = {heads} does not divide d_model = {d_model}: take one of {divisors} heads, "
                    "or give d_k, the features of one head."
                )
            d_k = d_model // heads
        (d_k,) = _check.positive(d_k=d_k)
        if rotary and d_k % 2:
            raise ValueError(
                f"d_k = {d_k} is odd, but rotary positions turn pairs of features: take an even d_k."
            )
        self.d_model, self.heads, self.d_k, self.dropout, self.rotary = d_model, heads, d_k, dropout, rotary
        self.projection = nn.Linear(d_model, 3 * heads * d_k, bias=bias)
        self.output = nn.Linear(heads * d_k, d_model, bias=bias)
        for matrix in (self.W_Q, self.W_K, self.W_V, self.output.weight):
            nn.init.xavier_uniform_(matrix)
        for layer in (self.projection, self.output) if bias else ():
            nn.init.zeros_(layer.bias)

    @property
    def W_Q(self) -> Tensor:
        """The query matrices of all heads, ``(heads · d_k, d_model)``; a view of ``projection.weight``."""
        return self.projection.weight.chunk(3)[0]

    @property
    def W_K(self) -> Tensor:
        """The key matrices of all heads, ``(heads · d_k, d_model)``; a view of ``projection.weight``."""
        return self.projection.weight.chunk(3)[1]

    @property
    def W_V(self) -> Tensor:
        """The value matrices of all heads, ``(heads · d_k, d_model)``; a view of ``projection.weight``."""
        return self.projection.weight.chunk(3)[2]

    def extra_repr(self) -> str:
        """The sizes that ``print`` shows."""
        return f"heads={self.heads}, d_k={self.d_k}, dropout={self.dropout}"

    def forward(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        causal: bool = False,
        bias: Tensor | None = None,
        cache: KeyValueCache | None = None,
        record: Record | None = None,
    ) -> Tensor:
        """Attend from ``x`` to ``memory``, or to ``x`` itself.

        With a cache, self-attention adds the keys and values of ``x`` to those cached and attends to all of
        them; ``x`` holds the new positions only. Cross-attention projects ``memory`` at the first call and
        finds its keys and values in the cache at later ones: one cache belongs to one memory.

        Args:
            x: ``(batch, T, d_model)``; asks the queries.
            memory: ``(batch, S, d_model)``; gives keys and values. ``x`` if not given.
            mask: ``True`` where a query may attend to a key: ``(T, S)``, ``(batch, T, S)`` for all heads
                alike, or ``(batch, heads, T, S)``. Sizes of 1 are repeated. ``(batch, S)`` would be read as
                ``(T, S)``: for padding write ``(batch, 1, S)``.
            causal: also hide later keys.
            bias: added to the scores, with shapes as for ``mask``.
            cache: keys and values of earlier calls.
            record: a dictionary that receives ``query``, ``key``, ``value``, ``scores`` (minus infinity where
                masked), ``weights`` and ``heads``, the outputs of the heads, each ``(batch, heads, ...)``.

        Returns:
            ``(batch, T, d_model)``.

        Raises:
            ValueError: for shapes that do not fit.
        """
        query, key, value = self._project(x, memory, cache)
        mask, bias = _for_heads(mask), _for_heads(bias)
        if memory is not None or mask is not None or bias is not None:
            _check.attention(query, key, value, mask, bias)
        scale = 1 / math.sqrt(self.d_k)
        dropout = self.dropout if self.training else 0.0
        if record is None:
            heads = _output(query, key, value, mask, causal, bias, scale, dropout)  # (batch, heads, T, d_k)
        else:
            mask = _allowed(mask, causal, query, key)
            heads, weights, scores = _by_formula(query, key, value, mask, bias, scale, dropout)
            scores = scores if mask is None else scores.masked_fill(~mask, -torch.inf)
            record.update(query=query, key=key, value=value, scores=scores, weights=weights, heads=heads)
        output: Tensor = self.output(heads.transpose(1, 2).flatten(2))  # (batch, T, d_model)
        return output

    def _project(
        self, x: Tensor, memory: Tensor | None, cache: KeyValueCache | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of every head: ``(batch, heads, positions, d_k)`` each."""
        projection = self.projection  # found once, as a module's search for its parts takes its time
        _check.sequence(projection.weight, self.d_model, x=x)
        if memory is None:
            query, key, value = self._split(projection(x), 3)
            if self.rotary:
                start = 0 if cache is None else cache.length
                positions = torch.arange(x.shape[1], device=x.device) + start  # (T,)
                query, key = rotate(query, positions), rotate(key, positions)
            if cache is None:
                return query, key, value
            cache.append(key, value)
            return query, cache.key, cache.value

        weight, offset, width = projection.weight, projection.bias, self.heads * self.d_k
        _check.sequence(weight, self.d_model, memory=memory)
        offset_query, offset_memory = (None, None) if offset is None else (offset[:width], offset[width:])
        (query,) = self._split(F.linear(x, weight[:width], offset_query), 1)
        if cache is not None and cache.length:
            return query, cache.key, cache.value
        key, value = self._split(F.linear(memory, weight[width:], offset_memory), 2)
        if cache is not None:
            cache.append(key, value)
        return query, key, value

    def _split(self, projected: Tensor, parts: int) -> tuple[Tensor, ...]:
        """Cut the features ``(batch, positions, parts · heads · d_k)`` by part and by head."""
        batch, positions, _ = projected.shape
        projected = projected.view(batch, positions, parts, self.heads, self.d_k)
        return projected.permute(2, 0, 3, 1, 4).unbind(0)  # parts times (batch, heads, positions, d_k)


def _for_heads(mask: Tensor | None) -> Tensor | None:
    """Give a mask of a batch an axis for the heads: ``(batch, T, S)`` becomes ``(batch, 1, T, S)``."""
    return mask.unsqueeze(1) if mask is not None and mask.ndim == 3 else mask


def _by_formula(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    bias: Tensor | None,
    scale: float | Tensor,
    dropout: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """The output ``(..., T, d_v)``, and the weights and the scores, ``(..., T, S)``, that lead to it."""
    scores = scaled_dot(query, key, scale=scale)  # (..., T, S)
    if bias is not None:
        scores = scores + bias  # (..., T, S)
    weights = masked_softmax(scores, mask)  # (..., T, S)
    return F.dropout(weights, dropout) @ value, weights, scores


def _output(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    causal: bool,
    bias: Tensor | None,
    scale: float | Tensor,
    dropout: float,
) -> Tensor:
    """The output alone, ``(..., T, d_v)``, the fastest way.

    PyTorch's fused kernel never holds the matrix of weights, which saves up to half of the time for long
    sequences (``python -m benchmarks attention``). On the CPU it takes inputs with heads, (batch, heads, T, d), and
    d_k = d_v only; for others PyTorch itself makes the matrix.

    Plain products are faster where the bias is learned. A graph that is exported takes them too: it must not depend
    on the lengths of the example, and what a converter makes of the kernel need not give zeros where everything is
    masked. And so do transformed functions, as the kernel has neither forward nor second derivatives.
    """
    if torch.compiler.is_compiling() or _transformed() or _learns(bias):
        mask = _allowed(mask, causal, query, key)
        return _by_formula(query, key, value, mask, bias, scale, dropout)[0]
    if query.shape[-2] == 1:
        causal = False  # the last query sees all keys: nothing is hidden from a single one
    only_causal = causal and mask is None and bias is None and query.shape[-2] == key.shape[-2]
    mask = _allowed(mask, causal and not only_causal, query, key)
    sees = None
    if mask is not None and not _empty_rows_are_zero(query):
        sees = mask.any(dim=-1, keepdim=True)  # (..., T, 1)
        mask = mask >= sees  # a query that sees no key sees all of them, and is set to zero below
    if bias is not None:
        mask = bias if mask is None else torch.where(mask, bias, -torch.inf)
    if isinstance(scale, Tensor):  # the kernel takes none
        query, scale = query * scale, 1.0
    output = F.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, dropout_p=dropout, is_causal=only_causal, scale=scale
    )
    return output if sees is None else output * sees


def _learns(bias: Tensor | None) -> bool:
    """Whether the bias needs gradients now: inside ``torch.no_grad()`` not even a parameter does."""
    return bias is not None and bias.requires_grad and torch.is_grad_enabled()


def _transformed() -> bool:
    """Whether forward derivatives are taken, or a function of ``torch.func`` is at work."""
    return forward_ad._current_level >= 0 or maybe_current_level() is not None


def _empty_rows_are_zero(query: Tensor) -> bool:
    """Whether each kernel that may answer gives zeros to a query that sees no key: cuDNN's the mean, Apple's NaN."""
    return query.is_cpu


def _allowed(mask: Tensor | None, causal: bool, query: Tensor, key: Tensor) -> Tensor | None:
    """The mask; with ``causal``, all keys after each query are hidden as well."""
    if not causal:
        return mask
    return masks.combine(masks.causal(query.shape[-2], key.shape[-2], device=query.device), mask)
