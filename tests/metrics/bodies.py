"""Bodies of known shape for the tests of metrics."""

import numpy as np
import trimesh

from semgrasp.types import ObjectShape


def arrays(mesh: trimesh.Trimesh) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and faces as plain arrays."""
    return np.array(mesh.vertices), np.array(mesh.faces)


def shape_of(mesh: trimesh.Trimesh, name: str = "body") -> ObjectShape:
    """The mesh as an object."""
    return ObjectShape(name, *arrays(mesh))


def capsule(radius: float, length: float, *, sections: int = 32) -> trimesh.Trimesh:
    """A capsule along z around the origin, with vertices along its side as a finger has."""
    # Finer caps would end in slivers, which trimesh drops.
    bend = np.linspace(0.0, np.pi / 2, min(sections // 4, 12) + 1)
    cap = np.stack([radius * np.sin(bend), -length / 2 - radius * np.cos(bend)], axis=1)
    side = np.linspace(-length / 2, length / 2, max(3, int(length / 0.002)))[1:-1]
    side = np.stack([np.full(len(side), radius), side], axis=1)
    profile = np.concatenate([cap, side, cap[::-1] * [1.0, -1.0]])
    return trimesh.creation.revolve(profile, sections=sections)


def turned(mesh: trimesh.Trimesh, seed: int) -> trimesh.Trimesh:
    """The mesh after a random rotation about the origin."""
    draws = np.random.default_rng(seed).random(3)
    return mesh.copy().apply_transform(trimesh.transformations.random_rotation_matrix(draws))
