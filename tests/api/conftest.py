"""A real node in a new home, and a way to ask its application without a socket."""

import asyncio
import re
import shutil

import httpx
import pytest

from api.app import create_app
from nodes import tokens
from nodes.clock import system_clock
from nodes.homes import create_home
from nodes.node import Node

CHINESE = re.compile("[\u4e00-\u9fff]").search


class Client:
    """Asks an application, each time in a loop of its own. Without the lifespan: no courier runs."""

    def __init__(self, app):
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def request(self, method, path, **rest):
        async def go():
            async with httpx.AsyncClient(transport=self._transport, base_url="http://mine.example") as client:
                return await client.request(method, path, **rest)

        return asyncio.run(go())

    def get(self, path, **rest):
        return self.request("GET", path, **rest)

    def post(self, path, **rest):
        return self.request("POST", path, **rest)


@pytest.fixture(scope="session")
def new_home(tmp_path_factory):
    """Made once; each test gets a copy."""
    home = tmp_path_factory.mktemp("new") / "home"
    sites = [{"code": "main", "country": "CN"}]
    create_home(home, {}, name="mine.example", organisation="信丰矿业", role="mine", country="CN", sites=sites)
    return home


@pytest.fixture
def home(new_home, tmp_path):
    return shutil.copytree(new_home, tmp_path / "home")


@pytest.fixture
def node(home):
    node = Node.open(home, {"LODETRACE_BODY_MAX": "65536"})
    node.start()
    yield node
    node.stop()


@pytest.fixture
def app(node):
    return create_app(node)


@pytest.fixture
def client_of():
    """application -> Client"""
    return Client


@pytest.fixture
def client(app):
    return Client(app)


@pytest.fixture
def token_of(node):
    """role -> the headers of a new token with it."""

    def token_of(role, owner="Li"):
        return {"authorization": f"Bearer {tokens.mint(node.store, owner, role, system_clock)}"}

    return token_of


@pytest.fixture
def problem():
    """response, status, code -> its members, after checking the one shape that every error has."""

    def problem(response, status, code):
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        members = response.json()
        assert list(members) == ["type", "title", "status", "code", "detail", "detail_zh", "field", "value"]
        assert (members["status"], members["code"], members["type"]) == (status, code, f"/errors/{code}")
        assert not CHINESE(members["detail"].replace(str(members["value"]), ""))
        assert CHINESE(members["detail_zh"])
        return members

    return problem
