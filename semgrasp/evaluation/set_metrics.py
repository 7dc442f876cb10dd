"""Measurements of all grasps together: variety, asked parts, fingers, likeness to real ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from semgrasp.errors import InputError
from semgrasp.evaluation.entry import one_line
from semgrasp.evaluation.report import Measured
from semgrasp.evaluation.sample import GraspSample
from semgrasp.hand import HandModel
from semgrasp.metrics.contact import touched_parts
from semgrasp.metrics.diversity import Features, diversity, diversity_features
from semgrasp.metrics.frechet import CloudConvention, grasp_cloud, p_fid
from semgrasp.metrics.part_accuracy import semantic_part_accuracy
from semgrasp.metrics.pointnet_features import PointNetFeatures
from semgrasp.metrics.protocols import Protocol
from semgrasp.types import FINGERS, Grasp


def set_metrics(
    samples: Sequence[GraspSample],
    measured: Sequence[Measured],
    protocol: Protocol,
    wanted: Sequence[str],
    *,
    seed: int,
    reference: Sequence[GraspSample] | None = None,
    pointnet: Path | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """The wanted metrics by name, and a sentence for each that cannot be computed.

    Args:
        samples: The grasps that were measured, in the order of `measured`.
    """
    found: dict[str, Any] = {}
    notes = []
    for name in wanted:
        try:
            if name == "diversity":
                value = _diversity(samples, protocol, seed)
            elif name == "part_accuracy":
                value = _part_accuracy(samples)
            elif name == "finger_contact":
                value = _finger_contact(measured)
            else:
                value = _p_fid(samples, protocol, reference, pointnet, seed)
        except InputError as error:
            notes.append(f"No {name}: {one_line(error)}")
        else:
            if value is not None:
                found[name] = value
    return found, notes


def _diversity(samples: Sequence[GraspSample], protocol: Protocol, seed: int) -> dict[str, Any]:
    rule = protocol.diversity
    assert rule is not None
    known = [(s.hand_model, s.grasp) for s in samples if s.hand_model is not None and s.grasp]
    if not known:
        raise InputError("The poses of bare hand meshes are not known.")
    rows = [_features(model, grasp, rule.features) for model, grasp in known]
    return diversity(np.concatenate(rows), rule, seed=seed)._asdict()


def _features(model: HandModel, grasp: Grasp, features: Features) -> Float[ndarray, "1 d"]:
    one = Grasp(grasp.T_object_hand[None], grasp.finger_angles[None], grasp.betas[None], grasp.side)
    return diversity_features(model, one, features)


def _part_accuracy(samples: Sequence[GraspSample]) -> dict[str, Any] | None:
    """Over grasps of labelled objects that were asked for a part; None where there are none."""
    asked = [
        (sample, sample.hand_model)
        for sample in samples
        if sample.asked_part and sample.hand_model is not None
    ]
    if not asked:
        return None
    touched = [
        touched_parts(sample.shape, sample.hand_vertices_object, model.vertex_finger.numpy())
        for sample, model in asked
    ]
    accuracy = semantic_part_accuracy(
        touched,
        [sample.shape.part_names for sample, _ in asked],
        [sample.asked_part for sample, _ in asked],
    )
    return accuracy._asdict() | {"not_asked": len(samples) - len(asked)}


def _finger_contact(measured: Sequence[Measured]) -> dict[str, float] | None:
    """Share of grasps in which each region of the hand touches."""
    regions = [grasp.values.get("contact_regions") for grasp in measured]
    touching = [set(text.split(", ")) for text in regions if isinstance(text, str)]
    if not touching:
        return None
    return {name: sum(name in names for names in touching) / len(touching) for name in FINGERS}


def _p_fid(
    samples: Sequence[GraspSample],
    protocol: Protocol,
    reference: Sequence[GraspSample] | None,
    pointnet: Path | None,
    seed: int,
) -> float | None:
    """Distance to the reference; None where nobody gave weights or a reference."""
    convention = protocol.p_fid
    assert convention is not None
    if reference is None or pointnet is None:
        return None
    extractor = PointNetFeatures.load(pointnet)
    with torch.inference_mode():
        return p_fid(
            _clouds(samples, convention, seed), _clouds(reference, convention, seed), extractor
        )


def _clouds(
    samples: Sequence[GraspSample], convention: CloudConvention, seed: int
) -> Float[ndarray, "n points 3"]:
    return np.stack(
        [
            grasp_cloud(
                (sample.hand_vertices_object, sample.hand_faces),
                sample.shape,
                convention=convention,
                seed=seed,
            )
            for sample in samples
        ]
    )
