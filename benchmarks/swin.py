"""Swin beside timm's, torchvision's and Hugging Face's, at the same sizes.

Libraries that are not installed are left out. ``timm fused`` is timm with PyTorch's attention kernel, which it
does not take for Swin unless it is told to.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from benchmarks import timing
from benchmarks.timing import compare, forward, table, training, verdict
from benchmarks.vit import declare_operators, installed, say_what_is_missing
from transformer_lite.swin import SIZES, Swin

TINY = {"d_model": 32, "depths": (2, 2, 6), "heads": (1, 2, 4)}
ROWS = [  # name, sizes, image, window, batch, bars forward and with backward
    ("Swin-T, 224 px", SIZES["T"], 224, 7, 1, (0.97, 1.0)),
    ("C 32, 64 px", TINY, 64, 4, 1, (0.75, 0.95)),
    ("C 32, 64 px", TINY, 64, 4, 32, (1.0, 1.0)),
    ("Swin-T, 256 px, padded", SIZES["T"], 256, 7, 1, (1.0, 1.0)),
]


def timm(
    image: int, window: int, d_model: int, depths: tuple[int, ...], heads: tuple[int, ...], *, fused: bool
):
    declare_operators()
    from timm.layers import set_fused_attn
    from timm.models.swin_transformer import SwinTransformer

    set_fused_attn(fused, experimental=fused)
    return SwinTransformer(
        img_size=image,
        window_size=window,
        embed_dim=d_model,
        depths=depths,
        num_heads=heads,
        drop_path_rate=0.0,
    )


def torchvision(image: int, window: int, d_model: int, depths: tuple[int, ...], heads: tuple[int, ...]):
    declare_operators()
    from torchvision.models import SwinTransformer

    return SwinTransformer(
        [4, 4], d_model, list(depths), list(heads), [window, window], stochastic_depth_prob=0.0
    )


class HuggingFace(nn.Module):
    def __init__(self, kind: str, image: int, window: int, **sizes: Any) -> None:
        super().__init__()
        from transformers import SwinConfig, SwinForImageClassification

        config = SwinConfig(
            image_size=image,
            window_size=window,
            embed_dim=sizes["d_model"],
            depths=list(sizes["depths"]),
            num_heads=list(sizes["heads"]),
            drop_path_rate=0.0,
            num_labels=1000,
            attn_implementation=kind,
        )
        self.model = SwinForImageClassification(config)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.model(images).logits


def main() -> None:
    threads, rows = timing.threads(), []
    names: list[str] = []
    for name, sizes, image, window, batch, bars in ROWS:
        options = {"image": image, "window": window, **sizes}
        modules = installed(
            {
                "ours": lambda sizes=sizes, window=window: Swin(window=window, **sizes),
                "timm": lambda options=options: timm(**options, fused=False),
                "timm fused": lambda options=options: timm(**options, fused=True),
                "torchvision": lambda options=options: torchvision(**options),
                "HF sdpa": lambda options=options: HuggingFace("sdpa", **options),
                "HF eager": lambda options=options: HuggingFace("eager", **options),
            }
        )
        names = list(modules)[1:]
        images = torch.randn(batch, 3, image, image)
        for count in threads:
            torch.set_num_threads(count)
            for train, job in ((False, forward), (True, training)):
                measured = compare({n: job(m.train(train), images) for n, m in modules.items()})
                rows.append(
                    [
                        f"{name}, batch {batch}",
                        count,
                        "forward, backward" if train else "forward",
                        measured.milliseconds("ours"),
                        *(measured.ratio(peer) for peer in names),
                        verdict(measured.ratio("timm"), bars[train]) if "timm" in names else "–",
                    ]
                )
    say_what_is_missing()
    print("Our time over theirs; below 1 ours is faster.\n")
    table(["model", "threads", "what", "ours, ms", *names, "bar: timm"], rows)


if __name__ == "__main__":
    main()
