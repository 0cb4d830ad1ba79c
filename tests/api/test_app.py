import asyncio

import httpx

from api.app import create_app
from nodes.peers import Peers


def test_courier_and_cosigning_run_while_the_application_does(node):
    app = create_app(node)

    def couriers():
        return [task for task in asyncio.all_tasks() if task.get_name() in ("courier", "cosigning")]

    async def go():
        async with app.router.lifespan_context(app):
            running = couriers()
            await asyncio.sleep(0)
            assert [task.done() for task in running] == [False, False]
        assert [task.done() for task in running] == [True, True]
        assert couriers() == []

    asyncio.run(go())


def test_the_way_to_other_nodes_can_be_given_and_is_closed_at_the_end(node):
    peers = Peers(node.identity, lambda: node.policy, httpx.MockTransport(lambda _: httpx.Response(503)))

    async def go():
        app = create_app(node, peers)
        async with app.router.lifespan_context(app):
            assert not peers._client.is_closed
        assert peers._client.is_closed

    asyncio.run(go())


def test_nothing_is_loaded_from_elsewhere(client, problem):
    for path in ("/docs", "/redoc"):
        problem(client.get(path), 404, "route-unknown")


def test_every_path_and_method_stands_once(app):
    places = [(route.path, method) for route in app.routes for method in getattr(route, "methods", ())]
    assert len(places) == len(set(places))


def test_the_description_is_complete(client):
    described = client.get("/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    text = str(described)
    schemas = described["components"]["schemas"]
    for reference in {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}:
        assert reference in schemas
    assert "'$defs'" not in text
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
