"""The renderer against what geometry says a picture must show."""

import numpy as np
import pytest
import trimesh

from semgrasp.viewer import contact_sheet, render, save_png
from semgrasp.viewer.render import Surface


def _ball(radius, centre, colour):
    mesh = trimesh.creation.icosphere(subdivisions=4, radius=radius)
    return Surface.of(mesh.vertices + centre, mesh.faces, colour)


def test_a_sphere_is_drawn_as_a_disc_of_its_area():
    picture = np.asarray(
        render([_ball(0.05, (0, 0, 0), (1.0, 0.0, 0.0))], size=200, half_width=0.1)
    )
    covered = (picture[..., 1] < 128).mean()
    assert covered == pytest.approx(np.pi * 0.05**2 / 0.2**2, rel=0.02)


def test_the_nearer_of_two_spheres_hides_the_other():
    red = _ball(0.05, (0, -0.2, 0), (1.0, 0.0, 0.0))
    green = _ball(0.04, (0, 0.2, 0), (0.0, 1.0, 0.0))
    front = np.asarray(render([red, green], towards_camera=(0.0, -1.0, 0.0), size=60))[30, 30]
    behind = np.asarray(render([red, green], towards_camera=(0.0, 1.0, 0.0), size=60))[30, 30]
    assert front[0] > front[1]
    assert behind[1] > behind[0]


def test_up_is_up():
    picture = np.asarray(
        render(
            [_ball(0.02, (0, 0, 0.08), (0.0, 0.0, 1.0))],
            size=60,
            centre=np.zeros(3),
            half_width=0.1,
        )
    )
    rows = np.nonzero((picture < 200).any(axis=(1, 2)))[0]
    assert rows.max() < 30


def test_a_sheet_holds_all_pictures_and_captions(tmp_path):
    picture = render([_ball(0.05, (0, 0, 0), (1.0, 0.0, 0.0))], size=80)
    sheet = contact_sheet([picture] * 5, ["a caption of several words"] * 5, columns=3)
    assert sheet.size[0] == 240
    assert sheet.size[1] > 160
    save_png(sheet, tmp_path / "sheet.png")
    assert [p.name for p in tmp_path.iterdir()] == ["sheet.png"]
