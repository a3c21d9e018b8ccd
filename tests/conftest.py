"""What every test of the package starts from."""

import pytest
import torch
from hypothesis import settings

settings.register_profile("repository", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("repository")


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)
