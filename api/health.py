"""For whoever runs the node: is the process alive, can it serve, what does it count."""

import asyncio

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.metrics import Metrics
from ledger.log.canonical import dump
from nodes.node import Node
from nodes.store import followed, forks

_NOW = {"cache-control": "no-store"}


def routes(node: Node, metrics: Metrics) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="Is the process alive")
    async def healthz() -> Response:
        return Response(dump({"alive": True}), headers=_NOW, media_type="application/json")

    @router.get("/readyz", summary="Can it serve: the database answers, the log is published, and it may grow")
    async def readyz() -> Response:
        node.sequencer.check_recording()
        node.checkpoint()
        with node.store.read() as conn:
            wrong = {"alarms": len(followed.unacknowledged(conn)), "forks": len(forks.everything(conn))}
        told = {"name": node.settings.name, "ready": True, **wrong}
        return Response(dump(told), headers=_NOW, media_type="application/json")

    @router.get("/metrics", summary="Counters, for Prometheus")
    async def numbers() -> Response:
        # Counting deliveries may read many rows: not on the thread that answers everybody else.
        return Response(await asyncio.to_thread(metrics.text), headers=_NOW, media_type=CONTENT_TYPE_LATEST)

    return router
