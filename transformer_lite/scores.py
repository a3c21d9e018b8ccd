r"""How similar is a query to a key? Five answers.

Every function takes queries ``(..., T, d_q)`` and keys ``(..., S, d_k)`` and returns one score for each pair,
``(..., T, S)``. Softmax turns a row of scores into weights; see ``attention.py``.

=============  =========================  =====================================================
dot            q · k                      grows with both lengths; one matrix product
scaled dot     q · k / √d_k               the same, with variance 1 for random q and k
bilinear       q W kᵀ                     may compare different features, and is not symmetric
additive       v · tanh(W_q q + W_k k)    a small network looks at each pair
cosine         q · k / (\|q\| \|k\|)      only the angle counts; between -1 and 1
=============  =========================  =====================================================
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from transformer_lite import _check
from transformer_lite._shape import shown


def dot(query: Tensor, key: Tensor) -> Tensor:
    """The dot product of each query with each key, ``q · k``.

    Source: Luong et al. 2015, equation 8 ("dot").

    Args:
        query: ``(..., T, d_k)``.
        key: ``(..., S, d_k)``.

    Returns:
        Scores ``(..., T, S)``.

    Raises:
        ValueError: if queries and keys have no matrix each, or different numbers of features.
    """
    _check_pair(query, key)
    return query @ key.transpose(-2, -1)  # (..., T, S)


def scaled_dot(query: Tensor, key: Tensor, *, scale: float | Tensor | None = None) -> Tensor:
    """The dot product times ``scale``, which is ``1 / √d_k`` unless given.

    If the features of q and k are independent with mean 0 and variance 1, then q · k has variance d_k,
    and the scaled score has variance 1 whatever d_k is.

    Source: Vaswani et al. 2017, equation 1 and footnote 4.

    Args:
        query: ``(..., T, d_k)``.
        key: ``(..., S, d_k)``.
        scale: another factor; 1 gives the plain dot product. A tensor holds one number, or one for each row, head
            or batch.

    Returns:
        Scores ``(..., T, S)``.

    Raises:
        ValueError: as for ``dot``, if ``d_k`` is 0, and for a scale that does not fit.
    """
    _check_pair(query, key)
    scale = default_scale(query) if scale is None else scale
    _check.factor(query, key, scale=scale)
    # Scaling the queries costs T d_k products; scaling the scores would cost T S.
    return (query * scale) @ key.transpose(-2, -1)  # (..., T, S)


def bilinear(query: Tensor, key: Tensor, weight: Tensor) -> Tensor:
    """A learned matrix between query and key, ``q W kᵀ``.

    With W = W_Q W_Kᵀ this is the score of one attention head without its scale.

    Source: Luong et al. 2015, equation 8 ("general").

    Args:
        query: ``(..., T, d_q)``.
        key: ``(..., S, d_k)``.
        weight: W, ``(d_q, d_k)``.

    Returns:
        Scores ``(..., T, S)``.

    Raises:
        ValueError: if W does not fit.
    """
    _check.matrices(query=query, key=key)
    _check.floating(query=query, weight=weight)
    if weight.shape != (query.shape[-1], key.shape[-1]):
        raise ValueError(
            f"weight has shape {shown(weight.shape)}, but queries with {query.shape[-1]} features and keys "
            f"with {key.shape[-1]} need ({query.shape[-1]}, {key.shape[-1]})."
        )
    return query @ weight @ key.transpose(-2, -1)  # (..., T, S)


def additive(query: Tensor, key: Tensor, weight_query: Tensor, weight_key: Tensor, v: Tensor) -> Tensor:
    """A network with one hidden layer looks at each pair, ``v · tanh(W_q q + W_k k)``.

    Also called concat attention: ``W_q q + W_k k`` is one matrix ``[W_q, W_k]`` times q and k put together.
    All pairs are held at once, ``T · S · d_hidden`` numbers, which is why it is slow.

    Source: Bahdanau et al. 2015, appendix A.1.2.

    Args:
        query: ``(..., T, d_q)``.
        key: ``(..., S, d_k)``.
        weight_query: W_q, ``(d_hidden, d_q)``.
        weight_key: W_k, ``(d_hidden, d_k)``.
        v: ``(d_hidden,)``.

    Returns:
        Scores ``(..., T, S)``.

    Raises:
        ValueError: if a weight does not fit.
    """
    _check.matrices(query=query, key=key)
    _check.floating(query=query, weight_query=weight_query, weight_key=weight_key, v=v)
    expected = {
        "weight_query": (weight_query, (*v.shape, query.shape[-1])),
        "weight_key": (weight_key, (*v.shape, key.shape[-1])),
    }
    for name, (weight, shape) in expected.items():
        if v.ndim != 1 or tuple(weight.shape) != shape:
            raise ValueError(
                f"{name} has shape {shown(weight.shape)} and v {shown(v.shape)}, but they need "
                f"(d_hidden, {shape[-1]}) and (d_hidden,)."
            )
    from_query = (query @ weight_query.T).unsqueeze(-2)  # (..., T, 1, d_hidden)
    from_key = (key @ weight_key.T).unsqueeze(-3)  # (..., 1, S, d_hidden)
    return torch.tanh(from_query + from_key) @ v  # (..., T, S)


def cosine(query: Tensor, key: Tensor, *, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between query and key, ``q · k / (|q| |k|)``.

    Both are brought to length 1 first and multiplied afterwards: the same numbers as comparing every pair,
    in a fraction of the time. A vector shorter than ``eps`` is divided by ``eps``, so a zero vector scores 0.

    Args:
        query: ``(..., T, d_k)``.
        key: ``(..., S, d_k)``.
        eps: the shortest length divided by.

    Returns:
        Scores ``(..., T, S)`` between -1 and 1.

    Raises:
        ValueError: as for ``dot``, and if ``eps`` is not positive.
    """
    _check_pair(query, key)
    if not eps > 0:
        raise ValueError(f"eps is {eps!r}, but must be positive: a zero vector is divided by it.")
    query = nn.functional.normalize(query, dim=-1, eps=eps)  # (..., T, d_k)
    key = nn.functional.normalize(key, dim=-1, eps=eps)  # (..., S, d_k)
    return query @ key.transpose(-2, -1)  # (..., T, S)


class Bilinear(nn.Module):
    """``bilinear`` with its matrix W as a parameter ``weight`` ``(d_query, d_key)``."""

    def __init__(self, *, d_query: int, d_key: int) -> None:
        super().__init__()
        _check.positive(d_query=d_query, d_key=d_key)
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(d_query, d_key)))

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Scores ``(..., T, S)`` of queries ``(..., T, d_query)`` and keys ``(..., S, d_key)``."""
        return bilinear(query, key, self.weight)


class Additive(nn.Module):
    """``additive`` with parameters ``weight_query``, ``weight_key`` and ``v``."""

    def __init__(self, *, d_query: int, d_key: int, d_hidden: int) -> None:
        super().__init__()
        _check.positive(d_query=d_query, d_key=d_key, d_hidden=d_hidden)
        self.weight_query = nn.Parameter(nn.init.xavier_uniform_(torch.empty(d_hidden, d_query)))
        self.weight_key = nn.Parameter(nn.init.xavier_uniform_(torch.empty(d_hidden, d_key)))
        self.v = nn.Parameter(nn.init.normal_(torch.empty(d_hidden), std=1 / math.sqrt(d_hidden)))

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Scores ``(..., T, S)`` of queries ``(..., T, d_query)`` and keys ``(..., S, d_key)``."""
        return additive(query, key, self.weight_query, self.weight_key, self.v)


def default_scale(query: Tensor) -> float:
    """``1 / √d_k``.

    Raises:
        ValueError: if ``d_k`` is 0.
    """
    d_k = query.shape[-1]
    if d_k == 0:
        raise ValueError(
            f"query has shape {shown(query.shape)}: without features there is nothing to compare."
        )
    return 1 / math.sqrt(d_k)


def _check_pair(query: Tensor, key: Tensor) -> None:
    _check.matrices(query=query, key=key)
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(
            f"query has {query.shape[-1]} features and key {key.shape[-1]} (shapes {shown(query.shape)} and "
            f"{shown(key.shape)}), but this score needs equally many. "
            "bilinear and additive compare different sizes."
        )
