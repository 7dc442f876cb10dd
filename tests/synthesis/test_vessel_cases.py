"""How vessels, boxes and irons are held."""

import pytest
import torch

from semgrasp.hand.joints import limit_violation
from semgrasp.objects.procedural import make_object
from semgrasp.objects.signed_distance import signed_distance
from semgrasp.synthesis.cases.vessels import VESSEL_CASES
from semgrasp.synthesis.manners import vessel_manners
from semgrasp.synthesis.manners.manner import Manner
from semgrasp.synthesis.placement import sample_placements
from semgrasp.types import ObjectShape

MANNERS = {name: m for name, m in vars(vessel_manners).items() if isinstance(m, Manner)}


def placements(name, seed=0):
    """Start poses of a case on an object, and the site they are for."""
    (case,) = (case for case in VESSEL_CASES if case.name == name)
    obj = make_object(case.category, seed)
    on_site = case.on(obj)[0]
    (site,) = (site for site in obj.sites if site.name == on_site.site)
    generator = torch.Generator().manual_seed(0)
    return sample_placements(on_site, site, 64, generator=generator).T_object_hand, site


@pytest.mark.parametrize("name", MANNERS)
def test_a_vessels_manner_keeps_within_the_joint_limits(name):
    for posture in (MANNERS[name].open, MANNERS[name].close, MANNERS[name].prior):
        assert limit_violation(torch.tensor(posture.dofs())).max() == 0.0


def test_vessels_are_held_in_eleven_of_the_taxonomys_ways():
    types = {case.manner.grasp_type for case in VESSEL_CASES}
    assert types >= {
        "large diameter",
        "medium wrap",
        "prismatic 4 finger",
        "prismatic 3 finger",
        "power disk",
        "precision disk",
        "quadpod",
        "fixed hook",
        "lateral",
        "parallel extension",
        "extension type",
    }


def test_what_has_a_handle_is_handed_over_with_the_handle_free():
    offered = [
        case
        for case in VESSEL_CASES
        if case.intents == ("handover",) or case.name.endswith(".handover")
    ]
    assert {"teapot", "watering_can", "bucket", "bag", "iron"} <= {c.category for c in offered}
    for case in offered:
        assert "handle" in {part for part, margin in case.avoid if margin > 0.0}, case.name
        assert case.target_part != "handle"


@pytest.mark.parametrize("category", ["bowl", "bucket", "watering_can", "bag"])
@pytest.mark.parametrize("seed", [0, 1])
def test_fingers_reach_into_a_rim_and_the_thumb_stays_outside(category, seed):
    obj = make_object(category, seed)
    (site,) = (site for site in obj.sites if site.name == "rim")
    # From the fingers to the thumb.
    across = torch.linalg.cross(*(torch.tensor(v) for v in (site.front_object, site.axis_object)))
    assert across[:2] @ torch.tensor(site.centre_object)[:2] > 0.0
    step = across * (site.radius + 0.006)
    centre = torch.tensor(site.centre_object)
    outside_inside = torch.stack([centre + step, centre - step])
    for side, is_free in (("thumb", [True, False]), ("fingers", [False, True])):
        solid = ObjectShape("rim", *obj.one_sided["rim"][side])
        assert (signed_distance(solid, outside_inside) > 0.0).tolist() == is_free


def test_one_carries_a_bucket_with_the_forearm_up():
    T, _ = placements("bucket.handle.carry", seed=1)
    assert T[:, 2, 0].mean() > 0.6
    assert (T[:, 2, 0] > 0.0).all()


def test_the_forearm_comes_to_a_rim_from_outside():
    T, site = placements("bowl.rim.pinch")
    outwards = torch.tensor(site.centre_object).float()
    outwards = outwards / outwards.norm()
    assert ((T[:, :3, 0] @ outwards) > 0.0).all()
    assert (T[:, 2, 0] > -0.75).all()


def test_a_lid_is_turned_from_above():
    T, _ = placements("cylinder_bottle.cap.twist")
    # The back of the hand looks up.
    assert T[:, 2, 1].mean() > 0.9


def test_an_iron_is_passed_on_from_behind():
    T, site = placements("iron.rear.handover")
    assert (T[:, 0, 3] < float(site.centre_object[0])).all()
