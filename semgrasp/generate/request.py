"""What may be asked for, checked before anything is computed."""

import math
from dataclasses import dataclass

from semgrasp.errors import InputError
from semgrasp.types import Instruction

MAX_GRASPS = 256
MAX_TEMPERATURE = 10.0
DEFAULT_TEMPERATURE = 0.7
"""Sharper than the data: a grasp that fits well is wanted more than a rare one."""


@dataclass(frozen=True)
class Request:
    """A question that can be answered."""

    instruction: Instruction
    num_grasps: int
    seed: int
    temperature: float


def check_request(
    instruction: str | Instruction,
    *,
    num_grasps: int = 1,
    seed: int = 0,
    temperature: float | None = None,
) -> Request:
    """The request, or an error that says which part of it cannot be used."""
    return Request(
        _check_instruction(instruction),
        _check_num_grasps(num_grasps),
        _check_seed(seed),
        DEFAULT_TEMPERATURE if temperature is None else _check_temperature(temperature),
    )


def _check_instruction(instruction: str | Instruction) -> Instruction:
    text = instruction.text if isinstance(instruction, Instruction) else instruction
    if not isinstance(text, str):
        raise InputError(
            f"The instruction must be text, got {type(text).__name__}. "
            "Say what to do, such as 'hold it by the handle to drink'."
        )
    # Lone surrogates, from undecodable bytes on a command line, cannot be tokenized or written.
    readable = text.encode("utf-8", "replace").decode("utf-8")
    if not readable.strip():
        raise InputError(
            "The instruction is empty. Say what to do, such as 'hold it by the handle to drink'."
        )
    return Instruction(" ".join(readable.split()))


def _check_num_grasps(num_grasps: int) -> int:
    if isinstance(num_grasps, bool) or not isinstance(num_grasps, int):
        raise InputError(f"num_grasps must be a whole number, got {num_grasps!r}.")
    if not 1 <= num_grasps <= MAX_GRASPS:
        raise InputError(f"num_grasps must be 1 to {MAX_GRASPS}, got {num_grasps}.")
    return num_grasps


def _check_temperature(temperature: float) -> float:
    if math.isnan(temperature) or not 0.0 <= temperature <= MAX_TEMPERATURE:
        raise InputError(
            f"temperature must be 0 (likeliest only) to {MAX_TEMPERATURE:g} (anything goes), "
            f"got {temperature}."
        )
    return float(temperature)


def _check_seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise InputError(f"seed must be a whole number from 0 to 2^63 - 1, got {seed!r}.")
    return seed
