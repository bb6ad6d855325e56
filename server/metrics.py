"""What Prometheus may know: counts and durations by route template, open feeds, and what waits."""

from typing import Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import Connection, Table, func, select

from server.accounts.policy import Who
from server.refusals.tables import refusal
from server.reminders.tables import delivery, reminder
from sync.store.database import Database


class Metrics:
    """The metrics of one application; each has a registry of its own, so that several may run in one process."""

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry()
        self.requests: Final = Counter(
            "baijiamen_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds: Final = Histogram(
            "baijiamen_request_seconds",
            "Time to answer; change feeds left out.",
            ["method", "route"],
            registry=self.registry,
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
        )
        self.open_feeds: Final = Gauge("baijiamen_open_feeds", "Feeds held open.", ["kind"], registry=self.registry)
        self.refusals: Final = Gauge(
            "baijiamen_sync_refusals", "Documents refused, by state.", ["state"], registry=self.registry
        )
        self.reminders: Final = Gauge("baijiamen_reminders", "Reminders, by state.", ["state"], registry=self.registry)
        self.deliveries: Final = Gauge(
            "baijiamen_deliveries", "Deliveries of reminders.", ["channel", "state"], registry=self.registry
        )

    async def text(self, database: Database) -> bytes:
        """Return the metrics in Prometheus' text format. Counts of rows are taken now."""
        refused, reminders, delivered = await database.read(_counts)
        for gauge, counted in ((self.refusals, refused), (self.reminders, reminders), (self.deliveries, delivered)):
            gauge.clear()
            for labels, number in counted:
                gauge.labels(*labels).set(number)
        return generate_latest(self.registry)


@get("/metrics", opt={"who": Who.LOOPBACK}, include_in_schema=False)
async def metrics(request: Request[Any, Any, Any], database: NamedDependency[Database]) -> Response[bytes]:
    """Return the metrics, to administrators and to whoever asks from this machine."""
    held: Metrics = request.app.state.metrics
    return Response(await held.text(database), media_type=CONTENT_TYPE_LATEST.partition("; charset")[0])


Counted = list[tuple[tuple[str, ...], int]]


def _counts(connection: Connection) -> tuple[Counted, Counted, Counted]:
    return (
        _by(connection, refusal, "state"),
        _by(connection, reminder, "state"),
        _by(connection, delivery, "channel", "state"),
    )


def _by(connection: Connection, table: Table, *names: str) -> Counted:
    columns = [table.c[name] for name in names]
    rows = connection.execute(select(*columns, func.count()).group_by(*columns))
    return [(tuple(row[:-1]), row[-1]) for row in rows]
