"""PyBullet reproduces the published scripts: our engine is their loop, no more and no less."""

import os
from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh

from semgrasp.hand import open_hand
from semgrasp.simulation import GRASPTTA, OAKINK, DisplacementTest, simulation_displacement
from semgrasp.types import Grasp, ObjectShape

bullet = pytest.importorskip("pybullet")


@pytest.fixture(scope="module")
def cup_in_hand() -> tuple[np.ndarray, np.ndarray, ObjectShape]:
    """A cup with an off-centre handle and a hand around it."""
    hand = open_hand(dtype=torch.float64)
    outer = trimesh.creation.cylinder(0.03, 0.1, sections=32)
    inner = trimesh.creation.cylinder(0.027, 0.1, sections=32)
    inner.apply_translation([0, 0, 0.004])
    handle = trimesh.creation.box([0.03, 0.01, 0.06])
    handle.apply_translation([0.04, 0.0, 0.0])
    mesh = outer.union(handle).difference(inner)
    angles = torch.zeros(15, 3, dtype=torch.float64)
    angles[:12] = 0.7 * hand.flexion_axes[:12]
    T = torch.eye(4, dtype=torch.float64)
    T[:3, 3] = torch.tensor([0.095, 0.055, 0.0], dtype=torch.float64)
    posed = hand.pose(Grasp(T, angles, torch.zeros(10, dtype=torch.float64)))
    shape = ObjectShape("cup", mesh.vertices, mesh.faces.astype(np.int64))
    return posed.vertices_object.numpy(), hand.faces.numpy(), shape


def _write(path, vertices, faces):
    with path.open("w") as file:
        for x, y, z in vertices:
            file.write(f"v {x:.9f} {y:.9f} {z:.9f}\n")
        for a, b, c in faces + 1:
            file.write(f"f {a} {b} {c}\n")


def naive_displacement(
    folder, hand_vertices, hand_faces, shape, *, recentre, resolution, concavity
):
    """The published loop, line by line, with PyBullet's functions and nothing of ours."""
    vertices = shape.vertices_object
    if recentre:
        hand_vertices = hand_vertices - vertices.mean(0)
        vertices = vertices - vertices.mean(0)
    hand_file, whole, parts = folder / "h.obj", folder / "o.obj", folder / "parts.obj"
    _write(hand_file, hand_vertices, hand_faces)
    _write(whole, vertices, shape.faces)
    bullet.vhacd(
        str(whole), str(parts), str(folder / "log.txt"),
        resolution=resolution, concavity=concavity, alpha=0.05, beta=0.0,
        planeDownsampling=4, convexhullDownsampling=4,
        maxNumVerticesPerCH=64, minVolumePerCH=0.0001,
    )  # fmt: skip
    client = bullet.connect(bullet.DIRECT)
    bullet.setPhysicsEngineParameter(numSolverIterations=150, physicsClientId=client)
    bullet.setTimeStep(1 / 240, physicsClientId=client)
    bullet.setGravity(0, 9.8, 0, physicsClientId=client)
    hand = bullet.createMultiBody(
        0,
        bullet.createCollisionShape(
            bullet.GEOM_MESH, fileName=str(hand_file),
            flags=bullet.GEOM_FORCE_CONCAVE_TRIMESH, physicsClientId=client,
        ),
        physicsClientId=client,
    )  # fmt: skip
    centre = vertices.mean(0)
    body = bullet.createMultiBody(
        1,
        bullet.createCollisionShape(bullet.GEOM_MESH, fileName=str(parts), physicsClientId=client),
        basePosition=[0, 0, 0],
        baseInertialFramePosition=centre.tolist(),
        physicsClientId=client,
    )
    bullet.changeDynamics(hand, -1, lateralFriction=3, restitution=0, physicsClientId=client)
    bullet.changeDynamics(body, -1, lateralFriction=3, restitution=0.5, physicsClientId=client)
    for _ in range(35):
        bullet.stepSimulation(physicsClientId=client)
    end = np.array(bullet.getBasePositionAndOrientation(body, physicsClientId=client)[0])
    bullet.disconnect(client)
    return float(np.linalg.norm(end - centre) if recentre else np.linalg.norm(end))


@pytest.mark.parametrize(
    ("rule", "settings"),
    [
        (OAKINK, {"recentre": False, "resolution": 100_000, "concavity": 0.0025}),
        (GRASPTTA, {"recentre": True, "resolution": 1000, "concavity": 0.001}),
    ],
    ids=["oakink", "grasptta"],
)
def test_our_engine_is_the_naive_loop_to_the_last_digit(cup_in_hand, tmp_path, rule, settings):
    ours = simulation_displacement(
        cup_in_hand[0], cup_in_hand[1], cup_in_hand[2], rule, engine="pybullet"
    )
    naive = naive_displacement(tmp_path, *cup_in_hand, **settings)
    assert 0.001 < ours.mean < 0.1
    assert ours.mean == pytest.approx(naive, abs=1e-12)


def test_the_published_displacement_depends_on_the_resolution_of_v_hacd(cup_in_hand):
    fine = OAKINK
    finer = replace(fine, decomposition=replace(fine.decomposition, resolution=300_000))
    moved = [
        simulation_displacement(
            cup_in_hand[0], cup_in_hand[1], cup_in_hand[2], rule, engine="pybullet"
        ).mean
        for rule in (fine, finer)
    ]
    assert abs(moved[0] - moved[1]) > 0.0002


def test_a_second_hand_is_not_confused_with_the_first(cup_in_hand):
    vertices, faces, shape = cup_in_hand
    test = DisplacementTest(shape, GRASPTTA, engine="pybullet")
    first = test.run(vertices, faces).mean
    away = test.run(vertices + 1.0, faces).mean
    assert away == pytest.approx(0.1068416, abs=1e-6)
    assert test.run(vertices, faces).mean == first


def test_nothing_is_printed_and_no_file_stays(cup_in_hand, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path)
    simulation_displacement(
        cup_in_hand[0], cup_in_hand[1], cup_in_hand[2], GRASPTTA, engine="pybullet"
    )
    assert capfd.readouterr().out == ""
    assert os.listdir(tmp_path) == []
