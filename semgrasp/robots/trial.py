"""A robot's grasp in simulation: closed until it touches, pulled from six sides, or lifted."""

# MuJoCo's bindings are compiled and carry no type stubs.
# pyright: reportAttributeAccessIssue=false

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import mujoco
import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.robots.robot_grasp import RobotGrasp
from semgrasp.robots.robot_hand import RobotHand
from semgrasp.simulation import convex_decomposition
from semgrasp.simulation.bench import (
    DEXGRASPBENCH,
    BenchResult,
    DexGraspBenchRule,
    GraspBench,
    Stages,
)
from semgrasp.types import ObjectShape

_GRAVITY = 9.81
"""In [m/s^2]."""
_LOOK_EVERY = 0.02
"""In [s]."""


@dataclass(frozen=True, kw_only=True)
class LiftRule:
    """How a lift is tried."""

    height: float = 0.2
    """In [m]."""
    close_seconds: float = 0.8
    """From the pregrasp to the squeeze, while the object is held up."""
    seconds: float = 1.5
    """For the way up."""
    settle_seconds: float = 0.5
    """Under gravity, before the way up and after it."""
    slip_limit: float = 0.05
    """Of the object's centre of mass against the hand, in [m]."""


class LiftResult(NamedTuple):
    """What became of an object that was lifted."""

    success: bool
    slip: float
    """Motion of its centre of mass against the hand since before the hand closed, in [m]."""
    reason: str
    """Why it failed, empty for a success."""


Watch = Callable[[mujoco.MjModel, mujoco.MjData], None]
"""Called every 20 ms of simulated time, for a film; the hand is as high as it would be."""


class RobotTrial:
    """One robot and one object, compiled once, tried for many grasps.

    Args:
        robot: The hand.
        shape: The object.
        pieces: Vertices of convex pieces whose union is the object, in its frame in [m]; by
            default the object is decomposed.
        rule: Constants of the benchmark.
    """

    def __init__(
        self,
        robot: RobotHand,
        shape: ObjectShape,
        pieces: Sequence[Float[ndarray, "_ 3"]] | None = None,
        *,
        rule: DexGraspBenchRule = DEXGRASPBENCH,
    ) -> None:
        if pieces is None:
            pieces = convex_decomposition(shape.vertices_object, shape.faces)
        self.robot = robot
        self.rule = rule
        self._bench = GraspBench(robot.spec, pieces, rule)
        model = self._bench.model
        self._driven = [model.joint(int(i)).name for i in model.actuator_trnid[:, 0]]

    def run(self, grasp: RobotGrasp) -> BenchResult:
        """DexGraspBench's test of the grasp as it stands: pregrasp, grasp, squeeze, six pulls."""
        return self._bench.run(self.stages(grasp))

    def lift(
        self, grasp: RobotGrasp, rule: LiftRule | None = None, *, watch: Watch | None = None
    ) -> LiftResult:
        """Close on the object while something else holds it, let gravity have it, raise the hand.

        Up is +z of the object frame. The way up is simulated in the hand's frame, where raising it
        is weight that changes with its acceleration: a body that is moved as `mocap` has no
        velocity in MuJoCo, so friction would not carry anything along with it.
        """
        rule = rule or LiftRule()
        bench = self._bench
        model, data = bench.model, bench.data
        stages = self.stages(grasp)
        if not np.isfinite(stages.controls).all():
            return LiftResult(False, np.inf, "the commands of the hand are not finite")
        bench.start(stages)
        body = model.body("object").id
        start = data.xipos[body].copy()
        step_seconds = model.opt.timestep
        every = max(1, round(_LOOK_EVERY / step_seconds))

        def simulate(seconds: float, *, climb: float = 0.0, from_height: float = 0.0) -> None:
            count = round(seconds / step_seconds)
            for step in range(count):
                share = step / count
                # Least jerk (Flash and Hogan, 1985): height, and its second derivative.
                if climb > 0.0:
                    bend = 60.0 * share - 180.0 * share**2 + 120.0 * share**3
                    model.opt.gravity[2] = -_GRAVITY - climb / seconds**2 * bend
                mujoco.mj_step(model, data)
                if watch is not None and step % every == 0:
                    rise = 10.0 * share**3 - 15.0 * share**4 + 6.0 * share**5
                    self._show(watch, from_height + climb * rise)

        try:
            self._hold_up(rate=100.0)
            for before, after in itertools.pairwise(stages.controls):
                for share in np.linspace(0.1, 1.0, 10):
                    data.ctrl[:] = before + share * (after - before)
                    simulate(rule.close_seconds / 20)
            self._hold_up(rate=0.0)
            model.opt.gravity[2] = -_GRAVITY
            simulate(rule.settle_seconds)
            simulate(rule.seconds, climb=rule.height)
            model.opt.gravity[2] = -_GRAVITY
            simulate(rule.settle_seconds, from_height=rule.height)
        finally:
            self._hold_up(rate=0.0)
            model.opt.gravity[:] = 0.0
        slip = float(np.linalg.norm(data.xipos[body] - start))
        if not slip < rule.slip_limit:
            return LiftResult(False, slip, f"the object slipped {100 * slip:.1f} cm in the hand")
        return LiftResult(True, slip, "")

    def _show(self, watch: Watch, height: float) -> None:
        """Let hand and object be seen where they would be in the room."""
        data = self._bench.data
        z = int(self._bench.model.joint("object").qposadr[0]) + 2
        base, thing = data.mocap_pos[0, 2], data.qpos[z]
        data.mocap_pos[0, 2], data.qpos[z] = base + height, thing + height
        watch(self._bench.model, data)
        data.mocap_pos[0, 2], data.qpos[z] = base, thing

    def stages(self, grasp: RobotGrasp) -> Stages:
        """The grasp as commands of this robot's servos.

        Raises:
            InputError: The grasp is another robot's.
        """
        if set(grasp.joint_names) != set(self._driven):
            raise InputError(
                f"A grasp of {grasp.robot!r} moves {', '.join(grasp.joint_names)}; "
                f"{self.robot.description.name!r} has {', '.join(self._driven)}."
            )
        order = [grasp.joint_names.index(name) for name in self._driven]
        controls = np.stack([grasp.pregrasp_qpos, grasp.qpos, grasp.squeeze_qpos])[:, order]
        order = [grasp.joint_names.index(name) for name in self.robot.joint_names]
        independent = torch.from_numpy(grasp.pregrasp_qpos[order])
        qpos = self.robot.kinematics.model_qpos(independent).numpy()
        return Stages(grasp.T_object_base, qpos, controls)

    def _hold_up(self, *, rate: float) -> None:
        model, body = self._bench.model, self._bench.model.body("object")
        model.dof_damping[-6:-3] = rate * body.mass
        model.dof_damping[-3:] = rate * body.inertia
