"""The optimisation runs where its tensors are."""

import pytest
import torch

from semgrasp.hand import open_hand
from semgrasp.objects.procedural import make_object
from semgrasp.synthesis.cases import cases_of
from semgrasp.synthesis.closing import close_fingers
from semgrasp.synthesis.energy import EnergyWeights, find_contacts
from semgrasp.synthesis.filters import FilterLimits, check_batch
from semgrasp.synthesis.hand_surface import HandSurface
from semgrasp.synthesis.optimise import Descent, Schedule, descend, energies
from semgrasp.synthesis.placement import sample_placements
from semgrasp.synthesis.prepared import PreparedProblems
from semgrasp.synthesis.scene import FieldStack
from semgrasp.synthesis.tasks import problem_of, tasks_on


@pytest.fixture(scope="module")
def knife():
    """Hands over a blade to be handed over, with parts and an edge to avoid."""
    generator = torch.Generator().manual_seed(0)
    obj = make_object("knife", 1)
    (task,) = tasks_on(
        obj, "knife", number=0, object_seed=1, beta_std=0.5,
        only_cases=("knife.blade.handover",), generator=generator,
    )  # fmt: skip
    stack = FieldStack()
    row = problem_of(task, stack)
    start = sample_placements(task.case, task.site, 4, generator=generator)
    return row.repeat(4), stack.stack(), start


def test_no_stage_of_the_optimisation_makes_a_tensor_on_another_device(knife):
    problems, fields, start = knife
    surface = HandSurface.of(open_hand(), 60, 3)
    manner = cases_of("knife")[0].manner
    close = torch.tensor(manner.close.dofs()).expand_as(start.dofs)
    schedule, weights = Schedule(steps=2, trial_steps=1), EnergyWeights()
    # Whatever forgets to ask for the device of its inputs lands on another one, and fails.
    with torch.device("meta"):
        prepared = PreparedProblems.of(surface, problems, fields)
        assert prepared.avoided
        closed = close_fingers(prepared, start.T_object_hand, start.dofs, close)
        descent = Descent.of(start._replace(dofs=closed))
        descent = descend(prepared, descent, 2, weights=weights, schedule=schedule)
        score = energies(prepared, descent, weights)
        state = prepared.pose(*descent.pose)
        contacts = find_contacts(prepared, state)
        verdict = check_batch(prepared, state, contacts, torch.zeros_like(score), FilterLimits())
    assert score.isfinite().all()
    assert all(flags.device == score.device for flags in verdict)


def test_a_problem_and_its_fields_move_to_a_device_and_keep_their_numbers(knife):
    problems, fields, _ = knife
    for moved in (
        problems.to("cpu"),
        fields.to("cpu"),
        HandSurface.of(open_hand(), 60, 3).to("cpu"),
    ):
        assert all(
            value.device.type == "cpu"
            for value in vars(moved).values()
            if isinstance(value, torch.Tensor)
        )
    for one, two in zip(vars(problems.to("meta")).values(), vars(problems).values(), strict=True):
        assert one.shape == two.shape
        assert one.device.type == "meta"
    assert fields.to("meta").values.device.type == "meta"


def test_half_way_and_on_is_the_same_as_all_the_way(knife):
    problems, fields, start = knife
    prepared = PreparedProblems.of(HandSurface.of(open_hand(), 60, 3), problems, fields)
    schedule, weights = Schedule(steps=6, trial_steps=3), EnergyWeights()
    whole = descend(prepared, Descent.of(start), 6, weights=weights, schedule=schedule)
    half = descend(prepared, Descent.of(start), 3, weights=weights, schedule=schedule)
    rest = descend(prepared, half, 6, weights=weights, schedule=schedule)
    torch.testing.assert_close(rest.change, whole.change, rtol=0, atol=0)
    assert (
        energies(prepared, whole, weights) < energies(prepared, Descent.of(start), weights)
    ).all()
