"""Multilayer perceptrons: linear maps with a bend between them.

    h_1 = relu(W_1 x + b_1)    h_2 = relu(W_2 h_1 + b_2)    ...    y = W_n h_(n-1) + b_n

A coordinate MLP is one that has learned a single picture or shape: asked for a point, it answers with the colour
or the distance there. Given a code beside the point, one network answers for many objects.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from transformer_lite import _check
from transformer_lite._record import Record
from transformer_lite._shape import fits, shown


class MLP(nn.Module):
    """Linear maps from one size to the next, with ``activation`` between them and none at the end.

    Args:
        sizes: features of the input, of each hidden layer, and of the output; two numbers at least.
        activation: the bend; ReLU unless given. A module is one for all hidden layers, with its parameters.

    Raises:
        ValueError: for fewer than two sizes, or one below 1.
    """

    def __init__(self, sizes: Sequence[int], *, activation: Callable[[Tensor], Tensor] = F.relu) -> None:
        super().__init__()
        if len(sizes) < 2:
            raise ValueError(f"sizes are {list(sizes)}, but an input and an output are needed at least.")
        sizes = _check.positive(**{f"sizes[{i}]": size for i, size in enumerate(sizes)})
        self.d_in = sizes[0]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.activation = activation

    def forward(self, x: Tensor, *, record: Record | None = None) -> Tensor:
        """Apply the network.

        Args:
            x: ``(..., sizes[0])``.
            record: receives ``hidden 1``, ``hidden 2``, ..., each ``(..., size)``.

        Returns:
            ``(..., sizes[-1])``.

        Raises:
            ValueError: if ``x`` has another number of features.
        """
        _check.features(self.layers[0].weight, self.d_in, x=x)
        *hidden, last = self.layers
        for i, layer in enumerate(hidden, start=1):
            x = self.activation(layer(x))  # (..., sizes[i])
            if record is not None:
                record[f"hidden {i}"] = x
        output: Tensor = last(x)  # (..., sizes[-1])
        return output


def fourier_features(x: Tensor, *, octaves: int) -> Tensor:
    """Sines and cosines of each coordinate at frequencies that double: ``sin(2^j π x), cos(2^j π x)``.

    An MLP on plain coordinates learns slow changes first and fast ones hardly ever; these make them easy.

    Source: Mildenhall et al. 2020 (NeRF), equation 4.

    Args:
        x: coordinates ``(..., d_in)``, from -1 to 1.
        octaves: how many frequencies, ``j = 0 ... octaves - 1``.

    Returns:
        ``(..., d_in · 2 · octaves)``: for each coordinate all sines, then all cosines.

    Raises:
        ValueError: if ``octaves`` is below 1 or ``x`` is not ``(..., d_in)`` real numbers.
    """
    _check.positive(octaves=octaves)
    _check.floating(x=x)
    if x.ndim == 0:
        raise ValueError("x is a single number, but its last axis must hold coordinates: use x.reshape(1).")
    frequencies = math.pi * 2.0 ** torch.arange(octaves, dtype=x.dtype, device=x.device)  # (octaves,)
    angles = x[..., None] * frequencies  # (..., d_in, octaves)
    return torch.cat([angles.sin(), angles.cos()], dim=-1).flatten(-2)  # (..., d_in · 2 · octaves)


class CoordinateMLP(nn.Module):
    """A network that holds pictures or shapes: coordinates in, value out.

    Source: Mildenhall et al. 2020 (NeRF) for the features; Park et al. 2019 (DeepSDF) for the codes, which are
    learned together with the network.

    Args:
        d_in: coordinates of a point.
        d_out: numbers that describe the point: 3 for a colour, 1 for a distance.
        d_hidden: features of the hidden layers.
        hidden_layers: how many.
        octaves: frequencies of the Fourier features; 0 gives the network the plain coordinates.
        objects: how many objects are told apart; 1 needs no codes.
        d_code: numbers in the code of an object, if there are several.

    Raises:
        ValueError: if a size is below 1, or ``octaves`` below 0.
    """

    def __init__(
        self,
        *,
        d_in: int,
        d_out: int,
        d_hidden: int,
        hidden_layers: int,
        octaves: int = 0,
        objects: int = 1,
        d_code: int = 8,
    ) -> None:
        super().__init__()
        d_in, hidden_layers = _check.positive(d_in=d_in, hidden_layers=hidden_layers)
        _check.positive(d_out=d_out, d_hidden=d_hidden, objects=objects, d_code=d_code)
        if octaves:
            (octaves,) = _check.positive(octaves=octaves)
        self.d_in, self.octaves = d_in, octaves
        d_features = d_in * (2 * octaves if octaves else 1)
        self.codes: nn.Parameter | None = None
        if objects > 1:
            self.codes = nn.Parameter(nn.init.normal_(torch.empty(objects, d_code), std=0.01))
            d_features += d_code
        self.mlp = MLP([d_features, *[d_hidden] * hidden_layers, d_out])

    def forward(self, points: Tensor, objects: Tensor | None = None, *, code: Tensor | None = None) -> Tensor:
        """The value at each point.

        Args:
            points: ``(..., d_in)``, from -1 to 1.
            objects: which object each point belongs to, ids that broadcast to ``(...)``.
            code: a code ``(d_code,)`` to use instead, for instance one between those of two objects.

        Returns:
            ``(..., d_out)``.

        Raises:
            ValueError: if shapes do not fit, if codes are missing or not wanted, or for objects that are not there,
                where their ids can be read.
        """
        _check.features(self.mlp.layers[0].weight, self.d_in, points=points)
        seen = fourier_features(points, octaves=self.octaves) if self.octaves else points  # (..., features)
        if self.codes is None:
            if objects is not None or code is not None:
                raise ValueError("this network holds one object: it takes points only.")
            output: Tensor = self.mlp(seen)  # (..., d_out)
            return output
        if (objects is None) == (code is None):
            raise ValueError("this network holds several objects: give either objects or a code.")
        if objects is not None:
            _check_objects(objects, len(self.codes))
            code = self.codes[objects]  # (..., d_code)
        assert code is not None
        d_code = self.codes.shape[1]
        if code.ndim == 0 or code.shape[-1] != d_code or not fits(code.shape[:-1], points.shape[:-1]):
            raise ValueError(
                f"codes of shape {shown(code.shape)} do not fit points of shape {shown(points.shape)}: there must be "
                f"one for each point or one for all, with {d_code} numbers."
            )
        code = code.expand(*points.shape[:-1], -1)  # (..., d_code)
        output = self.mlp(torch.cat([seen, code], dim=-1))  # (..., d_out)
        return output


def _check_objects(objects: Tensor, number: int) -> None:
    if objects.dtype not in (torch.int64, torch.int32):
        raise ValueError(f"objects hold {objects.dtype}, but must be whole numbers from 0 to {number - 1}.")
    if _check.may_look(objects) and objects.numel():
        low, high = (int(bound) for bound in objects.aminmax())
        if low < 0 or high >= number:
            raise ValueError(f"objects run from {low} to {high}, but there are 0 to {number - 1}.")
