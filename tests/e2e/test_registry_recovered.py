"""A registry whose keys are gone and replaced by holders of recovery keys: whoever pinned the old key follows."""

from contextlib import ExitStack
from shutil import rmtree

from nodes import last_resort
from nodes.doctor import OK, examine
from nodes.identity import KEYS, make_recovery_key
from nodes.peers import ApiClient
from tests.e2e.test_registry import Federation, register
from tests.world import until

AUTHORITY = "authority.example"


def watched(client: ApiClient) -> tuple[int, list[str]]:
    """How far the registry's log was followed, and what is wrong with it."""
    logs = client.get("/api/v1/logs").json()["logs"]
    sizes = [one["size"] for one in logs if one["log"] == f"{AUTHORITY}/log"]
    return max(sizes, default=0) or 0, [alarm["code"] for one in logs for alarm in one["alarms"]]


def test_members_follow_without_a_new_policy(tmp_path):
    files = [tmp_path / f"holder-{number}.pem" for number in range(3)]
    recovery = {"m": 2, "keys": [make_recovery_key(file) for file in files]}
    with ExitStack() as stack:
        federation = Federation(tmp_path, stack, recovery=recovery)
        mine = federation.join("mine.example", "mine", watch_max_s=1)
        authority = federation.authority
        until(lambda: watched(mine.client)[0] > 1, "the registry is followed")

        authority.life.close()
        rmtree(authority.one.home / KEYS)
        text = last_resort.prepare(authority.one.home, {})
        notes = [last_resort.sign(text, file) for file in files[:2]]
        index = last_resort.finish(authority.one.home, {}, notes).index
        federation.authority = federation.serve(authority.one)
        plant = federation.join("plant.example", "mine")

        until(lambda: watched(mine.client)[0] > index + 1, "the registry is followed beyond its recovery")
        until(lambda: not watched(mine.client)[1], "nothing is wrong with it any more")
        federation.await_known(mine, plant)
        register(mine, "A-1")
        found = {one.check: one for one in examine(mine.one.home, {})}
        assert (found[AUTHORITY].state, found["forks"].state) == (OK, OK), found
