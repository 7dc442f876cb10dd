"""How tools are held: through rings, around both handles, across the finger, as a pen."""

import numpy as np
import pytest
import torch

from semgrasp.objects.procedural import make_object
from semgrasp.objects.signed_distance import SignedDistanceGrid
from semgrasp.synthesis.cases.tools import TOOL_CASES
from semgrasp.synthesis.manners.tool_manners import DISTAL, LATERAL, PALMAR_PINCH, WRITING
from semgrasp.synthesis.placement import sample_placements
from semgrasp.synthesis.scene import FieldStack, rod_field


def case_named(name):
    (case,) = (case for case in TOOL_CASES if case.name == name)
    return case


def site_of(obj, name):
    (site,) = (site for site in obj.sites if site.name == name)
    return site


def depth_at(surface, points):
    grid = SignedDistanceGrid.build(*surface, spacing=0.002, padding=0.01)
    return -grid(torch.as_tensor(np.asarray(points), dtype=torch.float32))


def hole_of(obj, site_name):
    """The middle of a ring of scissors: halfway across the gap above or below its outer bar."""
    site = site_of(obj, site_name)
    vertices = obj.solids["handle"][0]
    near = np.abs(vertices[:, 0] - site.centre_object[0]) < 0.004
    out = vertices[near] @ site.front_object
    out = np.sort(out[out > 0.0])
    gap = np.diff(out).argmax()
    middle = 0.5 * (out[gap] + out[gap + 1])
    return np.array([site.centre_object[0], 0.0, middle * site.front_object[2]])


@pytest.mark.parametrize("seed", [0, 2, 4])
def test_the_thumb_passes_scissors_through_its_own_ring_only(seed):
    obj = make_object("scissors", seed)
    holes = [hole_of(obj, "thumb"), hole_of(obj, "fingers")]
    sides = obj.one_sided["handle"]
    thumb_at_thumb, thumb_at_fingers = depth_at(sides["thumb"], holes)
    fingers_at_thumb, fingers_at_fingers = depth_at(sides["fingers"], holes)
    assert thumb_at_thumb < -0.004
    assert fingers_at_fingers < -0.004
    assert thumb_at_fingers > 0.003
    assert fingers_at_thumb > 0.003


def test_fingers_start_inside_the_plane_of_the_scissors():
    obj = make_object("scissors", 0)
    case = case_named("scissors.handle.cut")
    assert case.manner == DISTAL
    generator = torch.Generator().manual_seed(0)
    T = sample_placements(case, site_of(obj, case.site), 64, generator=generator).T_object_hand
    # The wrist lies on the near side of the rings' plane, and behind the blades.
    assert (T[:, 1, 3] < 0.0).all()
    # The index side of the hand looks towards the blades' side of the rings.
    assert (T[:, :3, 2] @ torch.tensor([1.0, 0.0, 1.0]) > 0.5).all()


@pytest.mark.parametrize("seed", range(4))
def test_pliers_are_shut_for_fingers_but_not_for_the_palm(seed):
    obj = make_object("pincer", seed)
    between = site_of(obj, "handle").centre_object[None]
    for side in obj.one_sided["handle"].values():
        assert depth_at(side, between) > 0.002
    whole = (obj.shape.vertices_object, obj.shape.faces)
    assert depth_at(whole, between) < -0.002


@pytest.mark.parametrize(("category", "site"), [("spoon", "bowl_flat"), ("fork", "head_flat")])
def test_flat_sites_lie_inside_the_sheet_that_is_pinched(category, site):
    for seed in range(3):
        obj = make_object(category, seed)
        place = site_of(obj, site)
        depth = depth_at(obj.solids[place.part], place.centre_object[None])
        assert depth > -0.0005
        assert 0.0005 < place.radius < 0.004


def test_a_key_lies_across_the_index_finger_and_points_away_from_the_wrist():
    obj = make_object("key", 0)
    case = case_named("key.head.turn")
    assert case.manner == LATERAL
    generator = torch.Generator().manual_seed(0)
    T = sample_placements(case, site_of(obj, case.site), 256, generator=generator).T_object_hand
    # The thumb side of the hand is along the key's normal, the fingers along its shaft.
    assert T[:, 1, 2].mean() > 0.9
    assert -T[:, 0, 0].mean() > 0.8


def test_a_pen_points_out_of_the_palm_and_back_over_the_index_knuckle():
    obj = make_object("pen", 0)
    case = case_named("pen.body.write")
    assert case.manner == WRITING
    site = site_of(obj, case.site)
    generator = torch.Generator().manual_seed(0)
    T = sample_placements(case, site, 256, generator=generator).T_object_hand
    axis = torch.as_tensor(site.axis_object).float()
    tip_hand = (T[:, :3, :3].mT @ axis).mean(0)
    # Towards the fingertips (-x), out of the palm (-y), away from the index side (-z).
    assert (tip_hand < -0.2).all()


def test_no_finger_can_cross_what_a_fist_encloses_while_the_palm_side_stays_open_beyond():
    obj = make_object("pen", 0)
    site = site_of(obj, "fist")
    stack = FieldStack()
    keys = [rod_field("fist", 0.0, side) for side in ("fingers", "thumb")]
    fingers, thumb = (stack.index(0, obj, key) for key in keys)
    palm, across = site.front_object, np.cross(site.front_object, site.axis_object)
    points = np.stack(
        [
            site.centre_object + 0.012 * palm,
            site.centre_object - 0.012 * palm,
            site.centre_object + 0.015 * across,
        ]
    )
    at = torch.as_tensor(points).float()[None]
    grids = stack.stack()
    inside, below, beside = grids(at, torch.tensor([fingers]))[0]
    assert inside < -0.003
    assert below > 0.003
    assert beside > 0.003
    assert (grids(at, torch.tensor([thumb]))[0] > 0.003).all()


def test_handed_over_tools_leave_the_handle_to_the_receiver():
    for case in TOOL_CASES:
        if case.intents == ("handover",) and case.target_part != "handle":
            kept_clear = {part for part, _ in case.avoid}
            other_parts = set(make_object(case.category, 0).shape.part_names) - {case.target_part}
            wanted = {"handle", "head"} & other_parts
            assert not wanted or wanted & kept_clear, case.name


def test_tools_are_held_in_eight_ways_of_their_own():
    types = {case.manner.grasp_type for case in TOOL_CASES}
    assert types >= {
        "adducted thumb", "distal type", "index finger extension", "lateral", "light tool",
        "palmar pinch", "prismatic 2 finger", "small diameter", "writing tripod",
    }  # fmt: skip
    assert PALMAR_PINCH.index_is_free
