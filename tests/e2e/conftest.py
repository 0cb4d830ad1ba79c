import re
from collections.abc import Iterator

import pytest

from tests.e2e.stage import AUTHORITY, BODY_MAX, METAL, MINE, PLANT, Stage, set_stage
from tests.e2e.stage_of_corrections import set_corrections
from tests.e2e.stage_of_devices import set_devices
from tests.e2e.stage_of_orders import set_orders
from tests.world import World


@pytest.fixture(scope="module")
def stage(tmp_path_factory) -> Iterator[Stage]:
    folder, environ = tmp_path_factory.mktemp("stage"), {"LODETRACE_BODY_MAX": str(BODY_MAX)}
    world = World(folder, MINE, PLANT, METAL, AUTHORITY, sites=("main", "annex"), environ=environ)
    config = world[AUTHORITY].home / "config.toml"
    config.write_text(config.read_text().replace('role = "mine"', 'role = "authority"'))
    for name in (METAL, PLANT):
        config = world[name].home / "config.toml"
        named = re.sub(r"^# authority = .*$", f'authority = "{AUTHORITY}"', config.read_text(), flags=re.MULTILINE)
        config.write_text(named)
    with world:
        found = set_stage(world)
        set_corrections(found)
        set_orders(found)
        set_devices(found)
        yield found
