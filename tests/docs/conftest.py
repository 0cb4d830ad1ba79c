"""Nodes at rest, to ask what they are made of."""

import pytest

from nodes.homes import create_home
from nodes.node import Node


@pytest.fixture
def node(tmp_path):
    create_home(tmp_path / "home", {}, name="mine.example", organisation="M", role="mine")
    node = Node.open(tmp_path / "home", {})
    yield node
    node.stop()


@pytest.fixture
def authority(tmp_path):
    """Another one, which has pages that no other node has."""
    create_home(tmp_path / "authority", {}, name="authority.example", organisation="A", role="authority")
    node = Node.open(tmp_path / "authority", {})
    yield node
    node.stop()
