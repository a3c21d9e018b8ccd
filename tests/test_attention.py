"""Attention against PyTorch's, against closed forms, and against what must hold by its definition."""

import itertools
import math
import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from tests.exporting import assert_graph_follows
from tests.weights import randomised
from transformer_lite import attention as module
from transformer_lite import masks
from transformer_lite.attention import MultiHeadAttention, attention, masked_softmax
from transformer_lite.cache import KeyValueCache

double = torch.float64
BATCH, HEADS, T, S, D_K, D_V = 2, 3, 5, 7, 11, 13  # pairwise different primes
close = torch.testing.assert_close


def random(*shape, grad=False):
    return torch.randn(*shape, dtype=double, requires_grad=grad)


def inputs(grad=False):
    return (
        random(BATCH, HEADS, T, D_K, grad=grad),
        random(BATCH, HEADS, S, D_K, grad=grad),
        random(BATCH, HEADS, S, D_V, grad=grad),
    )


# Every way through the function: (with gradients, weights asked for, long enough for the fused kernel in training)
PATHS = list(itertools.product([False, True], [False, True], [False, True]))


def attend(query, key, value, mask=None, *, grad, weights, long, **options):
    """The output for the first queries, having passed along the path asked for."""
    query, key, value = (x.detach().clone().requires_grad_(grad) for x in (query, key, value))
    asked = query.shape[-2]
    if long:  # repeat the queries until the fused kernel is taken
        times = 128 * 128 // (asked * key.shape[-2]) + 1
        query = query.repeat(*[1] * (query.ndim - 2), times, 1)
        if mask is not None and mask.shape[-2] > 1:
            mask = mask.repeat(*[1] * (mask.ndim - 2), times, 1)
        if options.get("bias") is not None and options["bias"].shape[-2] > 1:
            options["bias"] = options["bias"].repeat(*[1] * (options["bias"].ndim - 2), times, 1)
    output = attention(query, key, value, mask, return_weights=weights, **options)
    return (output[0] if weights else output)[..., :asked, :]


def test_by_hand():
    """Scores ln 1, ln 2 and ln 3 give weights 1/6, 2/6 and 3/6."""
    query = torch.tensor([[2.0, 0.0]]) * math.sqrt(2)  # undone by the scale 1 / √2
    key = torch.tensor([[math.log(1), 5.0], [math.log(2), -1.0], [math.log(3), 9.0]]) / 2
    value = torch.tensor([[6.0, 0.0], [0.0, 6.0], [12.0, 12.0]])
    output, weights = attention(query, key, value, return_weights=True)
    close(weights, torch.tensor([[1 / 6, 2 / 6, 3 / 6]]))
    close(output, torch.tensor([[1.0 + 0.0 + 6.0, 0.0 + 2.0 + 6.0]]))
    close(attention(query, key, value), output)


@pytest.mark.parametrize(("grad", "weights", "long"), PATHS)
@pytest.mark.parametrize("masked", [None, "mask", "bias", "both", "heads"])
def test_equals_pytorch(grad, weights, long, masked):
    query, key, value = inputs()
    mask = torch.rand(BATCH, 1, T, S) < 0.7
    mask[..., 0] = True
    if masked == "heads":
        mask = mask.repeat(1, HEADS, 1, 1) & (torch.rand(BATCH, HEADS, T, S) < 0.7) | masks.causal(T, S)
    bias = random(HEADS, T, S)
    added = torch.zeros(BATCH, HEADS, T, S, dtype=double)
    if masked in ("bias", "both"):
        added = added + bias
    if masked in ("mask", "both", "heads"):
        added = added.masked_fill(~mask, -torch.inf)
    output = attend(
        query,
        key,
        value,
        mask if masked in ("mask", "both", "heads") else None,
        bias=bias if masked in ("bias", "both") else None,
        grad=grad,
        weights=weights,
        long=long,
    )
    close(output, F.scaled_dot_product_attention(query, key, value, attn_mask=added))


@pytest.mark.parametrize("masked", [False, True])
def test_gradients_equal_pytorchs(masked):
    ours, theirs = inputs(grad=True), [x.detach().clone().requires_grad_() for x in inputs()]
    with torch.no_grad():
        for a, b in zip(ours, theirs, strict=True):
            b.copy_(a)
    mask = masks.causal(T, S) if masked else None
    target = random(BATCH, HEADS, T, D_V)
    (attention(*ours, mask) * target).sum().backward()
    (F.scaled_dot_product_attention(*theirs, attn_mask=mask) * target).sum().backward()
    for a, b in zip(ours, theirs, strict=True):
        close(a.grad, b.grad)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("mask", [None, masks.causal(3, 4), masks.causal(4, 2)[:3, [0, 1, 1, 1]]])
def test_gradcheck(weights, mask):
    query, key, value = random(3, 2, grad=True), random(4, 2, grad=True), random(4, 5, grad=True)
    bias = random(3, 4, grad=True)
    for extra in (None, bias):
        assert torch.autograd.gradcheck(
            lambda q, k, v, b: attention(q, k, v, mask, bias=b, return_weights=weights),
            (query, key, value, extra),
        )


@pytest.mark.parametrize(("grad", "weights", "long"), PATHS)
@pytest.mark.parametrize("shape", [(T, S), (BATCH, 1, T, S), (BATCH, HEADS, T, S), (1, S)])
def test_a_query_that_may_attend_to_nothing_gets_zeros(grad, weights, long, shape):
    query, key, value = inputs()
    mask = torch.ones(shape, dtype=torch.bool)
    mask[..., 0, :] = False
    output = attend(query, key, value, mask, grad=grad, weights=weights, long=long)
    assert (output[..., 0, :] == 0).all()
    if shape[-2] > 1:
        assert (output[..., 1:, :].abs() > 1e-3).any()
        close(output[..., 1:, :], F.scaled_dot_product_attention(query, key, value)[..., 1:, :])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("long", [False, True])
def test_gradients_stay_finite_where_everything_is_hidden(dtype, weights, long):
    lengths = (137, 139) if long else (T, S)
    query, key, value = (
        torch.randn(BATCH, length, 2).mul_(8).to(dtype).requires_grad_()
        for length in (lengths[0], lengths[1], lengths[1])
    )
    mask = masks.padding([lengths[1], 0])
    output = attention(query, key, value, mask, return_weights=weights)
    output = output[0] if weights else output
    output.float().square().sum().backward()
    for x in (query, key, value):
        assert x.grad.isfinite().all()
        assert (x.grad[1] == 0).all()
        assert (x.grad[0] != 0).any()
    assert (output[1] == 0).all()


def with_empty_rows(shape, dtype, biased):
    """Attention with a mask of some shape that hides everything from some queries, and from which."""
    query, key, value = (torch.randn(BATCH, HEADS, length, 8) for length in (T, S, S))
    bias = torch.randn(HEADS, T, S).to(dtype) if biased else None
    mask = torch.rand(shape) < 0.6
    mask[..., 0] = True
    mask[0] = False

    def attend(**options):
        tensors = [x.clone().to(dtype).requires_grad_() for x in (query, key, value)]
        output = attention(*tensors, mask, bias=bias, **options)
        output = output[0] if isinstance(output, tuple) else output
        output.float().square().sum().backward()
        return output.float(), *(x.grad.float() for x in tensors)

    return attend, ~mask.any(-1, keepdim=True).expand(BATCH, HEADS, T, 1)


def assert_zero_where_empty(found, expected, empty, dtype):
    for x in found[:2]:  # the output, and the gradient of the query
        assert (x.masked_select(empty) == 0).all()
    within = 1e-4 if dtype in (torch.float32, double) else 0.05
    close(found, expected, rtol=within, atol=within)


MASKS = [(T, S), (BATCH, 1, 1, S), (T, 1), (BATCH, HEADS, T, S)]
DTYPES = [torch.float16, torch.bfloat16, torch.float32, double]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", MASKS)
def test_every_kernel_of_this_device_gives_zeros_where_everything_is_hidden(shape, dtype):
    taken = []
    for biased in (False, True):
        attend, empty = with_empty_rows(shape, dtype, biased)
        expected = attend(return_weights=True)
        for kernel in SDPBackend.__members__.values():
            try:
                with sdpa_kernel(kernel), warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # why a kernel is not there
                    found = attend()
            except RuntimeError as error:
                assert str(error).startswith(("No available kernel", "No viable backend"))
                continue
            taken.append(kernel)
            assert_zero_where_empty(found, expected, empty, dtype)
    assert SDPBackend.MATH in taken


class OtherKernel(TorchFunctionMode):
    """Every kernel as on other devices, where all keys are hidden: cuDNN's gives the mean there, Apple's NaN."""

    def __init__(self, gives):
        super().__init__()
        self.gives = gives

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        mask = kwargs.get("attn_mask")
        if function is not F.scaled_dot_product_attention or mask is None:
            return function(*args, **kwargs)
        query, key, value = args
        hidden = ~mask if mask.dtype == torch.bool else mask == -torch.inf
        added = torch.zeros_like(mask, dtype=query.dtype) if mask.dtype == torch.bool else mask
        lowest = torch.finfo(query.dtype).min / 2 if self.gives == "mean" else -torch.inf
        scores = query @ key.mT * kwargs["scale"] + added.masked_fill(hidden, lowest)
        return scores.softmax(-1) @ value


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", MASKS)
def test_a_kernel_that_makes_something_of_nothing_is_set_right(monkeypatch, shape, dtype):
    for biased, gives in itertools.product((False, True), ("mean", "NaN")):
        attend, empty = with_empty_rows(shape, dtype, biased)
        expected = attend(return_weights=True)
        with OtherKernel(gives):
            with monkeypatch.context() as patched:
                patched.setattr(module, "_empty_rows_are_zero", lambda query: True)
                assert (attend()[0].masked_select(empty) != 0).all()  # it does what it is there for
            monkeypatch.setattr(module, "_empty_rows_are_zero", lambda query: False)
            assert_zero_where_empty(attend(), expected, empty, dtype)


def test_layers_are_set_right_too(monkeypatch):
    layer, _ = pair()
    x, memory, mask = random(2, 5, 15), random(2, 7, 15), masks.padding([0, 7])
    monkeypatch.setattr(module, "_empty_rows_are_zero", lambda query: False)
    with OtherKernel("NaN"):
        output = layer(x, memory, mask)
        late = layer(x, mask=masks.causal(5) & (torch.arange(5) > 1))  # the first two see nothing
    close(output[0], layer.output.bias.expand(5, 15))
    close(output, layer(x, memory, mask, record={}))
    close(late[:, :2], layer.output.bias.expand(2, 2, 15))


def test_hidden_keys_have_no_weight_even_beside_far_lower_scores():
    query, key = torch.tensor([[1.0]]), torch.tensor([[-1e4], [1e4]])
    _, weights = attention(query, key, key, torch.tensor([[True, False]]), return_weights=True)
    assert weights.tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize(("grad", "weights", "long"), PATHS)
@pytest.mark.parametrize(("T", "S"), [(1, 5), (3, 5), (5, 5), (5, 3)])
def test_causal_queries_are_the_last_positions(grad, weights, long, T, S):
    query, key, value = random(2, T, 3), random(2, S, 3), random(2, S, 3)
    if long:
        query, key, value = random(2, T * 61, 3), random(2, S * 61, 3), random(2, S * 61, 3)
        T, S = T * 61, S * 61
    output = attend(query, key, value, causal=True, grad=grad, weights=weights, long=False)
    for t in range(0, T, max(1, T // 7)):
        seen = t + S - T + 1
        if seen <= 0:
            assert (output[:, t] == 0).all()
        else:
            alone = F.scaled_dot_product_attention(query[:, t : t + 1], key[:, :seen], value[:, :seen])
            close(output[:, t : t + 1], alone)


@pytest.mark.parametrize("T", [5, 131])
@pytest.mark.parametrize(("grad", "weights"), list(itertools.product([False, True], repeat=2)))
def test_causal_and_a_mask_or_bias_both_count(grad, weights, T):
    query, key, value = random(2, T, 3), random(2, T, 3), random(2, T, 3)
    local, bias = masks.local(T, radius=1), random(T, T)
    expected = bias.masked_fill(~(local & masks.causal(T)), -torch.inf)
    output = attend(query, key, value, local, causal=True, bias=bias, grad=grad, weights=weights, long=False)
    close(output, F.scaled_dot_product_attention(query, key, value, attn_mask=expected))
    output = attend(query, key, value, causal=True, bias=bias, grad=grad, weights=weights, long=False)
    close(
        output,
        F.scaled_dot_product_attention(
            query, key, value, attn_mask=bias.masked_fill(~masks.causal(T), -torch.inf)
        ),
    )


def test_scale_is_obeyed_on_both_paths():
    query, key, value = inputs()
    expected = F.scaled_dot_product_attention(query, key, value, scale=0.3)
    close(attention(query, key, value, scale=0.3), expected)
    close(attention(query, key, value, scale=0.3, return_weights=True)[0], expected)


@pytest.mark.parametrize("shape", [(), (1,), (HEADS, 1, 1), (BATCH, 1, 1, 1), (T, 1)])
@pytest.mark.parametrize("weights", [False, True])
def test_a_scale_may_be_a_tensor_and_be_learned(shape, weights):
    query, key, value = inputs(grad=True)
    scale = torch.rand(shape, dtype=double).add(0.5).requires_grad_()
    first = lambda output: output[0] if weights else output  # noqa: E731
    call = lambda scale: first(attention(query, key, value, scale=scale, return_weights=weights))  # noqa: E731
    expected = (query @ key.mT * scale).softmax(-1) @ value
    close(call(scale), expected)
    target = torch.randn_like(expected)
    slopes = torch.autograd.grad((expected * target).sum(), (scale, query))
    close(torch.autograd.grad((call(scale) * target).sum(), (scale, query)), slopes)
    scale = scale.detach()
    close(call(scale), expected)
    close(torch.func.grad(lambda scale: (call(scale) * target).sum())(scale), slopes[0])
    several = torch.stack([scale, 2 * scale])
    close(torch.func.vmap(call)(several), torch.stack([*map(call, several)]))


@pytest.mark.parametrize("weights", [False, True])
def test_dropout_is_on_only_when_given(weights):
    query, key, value = inputs()
    first = lambda output: output[0] if weights else output  # noqa: E731
    plain = first(attention(query, key, value, return_weights=weights))
    dropped = first(attention(query, key, value, dropout=0.9, return_weights=weights))
    assert not torch.allclose(plain, dropped)
    ones = torch.ones_like(value)
    shares = first(attention(query.detach(), key, ones, dropout=0.5, return_weights=weights))
    assert (shares == 0).any() or (shares - 1).abs().max() > 0.1


def test_weights_are_those_before_dropout():
    query, key, value = inputs()
    _, plain = attention(query, key, value, return_weights=True)
    _, weights = attention(query, key, value, dropout=0.9, return_weights=True)
    close(weights, plain)
    close(weights.sum(-1), torch.ones(BATCH, HEADS, T, dtype=double))


@given(
    T=st.integers(1, 5),
    S=st.integers(1, 6),
    d=st.integers(1, 4),
    seed=st.integers(0, 9),
    weights=st.booleans(),
)
def test_what_must_hold_whatever_the_numbers(T, S, d, seed, weights):
    torch.manual_seed(seed)
    query, key, value, mask = random(T, d), random(S, d), random(S, d + 1), torch.rand(T, S) < 0.6

    def f(q, k, v, m=None):
        output = attention(q, k, v, m, return_weights=weights)
        return output[0] if weights else output

    keys, queries = torch.randperm(S), torch.randperm(T)
    plain = f(query, key, value, mask)
    close(f(query, key[keys], value[keys], mask[:, keys]), plain)  # the order of the keys does not matter
    close(f(query[queries], key, value, mask[queries]), plain[queries])  # the outputs follow the queries
    close(f(0 * query, key, value), value.mean(0).expand(T, -1))  # no question: every key counts alike
    close(f(query, key[:1], value[:1]), value[:1].expand(T, -1))  # one key: its value
    one = torch.zeros(T, S, dtype=torch.bool)
    one[:, S - 1] = True
    close(f(query, key, value, one), value[-1:].expand(T, -1))  # one allowed key: its value


def test_a_hidden_key_may_hold_anything_finite():
    query, key, value = inputs()
    mask = masks.padding([S - 2] * BATCH, S=S)[:, None]
    changed_key, changed_value = key.clone(), value.clone()
    changed_key[..., -2:, :] = 1e3
    changed_value[..., -2:, :] = -1e3
    for weights in (False, True):
        before = attention(query, key, value, mask, return_weights=weights)
        after = attention(query, changed_key, changed_value, mask, return_weights=weights)
        close(after, before, rtol=0, atol=0)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize(
    ("query", "key", "expected"),
    [((0, 5, 3), (0, 7, 3), (0, 5, 2)), ((2, 0, 3), (2, 7, 3), (2, 0, 2)), ((2, 5, 3), (2, 0, 3), (2, 5, 2))],
)
def test_empty_batches_queries_and_keys(weights, query, key, expected):
    output = attention(
        torch.randn(query), torch.randn(key), torch.randn(*key[:-1], 2), return_weights=weights
    )
    output = output[0] if weights else output
    assert output.shape == expected
    assert (output == 0).all()


def test_leading_axes_broadcast():
    query, key, value = random(11, 1, T, D_K), random(2, S, D_K), random(S, D_V)
    for weights in (False, True):
        output = attention(query, key, value, return_weights=weights)
        assert (output[0] if weights else output).shape == (11, 2, T, D_V)


def test_nan_goes_where_it_is_seen_and_nowhere_else():
    query, key, value = inputs()
    query[0, 0, 0, 0] = torch.nan
    for weights in (False, True):
        output = attention(query, key, value, return_weights=weights)
        isnan = (output[0] if weights else output).isnan()
        assert isnan[0, 0, 0].all()
        assert isnan.sum() == D_V


def test_the_fused_kernel_is_taken_unless_something_speaks_against_it(monkeypatch):
    calls, fused = [], F.scaled_dot_product_attention

    def counted(*arguments, **options):
        calls.append(options["is_causal"])
        return fused(*arguments, **options)

    monkeypatch.setattr(F, "scaled_dot_product_attention", counted)
    query, key, value = inputs(grad=True)
    learned = random(T, S, grad=True)
    attention(query, key, value, return_weights=True)
    attention(query, key, value, bias=learned)
    assert calls == []
    attention(query, key, value)
    attention(query, key, value, bias=learned.detach())
    attention(query, key, value, masks.causal(T, S))
    attention(query, key, value, causal=True)  # not the kernel's own idea of causal: T differs from S
    assert calls == [False] * 4
    attention(query, query, query, causal=True)
    attention(query, query, query, masks.causal(T), causal=True)
    attention(query, query, query, causal=True, bias=random(T, T))
    attention(query[..., :1, :], key[..., :1, :], value[..., :1, :], causal=True)
    assert calls[4:] == [True, False, False, False]


# --- derivatives of every kind ---


@pytest.mark.filterwarnings(
    "ignore:.torch.jit.script. is deprecated"
)  # PyTorch's own, in forward derivatives
def test_second_derivatives_have_two_ways_and_forward_ones_need_none():
    layer = randomised(MultiHeadAttention(d_model=4, heads=2))
    mask = masks.causal(3).clone()
    mask[0] = False
    x = random(1, 3, 4, grad=True)
    plain = lambda x: layer(x, mask=mask)  # noqa: E731
    assert torch.autograd.gradcheck(plain, x, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(lambda x: layer(x, mask=mask, record={}), x)
    with sdpa_kernel(SDPBackend.MATH):
        assert torch.autograd.gradgradcheck(plain, x)
        hessian = torch.autograd.functional.hessian(lambda x: plain(x).square().sum(), x)
    close(torch.func.hessian(lambda x: plain(x).square().sum())(x.detach()), hessian)
    query, key, value = (random(1, 2, 3, 2, grad=True) for _ in range(3))
    for causal in (False, True):
        call = lambda *tensors, causal=causal: attention(*tensors, causal=causal)  # noqa: E731
        assert torch.autograd.gradcheck(call, (query, key, value), check_forward_ad=True)
        with sdpa_kernel(SDPBackend.MATH):
            assert torch.autograd.gradgradcheck(call, (query, key, value))


def test_gradients_of_each_sample():
    layer, _ = pair()
    weights, x = {name: p.detach() for name, p in layer.named_parameters()}, random(3, 5, 15)

    def loss(weights, x):
        return torch.func.functional_call(layer, weights, (x[None],), {"causal": True}).square().sum()

    found = torch.func.vmap(torch.func.grad(loss), (None, 0))(weights, x)
    for i in range(3):
        layer.zero_grad()
        layer(x[i : i + 1], causal=True).square().sum().backward()  # by the fused kernel
        for name, p in layer.named_parameters():
            close(found[name][i], p.grad)


# --- the softmax by itself ---


def test_masked_softmax_is_softmax_over_the_allowed_keys():
    scores, mask = random(4, 6), torch.rand(4, 6) < 0.5
    mask[0] = False
    weights = masked_softmax(scores, mask)
    for t in range(4):
        close(weights[t][mask[t]], scores[t][mask[t]].softmax(-1))
        assert (weights[t][~mask[t]] == 0).all()
    close(masked_softmax(scores), scores.softmax(-1))


# --- several heads ---


def pair(d_model=15, heads=3, **options):
    """One of our layers and one of PyTorch's, with the same random weights."""
    ours = MultiHeadAttention(d_model=d_model, heads=heads, **options).double()
    theirs = nn.MultiheadAttention(d_model, heads, batch_first=True, dtype=double, **options)
    with torch.no_grad():
        for p in ours.parameters():
            p.normal_(std=0.4)
        theirs.in_proj_weight.copy_(ours.projection.weight)
        theirs.out_proj.weight.copy_(ours.output.weight)
        if ours.projection.bias is not None:
            theirs.in_proj_bias.copy_(ours.projection.bias)
            theirs.out_proj.bias.copy_(ours.output.bias)
    return ours, theirs


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("cross", [False, True])
@pytest.mark.parametrize("masked", [None, "positions", "padding", "heads", "added"])
def test_equals_pytorchs_layer_in_outputs_weights_and_gradients(bias, cross, masked):
    ours, theirs = pair(bias=bias)
    batch, T, S = 2, 5, 7 if cross else 5
    x, memory = random(batch, T, 15, grad=True), random(batch, S, 15, grad=True)
    source = memory if cross else x
    mask, options, added = None, {}, None
    if masked == "positions":
        mask = torch.rand(T, S) < 0.6
        mask[:, 0] = True
        options["attn_mask"] = ~mask  # the other polarity
    elif masked == "padding":
        mask = masks.padding([S, 3])
        options["key_padding_mask"] = ~mask[:, 0]
    elif masked == "heads":
        mask = torch.rand(batch, 3, T, S) < 0.6
        mask[..., 1] = True
        options["attn_mask"] = ~mask.flatten(0, 1)
    elif masked == "added":
        added = random(T, S)
        options["attn_mask"] = added
    record = {}
    for seen in (None, record):
        x.grad = memory.grad = None
        ours.zero_grad()
        theirs.zero_grad()
        output = ours(x, memory if cross else None, mask, bias=added, record=seen)
        expected, weights = theirs(x, source, source, average_attn_weights=False, **options)
        close(output, expected)
        target = random(batch, T, 15)
        (output * target).sum().backward()
        gradients = [x.grad.clone(), memory.grad.clone() if cross else None]
        x.grad = memory.grad = None
        (expected * target).sum().backward()
        close(gradients, [x.grad, memory.grad])
        close(ours.projection.weight.grad, theirs.in_proj_weight.grad)
        close(ours.output.weight.grad, theirs.out_proj.weight.grad)
        if bias:
            close(ours.projection.bias.grad, theirs.in_proj_bias.grad)
            close(ours.output.bias.grad, theirs.out_proj.bias.grad)
    close(record["weights"], weights)


def test_the_record_holds_what_the_formula_says():
    layer, _ = pair()
    x, mask = random(2, 5, 15), masks.padding([5, 2])
    bias, record = random(2, 5, 5), {}
    layer(x, mask=mask, causal=True, bias=bias, record=record)
    assert set(record) == {"query", "key", "value", "scores", "weights", "heads"}
    for name, matrix, offset in zip(
        ("query", "key", "value"),
        (layer.W_Q, layer.W_K, layer.W_V),
        layer.projection.bias.chunk(3),
        strict=True,
    ):
        for h in range(3):
            rows = slice(5 * h, 5 * h + 5)
            close(record[name][:, h], x @ matrix[rows].T + offset[rows])
    scores = record["query"] @ record["key"].mT / math.sqrt(5) + bias[:, None]
    allowed = (mask & masks.causal(5))[:, None].expand(2, 3, 5, 5)
    close(record["scores"], scores.masked_fill(~allowed, -torch.inf))
    close(record["weights"], record["scores"].softmax(-1))
    close(record["heads"], record["weights"] @ record["value"])
    assert not [name for name, value in vars(layer).items() if isinstance(value, torch.Tensor)]


def test_asking_costs_no_product_twice():
    """PyTorch counts two operations for every product: four projections, scores, and what the heads collect."""
    layer, _ = pair()
    x, memory = random(2, 5, 15), random(2, 7, 15)
    with FlopCounterMode(display=False) as counter:
        layer(x, memory, causal=True, bias=random(5, 7), record={})
    assert counter.get_total_flops() == 2 * (2 * 15 * 15 * (5 + 7 + 7 + 5) + 2 * 2 * 3 * 5 * 7 * 5)


def test_asking_does_not_change_the_answer():
    layer, _ = pair()
    x = random(2, 5, 15)
    for options in ({}, {"causal": True}, {"mask": masks.padding([5, 2])}):
        close(layer(x, record={}, **options), layer(x, **options))


def test_a_sample_of_nothing_but_padding_changes_nobody_elses_gradients():
    layer, _ = pair()
    x, mask = random(2, 5, 15), masks.padding([4, 0], S=5)
    for train, record in itertools.product([True, False], [None, {}]):
        layer.train(train).zero_grad()
        output = layer(x, mask=mask, record=record)
        close(output[1], layer.output.bias.expand(5, 15))  # zeros, projected
        output[0].sum().backward()
        gradient = layer.projection.weight.grad.clone()
        layer.zero_grad()
        layer(x[:1], mask=mask[:1]).sum().backward()
        close(gradient, layer.projection.weight.grad)


def test_dropout_only_in_training():
    layer = MultiHeadAttention(d_model=15, heads=3, dropout=0.9).double()
    x = random(2, 5, 15)
    layer.train()
    assert not torch.equal(layer(x), layer(x))
    layer.eval()
    assert torch.equal(layer(x), layer(x))
    close(layer(x), layer(x, record={}))
    still = MultiHeadAttention(d_model=15, heads=3).double()
    assert torch.equal(still.train()(x), still(x))


@pytest.mark.parametrize("heads", [1, 3, 5, 15])
def test_more_heads_cost_no_parameters(heads):
    layer = MultiHeadAttention(d_model=15, heads=heads)
    assert sum(p.numel() for p in layer.parameters()) == 4 * 15 * 16


def test_the_size_of_a_head_may_be_chosen():
    layer = MultiHeadAttention(d_model=7, heads=2, d_k=5, bias=False)
    assert sum(p.numel() for p in layer.parameters()) == 4 * 7 * 10
    assert layer(torch.randn(2, 3, 7), torch.randn(2, 11, 7)).shape == (2, 3, 7)


def test_a_layer_prints_its_sizes():
    assert repr(MultiHeadAttention(d_model=6, heads=2, dropout=0.1)).startswith(
        "MultiHeadAttention(\n  heads=2, d_k=3, dropout=0.1"
    )


def test_fresh_weights_are_xavier_one_by_one_and_offsets_zero():
    layer = MultiHeadAttention(d_model=200, heads=4)
    bound = math.sqrt(6 / 400)
    for matrix in (layer.W_Q, layer.W_K, layer.W_V, layer.output.weight):
        assert 0.98 * bound < matrix.abs().max() <= bound
    assert not layer.projection.bias.any()
    assert not layer.output.bias.any()


# --- the cache ---


@pytest.mark.parametrize("steps", [[1] * 19, [4, 1, 1, 13], [19], [7, 12]])
def test_step_by_step_equals_all_at_once(steps):
    layer, _ = pair()
    layer.requires_grad_(False)
    x = random(2, sum(steps), 15)
    padding = masks.padding([19, 11])
    whole = layer(x, mask=padding, causal=True)
    cache, parts, start = KeyValueCache(), [], 0
    for step in steps:
        end = start + step
        parts.append(layer(x[:, start:end], mask=padding[..., :end], causal=True, cache=cache))
        start = end
        assert len(cache) == cache.length == end
    close(torch.cat(parts, dim=1), whole)
    close(cache.key, layer._project(x, None, None)[1])
    close(cache.value, layer._project(x, None, None)[2])


def test_cross_attention_projects_the_memory_once():
    layer, _ = pair()
    layer.requires_grad_(False)
    x, memory, cache = random(2, 3, 15), random(2, 7, 15), KeyValueCache()
    for t in range(3):
        close(layer(x[:, t : t + 1], memory, cache=cache), layer(x[:, t : t + 1], memory))
        assert len(cache) == cache.length == 7
    close(layer(x, torch.zeros_like(memory), cache=cache), layer(x, memory))  # it is not read again


def test_a_cache_follows_its_beams():
    layer, _ = pair()
    layer.requires_grad_(False)
    x, rows, cache = random(3, 4, 15), torch.tensor([2, 2, 0]), KeyValueCache()
    layer(x[:, :3], cache=cache)
    cache.reorder(rows)
    step = layer(x[rows, 3:], cache=cache)
    close(step, layer(x[rows], causal=True)[:, 3:])


def test_reordering_an_empty_cache_does_nothing():
    cache = KeyValueCache()
    cache.reorder(torch.tensor([1, 0]))
    assert len(cache) == cache.length == 0


# --- exported ---


LAYER = MultiHeadAttention(d_model=6, heads=2).eval()


def causal_attention(query, key, value):
    return attention(query, key, value, causal=True)


def attention_with_weights(query, key, value):
    mask = masks.combine(
        masks.causal(query.shape[0], key.shape[0]), masks.local(query.shape[0], key.shape[0], radius=2)
    )
    return attention(query, key, value, mask, return_weights=True)


def nothing_allowed(query, key, value):
    return attention(query, key, value, key[:, 0] > query[:, :1] + 0.5)


def several_heads(query, key, value):
    record = {}
    output = LAYER(query[None], key[None], record=record)
    return output, record["weights"]


def self_attention(query, key, value):
    return LAYER(query[None], mask=masks.local(query.shape[0], radius=1), causal=True)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "function", [causal_attention, attention_with_weights, nothing_allowed, several_heads, self_attention]
)
def test_an_exported_graph_computes_the_same_for_every_length(function):
    lengths = [(3, 4), (1, 1), (1, 5), (2, 3), (5, 1), (7, 7), (13, 4)]
    if function is causal_attention:  # of as many queries as keys, which takes another path
        lengths = [(3, 3), (1, 1), (7, 7)]
    inputs = [(torch.randn(t, 6), torch.randn(s, 6), torch.randn(s, 6)) for t, s in lengths]
    any_length = {0: torch.export.Dim.DYNAMIC}
    assert_graph_follows({function.__name__: function}, inputs, dynamic_shapes=(any_length,) * 3, atol=1e-6)


# --- what cannot be ---

Q, K, V = torch.randn(2, 5, 3), torch.randn(2, 7, 3), torch.randn(2, 7, 4)
HEADS_OF_TWO = MultiHeadAttention(d_model=6, heads=3)
X = torch.randn(2, 5, 6)


def filled():
    cache = KeyValueCache()
    cache.append(torch.zeros(2, 3, 4, 2), torch.zeros(2, 3, 4, 2))
    return cache


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: attention(Q[0, 0], K, V), "query has shape (3), but needs two axes"),
        (lambda: attention(Q, K[0, 0], V), "key has shape (3), but needs two axes"),
        (lambda: attention(Q, K, V[0, 0]), "value has shape (4), but needs two axes"),
        (lambda: attention(Q[..., :2], K, V), "query has 2 features and key 3"),
        (lambda: attention(Q, K[:, :5], V), "there are 5 keys and 7 values"),
        (lambda: attention(Q, K, V[:, :1]), "there are 7 keys and 1 values"),
        (lambda: attention(Q[[0, 0, 0]], K, V), "query (3, 5, 3), key (2, 7, 3)"),
        (lambda: attention(Q.long(), K, V), "query holds torch.int64"),
        (lambda: attention(Q, K.double(), V), "key: torch.float64"),
        (lambda: attention(Q[..., :0], K[..., :0], V), "without features"),
        (lambda: attention(Q, K, V, torch.zeros(5, 7)), "True where a query may attend"),
        (lambda: attention(Q, K, V, torch.ones(7, dtype=torch.bool)), "needs two axes"),
        (lambda: attention(Q, K, V, masks.causal(7, 5)), "T = 5 queries and S = 7 keys"),
        (lambda: attention(Q, K, V, masks.padding([7, 7, 7])), "(3, 1, 7), which does not fit scores"),
        (lambda: attention(Q, K, V, masks.causal(5, 7)[None, None]), "(1, 1, 5, 7), which does not fit"),
        (lambda: attention(Q, K, V, bias=torch.zeros(7, 5)), "bias has shape (7, 5), which does not fit"),
        (lambda: attention(Q, K, V, bias=masks.causal(5, 7)), "bias holds torch.bool"),
        (
            lambda: attention(Q, K, V, scale=torch.ones(3)),
            "scale has shape (3), which does not fit scores of shape",
        ),
        (lambda: attention(Q, K, V, scale=torch.ones(2, 1, 1, 1)), "scale has shape (2, 1, 1, 1)"),
        (lambda: attention(Q, K, V, scale=torch.ones(1).double()), "scale: torch.float64"),
        (lambda: attention(Q, K, V, dropout=1.0), "dropout is 1.0"),
        (lambda: attention(Q, K, V, dropout=-0.1), "dropout is -0.1"),
        (lambda: masked_softmax(torch.ones(3)), "shape (3), but need two axes"),
        (lambda: masked_softmax(torch.ones(3, 3).long()), "scores holds torch.int64"),
        (lambda: masked_softmax(torch.ones(3, 4), masks.causal(4, 3)), "does not fit scores of shape (3, 4)"),
        (lambda: masked_softmax(torch.ones(3, 4), torch.ones(3, 4)), "torch.float32, but must be boolean"),
        (
            lambda: MultiHeadAttention(d_model=10, heads=4),
            "heads = 4 does not divide d_model = 10: take one of",
        ),
        (lambda: MultiHeadAttention(d_model=10, heads=4), "1, 2, 5, 10 heads"),
        (lambda: MultiHeadAttention(d_model=0, heads=1), "d_model is 0"),
        (lambda: MultiHeadAttention(d_model=4, heads=0), "heads is 0"),
        (lambda: MultiHeadAttention(d_model=4, heads=2.0), "heads is 2.0"),
        (lambda: MultiHeadAttention(d_model=4, heads=True), "heads is True"),
        (lambda: MultiHeadAttention(d_model=4, heads=2, d_k=-1), "d_k is -1"),
        (lambda: MultiHeadAttention(d_model=4, heads=2, dropout=2), "dropout is 2"),
        (lambda: MultiHeadAttention(d_model=9, heads=3, rotary=True), "d_k = 3 is odd"),
        (lambda: HEADS_OF_TWO(X[0]), "x has shape (5, 6), but must be (batch, positions, d_model = 6)"),
        (lambda: HEADS_OF_TWO(X[..., :5]), "x has shape (2, 5, 5)"),
        (lambda: HEADS_OF_TWO(X, X[..., :5]), "memory has shape (2, 5, 5)"),
        (lambda: HEADS_OF_TWO(X, X[:1].repeat(3, 1, 1)), "query (2, 3, 5, 2), key (3, 3, 5, 2)"),
        (lambda: HEADS_OF_TWO(X, mask=masks.causal(4)), "T = 5 queries and S = 5 keys"),
        (lambda: HEADS_OF_TWO(X, mask=masks.padding([5, 5, 5])), "does not fit scores of shape (2, 3, 5, 5)"),
        (lambda: HEADS_OF_TWO(X, bias=torch.zeros(4, 5, 5)), "bias has shape (4, 1, 5, 5)"),
        (lambda: HEADS_OF_TWO(X, cache=KeyValueCache()), "inside torch.no_grad()"),
        (lambda: KeyValueCache().key, "the cache is empty"),
        (lambda: KeyValueCache().value, "the cache is empty"),
        (lambda: KeyValueCache().append(X, X), "key has shape (2, 5, 6)"),
        (lambda: KeyValueCache().append(X[None], X[None, :, 1:]), "value (1, 2, 4, 6)"),
        (
            lambda: filled().append(torch.zeros(3, 3, 1, 2), torch.zeros(3, 3, 1, 2)),
            "cache holds (2, 3, 4, 2)",
        ),
        (lambda: filled().append(torch.zeros(2, 3, 1, 2), torch.zeros(2, 3, 1, 3)), "value has shape"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)
