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

import torch
from torch import Tensor, nn

from transformer_lite import _check
from transformer_lite._record import Record
from transformer_lite._shape import shown


def packed_rows(lengths: Tensor | Sequence[int]) -> list[int]:
    """How many sequences are still going at each step, up to the longest one's end.

    Args:
        lengths: of each sequence, at least 0.

    Returns:
        One number for each step; their sum is the sum of the lengths.

    Raises:
        ValueError: if the lengths are not one row of whole numbers of at least 0.
    """
    lengths = _checked(lengths)
    longest = int(lengths.max()) if len(lengths) else 0
    return [int((lengths > t).sum()) for t in range(longest)]


def last_state(states: Tensor, lengths: Tensor | Sequence[int]) -> Tensor:
    """The state of each sequence at its own end.

    Args:
        states: ``(batch, T, d_hidden)``, as the network returns them.
        lengths: ``(batch,)``; a sequence of length 0 ends with a state of zeros.

    Returns:
        ``(batch, d_hidden)``.

    Raises:
        ValueError: if the lengths do not fit the states.
    """
    lengths = _checked(lengths)
    _check_fit(states, lengths)
    at = (lengths - 1).clamp(min=0).to(states.device)  # (batch,)
    if states.shape[1] == 0:
        return states.new_zeros(states.shape[0], states.shape[2])
    ends = states[torch.arange(len(at), device=states.device), at]  # (batch, d_hidden)
    return ends.masked_fill((lengths == 0).to(states.device)[:, None], 0)


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
        _check.positive(d_in=d_in, d_hidden=d_hidden)
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
            lengths: of each sequence, ``(batch,)``; nothing is computed behind their ends.
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
        elif state.shape != (batch, d_hidden) or state.dtype != x.dtype:
            raise ValueError(
                f"state has shape {shown(state.shape)} and holds {state.dtype}, but must be ({batch}, {d_hidden}) and "
                f"hold {x.dtype}."
            )
        if lengths is None:
            order, rows = None, [batch] * steps
        else:
            lengths = _checked(lengths)
            _check_fit(x, lengths)
            order = lengths.argsort(descending=True, stable=True).to(x.device)  # longest first
            rows = packed_rows(lengths)
            x, state = x[order], state[order]
        if record is not None:
            record["rows"] = rows

        from_input = self.input(x)  # (batch, T, d_hidden): this part needs no state, so all steps at once
        states = []
        for t, going in enumerate(rows):
            state = torch.tanh(from_input[:going, t] + self.recurrent(state[:going]))  # (going, d_hidden)
            states.append(nn.functional.pad(state, (0, 0, 0, batch - going)))  # (batch, d_hidden)
        states += [x.new_zeros(batch, d_hidden)] * (steps - len(rows))
        output = torch.stack(states, dim=1) if states else x.new_zeros(batch, 0, d_hidden)
        return output if order is None else output[order.argsort()]  # (batch, T, d_hidden)


def _checked(lengths: Tensor | Sequence[int]) -> Tensor:
    lengths = torch.as_tensor(lengths).cpu()
    if lengths.numel() == 0:
        lengths = lengths.long()
    if lengths.ndim != 1 or lengths.is_floating_point() or lengths.dtype == torch.bool or (lengths < 0).any():
        raise ValueError(
            f"lengths are {lengths.tolist()}, but must be one row of whole numbers of at least 0, one for each "
            "sequence."
        )
    return lengths


def _check_fit(x: Tensor, lengths: Tensor) -> None:
    if x.ndim != 3 or len(lengths) != len(x) or (len(lengths) and int(lengths.max()) > x.shape[1]):
        raise ValueError(
            f"lengths are {lengths.tolist()} for a batch of shape {shown(x.shape)}: there must be one for each "
            "sequence, none longer than the batch has steps."
        )
