"""Hosts as network namespaces, with cables that can be cut."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

_NETWORK = "10.77.{number}"

_made = itertools.count()


class Network:
    """A bridge with several hosts; what all of them share listens on the bridge's own address."""

    def __init__(self, count: int) -> None:
        # Two test runs must not meet, nor two networks of one run: the kernel takes one apart at its leisure.
        number = (os.getpid() + 17 * next(_made)) % 250 + 1
        self._subnet = _NETWORK.format(number=number)
        self._bridge = f"rpb{number}"
        self.address = f"{self._subnet}.1"
        self.hosts = [
            Host(f"rp-{number}-{index}", f"rpv{number}-{index}", f"{self._subnet}.{10 + index}")
            for index in range(count)
        ]
        try:
            self._make()
        except subprocess.CalledProcessError as error:
            self.end()
            _cannot(error.stderr.decode().strip())

    def end(self) -> None:
        for host in self.hosts:
            _ip("netns", "del", host.namespace, check=False)
        _ip("link", "del", self._bridge, check=False)

    def _make(self) -> None:
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("addr", "add", f"{self.address}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        for host in self.hosts:
            _ip("netns", "add", host.namespace)
            peer = ("peer", "name", "eth0", "netns", host.namespace)
            _ip("link", "add", host.cable, "type", "veth", *peer)
            _ip("link", "set", host.cable, "master", self._bridge, "up")
            _ip("-n", host.namespace, "addr", "add", f"{host.address}/24", "dev", "eth0")
            _ip("-n", host.namespace, "link", "set", "eth0", "up")
            _ip("-n", host.namespace, "link", "set", "lo", "up")


class Host:
    def __init__(self, namespace: str, cable: str, address: str) -> None:
        self.namespace = namespace
        self.cable = cable
        self.address = address

    @property
    def prefix(self) -> Sequence[str]:
        """What makes a command run on this host."""
        return ("ip", "netns", "exec", self.namespace)

    def cut_off(self) -> None:
        _ip("link", "set", self.cable, "down")

    def join(self) -> None:
        _ip("link", "set", self.cable, "up")


def why_no_namespaces() -> str | None:
    """What this machine lacks for them; None where they can be made."""
    if shutil.which("ip") is None:
        return "network namespaces need ip on the PATH (Debian: apt-get install iproute2)"
    return None if os.geteuid() == 0 else "network namespaces need root"


def require_namespaces() -> None:
    reason = why_no_namespaces()
    if reason is not None:
        _cannot(reason)


def _cannot(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _ip(*arguments: str, check: bool = True) -> None:
    subprocess.run(["ip", *arguments], check=check, capture_output=True)
