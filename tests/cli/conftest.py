"""An untrained model, so that behaviour is tested without the trained weights."""

from pathlib import Path

import pytest
from tiny_checkpoint import save_tiny_checkpoint


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint"))
