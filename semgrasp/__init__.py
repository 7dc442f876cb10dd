"""Say what you want to do with an object, get the human hand grasp that does it."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .generate import GraspGenerator as GraspGenerator
    from .generate import Prediction as Prediction
    from .hand import HandModel as HandModel
    from .hand import open_hand as open_hand
    from .objects import load_object as load_object
    from .types import Grasp as Grasp
    from .types import GraspTokens as GraspTokens
    from .types import ObjectShape as ObjectShape

__version__ = "0.1.0"

# Torch alone takes over a second to import, so a name is fetched when it is first used.
_HOME_OF = {
    "GraspGenerator": ".generate",
    "Prediction": ".generate",
    "HandModel": ".hand",
    "open_hand": ".hand",
    "load_object": ".objects",
    "Grasp": ".types",
    "GraspTokens": ".types",
    "ObjectShape": ".types",
}
__all__ = ["__version__", *_HOME_OF]


def __getattr__(name: str):
    if name not in _HOME_OF:
        raise AttributeError(f"module 'semgrasp' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME_OF[name], __name__), name)
