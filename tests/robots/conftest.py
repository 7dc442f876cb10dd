"""Robot hands from stand-ins for Menagerie's files, and from packages where they are installed."""

import pytest
from menagerie_stand_ins import write_menagerie

from semgrasp.errors import AssetNotFoundError
from semgrasp.robots.description_file import HANDS_FOLDER, load_description
from semgrasp.robots.models import compile_model, find_model
from semgrasp.robots.robot_hand import assemble


def _hand(name, kinds):
    description = load_description(HANDS_FOLDER / f"{name}.yaml")
    sources = [source for source in description.sources if source.kind in kinds]
    source, path = find_model(sources)
    return assemble(description, source, compile_model(path, source.root_body))


@pytest.fixture(scope="session")
def menagerie_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("menagerie")
    write_menagerie(root)
    return root


@pytest.fixture(scope="session")
def menagerie_hand(menagerie_root):
    """A shipped hand on Menagerie's frames and joints, with plain shapes."""
    made = {}

    def hand(name):
        if name not in made:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("MENAGERIE_ROOT", str(menagerie_root))
                made[name] = _hand(name, ("menagerie",))
        return made[name]

    return hand


@pytest.fixture(scope="session")
def installed_hand():
    """A shipped hand from gymnasium-robotics or example-robot-data."""
    made = {}

    def hand(name):
        if name not in made:
            try:
                made[name] = _hand(name, ("gymnasium_robotics", "example_robot_data"))
            except AssetNotFoundError as error:
                pytest.skip(str(error))
        return made[name]

    return hand
