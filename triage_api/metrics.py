"""Prometheus metrics of one app: what is in the store, and how long requests take."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sahut.core import deadlines
from sahut.core.deadlines import Deadlines
from sahut.core.model import Due
from sahut.core.ports import Clock, Store

_LABEL = {"mentions": "state", "sources": "state", "tickets": "status", "replies": "state"}
# A gauge that is not cut short.
_MOST = 10**9


class Metrics:
    """A registry of its own, so that two apps in one process do not share numbers."""

    def __init__(self, store: Store, clock: Clock, promises: Deadlines) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_StoreCollector(store, clock, promises))
        self.seconds = Histogram(
            "sahut_http_request_seconds",
            "Time from a request to the start of its answer, by route template",
            ("method", "route", "status"),
            registry=self.registry,
        )

    def render(self) -> bytes:
        """The text format."""
        return generate_latest(self.registry)


class _StoreCollector(Collector):
    """Counts at the moment of asking."""

    def __init__(self, store: Store, clock: Clock, promises: Deadlines) -> None:
        self._store = store
        self._clock = clock
        self._deadlines = promises

    def describe(self) -> list[GaugeMetricFamily]:
        """Names without a query."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One gauge per noun, labelled by state."""
        with self._store.read() as tx:
            counts = tx.operations.counts()
            beats = tx.operations.beats()
            now = self._clock()
            dues = {due: deadlines.count(tx, self._deadlines, due, now, cap=_MOST) for due in Due}
        for word, label in _LABEL.items():
            gauge = GaugeMetricFamily(f"sahut_{word}", f"Stored {word} by {label}", labels=[label])
            for name, count in counts.items():
                noun, _, value = name.partition(".")
                if noun == word:
                    gauge.add_metric([value], count)
            yield gauge
        gauge = GaugeMetricFamily("sahut_tickets_due", "Tickets without an answer by their deadline", labels=["due"])
        for due, count in dues.items():
            gauge.add_metric([due], count)
        yield gauge
        yield GaugeMetricFamily("sahut_dead_letters", "Items set aside", value=counts.get("dead_letters", 0))
        latest = GaugeMetricFamily("sahut_heartbeat_timestamp_seconds", "Last sign of life by role", labels=["role"])
        seen: set[str] = set()
        for role, _, at in beats:
            if role not in seen:
                seen.add(role)
                latest.add_metric([role], at.timestamp())
        yield latest


class MeasureRequests:
    """Times each request under its route's template, never its path: ids would make a series each."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "") or "none"
                labels = (_method(scope["method"]), route, str(message["status"]))
                self._metrics.seconds.labels(*labels).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, watched)


def _method(method: str) -> str:
    return method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"
