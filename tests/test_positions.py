"""Position codes against their closed forms in float64, and against other people's code."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.exporting import assert_graph_follows
from tests.modes import on_a_device_without_float64
from transformer_lite import positions
from transformer_lite.attention import MultiHeadAttention
from transformer_lite.cache import KeyValueCache
from transformer_lite.positions import (
    LearnedPositions,
    RelativeBias,
    RelativeBias2d,
    SinusoidalPositions,
    frequencies,
    relative_index,
    rotate,
    shift,
    sinusoidal,
    sinusoidal_2d,
)

double = torch.float64
close = torch.testing.assert_close


def exact(**options):
    return close(**options, rtol=0, atol=1e-12)


def by_hand(t, feature, d_model, base):
    angle = t / base ** (2 * (feature // 2) / d_model)
    return math.cos(angle) if feature % 2 else math.sin(angle)


# --- sinusoids ---


@given(
    T=st.integers(0, 7),
    d_model=st.integers(1, 9),
    base=st.sampled_from([2.0, 10000.0]),
    start=st.integers(-9, 9999),
)
def test_sinusoids_by_the_formula(T, d_model, base, start):
    codes = sinusoidal(torch.arange(start, start + T), d_model=d_model, base=base, dtype=double)
    expected = [[by_hand(t, i, d_model, base) for i in range(d_model)] for t in range(start, start + T)]
    close(codes, torch.tensor(expected, dtype=double).reshape(T, d_model), rtol=0, atol=1e-11)


def test_a_number_stands_for_the_positions_below_it():
    close(sinusoidal(5, d_model=6), sinusoidal(torch.arange(5), d_model=6), rtol=0, atol=0)


def test_positions_may_be_of_any_shape_and_between_whole_numbers():
    codes = sinusoidal(torch.tensor([[0.5], [1.25]]), d_model=3, dtype=double)
    assert codes.shape == (2, 1, 3)
    assert codes[1, 0].tolist() == pytest.approx([by_hand(1.25, i, 3, 10000) for i in range(3)])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_far_positions_are_exact_up_to_rounding_once(dtype):
    far = torch.arange(9_990, 10_011)
    codes = sinusoidal(far, d_model=64, dtype=dtype)
    assert codes.dtype == dtype
    expected = [[by_hand(t, i, 64, 10000) for i in range(64)] for t in far.tolist()]
    close(codes.double(), torch.tensor(expected, dtype=double), rtol=0, atol=torch.finfo(dtype).eps)


def test_speeds_and_wavelengths():
    speeds = frequencies(d_model=64)
    assert speeds.dtype == double
    assert len(speeds) == 32
    assert speeds[0] == 1
    assert 2 * math.pi / speeds[-1].item() == pytest.approx(2 * math.pi * 10000 ** (62 / 64))
    assert 2 * math.pi / speeds[-1].item() == pytest.approx(47_117, abs=0.5)
    assert frequencies(d_model=5, base=32.0).tolist() == pytest.approx([1, 32**-0.4, 32**-0.8])


@given(d_model=st.integers(1, 32).map(lambda n: 2 * n), t=st.integers(-50, 5000), k=st.integers(-300, 300))
def test_identities(d_model, t, k):
    here, there = sinusoidal(torch.tensor([t, t + k]), d_model=d_model, dtype=double)
    speeds = frequencies(d_model=d_model)
    exact(actual=here @ here, expected=torch.tensor(d_model / 2, dtype=double))
    exact(actual=here @ there, expected=(speeds * k).cos().sum())
    exact(actual=shift(k, d_model=d_model, dtype=double) @ here, expected=there)


@given(a=st.integers(-99, 99), b=st.integers(-99, 99), base=st.sampled_from([3.0, 10000.0]))
def test_shifts_are_rotations_that_add_up(a, b, base):
    A, B, both = (shift(k, d_model=10, base=base, dtype=double) for k in (a, b, a + b))
    exact(actual=A @ A.T, expected=torch.eye(10, dtype=double))
    exact(actual=torch.linalg.det(A), expected=torch.tensor(1, dtype=double))
    exact(actual=A @ B, expected=both)
    codes = sinusoidal(torch.tensor([7, 7 + a]), d_model=10, base=base, dtype=double)
    exact(actual=A @ codes[0], expected=codes[1])


def test_many_shifts_at_once():
    matrices = shift(torch.arange(3), d_model=4)
    assert matrices.shape == (3, 4, 4)
    assert matrices.dtype == torch.float32
    close(matrices[0], torch.eye(4))
    close(matrices[2], shift(2, d_model=4))
    assert shift(0.5, d_model=2)[0, 1].item() == pytest.approx(math.sin(0.5))
    # A number far along keeps all its digits: in float32 this one would be off by 0.003.
    far = shift(123456.7, d_model=2, dtype=double)
    assert far[0, 0].item() == pytest.approx(math.cos(123456.7), abs=1e-9)


def test_on_a_grid_rows_then_columns():
    codes = sinusoidal_2d(3, 5, d_model=14, base=100.0)
    assert codes.shape == (3, 5, 14)
    for i, j in itertools.product(range(3), range(5)):
        close(codes[i, j, :7], sinusoidal(3, d_model=7, base=100.0)[i])
        close(codes[i, j, 7:], sinusoidal(5, d_model=7, base=100.0)[j])
    assert sinusoidal_2d(2, 2, d_model=4).isfinite().all()
    close(sinusoidal_2d(9, 1, d_model=6)[:, 0, :3], sinusoidal(9, d_model=3), rtol=0, atol=0)
    exact(
        actual=sinusoidal_2d(9, 9, d_model=6, dtype=double)[2, :, 3:],
        expected=sinusoidal(9, d_model=3, dtype=double),
    )
    exact(
        actual=sinusoidal_2d(9, 9, d_model=6, dtype=double)[:, 2, :3],
        expected=sinusoidal(9, d_model=3, dtype=double),
    )


# --- modules that add them ---


def test_codes_are_added_along_positions_not_along_the_batch():
    x = torch.randn(3, 7, 5)  # batch ≠ T
    codes = sinusoidal(7, d_model=5)
    close(SinusoidalPositions(d_model=5)(x), x + codes)
    close(SinusoidalPositions(d_model=5, base=9.0)(x), x + sinusoidal(7, d_model=5, base=9.0))
    learned = LearnedPositions(d_model=5, max_length=11)
    close(learned(x), x + learned.weight[:7])


@pytest.mark.parametrize("start", [0, 1, 6, 20])
def test_beyond_the_table_codes_go_on(start):
    x = torch.randn(2, 4, 6)
    layer = SinusoidalPositions(d_model=6, max_length=8)
    close(layer(x, start=start), x + sinusoidal(torch.arange(start, start + 4), d_model=6))
    precise = layer(x.double(), start=start)
    exact(
        actual=precise,
        expected=x.double() + sinusoidal(torch.arange(start, start + 4), d_model=6, dtype=double),
    )


def test_learned_positions_from_a_start():
    layer, x = LearnedPositions(d_model=3, max_length=5), torch.zeros(2, 2, 3)
    close(layer(x, start=3)[1], layer.weight[3:5])
    assert layer.weight.std() < 0.1


def test_the_table_moves_with_the_module_and_is_not_saved():
    layer = SinusoidalPositions(d_model=4, max_length=6)
    assert layer.table.shape == (6, 4)
    assert not layer.state_dict()
    assert not list(layer.parameters())
    assert layer.to("meta").table.device.type == "meta"
    half = SinusoidalPositions(d_model=4).to(torch.bfloat16)
    assert half(torch.zeros(1, 3, 4, dtype=torch.bfloat16)).dtype == torch.bfloat16


# --- rotary ---


def test_turning_is_a_rotation_of_pairs():
    x = torch.randn(2, 3, 5, 6, dtype=double)
    turned = rotate(x, 5, base=50.0)
    for t in range(
        5
    ):  # M_k turns (sin, cos), hence clockwise in (x, y): turning the other way is its transpose
        close(turned[..., t, :], x[..., t, :] @ shift(t, d_model=6, base=50.0, dtype=double))
    close(turned.norm(dim=-1), x.norm(dim=-1))
    close(rotate(x, torch.zeros(5)), x)
    close(rotate(x, torch.tensor([3])), rotate(x, torch.full((5,), 3)))


@given(t=st.integers(0, 500), s=st.integers(0, 500), k=st.integers(0, 500))
def test_turned_products_depend_on_the_distance_only(t, s, k):
    q, key = torch.randn(2, 1, 8, dtype=double)
    product = lambda t, s: rotate(q, torch.tensor([t])) @ rotate(key, torch.tensor([s])).T  # noqa: E731
    close(product(t, s), product(t + k, s + k), rtol=0, atol=1e-10)


def test_rotary_equals_llamas_with_features_reordered():
    llama = pytest.importorskip("transformers.models.llama.modeling_llama")
    from transformers import LlamaConfig

    config = LlamaConfig(hidden_size=16, num_attention_heads=2, max_position_embeddings=64)
    x, at = torch.randn(2, 2, 5, 8), torch.arange(3, 8)
    cos, sin = llama.LlamaRotaryEmbedding(config)(x, at[None])
    halves = torch.cat([x[..., 0::2], x[..., 1::2]], dim=-1)  # pairs (2i, 2i + 1) become (i, i + d/2)
    theirs, _ = llama.apply_rotary_pos_emb(halves, halves, cos, sin)
    ours = rotate(x, at)
    close(torch.cat([ours[..., 0::2], ours[..., 1::2]], dim=-1), theirs)


def test_attention_with_rotary_positions():
    layer = MultiHeadAttention(d_model=12, heads=3, rotary=True).double().requires_grad_(False)
    plain = MultiHeadAttention(d_model=12, heads=3).double().requires_grad_(False)
    plain.load_state_dict(layer.state_dict())
    x, record, without = torch.randn(2, 7, 12, dtype=double), {}, {}
    output = layer(x, causal=True, record=record)
    plain(x, causal=True, record=without)
    close(record["query"], rotate(without["query"], 7))
    close(record["key"], rotate(without["key"], 7))
    close(record["value"], without["value"])
    cache = KeyValueCache()
    steps = [layer(x[:, t : t + n], causal=True, cache=cache) for t, n in ((0, 3), (3, 1), (4, 3))]
    close(torch.cat(steps, dim=1), output)
    memory = torch.randn(2, 5, 12, dtype=double)
    close(layer(x, memory), plain(x, memory))


def test_sentences_may_have_positions_of_their_own():
    x, at = torch.randn(2, 2, 5, 6), torch.tensor([[0, 1, 2, 3, 4], [7, 8, 9, 10, 11]])
    turned = rotate(x, at[:, None])
    for sentence in range(2):
        close(turned[sentence], rotate(x[sentence], at[sentence]), rtol=0, atol=0)
    close(rotate(x, at[:1]), rotate(x, at[0]), rtol=0, atol=0)
    close(rotate(x[:, 0], at), turned[:, 0], rtol=0, atol=0)
    with pytest.raises(ValueError, match=r"positions have shape \(2, 5\).*such as \(batch, 1, T\)"):
        rotate(x, at)  # of the sentences, or of the heads?


# --- relative ---


@pytest.mark.parametrize(("T", "S"), [(5, 5), (1, 5), (3, 5), (5, 3), (0, 2)])
def test_relative_bias_by_distance(T, S):
    layer = RelativeBias(heads=3, max_distance=2)
    bias = layer(T, S)
    assert bias.shape == (3, T, S)
    for t, s in itertools.product(range(T), range(S)):
        distance = max(-2, min(2, (s - S) - (t - T)))
        close(bias[:, t, s], layer.table[:, distance + 2])
    close(layer(4), layer(4, 4))
    assert layer.table.std() < 0.1


def test_relative_index_as_printed():
    assert relative_index(2, 2).tolist() == [[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]]


@pytest.mark.parametrize(("height", "width"), [(7, 7), (3, 5), (1, 4), (4, 1), (1, 1)])
def test_relative_index_numbers_the_offsets(height, width):
    index = relative_index(height, width)
    entries = (2 * height - 1) * (2 * width - 1)
    assert index.unique().tolist() == list(range(entries))
    assert (index + index.T == entries - 1).all()
    assert (index.diagonal() == (entries - 1) // 2).all()
    cells, seen = list(itertools.product(range(height), range(width))), {}
    for (a, (i, j)), (b, (k, m)) in itertools.product(enumerate(cells), repeat=2):
        assert seen.setdefault((i - k, j - m), index[a, b].item()) == index[a, b].item()
    assert len(seen) == entries


def test_relative_index_of_swin():
    assert relative_index(7, 7).max() == 168
    assert relative_index(3, 5).unique().numel() == 45
    swin = pytest.importorskip("transformers.models.swin.modeling_swin")
    from transformers import SwinConfig

    theirs = swin.SwinAttention(SwinConfig(), 96, 3, 7)
    [index] = [b for name, b in theirs.named_buffers() if name.endswith("relative_position_index")]
    assert torch.equal(index.view(49, 49), relative_index(7, 7))


def test_relative_bias_on_a_grid():
    layer = RelativeBias2d(heads=2, height=3, width=5)
    bias = layer()
    assert bias.shape == (2, 15, 15)
    assert layer.table.shape == (45, 2)
    index = relative_index(3, 5)
    for h, a, b in itertools.product(range(2), range(0, 15, 4), range(15)):
        assert bias[h, a, b] == layer.table[index[a, b], h]
    assert set(layer.state_dict()) == {"table"}
    assert 0.01 < layer.table.std() < 0.03


# --- on devices ---


def test_a_device_without_float64():
    with on_a_device_without_float64() as device:
        at, x = torch.arange(5), torch.randn(2, 5, 12)
        results = {
            "sinusoidal": sinusoidal(at, d_model=6),
            "sinusoidal of a number": sinusoidal(5, d_model=6),
            "sinusoidal_2d": sinusoidal_2d(2, 3, d_model=6),
            "shift": shift(at, d_model=6),
            "shift by a number": shift(1.5, d_model=6),
            "rotate": rotate(x, at),
            "rotate by a number": rotate(x, 5),
            "attention": MultiHeadAttention(d_model=12, heads=3, rotary=True)(x),
            "in the table": SinusoidalPositions(d_model=12)(x),
            "beyond the table": SinusoidalPositions(d_model=12, max_length=2)(x, start=1),
        }
        assert frequencies(d_model=6, base=torch.tensor(100.0)).device.type == "cpu"
    for name, result in results.items():
        assert (result.device, result.dtype) == (device, torch.float32), name


@pytest.mark.parametrize("default", ["cpu", "meta"])
def test_what_is_made_is_made_where_it_is_needed(default):
    other = "meta" if default == "cpu" else "cpu"
    bias, at, x = RelativeBias(heads=2, max_distance=3), torch.arange(5), torch.randn(2, 5, 6)
    adds, learned = SinusoidalPositions(d_model=6, max_length=2), LearnedPositions(d_model=6, max_length=9)
    at, x = at.to(other), x.to(other)
    for module in (bias, adds, learned):
        module.to(other)
    with torch.device(default):
        results = {
            "frequencies": frequencies(d_model=6, base=torch.tensor(9.0, device=other)),
            "sinusoidal": sinusoidal(at, d_model=6),
            "shift": shift(at, d_model=6),
            "rotate": rotate(x, at),
            "rotate by a number": rotate(x, 5),
            "RelativeBias": bias(5),
            "SinusoidalPositions": adds(x),
            "LearnedPositions": learned(x),
            "RelativeBias2d": RelativeBias2d(heads=2, height=2, width=2).to_empty(device=other)(),
            "relative_index": relative_index(2, 3, device=other),
        }
    for name, result in results.items():
        assert result.device.type == other, name


# --- exported, as the website does ---


def codes(positions, x):
    codes = sinusoidal(positions, d_model=6)
    return codes @ codes.T, rotate(x, positions), codes @ shift(positions, d_model=6)


@pytest.mark.filterwarnings("ignore")
def test_an_exported_graph_computes_the_same():
    any_length = {0: torch.export.Dim.DYNAMIC}
    inputs = [(torch.arange(t), torch.randn(t, 8)) for t in (4, 1, 2, 9)]
    assert_graph_follows({"codes": codes}, inputs, dynamic_shapes=(any_length, any_length))


# --- what cannot be ---

X = torch.randn(2, 5, 6)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: frequencies(d_model=0), "d_model is 0"),
        (lambda: frequencies(d_model=4, base=0), "base is 0"),
        (lambda: frequencies(d_model=4, base=float("nan")), "base is nan"),
        (lambda: sinusoidal(-1, d_model=4), "T is -1"),
        (lambda: sinusoidal(3, d_model=-2), "d_model is -2"),
        (lambda: sinusoidal_2d(3, 3, d_model=5), "d_model = 5 is odd"),
        (lambda: sinusoidal_2d(-3, 3, d_model=4), "T is -3"),
        (lambda: sinusoidal_2d(3, -2, d_model=4), "T is -2"),
        (lambda: shift(1, d_model=5), "d_model = 5 is odd"),
        (lambda: rotate(X[..., :5], 5), "shape (2, 5, 5), but must be (..., T, d_k) with an even d_k"),
        (lambda: rotate(X[..., :0], 5), "with an even d_k"),
        (lambda: rotate(X[0, 0], 1), "shape (6)"),
        (lambda: rotate(X.long(), 5), "x holds torch.int64"),
        (lambda: rotate(X, torch.zeros(2, 1, 5)), "one for each"),
        (lambda: rotate(X, 4), "there are 4 positions for x with 5 rows"),
        (lambda: rotate(X, torch.tensor(3)), "there are no positions for x"),
        (lambda: SinusoidalPositions(d_model=0), "d_model is 0"),
        (lambda: SinusoidalPositions(d_model=5)(X), "must be (batch, positions, d_model = 5)"),
        (lambda: SinusoidalPositions(d_model=6)(X.long()), "x holds torch.int64"),
        (lambda: SinusoidalPositions(d_model=6)(X[0]), "x has shape (5, 6)"),
        (lambda: SinusoidalPositions(d_model=6)(X, start=-1), "start is -1"),
        (lambda: LearnedPositions(d_model=6, max_length=0), "max_length is 0"),
        (lambda: LearnedPositions(d_model=0, max_length=3), "d_model is 0"),
        (lambda: LearnedPositions(d_model=6, max_length=4)(X), "positions 0 to 4 are asked for, but only 4"),
        (lambda: LearnedPositions(d_model=6, max_length=9)(X, start=5), "positions 5 to 9"),
        (lambda: LearnedPositions(d_model=6, max_length=9)(X, start=-1), "start is -1"),
        (lambda: LearnedPositions(d_model=4, max_length=9)(X), "d_model = 4"),
        (lambda: RelativeBias(heads=0, max_distance=3), "heads is 0"),
        (lambda: RelativeBias(heads=2, max_distance=0), "max_distance is 0"),
        (lambda: RelativeBias(heads=2, max_distance=3)(-1), "T is -1"),
        (lambda: RelativeBias(heads=2, max_distance=3)(1, -4), "S is -4"),
        (lambda: relative_index(0, 3), "height is 0"),
        (lambda: relative_index(3, 0), "width is 0"),
        (lambda: RelativeBias2d(heads=0, height=2, width=2), "heads is 0"),
        (lambda: MultiHeadAttention(d_model=9, heads=3, rotary=True), "d_k = 3 is odd"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)


def test_nothing_is_left_out_here():
    public = {
        name
        for name, thing in vars(positions).items()
        if getattr(thing, "__module__", "") == positions.__name__
    }
    assert {name for name in public if not name.startswith("_")} <= set(globals())
