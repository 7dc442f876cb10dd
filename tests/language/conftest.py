import pytest
from tiny_backbones import MODELS

from semgrasp.language import GraspLanguageModel


@pytest.fixture(params=MODELS)
def model(request) -> GraspLanguageModel:
    """Every kind of backbone in turn."""
    return MODELS[request.param]()
