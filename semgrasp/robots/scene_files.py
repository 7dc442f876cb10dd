"""Robot and object as a scene that other programs open: MuJoCo's MJCF and Pixar's USD."""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Sequence
from pathlib import Path

import mujoco
import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError, require
from semgrasp.robots.appearance import visible_meshes
from semgrasp.types import ObjectShape


def write_mjcf(
    folder: Path,
    hand: mujoco.MjSpec,
    shape: ObjectShape,
    pieces: Sequence[Float[ndarray, "_ 3"]],
    T_object_base: Float[ndarray, "4 4"],
    qpos: Float[ndarray, " nq"],
    mass_kg: float,
) -> Path:
    """Write `scene.xml` and its meshes, with a key frame "grasp"; returns the XML's path.

    The object is a free body of convex pieces at the world's origin; the hand's base is where the
    grasp has it. Nothing outside the folder is referred to.

    Args:
        folder: Made if need be.
        hand: A specification whose only root body is the base.
        pieces: Corners in [m] of convex pieces whose union is the object.
        qpos: Of all joints of the model, coupled ones too, in [rad] or [m].
        mass_kg: Of the object.
    """
    spec = hand.copy()
    (base,) = spec.worldbody.bodies
    base.pos = T_object_base[:3, 3]
    mujoco.mju_mat2Quat(base.quat, np.ascontiguousarray(T_object_base[:3, :3]).ravel())
    assets = folder / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    _collect_meshes(spec, assets)
    body = spec.worldbody.add_body(name="object")
    body.add_freejoint(name="object")
    body.mass, body.inertia, body.ipos = mass_kg, _inertia(shape, mass_kg), np.zeros(3)
    body.explicitinertial = True
    looks = _add_mesh(spec, assets, "object", shape.vertices_object, shape.faces)
    body.add_geom(
        name="object", type=mujoco.mjtGeom.mjGEOM_MESH, meshname=looks, contype=0, conaffinity=0,
        group=2, rgba=[0.36, 0.56, 0.84, 1.0],
    )  # fmt: skip
    for i, corners in enumerate(pieces):
        hull = _hull(corners)
        name = _add_mesh(spec, assets, f"object_piece{i}", *hull)
        body.add_geom(
            name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, group=3,
            friction=[0.6, 0.02, 0.0001], condim=4,
        )  # fmt: skip
    spec.meshdir = str(assets.resolve())
    model = spec.compile()
    if model.nq != len(qpos) + 7:
        raise InputError(f"This hand has {model.nq - 7} joint positions, got {len(qpos)}.")
    free = np.array([0.0, 0, 0, 1, 0, 0, 0])
    spec.add_key(name="grasp", qpos=np.concatenate([qpos, free]), ctrl=np.zeros(model.nu))
    path = folder / "scene.xml"
    # The specification must find its meshes as it is written; whoever reads it, beside it.
    path.write_text(spec.to_xml().replace(spec.meshdir, assets.name))
    return path


def write_usd(
    path: Path,
    model: mujoco.MjModel,
    Ts_object_body: Float[ndarray, "bodies 4 4"],
    shape: ObjectShape,
) -> None:
    """Write a USD stage in metres, +z up: `/scene/object` and `/scene/hand/<body>`.

    Args:
        path: Ends in .usda (text), .usdc (binary) or .usd.
        Ts_object_body: Pose of each body of the model in [m].

    Raises:
        InputError: Another ending.
        MissingExtraError: usd-core is not installed.
    """
    if path.suffix not in (".usd", ".usda", ".usdc"):
        raise InputError(f"Not a USD file name: {path.name}. It ends in .usda, .usdc or .usd.")
    usd = require("pxr.Usd", extra="usd")
    geom = require("pxr.UsdGeom", extra="usd")
    gf = require("pxr.Gf", extra="usd")
    stage = usd.Stage.CreateNew(str(path))
    geom.SetStageUpAxis(stage, geom.Tokens.z)
    geom.SetStageMetersPerUnit(stage, 1.0)
    stage.SetDefaultPrim(geom.Xform.Define(stage, "/scene").GetPrim())
    _usd_mesh(geom, stage, "/scene/object", shape.vertices_object, shape.faces, (0.36, 0.56, 0.84))
    named: dict[int, str] = {}
    for i, mesh in enumerate(visible_meshes(model)):
        if mesh.body not in named:
            name = "".join(c if c.isalnum() else "_" for c in model.body(mesh.body).name)
            named[mesh.body] = f"/scene/hand/{name or 'body'}_{mesh.body}"
            placed = geom.Xform.Define(stage, named[mesh.body])
            # USD multiplies row vectors: its matrices are the transposes of ours.
            placed.AddTransformOp().Set(gf.Matrix4d(*Ts_object_body[mesh.body].T.ravel().tolist()))
        _usd_mesh(
            geom, stage, f"{named[mesh.body]}/mesh{i}", mesh.vertices_body, mesh.faces, mesh.colour
        )
    stage.GetRootLayer().Save()


def _usd_mesh(geom, stage, path: str, vertices: ndarray, faces: ndarray, colour) -> None:
    mesh = geom.Mesh.Define(stage, path)
    mesh.CreatePointsAttr(vertices.astype(np.float32).tolist())
    mesh.CreateFaceVertexCountsAttr([3] * len(faces))
    mesh.CreateFaceVertexIndicesAttr(faces.ravel().tolist())
    mesh.CreateSubdivisionSchemeAttr(geom.Tokens.none)
    mesh.CreateDisplayColorAttr([tuple(map(float, colour))])


def _collect_meshes(spec: mujoco.MjSpec, assets: Path) -> None:
    """Copy the hand's mesh files; a mesh given by its vertices is written."""
    source = Path(spec.modelfiledir or ".") / (spec.meshdir or "")
    for mesh in spec.meshes:
        if mesh.file:
            content = spec.assets.get(mesh.file)
            given = Path(mesh.file)
            if content is None:
                found = given if given.is_absolute() else source / given
                if not found.is_file():
                    raise InputError(f"The hand's mesh {found} is missing, so no scene is written.")
                content = found.read_bytes()
            # Files of one name may come from several folders.
            target = f"{mesh.name or given.stem}{given.suffix}".replace("/", "_").replace(":", "_")
            (assets / target).write_bytes(content)
            mesh.name, mesh.file = mesh.name or given.stem, target
    for texture in list(spec.textures):
        # A grasp needs no looks; textures would need their files too.
        for material in spec.materials:
            material.textures = [""] * len(material.textures)
        spec.delete(texture)


def _add_mesh(
    spec: mujoco.MjSpec,
    assets: Path,
    name: str,
    vertices: Float[ndarray, "V 3"],
    faces: Int[ndarray, "F 3"],
) -> str:
    lines = [f"v {x:.7g} {y:.7g} {z:.7g}" for x, y, z in vertices]
    lines += [f"f {a} {b} {c}" for a, b, c in faces + 1]
    (assets / f"{name}.obj").write_text("\n".join(lines) + "\n")
    spec.add_mesh(name=name, file=f"{name}.obj")
    return name


def _hull(corners: Float[ndarray, "n 3"]) -> tuple[Float[ndarray, "V 3"], Int[ndarray, "F 3"]]:
    import trimesh

    hull = trimesh.convex.convex_hull(corners)
    return np.asarray(hull.vertices), np.asarray(hull.faces)


def _inertia(shape: ObjectShape, mass_kg: float) -> Float[ndarray, "3"]:
    """Of a box as large as the object: near enough for a scene to play with."""
    size = np.ptp(shape.vertices_object, axis=0)
    return mass_kg / 12.0 * ((size**2).sum() - size**2)
