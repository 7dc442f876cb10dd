"""Errors that say what was given, what is allowed and what to do."""

import importlib
from types import ModuleType


class SemgraspError(Exception):
    """Base of every error this package raises on purpose."""


class InputError(SemgraspError, ValueError):
    """A value, file or text from the user cannot be used as given."""


class AssetNotFoundError(SemgraspError, FileNotFoundError):
    """A file the user must provide (a licensed hand, a checkpoint) is not there."""


def require(module: str, *, extra: str) -> ModuleType:
    """Import an optional package, or say which extra of semgrasp installs it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise SemgraspError(
            f"This needs the package {module!r}. Install it with: pip install 'semgrasp[{extra}]'."
        ) from error
