"""Models with the frames, names, joints and limits of MuJoCo Menagerie's hands, in plain boxes.

The real files need a download. These are written into a folder that `MENAGERIE_ROOT` points at, so
that descriptions meet the names and axes they will meet there.
"""

from pathlib import Path


def write_menagerie(root: Path) -> None:
    """Write the six models that the shipped descriptions name."""
    models = {
        "shadow_hand/right_hand.xml": _shadow(),
        "wonik_allegro/right_hand.xml": _allegro(),
        "leap_hand/right_hand.xml": _leap(),
        "franka_emika_panda/hand.xml": _panda(),
        "robotiq_2f85/2f85.xml": _robotiq(),
        "umi_gripper/umi_gripper.xml": _umi(),
    }
    for path, bodies in models.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(
            '<mujoco><compiler angle="radian" autolimits="true"/>'
            f"<worldbody>{bodies}</worldbody></mujoco>"
        )


def _body(name: str, frame: str, inside: str, *children: str) -> str:
    named = f'name="{name}"' if name else ""
    return f"<body {named} {frame}>{inside}{''.join(children)}</body>"


def _joint(name: str, axis: str, limits: str, more: str = "") -> str:
    return f'<joint name="{name}" axis="{axis}" range="{limits}" {more}/>'


def _box(centre: str, half: str) -> str:
    return f'<geom type="box" pos="{centre}" size="{half}"/>'


def _capsule(length: float, radius: float) -> str:
    return f'<geom type="capsule" fromto="0 0 0 0 0 {length}" size="{radius}"/>'


def _shadow() -> str:
    def finger(prefix: str, letters: str, frame: str, axis: str) -> str:
        distal = _body(
            f"rh_{prefix}distal",
            'pos="0 0 0.025"',
            _joint(f"rh_{letters}J1", "1 0 0", "0 1.5708") + _capsule(0.02, 0.0075),
        )
        middle = _body(
            f"rh_{prefix}middle",
            'pos="0 0 0.045"',
            _joint(f"rh_{letters}J2", "1 0 0", "0 1.5708") + _capsule(0.025, 0.009),
            distal,
        )
        proximal = _body(
            f"rh_{prefix}proximal",
            "",
            _joint(f"rh_{letters}J3", "1 0 0", "-0.261799 1.5708") + _capsule(0.045, 0.009),
            middle,
        )
        knuckle = _joint(f"rh_{letters}J4", axis, "-0.349066 0.349066")
        size = '<geom type="cylinder" size="0.009 0.009" quat="1 0 1 0"/>'
        return _body(f"rh_{prefix}knuckle", frame, knuckle + size, proximal)

    metacarpal = _body(
        "rh_lfmetacarpal",
        'pos="-0.033 0 0.02071"',
        _joint("rh_LFJ5", "0.573576 0 0.819152", "0 0.785398")
        + _box("0.002 0 0.033", "0.011 0.012 0.025"),
        finger("lf", "LF", 'pos="0 0 0.06579"', "0 1 0"),
    )
    distal = _body(
        "rh_thdistal",
        'pos="0 0 0.032" quat="1 0 0 -1"',
        _joint("rh_THJ1", "1 0 0", "-0.261799 1.5708") + _capsule(0.026, 0.0092),
    )
    middle = _body(
        "rh_thmiddle",
        "",
        _joint("rh_THJ2", "0 -1 0", "-0.698132 0.698132") + _capsule(0.03, 0.01),
        distal,
    )
    hub = _joint("rh_THJ3", "1 0 0", "-0.20944 0.20944") + '<geom size="0.011"/>'
    proximal = _body(
        "rh_thproximal",
        "",
        _joint("rh_THJ4", "1 0 0", "0 1.22173") + _capsule(0.038, 0.0105),
        _body("rh_thhub", 'pos="0 0 0.038"', hub, middle),
    )
    thumb = _body(
        "rh_thbase",
        'pos="0.034 -0.00858 0.029" quat="0.92388 0 0.382683 0"',
        _joint("rh_THJ5", "0 0 -1", "-1.0472 1.0472") + '<geom size="0.013"/>',
        proximal,
    )
    palm = _body(
        "rh_palm",
        'pos="0 0 0.034"',
        _joint("rh_WRJ1", "1 0 0", "-0.7 0.49")
        + _box("0.011 0 0.038", "0.031 0.012 0.049")
        + _box("-0.03 0 0.009", "0.01 0.012 0.02"),
        finger("ff", "FF", 'pos="0.033 0 0.095"', "0 -1 0"),
        finger("mf", "MF", 'pos="0.011 0 0.099"', "0 -1 0"),
        finger("rf", "RF", 'pos="-0.011 0 0.095"', "0 1 0"),
        metacarpal,
        thumb,
    )
    wrist = _joint("rh_WRJ2", "0 1 0", "-0.52 0.17") + '<geom size="0.013"/>'
    forearm = _box("0 0 0.1", "0.04 0.04 0.1")
    wrist_body = _body("rh_wrist", 'pos="0.01 0 0.213" quat="1 0 0 1"', wrist, palm)
    return _body("rh_forearm", 'quat="0 1 0 1"', forearm, wrist_body)


def _allegro() -> str:
    def link(name: str, frame: str, joint: str, half: str, child: str, pos: str = "") -> str:
        height = half.split()[2]
        return _body(name, frame, joint + _box(pos or f"0 0 {height}", half), child)

    def tip(prefix: str, half_length: float, z: float) -> str:
        shape = f'<geom type="capsule" size="0.012 {half_length}" pos="0 0 {z}"/>'
        return _body(f"{prefix}_tip", "", shape)

    def finger(prefix: str, short: str, frame: str) -> str:
        last = _joint(f"{short}j3", "0 1 0", "-0.227 1.618")
        distal = link(
            f"{prefix}_distal", 'pos="0 0 0.0384"', last, "0.0098 0.01375 0.008",
            tip(prefix, 0.01, 0.019),
        )  # fmt: skip
        third = _joint(f"{short}j2", "0 1 0", "-0.174 1.709")
        medial = link(f"{prefix}_medial", 'pos="0 0 0.054"', third, "0.0098 0.01375 0.0192", distal)
        second = _joint(f"{short}j1", "0 1 0", "-0.196 1.61")
        proximal = link(
            f"{prefix}_proximal", 'pos="0 0 0.0164"', second, "0.0098 0.01375 0.027", medial
        )
        first = _joint(f"{short}j0", "0 0 1", "-0.47 0.47")
        return link(f"{prefix}_base", frame, first, "0.0098 0.01375 0.0082", proximal)

    last = _joint("thj3", "0 1 0", "-0.162 1.719")
    distal = link(
        "th_distal", 'pos="0 0 0.0514"', last, "0.0098 0.01375 0.0157", tip("th", 0.008, 0.035)
    )
    third = _joint("thj2", "0 1 0", "-0.189 1.644")
    medial = link("th_medial", 'pos="0 0 0.0177"', third, "0.0098 0.01375 0.0257", distal)
    second = _joint("thj1", "0 0 1", "-0.105 1.163")
    proximal = link(
        "th_proximal", 'pos="-0.027 0.005 0.0399"', second, "0.0098 0.01375 0.00885", medial
    )
    first = _joint("thj0", "-1 0 0", "0.263 1.396")
    thumb = link(
        "th_base",
        'pos="-0.0182 0.019333 -0.045987" quat="0.477714 -0.521334 -0.521334 -0.477714"',
        first,
        "0.0179 0.017 0.02275",
        proximal,
        "-0.0179 0.009 0.0145",
    )
    return _body(
        "palm",
        'quat="0 1 0 1"',
        _box("-0.0093 0 -0.0475", "0.0204 0.0565 0.0475"),
        finger("ff", "ff", 'pos="0 0.0435 -0.001542" quat="0.999048 -0.0436194 0 0"'),
        finger("mf", "mf", 'pos="0 0 0.0007"'),
        finger("rf", "rf", 'pos="0 -0.0435 -0.001542" quat="0.999048 0.0436194 0 0"'),
        thumb,
    )


def _leap() -> str:
    def finger(prefix: str, frame: str) -> str:
        distal = _body(
            f"{prefix}_ds",
            'pos="0 -0.0361 0.0002"',
            _joint(f"{prefix}_dip", "0 0 -1", "-0.366 2.042")
            + _box("0 -0.017 0.015", "0.01 0.003 0.015")
            + _box("-0.0008 -0.035 0.0145", "0.0104 0.015 0.0122"),
        )
        medial = _body(
            f"{prefix}_md",
            'pos="0.015 0.0143 -0.013" quat="0.500003 0.5 -0.5 0.499997"',
            _joint(f"{prefix}_pip", "0 0 -1", "-0.506 1.885")
            + _box("0.0075 -0.035 0.015", "0.017 0.011 0.013"),
            distal,
        )
        proximal = _body(
            f"{prefix}_px",
            'pos="-0.0122 0.0381 0.0145" quat="0.500003 -0.5 -0.499997 0.5"',
            _joint(f"{prefix}_rot", "0 0 -1", "-1.047 1.047")
            + _box("0.0075 -0.0002 -0.011", "0.017 0.013 0.011"),
            medial,
        )
        return _body(
            f"{prefix}_bs",
            frame,
            _joint(f"{prefix}_mcp", "0 0 -1", "-0.314 2.23")
            + _box("-0.027 0.042 0.015", "0.014 0.02 0.01"),
            proximal,
        )

    distal = _body(
        "th_ds",
        'pos="0 0.0466 0.0002" quat="0 0 0 1"',
        _joint("th_ipl", "0 0 -1", "-1.34 1.88")
        + _box("0 -0.0085 -0.015", "0.01 0.018 0.012")
        + _box("-0.0008 -0.047 -0.0145", "0.0104 0.015 0.0122"),
    )
    proximal = _body(
        "th_px",
        'pos="0 0.0145 -0.017" quat="0.707109 -0.707105 0 0"',
        _joint("th_mcp", "0 0 -1", "-0.47 2.443") + _box("0 0.0105 -0.014", "0.01 0.02 0.012"),
        distal,
    )
    base = _body(
        "th_bs",
        'pos="0 0.0143 -0.013" quat="0.500003 0.5 -0.5 0.499997"',
        _joint("th_axl", "0 0 -1", "-0.349 2.094") + _box("0 0 -0.0015", "0.009 0.0165 0.002"),
        proximal,
    )
    thumb = _body(
        "th_mp",
        'pos="-0.0693 -0.0012 -0.0216" quat="0.707109 0 0.707105 0"',
        _joint("th_cmc", "0 0 -1", "-0.349 2.094")
        + _box("-0.0075 -0.0002 -0.011", "0.017 0.013 0.011"),
        base,
    )
    turned = 'quat="0.500003 0.5 0.5 -0.499997"'
    return _body(
        "palm",
        'pos="0 0 0.1" quat="0 1 0 0"',
        _box("-0.03 -0.035 -0.003", "0.01 0.06 0.015")
        + _box("-0.048 -0.033 -0.0115", "0.012 0.058 0.023")
        + _box("-0.078 -0.053 -0.0115", "0.022 0.026 0.023")
        + _box("-0.078 -0.003 0.01", "0.022 0.028 0.002"),
        finger("if", f'pos="-0.007 0.023 -0.0187" {turned}'),
        finger("mf", f'pos="-0.0071 -0.0224 -0.0187" {turned}'),
        finger("rf", f'pos="-0.00709 -0.0678 -0.0187" {turned}'),
        thumb,
    )


def _panda() -> str:
    def finger(name: str, joint: str, frame: str) -> str:
        slide = _joint(joint, "0 1 0", "0 0.04", 'type="slide"')
        shape = _box("0 0.0075 0.0445", "0.0085 0.0075 0.009")
        return _body(name, frame, slide + shape)

    return _body(
        "hand",
        'quat="0 0 0 1"',
        _box("0 0 0.03", "0.0316 0.1 0.035"),
        finger("left_finger", "finger_joint1", 'pos="0 0 0.0584"'),
        finger("right_finger", "finger_joint2", 'pos="0 0 0.0584" quat="0 0 0 1"'),
    )


def _robotiq() -> str:
    def side(name: str, y: float, turned: str) -> str:
        coupler = _body(
            f"{name}_coupler",
            'pos="0 0.0315 -0.0041"',
            _joint(f"{name}_coupler_joint", "1 0 0", "-1.57 0") + _capsule(0.04, 0.004),
        )
        driver = _body(
            f"{name}_driver",
            f'pos="0 {0.0306011 * y} 0.054904" {turned}',
            _joint(f"{name}_driver_joint", "1 0 0", "0 0.8")
            + _box("0 0.017 0", "0.008 0.017 0.004"),
            coupler,
        )
        pad = _body(
            f"{name}_pad",
            'pos="0 -0.0189 0.01352"',
            _box("0 -0.0026 0.028125", "0.011 0.004 0.009375")
            + _box("0 -0.0026 0.009375", "0.011 0.004 0.009375"),
        )
        follower = _body(
            f"{name}_follower",
            'pos="0 0.055 0.0375"',
            _joint(f"{name}_follower_joint", "1 0 0", "-0.872664 0.872664", 'pos="0 -0.018 0.0065"')
            + _box("0 -0.01 0.01", "0.01 0.008 0.012"),
            pad,
        )
        link = _body(
            f"{name}_spring_link",
            f'pos="0 {0.0132 * y} 0.0609" {turned}',
            _joint(f"{name}_spring_link_joint", "1 0 0", "-0.29670597283 0.8")
            + _box("0 0.02 0.02", "0.008 0.004 0.02"),
            follower,
        )
        return driver + link

    base = _body(
        "base",
        'pos="0 0 0.0038" quat="1 0 0 -1"',
        _box("0 0 0.047", "0.03 0.03 0.046"),
        side("right", 1.0, ""),
        side("left", -1.0, 'quat="0 0 0 1"'),
    )
    return _body(
        "base_mount", 'pos="0 0 0.007" quat="1 0 0 1"', _box("0 0 0", "0.03 0.03 0.005"), base
    )


def _umi() -> str:
    def finger(name: str, side: float) -> str:
        slide = _joint(f"{name}_finger_joint", f"{-side} 0 0", "0 0.05", 'type="slide"')
        shape = _box(f"{side * 0.0535} 0.13 -0.003", "0.01 0.05 0.0125")
        return _body(f"{name}_finger_holder", 'quat="1 1 0 0"', slide + shape)

    hanging = "".join(
        _joint(f"gripper_joint_{name}", axis, "-3 3", f'type="{kind}"')
        for name, axis, kind in (
            ("x", "1 0 0", "slide"),
            ("y", "0 0 1", "slide"),
            ("z", "0 -1 0", "slide"),
            ("rx", "1 0 0", "hinge"),
            ("ry", "0 0 1", "hinge"),
            ("rz", "0 -1 0", "hinge"),
        )
    )
    base = _box("0 -0.01 0.02", "0.08 0.02 0.04")
    return _body("", 'quat="-1 1 0 0"', hanging + base, finger("left", -1.0), finger("right", 1.0))
