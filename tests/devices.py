"""Where the package's tests compute: `pytest --device cuda` runs them on a graphics card.

There, new tensors are made on that device unless a test says otherwise. What asks nothing of a device is left out.
"""

from pathlib import Path

import pytest
import torch

TESTS = Path(__file__).resolve().parent
# Files and folders beside tests of the package, each with what it is about instead.
LEFT_OUT = {
    "book": "runs the chapters, which compute on the processor",
    "browser": "asks the pages",
    "explore": "asks figures, which are made for browsers",
    "study": "asks records and tables",
    "test_benchmarks.py": "measures nothing: it asks whether the benchmarks run",
    "test_devices.py": "asks this very option",
    "test_groups.py": "asks how tests are shared out",
    "test_house.py": "asks the website's build",
}


def generator(seed: int) -> torch.Generator:
    """A start of random numbers, on the device where new tensors are made."""
    return torch.Generator(torch.get_default_device()).manual_seed(seed)


def pytest_addoption(parser):
    parser.addoption(
        "--device", default="cpu", help="where the package's tests compute: cpu (default), cuda, ..."
    )


def pytest_configure(config):
    if (device := config.getoption("device")) != "cpu":
        torch.set_default_device(device)  # before the test files are read: some make tensors as they are
        torch.backends.cudnn.allow_tf32 = False  # convolutions in float32, as on the processor


@pytest.hookimpl(tryfirst=True)  # before a fixture opens a browser
def pytest_runtest_setup(item):
    if (device := item.config.getoption("device")) != "cpu":
        place = item.path.relative_to(TESTS).parts[0]
        if place in LEFT_OUT:
            pytest.skip(f"left out on {device}: it {LEFT_OUT[place]}")
