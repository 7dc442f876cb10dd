"""Which hand a file of poses is shown with, and whose surface a bare mesh is."""

from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.evaluation.sample import GraspSample, part_named_in
from semgrasp.hand import HandModel, load_mano, open_hand
from semgrasp.metrics.closing import (
    LARGEST_HAND,
    SMALLEST_HAND,
    closed_hand,
    enclosed_volume,
)
from semgrasp.types import Grasp, ObjectShape, Side


def side_named(value: object) -> Side:
    """The side of a hand, as a file names it."""
    if value == "right":
        return "right"
    if value == "left":
        return "left"
    raise InputError(f"Unknown side {value!r}. Allowed: right, left.")


class HandSource:
    """The open hand, or the user's own MANO file, for either side; in double precision.

    Args:
        hand: "open", a path to MANO's files, or a hand model; the other side of a model is its
            mirror image.
    """

    def __init__(self, hand: str | Path | HandModel = "open") -> None:
        self._hand = hand
        self._models: dict[Side, HandModel] = {}
        self._closed: dict[int, tuple[HandModel, Int[ndarray, "F 3"]]] = {}

    def model(self, side: Side) -> HandModel:
        """The hand of a side."""
        if side not in self._models:
            self._models[side] = self._load(side).to(dtype=torch.float64, device="cpu")
        return self._models[side]

    def _load(self, side: Side) -> HandModel:
        if isinstance(self._hand, HandModel):
            return self._hand if self._hand.side == side else self._hand.mirrored()
        if self._hand == "open":
            return open_hand(side)
        return load_mano(self._hand, side)

    @property
    def name(self) -> str:
        """Name of the hand model."""
        return self.model("right").name

    @cached_property
    def _known(self) -> list[HandModel]:
        """Hands whose surface is recognised by its triangles: ours, and the one given."""
        opened = HandSource("open")
        models = [opened.model("right"), opened.model("left")]
        if self._hand != "open":
            models += [self.model("right"), self.model("left")]
        return models

    def faces(self, model: HandModel) -> Int[ndarray, "F 3"]:
        """Triangles of a model's surface, with the wrist closed."""
        if id(model) not in self._closed:
            vertices = model.template_vertices.double().numpy()
            faces = closed_hand(vertices, model.faces.numpy().astype(np.int64))
            # The model is kept beside its faces, so that its id stays taken.
            self._closed[id(model)] = (model, faces)
        return self._closed[id(model)][1]

    def posed(
        self, name: str, shape: ObjectShape, grasp: Grasp, *, instruction: str = ""
    ) -> GraspSample:
        """A sample of the hand in a pose; the asked part is the one the instruction names."""
        grasp = Grasp(
            grasp.T_object_hand.double(),
            grasp.finger_angles.double(),
            grasp.betas.double(),
            grasp.side,
        )
        for what in ("T_object_hand", "finger_angles", "betas"):
            if not bool(getattr(grasp, what).isfinite().all()):
                raise InputError(f"{what} holds numbers that are not finite.")
        model = self.model(grasp.side)
        vertices = model.pose(grasp).vertices_object.numpy()
        asked = part_named_in(instruction, shape.part_names)
        return GraspSample(
            name, shape, vertices, self.faces(model), model, grasp, instruction, asked
        )

    def bare(
        self,
        name: str,
        shape: ObjectShape,
        vertices_object: Float[ndarray, "V 3"],
        faces: Int[ndarray, "F 3"],
        *,
        instruction: str = "",
    ) -> GraspSample:
        """A sample of a hand's surface; its fingers are known where its triangles are."""
        size = float(np.ptp(vertices_object, axis=0).max())
        if not SMALLEST_HAND <= size <= LARGEST_HAND:
            raise InputError(
                f"The hand measures {size:.3g} m when its numbers are read in the unit of the "
                f"object; a hand measures {SMALLEST_HAND} m to {LARGEST_HAND} m. Say the unit of "
                "both files with --units."
            )
        asked = part_named_in(instruction, shape.part_names)
        model = self._model_of(len(vertices_object), faces)
        if model is not None and enclosed_volume(vertices_object, self.faces(model)) < 0:
            # An inside-out right hand has the triangles of a left one, and the other way round.
            model = self._other_side(model)
        faces = self.faces(model) if model is not None else closed_hand(vertices_object, faces)
        return GraspSample(name, shape, vertices_object, faces, model, None, instruction, asked)

    def _other_side(self, model: HandModel) -> HandModel | None:
        """The other hand of a pair."""
        pair = (other for other in self._known if other.name == model.name)
        return next((other for other in pair if other.side != model.side), None)

    def _model_of(self, num_vertices: int, faces: Int[ndarray, "F 3"]) -> HandModel | None:
        """The known hand with these triangles."""
        for model in self._known:
            if num_vertices == len(model.template_vertices) and (
                np.array_equal(model.faces.numpy(), faces)
                or np.array_equal(self.faces(model), faces)
            ):
                return model
        return None
