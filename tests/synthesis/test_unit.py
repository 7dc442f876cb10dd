"""From a category and seeds to accepted grasps on disk."""

from dataclasses import replace

import pytest
import torch

from semgrasp.hand import finger_angles_from_dofs, open_hand
from semgrasp.objects.procedural import make_object
from semgrasp.simulation import StabilityTest
from semgrasp.synthesis.cases import ANY_PART, CASES, GRASPED_CATEGORIES, GraspCase, cases_of
from semgrasp.synthesis.manners import RIM, WRAP
from semgrasp.synthesis.placement import perturb, sample_placements
from semgrasp.synthesis.raw import Tally, load_unit, save_unit
from semgrasp.synthesis.unit import Hands, SynthesisSettings, synthesise_unit
from semgrasp.types import INTENTS, Grasp


@pytest.fixture(scope="module")
def hands():
    return Hands.of(open_hand())


@pytest.fixture(scope="module")
def mug_grasps(hands):
    settings = SynthesisSettings(per_case=3, tries_per_grasp=2.0)
    return synthesise_unit("mug", [3], hands, settings, seed=1, only_cases=("mug.body.hold",))


@pytest.mark.parametrize("category", GRASPED_CATEGORIES)
def test_every_case_fits_sites_and_parts_that_some_of_its_objects_have(category):
    objects = [make_object(category, seed) for seed in range(4)]
    for case in cases_of(category):
        fitting = [(obj, each) for obj in objects for each in case.on(obj)]
        # Some parts are rare: a leaf, tweezers, most of what assemblies are made of.
        while not fitting and len(objects) < 32:
            objects.append(make_object(category, len(objects)))
            fitting = [(objects[-1], each) for each in case.on(objects[-1])]
        assert fitting or category == "assembly", case.name
        for obj, each in fitting:
            assert each.site in {site.name for site in obj.sites}
            named = {each.target_part, *each.companions, *(part for part, _ in each.avoid)}
            named |= set(each.region_parts.values()) - {ANY_PART}
            assert named <= set(obj.shape.part_names), case.name
            if case.one_sided:
                assert set(obj.one_sided[case.target_part]) == {"thumb", "fingers"}


def test_a_case_fits_every_site_of_its_pattern_kind_and_radius_and_drops_missing_parts():
    obj = make_object("headphones", 0)
    case = GraspCase(
        name="headphones.cup.hold",
        site="*t",
        target_part="cup",
        intents=("hold",),
        manner=WRAP,
        avoid=(("band", 0.01), ("cable", 0.01)),
    )
    assert [each.site for each in case.on(obj)] == ["left", "right"]
    assert {each.avoid for each in case.on(obj)} == {(("band", 0.01),)}
    assert [each.site for each in replace(case, site="*", site_kind="head").on(obj)] == [
        "left",
        "right",
    ]
    assert replace(case, site="*", site_kind="pinch").on(obj) == ()
    assert replace(case, site_radius=(0.0, 0.01)).on(obj) == ()
    assert replace(case, target_part="lid").on(obj) == ()


def test_every_category_is_used_held_lifted_and_all_but_the_pan_handed_over():
    for category in GRASPED_CATEGORIES:
        served = {intent for case in cases_of(category) for intent in case.intents}
        missing = {"handover"} if category == "fryingpan" else set()
        assert served == set(INTENTS) - missing, category


def test_case_names_are_unique():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)


def test_placements_face_the_palm_to_the_object():
    obj = make_object("mug", 0)
    sites = {site.name: site for site in obj.sites}
    generator = torch.Generator().manual_seed(0)
    for name, manner in (("mug.body.hold", WRAP), ("mug.rim.above", RIM)):
        (case,) = (case for case in CASES if case.name == name)
        assert case.manner == manner
        site = sites[case.site]
        T = sample_placements(case, site, 64, generator=generator).T_object_hand
        centre = torch.as_tensor(site.centre_object).float()
        # The palm faces -y of the hand: the object's centre must lie on that side.
        centre_hand = (T[:, :3, :3].mT @ (centre - T[:, :3, 3])[..., None])[..., 0]
        assert (centre_hand[:, 1] < 0.0).all()
        assert (centre_hand.norm(dim=-1) < 0.25).all()
        identity = torch.eye(3).expand(64, 3, 3)
        torch.testing.assert_close(T[:, :3, :3] @ T[:, :3, :3].mT, identity, atol=1e-5, rtol=0)


def test_perturbed_hands_stay_near(hands):
    obj = make_object("mug", 0)
    case = cases_of("mug")[0]
    site = next(site for site in obj.sites if site.name == case.site)
    generator = torch.Generator().manual_seed(0)
    start = sample_placements(case, site, 32, generator=generator)
    near = perturb(start, generator=generator)
    moved = (near.T_object_hand - start.T_object_hand)[:, :3, 3].norm(dim=-1)
    assert (moved < 0.025).all()
    assert moved.mean() > 0.002


def test_accepted_grasps_hold_the_target_part_and_are_stable(mug_grasps):
    grasps, tallies = mug_grasps
    assert len(grasps) == 3
    limits = SynthesisSettings().limits
    for grasp in grasps:
        target = grasp.part_names.index(grasp.target_part)
        assert grasp.contacts[:, target].sum() >= 3
        assert grasp.depth < limits.depth
        assert grasp.volume < limits.volume
        assert grasp.displacement < 0.02
        assert 0.0 <= grasp.displacement_corrected < limits.displacement
        assert grasp.displacement_oakink > 0.0
    assert [g.intent for g in grasps] == ["hold", "liftup", "hold"]
    tally = tallies["mug.body.hold"]
    assert tally.held == 3
    assert tally.begun >= tally.attempted >= tally.geometry >= tally.judged >= tally.label
    assert tally.label >= tally.volume >= tally.stable >= tally.held


def test_hands_are_drawn_back_only_where_they_hold_as_well(hands, mug_grasps):
    settings = SynthesisSettings(per_case=3, tries_per_grasp=2.0, easing_depths=())
    pressing, _ = synthesise_unit(
        "mug", [3], hands, settings, seed=1, only_cases=("mug.body.hold",)
    )
    gained = [b.depth - a.depth for b, a in zip(pressing, mug_grasps[0], strict=True)]
    assert max(gained) > 0.0
    for before, after, gain in zip(pressing, mug_grasps[0], gained, strict=True):
        moved = (after.T_object_hand - before.T_object_hand)[:3, 3].norm()
        # Drawn back by a little, to less depth; or the very same hand.
        assert (gain > 0.0 and moved < 0.003) or (gain == 0.0 and moved == 0.0)


def test_the_same_hand_moved_20_mm_off_does_not_hold(hands, mug_grasps):
    obj = make_object("mug", 7)
    for raw in mug_grasps[0]:
        T = raw.T_object_hand.clone()
        # Out of the back of the hand, away from the object, and the fingers flat.
        T[:3, 3] += 0.02 * T[:3, 1]
        opened = finger_angles_from_dofs(hands.full, torch.zeros(21))
        test = StabilityTest(hands.full, raw.betas, obj.convex_pieces, obj.mass_kg)
        assert test.run(Grasp(T, opened, raw.betas)).worst > 0.02
        assert test.run(Grasp(raw.T_object_hand, raw.finger_angles, raw.betas)).worst < 0.02


def test_the_same_seed_gives_the_same_grasps(hands, mug_grasps):
    settings = SynthesisSettings(per_case=3, tries_per_grasp=2.0)
    again, _ = synthesise_unit("mug", [3], hands, settings, seed=1, only_cases=("mug.body.hold",))
    for one, two in zip(mug_grasps[0], again, strict=True):
        torch.testing.assert_close(one.T_object_hand, two.T_object_hand, rtol=0, atol=0)


def test_a_unit_reads_back_as_it_was_written(mug_grasps, tmp_path):
    grasps, tallies = mug_grasps
    path = tmp_path / "raw" / "mug_0007"
    save_unit(path, "mug", grasps, tallies)
    back, back_tallies = load_unit(path)
    assert back_tallies == tallies
    assert not list(path.parent.glob(".*"))
    for one, two in zip(grasps, back, strict=True):
        for name in ("T_object_hand", "finger_angles", "betas", "contacts", "region_distance"):
            torch.testing.assert_close(getattr(one, name), getattr(two, name))
        plain = ("category", "case", "intent", "target_part", "avoid_parts", "displacement")
        assert all(getattr(one, name) == getattr(two, name) for name in plain)


def test_a_unit_without_grasps_can_be_written(tmp_path):
    save_unit(tmp_path / "mug_0000", "mug", [], {"mug.body.hold": Tally(attempted=4)})
    grasps, tallies = load_unit(tmp_path / "mug_0000")
    assert grasps == []
    assert tallies["mug.body.hold"].attempted == 4


def test_tallies_add_up():
    total = Tally(attempted=2, stable=1)
    total.add(Tally(attempted=3, stable=2))
    assert total == replace(Tally(), attempted=5, stable=3)
