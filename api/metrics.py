"""What a node counts, for Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/).

One registry per app, so that many nodes live in one process. What the node knows itself (entries, size, deliveries) is
asked when the numbers are fetched; requests and refusals are counted as they happen. No number tells a mass or a name.
"""

from collections.abc import Iterator
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nodes.node import Node
from nodes.store import deliveries, followed, forks, inbox, log, webhooks, witnessed

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
DELIVERY_STATES = ("waiting", "sent", "refused")


class Metrics:
    """The counters of one app."""

    def __init__(self, node: Node) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_OfNode(node))
        self._refusals = Counter(
            "lodetrace_refusals", "Requests answered with an error, by its code.", ["code"], registry=self.registry
        )
        self._seconds = Histogram(
            "lodetrace_request_seconds",
            "How long requests took, by route and status.",
            ["method", "route", "status"],
            buckets=SECONDS,
            registry=self.registry,
        )
        # Looking a label up costs more than counting: the few that occur are kept at hand.
        self._known: dict[tuple[str, str, int], Histogram] = {}

    def refused(self, code: str) -> None:
        self._refusals.labels(code).inc()

    def took(self, method: str, route: str, status: int, seconds: float) -> None:
        counter = self._known.get((method, route, status))
        if counter is None:
            counter = self._known[method, route, status] = self._seconds.labels(method, route, str(status))
        counter.observe(seconds)

    def text(self) -> bytes:
        """All numbers, in the text format."""
        return generate_latest(self.registry)


class _OfNode(Collector):
    def __init__(self, node: Node) -> None:
        self._node = node

    def describe(self) -> Iterator[Metric]:
        """Nothing: otherwise the registry would ask the database already when it is made."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        with self._node.store.read() as conn:
            size = log.head(conn).size
            newest, shown = log.latest_checkpoint(conn), log.shown_checkpoint(conn)
            witnessed_logs = witnessed.count(conn)
            found = deliveries.counts(conn)
            parked, forked = inbox.parked_count(conn), len(forks.everything(conn))
            given_up = webhooks.given_up(conn)
            logs, alarms = followed.everything(conn), followed.alarms(conn)
        sequencer = self._node.sequencer
        yield GaugeMetricFamily("lodetrace_log_size", "Entries in the log.", value=size)
        yield GaugeMetricFamily(
            "lodetrace_checkpoint_size", "Entries under the newest checkpoint.", value=newest[0] if newest else 0
        )
        yield GaugeMetricFamily(
            "lodetrace_shown_size",
            "Entries under the newest checkpoint that the trust policy accepts: what others get.",
            value=shown[0] if shown else 0,
        )
        asked = self._node.witnesses
        yield GaugeMetricFamily(
            "lodetrace_witnesses_failing", "Witnesses that do not cosign our log now.", value=len(asked.errors)
        )
        yield CounterMetricFamily(
            "lodetrace_witness_alarms",
            "Answers of witnesses that no honest one gives to an honest log: any is an alarm.",
            value=asked.alarms,
        )
        yield GaugeMetricFamily("lodetrace_witnessed_logs", "Logs that this node cosigned.", value=witnessed_logs)
        yield GaugeMetricFamily(
            "lodetrace_halted",
            "1 if nothing is recorded because others know another log than this.",
            value=int(sequencer.halted is not None),
        )
        yield CounterMetricFamily("lodetrace_entries", "Entries recorded since the start.", value=sequencer.entries)
        yield CounterMetricFamily("lodetrace_groups", "Groups committed since the start.", value=sequencer.groups)
        states = GaugeMetricFamily("lodetrace_deliveries", "Deliveries to other nodes, by state.", labels=["state"])
        for state in DELIVERY_STATES:
            states.add_metric([state], found.get(state, 0))
        yield states
        yield GaugeMetricFamily("lodetrace_parked", "Messages that wait for an entry.", value=parked)
        yield GaugeMetricFamily(
            "lodetrace_webhook_calls_given_up",
            "Calls of webhooks that nobody took in time.",
            value=given_up,
        )
        yield GaugeMetricFamily("lodetrace_forks", "Forks of other logs found: any is an alarm.", value=forked)
        yield GaugeMetricFamily("lodetrace_followed_logs", "Other logs that are followed.", value=len(logs))
        seen = sum(one.acknowledged_at is not None for one in alarms)
        yield GaugeMetricFamily(
            "lodetrace_alarms",
            "What is wrong with followed logs now, and nobody has looked into.",
            value=len(alarms) - seen,
        )
        yield GaugeMetricFamily(
            "lodetrace_alarms_acknowledged",
            "What is wrong with followed logs, and somebody has looked into.",
            value=seen,
        )


class Timing:
    """Measures every request, from its first byte here to the last one of its answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        start = perf_counter()

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        finally:
            route = getattr(scope.get("route"), "path", "other")  # a route's pattern: paths are too many to count by
            self._metrics.took(scope["method"], route, status, perf_counter() - start)
