"""Every public name, given arguments that are wrong one at a time.

The table has one right call for each function, class and method. Each argument is then spoiled in every way
that fits its kind: a tensor loses or gains an axis, grows or empties along one, changes its type, holds NaN; a number
becomes zero, negative or NaN. Each time there must be a ``ValueError`` with a sentence, or a defined result: never
an error from deep inside PyTorch.
"""

import traceback

import pytest
import torch
from torch import Tensor

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

from .public import public_names

real = torch.rand
STACK = {"d_model": 6, "heads": 2, "d_ff": 5, "layers": 2}
LAYER = {"d_model": 6, "heads": 2, "d_ff": 5}
SAMPLING = {"temperature": 0.7, "top_k": 5, "top_p": 0.9}


def ids(*shape):
    return torch.randint(1, 7, shape)


def flags(*shape):
    return torch.ones(shape, dtype=torch.bool)


def filled_cache():
    filled = cache.KeyValueCache()
    filled.append(real(2, 3, 4, 5), real(2, 3, 4, 5))
    return filled


def decoder_cache():
    filled = cache.DecoderCache(layers=2)
    for own in filled.own:
        own.append(real(2, 3, 4, 5), real(2, 3, 4, 5))
    return filled


SPEAKER = transformer.LanguageModel(vocabulary=7, **STACK)
TRANSLATOR = transformer.Transformer(source_vocabulary=7, **STACK)

# name: (the function or class, its right arguments); a class is also called, with the arguments that follow.
CASES = {
    "scores.dot": (scores.dot, {"query": real(2, 5, 3), "key": real(2, 7, 3)}),
    "scores.scaled_dot": (scores.scaled_dot, {"query": real(2, 5, 3), "key": real(2, 7, 3), "scale": 0.5}),
    "scores.bilinear": (
        scores.bilinear,
        {"query": real(2, 5, 3), "key": real(2, 7, 4), "weight": real(3, 4)},
    ),
    "scores.additive": (
        scores.additive,
        {
            "query": real(2, 5, 3),
            "key": real(2, 7, 4),
            "weight_query": real(6, 3),
            "weight_key": real(6, 4),
            "v": real(6),
        },
    ),
    "scores.cosine": (scores.cosine, {"query": real(2, 5, 3), "key": real(2, 7, 3), "eps": 0.1}),
    "scores.Bilinear": (
        scores.Bilinear,
        {"d_query": 3, "d_key": 4},
        {"query": real(2, 5, 3), "key": real(2, 7, 4)},
    ),
    "scores.Additive": (
        scores.Additive,
        {"d_query": 3, "d_key": 4, "d_hidden": 6},
        {"query": real(2, 5, 3), "key": real(2, 7, 4)},
    ),
    "scores.default_scale": (scores.default_scale, {"query": real(2, 5, 3)}),
    "masks.causal": (masks.causal, {"T": 5, "S": 7}),
    "masks.local": (masks.local, {"T": 5, "S": 7, "radius": 2}),
    "masks.padding": (masks.padding, {"lengths": torch.tensor([3, 5]), "S": 7}),
    "masks.padding_of": (masks.padding_of, {"ids": ids(2, 5), "pad": 3}),
    "masks.combine": (
        lambda a, b: masks.combine(a, b),
        {"a": flags(2, 5, 7), "b": flags(5, 7)},
    ),
    "masks.check": (masks.check, {"mask": flags(5, 7), "T": 5, "S": 7}),
    "attention.attention": (
        attention.attention,
        {
            "query": real(2, 5, 3),
            "key": real(2, 7, 3),
            "value": real(2, 7, 4),
            "mask": flags(2, 5, 7),
            "bias": real(5, 7),
            "scale": 0.5,
            "dropout": 0.1,
        },
    ),
    "attention.masked_softmax": (
        attention.masked_softmax,
        {"scores": real(2, 5, 7), "mask": flags(5, 7)},
    ),
    "attention.MultiHeadAttention": (
        attention.MultiHeadAttention,
        {"d_model": 6, "heads": 2, "d_k": 4, "dropout": 0.1},
        {"x": real(2, 5, 6), "memory": real(2, 7, 6), "mask": flags(2, 5, 7), "bias": real(2, 5, 7)},
    ),
    "cache.KeyValueCache.append": (
        lambda key, value: filled_cache().append(key, value),
        {"key": real(2, 3, 1, 5), "value": real(2, 3, 1, 5)},
    ),
    "cache.KeyValueCache.reorder": (
        lambda rows: filled_cache().reorder(rows),
        {"rows": torch.tensor([1, 0])},
    ),
    "cache.DecoderCache": (cache.DecoderCache, {"layers": 2}),
    "cache.DecoderCache.reorder": (
        lambda rows: decoder_cache().reorder(rows),
        {"rows": torch.tensor([1, 0])},
    ),
    "positions.frequencies": (positions.frequencies, {"d_model": 6, "base": 100.0}),
    "positions.sinusoidal": (
        positions.sinusoidal,
        {"positions": torch.arange(5), "d_model": 6, "base": 100.0},
    ),
    "positions.sinusoidal_2d": (
        positions.sinusoidal_2d,
        {"height": 3, "width": 5, "d_model": 6, "base": 100.0},
    ),
    "positions.shift": (positions.shift, {"k": 3.0, "d_model": 6, "base": 100.0}),
    "positions.rotate": (positions.rotate, {"x": real(2, 5, 6), "positions": torch.arange(5), "base": 100.0}),
    "positions.SinusoidalPositions": (
        positions.SinusoidalPositions,
        {"d_model": 6, "max_length": 4, "base": 100.0},
        {"x": real(2, 5, 6), "start": 3},
    ),
    "positions.LearnedPositions": (
        positions.LearnedPositions,
        {"d_model": 6, "max_length": 9},
        {"x": real(2, 5, 6), "start": 3},
    ),
    "positions.RelativeBias": (positions.RelativeBias, {"heads": 2, "max_distance": 3}, {"T": 5, "S": 7}),
    "positions.relative_index": (positions.relative_index, {"height": 3, "width": 5}),
    "positions.RelativeBias2d": (positions.RelativeBias2d, {"heads": 2, "height": 3, "width": 5}, {}),
    "layers.FeedForward": (
        layers.FeedForward,
        {"d_model": 6, "d_ff": 5, "dropout": 0.1},
        {"x": real(2, 5, 6)},
    ),
    "layers.EncoderLayer": (
        layers.EncoderLayer,
        {**LAYER, "dropout": 0.1, "eps": 1e-5, "d_k": 4},
        {"x": real(2, 5, 6), "mask": flags(2, 5, 5), "bias": real(5, 5)},
    ),
    "layers.DecoderLayer": (
        layers.DecoderLayer,
        {**LAYER, "dropout": 0.1, "eps": 1e-5, "d_k": 4},
        {"x": real(2, 5, 6), "memory": real(2, 7, 6), "mask": flags(2, 5, 5), "memory_mask": flags(2, 1, 7)},
    ),
    "layers.TokenEmbedding": (layers.TokenEmbedding, {"vocabulary": 7, "d_model": 6}, {"ids": ids(2, 5)}),
    "layers.TokenEmbedding.logits": (
        layers.TokenEmbedding(vocabulary=7, d_model=6).logits,
        {"x": real(2, 5, 6)},
    ),
    "transformer.Encoder": (transformer.Encoder, STACK, {"x": real(2, 5, 6), "mask": flags(2, 5, 5)}),
    "transformer.Decoder": (
        transformer.Decoder,
        STACK,
        {"x": real(2, 5, 6), "memory": real(2, 7, 6), "mask": flags(2, 5, 5), "memory_mask": flags(2, 1, 7)},
    ),
    "transformer.Transformer": (
        transformer.Transformer,
        {"source_vocabulary": 7, "target_vocabulary": 8, **STACK, "dropout": 0.1, "max_length": 9, "pad": 0},
        {"source": ids(2, 5), "target": ids(2, 4)},
    ),
    "transformer.Transformer.encode": (TRANSLATOR.encode, {"source": ids(2, 5)}),
    "transformer.Transformer.decode": (
        TRANSLATOR.decode,
        {"target": ids(2, 5), "memory": real(2, 7, 6), "memory_mask": flags(2, 1, 7)},
    ),
    "transformer.Transformer.source_mask": (TRANSLATOR.source_mask, {"source": ids(2, 5)}),
    "transformer.Transformer.speaker": (TRANSLATOR.speaker, {"source": ids(2, 5)}),
    "transformer.Transformer.new_cache": (TRANSLATOR.new_cache, {}),
    "transformer.LanguageModel": (
        transformer.LanguageModel,
        {"vocabulary": 7, **STACK, "dropout": 0.1, "max_length": 9},
        {"ids": ids(2, 5)},
    ),
    "transformer.LanguageModel.step": (lambda ids: SPEAKER.step(ids, None), {"ids": ids(2, 5)}),
    "transformer.LanguageModel.new_cache": (SPEAKER.new_cache, {}),
    "decoding.greedy": (
        decoding.greedy,
        {"step": SPEAKER.step, "start": ids(2, 3), "max_new": 4, "end": 2, "pad": 0},
    ),
    "decoding.stream": (
        lambda **options: [*decoding.stream(**options)],
        {"step": SPEAKER.step, "start": ids(2, 3), "max_new": 4, "end": 2, "pad": 0},
    ),
    "decoding.sample": (
        decoding.sample,
        {"step": SPEAKER.step, "start": ids(2, 3), "max_new": 4, "end": 2, "pad": 0, **SAMPLING},
    ),
    "decoding.beam_search": (
        decoding.beam_search,
        {
            "step": SPEAKER.step,
            "start": ids(2, 3),
            "beams": 3,
            "max_new": 4,
            "end": 2,
            "pad": 0,
            "alpha": 0.6,
        },
    ),
    "decoding.length_penalty": (decoding.length_penalty, {"length": 3, "alpha": 0.6}),
    "sampling.chances": (sampling.chances, {"scores": real(2, 7), **SAMPLING}),
    "sampling.draw": (sampling.draw, {"scores": real(2, 7), **SAMPLING}),
    "objective.smooth_labels": (
        objective.smooth_labels,
        {"targets": ids(2, 5), "vocabulary": 7, "smoothing": 0.1, "pad": 1},
    ),
    "objective.translation_loss": (
        objective.translation_loss,
        {"logits": real(2, 5, 7), "targets": ids(2, 5), "smoothing": 0.1, "pad": 1},
    ),
    "objective.warm_up": (objective.warm_up, {"step": 3, "d_model": 6, "steps": 5}),
    "recurrent.packed_rows": (recurrent.packed_rows, {"lengths": torch.tensor([3, 5])}),
    "recurrent.last_state": (
        recurrent.last_state,
        {"states": real(2, 5, 6), "lengths": torch.tensor([3, 5])},
    ),
    "recurrent.RNN": (
        recurrent.RNN,
        {"d_in": 3, "d_hidden": 6},
        {"x": real(2, 5, 3), "lengths": torch.tensor([3, 5]), "state": real(2, 6)},
    ),
    "mlp.MLP": (lambda a, b, c: mlp.MLP([a, b, c]), {"a": 3, "b": 4, "c": 5}, {"x": real(2, 5, 3)}),
    "mlp.fourier_features": (mlp.fourier_features, {"x": real(2, 5, 3), "octaves": 4}),
    "mlp.CoordinateMLP": (
        mlp.CoordinateMLP,
        {
            "d_in": 2,
            "d_out": 3,
            "d_hidden": 4,
            "hidden_layers": 2,
            "octaves": 3,
            "objects": 5,
            "d_code": 6,
        },
        {"points": real(2, 5, 2), "objects": torch.ones(2, 5).long()},
    ),
    "memory.energy": (memory.energy, {"state": real(2, 5, 3), "patterns": real(2, 7, 3), "beta": 2.0}),
    "memory.update": (memory.update, {"state": real(2, 5, 3), "patterns": real(2, 7, 3), "beta": 2.0}),
    "memory.retrieve": (
        memory.retrieve,
        {"state": real(2, 5, 3), "patterns": real(2, 7, 3), "beta": 2.0, "steps": 2},
    ),
}

SWIN = {"d_model": 4, "depths": (2, 1), "heads": (2, 4), "window": 2, "patch": 2, "channels": 1, "classes": 5}
VIT = {"image": 8, "patch": 4, "d_model": 6, "depth": 2, "heads": 2, "d_ff": 5, "channels": 1, "classes": 5}
IMAGES = real(2, 1, 8, 8)
MAP = real(2, 4, 6, 8)  # (batch, H, W, d_model)
NEIGHBOURHOOD = {"stride": 2, "padding": 1, "dilation": 1}


def seen(model):
    record = {}
    model(IMAGES, record=record)
    return record


def sizes(layer, **options):
    return layer(size=(4, 6), size_out=(2, 3), **options)


CASES |= {
    "convolution.output_size": (convolution.output_size, {"size": 9, "kernel": 3, **NEIGHBOURHOOD}),
    "convolution.neighbourhoods": (
        lambda x, height, width, **options: convolution.neighbourhoods(x, (height, width), **options),
        {"x": real(2, 3, 8, 9), "height": 3, "width": 2, **NEIGHBOURHOOD},
    ),
    "convolution.convolve": (
        convolution.convolve,
        {"x": real(2, 3, 8, 9), "weight": real(5, 3, 3, 2), "bias": real(5), **NEIGHBOURHOOD},
    ),
    "convolution.convolution_matrix": (
        convolution.convolution_matrix,
        {"weight": real(2, 3, 3, 2), "H": 4, "W": 5, **NEIGHBOURHOOD},
    ),
    "convolution.receptive_field": (
        lambda kernel, stride, dilation: convolution.receptive_field([(3, 1), (kernel, stride, dilation)]),
        {"kernel": 3, "stride": 2, "dilation": 1},
    ),
    "convolution.SeparableConvolution": (
        convolution.SeparableConvolution,
        {"channels": 3, "channels_out": 5, "kernel": 3, "stride": 2},
        {"x": real(2, 3, 8, 9)},
    ),
    "convolution.ConvolutionalNetwork": (
        lambda width, **options: convolution.ConvolutionalNetwork(widths=(2, width), **options),
        {"width": 3, "channels": 1, "classes": 4, "kernel": 3},
        {"images": IMAGES},
    ),
    "cost.self_attention": (cost.self_attention, {"n": 5, "d": 6, "heads": 2, "itemsize": 4}),
    "cost.restricted_self_attention": (cost.restricted_self_attention, {"n": 9, "d": 6, "r": 3, "heads": 2}),
    "cost.recurrent": (cost.recurrent, {"n": 5, "d": 6, "itemsize": 4}),
    "cost.convolution": (cost.convolution, {"n": 9, "d": 6, "k": 3, "itemsize": 4}),
    "cost.dilated_convolution": (cost.dilated_convolution, {"n": 9, "d": 6, "k": 3, "itemsize": 4}),
    "cost.separable_convolution": (cost.separable_convolution, {"n": 9, "d": 6, "k": 3, "itemsize": 4}),
    "cost.table": (cost.table, {"n": 9, "d": 6, "k": 3, "r": 3}),
    "cost.global_attention": (cost.global_attention, {"H": 4, "W": 6, "d": 8}),
    "cost.window_attention": (cost.window_attention, {"H": 4, "W": 6, "d": 8, "window": 2}),
    "reshape.Pooling": (lambda: sizes(reshape.Pooling), {}, {"x": real(2, 4, 6, 5)}),
    "reshape.Pooling.mixing": (sizes(reshape.Pooling).mixing, {"x": real(2, 4, 6, 5)}),
    "reshape.StridedConvolution": (lambda: sizes(reshape.StridedConvolution), {}, {"x": real(2, 4, 6, 5)}),
    "reshape.StridedConvolution.mixing": (sizes(reshape.StridedConvolution).mixing, {"x": real(2, 4, 6, 5)}),
    "reshape.PositionMLP": (lambda: sizes(reshape.PositionMLP), {}, {"x": real(2, 4, 6, 5)}),
    "reshape.PositionMLP.mixing": (sizes(reshape.PositionMLP).mixing, {"x": real(2, 4, 6, 5)}),
    "reshape.OutputQueries": (
        lambda **options: sizes(reshape.OutputQueries, **options),
        {"features": 5, "d_k": 4},
        {"x": real(2, 4, 6, 5)},
    ),
    "reshape.OutputQueries.mixing": (
        sizes(reshape.OutputQueries, features=5, d_k=4).mixing,
        {"x": real(2, 4, 6, 5)},
    ),
    "rollout.rollout": (
        lambda first, second, residual: rollout.rollout([first, second], residual=residual),
        {
            "first": real(2, 3, 5, 5).softmax(-1),
            "second": real(2, 3, 5, 5).softmax(-1),
            "residual": 0.5,
        },
    ),
    "rollout.rollout_vit": (
        lambda residual: rollout.rollout_vit(seen(vit.ViT(**VIT)), residual=residual),
        {"residual": 0.5},
    ),
    "rollout.rollout_swin": (
        lambda residual: rollout.rollout_swin(seen(swin.Swin(**SWIN)), residual=residual),
        {"residual": 0.5},
    ),
    "rollout.merged": (rollout.merged, {"R": real(2, 4, 6, 8)}),
    "swin.half_window": (swin.half_window, {"H": 6, "W": 8, "window": 2}),
    "swin.pad": (swin.pad, {"x": MAP, "multiple": 5, "value": 0.0}),
    "swin.partition": (swin.partition, {"x": MAP, "window": 2}),
    "swin.reverse": (swin.reverse, {"windows": real(2, 12, 4, 8), "H": 4, "W": 12}),
    "swin.roll": (lambda x, i, j: swin.roll(x, (i, j)), {"x": MAP, "i": 1, "j": 2}),
    "swin.to_windows": (
        lambda x, window, i: swin.to_windows(x, window=window, shift=(i, 1)),
        {"x": MAP, "window": 2, "i": 1},
    ),
    "swin.from_windows": (
        lambda windows, H, W, window, i: swin.from_windows(windows, H, W, window=window, shift=(i, 1)),
        {"windows": swin.to_windows(MAP, window=2, shift=(1, 1)), "H": 4, "W": 6, "window": 2, "i": 1},
    ),
    "swin.regions": (
        lambda H, W, window, i: swin.regions(H, W, window=window, shift=(i, 1)),
        {"H": 4, "W": 6, "window": 2, "i": 1},
    ),
    "swin.window_mask": (
        lambda H, W, window, i: swin.window_mask(H, W, window=window, shift=(i, 1)),
        {"H": 4, "W": 6, "window": 2, "i": 1},
    ),
    "swin.neighbours": (swin.neighbours, {"x": MAP}),
    "swin.PatchMerging": (swin.PatchMerging, {"d_model": 8}, {"x": MAP}),
    "swin.SwinBlock": (
        swin.SwinBlock,
        {"d_model": 8, "heads": 2, "window": 2, "shifted": True, "dropout": 0.1},
        {"x": MAP},
    ),
    "swin.Stage": (
        swin.Stage,
        {"d_model": 8, "depth": 2, "heads": 2, "window": 2, "merge": True, "dropout": 0.1},
        {"x": real(2, 4, 6, 4)},
    ),
    "swin.Swin": (
        lambda depth, heads, **options: swin.Swin(
            **{**SWIN, "depths": (depth, 1), "heads": (heads, 4), **options}
        ),
        {
            "depth": 2,
            "heads": 2,
            "d_model": 4,
            "window": 2,
            "patch": 2,
            "channels": 1,
            "classes": 5,
            "dropout": 0.1,
        },
        {"images": IMAGES},
    ),
    "swin.Swin.encode": (swin.Swin(**SWIN).encode, {"images": IMAGES}),
    "vit.cut": (vit.cut, {"images": IMAGES, "patch": 4}),
    "vit.join": (vit.join, {"patches": real(2, 3, 5, 12), "patch": 2}),
    "vit.stretch": (vit.stretch, {"positions": real(3, 5, 7), "rows": 4, "columns": 6}),
    "vit.PatchEmbedding": (vit.PatchEmbedding, {"patch": 4, "channels": 1, "d_model": 6}, {"images": IMAGES}),
    "vit.ViT": (vit.ViT, {**VIT, "dropout": 0.1, "eps": 1e-6}, {"images": IMAGES}),
    "vit.ViT.embed": (vit.ViT(**VIT).embed, {"images": IMAGES}),
    "vit.ViT.encode": (vit.ViT(**VIT).encode, {"images": IMAGES}),
}

# Made by others, without arguments, or by the name of a published size.
NOT_CALLED = {
    "decoding.Beams",
    "cache.KeyValueCache",
    "convolution.ReceptiveField",
    "cost.Cost",
    "swin.swin",
    "vit.vit",
}


def spoilt(value):
    """Wrong values, each with its name."""
    if isinstance(value, Tensor):
        if value.ndim:
            yield "one axis fewer", value[0]
        yield "one axis more", value[None]
        yield "one axis more at the end", value[..., None]
        for axis in range(value.ndim):
            yield f"axis {axis} longer", torch.cat([value, value.narrow(axis, 0, 1)], dim=axis)
            yield f"axis {axis} shorter", value.narrow(axis, 0, value.shape[axis] - 1)
            yield f"axis {axis} empty", value.narrow(axis, 0, 0)
        for dtype in (torch.float32, torch.float64, torch.int64, torch.bool):
            if dtype != value.dtype:
                yield str(dtype), value.to(dtype)
        if value.is_floating_point():
            yield "NaN", torch.full_like(value, torch.nan)
            yield "infinite", torch.full_like(value, torch.inf)
        elif value.dtype == torch.bool:
            yield "nothing allowed", torch.zeros_like(value)
        else:
            yield "negative", -value
            yield "far too large", value + 10**4
    elif isinstance(value, bool):
        return
    elif isinstance(value, int):
        yield from ((str(wrong), wrong) for wrong in (0, -1, -7, value + 1, 2.5))
    elif isinstance(value, float):
        yield from ((str(wrong), wrong) for wrong in (0.0, -1.0, 2.5, float("nan"), float("inf")))


def every_argument():
    for name, (_, *stages) in CASES.items():
        for stage, right in enumerate(stages):
            for argument in (argument for argument, value in right.items() if [*spoilt(value)]):
                yield pytest.param(name, stage, argument, id=f"{name}, {argument}")


def call(function, arguments):
    result = function(**arguments[0])
    for more in arguments[1:]:
        result = result(**more)
    return result


@pytest.mark.parametrize("name", CASES)
def test_the_right_call_works(name):
    function, *arguments = CASES[name]
    call(function, arguments)


@pytest.mark.parametrize(("name", "stage", "argument"), [*every_argument()])
def test_a_wrong_argument_is_answered_with_a_sentence_or_a_defined_result(name, stage, argument):
    function, *right = CASES[name]
    problems = []
    for how, wrong in spoilt(right[stage][argument]):
        arguments = [*right[:stage], right[stage] | {argument: wrong}, *right[stage + 1 :]]
        try:
            call(function, arguments)
        except ValueError as error:
            if len(str(error).split()) <= 5:
                problems.append(f"{argument} {how}: this is no sentence: {error}")
        except Exception:
            problems.append(f"{argument} {how}: {traceback.format_exc()}")
    assert not problems, "\n".join(problems)


def test_no_public_name_is_missing():
    printed = {f"{name}.extra_repr" for name in CASES}
    assert set(public_names()) - set(CASES) - NOT_CALLED - printed == set()
