"""The hands most tests look at."""

import pytest
import torch

from semgrasp.hand import HandModel, open_hand


@pytest.fixture(scope="session")
def hand() -> HandModel:
    return open_hand(dtype=torch.float64)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)
