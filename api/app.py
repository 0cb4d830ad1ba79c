"""The web application of one node. Everything hangs on the node it is made with; nothing exists at import.

One routes file for each kind of reader; each is a function of the node and the door, and answers a router.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from api import (
    batches,
    bulk,
    cases,
    certificates,
    corrections,
    deposit_pages,
    deposits,
    devices,
    element_years,
    entries,
    errors,
    findings,
    forks,
    health,
    holds,
    imports,
    inbox,
    log,
    measuring,
    notices,
    orders,
    outside,
    oversight,
    pools,
    printing,
    quotas,
    regimes,
    registry,
    relay,
    roll,
    scan,
    shipments,
    static,
    units,
    verbs,
    witness,
)
from api.access import Access
from api.metrics import Metrics, Timing
from api.openapi import describe
from api.proxied import Proxied
from api.screens import verify, ways
from nodes.cosigning import Cosigning
from nodes.courier import Courier
from nodes.following import Following
from nodes.introductions import PeerKeys
from nodes.monitor import Monitor
from nodes.node import Node
from nodes.oidc import OwnSignIn
from nodes.peers import Elsewhere, Peers
from nodes.relayed import Fetching, Through
from nodes.ringing import Ringing

_say = logging.getLogger(__name__)


def create_app(node: Node, peers: Peers | None = None) -> FastAPI:
    """The application of `node`, which is open and started. Many such live in one process.

    While it runs (its lifespan), the courier, the asking of witnesses, the following of registries, the monitor and
    the calling of webhooks run too. `peers` is the way to other nodes, if not the usual one.
    """
    way = peers or Peers(node.identity, lambda: node.policy, ca_file=node.settings.ca_file)
    elsewhere = Elsewhere()
    way.through = Through(node, way)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        workers = [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("courier", Courier(node, way).run()),
                ("cosigning", Cosigning(node, way).run()),
                ("following", Following(node, way).run()),
                ("monitor", Monitor(node, way).run()),
                ("ringing", Ringing(node, elsewhere).run()),
                ("fetching", Fetching(node, way, relay.inside(app)).run()),
            )
        ]
        for worker in workers:
            worker.add_done_callback(_report)
        try:
            yield
        finally:
            for worker in workers:
                worker.cancel()
            for worker in workers:
                with suppress(asyncio.CancelledError):
                    await worker
            await way.aclose()
            await elsewhere.aclose()

    # No Swagger or ReDoc page: both load their scripts from elsewhere, which a plant's network does not have.
    app = FastAPI(docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=lifespan)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign] # FastAPI's own documented way
    metrics = Metrics(node)
    settings = node.settings
    own = None if settings.oidc_issuer is None else OwnSignIn(settings, elsewhere, node.clock)
    access = Access(node.store, PeerKeys(node, way), node.clock)
    errors.install(app, metrics.refused)
    app.add_middleware(Timing, metrics=metrics)
    app.add_middleware(Proxied, settings=settings)
    # Laid side by side, not included: an included router is matched anew at every request, and costs more than all the
    # rest of a small one. Nothing here needs what including adds.
    # What lies below a batch or a unit stands before them: their own path takes anything.
    parts = (
        measuring,
        regimes,
        batches,
        log,
        scan,
        units,
        shipments,
        pools,
        printing,
        holds,
        devices,
        notices,
        bulk,
        imports,
        certificates,
        entries,
        findings,
        quotas,
        orders,
        deposits,
        oversight,
        cases,
        outside,
        element_years,
        registry,
        roll,
        forks,
    )
    for routes in parts:
        app.router.routes.extend(routes.routes(node, access).routes)
    app.router.routes.extend(corrections.routes(node, access, verbs.PLAIN).routes)
    app.router.routes.extend(inbox.routes(node, access).routes)
    app.router.routes.extend(relay.routes(node, access).routes)
    app.router.routes.extend(witness.routes(node, metrics.refused).routes)
    app.router.routes.extend(deposit_pages.routes(node).routes)
    app.router.routes.extend(health.routes(node, metrics).routes)
    app.router.routes.extend(static.routes().routes)
    app.router.routes.extend(verify.routes(node).routes)
    app.router.routes.extend(ways.routes(node, access, own).routes)
    return app


def _report(worker: asyncio.Task[None]) -> None:
    """None of them ends by itself; if one does, that must not stay unseen until the node stops."""
    if not worker.cancelled() and (error := worker.exception()) is not None:
        _say.critical("%s stopped; restart the node", worker.get_name(), exc_info=error)
