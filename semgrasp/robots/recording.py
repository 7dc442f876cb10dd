"""What happened in a simulation, pose by pose, for a film of it."""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

from dataclasses import dataclass, field

import mujoco
import numpy as np
from jaxtyping import Float
from numpy import ndarray


@dataclass(eq=False)
class Recording:
    """Watches a simulation (`RobotTrial.lift(..., watch=recording)`) and keeps every n-th look."""

    every: int = 3
    """A lift is looked at every 20 ms: 3 gives 17 frames per second of simulated time."""
    _looks: int = 0
    _poses: list[Float[ndarray, "bodies 4 4"]] = field(default_factory=list)
    _object: int = -1

    def __call__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Keep where everything is now."""
        self._looks += 1
        if (self._looks - 1) % self.every:
            return
        mujoco.mj_kinematics(model, data)
        Ts_world_body = np.tile(np.eye(4), (model.nbody, 1, 1))
        Ts_world_body[:, :3, :3] = data.xmat.reshape(-1, 3, 3)
        Ts_world_body[:, :3, 3] = data.xpos
        self._poses.append(Ts_world_body)
        self._object = model.body("object").id

    @property
    def frames_per_second(self) -> float:
        """Of simulated time."""
        return 50.0 / self.every

    def __len__(self) -> int:
        return len(self._poses)

    def body_poses(self) -> Float[ndarray, "frames bodies 4 4"]:
        """Ts_world_body in [m], the robot's bodies numbered as in its own model."""
        return np.stack(self._poses)

    def object_poses(self) -> Float[ndarray, "frames 4 4"]:
        """T_world_object in [m]."""
        return self.body_poses()[:, self._object]

    def approach_from(
        self, direction_world: Float[ndarray, "3"], *, distance: float = 0.1, frames: int = 12
    ) -> None:
        """Put before the first frame a way on which the robot comes to where it begins.

        Args:
            direction_world: Unit vector along which it moves.
            distance: In [m].
        """
        first = self._poses[0]
        before = []
        for share in np.linspace(1.0, 0.0, frames, endpoint=False):
            Ts = first.copy()
            robot = np.arange(len(Ts)) != self._object
            Ts[robot, :3, 3] -= share * distance * direction_world
            before.append(Ts)
        self._poses[:0] = before
