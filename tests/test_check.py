"""The checks themselves: what they may look at, and what they let through."""

from unittest.mock import patch

import torch
from torch import nn
from torch._subclasses import FakeTensorMode

from transformer_lite import _check


def test_numbers_are_looked_at_only_where_they_can_be_read():
    whole, real = torch.arange(3), nn.Parameter(torch.ones(2))
    assert _check.may_look()
    assert _check.may_look(whole, real)
    assert not _check.may_look(whole, torch.empty(2, device="meta"))
    with FakeTensorMode():
        assert not _check.may_look(torch.ones(2))
    seen = []

    def look(x):
        seen.append(_check.may_look(x))
        return x.sum()

    torch.func.vmap(look)(torch.ones(2, 3))
    torch.func.grad(look)(torch.ones(3))
    torch.func.jvp(look, (torch.ones(3),), (torch.ones(3),))
    assert seen == [False] * 3
    with patch.object(torch.compiler, "_is_compiling_flag", True):  # as while a graph is traced
        assert not _check.may_look(whole)
