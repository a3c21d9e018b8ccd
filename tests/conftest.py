"""What every test of the package starts from."""

import pytest
import torch
from hypothesis import settings

settings.register_profile("repository", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("repository")
torch.set_num_threads(1)  # the tensors here are small: a second thread costs more than it gives


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)
