"""Encoder and decoder beside ``nn.Transformer`` and Hugging Face's BART, on the same padded batches.

All begin with embeddings and end with the decoder's output. The masks are given as each library wants them. In
inference PyTorch's encoder drops the padded positions before it computes (nested tensors); ours keeps them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks import timing
from benchmarks.timing import Measured, compare, forward, table, training, verdict
from transformer_lite import masks
from transformer_lite.transformer import Decoder, Encoder

SIZES = [  # batch, source, target, d_model, heads, d_ff, layers
    (16, 64, 64, 256, 8, 1024, 3),
    (4, 64, 48, 512, 8, 2048, 6),
    (4, 256, 256, 256, 8, 1024, 3),
]


class Ours(nn.Module):
    def __init__(self, mask: Tensor | None, d_model: int, heads: int, d_ff: int, layers: int) -> None:
        super().__init__()
        self.encoder = Encoder(layers=layers, d_model=d_model, heads=heads, d_ff=d_ff)
        self.decoder = Decoder(layers=layers, d_model=d_model, heads=heads, d_ff=d_ff)
        self.mask = mask

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        return self.decoder(target, self.encoder(source, self.mask), None, self.mask)


class Theirs(nn.Module):
    def __init__(self, mask: Tensor | None, d_model: int, heads: int, d_ff: int, layers: int) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.model = nn.Transformer(d_model, heads, layers, layers, d_ff, dropout=0.0, batch_first=True)
        self.padded = None if mask is None else ~mask[:, 0]

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        length, device = target.shape[1], target.device
        causal = nn.Transformer.generate_square_subsequent_mask(length, device=device, dtype=torch.bool)
        return self.model(
            source,
            target,
            tgt_mask=causal,
            src_key_padding_mask=self.padded,
            memory_key_padding_mask=self.padded,
            tgt_is_causal=True,
        )


class Bart(nn.Module):
    def __init__(self, mask: Tensor | None, d_model: int, heads: int, d_ff: int, layers: int) -> None:
        super().__init__()
        from transformers import BartConfig, BartModel

        sizes = {
            f"{part}_{name}": size
            for part in ("encoder", "decoder")
            for name, size in (("layers", layers), ("attention_heads", heads), ("ffn_dim", d_ff))
        }
        self.model = BartModel(BartConfig(vocab_size=16, d_model=d_model, dropout=0.0, **sizes))
        self.mask = None if mask is None else mask[:, 0].long()

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        return self.model(
            inputs_embeds=source, attention_mask=self.mask, decoder_inputs_embeds=target, use_cache=False
        ).last_hidden_state


def measure(size: tuple[int, ...], *, padded: bool, train: bool) -> Measured:
    batch, source, target, d_model, heads, d_ff, layers = size
    torch.manual_seed(0)
    lengths = torch.randint(source // 2, source + 1, (batch,)).clamp(max=source)
    lengths[0] = source
    mask = masks.padding(lengths.to(timing.device), S=source) if padded else None
    kinds: dict[str, Callable[..., nn.Module]] = {"ours": Ours, "nn.Transformer": Theirs}
    try:
        import transformers  # noqa: F401

        kinds["BART"] = Bart
    except ImportError:
        pass
    modules = {name: kind(mask, d_model, heads, d_ff, layers).train(train) for name, kind in kinds.items()}
    inputs = torch.randn(batch, source, d_model), torch.randn(batch, target, d_model)
    job = training if train else forward
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nested tensors are called a prototype
        return compare({name: job(module, *inputs) for name, module in modules.items()}, rounds=9)


def main() -> None:
    rows = []
    names: list[str] = []
    for threads in timing.threads():
        torch.set_num_threads(threads)
        for size in SIZES:
            for padded in (False, True):
                for train in (False, True):
                    measured = measure(size, padded=padded, train=train)
                    names = list(measured.rounds)[1:]
                    ratios = [measured.ratio(name) for name in names]
                    what = ("forward, backward" if train else "forward") + (", padded" if padded else "")
                    bar = verdict(max(ratios), 0.97 if train else 1.0)
                    row = [
                        "×".join(map(str, size)),
                        threads,
                        what,
                        measured.milliseconds("ours"),
                        *ratios,
                        bar,
                    ]
                    rows.append(row)
    print("Our time over theirs. Sizes are batch × source × target × d_model × heads × d_ff × layers.\n")
    table(["size", "threads", "what", "ours, ms", *names, "bar, all peers"], rows)


if __name__ == "__main__":
    main()
