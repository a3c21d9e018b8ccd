"""Tensors that a module keeps and does not save are right wherever its weights come from."""

import copy

import pytest
import torch
from torch import nn

from tests.test_bad_input import CASES
from transformer_lite.positions import SinusoidalPositions, sinusoidal


def keeps_something(function, *arguments):
    made = function(**arguments[0]) if len(arguments) > 1 else None
    return isinstance(made, nn.Module) and any(part._non_persistent_buffers_set for part in made.modules())


NAMES = [name for name, case in CASES.items() if keeps_something(*case)]


def test_those_that_keep_something_are_found():
    assert {"positions.SinusoidalPositions", "positions.RelativeBias2d", "swin.SwinBlock"} <= set(NAMES)
    assert {"transformer.LanguageModel", "transformer.Transformer", "swin.Swin"} <= set(NAMES)


def module_of(name):
    function, options, inputs = CASES[name]
    return function(**options).eval(), inputs


def without_memory(name):
    with torch.device("meta"):
        return module_of(name)[0]


def set_aside(module):
    """Memory that is only set aside holds anything: here NaN, and the largest whole number."""
    torch.use_deterministic_algorithms(True)
    try:
        return module.to_empty(device="cpu")
    finally:
        torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize(("memory", "assign"), [(True, False), (True, True), (False, True)])
@pytest.mark.parametrize("name", NAMES)
def test_weights_are_loaded_into_a_module_that_had_no_memory(name, memory, assign):
    (right, inputs), module = module_of(name), without_memory(name)
    module = set_aside(module) if memory else module
    module.load_state_dict(copy.deepcopy(right.state_dict()), assign=assign)
    assert torch.equal(module(**inputs), right(**inputs))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", NAMES)
def test_a_module_that_was_in_16_bits_computes_as_before(name, dtype):
    (right, inputs), (module, _) = module_of(name), module_of(name)
    module.to(dtype).float().load_state_dict(right.state_dict())
    assert torch.equal(module(**inputs), right(**inputs))


@pytest.mark.parametrize("name", NAMES)
def test_copies_compute_the_same(name):
    right, inputs = module_of(name)
    expected = right(**inputs)
    assert torch.equal(copy.deepcopy(right)(**inputs), expected)
    assert torch.equal(right.type(torch.float64).type(torch.float32)(**inputs), expected)


def test_the_table_of_sinusoids_is_that_of_float32_whatever_the_weights_are():
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        module = SinusoidalPositions(d_model=8, max_length=2048).to(dtype)
        assert torch.equal(module.table, sinusoidal(2048, d_model=8))
        x = torch.randn(1, 5, 8, dtype=dtype)
        codes = sinusoidal(torch.arange(2000, 2005), d_model=8, dtype=dtype)
        torch.testing.assert_close(module(x, start=2000), x + codes, rtol=0, atol=0)
