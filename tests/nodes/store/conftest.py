from collections.abc import Iterator
from pathlib import Path

import pytest

from nodes.store.engine import Store
from tests.nodes.store.rows import ORIGIN


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "node.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    made = Store.create(path, ORIGIN)
    yield made
    made.close()
