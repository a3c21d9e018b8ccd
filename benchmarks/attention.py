"""Attention beside PyTorch's own layer and beside the formula written out.

All have the same projections. ``fused`` is one matrix product for queries, keys and values and PyTorch's kernel,
as in timm; ``explicit`` has the softmax written out; ``nn.MHA`` is ``nn.MultiheadAttention`` with its fast
path for inference on and off, and returning weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks import timing
from benchmarks.timing import Measured, compare, forward, table, training, verdict
from benchmarks.vit import declare_operators
from transformer_lite import scores
from transformer_lite.attention import MultiHeadAttention


class Fused(nn.Module):
    """What the fastest libraries do."""

    def __init__(self, d_model: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, d_model = x.shape
        qkv = self.qkv(x).view(batch, length, 3, self.heads, d_model // self.heads).permute(2, 0, 3, 1, 4)
        heads = self.attend(*qkv.unbind(0))
        return self.out(heads.transpose(1, 2).reshape(batch, length, d_model))

    def attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(query, key, value)


class Explicit(Fused):
    """The formula written out."""

    def attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return ((query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)).softmax(dim=-1) @ value


class Theirs(nn.Module):
    """PyTorch's layer, attending to its own input."""

    def __init__(self, d_model: int, heads: int, *, fast: bool = True, weights: bool = False) -> None:
        super().__init__()
        self.layer = nn.MultiheadAttention(d_model, heads, batch_first=True)
        self.fast, self.weights = fast, weights

    def forward(self, x: Tensor) -> Tensor:
        torch.backends.mha.set_fastpath_enabled(self.fast)
        output = self.layer(x, x, x, need_weights=self.weights)[0]
        torch.backends.mha.set_fastpath_enabled(True)
        return output


def measure(batch: int, length: int, d_model: int, heads: int, *, train: bool) -> Measured:
    modules: dict[str, nn.Module] = {
        "ours": MultiHeadAttention(d_model=d_model, heads=heads),
        "fused": Fused(d_model, heads),
        "explicit": Explicit(d_model, heads),
        "nn.MHA": Theirs(d_model, heads),
        "nn.MHA, no fast path": Theirs(d_model, heads, fast=False),
        "nn.MHA, weights": Theirs(d_model, heads, weights=True),
    }
    try:
        declare_operators()
        from timm.layers import Attention

        modules["timm"] = Attention(d_model, heads, qkv_bias=True)
    except ImportError:
        pass
    x = torch.randn(batch, length, d_model, requires_grad=train)
    job = training if train else forward
    return compare({name: job(module.train(train), x) for name, module in modules.items()})


def layers() -> None:
    rows = []
    names: list[str] = []
    for batch, length, d_model, heads in [
        (1, 8, 64, 4),
        (8, 8, 512, 8),
        (8, 16, 512, 8),
        (8, 64, 512, 8),
        (8, 128, 512, 8),
        (4, 256, 512, 8),
        (2, 512, 512, 8),
        (1, 1024, 512, 8),
    ]:
        for train in (False, True):
            measured = measure(batch, length, d_model, heads, train=train)
            names = list(measured.rounds)[1:]
            fastest = min(measured.rounds.keys() - {"ours"}, key=lambda name: measured.milliseconds(name))
            peers = [measured.ratio(name) for name in names]
            mha = max(measured.ratio(name) for name in names if name.startswith("nn.MHA"))
            if length < 64:
                bar = verdict(measured.ratio("fused"), 1.0) + " fused" if batch == 1 else "–"
            elif length < 256:
                bar = verdict(max(measured.ratio("fused"), measured.ratio("explicit")), 1.02) + " both"
            else:
                bar = verdict(measured.ratio("timm" if "timm" in names else "fused"), 1.02) + " fused, "
                bar += verdict(mha, 0.95) + " nn.MHA"
            what = "forward, backward" if train else "forward"
            rows.append(
                [f"{batch}×{length}×{d_model}", what, measured.milliseconds("ours"), *peers, fastest, bar]
            )
    print("Our time over theirs, by batch × length × d_model; below 1 ours is faster.\n")
    table(["size", "what", "ours, ms", *names, "fastest peer", "bar"], rows)


def similarity() -> None:
    query, key = torch.randn(2, 8, 128, 64, device=timing.device)
    weights = [torch.randn(*size, device=timing.device) for size in ((64, 64), (64, 64), (64,))]
    measured = compare(
        {
            "dot": lambda: scores.dot(query, key),
            "scaled dot": lambda: scores.scaled_dot(query, key),
            "bilinear": lambda: scores.bilinear(query, key, weights[0]),
            "cosine": lambda: scores.cosine(query, key),
            "cosine of every pair": lambda: F.cosine_similarity(query[:, :, None], key[:, None], dim=-1),
            "additive": lambda: scores.additive(query, key, *weights),
        }
    )
    print("Scores of 8 × 128 queries and keys with 64 features; time over the dot product's.\n")
    rows = [[name, measured.milliseconds(name), 1 / measured.ratio(name)] for name in measured.rounds]
    table(["score", "ms", "times dot"], rows)


def main() -> None:
    for threads in timing.threads():
        torch.set_num_threads(threads)
        print(f"{threads} thread{'s' if threads > 1 else ''}\n")
        layers()
    similarity()


if __name__ == "__main__":
    main()
