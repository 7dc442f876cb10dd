"""The data card counts what is there and shows what is not."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from eval.data_card import page, read_units
from eval.grasp_sheets import write_sheets
from semgrasp.synthesis.raw import RawGrasp, Tally, save_unit
from semgrasp.types import Intent

METRIC = {"mean": 0.1, "std": 0.2, "ci95": [0.05, 0.15]}
BOTH = {**METRIC, "corrected": METRIC, "oakink": {**METRIC, "mean": 0.9}}
REPORT = {
    "captions": 18,
    "problems": [],
    "sample": "3 grasps, of the test split",
    "per_split": {"test": {"objects": 2, "grasps": 3}},
    "penetration_depth_cm": BOTH,
    "intersection_volume_cm3": BOTH,
    "simulation_displacement_cm": BOTH,
}


def grasp(seed: int, intent: Intent, part: str = "handle", kind: str = "lateral") -> RawGrasp:
    return RawGrasp(
        category="mug",
        object_seed=seed,
        case="mug.some",
        site="some",
        target_part=part,
        intent=intent,
        grasp_type=kind,
        avoid_parts=("rim",),
        part_names=("body", "handle", "rim"),
        T_object_hand=torch.eye(4),
        finger_angles=torch.zeros(15, 3),
        betas=torch.zeros(10),
        contacts=torch.ones(6, 3, dtype=torch.bool),
        region_distance=torch.zeros(17),
        depth=0.001,
        volume=1e-7,
        displacement=0.002,
    )


@pytest.fixture
def raw(tmp_path) -> Path:
    """Two units of mugs."""
    folder = tmp_path / "raw"
    tally = {"mug.some": Tally(attempted=10, geometry=8, judged=4, stable=3, held=2)}
    save_unit(folder / "mug_0000", "mug", [grasp(0, "use"), grasp(0, "hold")], tally, 1.0)
    save_unit(folder / "mug_0001", "mug", [grasp(1, "hold", "body", "ring")], tally, 1.0)
    return folder


def test_cells_without_grasps_and_categories_without_cases_stay_visible(raw):
    grasps, tallies = read_units(raw)
    lines = page(grasps, tallies, REPORT, ["data_card/grasps_1.jpg"], "Thumbs.").splitlines()
    assert "| mug | handle | 1 | 1 | . | . |" in lines
    assert "| mug | body | . | 1 | . | . |" in lines
    assert "| mug | rim | . | . | . | . |" in lines
    assert "| mug | 2 | 3 | 1 | 0.40 to 0.40 |" in lines
    assert "| teapot | . | . | . | . |" in lines
    assert "| lateral | 2 | 1 |" in lines
    assert "| penetration depth [cm] | 0.100 +- 0.200 [0.050, 0.150] | 0.900 +- 0.200 " in "".join(
        line for line in lines if line.startswith("| penetration")
    )
    assert "Thumbs." in lines
    assert "![random grasps, sheet 1](data_card/grasps_1.jpg)" in lines


def test_sheets_show_each_grasp_once_under_its_number(raw, tmp_path):
    grasps, _ = read_units(raw)
    (sheet,) = write_sheets(grasps, tmp_path / "sheets", count=200)
    assert Image.open(sheet).size[0] == 3 * 300
    listed = (tmp_path / "sheets" / "grasps.txt").read_text().splitlines()
    assert [line.split()[0] for line in listed] == ["1", "2", "3"]
    assert sorted(line.split()[1:5] for line in listed) == [
        ["mug.some", "seed", "0", "hold"],
        ["mug.some", "seed", "0", "use"],
        ["mug.some", "seed", "1", "hold"],
    ]
