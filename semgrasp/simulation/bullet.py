"""A fixed hand and a free object in PyBullet: what the published scripts compute, to the digit.

Each run is a fresh world fed from files, as theirs: V-HACD 2 pieces of the object as one compound
body, the hand as a static concave triangle mesh. Nothing is printed and no file stays.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.spatial import ConvexHull

from semgrasp.errors import require
from semgrasp.simulation.decomposition_settings import Decomposition
from semgrasp.simulation.displacement_rule import BULLET_DAMPING, DisplacementRule
from semgrasp.simulation.mass_properties import MassProperties


class BulletScene:
    """The object as V-HACD 2 pieces in a file's text; the hand comes with each pull."""

    def __init__(
        self,
        vertices: Float[ndarray, "V 3"],
        faces: Int[ndarray, "F 3"],
        object_pieces: Sequence[Float[ndarray, "_ 3"]] | None,
        mass: MassProperties,
        rule: DisplacementRule,
    ) -> None:
        require("pybullet", extra="pybullet")
        self._mass = mass
        self._rule = rule
        self._object_obj = (
            _vhacd(vertices, faces, rule.decomposition)
            if object_pieces is None
            else _pieces_obj(object_pieces)
        )

    def pull(
        self, hand_vertices: Float[ndarray, "V 3"], hand_faces: Int[ndarray, "F 3"]
    ) -> tuple[Float[ndarray, "3"], Float[ndarray, "directions 3"]]:
        """Centre of mass in [m] at the start, and at the end under each gravity of the rule."""
        start = self._mass.centre_of_mass
        with tempfile.TemporaryDirectory(prefix="semgrasp-") as folder:
            hand_file, object_file = Path(folder, "hand.obj"), Path(folder, "object.obj")
            hand_file.write_text(_obj(hand_vertices, hand_faces))
            object_file.write_text(self._object_obj)
            ends = [self._end(hand_file, object_file, gravity) for gravity in self._rule.gravity]
        return start, np.array(ends)

    def _end(
        self, hand_file: Path, object_file: Path, gravity: tuple[float, float, float]
    ) -> Float[ndarray, "3"]:
        bullet = require("pybullet", extra="pybullet")
        rule = self._rule
        client = bullet.connect(bullet.DIRECT)
        try:
            bullet.setPhysicsEngineParameter(
                numSolverIterations=rule.solver_iterations,
                fixedTimeStep=rule.time_step,
                # Two worlds may name their files alike; the content must not be shared.
                enableFileCaching=0,
                physicsClientId=client,
            )
            bullet.setGravity(*gravity, physicsClientId=client)
            hand_shape = bullet.createCollisionShape(
                bullet.GEOM_MESH,
                fileName=str(hand_file),
                flags=bullet.GEOM_FORCE_CONCAVE_TRIMESH,
                physicsClientId=client,
            )
            hand = bullet.createMultiBody(
                baseMass=0, baseCollisionShapeIndex=hand_shape, physicsClientId=client
            )
            object_shape = bullet.createCollisionShape(
                bullet.GEOM_MESH, fileName=str(object_file), physicsClientId=client
            )
            body = bullet.createMultiBody(
                baseMass=rule.mass,
                baseCollisionShapeIndex=object_shape,
                baseInertialFramePosition=self._mass.centre_of_mass.tolist(),
                physicsClientId=client,
            )
            restitutions = (rule.hand_restitution, rule.object_restitution)
            for which, restitution in zip((hand, body), restitutions, strict=True):
                bullet.changeDynamics(
                    which,
                    -1,
                    lateralFriction=self._lateral_friction(),
                    restitution=restitution,
                    physicsClientId=client,
                )
            if rule.damping != BULLET_DAMPING:
                # Not for the default: to state it changes the motion (angular damping differs).
                bullet.changeDynamics(
                    body,
                    -1,
                    linearDamping=rule.damping,
                    angularDamping=rule.damping,
                    physicsClientId=client,
                )
            for _ in range(rule.steps):
                bullet.stepSimulation(physicsClientId=client)
            # The position of the centre of mass, not of the frame of the vertices.
            position, _ = bullet.getBasePositionAndOrientation(body, physicsClientId=client)
        finally:
            bullet.disconnect(client)
        return np.array(position)

    def _lateral_friction(self) -> float:
        # Bullet multiplies the two coefficients.
        rule = self._rule
        return rule.friction if rule.friction_combination == "product" else rule.friction**0.5


def _vhacd(
    vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"], decomposition: Decomposition
) -> str:
    """The convex pieces that PyBullet's V-HACD 2 finds, as the text of its OBJ file."""
    bullet = require("pybullet", extra="pybullet")
    with tempfile.TemporaryDirectory(prefix="semgrasp-") as folder:
        whole, pieces = Path(folder, "whole.obj"), Path(folder, "pieces.obj")
        whole.write_text(_obj(vertices, faces))
        with _silent_stdout():
            bullet.vhacd(
                str(whole),
                str(pieces),
                str(Path(folder, "log.txt")),
                resolution=decomposition.resolution,
                concavity=decomposition.concavity,
                planeDownsampling=decomposition.plane_downsampling,
                convexhullDownsampling=decomposition.hull_downsampling,
                alpha=decomposition.alpha,
                beta=decomposition.beta,
                maxNumVerticesPerCH=decomposition.max_corners,
                minVolumePerCH=decomposition.min_volume_per_piece,
            )
        return pieces.read_text()


def _obj(vertices: Float[ndarray, "V 3"], faces: Int[ndarray, "F 3"]) -> str:
    lines = [f"v {x:.9f} {y:.9f} {z:.9f}" for x, y, z in vertices.tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (faces + 1).tolist()]
    return "\n".join(lines) + "\n"


def _pieces_obj(pieces: Sequence[Float[ndarray, "_ 3"]]) -> str:
    """Each piece as a group, which Bullet reads as one convex member of a compound."""
    text, offset = [], 0
    for i, corners in enumerate(pieces):
        text.append(f"o piece{i}\n" + _obj(corners, ConvexHull(corners).simplices + offset))
        # Indices count through the file.
        offset += len(corners)
    return "".join(text)


@contextmanager
def _silent_stdout() -> Iterator[None]:
    """V-HACD prints from C, past Python's standard output."""
    kept = os.dup(1)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)
