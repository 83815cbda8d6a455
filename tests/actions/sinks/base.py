"""What the contract test wants of every sink."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import boto3
from botocore.config import Config

from tests.harness import REGION
from tests.servers.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.dialects import Dialect
    from tests.servers.process import Server


class Arrived(NamedTuple):
    """A change as it came out of the sink: of which item, and its how-many-eth."""

    item: str
    number: int


class Sink:
    """One action's sink, empty when it is made."""

    type_name: ClassVar[str]
    keeps_order = True
    """Whether what is read comes in the order in which it was sent."""
    keeps_last_only = False
    """Whether the sink has an item's last change instead of all."""
    refusal = "UnrecognizedClientException"
    """What the log says if the credentials are rejected."""
    oversized: tuple[int, str] | None = None
    """Bytes of an attribute that makes a record too large, and how the dead letter reports it."""

    def settings(self) -> dict[str, Any]:
        """The action's keys in YAML, but its name."""
        raise NotImplementedError

    def arrived(self) -> list[Arrived]:
        """Everything so far."""
        raise NotImplementedError

    def end(self) -> None:
        """Release everything."""


class NetworkSink(Sink):
    """One behind a proxy that gives faults."""

    def __init__(self, server: Server, faults: Faults) -> None:
        self.server = server
        self.faults = faults
        self.name = f"t-{uuid.uuid4().hex[:12]}"
        self._before_restart: list[Arrived] = []
        self.create()

    def create(self) -> None:
        """Make the queue, stream or table; again after a restart, since most of the servers forget."""

    def read(self) -> list[Arrived]:
        raise NotImplementedError

    def arrived(self) -> list[Arrived]:
        self._before_restart += self.read()
        return self._before_restart

    def stop(self) -> None:
        """End the server, after what it was doing; what it has is kept, since most of them forget."""
        self.faults.close()
        self._keep()
        self.server.stop()

    def start(self) -> None:
        self.server.start()
        self.create()
        self.faults.open()

    def end(self) -> None:
        self.faults.end()

    def _keep(self) -> None:
        self._before_restart += self.read()


class AwsSink(NetworkSink):
    dialect: ClassVar[Callable[[], Dialect]]

    def __init__(self, server: Server) -> None:
        super().__init__(server, Faults(server.address, type(self).dialect()))

    def client(self, service: str, address: str = "") -> Any:
        """Of the server itself, unless another address is given."""
        return boto3.client(
            service,
            endpoint_url=address or self.server.address,
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local-secret-key",
            config=Config(request_checksum_calculation="when_required"),
        )

    @property
    def aws(self) -> dict[str, Any]:
        return {"endpoint": self.faults.address, "timeout": "2s"}


def of_lambda(record: Any) -> Arrived:
    """From a record in Lambda's shape, or its JSON."""
    change = (json.loads(record) if isinstance(record, (str, bytes)) else record)["dynamodb"]
    return Arrived(change["Keys"]["id"]["S"], int(change["NewImage"]["n"]["N"]))
