"""Protocols are documented values: constants, source and defects, the same in code and docs."""

import dataclasses
from pathlib import Path

import pytest

from semgrasp.errors import InputError
from semgrasp.evaluation.protocol_page import protocol_page
from semgrasp.evaluation.report import TITLES
from semgrasp.generate.report import PROTOCOL
from semgrasp.metrics.protocols import PROTOCOLS, protocol

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_documentation_says_what_the_code_does(name):
    """To bring it up to date: paste the output of `semgrasp evaluate --list-protocols`."""
    assert protocol_page(PROTOCOLS[name]) in DOCS.read_text()


def test_every_metric_is_documented():
    text = DOCS.read_text()
    for entry in PROTOCOLS.values():
        for name in (*entry.metrics, *entry.set_metrics):
            assert f"| `{name}` |" in text


def test_the_first_protocol_is_the_default_and_the_one_of_generate():
    assert next(iter(PROTOCOLS)) == "corrected"
    assert protocol("corrected").label == PROTOCOL


def test_published_protocols_name_source_and_defects():
    for name, entry in PROTOCOLS.items():
        assert entry.source
        assert name == "corrected" or entry.known_defects
        assert set(entry.metrics) - {"contact_regions", "touched_part"} <= set(TITLES)


def test_the_constants_are_those_of_the_scripts():
    oakink, grasptta = protocol("oakink"), protocol("grasptta")
    assert oakink.depth is not None
    assert oakink.depth.kind == "hand_to_vertices"
    assert oakink.volume is not None
    assert (oakink.volume.kind, oakink.volume.resolution) == ("solid_voxels", 128)
    assert grasptta.volume is not None
    assert (grasptta.volume.kind, grasptta.volume.pitch) == ("surface_voxels", 0.005)
    for entry in (oakink, grasptta):
        rule = entry.displacement
        assert rule is not None
        assert (rule.steps, rule.time_step, rule.friction) == (35, 1 / 240, 3.0)
        assert rule.gravity == ((0.0, 9.8, 0.0),)
    assert grasptta.displacement is not None
    assert grasptta.displacement.on_failure == 0.10
    wrench = protocol("dexgys").wrench
    assert wrench is not None
    assert (wrench.torque_scale, wrench.cone_edges, wrench.friction) == (10.0, 8, 1.0)
    assert (wrench.contact_threshold, wrench.penetration_threshold) == (0.01, 0.005)


def test_protocols_cannot_be_changed_by_accident():
    with pytest.raises(dataclasses.FrozenInstanceError):
        protocol("oakink").version = "2"  # type: ignore[misc]


def test_an_unknown_protocol_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="corrected, oakink, grasptta, halo, dexgys"):
        protocol("best")
