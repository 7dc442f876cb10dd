"""The tree of the index's benchmark has the published counts, and nothing less passes for it."""

import pytest
import torch

from eval.oakink_index_speed import published_recordings
from semgrasp.dataset.oakink_index import CATEGORIES, Entry, OakInkIndex


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return [
        Entry(
            category=r.category,
            oid=oid,
            real_oid=f"S{CATEGORIES.index(r.category):02d}000",
            grasp_hash=f"{r.number:010x}",
            intent="handover" if r.action == "receive" else r.action,
            is_receiver=r.action == "receive",
            subject="0001",
            partner_subject="",
            stage="pass1",
            time=str(r.number),
            source_oid="",
            folder="",
        )
        for r in published_recordings()
        for oid in r.grasped
    ]


def index_of(entries: list[Entry]) -> OakInkIndex:
    n = len(entries)
    return OakInkIndex(
        entries=tuple(entries),
        pose=torch.zeros(n, 48),
        shape=torch.zeros(n, 10),
        tsl=torch.zeros(n, 3),
        partner=torch.full((n,), -1),
        damaged=(),
    )


def test_the_tree_has_the_published_number_of_grasps_and_objects(entries):
    assert len(entries) == 62046
    assert len({entry.oid for entry in entries}) == 1657
    assert index_of(entries).differences_from_published() == []


def test_one_grasp_too_few_is_noticed(entries):
    (said,) = index_of(entries[1:]).differences_from_published()
    split, action = entries[0].split, entries[0].action
    assert said.startswith(f"{split}: ")
    assert f"grasps of {action}" in said
