"""The heading follows the object, and points where its geometry does."""

import math

import numpy as np
import pytest
import torch

from semgrasp.geometry import rotation_about_z
from semgrasp.objects import heading, load_object
from semgrasp.objects.procedural import make_object

SEEDS = range(5)


def difference(a: float, b: float) -> float:
    """Angle between two directions in [rad]."""
    return abs((a - b + math.pi) % (2 * math.pi) - math.pi)


def sample(shape, seed):
    generator = torch.Generator().manual_seed(seed)
    points = shape.sample(2048, generator=generator).points_object
    return points + 0.0005 * torch.randn(points.shape, generator=generator)


def feature_direction(made) -> float:
    """Yaw of what sticks out (a site's front), or from the thick end to the slender one."""
    for site in made.sites:
        if site.kind in ("hook", "trigger"):
            return math.atan2(site.front_object[1], site.front_object[0])
    handle = made.solids["handle"][0].mean(axis=0)
    rest = np.concatenate([v for part, (v, _) in made.solids.items() if part != "handle"])
    # A knife's blade and a screwdriver's shaft are slenderer than the handle, a pan is not.
    towards_handle = made.shape.category in ("hammer", "fryingpan")
    direction = (handle - rest.mean(axis=0)) * (1 if towards_handle else -1)
    return math.atan2(direction[1], direction[0])


@pytest.mark.parametrize("angle", [-2.5, -0.3, 0.0, 1.0, 3.0])
@pytest.mark.parametrize("category", ["mug", "knife", "hammer"])
def test_turning_the_object_turns_its_heading_equally(category, angle):
    points = sample(make_object(category, 0).shape, 0)
    turned = points @ rotation_about_z(torch.tensor(angle)).mT
    assert difference(heading(turned), heading(points) + angle) < 1e-3


@pytest.mark.parametrize(
    "category", ["mug", "trigger_sprayer", "knife", "hammer", "fryingpan", "screwdriver"]
)
def test_heading_is_the_direction_of_the_feature(category):
    errors = []
    for seed in SEEDS:
        made = make_object(category, seed)
        angle = torch.tensor(0.7 * seed)
        turned = sample(made.shape, seed) @ rotation_about_z(angle).mT
        errors.append(difference(heading(turned), feature_direction(made) + angle.item()))
    assert np.median(errors) < math.radians(5)
    assert max(errors) < math.radians(45)


@pytest.mark.parametrize(
    ("file", "up"),
    [
        ("ycb_objects/025_mug", "z"),
        ("ycb_objects/019_pitcher_base", "z"),
        ("ycb_objects/035_power_drill", "y"),
        ("grab_objects/mug", "z"),
        ("grab_objects/fryingpan", "z"),
        ("grab_objects/hammer", "z"),
    ],
)
def test_samples_of_a_real_object_agree_on_its_heading(shared_data, file, up):
    shape = load_object(shared_data / f"{file}.ply", up=up)
    headings = [heading(sample(shape, seed)) for seed in range(6)]
    assert max(difference(h, headings[0]) for h in headings) < math.radians(10)


def test_a_ring_of_points_has_a_finite_heading():
    angle = torch.linspace(0, 2 * math.pi, 101)[:-1]
    ring = torch.stack([angle.cos(), angle.sin(), torch.zeros(100)], dim=1)
    assert -math.pi <= heading(0.04 * ring) <= math.pi
