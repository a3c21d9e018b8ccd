"""Swin against Hugging Face's where that is right, and against what must hold by its definition."""

import copy
import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode
from transformers import SwinConfig, SwinModel

from tests.exporting import assert_graph_follows
from tests.modes import Watched
from tests.vision_reference import SWIN, assert_same_gradients, copy_weights
from transformer_lite.attention import MultiHeadAttention
from transformer_lite.layers import EncoderLayer
from transformer_lite.positions import RelativeBias2d
from transformer_lite.swin import (
    PatchMerging,
    Stage,
    Swin,
    SwinBlock,
    _kept_mask,
    from_windows,
    half_window,
    neighbours,
    pad,
    partition,
    regions,
    reverse,
    roll,
    swin,
    to_windows,
    window_mask,
)

double = torch.float64
close = torch.testing.assert_close
sizes = st.integers(1, 11)
small = st.integers(1, 5)


def random(*shape):
    return torch.randn(*shape, dtype=double)


def same(ours, theirs):
    """Bit for bit."""
    return torch.equal(ours, theirs)


# --- windows ---


def test_partition_by_hand():
    x = torch.arange(24).view(1, 4, 6, 1)
    windows = partition(x, window=2)
    assert windows.shape == (1, 6, 4, 1)
    assert windows[0, :, :, 0].tolist() == [
        [0, 1, 6, 7],
        [2, 3, 8, 9],
        [4, 5, 10, 11],
        [12, 13, 18, 19],
        [14, 15, 20, 21],
        [16, 17, 22, 23],
    ]


@given(rows=small, columns=small, window=small)
def test_reverse_undoes_partition(rows, columns, window):
    x = random(2, rows * window, columns * window, 3)
    windows = partition(x, window=window)
    assert windows.shape == (2, rows * columns, window**2, 3)
    assert same(reverse(windows, rows * window, columns * window), x)


@given(H=sizes, W=sizes, down=sizes, right=sizes)
def test_rolling_moves_each_token_and_can_be_undone(H, W, down, right):
    x = random(2, H, W, 3)
    rolled = roll(x, (down, right))
    for i, j in itertools.product(range(H), range(W)):
        assert same(rolled[:, (i - down) % H, (j - right) % W], x[:, i, j])
    assert same(roll(rolled, (-down, -right)), x)


def test_rolling_by_nothing_gives_the_same_tensor():
    x = random(1, 3, 3, 1)
    assert roll(x, (0, 0)) is x
    assert pad(x, multiple=3) is x


@given(H=sizes, W=sizes, multiple=small)
def test_padding_goes_below_and_to_the_right(H, W, multiple):
    x = random(2, H, W, 3)
    padded = pad(x, multiple=multiple)
    assert padded.shape[1] % multiple == padded.shape[2] % multiple == 0
    assert padded.shape[1] - H < multiple > padded.shape[2] - W
    assert same(padded[:, :H, :W], x)
    assert padded[:, H:].eq(0).all() and padded[:, :, W:].eq(0).all()
    assert pad(x, multiple=multiple, value=7)[:, H:].eq(7).all()


@given(H=sizes, W=sizes, window=small, data=st.data())
def test_windows_there_and_back(H, W, window, data):
    shift = tuple(data.draw(st.integers(0, window - 1)) for _ in range(2))
    x = random(2, H, W, 3)
    windows = to_windows(x, window=window, shift=shift)
    regular = to_windows(x, window=window, shift=(0, 0))
    assert windows.shape == regular.shape == (2, -(-H // window) * -(-W // window), window**2, 3)
    assert same(from_windows(windows, H, W, window=window, shift=shift), x)


# --- who sees whom ---


def oracle(H, W, window, shift):
    """Two tokens see each other if and only if they stand in the same shifted window: ``(H · W, H · W)``."""
    place = [
        ((i - shift[0]) // window, (j - shift[1]) // window) for i, j in itertools.product(range(H), range(W))
    ]
    return torch.tensor([[a == b for b in place] for a in place])


def visible(H, W, window, shift):
    """The same from the functions: each token a unit vector, added up over all that a token may attend to."""
    units = torch.eye(H * W).view(1, H, W, H * W)
    windows = to_windows(units, window=window, shift=shift)  # (1, windows, M · M, H · W)
    mask = window_mask(H, W, window=window, shift=shift)
    allowed = torch.ones(windows.shape[1], window**2, window**2) if mask is None else mask.float()
    seen = from_windows(allowed @ windows, H, W, window=window, shift=shift)
    assert set(seen.unique().tolist()) <= {0, 1}
    return seen.reshape(H * W, H * W).bool()


LISTED = [(8, 8, 4), (10, 10, 4), (9, 12, 4), (5, 5, 4), (7, 14, 7), (3, 3, 4)]


@pytest.mark.parametrize(("H", "W", "window"), LISTED)
@pytest.mark.parametrize("shifted", [False, True])
def test_mask_leaves_exactly_the_shifted_window(H, W, window, shifted):
    shift = (window // 2, window // 2) if shifted else (0, 0)
    assert same(visible(H, W, window, shift), oracle(H, W, window, shift))


@given(H=sizes, W=sizes, window=small, data=st.data())
def test_mask_leaves_exactly_the_shifted_window_at_any_size(H, W, window, data):
    shift = tuple(data.draw(st.integers(0, window - 1)) for _ in range(2))
    assert same(visible(H, W, window, shift), oracle(H, W, window, shift))


@pytest.mark.parametrize(("H", "W", "window"), LISTED)
@pytest.mark.parametrize("shifted", [False, True])
def test_a_block_lets_a_token_depend_on_its_window_only(H, W, window, shifted):
    """Change one token after another, and see which outputs change."""
    block = SwinBlock(d_model=6, heads=2, window=window, shifted=shifted).double().eval()
    shift = tuple(window // 2 if shifted and size > window else 0 for size in (H, W))
    x = random(1, H, W, 6)
    changed = x.repeat(H * W, 1, 1, 1).view(H * W, H * W, 6)
    changed[torch.arange(H * W), torch.arange(H * W)] += random(H * W, 6)
    with torch.no_grad():
        before, after = block(x), block(changed.view(H * W, H, W, 6))
    moved = ((after - before).abs().amax(-1) > 1e-12).view(H * W, H * W)  # (token changed, output moved)
    assert same(moved, oracle(H, W, window, shift))


def as_encoder_layer(block):
    """A block without its windows."""
    width, heads = block.d_model, block.attention.heads
    layer = EncoderLayer(d_model=width, heads=heads, d_ff=4 * width, norm="pre", activation=F.gelu).double()
    layer.load_state_dict({name: x for name, x in block.state_dict().items() if name != "bias.table"})
    return layer


@pytest.mark.parametrize(
    ("H", "W", "shift"), [(10, 9, (0, 0)), (10, 9, (2, 2)), (3, 3, (0, 0)), (3, 9, (0, 2))]
)
@pytest.mark.parametrize("recorded", [False, True])
def test_attention_is_over_the_real_tokens_of_the_window(H, W, shift, recorded):
    """Take the tokens of each shifted window by hand, and give the layer nothing else."""
    window = 4
    block = SwinBlock(d_model=6, heads=2, window=window, shifted=shift != (0, 0)).double()
    nn.init.normal_(block.bias.table)
    x, expected = random(2, H, W, 6), torch.empty(2, H, W, 6, dtype=double)
    bias, layer = block.bias(), as_encoder_layer(block)
    rows, columns = (torch.arange(size) - s for size, s in zip((H, W), shift, strict=True))
    for top, left in itertools.product(
        rows.div(window, rounding_mode="floor").unique(), columns.div(window, rounding_mode="floor").unique()
    ):
        here = [
            (int(i + shift[0]), int(j + shift[1]), int(i % window * window + j % window))
            for i in rows[rows.div(window, rounding_mode="floor") == top]
            for j in columns[columns.div(window, rounding_mode="floor") == left]
        ]
        i, j, place = torch.tensor(here).T
        expected[:, i, j] = layer(x[:, i, j], bias=bias[None, :, place][:, :, :, place])
    close(block(x, record={} if recorded else None), expected)


def test_regions_by_hand():
    assert regions(8, 8, window=4, shift=(2, 2)).tolist() == [
        *[[0, 0, 0, 0, 1, 1, 2, 2]] * 4,
        *[[3, 3, 3, 3, 4, 4, 5, 5]] * 2,
        *[[6, 6, 6, 6, 7, 7, 8, 8]] * 2,
    ]
    assert regions(3, 8, window=4, shift=(0, 1)).tolist() == [
        *[[0, 0, 0, 0, 1, 1, 1, 2]] * 3,
        [-1] * 8,
    ]
    assert regions(2, 5, window=2, shift=(1, 0)).tolist() == [[3, 3, 3, 3, 3, -1], [6, 6, 6, 6, 6, -1]]


@given(H=sizes, W=sizes, window=small, data=st.data())
def test_at_most_nine_regions(H, W, window, data):
    shift = tuple(data.draw(st.integers(0, window - 1)) for _ in range(2))
    region = regions(H, W, window=window, shift=shift)
    real = from_windows(partition(region[None, :, :, None], window=window), H, W, window=window, shift=shift)
    assert real.min() >= 0 and real.max() <= 8
    assert (region < 0).sum() == region.numel() - H * W
    for axis, s in enumerate(shift):
        bands = (real // 3 if axis == 0 else real % 3).unique()
        assert len(bands) <= (3 if s else 1)


def test_no_mask_where_all_see_all():
    assert window_mask(8, 12, window=4, shift=(0, 0)) is None
    assert window_mask(8, 11, window=4, shift=(0, 0)) is not None
    assert window_mask(7, 12, window=4, shift=(0, 0)) is not None
    assert window_mask(8, 12, window=4, shift=(0, 1)) is not None
    assert window_mask(8, 12, window=4, shift=(1, 0)) is not None


def test_a_direction_that_one_window_covers_is_not_shifted():
    assert half_window(8, 14, window=7) == (3, 3)
    assert half_window(7, 14, window=7) == (0, 3)
    assert half_window(14, 3, window=7) == (3, 0)
    assert half_window(9, 9, window=4) == (2, 2)
    assert half_window(5, 5, window=1) == (0, 0)


@pytest.mark.parametrize(("height", "width", "entries"), [(7, 7, 169), (3, 5, 45), (1, 4, 7), (1, 1, 1)])
def test_relative_index(height, width, entries):
    index = RelativeBias2d(heads=1, height=height, width=width).index
    assert index.unique().tolist() == list(range(entries))
    assert (index + index.T == entries - 1).all()
    assert (index.diagonal() == (entries - 1) // 2).all()
    offset = {}
    for a, b in itertools.product(range(height * width), repeat=2):
        between = (a // width - b // width, a % width - b % width)
        assert offset.setdefault(int(index[a, b]), between) == between


# --- merging ---


def test_neighbours_by_hand():
    """Down first, then right."""
    x = torch.arange(24).view(1, 4, 6, 1)
    assert neighbours(x)[0].tolist() == [
        [[0, 6, 1, 7], [2, 8, 3, 9], [4, 10, 5, 11]],
        [[12, 18, 13, 19], [14, 20, 15, 21], [16, 22, 17, 23]],
    ]


def test_features_of_a_neighbour_stay_together():
    x = torch.arange(8).view(1, 2, 2, 2)
    assert neighbours(x).flatten().tolist() == [0, 1, 4, 5, 2, 3, 6, 7]


@pytest.mark.parametrize(
    ("H", "W", "last"), [(3, 4, [11, 0, 12, 0]), (4, 3, [9, 12, 0, 0]), (3, 3, [9, 0, 0, 0])]
)
def test_odd_sides_get_zeros(H, W, last):
    merged = neighbours(torch.arange(1, H * W + 1).view(1, H, W, 1))
    assert merged.shape == (1, 2, 2, 4)
    assert merged[0, 1, 1].tolist() == last


def test_merging_is_a_strided_convolution_up_to_the_order_of_its_weights():
    merge = PatchMerging(d_model=3).double()
    nn.init.normal_(merge.norm.weight)
    merge.norm = nn.Identity()
    x = random(2, 6, 4, 3)
    kernel = merge.reduction.weight.view(6, 2, 2, 3).permute(0, 3, 2, 1)  # (out, in, row, column)
    expected = F.conv2d(x.permute(0, 3, 1, 2), kernel, stride=2).permute(0, 2, 3, 1)
    close(merge(x), expected)


# --- the whole network ---


def pair(H, W, window, depths=(2, 2), heads=(2, 3), d_model=6, patch=2, channels=3):
    """Ours and Hugging Face's with the same weights, in float64."""
    config = SwinConfig(
        image_size=(H, W),
        patch_size=patch,
        num_channels=channels,
        embed_dim=d_model,
        depths=list(depths),
        num_heads=list(heads),
        window_size=window,
        layer_norm_eps=1e-5,
        drop_path_rate=0.0,
    )
    theirs = SwinModel(config).double()
    for parameter in theirs.parameters():
        nn.init.normal_(parameter, std=0.5)
    ours = Swin(d_model=d_model, depths=depths, heads=heads, window=window, patch=patch, channels=channels)
    ours = ours.double()
    copy_weights(ours, theirs, SWIN)
    return ours, theirs


@pytest.mark.parametrize(
    ("H", "W", "window", "depths", "heads", "channels"),
    [
        (36, 60, 3, (2, 3), (2, 3), 3),  # 18 × 30 tokens, then 9 × 15
        (20, 20, 5, (3, 2), (2, 4), 1),  # 10 × 10 tokens, then one window
        (56, 84, 7, (1, 2), (1, 2), 5),
        (32, 32, 2, (2, 2, 2), (1, 2, 3), 3),
    ],
)
@pytest.mark.parametrize("train", [False, True])
def test_equals_hugging_face(H, W, window, depths, heads, channels, train):
    ours, theirs = pair(H, W, window, depths, heads, channels=channels)
    ours.train(train)
    theirs.train(train)
    images = random(2, channels, H, W).requires_grad_()
    expected = theirs(images).last_hidden_state  # (batch, h · w, features)
    output = ours.encode(images)
    close(output.flatten(1, 2), expected)
    with torch.no_grad():  # another path through attention
        close(ours.encode(images), output)
        close(ours(images), ours.head(theirs(images).pooler_output))
    loss = torch.randn_like(expected)
    (gradient,) = torch.autograd.grad(expected, images, loss, retain_graph=True)
    close(torch.autograd.grad(output, images, loss.view_as(output), retain_graph=True)[0], gradient)
    expected.backward(loss)
    output.backward(loss.view_as(output))
    assert_same_gradients(ours, theirs, SWIN)


@pytest.mark.parametrize(
    ("size", "options", "parameters"),
    [
        ("T", {}, 28_288_354),
        ("S", {}, 49_606_258),
        ("B", {}, 87_768_224),
        ("B", {"window": 12}, 87_903_584),
        ("L", {}, 196_532_476),
    ],
)
def test_parameter_counts(size, options, parameters):
    with torch.device("meta"):
        model = swin(size, **options)
    assert count(model) == parameters


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_parameters_of_swin_t_by_part():
    with torch.device("meta"):
        model = swin("T")
    assert count(model) - count(model.head) == 27_519_354
    assert count(model.patches) + count(model.norm_patches) == 4_896
    merges = [*(count(stage.merge) for stage in model.stages[1:]), 0]
    blocks = [count(stage.blocks) for stage in model.stages]
    assert [a + b for a, b in zip(blocks, merges, strict=True)] == [
        299_190,
        1_188_204,
        11_841_672,
        14_183_856,
    ]
    assert (count(model.norm), count(model.head)) == (1_536, 769_000)


@pytest.mark.parametrize(
    ("size", "image", "options", "expected"),
    [
        ("T", 224, {}, 4.4906),
        ("S", 224, {}, 8.7409),
        ("B", 224, {}, 15.4309),
        ("B", 384, {"window": 12}, 47.0831),
        ("L", 224, {}, 34.4758),
    ],
)
def test_multiply_adds(size, image, options, expected):
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        swin(size, **options)(torch.empty(1, 3, image, image))
    assert round(counter.get_total_flops() / 2e9, 4) == expected  # two operations for a multiply-add


def test_the_cost_of_a_pixel_does_not_grow_with_the_image():
    """Four times the pixels, four times the operations: no attention but within windows."""
    flops = []
    for side in (128, 256):
        with torch.device("meta"), FlopCounterMode(display=False) as counter:
            model = Swin(d_model=8, depths=(2, 2), heads=(2, 2), window=4, classes=1)
            model.encode(torch.empty(1, 3, side, side))
        flops.append(counter.get_total_flops())
    assert flops[1] == 4 * flops[0]


SMALL = {"d_model": 6, "depths": (2, 2), "heads": (2, 3), "window": 4, "patch": 2, "classes": 5}


@given(H=st.integers(1, 37), W=st.integers(1, 37))
def test_any_size_works_and_changes_nothing_for_other_sizes(H, W):
    model = Swin(**SMALL).eval()
    before = copy.deepcopy(model.state_dict())
    attributes = {name: set(vars(module)) for name, module in model.named_modules()}
    first = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected = model(first)
        output = model(torch.randn(2, 3, H, W))
        assert output.shape == (2, 5) and output.isfinite().all()
        assert same(model(first), expected)
    assert attributes == {name: set(vars(module)) for name, module in model.named_modules()}
    for name, tensor in model.state_dict().items():
        assert same(tensor, before[name])


def test_an_image_that_does_not_divide_is_continued_by_zeros():
    model = Swin(**SMALL).double().eval()
    images = random(2, 3, 15, 18)
    close(model.encode(images), model.encode(F.pad(images, (0, 0, 0, 1))), rtol=0, atol=0)
    images = random(2, 3, 18, 15)
    close(model.encode(images), model.encode(F.pad(images, (0, 1, 0, 0))), rtol=0, atol=0)


def test_rows_of_a_batch_are_independent():
    model = Swin(**SMALL).double().eval()
    images = random(3, 3, 18, 22)
    close(model(images), torch.cat([model(image[None]) for image in images]))
    assert model(images[:0]).shape == (0, 5)


def test_dropout_is_for_training():
    model = Swin(**SMALL, dropout=0.9)
    found = [m for m in model.modules() if isinstance(m, nn.Dropout)]
    assert {m.p for m in found} == {0.9}
    assert {block.attention.dropout for stage in model.stages for block in stage.blocks} == {0.9}
    assert len(found) == 1 + 4 * 2
    images = torch.randn(1, 3, 16, 16)
    assert not same(model(images), model(images))
    model.eval()
    assert same(model(images), model(images))
    plain = Swin(**SMALL)
    close(plain.eval()(images), plain.train()(images))


def test_nothing_is_dropped_unless_asked():
    sizes = {"d_model": 6, "heads": 2, "window": 4}
    for module in (
        Swin(**SMALL),
        Stage(**sizes, depth=1, merge=True),
        SwinBlock(**sizes, shifted=True),
    ):
        assert {m.p for m in module.modules() if isinstance(m, nn.Dropout)} == {0}
        assert {m.dropout for m in module.modules() if isinstance(m, MultiHeadAttention)} == {0}


def test_every_second_block_is_shifted():
    stage = Stage(d_model=6, depth=5, heads=2, window=4, merge=False)
    assert [block.shifted for block in stage.blocks] == [False, True, False, True, False]


def test_looking_inside():
    model = Swin(**SMALL).double()
    images, seen = random(2, 3, 18, 26), {}
    close(model(images, record=seen), model(images))
    assert list(seen) == ["stage 0", "stage 1"]
    first, second = seen["stage 0"]["block 0"], seen["stage 0"]["block 1"]
    assert first["shift"] == (0, 0) and second["shift"] == (2, 2)
    assert first["mask"].shape == (24, 16, 16)  # two images; 9 × 13 tokens in 3 × 4 windows
    weights = second["attention"]["weights"]
    assert weights.shape == (24, 2, 16, 16)
    close(weights.sum(-1), torch.ones(24, 2, 16, dtype=double))
    assert weights.masked_select(~second["mask"][:, None]).eq(0).all()
    assert second["feed_forward"]["hidden"].shape == (2, 9, 13, 24)
    block = model.stages[0].blocks[1]
    fed = block.feed_forward(block.norm_feed_forward(second["after_attention"]))
    close(second["output"], second["after_attention"] + fed)
    close(block(first["output"]), second["output"])
    close(seen["stage 0"]["output"], second["output"])
    assert seen["stage 0"]["output"].shape == (2, 9, 13, 6)
    assert seen["stage 1"]["output"].shape == (2, 5, 7, 12)
    close(model.norm(seen["stage 1"]["output"]), model.encode(images))
    close(model.head(model.norm(seen["stage 1"]["output"]).mean((1, 2))), model(images))


def test_bias_reaches_the_scores():
    block = SwinBlock(d_model=6, heads=2, window=3, shifted=False).double()
    x, with_bias, without = random(1, 3, 3, 6), {}, {}
    nn.init.normal_(block.bias.table)
    block(x, record=with_bias)
    as_encoder_layer(block)(x.flatten(1, 2), record=without)
    close(with_bias["attention"]["scores"] - without["attention"]["scores"], block.bias()[None])


# --- what a block asks of the machine ---


@pytest.mark.parametrize("size", [(8, 8), (9, 5)])
@pytest.mark.parametrize("batch", [1, 3])
def test_a_mask_is_made_once(size, batch):
    block = SwinBlock(d_model=6, heads=2, window=4, shifted=True)
    x = torch.randn(batch, *size, 6)
    _kept_mask.cache_clear()
    with Watched() as first, torch.no_grad():
        block(x)
    with Watched() as second, torch.no_grad():
        block(torch.randn_like(x))

    def made(watched):
        kinds = {torch.bool, torch.int64}  # masks, and what they are made of
        return [operation for operation, tensor in watched.made if tensor.dtype in kinds]

    assert any("arange" in operation for operation in made(first))
    assert made(second) == []
    assert not [operation for operation, _ in second.made if "_to_copy" in operation]


class Kernels(TorchFunctionMode):
    """While this is on, collects what the fused kernel of attention is given to add to the scores."""

    def __init__(self):
        super().__init__()
        self.added = []

    def __torch_function__(self, function, types, arguments=(), options=None):
        if function is F.scaled_dot_product_attention:
            self.added.append(options["attn_mask"])
        return function(*arguments, **(options or {}))


@pytest.mark.parametrize("frozen", [False, True])
def test_a_block_that_does_not_learn_asks_the_kernel_once(frozen):
    for shifted, batch, side in itertools.product([False, True], [1, 3], [8, 9]):
        block = SwinBlock(d_model=6, heads=2, window=4, shifted=shifted).requires_grad_(not frozen)
        with Kernels() as kernels, torch.set_grad_enabled(frozen):
            block(torch.randn(batch, side, 8, 6))
        (added,) = kernels.added
        assert added.is_floating_point() and added.shape[1:] == (2, 16, 16)
        assert added.stride(-1) == 1  # on a GPU, the kernels take no other


def test_a_parameter_as_bias_goes_to_the_kernel_where_nothing_is_learned():
    layer, bias = MultiHeadAttention(d_model=6, heads=2), nn.Parameter(torch.randn(1, 2, 5, 5))
    x = torch.randn(3, 5, 6)
    with Kernels() as kernels:
        expected = layer(x, bias=bias)
        with torch.no_grad():
            close(layer(x, bias=bias), expected)
    assert len(kernels.added) == 1


def test_sizes_may_be_numpys():
    sizes = {name: np.int64(size) for name, size in SMALL.items() if isinstance(size, int)}
    model, images = Swin(**SMALL | sizes), torch.randn(1, 3, 19, 23)
    plain = Swin(**SMALL)
    plain.load_state_dict(model.state_dict())
    assert same(model(images), plain(images))
    assert {type(block.window) for stage in model.stages for block in stage.blocks} == {int}
    assert half_window(np.int64(9), np.int64(3), window=np.int64(4)) == (2, 0)


def gradients_of(block, x):
    return torch.autograd.grad(block(x).square().sum(), [*block.parameters()])


def test_a_kept_mask_serves_training_whoever_asked_first():
    block, x = SwinBlock(d_model=6, heads=2, window=4, shifted=True).double(), random(2, 9, 8, 6)
    weights = dict(block.named_parameters())

    def loss(weights, x):
        return torch.func.functional_call(block, weights, x).square().sum()

    def mapped(x):
        return torch.func.vmap(block)(x[None])[0]

    @torch.inference_mode()
    def inferred(x):
        return block(x)

    first = {
        "inference": inferred,
        "gradients": lambda x: torch.func.grad(loss)(weights, x),
        "vmap": mapped,
        "meta": lambda x: copy.deepcopy(block).to("meta")(x.to("meta")),
        "training": block,
    }
    _kept_mask.cache_clear()
    expected = gradients_of(block, x)
    for name, ask in first.items():
        _kept_mask.cache_clear()
        ask(x)
        for ours, theirs in zip(gradients_of(block, x), expected, strict=True):
            close(ours, theirs, rtol=0, atol=0, msg=lambda text, name=name: f"{name}: {text}")
    found = torch.func.grad(loss)(weights, x)
    close([*found.values()], [*expected])
    close(mapped(x), block(x))


def test_few_masks_are_kept():
    _kept_mask.cache_clear()
    block = SwinBlock(d_model=2, heads=1, window=2, shifted=True)
    for side in range(3, 60):
        block(torch.randn(1, side, 3, 2))
    assert _kept_mask.cache_info().currsize <= 32


def test_regions_and_masks_are_made_where_they_are_asked_for():
    for make in (regions, window_mask):
        assert make(9, 13, window=4, shift=(2, 1), device="meta").device.type == "meta"


# --- in the browser ---


@pytest.mark.filterwarnings("ignore")
def test_the_functions_run_in_onnx():
    """Height and width are those of the example; the batch may be of any size."""
    assert_graph_follows(
        {
            "partition": lambda x: partition(x[:, :8, :12], window=4),
            "reverse": lambda x: reverse(partition(x[:, :8, :12], window=4), 8, 12),
            "roll": lambda x: roll(x, (2, 1)),
            "pad": lambda x: pad(x, multiple=4),
            "to_windows": lambda x: to_windows(x, window=4, shift=(2, 1)),
            "from_windows": lambda x: from_windows(
                to_windows(x, window=4, shift=(2, 1)), 9, 13, window=4, shift=(2, 1)
            ),
            "regions": lambda x: x[0, 0, 0, 0] + regions(9, 13, window=4, shift=(2, 1)),
            "window_mask": lambda x: x[0, 0, 0, 0] + window_mask(9, 13, window=4, shift=(2, 1)).float(),
            "neighbours": neighbours,
            "SwinBlock": SwinBlock(d_model=6, heads=2, window=4, shifted=True),
            "PatchMerging": PatchMerging(d_model=6),
        },
        [(torch.randn(batch, 9, 13, 6),) for batch in (2, 1, 5)],
        dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
    )


# --- what cannot be ---

X = torch.zeros(1, 8, 8, 6)
BLOCK = SwinBlock(d_model=6, heads=2, window=4, shifted=True)
MODEL = Swin(**SMALL)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: partition(X[0], window=4), "shape (8, 8, 6), but must be (batch, H, W, features)"),
        (lambda: partition(X, window=3), "a map of 8 × 8 does not divide into windows of 3"),
        (lambda: partition(X[:, :6], window=4), "a map of 6 × 8 does not divide into windows of 4"),
        (lambda: partition(X[:, :, :6], window=4), "a map of 8 × 6 does not divide into windows of 4"),
        (lambda: partition(X, window=0), "window is 0"),
        (lambda: reverse(partition(X, window=4), 8, 4), "4 windows of 16 tokens do not make a map of 8 × 4"),
        (lambda: reverse(partition(X, window=4), 2, 32), "do not make a map of 2 × 32"),
        (lambda: reverse(partition(X, window=4), 32, 2), "do not make a map of 32 × 2"),
        (lambda: reverse(X, 8, 8), "8 windows of 8 tokens do not make"),
        (lambda: reverse(X[0], 8, 8), "shape (8, 8, 6)"),
        (lambda: roll(X[0], (1, 1)), "shape (8, 8, 6)"),
        (lambda: pad(X[0], multiple=2), "shape (8, 8, 6)"),
        (lambda: pad(X, multiple=0), "multiple is 0"),
        (lambda: to_windows(X, window=0, shift=(0, 0)), "multiple is 0"),
        (lambda: to_windows(X[0], window=4, shift=(0, 0)), "shape (8, 8, 6)"),
        (lambda: from_windows(X, 8, 8, window=0, shift=(0, 0)), "window is 0"),
        (lambda: from_windows(X, 8, 8, window=4, shift=(0, 0)), "8 windows of 8 tokens do not make"),
        (lambda: regions(8, 0, window=4, shift=(0, 0)), "W is 0"),
        (lambda: regions(8, 8, window=4, shift=(-1, 0)), "shift is (-1, 0)"),
        (lambda: window_mask(0, 8, window=4, shift=(0, 0)), "H is 0"),
        (lambda: window_mask(8, 8, window=4, shift=(0, 5)), "shift is (0, 5)"),
        (lambda: half_window(8, -8, window=4), "W is -8"),
        (lambda: half_window(8, 8, window=0), "window is 0"),
        (lambda: half_window(-8, 8, window=4), "H is -8"),
        (lambda: roll(X, (1.0, 0)), "shift is (1.0, 0), but must be two whole numbers"),
        (lambda: roll(X, (0, 0.5)), "shift is (0, 0.5)"),
        (lambda: reverse(X[:, :, :0], 8, 8), "8 windows of 0 tokens do not make"),
        (lambda: from_windows(X, 0, 8, window=4, shift=(0, 0)), "H is 0"),
        (lambda: from_windows(X, 8, 0, window=4, shift=(0, 0)), "W is 0"),
        (lambda: SwinBlock(d_model=-1, heads=1, window=4, shifted=True), "d_model is -1"),
        (lambda: BLOCK(X.double()), "x holds torch.float64, but the weights torch.float32"),
        (lambda: PatchMerging(d_model=6)(X.double()), "x holds torch.float64"),
        (lambda: MODEL(torch.zeros(1, 3, 8, 8).double()), "images holds torch.float64"),
        (lambda: neighbours(X[0]), "shape (8, 8, 6)"),
        (lambda: PatchMerging(d_model=5)(X), "x has shape (1, 8, 8, 6), but its last axis must hold 5"),
        (lambda: PatchMerging(d_model=0), "d_model is 0"),
        (
            lambda: SwinBlock(d_model=6, heads=4, window=4, shifted=True),
            "heads = 4 does not divide d_model = 6",
        ),
        (lambda: SwinBlock(d_model=6, heads=2, window=0, shifted=True), "window is 0"),
        (lambda: BLOCK(X[0]), "shape (8, 8, 6)"),
        (lambda: BLOCK(X[..., :5]), "x has shape (1, 8, 8, 5), but its last axis must hold 6 features"),
        (lambda: BLOCK(X[:, :, :0]), "W is 0"),
        (lambda: Stage(d_model=7, depth=1, heads=1, window=4, merge=True), "d_model = 7 is odd"),
        (lambda: Stage(d_model=6, depth=0, heads=1, window=4, merge=True), "depth is 0"),
        (
            lambda: Swin(**SMALL | {"depths": (2,)}),
            "depths (2,) and heads (2, 3) must name one number for each",
        ),
        (lambda: Swin(**SMALL | {"depths": (), "heads": ()}), "depths () and heads ()"),
        (lambda: Swin(**SMALL | {"classes": 0}), "classes is 0"),
        (lambda: Swin(**SMALL | {"patch": 0}), "patch is 0"),
        (lambda: Swin(**SMALL | {"dropout": 1.0}), "dropout is 1.0"),
        (lambda: MODEL(torch.zeros(1, 1, 8, 8)), "(1, 1, 8, 8), but must be (batch, channels = 3, H, W)"),
        (lambda: MODEL(torch.zeros(3, 8, 8)), "images have shape (3, 8, 8)"),
        (lambda: MODEL(torch.zeros(1, 3, 8, 8).long()), "images holds torch.int64"),
        (lambda: MODEL(torch.zeros(1, 3, 0, 8)), "H is 0"),
        (lambda: swin("XL"), "size is 'XL', but must be one of T, S, B, L"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)
