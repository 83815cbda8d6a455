"""What `run` does for people who write handlers: `--reload` and `--debug`."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from record_processor.config.wording import unknown
from record_processor.errors import SetupError
from record_processor.host.debug_terminal import DebugTerminal
from record_processor.system import shard_environment

if TYPE_CHECKING:
    from pathlib import Path

    from record_processor.config.worker_configuration import AwsAccess

# A process that waits for its author is not stuck: the longest possible time, 24 days.
_NEVER_STUCK = "stuckAfterMillis=2147483647"
# What is saved must be imported anew, and a debugger may start threads: each process starts by itself.
_NO_FORKS = "warmParent=off"
_NO_TIMEOUT = {"timeout": "0s"}


class Development(NamedTuple):
    """The options of `run` that are for development."""

    reload: bool = False
    debug: str | None = None
    """The action in whose handler a debugger may stop."""

    def overrides(self) -> list[str]:
        """Return properties that replace what the user wrote."""
        return [_NEVER_STUCK, _NO_FORKS] if self.reload or self.debug is not None else []

    def check(self, aws: AwsAccess) -> None:
        """Reject what is not meant for this worker.

        Raises:
            SetupError: an endpoint is not on this machine.
        """
        endpoints = {"dynamoDBEndpoint": aws.tables_endpoint, "kinesisEndpoint": aws.streams_endpoint}
        for name, address in endpoints.items() if self.reload else ():
            if not _is_local(address):
                found = f"{name} is {address}" if address else f"{name} is not set, so it is AWS"
                raise SetupError(
                    f"--reload cuts calls off whenever a file is saved, so it is for a local database only; {found}. "
                    f"Leave --reload out, or set {name} to a local address, such as http://localhost:8000"
                )

    def actions(self, checked: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the checked actions, without a timeout for the one that is debugged.

        Raises:
            SetupError: there is none with this name, or it is not of type `python`.
        """
        if self.debug is None:
            return checked
        types = {action["name"]: action["type"] for action in checked}
        if self.debug not in types:
            raise SetupError(f"--debug: {unknown('action', self.debug, types)}")
        if types[self.debug] != "python":
            raise SetupError(
                f"--debug: {self.debug} is of type {types[self.debug]}, which has no handler to stop in; name an "
                "action of type python"
            )
        return [action | _NO_TIMEOUT if action["name"] == self.debug else action for action in checked]

    def environment(self, folder: Path) -> dict[str, str]:
        """Return what shard processes are told; only this user can enter `folder`."""
        told = {shard_environment.RELOAD: "1"} if self.reload else {}
        return told if self.debug is None else {**told, shard_environment.DEBUG: str(_terminal(folder))}

    def begin(self, folder: Path) -> None:
        """Serve the shard processes that will be started."""
        if self.debug is not None:
            DebugTerminal(_terminal(folder))


def _terminal(folder: Path) -> Path:
    return folder / "debug"


def _is_local(address: str | None) -> bool:
    host = (urlsplit(address).hostname if address else None) or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
