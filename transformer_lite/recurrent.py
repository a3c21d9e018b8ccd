"""A recurrent network: one state, carried from step to step.

    h_t = tanh(W_x x_t + b + W_h h_(t-1))

Step t needs the state of step t - 1, so the steps of a sequence cannot be computed side by side; only those of
different sequences can. In a batch of ragged sequences the shorter ones drop out as they end::

    lengths 4, 2, 1     step   1  2  3  4
                               x  x  x  x
                               x  x
                               x
                        rows   3  2  1  1      packed_rows([4, 2, 1])
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

import torch
from torch import Tensor, nn

from transformer_lite import _check
from transformer_lite._record import Record
from transformer_lite._shape import shown


def packed_rows(lengths: Tensor | Sequence[int]) -> list[int]:
    """How many sequences are still going at each step, up to the longest one's end.

    Args:
        lengths: of each sequence, at least 0. How many steps there are depends on these numbers, so a tensor will not
            do where they cannot be looked at: in a compiled or exported graph, on the meta device, inside
            ``torch.func.vmap``. A list will, anywhere.

    Returns:
        One number for each step; their sum is the sum of the lengths.

    Raises:
        ValueError: if the lengths are not one row of whole numbers of at least 0, or cannot be looked at.
    """
    return _rows(_known(lengths))


def last_state(states: Tensor, lengths: Tensor | Sequence[int]) -> Tensor:
    """The state of each sequence at its own end.

    Args:
        states: ``(batch, T, d_hidden)``, as the network returns them.
        lengths: ``(batch,)``; a sequence of length 0 ends with a state of zeros. A tensor whose numbers cannot be
            looked at (see ``packed_rows``) is taken as it is.

    Returns:
        ``(batch, d_hidden)``.

    Raises:
        ValueError: if the lengths do not fit the states.
    """
    if not isinstance(lengths, Tensor) or _check.may_look(lengths):
        known = _known(lengths)
        _check_fit(states, known)
        lengths = torch.tensor(known, dtype=torch.int64)
    elif states.ndim != 3 or lengths.shape != states.shape[:1] or lengths.is_floating_point():
        raise ValueError(
            f"lengths have shape {shown(lengths.shape)} and hold {lengths.dtype}, for states of shape "
            f"{shown(states.shape)}: there must be one whole number for each sequence."
        )
    if states.shape[1] == 0:
        return states.new_zeros(states.shape[0], states.shape[2])
    lengths = lengths.to(states.device)
    at = (lengths - 1).clamp(min=0)  # (batch,)
    ends = states[torch.arange(len(at), device=states.device), at]  # (batch, d_hidden)
    return ends.masked_fill((lengths == 0)[:, None], 0)


class RNN(nn.Module):
    """The network of Elman (1990), with one layer.

    Args:
        d_in: features of one step of the input.
        d_hidden: features of the state.

    Raises:
        ValueError: if a size is below 1.
    """

    def __init__(self, *, d_in: int, d_hidden: int) -> None:
        super().__init__()
        d_in, d_hidden = _check.positive(d_in=d_in, d_hidden=d_hidden)
        self.d_in = d_in
        self.input = nn.Linear(d_in, d_hidden)
        self.recurrent = nn.Linear(d_hidden, d_hidden, bias=False)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(d_hidden**-0.5), d_hidden**-0.5)

    def forward(
        self,
        x: Tensor,
        lengths: Tensor | Sequence[int] | None = None,
        *,
        state: Tensor | None = None,
        record: Record | None = None,
    ) -> Tensor:
        """Run through the sequences.

        Args:
            x: ``(batch, T, d_in)``.
            lengths: of each sequence, ``(batch,)``; nothing is computed behind their ends. A list, or a tensor whose
                numbers can be looked at: see ``packed_rows``. Elsewhere, leave them out and take ``last_state``.
            state: to begin with, ``(batch, d_hidden)``; zeros if not given.
            record: receives ``rows``, how many sequences each step computed.

        Returns:
            The state after each step, ``(batch, T, d_hidden)``, with zeros behind the end of a sequence. See
            ``last_state`` for the state at the end.

        Raises:
            ValueError: for shapes that do not fit.
        """
        _check.sequence(self.input.weight, self.d_in, x=x)
        batch, steps, _ = x.shape
        d_hidden = self.recurrent.in_features
        if state is None:
            state = x.new_zeros(batch, d_hidden)
        else:
            if state.shape != (batch, d_hidden):
                raise ValueError(
                    f"state has shape {shown(state.shape)} and holds {state.dtype}, but must be ({batch}, {d_hidden}) "
                    f"and hold {x.dtype}."
                )
            _check.dtype(self.recurrent.weight, state=state)
        if lengths is None:
            order, rows = None, [batch] * steps
        else:
            known = _known(lengths)
            _check_fit(x, known)
            longest_first = sorted(range(batch), key=lambda i: -known[i])
            order = torch.tensor(longest_first, dtype=torch.int64, device=x.device)  # (batch,)
            rows = _rows(known)
            x, state = x[order], state[order]
        if record is not None:
            record["rows"] = rows

        from_input = self.input(x)  # (batch, T, d_hidden): this part needs no state, so all steps at once
        states = []
        for t, going in enumerate(rows):
            state = torch.tanh(from_input[:going, t] + self.recurrent(state[:going]))  # (going, d_hidden)
            states.append(nn.functional.pad(state, (0, 0, 0, batch - going)))  # (batch, d_hidden)
        states += [from_input.new_zeros(batch, d_hidden)] * (steps - len(rows))
        output = torch.stack(states, dim=1) if states else from_input.new_zeros(batch, 0, d_hidden)
        return output if order is None else output[order.argsort()]  # (batch, T, d_hidden)


def _known(lengths: Tensor | Sequence[int]) -> list[int]:
    """The lengths as numbers, which can be counted with in a graph as well."""
    row = True
    if isinstance(lengths, Tensor):
        if not _check.may_look(lengths):
            raise ValueError(
                "the numbers in lengths decide how much is computed, but cannot be looked at on the meta device, in a "
                "compiled graph or inside torch.func.vmap: give a list, or leave them out and take last_state."
            )
        row, lengths = lengths.ndim == 1, lengths.tolist()
    if not row or any(isinstance(n, bool) or not isinstance(n, Integral) or n < 0 for n in lengths):
        raise ValueError(
            f"lengths are {lengths}, but must be one row of whole numbers of at least 0, one for each sequence."
        )
    return [int(n) for n in lengths]


def _rows(lengths: list[int]) -> list[int]:
    """See ``packed_rows``."""
    return [len([n for n in lengths if n > t]) for t in range(max(lengths, default=0))]


def _check_fit(x: Tensor, lengths: list[int]) -> None:
    if x.ndim != 3 or len(lengths) != len(x) or max(lengths, default=0) > x.shape[1]:
        raise ValueError(
            f"lengths are {lengths} for a batch of shape {shown(x.shape)}: there must be one for each "
            "sequence, none longer than the batch has steps."
        )
