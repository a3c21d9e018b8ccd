"""What a graphics card makes of the package, in one short run: ``python -m benchmarks --device cuda gpu``.

First whether rows with nothing to see are exactly zero, whichever of PyTorch's kernels answers; then our time over that
of others, in bfloat16. On the processor the same run takes tiny sizes, to show that it runs, not how fast.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from benchmarks import decoding, swin, timing, vit
from benchmarks.attention import Fused
from benchmarks.timing import Job, compare, forward, table, training, verdict
from transformer_lite.attention import MultiHeadAttention, attention
from transformer_lite.decoding import beam_search, greedy
from transformer_lite.swin import Swin
from transformer_lite.vit import ViT

KINDS = (torch.float32, torch.float16, torch.bfloat16)
KERNELS = (
    SDPBackend.MATH,
    SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.FLASH_ATTENTION,
    SDPBackend.CUDNN_ATTENTION,
)
PRECISION = {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 5e-2}

FULL: dict[str, Any] = {
    "attention": [(64, 64, 512, 8), (16, 512, 512, 8)],  # batch, length, d_model, heads
    "swin": (swin.SIZES["T"], 224, 7, (1, 64)),  # sizes, image, window, batches
    "vit": (vit.SIZES["B"], 224, 16, (1, 64)),  # sizes, image, patch, batches
    "words": (512, 8, 128),  # d_model, batch, tokens
    "rounds": 11,
}
TINY: dict[str, Any] = {
    "attention": [(2, 8, 16, 2)],
    "swin": ({"d_model": 8, "depths": (1, 2), "heads": (1, 2)}, 32, 4, (1, 2)),
    "vit": ({"d_model": 16, "depth": 1, "heads": 2, "d_ff": 16}, 16, 8, (1, 2)),
    "words": (16, 2, 3),
    "rounds": 1,
}


# -- rows with nothing to see --------------------------------------------------------------------------------------


def answer(kernel: SDPBackend, kind: torch.dtype, how: str) -> str:
    """What a kernel makes of a mask with rows that allow nothing, forward and backward.

    `exact`: the rows and their gradients are zero, and all else is what float64 gives on the processor; `not taken`
    where the kernel does not exist here, or takes no such call.
    """
    chance = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(2, 4, n, 64, generator=chance).to(kind) for n in (33, 47, 47))
    mask = torch.rand(2, 1, 33, 47, generator=chance) > 0.3
    mask[:, :, ::5] = False
    bias = torch.randn(4, 33, 47, generator=chance).to(kind) if how == "mask and bias" else None
    wanted = [x.double().requires_grad_() for x in (query, key, value)]
    right = attention(*wanted, mask, bias=None if bias is None else bias.double())
    right.square().sum().backward()

    given = [x.to(timing.device).requires_grad_() for x in (query, key, value)]
    place = {"device": timing.device}
    try:
        with warnings.catch_warnings(), sdpa_kernel([kernel]):
            warnings.simplefilter("ignore")  # PyTorch tells why a kernel does not take a call
            found = attention(*given, mask.to(**place), bias=None if bias is None else bias.to(**place))
            found.square().sum().backward()
    except RuntimeError as error:
        if "No available kernel" in str(error) or "no viable backend" in str(error).lower():
            return "not taken"
        raise
    empty = (~mask.any(-1)).expand(2, 4, 33).to(**place)
    if found[empty].count_nonzero() or given[0].grad[empty].count_nonzero():
        return "NOT ZERO"
    pairs = [(found, right), *((a.grad, b.grad) for a, b in zip(given, wanted, strict=True))]
    off = max(((a.detach().cpu().double() - b).abs().max() / b.abs().max()).item() for a, b in pairs)
    return "exact" if off <= PRECISION[kind] else f"OFF by {off:.2g}"


def empty_rows() -> list[list[str]]:
    return [
        [
            kernel.name,
            str(kind).removeprefix("torch."),
            *(answer(kernel, kind, how) for how in ("mask", "mask and bias")),
        ]
        for kernel in KERNELS
        for kind in KINDS
    ]


# -- time ----------------------------------------------------------------------------------------------------------


def modules(sizes: dict[str, Any]) -> Iterator[tuple[str, dict[str, nn.Module], torch.Tensor, float]]:
    """What to time side by side: a name, ours and another, the input, and the bar."""
    for batch, length, d_model, heads in sizes["attention"]:
        ours, bare = MultiHeadAttention(d_model=d_model, heads=heads), Fused(d_model, heads)
        yield (
            f"attention, {batch} × {length} × {d_model}",
            {"ours": ours, "without checks": bare},
            torch.randn(batch, length, d_model),
            1.02,
        )
    sides, image, window, batches = sizes["swin"]
    for batch in batches:
        peers: dict[str, Callable[[], nn.Module]] = {
            "ours": lambda: Swin(window=window, **sides),
            "timm fused": lambda: swin.timm(image, window, **sides, fused=True),
        }
        yield (
            f"Swin, {image} px, batch {batch}",
            vit.installed(peers),
            torch.randn(batch, 3, image, image),
            1.0,
        )
    layers, side, patch, batches = sizes["vit"]
    for batch in batches:
        peers = {
            "ours": lambda: ViT(image=side, patch=patch, **layers),
            "timm": lambda: vit.timm(side, patch, **layers),
        }
        yield f"ViT, {side} px, batch {batch}", vit.installed(peers), torch.randn(batch, 3, side, side), 0.96


def times(sizes: dict[str, Any]) -> Iterator[list[object]]:
    """Rows of the table, forward and with backward."""
    for name, peers, x, bar in modules(sizes):
        for what, job in (("forward", forward), ("forward, backward", training)):
            jobs = {peer: job(m.train(job is training).bfloat16(), x.bfloat16()) for peer, m in peers.items()}
            yield row(name, what, jobs, sizes["rounds"], bar)
    for what, jobs, bar in words(*sizes["words"]):
        yield row("GPT-2", what, jobs, sizes["rounds"], bar)


def words(d_model: int, batch: int, new: int) -> Iterator[tuple[str, dict[str, Job], float]]:
    """Greedy and beam search beside Hugging Face's ``generate``, which says the same."""
    try:
        ours, theirs = decoding.language_models(d_model)
    except ImportError:
        return
    start = torch.randint(3, decoding.VOCABULARY, (batch, 8), device=timing.device)
    options = {"min_new_tokens": new, "max_new_tokens": new, "eos_token_id": None, "pad_token_id": 0}
    options |= {"attention_mask": torch.ones_like(start), "do_sample": False}
    yield (
        "greedy",
        {
            "ours": lambda: greedy(ours.step, start, max_new=new, cache=ours.new_cache()),
            "generate": lambda: theirs.generate(start, **options),
        },
        0.48,
    )
    yield (
        "4 beams",
        {
            "ours": lambda: beam_search(ours.step, start, beams=4, max_new=new, cache=ours.new_cache()),
            "generate": lambda: theirs.generate(start, num_beams=4, **options),
        },
        0.62,
    )


def row(name: str, what: str, jobs: dict[str, Job], rounds: int, bar: float) -> list[object]:
    measured = compare(jobs, rounds=rounds)
    [peer] = [*measured.rounds][1:] or [None]
    beside = verdict(measured.ratio(peer), bar) if peer else "–"
    return [name, what, measured.milliseconds("ours"), peer or "–", beside]


def main() -> None:
    torch.manual_seed(0)
    on_processor = timing.device.type == "cpu"
    print(
        "On the processor, at tiny sizes." if on_processor else torch.cuda.get_device_name(timing.device),
        end="\n\n",
    )
    print("Rows with nothing to see, by the kernel that answers: forward and gradients.\n")
    table(["kernel", "numbers", "mask", "mask and bias"], empty_rows())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = [*times(TINY if on_processor else FULL)]
    vit.say_what_is_missing()
    print("Our time over theirs, in bfloat16; below 1 ours is faster.\n")
    table(["what", "pass", "ours, ms", "beside", "bar"], rows)


if __name__ == "__main__":
    main()
