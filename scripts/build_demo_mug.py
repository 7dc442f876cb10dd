"""Write the mug that `semgrasp demo` grasps: a procedural one, as a small OBJ in metres.

python scripts/build_demo_mug.py
"""

from pathlib import Path

import numpy as np
import trimesh

from semgrasp.dataset import object_id, split_of
from semgrasp.objects.procedural import make_object

TARGET = Path(__file__).parents[1] / "semgrasp" / "cli" / "demo" / "mug.obj"
YAW = 0.7
"""The handle points nowhere special, as in a user's file, in [rad]."""


def main() -> None:
    """Take the first mug that training never sees, turn it, stand it on z = 0, write it."""
    seed = next(seed for seed in range(1000) if split_of(object_id("mug", seed)) == "test")
    shape = make_object("mug", seed).shape
    mug = trimesh.Trimesh(shape.vertices_object, shape.faces, process=False)
    mug.apply_transform(trimesh.transformations.rotation_matrix(YAW, (0, 0, 1)))
    mug.apply_translation((0, 0, -mug.bounds[0, 2]))
    lines = ["# A procedural mug in metres, +z up; Apache-2.0, made by scripts/build_demo_mug.py"]
    lines += [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in mug.vertices]
    lines += [f"f {a} {b} {c}" for a, b, c in np.asarray(mug.faces) + 1]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text("\n".join(lines) + "\n")
    print(f"Wrote mug {seed}, {len(mug.faces)} faces, {TARGET.stat().st_size / 1e3:.0f} kB.")


if __name__ == "__main__":
    main()
