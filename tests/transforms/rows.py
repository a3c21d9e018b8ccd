"""The rows of the table: one line for each public module and function of the package."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from transformer_lite import (
    attention,
    cache,
    convolution,
    cost,
    decoding,
    layers,
    masks,
    memory,
    mlp,
    objective,
    positions,
    recurrent,
    reshape,
    rollout,
    sampling,
    scores,
    swin,
    transformer,
    vit,
)

from .row import BATCH as B
from .row import Row, flags, function, given, module, real, used, whole

LAYER = {"d_model": 8, "heads": 2, "d_ff": 6}
STACK = {**LAYER, "layers": 2}
MODEL = {**LAYER, "layers": 1, "max_length": 9}
SIZES = {"size": (4, 6), "size_out": (2, 5)}
SHRINK = {"size": (4, 6), "size_out": (2, 2)}
BLOCK = {"d_model": 8, "heads": 2, "window": 2}
SWIN = {"d_model": 4, "depths": (2, 1), "heads": (2, 4), "window": 2, "patch": 2, "channels": 1, "classes": 5}
VIT = {"image": 8, "patch": 4, "d_model": 8, "depth": 2, "heads": 2, "d_ff": 6, "channels": 1, "classes": 5}
CODES = {"d_in": 2, "d_out": 1, "d_hidden": 6, "hidden_layers": 2, "octaves": 2, "objects": 5, "d_code": 4}

# Why some columns ask nothing of some rows.
UNSEEN = ("meta", "vmap", "torch.compile", "torch.export")  # where numbers cannot be looked at
DERIVATIVES = ("functorch gradients", "second derivative", "forward derivative")
SEARCH = dict.fromkeys(
    UNSEEN, "after every token it asks the numbers whether all is said: transform the model's own step"
) | dict.fromkeys(DERIVATIVES, "a search computes no gradients")
DRAWN = dict.fromkeys(
    UNSEEN, "it looks at the numbers, and changes PyTorch's state of chance: transform chances"
)
LISTED = {"zero batch": "its result is as long as the longest sequence"}
MEANS = dict.fromkeys(DERIVATIVES, "it depends on the sizes alone")


class Seen(nn.Module):
    """A vision model that gives what it recorded."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> dict[str, object]:
        record: dict[str, object] = {}
        self.model(images, record=record)
        return record


def cached(_: object, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Keys and values that went through a cache in two pieces, and were reordered."""
    kept = cache.KeyValueCache()
    kept.append(key[:, :, :2], value[:, :, :2])
    kept.append(key[:, :, 2:], value[:, :, 2:])
    kept.reorder(torch.arange(len(key), device=key.device).flip(0))
    return kept.key, kept.value


def remembered(model: transformer.LanguageModel, ids: Tensor) -> Tensor:
    """Scores of a next token, the earlier ones being cached."""
    kept = model.new_cache()
    model.step(ids[:, :2], kept)
    return model.step(ids[:, 2:], kept)


def translated(model: transformer.Transformer, source: Tensor, target: Tensor) -> Tensor:
    """Scores of a next token of a translation, the earlier ones being cached."""
    kept, step = model.new_cache(), model.speaker(source)
    step(target[:, :2], kept)
    return step(target[:, 2:], kept)


def speaker() -> transformer.LanguageModel:
    return transformer.LanguageModel(vocabulary=7, **MODEL)


ROWS: list[Row] = [
    # scores
    function(scores.dot, query=real(B, 5, 4), key=real(B, 7, 4)),
    function(scores.scaled_dot, query=real(B, 5, 4), key=real(B, 7, 4)),
    function(scores.bilinear, query=real(B, 5, 4), key=real(B, 7, 6), weight=real(4, 6)),
    function(
        scores.additive,
        query=real(B, 5, 4),
        key=real(B, 7, 6),
        weight_query=real(8, 4),
        weight_key=real(8, 6),
        v=real(8),
    ),
    function(scores.cosine, query=real(B, 5, 4), key=real(B, 7, 4)),
    module(scores.Bilinear, {"d_query": 4, "d_key": 6}, query=real(B, 5, 4), key=real(B, 7, 6)),
    module(
        scores.Additive, {"d_query": 4, "d_key": 6, "d_hidden": 8}, query=real(B, 5, 4), key=real(B, 7, 6)
    ),
    function(scores.default_scale, query=real(B, 5, 4)),
    # masks
    function(masks.causal, T=5, S=7),
    function(masks.local, T=5, S=7, radius=2),
    function(masks.padding, lengths=whole(B), S=7),
    function(masks.padding_of, ids=whole(B, 5), pad=2),
    used(masks.combine, lambda _, a, b: masks.combine(a, b), a=flags(B, 5, 7), b=flags(5, 7)),
    function(masks.check, mask=flags(B, 5, 7), T=5, S=7),
    # attention
    function(attention.attention, query=real(B, 2, 5, 4), key=real(B, 2, 7, 4), value=real(B, 2, 7, 4)),
    function(
        attention.attention,
        also=", with mask and bias",
        query=real(B, 2, 5, 4),
        key=real(B, 2, 7, 4),
        value=real(B, 2, 7, 6),
        mask=flags(B, 1, 5, 7),
        bias=real(2, 5, 7),
    ),
    function(
        attention.attention,
        also=", causal, with a tensor as scale",
        query=real(B, 2, 5, 4),
        key=real(B, 2, 5, 4),
        value=real(B, 2, 5, 4),
        causal=True,
        scale=given(0.5),
    ),
    function(
        attention.attention,
        also=", with weights",
        query=real(B, 5, 4),
        key=real(B, 7, 4),
        value=real(B, 7, 6),
        return_weights=True,
    ),
    function(attention.masked_softmax, scores=real(B, 5, 7), mask=flags(5, 7)),
    module(attention.MultiHeadAttention, {"d_model": 8, "heads": 2}, x=real(B, 5, 8)),
    module(
        attention.MultiHeadAttention,
        {"d_model": 8, "heads": 2},
        also=", to a memory",
        x=real(B, 5, 8),
        memory=real(B, 7, 8),
        mask=flags(B, 5, 7),
        bias=real(5, 7),
    ),
    module(
        attention.MultiHeadAttention,
        {"d_model": 8, "heads": 2, "rotary": True},
        also=", rotary",
        x=real(B, 5, 8),
        causal=True,
    ),
    # cache
    used(cache.KeyValueCache, cached, learns=False, key=real(B, 2, 5, 4), value=real(B, 2, 5, 6)),
    used(cache.DecoderCache, remembered, speaker, learns=False, ids=whole(B, 4)),
    # positions
    function(positions.frequencies, d_model=6, base=given(100.0)),
    function(positions.sinusoidal, positions=real(B, 5), d_model=6, base=given(100.0), dtype=torch.float64),
    function(positions.sinusoidal_2d, height=4, width=5, d_model=8),
    function(positions.shift, k=real(B), d_model=6, dtype=torch.float64),
    function(positions.rotate, x=real(B, 2, 5, 4), positions=given([*range(5)])),
    module(positions.SinusoidalPositions, {"d_model": 6, "max_length": 9}, x=real(B, 5, 6), start=2),
    module(
        positions.SinusoidalPositions,
        {"d_model": 6, "max_length": 4},
        also=", beyond its table",
        x=real(B, 5, 6),
        start=2,
    ),
    module(positions.LearnedPositions, {"d_model": 6, "max_length": 9}, x=real(B, 5, 6), start=2),
    module(positions.RelativeBias, {"heads": 2, "max_distance": 4}, T=5, S=7),
    function(positions.relative_index, height=4, width=5),
    module(positions.RelativeBias2d, {"heads": 2, "height": 4, "width": 5}),
    # layers
    module(layers.FeedForward, {"d_model": 8, "d_ff": 6}, x=real(B, 5, 8)),
    module(layers.EncoderLayer, LAYER, x=real(B, 5, 8), mask=flags(B, 5, 5)),
    module(layers.EncoderLayer, {**LAYER, "norm": "pre"}, also=", pre-norm", x=real(B, 5, 8), causal=True),
    module(layers.DecoderLayer, LAYER, x=real(B, 5, 8), memory=real(B, 7, 8), memory_mask=flags(B, 5, 7)),
    module(layers.TokenEmbedding, {"vocabulary": 7, "d_model": 8}, ids=whole(B, 5)),
    module(layers.TokenEmbedding, {"vocabulary": 7, "d_model": 8}, "logits", x=real(B, 5, 8)),
    # transformer
    module(transformer.Encoder, STACK, x=real(B, 5, 8), mask=flags(B, 1, 5)),
    module(transformer.Decoder, STACK, x=real(B, 5, 8), memory=real(B, 7, 8), memory_mask=flags(B, 1, 7)),
    module(
        transformer.Transformer,
        {"source_vocabulary": 7, **MODEL},
        source=whole(B, 5, low=0),
        target=whole(B, 4),
    ),
    used(
        transformer.Transformer.speaker,
        translated,
        lambda: transformer.Transformer(source_vocabulary=7, target_vocabulary=9, **MODEL),
        learns=False,
        source=whole(B, 5, low=0),
        target=whole(B, 4),
    ),
    module(transformer.LanguageModel, {"vocabulary": 7, **MODEL}, ids=whole(B, 5)),
    module(
        transformer.LanguageModel,
        {"vocabulary": 7, **MODEL, "positions": None, "rotary": True},
        also=", rotary",
        ids=whole(B, 5),
    ),
    module(transformer.LanguageModel, {"vocabulary": 7, **MODEL}, "step", ids=whole(B, 5), cache=None),
    # decoding
    used(
        decoding.greedy,
        lambda model, start: decoding.greedy(model.step, start, max_new=4, cache=model.new_cache()),
        speaker,
        no=SEARCH,
        start=whole(B, 2),
    ),
    used(
        decoding.stream,
        lambda model, start: [*decoding.stream(model.step, start, max_new=4)],
        speaker,
        no=SEARCH,
        start=whole(B, 2),
    ),
    used(
        decoding.sample,
        lambda model, start: decoding.sample(model.step, start, max_new=4, top_k=1),
        speaker,
        no=SEARCH,
        start=whole(B, 2),
    ),
    used(
        decoding.beam_search,
        lambda model, start: decoding.beam_search(
            model.step, start, beams=2, max_new=4, cache=model.new_cache()
        ),
        speaker,
        no=SEARCH | {"zero batch": "without rows all is said after one token"},
        keeps_kind=False,
        start=whole(B, 2),
    ),
    function(decoding.length_penalty, length=5, alpha=0.6),
    # sampling
    function(sampling.chances, scores=real(B, 7), temperature=0.7, top_k=5, top_p=0.9),
    function(sampling.draw, no=DRAWN, scores=real(B, 7), top_k=1),
    # objective
    function(objective.smooth_labels, targets=whole(B, 5, low=0), vocabulary=7),
    used(
        objective.translation_loss,
        lambda _, logits, targets: objective.translation_loss(logits, targets),
        keeps_kind=False,  # a sum over many words would not fit into float16
        logits=real(B, 5, 7),
        targets=whole(B, 5, low=0),
    ),
    function(objective.warm_up, step=5, d_model=8),
    # recurrent
    used(
        recurrent.packed_rows,
        lambda _, lengths: torch.tensor(recurrent.packed_rows(lengths), device=lengths.device),
        no=LISTED,
        lengths=whole(B),
    ),
    function(recurrent.last_state, states=real(B, 7, 4), lengths=whole(B, low=0)),
    module(recurrent.RNN, {"d_in": 4, "d_hidden": 6}, x=real(B, 5, 4), state=real(B, 6)),
    module(
        recurrent.RNN,
        {"d_in": 4, "d_hidden": 6},
        also=", with lengths",
        x=real(B, 5, 4),
        lengths=given([4, 0, 5]),
    ),
    # mlp
    module(mlp.MLP, {"sizes": (4, 6, 5)}, x=real(B, 5, 4)),
    function(mlp.fourier_features, x=real(B, 5, 2), octaves=2),
    module(mlp.CoordinateMLP, CODES, points=real(B, 5, 2), objects=whole(B, 5, low=0, high=5)),
    # memory
    function(memory.energy, state=real(B, 5, 4), patterns=real(B, 7, 4), beta=given(2.0)),
    function(memory.update, state=real(B, 5, 4), patterns=real(B, 7, 4), beta=given(2.0)),
    function(memory.retrieve, state=real(B, 5, 4), patterns=real(B, 7, 4), beta=2.0, steps=4),
    # convolution
    function(convolution.output_size, size=9, kernel=4, stride=2),
    function(convolution.neighbourhoods, x=real(B, 2, 8, 9), kernel=(2, 4), stride=2, padding=1),
    function(convolution.convolve, x=real(B, 2, 8, 9), weight=real(4, 2, 2, 4), bias=real(4), padding=1),
    function(convolution.convolution_matrix, weight=real(4, 2, 2, 4), H=4, W=5),
    function(convolution.receptive_field, layers=[(4, 2), (5, 1)]),
    module(convolution.SeparableConvolution, {"channels": 2, "channels_out": 4}, x=real(B, 2, 8, 9)),
    module(
        convolution.ConvolutionalNetwork,
        {"channels": 2, "widths": (4, 6), "classes": 5},
        images=real(B, 2, 8, 9),
    ),
    # cost
    function(cost.self_attention, n=whole(B), d=8),
    function(cost.restricted_self_attention, n=whole(B), d=8, r=5),
    function(cost.recurrent, n=whole(B), d=8),
    function(cost.convolution, n=whole(B), d=8, k=5),
    function(cost.dilated_convolution, n=whole(B), d=8, k=5),
    function(cost.separable_convolution, n=whole(B), d=8, k=5),
    used(cost.table, lambda _, n: [*cost.table(n=n, d=8, k=5, r=5).values()], n=whole(B)),
    function(cost.global_attention, H=whole(B), W=4, d=8),
    function(cost.window_attention, H=whole(B), W=4, d=8, window=2),
    # reshape
    module(reshape.Pooling, SIZES, x=real(B, 4, 6, 5)),
    module(reshape.Pooling, SIZES, "mixing", no=MEANS, x=real(B, 4, 6, 5)),
    module(reshape.StridedConvolution, SHRINK, x=real(B, 4, 6, 5)),
    module(reshape.StridedConvolution, SHRINK, "mixing", x=real(B, 4, 6, 5)),
    module(reshape.PositionMLP, SIZES, x=real(B, 4, 6, 5)),
    module(reshape.PositionMLP, SIZES, "mixing", x=real(B, 4, 6, 5)),
    module(reshape.OutputQueries, {**SIZES, "features": 5, "d_k": 4}, x=real(B, 4, 6, 5)),
    module(
        reshape.OutputQueries,
        {**SIZES, "features": 5, "d_k": 4, "keys": "content", "query_content": True},
        also=", of content",
        x=real(B, 4, 6, 5),
    ),
    module(reshape.OutputQueries, {**SIZES, "features": 5, "d_k": 4}, "mixing", x=real(B, 4, 6, 5)),
    # rollout
    used(
        rollout.rollout,
        lambda _, first, second: rollout.rollout([first, second]),
        first=real(B, 2, 5, 5),
        second=real(B, 2, 5, 5),
    ),
    used(
        rollout.rollout_vit,
        lambda part, images: rollout.rollout_vit(part(images)),
        lambda: Seen(vit.ViT(**VIT)),
        images=real(B, 1, 8, 8),
    ),
    used(
        rollout.rollout_swin,
        lambda part, images: rollout.rollout_swin(part(images)),
        lambda: Seen(swin.Swin(**SWIN)),
        images=real(B, 1, 8, 8),
    ),
    function(rollout.merged, R=real(B, 7, 8, 8)),
    # swin
    function(swin.partition, x=real(B, 4, 6, 5), window=2),
    function(swin.reverse, windows=real(B, 6, 4, 5), H=4, W=6),
    function(swin.roll, x=real(B, 4, 6, 5), shift=(1, 2)),
    function(swin.pad, x=real(B, 4, 6, 5), multiple=5),
    function(swin.to_windows, x=real(B, 4, 5, 6), window=2, shift=(1, 1)),
    function(swin.from_windows, windows=real(B, 6, 4, 5), H=4, W=5, window=2, shift=(1, 1)),
    function(swin.regions, H=4, W=5, window=2, shift=(1, 1)),
    function(swin.window_mask, H=4, W=5, window=2, shift=(1, 1)),
    function(swin.half_window, H=4, W=5, window=2),
    module(swin.SwinBlock, {**BLOCK, "shifted": False}, x=real(B, 4, 4, 8)),
    module(swin.SwinBlock, {**BLOCK, "shifted": True}, also=", shifted", x=real(B, 4, 5, 8)),
    module(swin.PatchMerging, {"d_model": 8}, x=real(B, 4, 7, 8)),
    function(swin.neighbours, x=real(B, 4, 7, 8)),
    module(swin.Stage, {**BLOCK, "depth": 2, "merge": True}, x=real(B, 8, 10, 4)),
    module(swin.Swin, SWIN, images=real(B, 1, 8, 10)),
    module(swin.swin, {"size": "T", **SWIN, "depths": (1,), "heads": (2,)}, images=real(B, 1, 8, 8)),
    # vit
    function(vit.cut, images=real(B, 2, 8, 4), patch=4),
    function(vit.join, patches=real(B, 2, 5, 8), patch=2),
    module(vit.PatchEmbedding, {"patch": 4, "channels": 2, "d_model": 6}, images=real(B, 2, 8, 4)),
    function(vit.stretch, positions=real(4, 5, 7), rows=6, columns=8),
    module(vit.vit, {"size": "Ti", **VIT, "depth": 1}, images=real(B, 1, 8, 8)),
    module(vit.ViT, VIT, images=real(B, 1, 8, 8)),
    module(vit.ViT, {**VIT, "depth": 1}, also=", on larger images", images=real(B, 1, 8, 12)),
]
