"""The vision Transformer beside timm's, torchvision's and Hugging Face's, at the same sizes.

Libraries that are not installed are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from benchmarks import timing
from benchmarks.timing import compare, forward, table, training, verdict
from transformer_lite.vit import SIZES, ViT

SMALL = {"d_model": 192, "depth": 6, "heads": 3, "d_ff": 768}
ROWS: list[tuple[str, dict[str, int], int, int, int]] = [  # name, sizes, image, patch, batch
    ("ViT-B/16, 224", SIZES["B"], 224, 16, 1),
    ("ViT-Ti/16, 224", SIZES["Ti"], 224, 16, 1),
    ("ViT-Ti/16, 224", SIZES["Ti"], 224, 16, 8),
    ("6 layers of 192, 32 px in patches of 4", SMALL, 32, 4, 1),
    ("6 layers of 192, 32 px in patches of 4", SMALL, 32, 4, 32),
]


missing: set[str] = set()


def installed(peers: dict[str, Callable[[], nn.Module]]) -> dict[str, nn.Module]:
    """The peers that can be built here."""
    found = {}
    for name, build in peers.items():
        try:
            found[name] = build()
        except ImportError:
            missing.add(name)
    return found


def say_what_is_missing() -> None:
    if missing:
        print(f"Not installed, and left out: {', '.join(sorted(missing))}.\n")


def declare_operators() -> None:
    """Let torchvision's wheel, built for graphics cards, be imported beside PyTorch for CPUs: it looks for these."""
    if not hasattr(torch.ops.torchvision, "nms"):
        global library
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


def timm(image: int, patch: int, d_model: int, depth: int, heads: int, d_ff: int) -> nn.Module:
    declare_operators()
    from timm.models.vision_transformer import VisionTransformer

    return VisionTransformer(
        img_size=image,
        patch_size=patch,
        embed_dim=d_model,
        depth=depth,
        num_heads=heads,
        mlp_ratio=d_ff / d_model,
    )


def torchvision(image: int, patch: int, d_model: int, depth: int, heads: int, d_ff: int) -> nn.Module:
    declare_operators()
    from torchvision.models import VisionTransformer

    return VisionTransformer(image, patch, depth, heads, d_model, d_ff)


class HuggingFace(nn.Module):
    def __init__(self, kind: str, image: int, patch: int, **sizes: Any) -> None:
        super().__init__()
        from transformers import ViTConfig, ViTForImageClassification

        config = ViTConfig(
            image_size=image,
            patch_size=patch,
            hidden_size=sizes["d_model"],
            num_hidden_layers=sizes["depth"],
            num_attention_heads=sizes["heads"],
            intermediate_size=sizes["d_ff"],
            num_labels=1000,
            attn_implementation=kind,
        )
        self.model = ViTForImageClassification(config)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.model(images).logits


def main() -> None:
    threads, rows = timing.threads(), []
    names: list[str] = []
    for name, sizes, image, patch, batch in ROWS:
        options = {"image": image, "patch": patch, **sizes}
        modules = installed(
            {
                "ours": lambda options=options: ViT(**options),
                "timm": lambda options=options: timm(**options),
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
                        verdict(measured.ratio("timm"), 1.0) if "timm" in names else "–",
                    ]
                )
    say_what_is_missing()
    print("Our time over theirs; below 1 ours is faster.\n")
    table(["model", "threads", "what", "ours, ms", *names, "bar: timm"], rows)


if __name__ == "__main__":
    main()
