from collections.abc import Iterator

import pytest

from tests.e2e.stage import BODY_MAX, METAL, MINE, PLANT, Stage, set_stage
from tests.world import World


@pytest.fixture(scope="module")
def stage(tmp_path_factory) -> Iterator[Stage]:
    folder, environ = tmp_path_factory.mktemp("stage"), {"LODETRACE_BODY_MAX": str(BODY_MAX)}
    with World(folder, MINE, PLANT, METAL, sites=("main", "annex"), environ=environ) as world:
        yield set_stage(world)
