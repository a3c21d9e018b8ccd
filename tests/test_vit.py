"""The vision Transformer against Hugging Face's, and its parts against what they are claimed to be."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode
from transformers import ViTConfig, ViTModel

from tests.exporting import assert_graph_follows
from tests.vision_reference import VIT, assert_same_gradients, copy_weights
from transformer_lite.vit import PatchEmbedding, ViT, cut, join, stretch, vit

double = torch.float64
close = torch.testing.assert_close
SMALL = {"image": 12, "patch": 4, "d_model": 6, "depth": 2, "heads": 2, "d_ff": 7, "classes": 5}


def random(*shape):
    return torch.randn(*shape, dtype=double)


# --- patches ---


def test_cut_by_hand():
    """Two channels of 2 × 4 pixels, in patches of 2 × 2."""
    images = torch.tensor([[[[0, 1, 2, 3], [4, 5, 6, 7]], [[10, 11, 12, 13], [14, 15, 16, 17]]]])
    assert cut(images, patch=2).tolist() == [[[[0, 1, 4, 5, 10, 11, 14, 15], [2, 3, 6, 7, 12, 13, 16, 17]]]]


@given(rows=st.integers(1, 4), columns=st.integers(1, 4), patch=st.integers(1, 4), channels=st.integers(1, 3))
def test_cut_is_pytorchs_unfold(rows, columns, patch, channels):
    images = random(2, channels, rows * patch, columns * patch)
    expected = F.unfold(images, patch, stride=patch).transpose(1, 2)
    close(cut(images, patch=patch).flatten(1, 2), expected, rtol=0, atol=0)


def test_cut_takes_images_that_do_not_lie_in_one_piece():
    images = random(2, 8, 12, 3).permute(0, 3, 1, 2)
    close(cut(images, patch=4), cut(images.contiguous(), patch=4))


@given(rows=st.integers(1, 4), columns=st.integers(1, 4), patch=st.integers(1, 4), channels=st.integers(1, 3))
def test_join_is_pytorchs_fold_and_undoes_cut(rows, columns, patch, channels):
    patches = random(2, rows, columns, channels * patch * patch)
    size = (rows * patch, columns * patch)
    expected = F.fold(patches.flatten(1, 2).mT, size, patch, stride=patch)
    close(join(patches, patch=patch), expected, rtol=0, atol=0)
    images = random(2, channels, *size)
    assert torch.equal(join(cut(images, patch=patch), patch=patch), images)
    assert torch.equal(
        join(patches.permute(0, 2, 1, 3), patch=patch).mT, join(turned(patches, patch), patch=patch)
    )


def turned(patches, patch):
    """The same patches, each with its rows and columns exchanged."""
    return patches.unflatten(3, (-1, patch, patch)).mT.flatten(3)


def test_patch_embedding_is_a_convolution():
    layer = PatchEmbedding(patch=4, channels=3, d_model=7).double()
    images = random(2, 3, 8, 20)
    kernel = layer.projection.weight.view(7, 3, 4, 4)
    expected = F.conv2d(images, kernel, layer.projection.bias, stride=4)
    close(layer(images), expected.permute(0, 2, 3, 1))


# --- positions ---


def test_positions_of_the_same_grid_are_left_alone():
    positions = random(3, 5, 7)
    assert stretch(positions, 3, 5) is positions
    assert stretch(positions, 5, 3) is not positions


@pytest.mark.parametrize("size", [(61, 115), (115, 122), (122, 61), (7, 14), (14, 7), (1, 1)])
def test_stretched_positions_have_the_size_asked_for(size):
    positions = random(14, 14, 3)
    assert stretch(positions, *size).shape == (*size, 3)


def test_rows_stay_rows():
    """Positions that tell the row only still do so on a wider, lower grid."""
    rows = torch.arange(6, dtype=double)[:, None, None].expand(6, 4, 2)
    stretched = stretch(rows, 5, 9)
    close(stretched, stretched[:, :1].expand(5, 9, 2))
    assert (stretched[1:] > stretched[:-1]).all()
    columns = torch.arange(4, dtype=double)[None, :, None].expand(6, 4, 2)
    stretched = stretch(columns, 5, 9)
    close(stretched, stretched[:1].expand(5, 9, 2))
    assert (stretched[:, 1:] > stretched[:, :-1]).all()


def test_a_stretched_position_stands_between_its_neighbours():
    """Pixel centres: on a grid twice as fine, place k is old place k / 2 - 1/4. (The cubic bends lines a bit.)"""
    line = torch.arange(12, dtype=double)[:, None, None].expand(12, 3, 1)
    fine = stretch(line, 24, 3)[6:-6, 0, 0]
    close(fine, torch.arange(6, 18, dtype=double) / 2 - 0.25, rtol=0, atol=0.05)


# --- the whole network ---


def pair(H, W, patch, channels=3, depth=3):
    config = ViTConfig(
        image_size=(H, W),
        patch_size=patch,
        num_channels=channels,
        hidden_size=10,
        num_hidden_layers=depth,
        num_attention_heads=2,
        intermediate_size=13,
        layer_norm_eps=1e-6,
    )
    theirs = ViTModel(config, add_pooling_layer=False).double()
    for parameter in theirs.parameters():
        nn.init.normal_(parameter, std=0.5)
    ours = ViT(
        image=(H, W), patch=patch, channels=channels, d_model=10, depth=depth, heads=2, d_ff=13, classes=3
    )
    ours = ours.double()
    copy_weights(ours, theirs, VIT)
    return ours, theirs


@pytest.mark.parametrize(
    ("native", "given_", "patch", "channels"),
    [
        ((15, 21), (15, 21), 3, 3),
        ((14, 10), (14, 10), 2, 1),
        ((16, 16), (32, 32), 4, 3),
        ((21, 21), (33, 12), 3, 3),
        ((28, 28), (122, 14), 2, 5),
    ],
)
def test_equals_hugging_face(native, given_, patch, channels):
    ours, theirs = pair(*native, patch, channels)
    images = random(2, channels, *given_).requires_grad_()
    # Theirs takes every learned grid for a square when it stretches.
    expected = theirs(images, interpolate_pos_encoding=native != given_).last_hidden_state
    output = ours.encode(images)
    close(output, expected)
    close(ours(images), ours.head(expected[:, 0]))
    with torch.no_grad():  # another path through attention
        close(ours.eval().encode(images), output)
    loss = torch.randn_like(expected)
    (gradient,) = torch.autograd.grad(expected, images, loss, retain_graph=True)
    close(torch.autograd.grad(output, images, loss, retain_graph=True)[0], gradient)
    expected.backward(loss)
    output.backward(loss)
    assert_same_gradients(ours, theirs, VIT)


@pytest.mark.parametrize(
    ("size", "options", "parameters", "multiply_adds"),
    [
        ("Ti", {}, 5_717_416, 1.2537),
        ("S", {}, 22_050_664, 4.5989),
        ("S", {"patch": 32}, 22_878_952, 1.1429),
        ("B", {}, 86_567_656, 17.5638),
        ("B", {"patch": 32}, 88_224_232, 4.4092),
        ("B", {"image": 384}, 86_859_496, 55.4844),
        ("L", {}, 304_326_632, 61.5547),
        ("H", {"patch": 14}, 632_045_800, 167.2951),
    ],
)
def test_parameters_and_multiply_adds(size, options, parameters, multiply_adds):
    image = options.get("image", 224)
    with torch.device("meta"), torch.no_grad():
        model = vit(size, **options)
        assert sum(parameter.numel() for parameter in model.parameters()) == parameters
        with FlopCounterMode(display=False) as counter:
            model(torch.empty(1, 3, image, image))
    assert round(counter.get_total_flops() / 2e9, 4) == multiply_adds  # two operations for a multiply-add


def test_what_the_encoder_reads():
    """z_0 = [x_class; x_1 E; ...; x_N E] + E_pos, with E_pos as it was learned."""
    model = ViT(**SMALL | {"image": (8, 12)}).double()
    nn.init.normal_(model.class_token)
    images = random(2, 3, 8, 12)
    z = model.embed(images)
    assert z.shape == (2, 1 + 6, 6)
    close(z[:, 0], (model.class_token + model.positions[0]).expand(2, 6))
    for n, (row, column) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)], start=1):
        patch = images[:, :, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4].flatten(1)
        close(z[:, n], model.patches.projection(patch) + model.positions[n])


def test_without_positions_the_order_of_patches_does_not_matter():
    model = ViT(**SMALL).double().eval()
    images = random(1, 3, 12, 12)
    patches = images.unfold(2, 4, 4).unfold(3, 4, 4).flatten(2, 3)  # (1, 3, 9, 4, 4)
    shuffled = patches[:, :, torch.randperm(9)].unflatten(2, (3, 3)).transpose(3, 4).reshape(1, 3, 12, 12)
    assert not torch.allclose(model(shuffled), model(images), atol=1e-4)
    nn.init.zeros_(model.positions)
    close(model(shuffled), model(images))


def test_dropout_is_for_training():
    model = ViT(**SMALL, dropout=0.9)
    assert {m.p for m in model.modules() if isinstance(m, nn.Dropout)} == {0.9}
    assert {layer.attention.dropout for layer in model.layers} == {0.9}
    images = torch.randn(1, 3, 12, 12)
    with torch.no_grad():  # the first dropout comes before any layer
        model.layers.eval()
        assert not torch.equal(model.encode(images), model.encode(images))
    model.eval()
    assert torch.equal(model(images), model(images))


def test_other_sizes_leave_no_trace():
    model = ViT(**SMALL).eval()
    before, first = copy.deepcopy(model.state_dict()), torch.randn(1, 3, 12, 12)
    with torch.no_grad():
        expected = model(first)
        assert model(torch.randn(1, 3, 4, 20)).shape == (1, 5)
        assert torch.equal(model(first), expected)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_rows_of_a_batch_are_independent():
    model = ViT(**SMALL).double().eval()
    images = random(3, 3, 12, 12)
    close(model(images), torch.cat([model(image[None]) for image in images]))
    assert model(images[:0]).shape == (0, 5)


def test_looking_inside():
    model = ViT(**SMALL).double().eval()
    images, seen = random(2, 3, 12, 12), {}
    close(model(images, record=seen), model(images))
    assert list(seen) == ["embedded", "layer 0", "layer 1"]
    close(seen["embedded"], model.embed(images))
    assert seen["layer 1"]["attention"]["weights"].shape == (2, 2, 10, 10)
    close(model.norm(seen["layer 1"]["output"]), model.encode(images))


@pytest.mark.filterwarnings("ignore")
def test_the_network_runs_in_onnx():
    model = ViT(**SMALL | {"depth": 1}).eval()
    assert_graph_follows(
        {"with the positions it learned": lambda x: model(x[..., :12, :12]), "with stretched ones": model},
        [(torch.randn(2, 3, 16, 16),)],
        rtol=1e-3,
        atol=1e-4,
    )


X = torch.zeros(1, 3, 8, 12)
MODEL = ViT(**SMALL)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: cut(X[0], patch=4), "images have shape (3, 8, 12), but must be (batch, channels, H, W)"),
        (lambda: cut(X, patch=5), "8 × 12 pixels do not divide into patches of 5 × 5"),
        (lambda: cut(X, patch=5), "pad them to 10 × 15"),
        (lambda: cut(X, patch=8), "8 × 12 pixels do not divide into patches of 8 × 8"),
        (lambda: cut(X, patch=0), "patch is 0"),
        (
            lambda: join(X, patch=4),
            "patches have shape (1, 3, 8, 12), but must be",
        ),
        (lambda: join(X[0], patch=2), "must be (batch, rows, columns, channels · 2 · 2)"),
        (lambda: join(X, patch=0), "patch is 0"),
        (lambda: PatchEmbedding(patch=4, channels=0, d_model=3), "channels is 0"),
        (lambda: MODEL(X[:, :1]), "(1, 1, 8, 12), but must be (batch, channels = 3, H, W)"),
        (lambda: MODEL(X[0]), "images have shape (3, 8, 12)"),
        (lambda: MODEL(X[..., :10]), "8 × 10 pixels do not divide into patches of 4 × 4"),
        (lambda: MODEL(X.int()), "images holds torch.int32"),
        (lambda: MODEL(X[:, :, :0]), "rows is 0"),
        (
            lambda: stretch(torch.zeros(3, 4), 1, 1),
            "positions has shape (3, 4), but must be (rows, columns, d",
        ),
        (lambda: stretch(torch.zeros(3, 4, 5), 0, 1), "rows is 0"),
        (lambda: stretch(torch.zeros(3, 4, 5), 1, -1), "columns is -1"),
        (lambda: ViT(**SMALL | {"image": (12, 15)}), "12 × 15 pixels do not divide into patches of 4 × 4"),
        (lambda: ViT(**SMALL | {"image": (15, 12)}), "15 × 12 pixels do not divide"),
        (lambda: ViT(**SMALL | {"image": 0}), "height is 0"),
        (lambda: ViT(**SMALL | {"patch": 0}), "patch is 0"),
        (lambda: ViT(**SMALL | {"depth": 0}), "depth is 0"),
        (lambda: ViT(**SMALL | {"classes": 0}), "classes is 0"),
        (lambda: ViT(**SMALL | {"heads": 4}), "heads = 4 does not divide d_model = 6"),
        (lambda: ViT(**SMALL | {"dropout": 1}), "dropout is 1"),
        (lambda: vit("G"), "size is 'G', but must be one of Ti, S, B, L, H"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)
