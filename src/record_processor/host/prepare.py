"""What must be ready in AWS before a JVM starts: endpoints that answer, streams, KCL's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from record_processor.host import endpoints, kcl_tables, stream_arns
from record_processor.host.known_streams import KnownStreams
from record_processor.host.stream_leases import StreamLeases
from record_processor.host.stream_watch import Followed, StreamWatch, to_read

if TYPE_CHECKING:
    from collections.abc import Callable

    from record_processor.config.worker_configuration import WorkerConfiguration


class Prepared(NamedTuple):
    """What a worker is to read, and through what."""

    streams: dict[str, str]
    """The ARN for each entry of `streamName`, in order."""
    followed: Followed
    clients: endpoints.Clients

    def watch(self, interval_seconds: float, on_change: Callable[[], None]) -> StreamWatch:
        """Return a watch that follows the tables given by name; an ARN means only that one stream."""
        named = {name: arn for name, arn in self.streams.items() if not stream_arns.is_arn(name)}
        return StreamWatch(self.followed, named, interval_seconds, on_change)


def prepare(configuration: WorkerConfiguration) -> Prepared:
    """Check everything once, and create those of KCL's tables that are missing.

    Raises:
        SetupError: something does not answer, does not exist, or may not be used.
    """
    clients = endpoints.connect(configuration.aws)
    names, tables = configuration.stream_names, configuration.tables
    latest = dict(zip(names, stream_arns.resolve(clients.tables, names), strict=True))
    stream_arns.verify(clients.streams, list(latest.values()))
    kcl_tables.prepare(clients.tables, tables)
    mode = kcl_tables.stream_mode(clients.tables, tables.leases.name, configuration.leases.stream_mode, len(names))
    leases = StreamLeases(clients.tables, clients.streams, tables.leases.name, mode)
    known = KnownStreams(clients.tables, tables.coordinator.name)
    followed = Followed(clients.tables, leases, known, mode, set())
    chosen = {name: arn if stream_arns.is_arn(name) else to_read(followed, name, arn) for name, arn in latest.items()}
    return Prepared(chosen, followed, clients)
