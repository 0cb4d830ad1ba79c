from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from nodes.node import Caller


def numbers(client):
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


def test_alive_and_ready(client):
    assert client.get("/healthz").json() == {"alive": True}
    assert client.get("/readyz").json() == {"name": "mine.example", "ready": True, "alarms": 0, "forks": 0}
    assert client.get("/readyz").headers["cache-control"] == "no-store"


def test_alive_but_not_ready_without_its_database(client, node, problem):
    node.store.close()
    assert client.get("/healthz").status_code == 200
    problem(client.get("/readyz"), 503, "store-closed")


def test_what_is_counted(client, node):
    client.get("/log/tile/0/000.p/1")
    client.get("/log/tile/0/000.p/1")
    client.get("/nowhere")
    found = numbers(client)
    assert found["lodetrace_log_size",] == 1
    assert found["lodetrace_checkpoint_size",] == 1
    assert found["lodetrace_entries_total",] == 0
    assert found["lodetrace_deliveries", "waiting"] == 0
    assert found["lodetrace_refusals_total", "route-unknown"] == 1
    assert found["lodetrace_request_seconds_count", "GET", "/log/tile/{place:path}", "200"] == 2
    assert found["lodetrace_request_seconds_count", "GET", "other", "404"] == 1


def test_entries_and_groups_are_counted(client, node):
    body = {
        "product": "nd_oxide",
        "quantity": {"value": "1", "unit": "kg"},
        "origin": {"class": "mined", "country": "CN"},
    }
    for _ in range(3):
        node.sequencer.submit(node.command("register", body, Caller("Li"), None)).result()
    found = numbers(client)
    assert (found["lodetrace_log_size",], found["lodetrace_entries_total",]) == (4, 3)
    assert 1 <= found["lodetrace_groups_total",] <= 3


def test_two_apps_count_apart(client, client_of, node):
    other = client_of(create_app(node))
    client.get("/nowhere")
    assert ("lodetrace_refusals_total", "route-unknown") in numbers(client)
    assert ("lodetrace_refusals_total", "route-unknown") not in numbers(other)
