"""A stranger's YAML: what is right is read, what is wrong is named, all of it at once."""

import re
from pathlib import Path

import numpy as np
import pytest
from tiny_hands import three_fingers

from semgrasp.errors import AssetNotFoundError, InputError
from semgrasp.robots import robot_hand
from semgrasp.robots.check import problems
from semgrasp.robots.description import Drive
from semgrasp.robots.description_file import load_description

GUIDE = Path(__file__).parents[2] / "docs" / "add_a_robot_hand.md"


def _blocks():
    text = GUIDE.read_text()
    return [re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL)[1] for kind in ("yaml", "xml")]


@pytest.fixture
def template(tmp_path):
    """The gripper of the guide, as a reader saves it."""
    description, model = _blocks()
    (tmp_path / "my_gripper.yaml").write_text(description)
    (tmp_path / "my_gripper.xml").write_text(model)
    return tmp_path / "my_gripper.yaml"


def _changed(template, old, new):
    text = template.read_text()
    assert old in text
    template.write_text(text.replace(old, new))
    return template


def test_the_guides_gripper_has_under_30_lines_and_no_problems(template):
    assert len(template.read_text().splitlines()) < 30
    robot = robot_hand(template)
    assert robot.description.name == "my_gripper"
    assert robot.joint_names == ("left_slide",)
    assert problems(robot, load_description(template)) == []


def test_the_palm_frame_has_x_out_and_z_across(template):
    R = load_description(template).T_base_palm[:3, :3]
    np.testing.assert_allclose(R[:, 0], [0, 0, 1])
    np.testing.assert_allclose(R[:, 2], [0, 1, 0])
    assert np.linalg.det(R) == pytest.approx(1.0)


def test_a_changed_file_is_read_again(template):
    assert robot_hand(template) is robot_hand(template)
    before = robot_hand(template).description.grip_force
    _changed(template, "grip_force: 80 ", "grip_force: 90 ")
    assert (before, robot_hand(template).description.grip_force) == (80.0, 90.0)


def test_every_problem_is_named_by_its_place_at_once(template):
    _changed(template, "embodiment: parallel_gripper", "embodiment: claw")
    _changed(template, "normal: [0, 1, 0]", "normal: [0, 1]")
    _changed(template, "radius: 0.008}\n  left", "radios: 0.008}\n  left")
    _changed(template, "grip_force: 80", "grip_force: strong")
    _changed(template, "open: {left_slide: 0.04}", "opened: {left_slide: 0.04}")
    with pytest.raises(InputError) as error:
        load_description(template)
    message = str(error.value)
    for place in (
        "embodiment: must be one of hand, parallel_gripper, got 'claw'",
        "fingers.right.pads.tip.normal: must be three numbers, got 2",
        "fingers.right.pads.tip.radios: is not known here",
        "grip_force: must be a number, got 'strong'",
        "open: is missing",
        "opened: is not known here",
    ):
        assert place in message
    assert "add_a_robot_hand.md" in message


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("fingers: [", "is not YAML"),
        ("just a text", "the file: must be a mapping"),
        ("!!python/object/apply:os.getcwd []", "is not YAML"),
        ("fingers: {thumb: 3}", "fingers.thumb: must be a mapping"),
        ("sources: []", "sources: must list at least one"),
        ("sources: [{root_body: base}]", "needs exactly one of menagerie"),
        ("palm: {point: [0, 0, .nan], out: [0, 0, 0], across: [1, 0, 0]}", "palm.point: must be"),
        ("couplings: {a: {follows: b}, b: {follows: c}}", "which itself follows"),
        ("drive: {stiffness: -1}", "drive.stiffness: must not be negative"),
    ],
)
def test_hostile_or_broken_files_are_refused_with_a_reason(tmp_path, content, problem):
    path = tmp_path / "hand.yaml"
    path.write_text(content)
    with pytest.raises(InputError, match=re.escape(problem)):
        load_description(path)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(AssetNotFoundError, match="no robot description"):
        load_description(tmp_path / "none.yaml")
    with pytest.raises(AssetNotFoundError, match="no robot description"):
        robot_hand(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("my_gripper.xml  ", "other.xml  ", "There is no file"),
        ("root_body: mount", "root_body: wrist", "no body 'wrist'"),
        ("body: left_jaw", "body: left_claw", "no moving body 'left_claw'. Bodies: left_jaw"),
        ("joints: [left_slide]", "joints: [slide]", "no joint 'slide'. Joints: left_slide"),
        ("root_body: mount ", "root_body: mount\n    rename: {claw: jaw} #", "is called 'claw'"),
        ("root_body: mount ", "root_body: mount\n    turned_bodies: {jaw: [1, 0, 0, 0]} #",
         "no moving body 'jaw'"),
        ("closed: {left_slide", "closed: {right_slide", "closed pose moves 'right_slide'"),
        ("point: [0, 0, 0.07], normal: [0, -1", "point: [0, 0, 0.2], normal: [0, -1",
         "pad 'left_tip' does not lie on the surface"),
        ("follows: left_slide}", "follows: left_slide, offset: 1}", "no room between its limits"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_model_is_named(template, old, new, problem):
    _changed(template, old, new)
    with pytest.raises((InputError, AssetNotFoundError), match=re.escape(problem)):
        robot_hand(template)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("opening: 0.08 ", "opening: 0.12 ", "opening: 120 mm, but the pads are 80 mm"),
        ("open: {left_slide: 0.04}", "open: {left_slide: 0.4}", "outside its limits"),
        ("closed: {left_slide: 0.0}", "closed: {left_slide: 0.04}", "the same pose"),
        ("across: [0, 1, 0]", "across: [0, -1, 0]", "does not point at the other jaw"),
        ("point: [0, 0, 0.07], normal: [0, -1", "point: [0, 0.008, 0.07], normal: [0, -1",
         "pad left_tip: 8.0 mm from the surface"),
        ("joints: [left_slide]", "joints: []", "no finger lists the joint 'left_slide'"),
    ],
)  # fmt: skip
def test_what_can_be_built_but_looks_wrong_is_named(template, old, new, problem):
    _changed(template, old, new)
    found = problems(robot_hand(template), load_description(template))
    assert any(problem in line for line in found), found


def test_servos_too_weak_to_hold_the_hand_up_are_named():
    weak = three_fingers(Drive(stiffness=0.001, friction_loss=0.0, damping=0.001))
    found = problems(weak, weak.description)
    assert any("thumb_near sags" in line for line in found), found


def test_models_that_cannot_be_read_say_why(template):
    model = template.with_suffix(".xml")
    model.write_text("<mujoco><worldbody><geom type='box'/></worldbody></mujoco>")
    with pytest.raises(InputError, match="MuJoCo cannot read"):
        robot_hand(template)
    model.write_text("no xml")
    _changed(template, "title: My", "title: Our")
    with pytest.raises(InputError, match="is not XML"):
        robot_hand(template)


def test_a_joint_without_limits_is_refused(template):
    model = template.with_suffix(".xml")
    model.write_text(model.read_text().replace('axis="0 1 0" range="0 0.04"', 'axis="0 1 0"'))
    with pytest.raises(InputError, match="'left_slide' has no limits"):
        robot_hand(template)


def test_an_arm_above_the_hand_is_cut_off_and_urdf_is_read(template):
    urdf = """
    <robot name="arm"><link name="world_link"/>
      <link name="mount"><inertial><mass value="1"/><inertia ixx="1" ixy="0" ixz="0" iyy="1"
        iyz="0" izz="1"/></inertial>
        <visual><geometry><mesh filename="package://nowhere/hand.dae"/></geometry></visual>
        <collision><origin xyz="0 0 0.02"/><geometry><box size="0.04 0.12 0.04"/></geometry>
        </collision></link>
      <joint name="arm" type="revolute"><parent link="world_link"/><child link="mount"/>
        <origin xyz="1 2 3" rpy="1 0 0"/><axis xyz="1 0 0"/>
        <limit lower="-1" upper="1" effort="1" velocity="1"/></joint>"""
    for side, sign in (("left", 1), ("right", -1)):
        urdf += f"""
      <link name="{side}_jaw"><inertial><mass value="0.1"/><inertia ixx="1e-4" ixy="0" ixz="0"
        iyy="1e-4" iyz="0" izz="1e-4"/></inertial></link>
      <link name="{side}_rubber"><inertial><mass value="0.1"/><inertia ixx="1e-4" ixy="0" ixz="0"
        iyy="1e-4" iyz="0" izz="1e-4"/></inertial><collision>
        <origin xyz="0 {sign * 0.005} 0"/><geometry><box size="0.016 0.01 0.05"/></geometry>
        </collision></link>
      <joint name="{side}_fix" type="fixed"><parent link="{side}_jaw"/>
        <child link="{side}_rubber"/><origin xyz="0 0 0.065"/></joint>
      <joint name="{side}_slide" type="prismatic"><parent link="mount"/><child link="{side}_jaw"/>
        <axis xyz="0 {sign} 0"/><limit lower="0" upper="0.04" effort="1" velocity="1"/></joint>"""
    template.with_suffix(".urdf").write_text(urdf + "</robot>")
    _changed(template, "my_gripper.xml  ", "my_gripper.urdf  ")
    robot = robot_hand(template)
    assert problems(robot, load_description(template)) == []
    assert robot.kinematics.body_names == ("mount", "left_jaw", "right_jaw")
    np.testing.assert_allclose(robot.model.body("left_jaw").mass, 0.2, rtol=1e-6)
    # Two equal bodies 65 mm apart turn about their common centre as a dumbbell does.
    dumbbell = 2e-4 + 0.2 * 0.0325**2
    moments = np.sort(robot.model.body("left_jaw").inertia)
    np.testing.assert_allclose(moments, [2e-4, dumbbell, dumbbell], rtol=1e-6)
