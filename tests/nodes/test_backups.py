"""Backups: what lies in a home beside its database comes along."""

from nodes import backups, joining, requests
from nodes.homes import create_home

SITES = [{"code": "main", "country": "CN"}]


def home_of(folder, name, role):
    home = folder / name.partition(".")[0]
    create_home(home, {}, name=name, organisation=name, role=role, country="CN", policy="quorum none\n", sites=SITES)
    return home


def test_requests_that_wait_come_along(tmp_path):
    authority, mine = home_of(tmp_path, "authority.example", "authority"), home_of(tmp_path, "mine.example", "mine")
    requests.keep(authority, joining.request_of(mine, {}, uscc="91350100M000100Y43"))
    backups.backup(authority, tmp_path / "backup")
    backups.restore(tmp_path / "backup", tmp_path / "again", {})
    assert requests.waiting(tmp_path / "again") == ["mine.example"]
    again = requests.opened(tmp_path / "again", "mine.example")
    assert again == requests.opened(authority, "mine.example")
