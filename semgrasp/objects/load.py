"""Load a mesh from a file: find its unit, turn it upright, centre it, close it; say what was done.

Everything done is reversible: `ObjectShape.T_file_object` leads back to the file's frame and unit.
"""

import zipfile
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.types import ObjectShape

Units = Literal["auto", "m", "cm", "mm"]
Up = Literal["x", "y", "z", "-x", "-y", "-z"]

METRES_PER = {"m": 1.0, "cm": 0.01, "mm": 0.001}
SMALLEST, LARGEST = 0.005, 1.5
"""Longest side in [m] of what one hand can grasp or hold on to."""
MAX_FILE_BYTES = 500_000_000
SIMPLIFY_ABOVE = 200_000
"""Faces above which a copy with coarser triangles stands in for the mesh."""
_SIMPLIFY_TOLERANCE = 0.0005
"""How far in [m] the simplified surface may leave the given one."""

_ARCHIVES = {"zip", "bz2", "tar.gz", "tar.bz2"}
"""Formats of trimesh that unpack other files, to a size that nobody can foresee."""
_ZIPPED = {"3mf", "zae", "3dxml"}
"""Mesh formats that are zip files."""
_MAX_BOUNDARY = 20_000
"""Boundary edges above which a surface is not patched: it has no holes, it is in pieces."""

# Columns are the file's axes in the object frame, chosen so that "up" becomes +z.
_R_OBJECT_FILE = {
    "z": np.eye(3),
    "-z": np.diag([1.0, -1.0, -1.0]),
    "y": np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
    "-y": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "x": np.array([[0.0, 0, -1], [0, 1, 0], [1, 0, 0]]),
    "-x": np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]),
}


def load_object(
    path: str | Path, *, up: str = "z", units: str = "auto", name: str | None = None
) -> ObjectShape:
    """Read a triangle mesh in any format trimesh reads.

    Args:
        path: Mesh file (.obj, .ply, .stl, .off, .glb, .gltf, .3mf, .dae, ...). Scenes are merged.
        up: Axis of the file that points up in use; glTF files usually want "y".
        units: Unit of the file's numbers, or "auto" to tell from the size.
        name: Name of the object; the file's by default.

    Raises:
        InputError: The file cannot be used; the message says why and what to do.
    """
    if up not in _R_OBJECT_FILE:
        raise InputError(f"Unknown up axis {up!r}. Allowed: {', '.join(sorted(_R_OBJECT_FILE))}.")
    if units not in ("auto", *METRES_PER):
        raise InputError(f"Unknown units {units!r}. Allowed: auto, m, cm, mm.")
    path = Path(path)
    vertices, faces = _read(path)
    notes: list[str] = []
    if path.suffix.lower() in (".glb", ".gltf") and up == "z":
        notes.append("Read with +z up as asked; glTF files usually have +y up (--up y).")

    size = float(np.ptp(vertices, axis=0).max())
    if size == 0:
        raise InputError(f"{path.name} has no extent: all its vertices coincide.")
    if units == "auto":
        units, why = _guess_units(size)
        notes.append(why)
    scale = METRES_PER[units]
    if not SMALLEST <= size * scale <= LARGEST:
        raise InputError(
            f"{path.name} is {size * scale:.4g} m long when read in {units}; an object to grasp "
            f"measures {SMALLEST * 1e3:.0f} mm to {LARGEST} m. If its unit is another, say so "
            "with units (--units): m, cm or mm."
        )

    R_object_file = _R_OBJECT_FILE[up]
    upright = scale * vertices @ R_object_file.T
    vertices, faces = _clean(upright, faces, path, notes)
    middle = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    T_file_object = np.eye(4)
    T_file_object[:3, :3] = R_object_file.T / scale
    T_file_object[:3, 3] = R_object_file.T @ middle / scale
    vertices, faces, is_watertight = _close(vertices - middle, faces, notes)
    return ObjectShape(
        name=name or path.stem,
        vertices_object=vertices,
        faces=faces,
        T_file_object=T_file_object,
        is_watertight=is_watertight,
        notes=tuple(notes),
    )


def _guess_units(size: float) -> tuple[str, str]:
    # What a hand holds is about 2 cm to 60 cm long; each unit gets the range that fits it best.
    units = "m" if size <= LARGEST else ("cm" if size <= 40 else "mm")
    said = {"m": "metres", "cm": "centimetres", "mm": "millimetres"}[units]
    length = size * METRES_PER[units] * 100
    return units, (
        f"Read in {said}: the longest side is {size:.4g}, which makes {length:.3g} cm. "
        "Say units (--units) if that is wrong."
    )


def _read(path: Path) -> tuple[Float[ndarray, "V 3"], ndarray]:
    import trimesh

    if not path.exists():
        raise InputError(f"No mesh file at {path}. Check the path.")
    if path.is_dir():
        raise InputError(f"{path} is a folder; give a mesh file such as mug.obj.")
    if not path.is_file():
        # Opening a named pipe would wait for ever.
        raise InputError(f"{path} is not a regular file; give a mesh file such as mug.obj.")
    kind = path.suffix.lower().lstrip(".")
    if kind not in trimesh.available_formats() - _ARCHIVES:
        common = ", ".join(k for k in ("obj", "ply", "stl", "off", "glb", "gltf", "3mf", "dae"))
        raise InputError(f"Cannot read {path.name}: unknown format {kind!r}. Use one of: {common}.")
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty (0 bytes).")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise InputError(
            f"{path.name} has {path.stat().st_size / 1e6:.0f} MB; at most "
            f"{MAX_FILE_BYTES / 1e6:.0f} MB are read. Simplify the mesh first."
        )
    if kind in _ZIPPED:
        _refuse_bomb(path)
    try:
        # Materials are skipped, so a missing texture does not matter and none is opened.
        loaded = trimesh.load_scene(path, process=False, skip_materials=True)
    except MemoryError as error:
        raise InputError(f"{path.name} claims more data than memory can hold.") from error
    except Exception as error:
        # A parser for strangers' files fails in many ways; all of them mean a damaged file.
        raise InputError(
            f"Cannot read {path.name} as {kind}: it is damaged or not really {kind} "
            f"({type(error).__name__})."
        ) from error
    meshes = [m for m in loaded.dump() if isinstance(m, trimesh.Trimesh) and len(m.faces)]
    if not meshes:
        points = [g for g in loaded.geometry.values() if len(getattr(g, "vertices", ()))]
        if points:
            raise InputError(
                f"{path.name} holds points without faces; a mesh with triangles is needed. "
                "Reconstruct a surface first (for example Poisson reconstruction in MeshLab)."
            )
        raise InputError(f"{path.name} holds no mesh: it has no vertices or no faces.")
    counts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    vertices = np.concatenate([np.asarray(mesh.vertices, dtype=np.float64) for mesh in meshes])
    faces = np.concatenate(
        [np.asarray(mesh.faces, dtype=np.int64) + n for mesh, n in zip(meshes, counts, strict=True)]
    )
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise InputError(f"{path.name} is damaged: a face names a vertex that is not there.")
    # Vertices of no face would count towards the size of the object.
    used, flat = np.unique(faces, return_inverse=True)
    vertices, faces = vertices[used], flat.reshape(-1, 3)
    if not np.isfinite(vertices).all():
        bad = int((~np.isfinite(vertices)).any(axis=1).sum())
        raise InputError(
            f"{path.name} has {bad} vertices that are not finite numbers (NaN or infinity). "
            "Repair or export the mesh again."
        )
    return vertices, faces


def _refuse_bomb(path: Path) -> None:
    """A small zip file can unpack to terabytes; its directory says how much it claims to hold."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise InputError(f"Cannot read {path.name}: it is damaged, not a zip container.") from error
    if size > MAX_FILE_BYTES:
        raise InputError(
            f"{path.name} unpacks to {size / 1e6:.0f} MB; at most {MAX_FILE_BYTES / 1e6:.0f} MB "
            "are read. Simplify the mesh first."
        )


def _clean(
    vertices: ndarray, faces: ndarray, path: Path, notes: list[str]
) -> tuple[ndarray, ndarray]:
    """Drop degenerate and repeated faces, join seams, coarsen what is too fine."""
    if len(faces) > SIMPLIFY_ABOVE:
        given = len(faces)
        vertices, faces = _simplify(vertices, faces)
        notes.append(f"{given:,} faces were simplified to {len(faces):,}, true to about 0.5 mm.")
    distinct = (faces != np.roll(faces, 1, axis=1)).all(axis=1)
    corners = vertices[faces]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    if not (distinct & (area > 0)).any():
        raise InputError(f"{path.name} has no area: every face is degenerate.")
    if not is_closed(faces):
        # Formats such as STL repeat every vertex; but where a closed surface touches itself,
        # merging would tear it, so only an open one is merged.
        vertices, inverse = np.unique(vertices, axis=0, return_inverse=True)
        faces = inverse.reshape(-1)[faces]
        faces = faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]
        _, first = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
        faces = faces[np.sort(first)]
    used, flat = np.unique(faces, return_inverse=True)
    return vertices[used], flat.reshape(-1, 3)


def is_closed(faces: ndarray) -> bool:
    """Whether every directed edge is met once by its opposite."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    count = faces.max() + 1
    forward = np.sort(edges[:, 0] * count + edges[:, 1])
    return bool(
        np.array_equal(forward, np.sort(edges[:, 1] * count + edges[:, 0]))
        and (np.diff(forward) > 0).all()
    )


def _simplify(vertices: ndarray, faces: ndarray) -> tuple[ndarray, ndarray]:
    import manifold3d

    if is_closed(faces):
        mesh = manifold3d.Mesh64(vertices, faces.astype(np.uint64))
        solid = manifold3d.Manifold(mesh)
        if solid.status() == manifold3d.Error.NoError:
            coarse = solid.simplify(_SIMPLIFY_TOLERANCE).to_mesh64()
            return np.asarray(coarse.vert_properties)[:, :3], np.asarray(coarse.tri_verts, np.int64)
    # An open surface has no solid to simplify; merge the vertices of small cells instead.
    cell = np.round((vertices - vertices.min(axis=0)) / (2 * _SIMPLIFY_TOLERANCE)).astype(np.int64)
    # At most 1500 cells a side; one number per cell sorts ten times faster than three.
    key = (cell[:, 0] << 40) | (cell[:, 1] << 20) | cell[:, 2]
    _, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    merged = [np.bincount(inverse, weights=vertices[:, i]) / count for i in range(3)]
    faces = inverse[faces]
    return np.stack(merged, axis=1), faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]


def _close(vertices: ndarray, faces: ndarray, notes: list[str]) -> tuple[ndarray, ndarray, bool]:
    """Fill small holes and turn faces outward where that is possible."""
    import trimesh

    mesh = trimesh.Trimesh(vertices, faces, process=False)
    if not (mesh.is_watertight and mesh.is_winding_consistent):
        given = mesh.faces.copy()
        filled = not mesh.is_watertight and _fill_holes(mesh)
        mesh.faces = _oriented(mesh.vertices, mesh.faces)
        if mesh.is_watertight:
            if filled:
                notes.append("The surface was repaired: small holes were filled.")
            elif not np.array_equal(given, mesh.faces):
                notes.append("The surface was repaired: faces were turned outward.")
        else:
            notes.append(
                "The surface is open: penetration is estimated, and volumes, the stability check "
                "and whatever else needs an inside cannot be computed."
            )
    if mesh.is_watertight and mesh.volume < 0:
        mesh.invert()
        notes.append("The surface was inside out and was turned.")
    return np.asarray(mesh.vertices, dtype=np.float64), np.asarray(mesh.faces), mesh.is_watertight


def _fill_holes(mesh) -> bool:
    """Close holes of three or four edges; whether the surface encloses a volume after that."""
    import trimesh

    edges = np.sort(mesh.edges, axis=1)
    _, count = np.unique(edges[:, 0] * len(mesh.vertices) + edges[:, 1], return_counts=True)
    if (count == 1).sum() > _MAX_BOUNDARY:
        return False
    given = mesh.faces.copy()
    trimesh.repair.fill_holes(mesh)
    # A sheet closed by its own back has no inside.
    enclosed = abs(_cone_volumes(mesh.vertices, mesh.faces).sum())
    if mesh.is_watertight and enclosed > 1e-6 * float(np.prod(mesh.extents)):
        return True
    mesh.faces = given
    return False


def _oriented(vertices: ndarray, faces: ndarray) -> ndarray:
    """Faces turned to agree with their neighbours, and outward in each connected piece."""
    import igl

    agreeing, piece = map(np.asarray, igl.bfs_orient(np.ascontiguousarray(faces, dtype=np.int64)))
    volume = np.bincount(piece, weights=_cone_volumes(vertices, agreeing))
    inward = volume[piece] < 0
    return np.where(inward[:, None], agreeing[:, ::-1], agreeing)


def _cone_volumes(vertices: ndarray, faces: ndarray) -> ndarray:
    """Signed volume between each face and the middle; the sum of a closed surface is its volume."""
    a, b, c = (vertices[faces[:, i]] - vertices.mean(axis=0) for i in range(3))
    return (a * np.cross(b, c)).sum(axis=1) / 6
