"""A tokenizer small enough to train inside a test."""

import pytest
import torch
from tokenizer_samples import TINY, random_cloud, random_grasp

from semgrasp.tokenizer import GraspTokenizer


@pytest.fixture
def tokenizer() -> GraspTokenizer:
    """Untrained, with codebooks that k-means has placed."""
    torch.manual_seed(0)
    tokenizer = GraspTokenizer(TINY)
    tokens = tokenizer.encode_object(random_cloud(4))
    tokenizer.train()
    tokenizer(random_grasp(4, 16), tokens)
    return tokenizer.eval()
