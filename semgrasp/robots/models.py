"""Find the model file of a robot hand and compile it, whether it is MJCF or URDF."""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

import importlib.util
import os
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

import mujoco
import trimesh

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
    return "missing: pip install mujoco-menagerie"


def compile_model(path: Path, root_body: str = "") -> mujoco.MjModel:
    """Compile an MJCF or URDF file.

    Args:
        root_body: Links of a URDF that do not hang on this one need not be seen.

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
        converted = _make_readable(root, path, root_body)
        text = ET.tostring(root, encoding="unicode")
        return mujoco.MjModel.from_xml_string(text, converted)
    except ValueError as error:
        raise InputError(f"MuJoCo cannot read {path}: {' '.join(str(error).split())}.") from error


def _make_readable(robot: ET.Element, path: Path, root_body: str) -> dict[str, bytes]:
    """Resolve `package://` paths of a URDF and keep what MuJoCo would drop: frames and visuals.

    Returns:
        Contents of files that were converted, by the names that the URDF now has for them.
    """
    converted: dict[str, bytes] = {}
    seen = _links_below(robot, root_body)
    for link in robot.iter("link"):
        for shape in [*link.findall("visual"), *link.findall("collision")]:
            mesh = shape.find("geometry/mesh")
            if mesh is None:
                continue
            file = _mesh_file(mesh.get("filename", ""), path)
            if file is None and shape.tag == "collision":
                raise InputError(f"{path}: the collision mesh {mesh.get('filename')!r} is missing.")
            if file is None or (shape.tag == "visual" and link.get("name") not in seen):
                link.remove(shape)
                continue
            mesh.set("filename", str(file))
            if file.suffix.lower() not in _MESHES_MUJOCO_READS:
                name = f"{file}.stl"
                mesh.set("filename", name)
                converted[name] = _as_stl(file)
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
    return converted


def _links_below(robot: ET.Element, root_body: str) -> set[str | None]:
    """Names of a link and all that hang on it; of all links where none has this name."""
    links = {link.get("name") for link in robot.iter("link")}
    if root_body not in links:
        return links
    found: set[str | None] = {root_body}
    # A joint may come before the one it hangs on.
    for _ in links:
        for joint in robot.findall("joint"):
            parent, child = joint.find("parent"), joint.find("child")
            if parent is not None and child is not None and parent.get("link") in found:
                found.add(child.get("link"))
    return found


def _as_stl(file: Path) -> bytes:
    """A mesh of another format, such as COLLADA, in one piece."""
    try:
        mesh = trimesh.load_mesh(file)
        content = mesh.export(file_type="stl")
    except (ValueError, NotImplementedError, ImportError) as error:
        raise InputError(f"The mesh {file} cannot be read: {error}.") from error
    assert isinstance(content, bytes)
    return content


def _mesh_file(name: str, urdf: Path) -> Path | None:
    """The file a URDF means, looked for beside the URDF and in the folders above it."""
    relative = name.removeprefix("file://")
    if name.startswith("package://"):
        relative = name.removeprefix("package://")
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
    try:
        cache, robot = mujoco_menagerie.Cache(), mujoco_menagerie.get(name)
    except mujoco_menagerie.MenagerieError as error:
        raise InputError(f"Menagerie has no model {name!r}: {error}.") from error
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
            "pip install mujoco-menagerie; or set MENAGERIE_ROOT to a checkout of "
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
