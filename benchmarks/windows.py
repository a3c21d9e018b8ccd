"""Attention over a whole map and within windows, as the map grows: what the formulas say, and the clock.

The time of attention over everything grows with the square of the number of tokens, within windows with the
number itself. One thread; both with their projections, 96 features, 3 heads, windows of 7 × 7.
"""

from __future__ import annotations

import math

import torch

from benchmarks.timing import compare, forward, table
from transformer_lite import cost
from transformer_lite.attention import MultiHeadAttention
from transformer_lite.swin import from_windows, to_windows

D_MODEL, HEADS, WINDOW = 96, 3, 7
SIDES = [14, 28, 42, 56, 70, 84]


class Everywhere(torch.nn.Module):
    def __init__(self, *, explicit: bool) -> None:
        super().__init__()
        self.layer, self.explicit = MultiHeadAttention(d_model=D_MODEL, heads=HEADS), explicit

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.explicit:
            return self.layer(x.flatten(1, 2))
        query, key, value = self.layer._split(self.layer.projection(x.flatten(1, 2)), 3)
        weights = ((query * self.layer.d_k**-0.5) @ key.transpose(-2, -1)).softmax(dim=-1)
        return self.layer.output((weights @ value).transpose(1, 2).flatten(2))


class Windows(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = MultiHeadAttention(d_model=D_MODEL, heads=HEADS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        windows = to_windows(x, window=WINDOW, shift=(0, 0))
        output = self.layer(windows.flatten(0, 1)).view(windows.shape)
        return from_windows(output, *x.shape[1:3], window=WINDOW, shift=(0, 0))


def exponent(sides: list[int], seconds: list[float]) -> float:
    """P in time ∝ tokens^p, by least squares."""
    x, y = [math.log(side**2) for side in sides], [math.log(s) for s in seconds]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum(
        (a - mean_x) ** 2 for a in x
    )


def main() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    modules = {
        "windows": Windows(),
        "everywhere": Everywhere(explicit=False),
        "everywhere, explicit": Everywhere(explicit=True),
    }
    times: dict[str, list[float]] = {name: [] for name in modules}
    rows = []
    for side in SIDES:
        x = torch.randn(1, side, side, D_MODEL)
        measured = compare({name: forward(module, x) for name, module in modules.items()}, rounds=9)
        for name in modules:
            times[name].append(measured.milliseconds(name))
        sizes = {"H": side, "W": side, "d": D_MODEL}
        formula = cost.global_attention(**sizes) / cost.window_attention(**sizes, window=WINDOW)
        rows.append(
            [
                f"{side} × {side}",
                side**2,
                *(times[name][-1] for name in modules),
                f"{formula:.1f}",
                f"{1 / measured.ratio('everywhere'):.1f}",
                f"{1 / measured.ratio('everywhere, explicit'):.1f}",
            ]
        )
    print("Milliseconds, and how many times longer everywhere takes than windows.\n")
    header = [
        "map",
        "tokens",
        *(f"{name}, ms" for name in modules),
        "times, by formula",
        "measured",
        "explicit",
    ]
    table(header, rows)
    print("p in time ∝ tokens^p, over all sizes and over the last three:\n")
    exponents = [[name, exponent(SIDES, t), exponent(SIDES[-3:], t[-3:])] for name, t in times.items()]
    table(["attention", "all", "last three"], exponents)
    torch.set_num_threads(threads)


if __name__ == "__main__":
    main()
