"""Find the model file of a robot hand and compile it, whether it is MJCF or URDF."""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

import importlib.util
import os
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

import mujoco

from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.robots.description import ModelSource

_MESHES_MUJOCO_READS = (".stl", ".obj", ".msh")


def find_model(sources: Iterable[ModelSource]) -> tuple[ModelSource, Path]:
    """The first source whose file is on this machine, or else the first that can be downloaded.

    Menagerie's models are looked for in `MENAGERIE_ROOT` (a checkout) or in the cache of the
    package `mujoco-menagerie`, which downloads them only when no other source is there: without
    network a download takes seconds to fail.

    Raises:
        AssetNotFoundError: None is; says what to install or set.
    """
    sources = tuple(sources)
    for source in sources:
        path = _local_path(source)
        if path is not None:
            return source, path
    failures = []
    for source in sources:
        if source.kind != "menagerie":
            failures.append(_missing(source))
            continue
        try:
            return source, _downloaded(source)
        except AssetNotFoundError as error:
            failures.append(str(error))
    raise AssetNotFoundError("This robot's model was not found. " + " Or: ".join(failures))


def where_found(sources: Iterable[ModelSource]) -> str:
    """In words, where a hand's model would come from; nothing is downloaded."""
    sources = tuple(sources)
    found = next((source for source in sources if _local_path(source) is not None), None)
    if found is not None:
        return found.kind.replace("_", "-")
    has_downloads = importlib.util.find_spec("mujoco_menagerie") is not None
    if has_downloads and any(source.kind == "menagerie" for source in sources):
        return "menagerie (downloaded when first used)"
    return "missing: pip install 'semgrasp[robots]'"


def compile_model(path: Path) -> mujoco.MjModel:
    """Compile an MJCF or URDF file.

    Raises:
        InputError: It is neither, or MuJoCo refuses it; says why.
    """
    try:
        root = ET.parse(path).getroot()
    except (ET.ParseError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not XML: {error}.") from error
    if root.tag not in ("robot", "mujoco"):
        raise InputError(f"{path} is neither MJCF (<mujoco>) nor URDF (<robot>): <{root.tag}>.")
    try:
        if root.tag == "mujoco":
            return mujoco.MjModel.from_xml_path(str(path))
        text = ET.tostring(_readable_urdf(root, path), encoding="unicode")
        return mujoco.MjModel.from_xml_string(text)
    except ValueError as error:
        raise InputError(f"MuJoCo cannot read {path}: {' '.join(str(error).split())}.") from error


def _readable_urdf(robot: ET.Element, path: Path) -> ET.Element:
    """Resolve `package://` paths, drop meshes MuJoCo cannot read, keep frames and visuals."""
    for link in robot.iter("link"):
        for shape in [*link.findall("visual"), *link.findall("collision")]:
            mesh = shape.find("geometry/mesh")
            if mesh is None:
                continue
            file = _mesh_file(mesh.get("filename", ""), path)
            if file is None and shape.tag == "collision":
                raise InputError(
                    f"{path}: the collision mesh {mesh.get('filename')!r} was not found, or is "
                    f"none of {', '.join(_MESHES_MUJOCO_READS)}."
                )
            if file is None:
                link.remove(shape)
            else:
                mesh.set("filename", str(file))
    for extension in robot.findall("mujoco"):
        robot.remove(extension)
    extension = ET.SubElement(robot, "mujoco")
    ET.SubElement(
        extension,
        "compiler",
        strippath="false",
        # Inertia tensors that no body can have are common in URDF.
        balanceinertia="true",
        fusestatic="false",
        discardvisual="false",
    )
    return robot


def _mesh_file(name: str, urdf: Path) -> Path | None:
    """The file a URDF means, looked for beside the URDF and in the folders above it."""
    relative = name.removeprefix("file://")
    if name.startswith("package://"):
        relative = name.removeprefix("package://")
    if Path(relative).suffix.lower() not in _MESHES_MUJOCO_READS:
        return None
    for folder in urdf.resolve().parents:
        for candidate in (folder / relative, folder / Path(*Path(relative).parts[1:])):
            if candidate.is_file():
                return candidate
    return None


def _local_path(source: ModelSource) -> Path | None:
    if source.kind == "menagerie":
        path = _menagerie_path(source)
    elif source.kind == "gymnasium_robotics":
        path = _packages_folder("gymnasium_robotics") / "envs/assets" / source.path
    elif source.kind == "example_robot_data":
        # A bundle of data without a module of its own.
        path = _packages_folder("mujoco").parent
        path = path / "cmeel.prefix/share/example-robot-data/robots" / source.path
    else:
        path = Path(source.path)
    return path if path is not None and path.is_file() else None


def _menagerie_path(source: ModelSource) -> Path | None:
    """In the checkout, or in the package's cache if it was downloaded before."""
    if root := os.environ.get("MENAGERIE_ROOT"):
        return Path(root) / source.path
    if importlib.util.find_spec("mujoco_menagerie") is None:
        return None
    import mujoco_menagerie

    name, *rest = Path(source.path).parts
    cache, robot = mujoco_menagerie.Cache(), mujoco_menagerie.get(name)
    return cache.model_path(robot).joinpath(*rest) if cache.is_cached(robot) else None


def _packages_folder(package: str) -> Path:
    """The folder of an installed package; one that does not exist where it is not installed."""
    spec = importlib.util.find_spec(package)
    return Path(package) if spec is None or spec.origin is None else Path(spec.origin).parent


def _downloaded(source: ModelSource) -> Path:
    name, *rest = Path(source.path).parts
    if root := os.environ.get("MENAGERIE_ROOT"):
        raise AssetNotFoundError(f"MENAGERIE_ROOT is {root}, which holds no {source.path}.")
    if importlib.util.find_spec("mujoco_menagerie") is None:
        raise AssetNotFoundError(
            "Install mujoco-menagerie, which downloads it on first use: "
            "pip install 'semgrasp[robots]'; or set MENAGERIE_ROOT to a checkout of "
            "google-deepmind/mujoco_menagerie."
        )
    import mujoco_menagerie

    try:
        return mujoco_menagerie.get(name).path().joinpath(*rest)
    except mujoco_menagerie.MenagerieError as error:
        raise AssetNotFoundError(
            f"mujoco-menagerie could not download {name} ({error}). Connect once, or set "
            "MENAGERIE_ROOT to a checkout of google-deepmind/mujoco_menagerie."
        ) from error


def _missing(source: ModelSource) -> str:
    if source.kind == "file":
        return f"There is no file {source.path}."
    package = source.kind.replace("_", "-")
    return f"Install {package}: pip install 'semgrasp[robots-offline]'."
