"""What `run` does for people who write handlers: `--reload`."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from record_processor.errors import SetupError
from record_processor.system import shard_environment

if TYPE_CHECKING:
    from record_processor.config.properties import Properties

_ENDPOINTS = ("dynamoDBEndpoint", "kinesisEndpoint")
# A process that waits for its author is not stuck: the most that there is, 24 days.
_NEVER_STUCK = "stuckAfterMillis=2147483647"


class Development(NamedTuple):
    """The options of `run` that are for development."""

    reload: bool = False

    def overrides(self) -> list[str]:
        """Properties that take the place of what the user wrote."""
        return [_NEVER_STUCK] if self.reload else []

    def check(self, properties: Properties) -> None:
        """Refuse what is not meant for this worker.

        Raises:
            SetupError: an endpoint is not on this machine.
        """
        for name in _ENDPOINTS if self.reload else ():
            address = properties.optional_text(name)
            if not _is_local(address):
                found = f"{name} is {address}" if address else f"{name} is not set, so it is AWS"
                raise SetupError(
                    f"--reload cuts calls off whenever a file is saved, so it is for a local database only; {found}. "
                    f"Leave --reload out, or set {name} to a local address, such as http://localhost:8000"
                )

    def environment(self) -> dict[str, str]:
        """What shard processes are told."""
        return {shard_environment.RELOAD: "1"} if self.reload else {}


def _is_local(address: str | None) -> bool:
    host = (urlsplit(address).hostname if address else None) or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
