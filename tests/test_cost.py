"""Costs against counting: PyTorch's own counter, what autograd keeps, and who can depend on whom."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from transformer_lite import cost, masks
from transformer_lite.attention import MultiHeadAttention, attention
from transformer_lite.swin import partition

SIZES = [(5, 7, 3, 3), (11, 4, 5, 7), (24, 16, 7, 5)]  # n, d, k, r


def counted(function, *modules):
    """Multiply-adds, and the bytes that autograd keeps, the parameters of the modules apart."""
    kept = {}
    apart = {p.untyped_storage().data_ptr() for module in modules for p in module.parameters()}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with (
        FlopCounterMode(display=False) as counter,
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
    ):
        output = function()
    numbers = sum(tensor.untyped_storage().nbytes() for place, tensor in kept.items() if place not in apart)
    assert output.requires_grad
    return counter.get_total_flops() // 2, numbers  # two operations for a multiply-add


def test_the_fused_kernel_of_the_cpu_is_not_counted():
    tensors = torch.randn(3, 1, 2, 5, 4, device="cpu", requires_grad=True).unbind()
    with FlopCounterMode(display=False) as counter:
        attention(*tensors)
    assert counter.get_total_flops() == 0
    with FlopCounterMode(display=False) as counter:
        attention(*tensors, return_weights=True)
    assert counter.get_total_flops() == 2 * 2 * (2 * 5 * 5 * 4)


def parameters(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


@pytest.mark.parametrize(("n", "d", "k", "r"), SIZES)
@pytest.mark.parametrize("heads", [1, 3])
def test_self_attention(n, d, k, r, heads):
    query, key, value = (torch.randn(heads, n, d, requires_grad=True) for _ in range(3))
    found = cost.self_attention(n=n, d=heads * d, heads=heads)
    assert counted(lambda: attention(query, key, value, return_weights=True)[0]) == (
        found.operations,
        found.bytes,
    )
    assert found.parameters == 0


@pytest.mark.parametrize(("n", "d", "k", "r"), SIZES)
def test_self_attention_with_projections(n, d, k, r):
    matrices = nn.ModuleList(nn.Linear(2 * d, 2 * d, bias=False) for _ in range(4))
    x = torch.randn(n, 2 * d, requires_grad=True)

    def run():
        query, key, value = (W(x).view(n, 2, d).transpose(0, 1) for W in matrices[:3])  # (2 heads, n, d)
        heads, _ = attention(query, key, value, return_weights=True)
        return matrices[3](heads.transpose(0, 1).flatten(1))

    found = cost.self_attention(n=n, d=2 * d, heads=2, projections=True)
    assert counted(run, matrices) == (found.operations, found.bytes)
    assert parameters(matrices) == found.parameters
    layer = MultiHeadAttention(d_model=2 * d, heads=2, bias=False)
    assert parameters(layer) == found.parameters
    with sdpa_kernel(SDPBackend.MATH):  # the counter does not look into the fused kernel
        assert counted(lambda: layer(x[None]))[0] == found.operations


@pytest.mark.parametrize(("n", "d", "k", "r"), SIZES)
@pytest.mark.parametrize("heads", [1, 3])
def test_restricted_self_attention(n, d, k, r, heads):
    """Each query meets a view of the last r keys; zeros stand before the first."""
    query, key, value = (torch.randn(heads, n, d, requires_grad=True) for _ in range(3))

    def restricted():
        keys, values = (F.pad(x, (0, 0, r - 1, 0)).unfold(1, r, 1) for x in (key, value))
        weights = (query[:, :, None] @ keys).softmax(-1)  # (heads, n, 1, r)
        return weights @ values.transpose(2, 3)

    found = cost.restricted_self_attention(n=n, d=heads * d, r=r, heads=heads)
    operations, kept = counted(restricted)
    assert operations == found.operations
    beyond = 4 * 2 * heads * (r - 1) * d
    copies = 4 * 2 * heads * (n * r - (n + r - 1)) * d  # the product lays overlapping views out one by one
    assert kept in (found.bytes + beyond, found.bytes + beyond + copies)


@pytest.mark.parametrize(("n", "d", "k", "r"), SIZES)
def test_recurrent(n, d, k, r):
    W, U = nn.Linear(d, d, bias=False), nn.Linear(d, d, bias=False)
    x = torch.randn(n, d, requires_grad=True)
    start = torch.zeros(d)

    def run():
        h = start
        for x_t in x:
            h = torch.tanh(W(x_t[None]) + U(h.view(1, d)))
        return h

    found = cost.recurrent(n=n, d=d)
    operations, kept = counted(run, W, U)
    assert (operations, parameters(W, U)) == (found.operations, found.parameters)
    assert kept - 4 * d == found.bytes  # the zeros before the first step
    assert found.sequential == n


@pytest.mark.parametrize(("n", "d", "k", "r"), SIZES)
def test_convolutions(n, d, k, r):
    full = nn.Conv1d(d, d, k, padding=k // 2, bias=False)
    dilated = nn.Conv1d(d, d, k, padding=k // 2 * k, dilation=k, bias=False)
    over_space = nn.Conv1d(d, d, k, padding=k // 2, groups=d, bias=False)
    over_features = nn.Conv1d(d, d, 1, bias=False)
    x = torch.randn(1, d, n, requires_grad=True)
    for layers, found in [
        ((full,), cost.convolution(n=n, d=d, k=k)),
        ((dilated,), cost.dilated_convolution(n=n, d=d, k=k)),
        ((over_space, over_features), cost.separable_convolution(n=n, d=d, k=k)),
    ]:
        run = nn.Sequential(*layers)
        assert run(x).shape == x.shape
        assert counted(lambda run=run: run(x), run) == (found.operations, found.bytes)
        assert parameters(run) == found.parameters


# --- paths ---


def layers_until_all_see_all(n, reaches):
    """Multiply the matrices of who sees whom, until everyone sees all that came before."""
    seen = torch.eye(n)
    for layers, sees in enumerate(reaches, start=1):
        seen = sees @ seen
        if (seen > 0).equal(masks.causal(n)):
            return layers


def back(n, k, step=1):
    distance = torch.arange(n)[:, None] - torch.arange(n)
    return ((distance >= 0) & (distance <= (k - 1) * step) & (distance % step == 0)).float()


@given(n=st.integers(1, 40), k=st.integers(2, 9))
def test_paths(n, k):
    always = [back(n, k)] * 100
    assert cost.convolution(n=n, d=1, k=k).path == layers_until_all_see_all(n, always)
    assert cost.separable_convolution(n=n, d=1, k=k).path == layers_until_all_see_all(n, always)
    band = masks.combine(masks.causal(n), masks.local(n, radius=k - 1)).float()
    assert cost.restricted_self_attention(n=n, d=1, r=k).path == layers_until_all_see_all(n, [band] * 100)
    dilated = [back(n, k, k**layer) for layer in range(10)]
    assert cost.dilated_convolution(n=n, d=1, k=k).path == layers_until_all_see_all(n, dilated)
    assert cost.self_attention(n=n, d=1).path == layers_until_all_see_all(n, [masks.causal(n).float()])


@given(n=st.integers(1, 40))
def test_path_of_the_recurrent_layer(n):
    """From the first input into the first state, and from state to state to the last."""
    graph = torch.zeros(2 * n, 2 * n)  # inputs, then states
    for t in range(n):
        graph[n + t, t] = 1
        if t > 0:
            graph[n + t, n + t - 1] = 1
    reached, steps = torch.eye(2 * n)[0], 0
    while reached[-1] == 0:
        reached, steps = graph @ reached, steps + 1
    assert cost.recurrent(n=n, d=1).path == steps


@pytest.mark.parametrize("k", [3, 9])
def test_dilated_paths_are_logarithmic(k):
    for n in (10, 1000, 10**6, 10**12, k**5, k**5 + 1):
        exact = math.ceil(round(math.log(n, k), 9))
        assert cost.dilated_convolution(n=n, d=1, k=k).path == exact


# --- what the papers say ---


@given(n=st.integers(1, 300), d=st.integers(1, 300))
def test_self_attention_is_cheaper_than_recurrent_if_and_only_if_n_is_below_d(n, d):
    ours, theirs = cost.self_attention(n=n, d=d).operations, cost.recurrent(n=n, d=d).operations
    assert (ours < theirs) == (n < d)


@given(n=st.integers(1, 300), d=st.integers(1, 300))
def test_projections_are_the_larger_part_until_n_is_twice_d(n, d):
    pairs = cost.self_attention(n=n, d=d).operations
    rest = cost.self_attention(n=n, d=d, projections=True).operations - pairs
    assert (rest > pairs) == (n < 2 * d)


def test_a_separable_kernel_over_everything_costs_attention_and_a_linear_layer():
    n, d = 25, 8
    assert cost.separable_convolution(n=n, d=d, k=n).operations == n * n * d + n * d * d


@pytest.mark.parametrize(
    ("side", "d", "everywhere", "windows"),
    [
        (56, 96, 2_003_828_736, 145_108_992),
        (28, 192, 351_633_408, 130_357_248),
        (14, 384, 145_108_992, 122_981_376),
        (7, 768, 119_293_440, 119_293_440),
    ],
)
def test_attention_in_the_stages_of_swin_t(side, d, everywhere, windows):
    assert cost.global_attention(H=side, W=side, d=d) == everywhere
    assert cost.window_attention(H=side, W=side, d=d, window=7) == windows
    assert cost.self_attention(n=side * side, d=d, projections=True).operations == everywhere


@given(H=st.integers(1, 4), W=st.integers(1, 4), window=st.integers(1, 4))
def test_window_attention_counted(H, W, window):
    layer = MultiHeadAttention(d_model=6, heads=2)
    windows = partition(torch.randn(1, H * window, W * window, 6, requires_grad=True), window=window)[0]
    with sdpa_kernel(SDPBackend.MATH):
        operations, _ = counted(lambda: layer(windows))
    assert operations == cost.window_attention(H=H * window, W=W * window, d=6, window=window)


# --- tensors ---


@given(n=st.integers(1, 2000), d=st.integers(1, 64), k=st.integers(2, 9), r=st.integers(2, 9))
def test_tensors_give_the_same_numbers(n, d, k, r):
    sizes = {"n": n, "d": d, "k": k, "r": r}
    expected = cost.table(**sizes)
    for kind in (torch.int64, torch.float64):
        found = cost.table(**{name: torch.tensor(size, dtype=kind) for name, size in sizes.items()})
        assert {name: tuple(int(x) for x in row) for name, row in found.items()} == expected
    many = cost.table(n=torch.tensor([n, n + 1]), d=d, k=k, r=r)
    assert [int(x) for x in many["dilated convolution"].path] == [
        cost.dilated_convolution(n=m, d=d, k=k).path for m in (n, n + 1)
    ]


def test_table_has_every_layer():
    assert list(cost.table(n=5, d=4, k=3, r=3)) == [
        "self-attention",
        "restricted attention",
        "recurrent",
        "convolution",
        "dilated convolution",
        "separable convolution",
    ]


def test_itemsize_counts_for_the_memory_only():
    for layer in (cost.self_attention, cost.recurrent):
        single, half = layer(n=5, d=4), layer(n=5, d=4, itemsize=2)
        assert single[:4] == half[:4] and single.bytes == 2 * half.bytes
    for layer in (cost.convolution, cost.dilated_convolution, cost.separable_convolution):
        single, half = layer(n=5, d=4, k=3), layer(n=5, d=4, k=3, itemsize=2)
        assert single[:4] == half[:4] and single.bytes == 2 * half.bytes
    single, half = (cost.restricted_self_attention(n=5, d=4, r=3, itemsize=size) for size in (4, 2))
    assert single[:4] == half[:4] and single.bytes == 2 * half.bytes


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: cost.self_attention(n=0, d=3), "n is 0"),
        (lambda: cost.self_attention(n=3, d=3, heads=0), "heads is 0"),
        (lambda: cost.self_attention(n=3, d=3, itemsize=0), "itemsize is 0"),
        (lambda: cost.recurrent(n=3, d=-1), "d is -1"),
        (lambda: cost.recurrent(n=2.5, d=1), "n is 2.5"),
        (lambda: cost.convolution(n=3, d=3, k=1), "k is 1, but must be at least 2"),
        (lambda: cost.dilated_convolution(n=3, d=3, k=0), "k is 0"),
        (lambda: cost.dilated_convolution(n=3, d=0, k=3), "d is 0"),
        (lambda: cost.separable_convolution(n=3, d=3, k=1), "k is 1"),
        (lambda: cost.separable_convolution(n=0, d=3, k=3), "n is 0"),
        (lambda: cost.restricted_self_attention(n=3, d=3, r=1), "r is 1"),
        (lambda: cost.restricted_self_attention(n=3, d=3, r=3, heads=-2), "heads is -2"),
        (lambda: cost.table(n=3, d=3, k=3, r=1), "r is 1"),
        (lambda: cost.global_attention(H=0, W=1, d=1), "H is 0"),
        (lambda: cost.window_attention(H=1, W=1, d=1, window=0), "window is 0"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)
