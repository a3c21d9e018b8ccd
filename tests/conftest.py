"""What every test of the package starts from, and how the tests are shared out among processes."""

import pytest
import torch
from hypothesis import settings

from transformer_lite.study.fashion import MissingData

from .devices import pytest_addoption, pytest_configure, pytest_runtest_setup
from .groups import (
    pytest_collection_modifyitems,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)
from .times import pytest_runtest_logreport, pytest_sessionfinish

__all__ = [
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_runtest_logreport",
    "pytest_runtest_setup",
    "pytest_sessionfinish",
    "pytest_xdist_auto_num_workers",
    "pytest_xdist_make_scheduler",
]

settings.register_profile("repository", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("repository")
torch.set_num_threads(1)  # the tensors here are small: a second thread costs more than it gives


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    """What learns from pictures that are not installed is not tested."""
    try:
        return (yield)
    except MissingData as reason:
        pytest.skip(str(reason))


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture
def device(pytestconfig):
    """Where the package's tests compute: `pytest --device cuda`."""
    return torch.device(pytestconfig.getoption("device"))
