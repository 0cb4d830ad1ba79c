"""What several tests of nodes read, made once."""

import pytest

from tests.nodes.lives import live


@pytest.fixture(scope="session", params=[1, 2, 3], ids="life {}".format)
def lived(request, tmp_path_factory):
    """A folder with the homes of two organisations that traded at random: tests/nodes/lives.py. To be read only."""
    folder = tmp_path_factory.mktemp("lived")
    live(folder, request.param)
    return folder
