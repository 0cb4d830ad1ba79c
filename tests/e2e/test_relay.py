"""A node behind a router, among real servers: its own address is never asked, and nothing is lost."""

import socket
from contextlib import ExitStack

import pytest

from nodes.homes import open_store
from nodes.store import deliveries
from tests.e2e.test_registry import Federation, arrived, register, ship
from tests.world import until

HUB, MINE, PLANT = "hub.example", "mine.example", "plant.example"


def waits_for(member):
    with open_store(member.one.home) as store, store.read() as conn:
        first = deliveries.first_with_error(conn, "waiting")
    return "" if first is None else first.error


def followed(member, log):
    return max(
        (one["size"] or 0 for one in member.client.get("/api/v1/logs").json()["logs"] if one["log"] == log), default=0
    )


def test_goods_reach_it_through_the_relay_alone(tmp_path):
    with ExitStack() as stack:
        trap = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        trap.settimeout(0)
        federation = Federation(tmp_path, stack)
        hub = federation.join(HUB, "trader", relay_for=[PLANT])
        mine = federation.join(MINE, "mine", retry_max_s=1, watch_max_s=1)
        address = f"http://127.0.0.1:{trap.getsockname()[1]}"
        plant = federation.join(PLANT, "mine", reached_at=address, deliver_via=HUB)
        federation.await_known(hub, mine, plant)

        register(mine, "A-1")
        first = ship(mine, "A-1", PLANT)
        until(lambda: arrived(plant, first), "the first one arrives")
        until(lambda: followed(mine, f"{PLANT}/log") > 0, "its log is followed, too")

        plant.life.close()
        register(mine, "A-2")
        second = ship(mine, "A-2", PLANT)
        until(lambda: "keeps it" in waits_for(mine), "the second one waits at the relay")
        hub.life.close()
        until(lambda: "keeps it" not in waits_for(mine), "the relay is gone")
        federation.serve(hub.one)
        plant = federation.serve(plant.one)
        until(lambda: arrived(plant, second), "nothing was lost")
        until(lambda: not waits_for(mine), "and all is confirmed")
        with pytest.raises(BlockingIOError):
            trap.accept()
